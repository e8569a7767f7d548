//! The gazetteer: folded names and what they mean.

use std::{collections::HashMap, sync::LazyLock};

use super::Region;
use crate::text::fold;

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Entry {
    /// One of the ten.
    Region(Region),
    /// One of the 58: read as its region.
    Department(Region),
    /// A town, with its spelling.
    Town(&'static str, Region),
    /// All of Cameroon, or any place in it.
    Country,
    /// Somewhere else: whatever else the words say, they do not mean Cameroon.
    Abroad,
}

/// Words for all of Cameroon, or for no fixed place in it.
const EVERYWHERE: [&str; 16] = [
    "cameroun",
    "cameroon",
    "tout le cameroun",
    "cameroun entier",
    "territoire national",
    "national",
    "toutes les regions",
    "toutes les villes",
    "plusieurs villes",
    "teletravail",
    "a distance",
    "remote",
    "home office",
    "partout au cameroun",
    "all regions",
    "nationwide",
];

/// Countries a post may be in instead: Cameroon's neighbours and where its posts abroad are.
const ABROAD: [&str; 44] = [
    "france",
    "gabon",
    "tchad",
    "chad",
    "congo",
    "rdc",
    "rca",
    "centrafrique",
    "guinee",
    "guinee equatoriale",
    "nigeria",
    "niger",
    "cote d ivoire",
    "ivory coast",
    "senegal",
    "togo",
    "benin",
    "mali",
    "burkina faso",
    "maroc",
    "morocco",
    "tunisie",
    "algerie",
    "belgique",
    "belgium",
    "suisse",
    "canada",
    "allemagne",
    "germany",
    "espagne",
    "italie",
    "royaume uni",
    "united kingdom",
    "etats unis",
    "usa",
    "united states",
    "chine",
    "china",
    "emirats arabes unis",
    "dubai",
    "qatar",
    "afrique du sud",
    "south africa",
    "rwanda",
];

static TABLE: &str = include_str!("cameroon.tsv");

static NAMES: LazyLock<HashMap<String, Entry>> = LazyLock::new(|| {
    let mut names = HashMap::new();
    names.extend(EVERYWHERE.iter().map(|name| ((*name).to_owned(), Entry::Country)));
    names.extend(ABROAD.iter().map(|name| ((*name).to_owned(), Entry::Abroad)));
    // Later lines win: a town that bears the name of a department is the town.
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut fields = line.split('\t');
        let (Some(kind), Some(name), Some(code)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let Some(region) = Region::from_code(code) else { continue };
        let entry = match kind {
            "region" => Entry::Region(region),
            "department" => Entry::Department(region),
            _ => Entry::Town(name, region),
        };
        let others = fields.next().unwrap_or_default().split('|').filter(|other| !other.is_empty());
        names.extend(std::iter::once(name).chain(others).map(|name| (fold(name), entry)));
    }
    names
});

/// What a folded name means.
pub(super) fn find(folded: &str) -> Option<Entry> {
    NAMES.get(folded).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_whole() {
        let count = |kind: &str| TABLE.lines().filter(|line| line.starts_with(kind)).count();
        assert_eq!((count("region\t"), count("department\t")), (10, 58));
        assert!(count("town\t") > 200);
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            let fields: Vec<&str> = line.split('\t').collect();
            assert_eq!(fields.len(), 4, "{line}");
            assert!(Region::from_code(fields[2]).is_some(), "{line}");
        }
    }

    #[test]
    fn no_two_towns_share_a_name() {
        let mut towns: Vec<String> = TABLE
            .lines()
            .filter(|l| l.starts_with("town"))
            .map(|l| fold(l.split('\t').nth(1).unwrap()))
            .collect();
        let all = towns.len();
        towns.sort();
        towns.dedup();
        assert_eq!(towns.len(), all);
    }
}
