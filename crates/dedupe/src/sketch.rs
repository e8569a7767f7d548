//! The parts of an opportunity by which duplicates are found.

mod bytes;
mod client;
mod codes;
pub(crate) mod hash;
mod keys;
mod listing;
mod phrases;
mod seats;
pub(crate) mod subjects;
mod text;
pub(crate) mod words;

use chrono::{Datelike as _, NaiveDate};
use domain::{
    Kind, Opportunity,
    vocabulary::{Contract, Education, Language, WorkingTime},
};
use normalize::{patterns, text::fold, vocabulary::languages_of_text};
use regex::Regex;

pub(crate) use self::{
    codes::{Code, CodeKind},
    text::{Text, number},
};
use self::{
    hash::{hash, short},
    words::{FORMS, PLAIN, is_rank, month_of, number_of, only_lot, part_of, ranks, stems},
};
pub use self::{keys::Key, listing::Listing};

/// Day 0 of the days in a sketch, so that they fit in 32 bits: the first of January of the year 1.
pub(crate) type Day = i32;

/// What is compared, prepared once for each opportunity and stored with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sketch {
    /// The slug of the source.
    pub(crate) source: String,
    pub(crate) kind: Kind,
    /// Stems of the title's significant words, in order; ranks, months and numbers are left out.
    pub(crate) title: Vec<String>,
    /// Numbers of parts that the title names: "2" of "lot 2".
    pub(crate) parts: Vec<String>,
    /// How many posts the title counts: three of "15 maçons, 8 ferrailleurs, 4 charpentiers".
    pub(crate) posts: u8,
    /// How many it takes: "15 maçons", "Vingt jeunes".
    pub(crate) seats: Option<u16>,
    /// Ranks that the title names, a bit each.
    pub(crate) ranks: u8,
    /// Ranks that the text names beside a word of the title.
    pub(crate) text_ranks: u8,
    /// Months that the title names, a bit each.
    pub(crate) months: u16,
    /// Stems of the significant words of the employer's name.
    pub(crate) employer: Vec<String>,
    /// All words of the employer's name, folded. An acronym is one of them.
    pub(crate) employer_words: Vec<String>,
    /// Whether the employer is an agency, or the text says that it publishes for a client.
    pub(crate) is_agency: bool,
    /// What the text says of an agency's client. Empty if it says nothing.
    pub(crate) client: Vec<String>,
    /// Folded names of towns.
    pub(crate) towns: Vec<String>,
    /// Codes of regions, of the towns too.
    pub(crate) regions: Vec<String>,
    pub(crate) posted: Option<Day>,
    pub(crate) closes: Option<Day>,
    pub(crate) starts: Option<Day>,
    /// Whether it says that it prolongs or corrects an earlier one.
    pub(crate) is_prolonged: bool,
    /// Lowest and highest amount, and its period. A single amount is both.
    pub(crate) amount: Option<(i64, i64, u8)>,
    /// Position of the level in [`Education`].
    pub(crate) education: Option<u8>,
    /// Months of experience.
    pub(crate) experience: Option<u16>,
    /// Contracts, a bit each.
    pub(crate) contracts: u8,
    /// Working times, a bit each; the two upper bits are work by day and by night.
    pub(crate) times: u8,
    /// ISCO-08 unit group.
    pub(crate) occupation: Option<u16>,
    /// Hashes of phone numbers and of e-mail addresses, sorted.
    pub(crate) phones: Vec<u32>,
    pub(crate) mails: Vec<u32>,
    pub(crate) codes: Vec<Code>,
    pub(crate) is_english: bool,
    pub(crate) text: Text,
}

patterns! {
    /// Endings that mark who may apply: "(e)", "(H/F)", "·ne".
    static MARKERS: Regex = r"(?i)\(\s?(?:h ?/ ?f|f ?/ ?h|m ?/ ?f|f ?/ ?m|h-f|hf|mf|e|es|ne|nes|se|ses|le|les|trice|trices|ère|ere|ière|iere|euse|rice|ice|s|x)\s?\)|[·•](?:e|ne|trice|euse|ère|ière)s?\b|/(?:e|ne|se|trice|euse|ère|ere|ière|iere|rice)\b";

    static DAY: Regex = r"\b(?:de jour|day shift|jour uniquement|la journee)\b";

    static NIGHT: Regex = r"\b(?:de nuit|la nuit|night|nocturne|nuits)\b";

    static PROLONGED: Regex = r"\b(?:erratum|rectificatif|additif|addendum|corrigendum|repoussee? (?:au|a )|reporte[es]* au|prorog|prolong|report de (?:la )?date|date limite reportee|reste(?:nt)? (?:en lice|valables?|valides?|acquis(?:es)?|pris en compte)|need not (?:re ?apply|apply again)|(?:remain|are still) valid|deadline extended|extended (?:to|until)|extension of)";
}

impl Sketch {
    /// Returns the sketch of an opportunity.
    pub fn of(row: &Opportunity) -> Self {
        let amount = row.amount.as_ref().and_then(|amount| {
            let min = amount.min.or(amount.max)?;
            Some((min, amount.max.unwrap_or(min)))
        });
        Self::of_listing(&Listing {
            source: row.source.as_str(),
            kind: row.kind,
            title: &row.title,
            organization: row.organization.as_deref(),
            description: row.description.as_deref(),
            places: &row.places,
            amount,
            amount_period: row
                .amount
                .as_ref()
                .and_then(|amount| amount.period)
                .map(domain::money::Period::as_str),
            education: row.education,
            experience_months: row.experience_months,
            contracts: &row.contracts,
            working_time: &row.working_time,
            occupation: row.occupation.as_deref(),
            emails: &row.contacts.emails,
            phones: &row.contacts.phones,
            posted_on: row.posted_at.map(|at| at.date_naive()),
            closes_on: if row.kind == Kind::Agr { row.closes_on.or(row.ends_on) } else { row.closes_on },
            starts_on: row.starts_on,
        })
    }

    /// Returns the sketch of a listing.
    pub fn of_listing(row: &Listing<'_>) -> Self {
        let title = mended(row.title);
        let text = mended(row.description.unwrap_or_default());
        let bare = phrases::title(&fold(&MARKERS.replace_all(&title, "")));
        let employer = words::acronyms(&mended(row.organization.unwrap_or_default()));
        let employer = phrases::organization(&fold(&employer));
        let is_hidden = client::is_hidden(&employer);
        let employer = if is_hidden { String::new() } else { employer };
        let folded = fold(&text);
        let client = client::client(&text);
        let day = |day: Option<NaiveDate>| day.map(|day| day.num_days_from_ce());
        let ranks = if row.kind == Kind::Job { ranks(&bare) } else { 0 };
        let mut all_words = stems(&bare, &PLAIN);
        let is_number = |word: &str| word.bytes().any(|byte| byte.is_ascii_digit());
        all_words
            .retain(|word| (ranks == 0 || !is_rank(word)) && month_of(word).is_none() && !is_number(word));
        let towns: Vec<String> =
            row.places.iter().filter_map(|place| place.locality.as_deref().map(fold)).collect();
        let employer_stems = stems(&employer, &FORMS);
        let mut known: Vec<String> = towns.iter().flat_map(|town| town.split(' ')).map(words::stem).collect();
        known.extend(employer_stems.iter().cloned());
        // "…, une brasserie, vingt agents de sécurité": the post is not the client.
        let mut own_client = client.clone().unwrap_or_default();
        own_client
            .retain(|word| !all_words.contains(word) && !known.contains(word) && number_of(word).is_none());
        Self {
            source: row.source.to_owned(),
            kind: row.kind,
            text_ranks: words::ranks_beside(&folded, &all_words),
            seats: seats::seats(&title, &bare, &folded, &all_words),
            title: all_words,
            posts: posts(&bare),
            parts: parts(&bare).or_else(|| only_lot(&folded).map(|lot| vec![lot])).unwrap_or_default(),
            ranks,
            months: bare.split(' ').filter_map(month_of).fold(0, |all, month| all | 1 << month),
            employer: employer_stems,
            employer_words: employer.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            is_agency: client.is_some() || client::is_agency(&employer),
            client: own_client,
            towns,
            regions: row
                .places
                .iter()
                .filter_map(|place| place.region.map(|region| region.code().to_owned()))
                .collect(),
            posted: day(row.posted_on),
            closes: day(row.closes_on),
            starts: day(row.starts_on),
            is_prolonged: PROLONGED.is_match(&bare) || PROLONGED.is_match(&folded),
            amount: row.amount.map(|(min, max)| (min, max, period(row.amount_period))),
            education: row.education.and_then(|level| position(Education::ALL, &level)),
            experience: row.experience_months,
            contracts: bits(Contract::ALL, row.contracts),
            times: bits(WorkingTime::ALL, row.working_time) | shifts(&format!("{bare} {folded}")),
            occupation: row.occupation.and_then(|code| code.parse().ok()),
            phones: hashes(row.phones),
            mails: hashes(row.emails),
            codes: codes::codes(&format!("{title} . {text}"), row.source),
            is_english: languages_of_text(&format!("{} {folded}", fold(&title))) == [Language::English],
            text: Text::of(&text, &folded, &known.iter().collect::<Vec<_>>()),
        }
    }

    /// Returns whether the places agree, and whether a town says so; `None` if one of them names no place.
    pub(crate) fn place_of(&self, other: &Self) -> Option<(bool, bool)> {
        let share = |a: &[String], b: &[String]| a.iter().any(|name| b.contains(name));
        // "Njombé" and "Njombé-Penja" are one town.
        let begins =
            |a: &str, b: &str| a.strip_prefix(b).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        let near =
            |a: &[String], b: &[String]| a.iter().any(|a| b.iter().any(|b| begins(a, b) || begins(b, a)));
        if !self.towns.is_empty() && !other.towns.is_empty() {
            return Some((near(&self.towns, &other.towns), true));
        }
        let told = |sketch: &Self| !sketch.towns.is_empty() || !sketch.regions.is_empty();
        (told(self) && told(other)).then(|| (share(&self.regions, &other.regions), false))
    }
}

/// Returns how many posts a folded title counts, by numbers of at most two digits before a word of its own.
fn posts(title: &str) -> u8 {
    let words: Vec<&str> = title.split(' ').collect();
    let counted = words.windows(2).filter(|two| match two {
        [count, what] => {
            let is_count = (1..=2).contains(&count.len()) && count.bytes().all(|byte| byte.is_ascii_digit());
            is_count
                && what.len() > 3
                && month_of(what).is_none()
                && !matches!(
                    *what,
                    "mois"
                        | "jours"
                        | "places"
                        | "postes"
                        | "semaines"
                        | "annees"
                        | "months"
                        | "days"
                        | "weeks"
                        | "years"
                        | "posts"
                        | "positions"
                        | "seats"
                        | "heures"
                )
        }
        _ => false,
    });
    u8::try_from(counted.count()).unwrap_or(u8::MAX)
}

/// Returns the numbers of parts that a folded title names, sorted; `None` if it names none.
fn parts(title: &str) -> Option<Vec<String>> {
    let words: Vec<&str> = title.split(' ').filter(|word| !word.is_empty()).collect();
    let beside = |at: Option<usize>| at.and_then(|at| words.get(at)).copied();
    let mut parts: Vec<String> = words
        .iter()
        .enumerate()
        .filter_map(|(at, word)| part_of(beside(at.checked_sub(1)), word, beside(Some(at + 1))))
        .collect();
    parts.sort();
    parts.dedup();
    Some(parts).filter(|parts| !parts.is_empty())
}

/// Mends a text that was read with the wrong encoding: "Ã©" is "é". A letter that was lost altogether is most often an accented e, also
/// where a question mark stands for it.
fn mended(text: &str) -> String {
    /// What Windows shows for these bytes.
    const WINDOWS: [(char, u32); 8] = [
        ('\u{20ac}', 0x80),
        ('\u{2030}', 0x89),
        ('\u{160}', 0x8a),
        ('\u{2039}', 0x8b),
        ('\u{152}', 0x8c),
        ('\u{2c6}', 0x88),
        ('\u{2021}', 0x87),
        ('\u{17d}', 0x8e),
    ];
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let second = chars.peek().and_then(|next| match u32::from(*next) {
            byte @ 0x80..=0xbf => Some(byte),
            _ => WINDOWS.iter().find(|(shown, _)| shown == next).map(|(_, byte)| *byte),
        });
        match (c, second) {
            ('\u{c2}' | '\u{c3}', Some(byte)) => {
                let code = (u32::from(c) & 0x1f) << 6 | (byte & 0x3f);
                out.extend(char::from_u32(code));
                chars.next();
            }
            ('\u{fffd}', _) => out.push('e'),
            // "R?ceptionniste", "?tablissement": a mark before a letter ends no sentence.
            ('?', _)
                if chars.peek().is_some_and(|next| next.is_lowercase())
                    && !out.ends_with(['=', '/', '&', '?']) =>
            {
                out.push('e');
            }
            _ => out.push(c),
        }
    }
    out
}

/// Bits of work by day and by night.
pub(crate) const SHIFTS: u8 = 0b1100_0000;

/// Returns whether a folded text names work by day, by night, or both.
fn shifts(folded: &str) -> u8 {
    u8::from(DAY.is_match(folded)) << 6 | u8::from(NIGHT.is_match(folded)) << 7
}

/// Returns a bit for each of the values.
fn bits<T: PartialEq>(all: &[T], some: &[T]) -> u8 {
    some.iter()
        .filter_map(|value| all.iter().position(|other| other == value))
        .fold(0, |bits, at| bits | 1 << at)
}

fn position<T: PartialEq>(all: &[T], value: &T) -> Option<u8> {
    u8::try_from(all.iter().position(|other| other == value)?).ok()
}

/// A number for a period; 0 for none.
fn period(words: Option<&str>) -> u8 {
    const PERIODS: [&str; 5] = ["hour", "day", "week", "month", "year"];
    let at = words.and_then(|word| PERIODS.iter().position(|period| *period == word));
    at.and_then(|at| u8::try_from(at + 1).ok()).unwrap_or(0)
}

fn hashes(values: &[String]) -> Vec<u32> {
    let mut all: Vec<u32> = values.iter().map(|value| short(hash(value))).collect();
    all.sort_unstable();
    all.dedup();
    all
}
