use domain::vocabulary::Audience;

use super::*;
use crate::cases::{check, of};

fn shown(codes: &[&str]) -> String {
    if codes.is_empty() { "none".to_owned() } else { codes.join(",") }
}

#[test]
fn contracts() {
    check(include_str!("cases/contract.tsv"), 60, |case| {
        shown(&read_contracts(&case[0]).into_iter().map(Contract::as_str).collect::<Vec<_>>())
    });
}

#[test]
fn working_times() {
    check(include_str!("cases/working_time.tsv"), 30, |case| {
        shown(&read_working_times(&case[0]).into_iter().map(WorkingTime::as_str).collect::<Vec<_>>())
    });
}

#[test]
fn education() {
    check(include_str!("cases/education.tsv"), 80, |case| {
        read_education(&case[0]).map_or("none", Education::as_str).to_owned()
    });
}

#[test]
fn experience() {
    check(include_str!("cases/experience.tsv"), 60, |case| {
        read_experience(&case[0]).map_or("none".to_owned(), |months| months.to_string())
    });
}

#[test]
fn audiences() {
    check(include_str!("cases/audience.tsv"), 50, |case| {
        let kind = match case[0].as_str() {
            "grant" => Kind::Agr,
            "loan" => Kind::Microfinance,
            other => other.parse().unwrap(),
        };
        let found = read_audiences(kind, &fold(&case[1]), &fold(&case[2]));
        shown(&found.into_iter().map(Audience::as_str).collect::<Vec<_>>())
    });
}

#[test]
fn occupations_and_sectors_of_titles() {
    let table = of(include_str!("cases/titles.tsv"));
    assert!(table.len() > 200);
    let right = table.iter().filter(|case| {
        let title = fold(&case[0]);
        let occupation = occupation(&title);
        let sector = sector(Kind::Job, None, &title, occupation, "");
        occupation.unwrap_or("none") == case[1] && sector.unwrap_or("none") == case[2]
    });
    let right = right.count();
    assert!(100 * right >= 97 * table.len(), "{right} of {}", table.len());
}

#[test]
fn languages_of_texts() {
    let french =
        "Le chantier recrute un soudeur pour la réparation des coques et la pose de tôles dans le port.";
    let english =
        "The yard is looking for a welder who will work on hulls and be part of our team in the port.";
    let spanish = "Políticas de salud para los hogares del norte y de la región, con el apoyo de las comunas";
    let short = "Working capital for shops in Kumbo town";
    for (text, read) in [
        (french, Some("fr")),
        (english, Some("en")),
        (short, Some("en")),
        (spanish, None),
        ("Soudeur TIG", None),
    ] {
        assert_eq!(language_of_text(&fold(text)).map(Language::as_str), read, "{text}");
    }
    assert_eq!(language_of_text(&fold(&format!("{french} {english}"))), Some(Language::Both));
}

#[test]
fn languages() {
    for (words, read) in [
        ("fr", Some("fr")),
        ("Anglais", Some("en")),
        ("français et anglais", Some("both")),
        ("Bilingue", Some("both")),
        ("ewondo", None),
    ] {
        assert_eq!(read_language(words).map(Language::as_str), read, "{words:?}");
    }
}
