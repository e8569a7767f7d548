use proptest::prelude::*;

use super::*;
use crate::cases::check;

fn shown(words: &str) -> String {
    match read_places(words, "CM") {
        Ok(found) => {
            let remote = found.remote.then(|| "remote".to_owned());
            let all: Vec<String> = found.places.iter().map(ToString::to_string).chain(remote).collect();
            if all.is_empty() { "none".to_owned() } else { all.join(" | ") }
        }
        Err(_) => "unknown".to_owned(),
    }
}

#[test]
fn words_for_places() {
    check(include_str!("cases.tsv"), 530, |case| shown(&case[0]));
}

#[test]
fn places_that_texts_state() {
    check(include_str!("stated.tsv"), 220, |case| {
        let found = stated_places(&case[0], &case[1]);
        let name = |place: &Place| {
            place.locality.clone().or(place.region.as_ref().map(|region| region.name_fr().to_owned()))
        };
        let names: Vec<String> = found.iter().filter_map(name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    });
}

#[test]
fn words_for_places_anywhere() {
    check(include_str!("abroad.tsv"), 250, |case| {
        let Ok(found) = read_places(&case[1], &case[0]) else { return "unknown".to_owned() };
        let place = |place: &Place| {
            let region = place.region.as_ref().map(Region::code);
            match (&place.locality, region) {
                (Some(town), Some(code)) if place.country == "CM" => format!("{town} {code}"),
                (None, None) if place.country == "CM" => "Cameroun".to_owned(),
                (Some(town), Some(code)) => format!("{town} ({code}) {}", place.country),
                (Some(town), None) => format!("{town} {}", place.country),
                (None, Some(code)) => format!("({code}) {}", place.country),
                (None, None) => place.country.clone(),
            }
        };
        let remote = found.remote.then(|| "remote".to_owned());
        let all: Vec<String> = found.places.iter().map(place).chain(remote).collect();
        if all.is_empty() { "none".to_owned() } else { all.join(" | ") }
    });
}

#[test]
fn regions_know_their_codes() {
    for region in Region::ALL {
        assert_eq!(Region::from_code(region.code()), Some(region));
        for name in [region.name_fr(), region.name_en(), region.code()] {
            assert_eq!(shown(name), region.name_fr());
        }
    }
}

proptest! {
    #[test]
    fn any_words_are_read(words in "\\PC{0,80}|(Douala|Centre|Nord|et|,|-|/|\\(|Paris|France|Yaoundé|de| ){0,12}") {
        for country in ["CM", "FR"] {
            if let Ok(found) = read_places(&words, country) {
                prop_assert!(found.places.len() <= 30);
            }
        }
    }
}
