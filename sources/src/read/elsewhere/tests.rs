use super::*;

fn is_other(asked: &str, answered: &str) -> bool {
    let url = |path: &str| Url::parse("https://a.cm").unwrap().join(path).unwrap();
    is_another_page(&url(asked), &url(answered), None)
}

#[test]
fn another_spelling_of_the_address_is_the_same_page() {
    for (asked, answered) in [
        ("/emploi/canon", "/emploi/canon/"),
        ("/emploi/canon", "https://www.a.cm/fr/emploi/canon"),
        ("/emploi/Canon.html", "/emploi/canon"),
        ("/o/12", "/fr/o/12-soudeur"),
        ("/o/12-soudeur", "/o/12-soudeur-confirme"),
        ("/o?id=12", "/o/12/soudeur"),
        ("/o?id=12&lang=fr", "/detail?lang=en&ref=12"),
        ("/emploi/login-manager", "/fr/emploi/login-manager/"),
        ("/o/l%27atelier", "/o/l'atelier/"),
    ] {
        assert!(!is_other(asked, answered), "{asked} {answered}");
    }
}

#[test]
fn the_front_page_a_list_an_error_page_and_another_record_are_other_pages() {
    for (asked, answered) in [
        ("/emploi/accueil", "/"),
        ("/o?id=12", "/"),
        ("/emploi/liste", "/offres?expire=1"),
        ("/emploi/erreur-grave", "/erreur"),
        ("/emploi/voisin", "/emploi/bon"),
        ("/o/12", "/o/13"),
        ("/o/12-soudeur", "/o/13-soudeur"),
        ("/o?id=12", "/o"),
        ("/o?id=12", "/o?id=13"),
        ("/o/soudeur-12", "/login?next=%2Fo%2Fsoudeur-12"),
        ("/o/soudeur-12", "/compte?next=%2Fo%2Fsoudeur-12"),
        ("/emploi/erreur", "/erreur"),
        ("/o?id=12", "/erreur?id=12"),
        ("/o/12", "/offre-expiree/12"),
    ] {
        assert!(is_other(asked, answered), "{asked} {answered}");
    }
}

#[test]
fn the_identifier_of_the_list_names_the_page() {
    let url = |path: &str| Url::parse("https://a.cm").unwrap().join(path).unwrap();
    assert!(!is_another_page(&url("/r/x7"), &url("/emploi/REF-12/"), Some("REF-12")));
    assert!(is_another_page(&url("/r/x7"), &url("/emploi/REF-13/"), Some("REF-12")));
}
