//! The gazetteer: folded names and what they mean.

use std::{collections::HashMap, sync::LazyLock};

use super::{Region, elsewhere::ALPHA_3};
use crate::text::fold;

/// The meaning of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// One of the ten regions.
    Region(Region),
    /// The three northern regions: "Grand Nord".
    North,
    /// One of the 58 departments, with its region.
    Department(Region),
    /// A town with its spelling, and the city that has a quarter of the same name.
    Town(&'static str, Region, Option<&'static str>),
    /// All of Cameroon, or any place in it.
    Country,
    /// Another country.
    Abroad(&'static str),
    /// A town of another country, named without it.
    AbroadTown(&'static str),
    /// No fixed place.
    Remote,
    /// Words that name the type of the place that follows, or no place.
    Filler,
}

static TABLE: &str = include_str!("cameroon.tsv");
static COUNTRIES: &str = include_str!("countries.tsv");

/// Words for all of Cameroon.
const EVERYWHERE: [&str; 71] = [
    "étendue du territoire camerounais",
    "ensemble du territoire camerounais",
    "tout le territoire camerounais",
    "tout le pays",
    "pays entier",
    "ensemble du pays",
    "ensemble du territoire",
    "étendue du territoire",
    "tout le territoire",
    "dix régions",
    "les dix régions",
    "les 10 régions",
    "chefs-lieux de région",
    "chefs-lieux de régions",
    "10 chefs-lieux de région",
    "whole country",
    "countrywide",
    "ten regions",
    "Cameroun",
    "Cameroon",
    "CM",
    "République du Cameroun",
    "Republic of Cameroon",
    "Tout le Cameroun",
    "territoire national",
    "territoire camerounais",
    "national",
    "nationwide",
    "toutes les régions",
    "all regions",
    "toutes les villes",
    "10 régions",
    "plusieurs villes",
    "partout",
    "anywhere",
    "anywhere in Cameroon",
    "Cameroun entier",
    "dans le pays",
    "le pays",
    "tout le pays entier",
    "the country",
    "over the country",
    "all over the country",
    "across the country",
    "throughout the country",
    "all over Cameroon",
    "across Cameroon",
    "throughout Cameroon",
    "everywhere in Cameroon",
    "everywhere",
    "niveau national",
    "échelle nationale",
    "échelle du pays",
    "toutes villes",
    "toutes zones",
    "toutes les zones",
    "toutes régions",
    "toutes les communes",
    "toutes les grandes villes",
    "58 départements",
    "360 communes",
    "all 10 regions",
    "chefs-lieux des régions",
    "plusieurs localités",
    "plusieurs régions",
    "several towns",
    "several regions",
    "todo el país",
    "todo o país",
    "nacional",
    "todo el territorio nacional",
];

/// Words for no fixed place.
const REMOTE: [&str; 21] = [
    "télétravail",
    "remote",
    "fully remote",
    "à distance",
    "work from home",
    "home office",
    "en ligne",
    "online",
    "télétravail total",
    "full remote",
    "full télétravail",
    "home based",
    "homebased",
    "work from anywhere",
    "travail à distance",
    "remote work",
    "distanciel",
    "homeworking",
    "telework",
    "teleworking",
    "home working",
];

/// Words that name no place.
const FILLERS: [&str; 69] = [
    "région",
    "régions",
    "region of",
    "ville",
    "villes",
    "département",
    "départements",
    "arrondissement",
    "arrondissements",
    "commune",
    "communes",
    "commune d'arrondissement",
    "communauté urbaine",
    "province",
    "town",
    "city",
    "division",
    "subdivision",
    "area",
    "centre ville",
    "quartier",
    "de",
    "du",
    "des",
    "d",
    "la",
    "le",
    "les",
    "l",
    "of",
    "the",
    "à",
    "au",
    "aux",
    "in",
    "at",
    "et",
    "and",
    "ou",
    "or",
    "lieu",
    "lieux",
    "lieu de travail",
    "location",
    "localisation",
    "localité",
    "basé",
    "basée",
    "based",
    "poste",
    "environs",
    "ses",
    "autres",
    "dans",
    "100",
    "ensemble",
    "étendue",
    "sur",
    "avec",
    "déplacements",
    "toute",
    "tout",
    "bp",
    "b p",
    "cedex",
    "cm lt cm",
    "p o box",
    "po box",
    "entire",
];

/// Parts of the world, which are too large to be a place.
const CONTINENTS: [&str; 40] = [
    "Afrique",
    "Africa",
    "Afrique centrale",
    "Central Africa",
    "Afrique de l'Ouest",
    "West Africa",
    "Afrique de l'Est",
    "East Africa",
    "Afrique subsaharienne",
    "Sub-Saharan Africa",
    "Europe",
    "Asie",
    "Asia",
    "Océanie",
    "Amérique latine",
    "Latin America",
    "Amérique du Nord",
    "North America",
    "Amérique du Sud",
    "South America",
    "Moyen-Orient",
    "Middle East",
    "monde",
    "monde entier",
    "world",
    "worldwide",
    "global",
    "international",
    "multi-pays",
    "CEMAC",
    "zone CEMAC",
    "CEEAC",
    "CEDEAO",
    "ECOWAS",
    "Sahel",
    "l'étranger",
    "à l'étranger",
    "abroad",
    "overseas",
    "outre-mer",
];

/// Towns with the name of a quarter of a city. Beside that city, the name means the quarter.
const SHARED: [(&str, &str); 3] = [("Bali", "Douala"), ("Mokolo", "Yaoundé"), ("Éfoulan", "Yaoundé")];

/// Short names of towns that are in no table.
const SHORT: [(&str, &str); 5] =
    [("DLA", "Douala"), ("Duala", "Douala"), ("YDE", "Yaoundé"), ("NGD", "Ngaoundéré"), ("Ydé", "Yaoundé")];

/// Longest name, in words.
pub(super) const LONGEST: usize = 6;

static NAMES: LazyLock<HashMap<String, Entry>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    let mut put = |list: &[&str], entry| names.extend(list.iter().map(|name| (fold(name), entry)));
    put(&FILLERS, Entry::Filler);
    put(&CONTINENTS, Entry::Filler);
    for line in lines(COUNTRIES) {
        let mut cells = line.split('\t');
        let code = cells.next().unwrap_or_default();
        for (names, entry) in cells.zip([Entry::Abroad(code), Entry::AbroadTown(code)]) {
            put(&names.split('|').collect::<Vec<_>>(), entry);
        }
    }
    // Later kinds win: a name of a town and a department means the town.
    for kind in ["quarter", "department", "town", "region"] {
        for place in lines(TABLE).filter_map(Line::of).filter(|place| place.kind == kind) {
            put(&place.names(), place.entry());
        }
    }
    for region in Region::ALL {
        put(&[region.code()], Entry::Region(region));
    }
    for (short, town) in SHORT {
        if let Some(place) =
            lines(TABLE).filter_map(Line::of).find(|place| place.kind == "town" && place.name == town)
        {
            put(&[short], place.entry());
        }
    }
    put(&["Région Littorale", "Littorale"], Entry::Region(Region::Littoral));
    // A park between two departments.
    put(&["Campo-Ma'an"], Entry::Region(Region::Sud));
    put(
        &[
            "Grand Nord",
            "Septentrion",
            "Greater North",
            "régions septentrionales",
            "trois régions septentrionales",
            "trois régions du Nord",
            "northern regions",
            "three northern regions",
        ],
        Entry::North,
    );
    put(&["Camerún", "Camarões", "Kamerun"], Entry::Country);
    put(&EVERYWHERE, Entry::Country);
    put(&REMOTE, Entry::Remote);
    names
});

fn lines(table: &'static str) -> impl Iterator<Item = &'static str> {
    table.lines().filter(|line| !line.starts_with('#') && !line.is_empty())
}

/// A line of the table.
struct Line {
    kind: &'static str,
    name: &'static str,
    region: Region,
    /// Its department, or the town of a quarter.
    of: &'static str,
    others: &'static str,
}

impl Line {
    fn of(line: &'static str) -> Option<Self> {
        let mut fields = line.split('\t');
        let (kind, name, code) = (fields.next()?, fields.next()?, fields.next()?);
        let of = fields.next().unwrap_or_default();
        let others = fields.next().unwrap_or_default();
        Some(Self { kind, name, region: Region::from_code(code)?, of, others })
    }

    fn names(&self) -> Vec<&'static str> {
        let others = self.others.split('|').filter(|other| !other.is_empty());
        std::iter::once(self.name).chain(others).collect()
    }

    fn entry(&self) -> Entry {
        let city = SHARED.iter().find(|(town, _)| *town == self.name).map(|(_, city)| *city);
        match self.kind {
            "region" => Entry::Region(self.region),
            "department" => Entry::Department(self.region),
            "quarter" => Entry::Town(self.of.trim_start_matches("town:"), self.region, None),
            _ => Entry::Town(self.name, self.region, city),
        }
    }
}

/// Returns the code of a country if it is one, Cameroon's too.
pub(super) fn is_country_code(code: &str) -> Option<&'static str> {
    let codes = lines(COUNTRIES).filter_map(|line| line.split('\t').next());
    std::iter::once("CM").chain(codes).find(|known| *known == code)
}

/// Returns the code of the country that words name, or that they are, of two letters or of three.
pub fn country(words: &str) -> Option<String> {
    let is_code = words.bytes().all(|byte| byte.is_ascii_alphabetic());
    if is_code && words.len() == 2 {
        return Some(words.to_ascii_uppercase());
    }
    if is_code
        && words.len() == 3
        && let Some((_, code)) = ALPHA_3.iter().find(|(long, _)| words.eq_ignore_ascii_case(long))
    {
        return Some((*code).to_owned());
    }
    match find(&fold(words))? {
        Entry::Abroad(code) => Some(code.to_owned()),
        Entry::Country
            if fold(words).split(' ').any(|word| {
                ["camero", "camerun", "camaro", "kamerun"].iter().any(|begin| word.starts_with(begin))
            }) =>
        {
            Some("CM".to_owned())
        }
        _ => None,
    }
}

/// Returns whether folded words name a part of the world.
pub(super) fn is_continent(folded: &str) -> bool {
    static FOLDED: LazyLock<Vec<String>> =
        LazyLock::new(|| CONTINENTS.iter().map(|name| fold(name)).collect());
    FOLDED.iter().any(|name| name == folded)
}

/// Returns the towns of Cameroon, by the names that rows have.
pub fn towns() -> impl Iterator<Item = &'static str> {
    lines(TABLE).filter_map(Line::of).filter(|place| place.kind == "town").map(|place| place.name)
}

/// Returns the meaning of a folded name.
pub(super) fn find(folded: &str) -> Option<Entry> {
    NAMES.get(folded).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let places: Vec<Line> = lines(TABLE).filter_map(Line::of).collect();
        assert_eq!(places.len(), lines(TABLE).count(), "a line has no region");
        let of = |kind: &str| places.iter().filter(|place| place.kind == kind).collect::<Vec<_>>();
        assert_eq!((of("region").len(), of("department").len()), (10, 58));
        assert!(of("town").len() > 360 && of("quarter").len() > 300);
        for town in of("town") {
            let department = of("department").into_iter().find(|department| department.name == town.of);
            assert_eq!(department.map(|department| department.region), Some(town.region), "{}", town.name);
        }
        for quarter in of("quarter") {
            let name = quarter.of.trim_start_matches("town:");
            let town = of("town").into_iter().find(|town| town.name == name);
            assert_eq!(town.map(|town| town.region), Some(quarter.region), "{}", quarter.name);
        }
    }

    #[test]
    fn every_name_is_found_and_none_means_two_towns() {
        let mut known: HashMap<String, &str> = HashMap::new();
        for place in lines(TABLE).filter_map(Line::of).filter(|place| place.kind == "town") {
            for name in place.names() {
                let other = known.insert(fold(name), place.name);
                assert!(
                    other.is_none_or(|other| other == place.name),
                    "{name}: {other:?} and {}",
                    place.name
                );
                assert!(matches!(find(&fold(name)), Some(Entry::Town(..) | Entry::Region(_))), "{name}");
                assert!(fold(name).split(' ').count() <= LONGEST, "{name}");
            }
        }
    }
}
