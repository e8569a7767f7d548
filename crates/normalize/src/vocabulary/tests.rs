use super::*;
use crate::cases::{check, of};
use domain::vocabulary::Audience;

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
fn contracts_in_titles() {
    check(include_str!("cases/contract_titles.tsv"), 16, |case| {
        shown(&contracts_of_title(&case[0]).into_iter().map(Contract::as_str).collect::<Vec<_>>())
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
        read_education(&case[0]).map_or("unknown", Education::as_str).to_owned()
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
    let read = |case: &[String]| {
        let title = fold(&case[0]);
        let occupation = occupation(&title);
        let sector = sector(Kind::Job, None, &title, occupation, "");
        format!("{}\t{}", occupation.unwrap_or("none"), sector.unwrap_or("none"))
    };
    let wrong: Vec<String> = table
        .iter()
        .filter(|case| read(case) != format!("{}\t{}", case[1], case[2]))
        .map(|case| format!("{}: {}", case.join("\t"), read(case)))
        .collect();
    assert!(
        100 * wrong.len() <= 3 * table.len(),
        "{} of {}:\n{}",
        wrong.len(),
        table.len(),
        wrong.join("\n")
    );
}

#[test]
fn the_head_of_a_title_and_then_the_partner_name_the_sector() {
    check(include_str!("cases/sectors.tsv"), 15, |case| {
        let kind = if case[0] == "grant" { Kind::Agr } else { case[0].parse().unwrap() };
        let given = |at: usize| Some(case[at].as_str()).filter(|words| *words != "-");
        let head = case[2].split_once(':').map_or(0, |(head, _)| fold(head).split(' ').count());
        let [title, text] = [fold(&case[2]), fold(given(3).unwrap_or_default())];
        let occupation = if kind == Kind::Job { occupation(&title) } else { None };
        let [words, text] = [&title, &text].map(|text| Words::of(text, signs::of));
        let title = Title { words: &words, head };
        sector_of(kind, given(1), &title, occupation, &text).unwrap_or("none").to_owned()
    });
}

#[test]
fn languages_of_texts() {
    let french =
        "Le chantier recrute un soudeur pour la réparation des coques et la pose de tôles dans le port.";
    let english =
        "The yard is looking for a welder who will work on hulls and be part of our team in the port.";
    let spanish = "Políticas de salud para los hogares del norte y de la región, con el apoyo de las comunas";
    let short = "Working capital for shops in Kumbo town";
    let codes = |text: &str| {
        shown(&languages_of_text(&fold(text)).into_iter().map(Language::as_str).collect::<Vec<_>>())
    };
    for (text, expected) in
        [(french, "fr"), (english, "en"), (short, "en"), (spanish, "none"), ("Soudeur TIG", "none")]
    {
        assert_eq!(codes(text), expected, "{text}");
    }
    assert_eq!(codes(&format!("{french} {english}")), "en,fr");
}

#[test]
fn languages() {
    for (words, expected) in [
        ("fr", "fr"),
        ("Anglais", "en"),
        ("français et anglais", "en,fr"),
        ("fr/en", "en,fr"),
        ("Bilingue", "en,fr"),
        ("ewondo", "none"),
    ] {
        let codes: Vec<_> = read_languages(words).into_iter().map(Language::as_str).collect();
        assert_eq!(shown(&codes), expected, "{words:?}");
    }
}
