//! From names to places.

use super::{
    Place, Region, Where, abroad,
    aside::{Left, left},
    elsewhere::understood,
    gazetteer::{Entry, is_continent, is_country_code},
    nowhere::is_no_place,
    words::{Gap, Item, items},
};
use regex::Regex;

use crate::{
    patterns,
    text::{clean_line, fold},
};

/// Words that name no place of the gazetteer, or places that contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the place {0:?} is not in the gazetteer")]
pub struct UnknownPlace(pub String);

/// Cities that are not meant if another country follows their name.
pub(super) const LARGE: [&str; 10] = [
    "Douala",
    "Yaoundé",
    "Bafoussam",
    "Bamenda",
    "Garoua",
    "Maroua",
    "Ngaoundéré",
    "Buea",
    "Limbé",
    "Bertoua",
];

/// Most places of one field. More are the list of all places, not those of the work.
const MANY: usize = 30;

/// Words for an unknown place, folded.
const ABSENT: [&str; 22] = [
    "toutes agences",
    "toutes les agences",
    "toutes nos agences",
    "nos agences",
    "dans nos agences",
    "siege",
    "siege social",
    "au siege",
    "le siege",
    "sur place",
    "head office",
    "n a",
    "na",
    "null",
    "none",
    "nan",
    "a definir",
    "a determiner",
    "a preciser",
    "tbd",
    "lieu",
    "neant",
];

/// Returns the places that the words name, in order and without repeats; none for empty words and placeholders.
///
/// `country` is the country of the partner's places (ISO 3166-1 alpha-2). Outside Cameroon nothing is refused: unknown words stay one
/// locality of it.
pub fn read_places(words: &str, country: &str) -> Result<Where, UnknownPlace> {
    let cleaned = clean_line(words);
    if country != "CM" {
        return read_cut(&cleaned, country);
    }
    let Left { line, with_streets } = left(&cleaned);
    match (read_cut(&line, country), with_streets) {
        (Ok(read), None) => Ok(read),
        (Ok(read), Some(_)) if !read.places.is_empty() => Ok(read),
        (_, Some(whole)) => read_cut(&whole, country),
        (refused, None) => refused,
    }
}

/// Reads a line without what only stands beside its places.
fn read_cut(line: &str, country: &str) -> Result<Where, UnknownPlace> {
    let whole = without_border(without_others(line));
    let Some(line) = without_absent(&whole) else { return Ok(Where::default()) };
    match read_line(&line, country) {
        // "Lieu non précisé, contactez-nous": what stands beside a placeholder need not be a place.
        Err(_) if line != whole => Ok(Where::default()),
        // "Sur chantier", "all our branches".
        Err(_) if is_no_place(&fold(&line)) => Ok(Where::default()),
        Err(refused) => understood(&line).ok_or(refused),
        read => read,
    }
}

patterns! {
    /// The border beside which a place lies, in brackets, behind a mark or at the end.
    static BORDER: Regex = r"(?i)\s*\([^()]*\b(?:fronti[èe]res?|borders?)\b[^()]*\)|\s*[,;–-]?\s*(?:(?:[àa]|pr[èe]s de|vers|near|at|on) )?(?:la |the )?\bfronti[èe]res?\b[^,;()/]*|\s*[,;–-]\s*[^,;()/]*\bborders?\b[^,;()/]*";

    /// What portals write beside a country for all the rest of it, and for those who live across its border.
    static OTHERS: Regex = r"(?i)\s*(?:[-–/]\s*(?:autres|others)\b|\(\s*(?:autres?|others?|frontali(?:er|ère)s?)\s*\))";
}

/// Returns a line without the border that tells where a place lies: "Garoua-Boulaï (frontière RCA)", "Ekok, Nigeria border".
fn without_border(line: String) -> String {
    if !["ronti", "RONTI", "order", "ORDER"].iter().any(|sign| line.contains(sign)) {
        return line;
    }
    let left = BORDER.replace_all(&line, "");
    if left.chars().any(char::is_alphabetic) { left.trim().to_owned() } else { line }
}

/// Returns a line without words for the rest of a country: "France-Autres", "Suisse (Frontalier)".
fn without_others(line: &str) -> String {
    let left = OTHERS.replace_all(line, "");
    if left.trim().is_empty() { line.to_owned() } else { left.into_owned() }
}

pub(super) fn read_line(line: &str, country: &str) -> Result<Where, UnknownPlace> {
    if country != "CM" {
        let read = abroad::read(line, country);
        return Ok(if read.places.len() > MANY { Where::default() } else { read });
    }
    if is_numbered(line) {
        return read_home(line);
    }
    if let Some(read) = neighbours(line) {
        return Ok(read);
    }
    match abroad::named(line) {
        Some(read) => Ok(read),
        // What would be refused may be a large town elsewhere.
        None => read_home(line).or_else(|refused| abroad::unmistakable(line).ok_or(refused)),
    }
}

/// Returns the places of a list that a semicolon cuts, where a part is another country as a whole: "Mokolo, Maroua; TD". The towns before
/// it are not its own.
fn neighbours(line: &str) -> Option<Where> {
    if !line.contains(';') {
        return None;
    }
    let parts: Vec<&str> = line.split(';').map(str::trim).filter(|part| !part.is_empty()).collect();
    if parts.len() < 2 || parts.len() > MANY {
        return None;
    }
    let read: Vec<Where> = parts.iter().map(|part| read_line(part, "CM").ok()).collect::<Option<_>>()?;
    let is_country =
        |place: &Place| place.country != "CM" && place.region.is_none() && place.locality.is_none();
    if !read.iter().any(|part| !part.places.is_empty() && part.places.iter().all(is_country)) {
        return None;
    }
    let mut found = Where { places: Vec::new(), remote: read.iter().any(|part| part.remote) };
    for place in read.into_iter().flat_map(|part| part.places) {
        if !found.places.contains(&place) {
            found.places.push(place);
        }
    }
    (found.places.len() <= MANY).then_some(found)
}

/// Reads the words of a Cameroonian source by the gazetteer of Cameroon.
fn read_home(line: &str) -> Result<Where, UnknownPlace> {
    let unknown = || UnknownPlace(line.chars().take(200).collect());
    if is_numbered(line) {
        return Err(unknown());
    }
    let mut found = Found::default();
    let all = items(line);
    if let Some(code) = country_code(line) {
        found.foreign.push(Place { country: code, region: None, locality: None });
        return Ok(found.end());
    }
    let mut from = 0;
    for (at, item) in all.iter().enumerate() {
        // A country ends the names that belong to it.
        if let Some(Entry::Abroad(code)) = item.entry {
            let before = all.get(from..at).unwrap_or_default();
            found.abroad(code, before, item).ok_or_else(unknown)?;
            from = at + 1;
        } else if let Some(Entry::AbroadTown(code)) = item.entry
            && all.get(at + 1).is_none_or(|next| next.entry != Some(Entry::Abroad(code)))
        {
            found.home(all.get(from..at).unwrap_or_default()).ok_or_else(unknown)?;
            let contradicts =
                |next: &&Item| matches!(next.entry, Some(Entry::Region(_))) && next.gap < Gap::List;
            if all.get(at + 1).as_ref().is_some_and(contradicts) {
                return Err(unknown());
            }
            found.foreign.push(Place {
                country: code.to_owned(),
                region: None,
                locality: Some(item.text.clone()),
            });
            from = at + 1;
        } else if item.entry == Some(Entry::Country) {
            found.home(all.get(from..at).unwrap_or_default()).ok_or_else(unknown)?;
            found.somewhere = true;
            from = at + 1;
        }
    }
    found.home(all.get(from..).unwrap_or_default()).ok_or_else(unknown)?;
    let read = found.end();
    let is_read = !read.places.is_empty() || read.remote;
    match read.places.len() {
        0 if !is_read => Err(unknown()),
        // A list of all places names none.
        many if many > MANY => Ok(Where::default()),
        _ => Ok(read),
    }
}

/// Returns the country of a field that is only its code (ISO 3166-1 alpha-2), as machines write it.
fn country_code(line: &str) -> Option<String> {
    let is_code = line.len() == 2 && line.bytes().all(|byte| byte.is_ascii_uppercase());
    // "LT" may also be short for the Littoral.
    let is_region = Region::ALL.iter().any(|region| region.code().ends_with(line));
    let is_code = is_code && !is_region;
    is_code.then(|| is_country_code(line)).flatten().map(str::to_owned)
}

/// Returns the places of known names; none if they contradict each other.
pub(super) fn leading(items: &[Item]) -> Vec<Place> {
    let mut found = Found::default();
    found.home(items).map(|()| found.end().places).unwrap_or_default()
}

/// Returns a list of places without those of its items that mean an unknown place; `None` if nothing else is left.
fn without_absent(line: &str) -> Option<String> {
    let is_named = |part: &&str| !is_absent(&fold(part));
    if !is_absent(&fold(line)) && line.split([',', ';', '|']).all(|part| is_named(&part)) {
        return Some(line.to_owned());
    }
    let marked = line.replace(" / ", ";").replace(" - ", ";");
    let parts: Vec<&str> = marked.split([',', ';', '|']).map(str::trim).collect();
    let named: Vec<&str> = parts.iter().copied().filter(is_named).collect();
    (parts.len() > 1 && !named.is_empty()).then(|| named.join(", "))
}

fn is_absent(folded: &str) -> bool {
    const PARTS: [&str; 5] = ["non precis", "non renseign", "non specif", "not specified", "non communiqu"];
    folded.is_empty()
        || ABSENT.contains(&folded)
        || is_continent(folded)
        || PARTS.iter().any(|part| folded.contains(part))
}

/// Returns whether a French department with its number begins the line: "59 - Nord" and "35 - Essé" are in France.
fn is_numbered(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    matches!(digits, 2 | 3) && line.get(digits..).is_some_and(|rest| rest.trim_start().starts_with('-'))
}

#[derive(Debug, Default)]
struct Found {
    towns: Vec<(&'static str, Region)>,
    regions: Vec<Region>,
    foreign: Vec<Place>,
    somewhere: bool,
    remote: bool,
}

impl Found {
    /// Adds a place of another country: a town there, or the whole country. `None`: it is impossible.
    fn abroad(&mut self, code: &str, before: &[Item], country: &Item) -> Option<()> {
        let is_ours =
            |item: &Item| matches!(item.entry, Some(Entry::Town(name, ..)) if LARGE.contains(&name));
        if before.iter().any(is_ours) || (country.is_bound && !before.is_empty()) {
            return None;
        }
        // The first name, up to the next mark.
        let end =
            before.iter().skip(1).position(|item| item.gap > Gap::None).map_or(before.len(), |at| at + 1);
        let name: Vec<&str> = before
            .get(..end)?
            .iter()
            .map(|item| item.text.as_str())
            .filter(|text| !text.is_empty())
            .collect();
        let locality = Some(name.join(" ")).filter(|name| !name.is_empty());
        self.foreign.push(Place { country: code.to_owned(), region: None, locality });
        Some(())
    }

    /// Adds places of Cameroon. `None`: a region contradicts, or unknown words stand without a town.
    fn home(&mut self, said: &[Item]) -> Option<()> {
        let mut strange = false;
        let mut known = 0;
        for (at, item) in said.iter().enumerate() {
            let alone = segment(said, at).iter().all(|item| item.entry.is_some());
            match item.entry {
                // "Santa Barbara" is not Santa.
                Some(Entry::Town(name, ..)) if !LARGE.contains(&name) && goes_on(said, at) => strange = true,
                Some(Entry::Town(name, region, city)) => {
                    self.town(said, name, region, city);
                    known += 1;
                }
                Some(Entry::Region(region)) if alone => self.region(said, at, region)?,
                Some(Entry::Department(region)) if alone => self.add(region),
                Some(Entry::North) if alone => {
                    for region in [Region::Adamaoua, Region::Nord, Region::ExtremeNord] {
                        self.add(region);
                    }
                }
                Some(Entry::Remote) if alone => self.remote = true,
                _ => strange = true,
            }
        }
        (!strange || known > 0).then_some(())
    }

    fn town(&mut self, said: &[Item], name: &'static str, region: Region, city: Option<&str>) {
        let is_city = |item: &Item| matches!(item.entry, Some(Entry::Town(name, ..)) if Some(name) == city);
        let is_quarter = city.is_some() && said.iter().any(is_city);
        if !is_quarter && !self.towns.contains(&(name, region)) {
            self.towns.push((name, region));
        }
    }

    /// Adds a region. It contains the towns and departments beside it, begins another place of a list, or contradicts them.
    fn region(&mut self, said: &[Item], at: usize, region: Region) -> Option<()> {
        let item = said.get(at)?;
        let of = |item: &Item| match item.entry {
            Some(Entry::Town(_, of, _) | Entry::Department(of)) => Some(of),
            _ => None,
        };
        let others: Vec<Region> = said.iter().filter_map(of).collect();
        if others.is_empty() || others.contains(&region) || item.gap == Gap::List {
            self.add(region);
            return Some(());
        }
        // "Douala centre", "Akwa Nord": a part of the town.
        let is_part = item.gap == Gap::None && at > 0 && said.get(at - 1).and_then(of).is_some();
        let directions = [Region::Centre, Region::Nord, Region::Sud, Region::Est, Region::Ouest];
        (is_part && directions.contains(&region)).then_some(())
    }

    fn add(&mut self, region: Region) {
        if !self.regions.contains(&region) {
            self.regions.push(region);
        }
    }

    /// Returns the places, towns first. A region with a town in it is left out.
    fn end(self) -> Where {
        let place = |region, locality: Option<&str>| Place {
            country: "CM".to_owned(),
            region,
            locality: locality.map(str::to_owned),
        };
        let bare = self.regions.iter().filter(|region| !self.towns.iter().any(|(_, of)| of == *region));
        let bare: Vec<Place> = bare.map(|region| place(Some(*region), None)).collect();
        let mut places: Vec<Place> =
            self.towns.iter().map(|(name, region)| place(Some(*region), Some(name))).collect();
        places.extend(bare);
        if places.is_empty() && self.somewhere && !self.remote {
            places.push(place(None, None));
        }
        for place in self.foreign {
            if !places.contains(&place) {
                places.push(place);
            }
        }
        Where { places, remote: self.remote }
    }
}

/// Returns whether an unknown word directly follows a name.
fn goes_on(said: &[Item], at: usize) -> bool {
    said.get(at + 1).is_some_and(|next| next.entry.is_none() && next.gap == Gap::None)
}

/// Returns the names between the same marks as this one.
fn segment(said: &[Item], at: usize) -> &[Item] {
    let begin =
        said.get(..=at).unwrap_or_default().iter().rposition(|item| item.gap > Gap::Dash).unwrap_or(0);
    let rest = said.get(at + 1..).unwrap_or_default();
    let end = rest.iter().position(|item| item.gap > Gap::Dash).map_or(said.len(), |more| at + 1 + more);
    said.get(begin..end).unwrap_or_default()
}
