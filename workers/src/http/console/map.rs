//! The ten regions of Cameroon as tiles: about where they lie, each of the same size. It is not a map of their borders.

use std::collections::BTreeMap;

use domain::places::Region;
use maud::{Markup, html};

use super::{format::number, lang::Lang};

/// Column and row of each region.
const TILES: [(&str, i64, i64); 10] = [
    ("CM-EN", 3, 0),
    ("CM-NO", 3, 1),
    ("CM-AD", 3, 2),
    ("CM-NW", 1, 3),
    ("CM-OU", 2, 3),
    ("CM-CE", 3, 3),
    ("CM-ES", 4, 3),
    ("CM-SW", 1, 4),
    ("CM-LT", 2, 4),
    ("CM-SU", 3, 4),
];
/// Side of a tile, in units of the drawing.
const SIDE: i64 = 74;

/// Returns the tiles with their counts. The table beside it has the same numbers.
pub(super) fn drawing(lang: Lang, counts: &BTreeMap<String, i64>) -> Markup {
    let most = TILES.iter().filter_map(|(code, ..)| counts.get(*code)).max().copied().unwrap_or(0).max(1);
    html! {
        svg.map viewBox={ "0 0 " (4 * SIDE) " " (5 * SIDE) } role="img" aria-labelledby="map-title map-desc" {
            title #map-title { (lang.say("Opportunités par région", "Opportunities by region")) }
            desc #map-desc { (lang.say("Les dix régions en carreaux; le tableau qui suit donne les mêmes nombres.", "The ten regions as tiles; the table that follows has the same numbers.")) }
            @for (code, column, row) in TILES {
                @let count = counts.get(code).copied().unwrap_or(0);
                @let (x, y) = ((column - 1) * SIDE, row * SIDE);
                rect class={ "tile c" (shade(count, most)) } x=(x + 1) y=(y + 1) width=(SIDE - 2) height=(SIDE - 2) rx="6" {}
                text x=(x + SIDE / 2) y=(y + SIDE / 2 - 6) class={ "t" (shade(count, most)) } { (name(lang, code)) }
                text x=(x + SIDE / 2) y=(y + SIDE / 2 + 16) class={ "count t" (shade(count, most)) } { (number(lang, count)) }
            }
        }
    }
}

/// Returns the name of a region.
pub(super) fn name(lang: Lang, code: &str) -> String {
    let named = Region::from_code(code).map(|region| lang.say(region.name_fr(), region.name_en()).to_owned());
    named.unwrap_or_else(|| code.to_owned())
}

/// Returns one of five shades; 0 is none at all.
fn shade(count: i64, most: i64) -> i64 {
    if count == 0 { 0 } else { 1 + (count * 3 / most).min(3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_region_has_a_tile_of_its_own() {
        for region in Region::ALL {
            assert_eq!(TILES.iter().filter(|(code, ..)| *code == region.code()).count(), 1, "{region:?}");
        }
        let mut places: Vec<_> = TILES.iter().map(|(_, column, row)| (column, row)).collect();
        places.sort_unstable();
        places.dedup();
        assert_eq!(places.len(), TILES.len());
        assert_eq!((shade(0, 9), shade(1, 9), shade(9, 9)), (0, 1, 4));
    }
}
