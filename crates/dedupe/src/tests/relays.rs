//! What relays leave out, add or name in their own way.

use super::{
    kinds::{level, post},
    *,
};

const DYE: &str = "L'atelier prend deux teinturiers pour la préparation des bains, le trempage, le séchage et le repassage des pagnes, six jours par semaine.";

#[test]
fn a_contact_names_the_employer_that_a_relay_leaves_out() {
    let named = post("fne", "Teinturier", "Pagnes du Noun", "Appeler le 6 99 00 41 27.", &vec![]);
    let hidden = post("camerjob", "Ouvrier de teinturerie", "", "Tel 699.00.41.27", &vec![]);
    assert_eq!(level(&judged(&named, &hidden), "employer"), "known by a contact");
}

#[test]
fn one_text_of_two_employers_on_one_portal_is_two_posts() {
    let one = post("fne", "Teinturier", "Pagnes du Noun", DYE, &vec![]);
    let other = post("fne", "Teinturier", "Wax Littoral", DYE, &vec![]);
    assert_eq!(judged(&one, &other).contradiction, Some("another employer"));
}

#[test]
fn a_text_on_a_product_or_a_town_does_not_name_an_employer() {
    for (employer, text) in [
        ("Miel d'Or", "Le groupement récolte du miel et cherche un apiculteur."),
        ("Mairie de Douala", "Un apiculteur pour les ruches de Douala."),
    ] {
        let named = post("fne", "Apiculteur", employer, "", &vec![]);
        let other = post("camerjob", "Apiculteur", "Ruches Wandji", text, &vec![]);
        assert_ne!(level(&judged(&named, &other), "employer"), "named in the text", "{employer}");
    }
}

#[test]
fn an_acronym_with_points_is_the_name() {
    let whole = post("fne", "Teinturier", "Comptoir Pagnes Nouveaux", "", &vec![]);
    let short = post("camerjob", "Teinturier", "C.P.N.", "", &vec![]);
    assert_eq!(level(&judged(&whole, &short), "employer"), "same");
}

#[test]
fn a_region_is_that_of_the_town_in_the_text() {
    let town = post("fne", "Teinturier", "Pagnes du Noun", "", &vec![("place", "Foumban")]);
    for (text, expected) in [
        ("Les pagnes teints se vendent au palais de Foumban.", "town in the text"),
        ("Les pagnes teints se vendent au marché.", "same region"),
    ] {
        let region = post("camerjob", "Teinturier", "Pagnes du Noun", text, &vec![("place", "Ouest")]);
        assert_eq!(level(&judged(&town, &region), "place"), expected);
    }
}

#[test]
fn how_many_are_taken_is_compared() {
    let ten = post("fne", "Teinturiers (10)", "Pagnes du Noun", "", &vec![]);
    for (text, expected) in
        [("On prend dix jeunes teinturiers.", "same"), ("On prend douze jeunes.", "other"), ("", "unknown")]
    {
        let other = post("camerjob", "Atelier de pagnes", "Pagnes du Noun", text, &vec![]);
        assert_eq!(level(&judged(&ten, &other), "seats"), expected, "{text}");
    }
}

#[test]
fn a_code_of_letters_is_a_code_after_its_word() {
    let one = post("fne", "Teinturier", "Pagnes du Noun", "Dossier au siège, code T-FBN.", &vec![]);
    let other = post("camerjob", "Ouvrier", "Pagnes du Noun", "Code T-FBN", &vec![]);
    assert!(level(&judged(&one, &other), "code").starts_with("same"));
}

#[test]
fn the_number_of_a_notice_above_many_posts_is_the_code_of_none() {
    let titles = ["Teinturier", "Brodeuse", "Tisserand", "Modéliste", "Cordonnier"];
    let posts: Vec<Sketch> = titles
        .iter()
        .map(|title| Sketch::of(&post("fne", title, "Pagnes du Noun", "Communiqué n° 0345/PDN/SG.", &vec![])))
        .collect();
    let house = House::of(&posts);
    let mut one = posts[0].clone();
    assert!(!one.codes.is_empty());
    house.leave(&mut one);
    assert!(one.codes.is_empty());
}

#[test]
fn a_notice_that_prolongs_has_a_title_of_its_own() {
    let first = post("fne", "Atelier : appel aux teinturiers", "Pagnes du Noun", DYE, &vec![]);
    let again = post(
        "fne",
        "Pagnes : date limite prorogée",
        "Pagnes du Noun",
        DYE,
        &vec![("posted_at", "2026-10-16")],
    );
    let pair = judged(&first, &again);
    assert_eq!((level(&pair, "titles of one source"), level(&pair, "template")), ("no", "no"), "{pair}");
}
