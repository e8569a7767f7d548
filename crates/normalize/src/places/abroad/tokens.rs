//! Cuts a line into words, and finds the longest name that begins at a word.

use unicode_normalization::char::is_combining_mark;

use super::super::{
    gazetteer::{self, Entry},
    reader::LARGE,
    world::{self, Hit, Sense},
};
use crate::text::fold;

/// What separates a word from the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    /// A hyphen or an apostrophe: the words are one.
    Glue,
    /// A space.
    Space,
    /// A dash between spaces.
    Dash,
    /// A comma, a colon or `>`.
    Comma,
    /// A bracket.
    Bracket,
    /// A slash, a bar, or the start of the line.
    Slash,
    /// "et", "or", "&" or "+".
    List,
    /// ";", a bullet or a line: what a source file gives as a list.
    Item,
}

/// A word of a line.
#[derive(Debug, Clone)]
pub(super) struct Token {
    pub(super) folded: String,
    /// Where it stands in the line, in bytes.
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) gap: Gap,
    /// Whether it is a code in capitals, "CM".
    pub(super) is_code: bool,
    /// Whether the first letter is a capital.
    pub(super) is_capital: bool,
}

impl Token {
    pub(super) fn is_number(&self) -> bool {
        self.folded.bytes().any(|byte| byte.is_ascii_digit())
    }
}

/// Returns the words of a line. "et" and its like are left out and make the next gap a list.
pub(super) fn tokens(line: &str) -> Vec<Token> {
    let is_word = |c: char| c.is_alphanumeric() || is_combining_mark(c);
    let mut found: Vec<Token> = Vec::new();
    let (mut at, mut listed, mut behind) = (0, false, 0);
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let begin = at + rest.find(is_word).unwrap_or(rest.len());
        let tail = line.get(begin..).unwrap_or_default();
        let end = begin + tail.find(|c: char| !is_word(c)).unwrap_or(tail.len());
        let (Some(mark), Some(word)) = (line.get(behind..begin), line.get(begin..end)) else { break };
        if word.is_empty() {
            break;
        }
        let folded = fold(word).replace(' ', "");
        let gap = match listed {
            true => Gap::List,
            false if found.is_empty() => Gap::Slash,
            false => gap(mark),
        };
        (at, behind) = (end, end);
        let is_and = matches!(folded.as_str(), "et" | "and" | "ou" | "or") && gap > Gap::Glue;
        if is_and || folded.is_empty() {
            listed |= is_and;
        } else {
            listed = false;
            let is_code = word.len() == 2 && word.bytes().all(|byte| byte.is_ascii_uppercase());
            let is_capital = word.starts_with(char::is_uppercase);
            found.push(Token { folded, begin, end, gap, is_code, is_capital });
        }
    }
    found
}

fn gap(mark: &str) -> Gap {
    if mark.contains([';', '•', '\n']) {
        return Gap::Item;
    }
    if mark.contains(['&', '+', '·']) {
        return Gap::List;
    }
    if mark.contains(['/', '|', '\\']) {
        return Gap::Slash;
    }
    if mark.contains(['(', ')', '[', ']', '{', '}']) {
        return Gap::Bracket;
    }
    if mark.contains([',', ':', '>', '→', '*']) {
        return Gap::Comma;
    }
    let is_dash = |c: char| matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '_');
    let has_space = mark.contains(char::is_whitespace);
    let has_dash = mark.chars().any(is_dash);
    if has_dash && has_space {
        Gap::Dash
    } else if !has_dash && (has_space || mark.contains(['.', '"'])) {
        Gap::Space
    } else {
        Gap::Glue
    }
}

/// What a name means where a country is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Name {
    /// A town: its country, how it is written, how large it is (`world`), and whether a region has its name.
    Town { country: &'static str, text: String, class: u8, region: Option<&'static str> },
    /// A region: its country, and its code without the country.
    Region(&'static str, &'static str),
    /// A country.
    Country(&'static str),
    /// Work from anywhere.
    Remote,
    /// Anywhere in the country.
    Everywhere,
    /// Words that name no place.
    Filler,
    /// Words for a region that precede or follow its name.
    RegionWord,
}

/// Countries whose regions have codes of two letters that everybody uses: "Denver, CO".
pub(super) const WITH_CODES: [&str; 8] = ["US", "CA", "AU", "BR", "IT", "CH", "IN", "MX"];

/// Words that name no place, beside those of the gazetteer.
const FILLERS: [&str; 49] = [
    "cedex",
    "sa",
    "son",
    "its",
    "surroundings",
    "surrounding",
    "surrounding area",
    "surrounding areas",
    "alentours",
    "environ",
    "peripherie",
    "banlieue",
    "agglomeration",
    "metropole",
    "metropolitan area",
    "metropolitaine",
    "metropolitan",
    "duty station",
    "proche",
    "proximite",
    "near",
    "nearby",
    "en",
    "dans",
    "within",
    "across",
    "throughout",
    "greater",
    "vers",
    "autour",
    "around",
    "nord",
    "sud",
    "est",
    "ouest",
    "north",
    "south",
    "east",
    "west",
    "hybride",
    "hybrid",
    "on site",
    "sur site",
    "territoire",
    "h f",
    "m w d",
    "job location",
    "work location",
    "duty",
];

const REGION_WORDS: [&str; 24] = [
    "region",
    "regions",
    "regional",
    "province",
    "provinces",
    "state",
    "state of",
    "etat",
    "departement",
    "department",
    "county",
    "wilaya",
    "governorate",
    "gouvernorat",
    "prefecture",
    "canton",
    "oblast",
    "region of",
    "province of",
    "district",
    "departements",
    "land",
    "region de",
    "department of",
];

const EVERYWHERE: [&str; 12] = [
    "entiere",
    "entier",
    "whole",
    "all",
    "partout",
    "tout le territoire",
    "tout le pays",
    "all over",
    "whole of",
    "multiple locations",
    "various locations",
    "plusieurs lieux",
];

/// Names joined by hyphens that are looked at: "Dakar-Thiès-Touba". Each may end in several places, so many would take long.
const JOINED: usize = 3;

/// Returns the longest name that begins at a word, and its number of words. `country` is the one that is meant where none is named.
pub(super) fn longest(tokens: &[Token], at: usize, country: &str) -> Option<(Name, usize)> {
    longest_of(tokens, at, country, JOINED)
}

fn longest_of(tokens: &[Token], at: usize, country: &str, joined: usize) -> Option<(Name, usize)> {
    let token = tokens.get(at)?;
    let code = token.folded.to_ascii_uppercase();
    if let Some((country, code)) =
        world::region(country, &code).filter(|(of, _)| token.is_code && WITH_CODES.contains(of))
    {
        return Some((Name::Region(country, code), 1));
    }
    let more = tokens.iter().skip(at + 1).take(gazetteer::LONGEST - 1);
    let same = more.take_while(|token| token.gap <= Gap::Space).count();
    (1..=same + 1).rev().find_map(|taken| {
        let words: Vec<&str> =
            tokens.get(at..at + taken)?.iter().map(|token| token.folded.as_str()).collect();
        let name = meaning(&words, country)?;
        let is_filler = name == Name::Filler && taken == 1;
        (is_filler || ends_whole(tokens, at + taken, country, joined)).then_some((name, taken))
    })
}

/// Returns whether a name may end before a word: "Saint-Denis" does not within "Saint-Denis-en-Val", "Dakar" does within "Dakar-Thiès".
fn ends_whole(tokens: &[Token], end: usize, country: &str, joined: usize) -> bool {
    let Some(next) = tokens.get(end).filter(|next| next.gap == Gap::Glue) else { return true };
    let is_large = |name: &Name| matches!(name, Name::Town { class, .. } if *class >= 2);
    let Some(joined) = joined.checked_sub(1) else { return false };
    next.is_number() || longest_of(tokens, end, country, joined).is_some_and(|(name, _)| is_large(&name))
}

fn meaning(words: &[&str], country: &str) -> Option<Name> {
    let folded = words.join(" ");
    if REGION_WORDS.contains(&folded.as_str()) {
        return Some(Name::RegionWord);
    }
    let entry = gazetteer::find(&folded);
    if FILLERS.contains(&folded.as_str()) && (words.len() > 1 || region_in(&folded, country).is_empty()) {
        return Some(Name::Filler);
    }
    if EVERYWHERE.contains(&folded.as_str()) {
        return Some(Name::Everywhere);
    }
    let hits = hits(words, &folded);
    let here: Vec<&Hit> = hits.iter().filter(|hit| hit.country == country).collect();
    let is_home = |name: &str| ["cm", "camerou", "cameroo"].iter().any(|begin| name.contains(begin));
    match entry {
        Some(Entry::Filler) if !is_direction(&folded) => Some(Name::Filler),
        Some(Entry::Remote) => Some(Name::Remote),
        Some(Entry::Country) if is_home(&folded) => Some(Name::Country("CM")),
        Some(Entry::Country) => Some(Name::Everywhere),
        Some(Entry::Abroad(code)) => match here.iter().find(|hit| hit.sense == Sense::Region) {
            // "Georgia" in the United States.
            Some(region) if code != country => Some(Name::Region(region.country, region.text)),
            _ => Some(Name::Country(code)),
        },
        _ if !here.is_empty() => town_or_region(&here, &folded),
        // Cameroon is not a part of that table.
        Some(Entry::Town(name, ..)) if country.is_empty() || LARGE.contains(&name) => {
            Some(Name::Town { country: "CM", text: name.to_owned(), class: 4, region: None })
        }
        Some(Entry::AbroadTown(code)) => {
            let own: Vec<&Hit> = hits.iter().filter(|hit| hit.country == code).collect();
            town_or_region(&own, &folded).filter(|name| matches!(name, Name::Town { .. }))
        }
        _ => elsewhere(&hits, &folded, country),
    }
}

fn is_direction(folded: &str) -> bool {
    matches!(folded, "centre" | "nord" | "sud" | "est" | "ouest")
}

fn region_in(folded: &str, country: &str) -> Vec<Hit> {
    let mut hits = world::find_in(folded, country);
    hits.retain(|hit| hit.sense == Sense::Region);
    hits
}

/// Returns the meanings of a name; "St Herblain" is "Saint-Herblain".
fn hits(words: &[&str], folded: &str) -> Vec<Hit> {
    let mut hits = world::find(folded);
    if words.iter().any(|word| matches!(*word, "st" | "ste")) {
        let spelled = words.iter().map(|word| match *word {
            "st" => "saint",
            "ste" => "sainte",
            word => word,
        });
        hits.extend(world::find(&spelled.collect::<Vec<_>>().join(" ")));
    }
    hits
}

fn town_or_region(hits: &[&Hit], folded: &str) -> Option<Name> {
    let region = hits.iter().find(|hit| hit.sense == Sense::Region);
    let town = hits.iter().find_map(|hit| match hit.sense {
        Sense::Town { class, .. } => Some(Name::Town {
            country: hit.country,
            text: spelling(hit.text, folded),
            class,
            region: region.map(|region| region.text),
        }),
        Sense::Region => None,
    });
    town.or_else(|| region.map(|region| Name::Region(region.country, region.text)))
}

/// Returns how a town is written: by the partner if with more accents than the table, else by the table.
pub(super) fn written(by_table: &str, by_partner: &str) -> String {
    let accents = |text: &str| text.chars().filter(|c| c.is_alphabetic() && !c.is_ascii()).count();
    let is_mixed = by_partner.starts_with(char::is_uppercase) && by_partner.contains(char::is_lowercase);
    let is_better = is_mixed && accents(by_partner) > accents(by_table) && fold(by_partner) == fold(by_table);
    if is_better { by_partner.to_owned() } else { by_table.to_owned() }
}

/// Returns how a town is written: by the table, else its words with capitals.
fn spelling(text: &str, folded: &str) -> String {
    if !text.is_empty() {
        return text.to_owned();
    }
    let capital = |word: &str| {
        let mut chars = word.chars();
        chars.next().map(|first| first.to_uppercase().chain(chars).collect::<String>()).unwrap_or_default()
    };
    folded.split(' ').map(capital).collect::<Vec<_>>().join(" ")
}

/// Returns a name that means one place alone, whatever the country of the source: a large town without a rival, or a region of a name
/// that nothing else has.
fn elsewhere(hits: &[Hit], folded: &str, country: &str) -> Option<Name> {
    // Where no country is known, the words would be refused otherwise. Where one is, they would stay a place of it.
    // A village of Cameroon may have the name of a large town that nobody there knows.
    let least = if country.is_empty() { 6 } else { 5 };
    let mut towns = hits.iter().filter_map(|hit| match hit.sense {
        Sense::Town { is_known, class } => Some((hit, is_known, class)),
        Sense::Region => None,
    });
    let Some((first, is_known, class)) = towns.next() else {
        let (first, rest) = hits.split_first()?;
        return (rest.is_empty() && folded.len() >= 6 && !country.is_empty())
            .then_some(Name::Region(first.country, first.text));
    };
    let is_alone = towns.all(|(_, _, other)| other + 2 <= class);
    let is_long = folded.len() >= if country.is_empty() { 5 } else { 4 };
    let own: Vec<&Hit> = hits.iter().filter(|hit| hit.country == first.country).collect();
    (is_known && is_alone && is_long && class >= least).then(|| town_or_region(&own, folded)).flatten()
}
