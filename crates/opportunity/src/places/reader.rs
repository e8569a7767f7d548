//! From words to places.

use super::{
    Place, Region,
    gazetteer::{Entry, find},
};
use crate::text::{clean_line, fold};

/// Words that name no place of the gazetteer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the place {0:?} is not in the gazetteer")]
pub struct UnknownPlace(pub String);

/// Words in front of a name that say what it is.
const FILLERS: [&str; 22] = [
    "region",
    "regions",
    "ville",
    "villes",
    "departement",
    "arrondissement",
    "commune",
    "province",
    "town",
    "city",
    "division",
    "subdivision",
    "area",
    "de",
    "du",
    "des",
    "la",
    "le",
    "l",
    "d",
    "of",
    "the",
];

/// Towns large enough that a quarter often follows their name without a comma ("Douala Akwa").
const LARGE: [&str; 10] = [
    "douala",
    "yaounde",
    "bafoussam",
    "bamenda",
    "garoua",
    "maroua",
    "ngaoundere",
    "buea",
    "limbe",
    "bertoua",
];

/// More places than this in one field is a list of all there are, not where the work is.
const MANY: usize = 30;

/// The places the words name, in order, without repeats; none for empty words.
///
/// `country` says where the partner's places are (ISO 3166-1 alpha-2). Outside Cameroon there is no gazetteer: the words are
/// kept as they are.
pub fn read_places(words: &str, country: &str) -> Result<Vec<Place>, UnknownPlace> {
    let line = clean_line(words);
    let line = line.trim_matches(|c: char| !c.is_alphanumeric() && c != ')');
    if line.is_empty() {
        return Ok(Vec::new());
    }
    let unknown = || UnknownPlace(line.chars().take(200).collect());
    if country != "CM" {
        return Ok(vec![Place {
            country: country.to_owned(),
            region: None,
            locality: Some(line.chars().take(200).collect()),
        }]);
    }
    let mut places = Places::default();
    let parts = parts(line);
    // "59 - Nord" and "35 - Essé" are in France: a department there is written by its number, in front.
    let is_digit = |byte: u8| byte.is_ascii_digit();
    if parts.first().is_some_and(|part| matches!(part.len(), 2 | 3) && part.bytes().all(is_digit)) {
        return Err(unknown());
    }
    for part in parts {
        match entry(&part) {
            Some(Entry::Abroad) => return Err(unknown()),
            Some(Entry::Country) => places.somewhere = true,
            Some(Entry::Town(name, region)) => places.town(name, region),
            Some(Entry::Region(region) | Entry::Department(region)) => places.region(region),
            None => (),
        }
    }
    let found = places.found();
    if found.is_empty() || found.len() > MANY { Err(unknown()) } else { Ok(found) }
}

/// The words between commas, slashes, dashes with blanks, brackets, "&", "et" and "and".
fn parts(line: &str) -> Vec<String> {
    let marked = line
        .replace(" - ", ",")
        .replace(" – ", ",")
        .replace(" et ", ",")
        .replace(" and ", ",")
        .replace(" ou ", ",");
    let parts = marked.split([',', ';', '/', '&', '|', '(', ')', ':', '+', '\n']).map(fold);
    parts.filter(|part| !part.is_empty()).collect()
}

fn entry(part: &str) -> Option<Entry> {
    if let Some(entry) = find(part) {
        return Some(entry);
    }
    let words: Vec<&str> = part.split(' ').skip_while(|word| FILLERS.contains(word)).collect();
    let kept: Vec<&str> = words.iter().copied().take_while(|word| !is_number(word)).collect();
    if let Some(entry) = find(&kept.join(" ")) {
        return Some(entry);
    }
    // "Bafoussam Ouest", "Littoral Douala": two names without a comma. "Douala Akwa": a large town and its quarter.
    let (first, rest) = kept.split_first()?;
    match (find(first), find(&rest.join(" "))) {
        (Some(town @ Entry::Town(_, of)), Some(Entry::Region(region))) if of == region => Some(town),
        (Some(Entry::Region(region)), Some(town @ Entry::Town(_, of))) if of == region => Some(town),
        (Some(town), None) if LARGE.contains(first) => Some(town),
        (Some(town @ Entry::Town(..)), Some(Entry::Country)) => Some(town),
        _ => None,
    }
}

/// "1er", "2e", "iii", "5eme": which arrondissement; not part of a name.
fn is_number(word: &str) -> bool {
    word.starts_with(|c: char| c.is_ascii_digit())
        || matches!(word, "i" | "iii" | "iv" | "v" | "vi" | "vii" | "cedex" | "bp")
}

#[derive(Debug, Default)]
struct Places {
    towns: Vec<(&'static str, Region)>,
    regions: Vec<Region>,
    somewhere: bool,
}

impl Places {
    fn town(&mut self, name: &'static str, region: Region) {
        if !self.towns.contains(&(name, region)) {
            self.towns.push((name, region));
        }
    }

    fn region(&mut self, region: Region) {
        if !self.regions.contains(&region) {
            self.regions.push(region);
        }
    }

    /// Towns first; a region that a town already lies in only qualified it.
    fn found(self) -> Vec<Place> {
        let place = |region, locality: Option<&str>| Place {
            country: "CM".to_owned(),
            region,
            locality: locality.map(str::to_owned),
        };
        let bare = self.regions.iter().filter(|region| !self.towns.iter().any(|(_, of)| of == *region));
        let bare: Vec<Place> = bare.map(|region| place(Some(*region), None)).collect();
        let mut found: Vec<Place> =
            self.towns.iter().map(|(name, region)| place(Some(*region), Some(name))).collect();
        found.extend(bare);
        if found.is_empty() && self.somewhere {
            found.push(place(None, None));
        }
        found
    }
}
