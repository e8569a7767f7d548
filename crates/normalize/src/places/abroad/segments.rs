//! Reads the words of one country: which of them are its towns and regions, and which stay as they are.

use super::{
    Found,
    tokens::{Gap, Name, Token, WITH_CODES, longest, written},
};

/// The names between two marks, or words that are none.
enum Segment {
    Town {
        country: &'static str,
        text: String,
        region: Option<&'static str>,
    },
    Region(&'static str, &'static str),
    /// Unknown words, from the first byte to the last.
    Words(usize, usize),
}

/// One name, or an unknown word.
struct Item {
    name: Option<Name>,
    /// Its words in the line.
    from: usize,
    to: usize,
    /// Whether "de", "sur" and the like precede it.
    is_bound: bool,
}

/// Words that bind two parts of a name: "Saint-Denis d'Orques", "Newcastle upon Tyne".
const BINDERS: [&str; 21] = [
    "de", "du", "des", "d", "la", "le", "les", "l", "sur", "sous", "en", "aux", "au", "of", "on", "upon",
    "del", "do", "da", "dos", "under",
];

/// Adds the places that words name in a country. Returns whether each of the words is known.
pub(super) fn read(line: &str, tokens: &[Token], country: &str, found: &mut Found) -> bool {
    let mut all: Vec<(Gap, Segment)> = Vec::new();
    let mut begin = 0;
    while begin < tokens.len() {
        let more = tokens.get(begin + 1..).unwrap_or_default();
        let end = begin + 1 + more.iter().take_while(|token| token.gap <= Gap::Space).count();
        let gap = tokens.get(begin).map_or(Gap::List, |token| token.gap);
        for (inner, segment) in
            segments(line, tokens.get(begin..end).unwrap_or_default(), country, found).into_iter().enumerate()
        {
            all.push((if inner == 0 { gap } else { Gap::Space }, segment));
        }
        begin = end;
    }
    let is_known = !all.iter().any(|(_, segment)| matches!(segment, Segment::Words(..)));
    combine(line, &all, country, found);
    is_known
}

/// Returns what the words between two marks are.
fn segments(line: &str, tokens: &[Token], country: &str, found: &mut Found) -> Vec<Segment> {
    let items = items(line, tokens, country, found);
    let known: Vec<&Item> = items.iter().filter(|item| item.name.is_some()).collect();
    if known.len() < items.len() {
        if let Some(town) = with_quarter(&items, tokens) {
            return vec![town];
        }
        return words(&items, tokens).into_iter().collect();
    }
    let segment = |item: &Item| match item.name.clone()? {
        Name::Town { country, text, region, .. } => Some(Segment::Town { country, text, region }),
        Name::Region(country, code) => Some(Segment::Region(country, code)),
        _ => None,
    };
    items.iter().filter_map(segment).collect()
}

/// Returns the names of a segment without fillers. Names beside a word for a region are regions.
fn items(line: &str, tokens: &[Token], country: &str, found: &mut Found) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    let (mut at, mut is_bound, mut wants_region) = (0, false, false);
    let mut has_remote = false;
    while let Some(token) = tokens.get(at) {
        let hit = longest(tokens, at, country);
        let taken = hit.as_ref().map_or(1, |(_, taken)| *taken);
        let mut name = hit.map(|(name, _)| name);
        match &name {
            _ if token.is_number() && !matches!(name, Some(Name::Town { .. } | Name::Region(..))) => (),
            Some(Name::Filler) => {
                // "Paris La Défense" is not another town.
                let is_article = matches!(token.folded.as_str(), "la" | "le" | "les" | "l");
                is_bound = BINDERS.contains(&token.folded.as_str()) && !(is_article && token.is_capital);
            }
            Some(Name::RegionWord) => {
                let is_and = token.gap == Gap::List && at == 0;
                match items.last_mut().filter(|_| token.gap == Gap::Space).and_then(|item| item.name.as_mut())
                {
                    Some(last) => as_region(last),
                    None => wants_region = !is_and,
                }
            }
            Some(Name::Remote) => has_remote = true,
            Some(Name::Everywhere) => found.somewhere = true,
            _ => {
                if let Some(name) = name.as_mut().filter(|_| wants_region) {
                    as_region(name);
                }
                if let (Some(Name::Town { text, .. }), Some(last)) = (&mut name, tokens.get(at + taken - 1)) {
                    *text = written(text, line.get(token.begin..last.end).unwrap_or_default());
                }
                items.push(Item { name, from: at, to: at + taken, is_bound });
                (is_bound, wants_region) = (false, false);
            }
        }
        at += taken;
    }
    found.remote |= has_remote && items.is_empty();
    items
}

fn as_region(name: &mut Name) {
    if let Name::Town { country, region: Some(code), .. } = *name {
        *name = Name::Region(country, code);
    }
}

/// Returns the large town at one end of words whose rest is one of its quarters: "Abidjan Cocody".
fn with_quarter(items: &[Item], tokens: &[Token]) -> Option<Segment> {
    let large = |item: &Item| match &item.name {
        Some(Name::Town { country, text, class, .. }) if *class >= 3 => {
            Some(Segment::Town { country, text: text.clone(), region: None })
        }
        _ => None,
    };
    let is_apart = |item: Option<&Item>| {
        let item = item?;
        let token = tokens.get(item.from)?;
        (!item.is_bound && token.gap > Gap::Glue && token.is_capital).then_some(())
    };
    let (first, last) = (items.first()?, items.last()?);
    if let Some(town) = large(first) {
        return is_apart(items.get(1)).map(|()| town);
    }
    (items.len() <= 3 && tokens.get(items.first()?.from)?.is_capital).then_some(())?;
    is_apart(Some(last)).and_then(|()| large(last))
}

/// Words before a name that do not belong to it. Articles do.
const LABELS: [&str; 27] = [
    "lieu",
    "lieux",
    "ville",
    "villes",
    "localite",
    "localisation",
    "location",
    "city",
    "town",
    "base",
    "basee",
    "based",
    "poste",
    "a",
    "au",
    "aux",
    "in",
    "at",
    "de",
    "du",
    "travail",
    "station",
    "duty",
    "commune",
    "en",
    "bp",
    "vers",
];

/// Returns unknown words from the first one to the last, without the labels and numbers before and the fillers behind.
fn words(items: &[Item], tokens: &[Token]) -> Option<Segment> {
    let at = items.first()?.from;
    let is_label = |token: &Token| token.is_number() || LABELS.contains(&token.folded.as_str());
    let labels = tokens.iter().take(at).take_while(|token| is_label(token)).count();
    let first = tokens.get(labels.min(at))?;
    let last = tokens.get(items.last()?.to.checked_sub(1)?)?;
    Some(Segment::Words(first.begin, last.end))
}

fn combine(line: &str, all: &[(Gap, Segment)], country: &str, found: &mut Found) {
    let towns = all.iter().filter(|(_, segment)| matches!(segment, Segment::Town { .. })).count();
    let regions = all.iter().filter(|(_, segment)| matches!(segment, Segment::Region(..))).count();
    let strange = all.len() - towns - regions;
    let mut lead: Option<(&'static str, &'static str)> = None;
    for (at, (gap, segment)) in all.iter().enumerate() {
        match segment {
            // "Gatineau (Québec)", "Buffalo, New York": the region that contains the town before.
            Segment::Town { country, region: Some(code), text }
                if (*gap == Gap::Bracket
                    || *gap == Gap::Comma
                        && (WITH_CODES.contains(country) || is_department(country, text)))
                    && at > 0
                    && !found.has_last(text)
                    && found.region_of_last(country, code) => {}
            Segment::Town { country, text, .. } => {
                found.put(country, None, Some(text));
                if let Some((_, code)) = lead.take().filter(|(of, _)| {
                    of == country && (*gap < Gap::Comma || *gap == Gap::Bracket || all.len() == 2)
                }) {
                    found.region_of_last(country, code);
                }
            }
            Segment::Region(country, code) => {
                if *gap >= Gap::Slash || !found.region_of_last(country, code) {
                    found.put(country, Some(code), None);
                    lead = Some((country, code));
                }
            }
            Segment::Words(begin, end) => {
                let after = all.get(at + 1).map_or(Gap::List, |(gap, _)| *gap);
                let text = line.get(*begin..*end).unwrap_or_default();
                let is_item = *gap >= Gap::Slash && after >= Gap::Slash && is_name(text);
                if towns > 0 {
                    if is_item && (towns > 1 || *gap == Gap::Item || after == Gap::Item) {
                        found.put(country, None, Some(text));
                    }
                } else if strange == 1 {
                    found.put(country, None, Some(text));
                    if let Some((_, code)) = lead.take().filter(|(of, _)| *of == country) {
                        found.region_of_last(country, code);
                    }
                }
            }
        }
    }
    if towns == 0 && strange > 1 {
        unknown(line, all, country, found);
    }
}

/// Adds unknown words. They are one locality, unless they are items of a list.
fn unknown(line: &str, all: &[(Gap, Segment)], country: &str, found: &mut Found) {
    let mut span: Option<(usize, usize)> = None;
    for (gap, segment) in all {
        let Segment::Words(begin, end) = *segment else { continue };
        let is_list = *gap == Gap::Item && span.is_some();
        span = match span {
            Some((first, last)) if is_list => {
                found.put(country, None, line.get(first..last));
                Some((begin, end))
            }
            Some((first, _)) => Some((first, end)),
            None => Some((begin, end)),
        };
    }
    if let Some((begin, end)) = span {
        found.put(country, None, line.get(begin..end));
    }
}

/// Returns whether words of a list look like the name of a place.
fn is_name(text: &str) -> bool {
    text.starts_with(char::is_uppercase)
        && text.split_whitespace().count() <= 4
        && !text.bytes().any(|byte| byte.is_ascii_digit())
}

/// Returns whether a name behind a town and a comma is a French department and not a second town: "Laval, Mayenne". Paris is both, and
/// a list may name it last.
fn is_department(country: &str, text: &str) -> bool {
    country == "FR" && text != "Paris"
}
