//! Places that a question mentions. Most of its words are not places, and nothing is refused.

use std::ops::Range;

use domain::places::Region;

use super::gazetteer::{Entry, LONGEST, find};

/// A place that is mentioned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mentioned {
    /// The words that name it.
    pub(crate) at: Range<usize>,
    /// The town, in its French spelling.
    pub(crate) town: Option<&'static str>,
    /// Its region, or those that are named. None: all of Cameroon, or another country.
    pub(crate) regions: Vec<Region>,
    /// Whether it is in another country.
    pub(crate) is_abroad: bool,
}

/// Points of the compass, which are regions where the words around them say so.
const COMPASS: [&str; 9] = ["nord", "sud", "ouest", "east", "west", "north", "south", "coast", "littoral"];
/// Names that are French words more often than regions: "est", "centre de formation".
const COMMON: [&str; 4] = ["est", "centre", "center", "coast"];
/// Towns, quarters and departments with the name of something else: only behind a word for a place.
const AMBIGUOUS: [&str; 6] = ["poli", "dir", "saa", "momo", "briqueterie", "lendi"];
/// Names of countries that mean something else in a question.
const NOT_COUNTRIES: [&str; 2] = ["car", "as"];
/// Words for all places, which say nothing about one.
const NOT_PLACES: [&str; 2] = ["national", "international"];

/// Returns the places that folded words mention, the longest name at each word.
pub(crate) fn mentioned(words: &[&str]) -> Vec<Mentioned> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let place = (1..=LONGEST).rev().find_map(|long| place(words, at..at + long));
        at = place.as_ref().map_or(at + 1, |place| place.at.end);
        found.extend(place);
    }
    found
}

/// The place that these words name.
fn place(words: &[&str], at: Range<usize>) -> Option<Mentioned> {
    let name = words.get(at.clone())?.join(" ");
    let entry = find(&name)?;
    if at.len() == 1 && !is_meant(words, at.start) {
        return None;
    }
    let home = |town, regions| Some(Mentioned { at: at.clone(), town, regions, is_abroad: false });
    match entry {
        Entry::Town(town, region, _) => home(Some(town), vec![region]),
        Entry::Region(region) | Entry::Department(region) => home(None, vec![region]),
        Entry::North => home(None, vec![Region::Adamaoua, Region::Nord, Region::ExtremeNord]),
        Entry::Country if !NOT_PLACES.contains(&name.as_str()) => home(None, Vec::new()),
        Entry::Abroad(_) | Entry::AbroadTown(_) if !NOT_COUNTRIES.contains(&name.as_str()) => {
            Some(Mentioned { at, town: None, regions: Vec::new(), is_abroad: true })
        }
        Entry::Country | Entry::Abroad(_) | Entry::AbroadTown(_) | Entry::Remote | Entry::Filler => None,
    }
}

/// Whether a single word is meant as a place, by the words around it.
fn is_meant(words: &[&str], at: usize) -> bool {
    let word = words.get(at).copied().unwrap_or_default();
    let before = at.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
    let after = words.get(at + 1).copied().unwrap_or_default();
    let is_region = before == "region" || after == "region" || after == "side";
    if COMMON.contains(&word) {
        // "à l'est", "dans le centre": "le centre" alone may be one for training.
        return is_region || (before == "l" && word == "est") || (before == "the" && word == "coast");
    }
    if COMPASS.contains(&word) {
        return is_region
            || matches!(before, "au" | "l" | "le" | "du" | "the" | "for" | "in" | "dans" | "vers");
    }
    !AMBIGUOUS.contains(&word) || matches!(before, "a" | "in" | "at" | "for")
}

#[cfg(test)]
mod tests;
