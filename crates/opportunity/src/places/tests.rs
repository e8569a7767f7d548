use proptest::prelude::*;

use super::*;

fn shown(words: &str) -> String {
    match read_places(words, "CM") {
        Ok(places) => places.iter().map(ToString::to_string).collect::<Vec<_>>().join(" | "),
        Err(_) => "unknown".to_owned(),
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn words_for_places() {
    for (words, read) in [
        ("Douala", "Douala, Littoral"),
        ("DOUALA", "Douala, Littoral"),
        ("douala ", "Douala, Littoral"),
        ("Yaounde", "Yaoundé, Centre"),
        ("Yaoundé", "Yaoundé, Centre"),
        ("Yaoundé 1er", "Yaoundé, Centre"),
        ("Yaoundé VI", "Yaoundé, Centre"),
        ("Douala 5e", "Douala, Littoral"),
        ("Douala 3ème", "Douala, Littoral"),
        ("Ngaoundere", "Ngaoundéré, Adamaoua"),
        ("Ngaoundéré", "Ngaoundéré, Adamaoua"),
        ("Bafoussam - Ouest", "Bafoussam, Ouest"),
        ("Bafoussam Ouest", "Bafoussam, Ouest"),
        ("Littoral Douala", "Douala, Littoral"),
        ("Douala, Littoral", "Douala, Littoral"),
        ("Douala, Cameroun", "Douala, Littoral"),
        ("Douala, Cameroon", "Douala, Littoral"),
        ("Douala Cameroun", "Douala, Littoral"),
        ("Douala (Akwa)", "Douala, Littoral"),
        ("Douala, Akwa", "Douala, Littoral"),
        ("Douala Akwa", "Douala, Littoral"),
        ("Yaoundé Bastos", "Yaoundé, Centre"),
        ("Ville de Kribi", "Kribi, Sud"),
        ("Douala & Yaoundé", "Douala, Littoral | Yaoundé, Centre"),
        ("Douala et Yaoundé", "Douala, Littoral | Yaoundé, Centre"),
        ("Douala/Yaoundé", "Douala, Littoral | Yaoundé, Centre"),
        ("Douala, Yaoundé, Garoua", "Douala, Littoral | Yaoundé, Centre | Garoua, Nord"),
        ("Buea and Limbe", "Buea, Sud-Ouest | Limbe, Sud-Ouest"),
        ("Buéa", "Buea, Sud-Ouest"),
        ("Région de Douala", "Douala, Littoral"),
        ("Région du Littoral", "Littoral"),
        ("Région de l'Ouest", "Ouest"),
        ("Région de l’Adamaoua", "Adamaoua"),
        ("Extrême-Nord", "Extrême-Nord"),
        ("extreme nord", "Extrême-Nord"),
        ("Far North", "Extrême-Nord"),
        ("North West Region", "unknown"),
        ("North-West", "Nord-Ouest"),
        ("South West", "Sud-Ouest"),
        ("NW", "Nord-Ouest"),
        ("Centre", "Centre"),
        ("Mfoundi", "Centre"),
        ("Wouri", "Littoral"),
        ("Département du Moungo", "Littoral"),
        ("Garoua-Boulaï", "Garoua Boulaï, Est"),
        ("Nanga-Eboko", "Nanga Eboko, Centre"),
        ("Kyé-Ossi", "Kye Ossi, Sud"),
        ("Édéa", "Edéa, Littoral"),
        ("Ebolowa", "Ébolowa, Sud"),
        ("Cameroun", "Cameroun"),
        ("Tout le Cameroun", "Cameroun"),
        ("Télétravail", "Cameroun"),
        ("Remote", "Cameroun"),
        ("Garoua, Nord", "Garoua, Nord"),
        ("Maroua (Extrême-Nord)", "Maroua, Extrême-Nord"),
        ("Centre, Littoral", "Centre | Littoral"),
        ("Douala, Douala", "Douala, Littoral"),
        ("Région de : Douala", "Douala, Littoral"),
        ("", ""),
        ("  - ", ""),
    ] {
        assert_eq!(shown(words), read, "{words:?}");
    }
}

#[test]
fn what_is_elsewhere_is_refused() {
    for words in [
        "Wallonie",
        "Paris",
        "75 - PARIS 10",
        "59 - Nord",
        "35 - ESSE",
        "971 - Centre",
        "34 - Montpellier",
        "Libreville, Gabon",
        "Bali, Indonésie et Chine",
        "Nord, France",
        "Douala, France",
        "N'Djamena",
        "Santa Barbara",
        "lieu non précisé",
        "Partout",
        "Île-de-France",
        "971 - Guadeloupe",
    ] {
        assert_eq!(shown(words), "unknown", "{words:?}");
    }
}

#[test]
fn abroad_the_words_are_kept() {
    let places = read_places("75 - PARIS 10", "FR").unwrap();
    assert_eq!(
        (places[0].country.as_str(), places[0].region, places[0].to_string().as_str()),
        ("FR", None, "75 - PARIS 10")
    );
}

#[test]
fn regions_know_their_codes() {
    for region in Region::ALL {
        assert_eq!(Region::from_code(region.code()), Some(region));
        assert_eq!(shown(region.name_fr()), region.name_fr());
        assert_eq!(shown(region.name_en()), region.name_fr());
    }
}

proptest! {
    #[test]
    fn any_words_are_read(words in "\\PC{0,80}") {
        for country in ["CM", "FR"] {
            if let Ok(places) = read_places(&words, country) {
                prop_assert!(places.len() <= 30);
            }
        }
    }
}
