//! Towns and regions of the world, by their folded names.
//!
//! The build packs the tables of `world/` into one file, which is searched where it lies: nothing is loaded, and only the pages of it
//! that a search touches are ever in memory. It begins with the number of blocks and the place of each (`u32`, little endian). A block
//! has 16 names in order; a name is what it shares with the one before (`u8`), the length of the rest (`u8`), the rest, the number of
//! its meanings (`u8`), and of each meaning: country (`u8`), kind and class (`u8`), length of its text (`u8`), text.

use std::{cmp::Ordering, sync::LazyLock};

include!(concat!(env!("OUT_DIR"), "/countries.rs"));

/// The codes of all regions, separated by spaces.
static REGIONS: &str = include_str!(concat!(env!("OUT_DIR"), "/regions.txt"));

static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/world.bin"));

/// What a name means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sense {
    /// A town. `is_known`: it has this name abroad too.
    Town {
        /// Whether the name is its main name, or known abroad.
        is_known: bool,
        /// 0: fewer than 50,000 people; 1: from 50,000; 2: 100,000; 3: 200,000; 4: 500,000; 5: 1,000,000; 6: in `exonyms.tsv`.
        class: u8,
    },
    /// A region.
    Region,
}

/// One meaning of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// ISO 3166-1 alpha-2.
    pub(super) country: &'static str,
    pub(super) sense: Sense,
    /// Of a region, its code without the country; of a town, how it is written, or empty if as its words with capitals.
    pub(super) text: &'static str,
}

/// Returns the meanings of a folded name: of towns the largest first, then regions.
pub(super) fn find(folded: &str) -> Vec<Hit> {
    search(folded.as_bytes()).unwrap_or_default()
}

/// Returns the meaning of a folded name in a country: towns before regions.
pub(super) fn find_in(folded: &str, country: &str) -> Vec<Hit> {
    let mut hits = find(folded);
    hits.retain(|hit| hit.country == country);
    hits
}

/// Returns the country and the code of a region; `None` if the country has no region with that code.
pub(super) fn region(country: &str, code: &str) -> Option<(&'static str, &'static str)> {
    static CODES: LazyLock<Vec<(&str, &str)>> =
        LazyLock::new(|| REGIONS.split(' ').filter_map(|region| region.split_once('-')).collect());
    let at = CODES.binary_search_by(|region| region.cmp(&(country, code))).ok()?;
    CODES.get(at).copied()
}

fn number(at: usize) -> Option<usize> {
    let bytes = PACKED.get(at * 4..at * 4 + 4)?;
    usize::try_from(u32::from_le_bytes(bytes.try_into().ok()?)).ok()
}

/// Returns the bytes from a block on.
fn block(at: usize, blocks: usize) -> Option<&'static [u8]> {
    PACKED.get((blocks + 1) * 4 + number(at + 1)?..)
}

fn search(name: &[u8]) -> Option<Vec<Hit>> {
    let blocks = number(0)?;
    // The last block whose first name is not behind the one that is searched.
    let (mut low, mut high) = (0, blocks);
    while low < high {
        let middle = low.midpoint(high);
        let bytes = block(middle, blocks)?;
        let length = usize::from(*bytes.get(1)?);
        if bytes.get(2..2 + length)? <= name { low = middle + 1 } else { high = middle }
    }
    let mut bytes = block(low.checked_sub(1)?, blocks)?;
    let mut key: Vec<u8> = Vec::with_capacity(64);
    for _ in 0..16 {
        let Some((&[shared, length], rest)) = bytes.split_first_chunk::<2>() else { break };
        key.truncate(usize::from(shared));
        key.extend(rest.get(..usize::from(length))?);
        let rest = rest.get(usize::from(length)..)?;
        match key.as_slice().cmp(name) {
            Ordering::Equal => return meanings(rest),
            Ordering::Greater => return None,
            Ordering::Less => bytes = behind(rest)?,
        }
    }
    None
}

/// Returns the bytes behind the meanings.
fn behind(bytes: &'static [u8]) -> Option<&'static [u8]> {
    let (many, mut rest) = bytes.split_first()?;
    for _ in 0..*many {
        let length = usize::from(*rest.get(2)?);
        rest = rest.get(3 + length..)?;
    }
    Some(rest)
}

fn meanings(bytes: &'static [u8]) -> Option<Vec<Hit>> {
    let (many, mut rest) = bytes.split_first()?;
    let mut hits = Vec::with_capacity(usize::from(*many));
    for _ in 0..*many {
        let (&[country, kind, length], text) = rest.split_first_chunk::<3>()?;
        let (text, behind) = text.split_at_checked(usize::from(length))?;
        let sense = match kind & 3 {
            2 => Sense::Region,
            kind_of => Sense::Town { is_known: kind_of == 0, class: kind >> 2 },
        };
        let country = COUNTRIES.get(usize::from(country)).copied()?;
        hits.push(Hit { country, sense, text: std::str::from_utf8(text).ok()? });
        rest = behind;
    }
    Some(hits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold;

    #[test]
    fn it_is_small_and_whole() {
        assert!(PACKED.len() <= 2 * 1024 * 1024, "{} bytes", PACKED.len());
        assert!(COUNTRIES.len() > 200 && !COUNTRIES.contains(&"CM"));
    }

    #[test]
    fn every_name_of_the_tables_is_found() {
        let tables = [
            include_str!("../../world/cities-africa.tsv"),
            include_str!("../../world/cities-oceania.tsv"),
            include_str!("../../world/regions.tsv"),
        ];
        let mut names = 0;
        for line in tables.iter().flat_map(|table| table.lines()).filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            let country = cells[0].split('-').next().unwrap();
            let columns = if cells[0].len() > 2 { 1..2 } else { 2..cells.len() };
            for name in
                columns.flat_map(|column| cells[column].split('|')).filter(|name| fold(name).len() > 1)
            {
                assert!(!find_in(&fold(name), country).is_empty(), "{name}, {country}");
                names += 1;
            }
        }
        assert!(names > 15_000, "{names}");
    }

    #[test]
    fn the_largest_town_of_a_name_comes_first() {
        for (name, country) in
            [("paris", "FR"), ("london", "GB"), ("thies", "SN"), ("fes", "MA"), ("le caire", "EG")]
        {
            assert_eq!(find(name).first().map(|hit| hit.country), Some(country), "{name}");
        }
        for name in ["", "a", "zzzz", "wxyzville", "thie", "thiess", "\u{10ffff}"] {
            assert_eq!(find(name), [], "{name}");
        }
    }
}
