use super::*;
use crate::text::fold;

fn read(question: &str) -> Vec<(Option<&'static str>, String, bool)> {
    let folded = fold(question);
    let words: Vec<&str> = folded.split(' ').collect();
    let code = |place: &Mentioned| place.regions.iter().map(Region::code).collect::<Vec<_>>().join(" ");
    mentioned(&words).iter().map(|place| (place.town, code(place), place.is_abroad)).collect()
}

#[test]
fn towns_quarters_and_regions_are_found_in_a_sentence() {
    for (question, town, regions) in [
        ("boulot de maçon à Yaoundé", Some("Yaoundé"), "CM-CE"),
        ("i want work for bamenda side", Some("Bamenda"), "CM-NW"),
        ("vendeuse ngaoundere", Some("Ngaoundéré"), "CM-AD"),
        ("soudeur Bonabéri", Some("Douala"), "CM-LT"),
        ("job in the South West", None, "CM-SW"),
        ("travail dans l'Extrême-Nord", None, "CM-EN"),
        ("travail à l'Est", None, "CM-ES"),
        ("région Centre", None, "CM-CE"),
        ("je cherche au Nord", None, "CM-NO"),
        ("grand nord", None, "CM-AD CM-NO CM-EN"),
    ] {
        let found = read(question);
        assert_eq!(found, [(town, regions.to_owned(), false)], "{question}");
    }
}

#[test]
fn words_that_are_places_elsewhere_are_not_taken_for_them() {
    for question in [
        "mon frère est maçon",
        "centre de formation en couture",
        "je suis poli et ponctuel",
        "car I no get money",
        "momo agent work",
        "concours national",
    ] {
        let found = read(question);
        assert!(found.is_empty(), "{question}: {found:?}");
    }
}

#[test]
fn countries_are_known_as_such() {
    assert_eq!(read("je reviens du Gabon"), [(None, String::new(), true)]);
    assert_eq!(read("partout au Cameroun"), [(None, String::new(), false), (None, String::new(), false)]);
}
