//! Reads places outside Cameroon.
//!
//! A line is cut at the countries it names, and the words of each country are read with its towns and regions. Words that nobody knows stay
//! as they are: one locality of their country.

mod segments;
mod tokens;

use domain::places::{Place, Region};

use self::tokens::{Gap, Token, WITH_CODES, tokens};
use super::{
    Where,
    gazetteer::{self, Entry, is_country_code},
    reader::LARGE,
    world::{self, Sense},
};

/// Most words of a field that are looked up. A longer one is prose.
const MOST_WORDS: usize = 300;
/// Longest locality, in characters.
const LONGEST: usize = 200;

/// Returns the places of a field whose source is in that country. Nothing is refused.
pub(super) fn read(line: &str, country: &str) -> Where {
    let all = tokens(line);
    if all.len() > MOST_WORDS {
        let mut found = Found::default();
        found.put(country, None, Some(line));
        return found.end(country);
    }
    if let Some(read) = codes(&all, country) {
        return read;
    }
    let (found, _) = groups(line, &all, country);
    found.end(country)
}

/// Returns the countries of a line that is a list of their codes: "CM, CO, EC".
fn codes(all: &[Token], home: &str) -> Option<Where> {
    let codes: Vec<String> = all.iter().map(|token| token.folded.to_ascii_uppercase()).collect();
    let is_list = codes.len() > 1 && all.iter().all(|token| token.is_code && token.gap > Gap::Space);
    let is_region = |code: &String| {
        if home == "CM" {
            Region::ALL.iter().any(|region| region.code().ends_with(code.as_str()))
        } else {
            WITH_CODES.contains(&home) && world::region(home, code).is_some()
        }
    };
    if !is_list || codes.iter().all(is_region) {
        return None;
    }
    let mut found = Found::default();
    for code in &codes {
        found.put_country(Some(is_country_code(code)?));
    }
    Some(found.end(home))
}

/// Returns the places of a field of a Cameroonian source if each is in another country that the field names.
pub(super) fn named(line: &str) -> Option<Where> {
    let all = tokens(line);
    let is_ours = |at: usize| {
        let words = all.get(at..).unwrap_or_default();
        words.first().is_some_and(|token| {
            matches!(gazetteer::find(&token.folded), Some(Entry::Town(name, ..)) if LARGE.contains(&name))
        })
    };
    if all.len() > MOST_WORDS || (0..all.len()).any(is_ours) {
        return None;
    }
    if let Some(read) = codes(&all, "CM") {
        return Some(read);
    }
    let (found, is_whole) = groups(line, &all, "");
    let places = found.end("").places;
    (is_whole
        && !places.is_empty()
        && places.iter().all(|place| !place.country.is_empty() && place.country != "CM"))
    .then_some(Where { places, remote: false })
}

/// Returns the places of a field of a Cameroonian source if each of its words names a large town of another country.
pub(super) fn unmistakable(line: &str) -> Option<Where> {
    let all = tokens(line);
    if all.len() > MOST_WORDS {
        return None;
    }
    let read = |country: &str| {
        let mut found = Found::default();
        (segments::read(line, &all, country, &mut found), found.end(""))
    };
    let (is_known, found) = read("");
    let is_abroad = |place: &Place| place.country != "CM" && place.locality.is_some();
    if is_known && !found.places.is_empty() && found.places.iter().all(is_abroad) {
        return Some(found);
    }
    // "Cotonou, Littoral": the region is that of the town.
    let first = found.places.into_iter().find(|place| !place.country.is_empty() && is_abroad(place))?;
    let (is_known, found) = read(&first.country);
    (is_known && found.places.iter().all(|place| is_abroad(place) && place.country == first.country))
        .then_some(found)
}

/// A country that a line names.
struct Named {
    /// Its words, from and to.
    from: usize,
    to: usize,
    code: &'static str,
    /// Whether a region of the source's country has its name: "Georgia".
    is_region: bool,
}

/// Returns the countries that a line names.
fn countries(all: &[Token], home: &str) -> Vec<Named> {
    let mut named = Vec::new();
    let mut at = 0;
    while at < all.len() {
        let taken = match country(all, at, home) {
            Some((taken, Some(code))) => {
                let words: Vec<&str> =
                    all.iter().skip(at).take(taken).map(|token| token.folded.as_str()).collect();
                let hits = if code == home { Vec::new() } else { world::find_in(&words.join(" "), home) };
                let is_region = hits.iter().any(|hit| hit.sense == Sense::Region);
                named.push(Named { from: at, to: at + taken, code, is_region });
                taken
            }
            Some((taken, None)) => taken,
            None => 1,
        };
        at += taken;
    }
    named
}

/// Returns the length of the longest name that begins at a word, and its country if it is one. "France" in "Île de France" is none.
fn country(all: &[Token], at: usize, home: &str) -> Option<(usize, Option<&'static str>)> {
    let token = all.get(at)?;
    let begins = token.gap > Gap::Glue;
    let same = all
        .iter()
        .skip(at + 1)
        .take(gazetteer::LONGEST - 1)
        .take_while(|token| token.gap <= Gap::Space)
        .count();
    let alone = |end: usize| all.get(end).is_none_or(|next| next.gap > Gap::Space);
    for taken in (1..=same + 1).rev() {
        let end = at + taken;
        if all.get(end).is_some_and(|next| next.gap == Gap::Glue) || !begins {
            continue;
        }
        let words: Vec<&str> = all.get(at..end)?.iter().map(|token| token.folded.as_str()).collect();
        let folded = words.join(" ");
        match gazetteer::find(&folded) {
            Some(Entry::Abroad(code)) => return Some((taken, Some(code))),
            Some(Entry::Country) if folded.contains("camero") || token.is_code => {
                return Some((taken, Some("CM")));
            }
            _ if taken > 1 && !world::find(&folded).is_empty() => return Some((taken, None)),
            _ => (),
        }
    }
    (token.is_code && token.gap > Gap::Space && alone(at + 1))
        .then(|| code(token, home))
        .flatten()
        .map(|code| (1, Some(code)))
}

/// Returns the country of a code in capitals, unless it is the code of a region of the source's country.
fn code(token: &Token, home: &str) -> Option<&'static str> {
    let code = token.folded.to_ascii_uppercase();
    let is_region = WITH_CODES.contains(&home) && world::region(home, &code).is_some();
    let is_home = Region::ALL.iter().any(|region| region.code().ends_with(&code)) && home.is_empty();
    if is_region || is_home { None } else { is_country_code(&code) }
}

/// Reads the words of each country. Words that belong to none are of the source's own, and make the second value false where
/// the source has no country.
fn groups(line: &str, all: &[Token], home: &str) -> (Found, bool) {
    let mut found = Found::default();
    let (mut from, mut lead) = (0, None);
    for Named { from: begin, to: end, code, is_region } in countries(all, home) {
        let words = all.get(from..begin).unwrap_or_default();
        // "Atlanta, Georgia" in the United States; "Niamey, Niger" is not in Nigeria.
        if is_region
            && !(is_known(line, words, code) && has_names(line, words, code) && !is_known(line, words, home))
        {
            continue;
        }
        let belongs = match lead {
            Some(lead) if has_names(line, words, lead) => {
                is_known(line, words, lead) && !is_known(line, words, code)
            }
            _ => false,
        };
        if belongs {
            segments::read(line, words, lead.unwrap_or(code), &mut found);
            lead = Some(code);
        } else if has_names(line, words, code) {
            found.put_country(lead);
            segments::read(line, words, code, &mut found);
            found.put_country(Some(code));
            lead = None;
        } else {
            // Words on remote work.
            segments::read(line, words, code, &mut found);
            found.put_country(lead);
            lead = Some(code);
        }
        from = end;
    }
    let rest = all.get(from..).unwrap_or_default();
    let last = lead.unwrap_or(home);
    let is_whole = !last.is_empty() || !has_names(line, rest, last);
    segments::read(line, rest, last, &mut found);
    found.put_country(lead);
    (found, is_whole)
}

fn has_names(line: &str, words: &[Token], country: &str) -> bool {
    let mut found = Found::default();
    segments::read(line, words, country, &mut found);
    !found.places.is_empty()
}

/// Returns whether each of the words is a name of the country.
fn is_known(line: &str, words: &[Token], country: &str) -> bool {
    let mut found = Found::default();
    segments::read(line, words, country, &mut found)
        && found.places.iter().all(|place| place.country == country)
}

/// The places found so far.
#[derive(Debug, Default)]
struct Found {
    places: Vec<Place>,
    /// Whether the words mean all of the source's country.
    somewhere: bool,
    remote: bool,
}

impl Found {
    fn put(&mut self, country: &str, region: Option<&str>, locality: Option<&str>) {
        let region = region.and_then(|code| Region::from_code(&format!("{country}-{code}")));
        let locality = locality.map(|words| words.trim().chars().take(LONGEST).collect::<String>());
        let place = Place {
            country: country.to_owned(),
            region,
            locality: locality.filter(|words| !words.is_empty()),
        };
        let is_same = |known: &Place| known.country == place.country && known.locality == place.locality;
        if !self
            .places
            .iter()
            .any(|known| is_same(known) && (place.region.is_none() || known.region == place.region))
        {
            self.places.push(place);
        }
    }

    fn put_country(&mut self, country: Option<&str>) {
        if let Some(country) = country {
            self.put(country, None, None);
        }
    }

    /// Returns whether the last place is that town.
    fn has_last(&self, locality: &str) -> bool {
        self.places.last().is_some_and(|last| last.locality.as_deref() == Some(locality))
    }

    /// Gives the last place its region. Returns false if it is in another country, is not a town, or has another region.
    fn region_of_last(&mut self, country: &str, code: &str) -> bool {
        let region = Region::from_code(&format!("{country}-{code}"));
        match self.places.last_mut() {
            Some(last)
                if last.country == country
                    && last.locality.is_some()
                    && last.region.is_none_or(|of| Some(of) == region) =>
            {
                last.region = region;
                true
            }
            _ => false,
        }
    }

    /// Returns the places. A country or a region with a nearer place of it is left out.
    fn end(self, home: &str) -> Where {
        let all = &self.places;
        let is_near = |wide: &Place, place: &Place| {
            place.country == wide.country
                && if wide.region.is_some() {
                    place.region == wide.region && place.locality.is_some()
                } else {
                    place.region.is_some() || place.locality.is_some()
                }
        };
        let is_wide = |wide: &Place| wide.locality.is_none() && all.iter().any(|place| is_near(wide, place));
        let mut places: Vec<Place> = all.iter().filter(|place| !is_wide(place)).cloned().collect();
        if places.is_empty() && !self.remote && !home.is_empty() {
            places.push(Place { country: home.to_owned(), region: None, locality: None });
        }
        Where { places, remote: self.remote }
    }
}
