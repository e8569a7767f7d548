//! Questions and opportunities that must meet, and those that must not.

use std::collections::BTreeSet;

use domain::{Kind, term::TermKind};

use super::*;

/// Returns the categories of a question.
fn of(question: &str) -> BTreeSet<String> {
    asked(question).into_iter().filter(|term| term.kind == TermKind::Category).map(|term| term.name).collect()
}

/// Returns the words of a question.
fn words(question: &str) -> Vec<String> {
    asked(question).into_iter().filter(|term| term.kind == TermKind::Word).map(|term| term.name).collect()
}

fn facts(kind: Kind, title: &str) -> Facts<'_> {
    Facts {
        kind,
        title,
        description: None,
        occupation: None,
        sector: None,
        audiences: &[],
        contracts: &[],
        working_time: &[],
        education: None,
        places: &[],
        remote: false,
        prices: [None, None],
    }
}

fn weight(row: &Facts<'_>, name: &str) -> f32 {
    categories(row).iter().find(|term| term.name == name).map_or(0.0, |term| term.weight)
}

#[test]
fn the_tables_are_whole() {
    for (table, columns) in [(include_str!("topics.tsv"), 3), (include_str!("needs.tsv"), 2)] {
        let mut codes = BTreeSet::new();
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let cells: Vec<&str> = line.split('\t').collect();
            assert_eq!(cells.len(), columns, "{line}");
            assert!(codes.insert(cells[0]), "{} stands twice", cells[0]);
            for sign in cells[columns - 1].split('|') {
                let folded = crate::text::fold(&sign.replace('*', ""));
                assert_eq!(sign.replace('*', ""), folded, "{}: a sign is folded", cells[0]);
                let first = sign.split(' ').next().unwrap_or_default();
                assert!(
                    !first.ends_with('*') || first.len() > 3,
                    "{}: {sign} begins too many words",
                    cells[0]
                );
            }
        }
    }
}

#[test]
fn one_trade_has_one_topic_in_every_language() {
    for (topic, questions) in [
        ("welding", &["soudeur", "welder", "I sabi weld", "formation en soudure", "métallier"][..]),
        ("tailoring", &["couturière", "I wan learn sew", "tailor job", "acheter une machine à coudre"]),
        ("masonry", &["maçon", "bricklayer", "mason work dey?", "maçonnerie"]),
        ("poultry", &["élever des poulets", "small money for fowl", "200 birds", "aviculture"]),
        ("motorbike_taxi", &["prêt pour une moto", "okada", "bendskin", "motorbike loan"]),
        ("hairdressing", &["coiffeuse", "barbing", "hair dresser", "tresses"]),
        ("savings", &["njangi", "compte d'épargne", "where I fit save money", "tontine"]),
        ("beekeeping", &["ruches", "honey business", "apiculteur"]),
    ] {
        for question in questions {
            assert!(of(question).contains(&format!("topic:{topic}")), "{question}: {:?}", of(question));
        }
    }
}

#[test]
fn the_need_behind_a_question_is_its_kind() {
    for (kind, questions) in [
        ("job", &["je cherche du boulot", "I di find work", "hotel jobs Kumba", "qui embauche ?"][..]),
        (
            "training",
            &["je veux apprendre un métier", "I wan learn how for fix phone", "combien coûte la formation"],
        ),
        ("microfinance", &["prêt pour ma boutique", "how I fit get small loan", "on credit", "emprunter"]),
        ("agr", &["appui aux agriculteurs", "grant for farmers", "j'ai un terrain"]),
    ] {
        for question in questions {
            assert!(of(question).contains(&format!("kind:{kind}")), "{question}: {:?}", of(question));
        }
    }
    let kind = |question: &str| {
        asked(question).into_iter().find(|term| term.name == "kind:job").map_or(0.0, |term| term.weight)
    };
    assert!(
        kind("plombier") > 0.0 && kind("plombier") < kind("boulot de plombier"),
        "a trade alone is a weak sign"
    );
}

#[test]
fn a_weak_sign_of_a_need_counts_where_no_strong_one_stands() {
    for (question, kind, other) in [
        ("je cherche un travail dans une banque", "job", "microfinance"),
        ("I want to work and get money", "job", "microfinance"),
        ("avance sur salaire", "microfinance", "job"),
        ("formation avec aide à l'inscription", "training", "agr"),
    ] {
        let found = of(question);
        assert!(found.contains(&format!("kind:{kind}")), "{question}: {found:?}");
        assert!(!found.contains(&format!("kind:{other}")), "{question}: {found:?}");
    }
    assert!(of("argent urgent pour hôpital").contains("kind:microfinance"));
    assert!(words("je cherche un travail dans une banque").contains(&"banque".to_owned()));
}

#[test]
fn what_says_nothing_is_left_out_and_what_no_table_has_stays() {
    assert_eq!(words("je cherche un travail de xylophoniste à Douala"), ["xylophoniste", "douala"]);
    assert_eq!(words("I di find work, abeg"), Vec::<String>::new());
    assert!(asked("").is_empty() && asked("?! …").is_empty());
    let weight = |question: &str, word: &str| {
        asked(question).into_iter().find(|term| term.name == word).map_or(0.0, |term| term.weight)
    };
    assert!(weight("maçon, rentré du Gabon", "gabon") < weight("maçon à Kribi", "kribi"));
}

#[test]
fn a_misspelt_trade_is_understood() {
    for (question, topic) in [
        ("electricen à Douala", "electricity"),
        ("je suis menusier", "carpentry"),
        ("comtable", "accounting"),
        ("plonbier", "plumbing"),
    ] {
        assert!(of(question).contains(&format!("topic:{topic}")), "{question}: {:?}", of(question));
    }
    assert!(!of("je suis costaud et motivé").iter().any(|name| name.starts_with("topic:")));
}

#[test]
fn a_place_brings_its_region() {
    let douala = of("soudeur à Bonabéri");
    assert!(douala.contains("town:Douala") && douala.contains("region:CM-LT"), "{douala:?}");
    assert!(!of("je reviens du Gabon").iter().any(|name| name.starts_with("region:")));
}

#[test]
fn a_row_has_the_topics_of_its_title_its_occupation_and_its_text() {
    let welder = Facts { occupation: Some("7212"), ..facts(Kind::Job, "Soudeur TIG (H/F)") };
    assert!((weight(&welder, "topic:welding") - 1.0).abs() < 1e-6);
    assert!((weight(&welder, "group:721") - 1.0).abs() < 1e-6);
    assert!((weight(&welder, "sector:manufacturing") - 1.0).abs() < 1e-6, "the sector of the occupation");
    let plain = Facts { occupation: Some("7212"), ..facts(Kind::Job, "Ouvrier qualifié") };
    assert!(weight(&plain, "topic:welding") > 0.5);
    let text = "Le soudeur travaille avec un plombier. Soudure à l'arc ; la soudure est contrôlée.";
    let mentioned = Facts { description: Some(text), ..facts(Kind::Job, "Ouvrier qualifié") };
    let [often, once] = ["topic:welding", "topic:plumbing"].map(|name| weight(&mentioned, name));
    assert!(often > once && once > 0.0 && often < 0.5, "{often} {once}");
}

#[test]
fn a_row_has_its_codes_and_whether_it_is_free() {
    let audiences = ["women".to_owned()];
    let row = Facts { audiences: &audiences, ..facts(Kind::Training, "Couture") };
    assert!(weight(&row, "audience:women") > 0.9 && weight(&row, "kind:training") > 0.9);
    for (price, is_free) in
        [("Gratuit", true), ("free of charge", true), ("feel free to ask", false), ("50 000", false)]
    {
        let row = Facts { prices: [Some(price), None], ..facts(Kind::Training, "Couture") };
        assert_eq!(weight(&row, "free") > 0.0, is_free, "{price}");
    }
}

#[test]
fn time_is_linear_in_the_text() {
    let long = "soud weld machine a coudre poids lourds ".repeat(20_000);
    let row = Facts { description: Some(&long), ..facts(Kind::Job, "x") };
    assert!(!categories(&row).is_empty());
    assert!(asked(&long).len() < 200);
}
