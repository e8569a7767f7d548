//! What a Cameroonian source says of places elsewhere, where no gazetteer of towns decides: regions of other countries, numbers of
//! French departments, codes, and remote work beside a town.

use domain::places::{Place, Region};

use super::{
    Where, abroad,
    gazetteer::{self, Entry, is_country_code},
    reader::read_line,
    world::{self, Hit, Sense},
};
use crate::text::fold;

/// Most parts of a line that are looked at.
const PARTS: usize = 12;
/// Least size of a town that is meant by its name alone: 200,000 people.
const LARGE_CLASS: u8 = 3;
/// Least size of a town in a country nearby that is meant by its name alone, if no other country has the name: 50,000 people.
const NEAR_CLASS: u8 = 1;
/// Neighbours whose towns are named without their country.
const NEAR: [&str; 5] = ["TD", "CF", "GA", "GQ", "CG"];
/// Countries by their codes of three letters (ISO 3166-1 alpha-3), as tables of international bodies have them.
pub(super) const ALPHA_3: [(&str, &str); 22] = [
    ("CMR", "CM"),
    ("TCD", "TD"),
    ("GAB", "GA"),
    ("NGA", "NG"),
    ("CAF", "CF"),
    ("COG", "CG"),
    ("COD", "CD"),
    ("GNQ", "GQ"),
    ("NER", "NE"),
    ("BEN", "BJ"),
    ("TGO", "TG"),
    ("GHA", "GH"),
    ("CIV", "CI"),
    ("SEN", "SN"),
    ("MLI", "ML"),
    ("BFA", "BF"),
    ("MAR", "MA"),
    ("FRA", "FR"),
    ("BEL", "BE"),
    ("DEU", "DE"),
    ("USA", "US"),
    ("GBR", "GB"),
];

/// Returns the places of a line that would be refused otherwise; `None` if it cannot be understood.
pub(super) fn understood(line: &str) -> Option<Where> {
    let parts: Vec<&str> =
        line.split([',', ';', '/', '|', '(', ')']).map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() > PARTS {
        return None;
    }
    if let Some(place) = numbered(line) {
        return Some(Where { places: vec![place], remote: false });
    }
    let is_remote = |part: &str| gazetteer::find(&fold(part)) == Some(Entry::Remote);
    let remote = parts.len() > 1 && parts.iter().any(|part| is_remote(part));
    let mut places: Vec<Place> = Vec::new();
    for part in parts.iter().copied().filter(|part| !(remote && is_remote(part))) {
        let found = match named(part) {
            Some(place) => vec![place],
            // What the whole line contradicts is not read by its parts.
            None if remote => read_line(part, "CM").ok().map(|read| read.places)?,
            None => return None,
        };
        for place in found {
            if !places.contains(&place) {
                places.push(place);
            }
        }
    }
    (!places.is_empty()).then_some(Where { places, remote })
}

/// Returns the place that a part is: a region of one other country, or a code.
fn named(part: &str) -> Option<Place> {
    let country = |code: &str| Place { country: code.to_owned(), region: None, locality: None };
    if part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_uppercase()) {
        return ALPHA_3.iter().find(|(long, _)| *long == part).map(|(_, code)| country(code));
    }
    // "US-NY" (ISO 3166-2).
    if let Some((of, code)) = part.split_once('-').filter(|(of, _)| of.len() == 2 && *of != "CM")
        && let Some((of, code)) = is_country_code(of).and_then(|of| world::region(of, code))
    {
        return Some(region(of, code));
    }
    let folded = fold(part);
    let hits = world::find(&folded);
    if gazetteer::find(&folded).is_some() {
        return None;
    }
    if let Some(town) = large_town(part, &folded, &hits) {
        return Some(town);
    }
    let first = hits.iter().find(|hit| hit.sense == Sense::Region)?;
    let is_alone = folded.len() >= 6 && hits.iter().all(|hit| hit.country == first.country);
    is_alone.then(|| region(first.country, first.text))
}

/// Returns the town that a name means because no other of its name is nearly as large: "Nantes".
fn large_town(part: &str, folded: &str, hits: &[Hit]) -> Option<Place> {
    let class = |hit: &Hit| match hit.sense {
        Sense::Town { is_known: true, class } => Some(class),
        _ => None,
    };
    let (first, rest) = hits.split_first()?;
    let size = class(first).filter(|size| *size >= NEAR_CLASS)?;
    let is_near = NEAR.contains(&first.country) && rest.iter().all(|other| other.country == first.country);
    let is_alone = is_near
        || (size >= LARGE_CLASS
            && rest
                .iter()
                .all(|other| other.country == first.country || class(other).unwrap_or(0) + 2 <= size));
    let locality = if first.text.is_empty() { part } else { first.text };
    (is_alone && folded.len() >= 5).then(|| Place {
        country: first.country.to_owned(),
        region: None,
        locality: Some(locality.to_owned()),
    })
}

fn region(country: &str, code: &str) -> Place {
    Place {
        country: country.to_owned(),
        region: Region::from_code(&format!("{country}-{code}")),
        locality: None,
    }
}

/// Returns the French town or department that stands with the number of its department or its postcode: "75 - Paris", "59 - Nord",
/// "Saint-Denis (93)", "69003 Lyon".
fn numbered(line: &str) -> Option<Place> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_department = |text: &str| {
        matches!(text, "2A" | "2B") || (text.len() == 2 && digits(text) && ("01"..="95").contains(&text))
    };
    let is_postcode =
        |text: &str| text.len() == 5 && digits(text) && text.get(..2).is_some_and(is_department);
    let is_number = |text: &str| is_department(text) || is_postcode(text);
    let name =
        if let Some((number, name)) = line.split_once('-').filter(|(number, _)| is_number(number.trim())) {
            let _ = number;
            name
        } else if let Some((_, name)) = line.split_once(' ').filter(|(number, _)| is_postcode(number)) {
            name
        } else {
            let (name, number) = line.trim_end().strip_suffix(')')?.rsplit_once('(')?;
            is_number(number.trim()).then_some(name)?
        };
    // "PARIS 10", "Paris 10e".
    let words = name.split_whitespace();
    let name: Vec<&str> = words.filter(|word| !word.starts_with(|c: char| c.is_ascii_digit())).collect();
    let name = name.join(" ");
    if world::find_in(&fold(&name), "FR").is_empty() {
        return None;
    }
    let places = abroad::read(&name, "FR").places;
    places.into_iter().next().filter(|place| place.country == "FR")
}
