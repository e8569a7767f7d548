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
    for (kind, words, title, head, text, expected) in [
        (Kind::Agr, None, "Aviculture villageoise : vaccination", 2, "", Some("livestock_fishing")),
        (Kind::Agr, None, "Vaccination", 0, "", Some("health")),
        (Kind::Agr, None, "Épargne et crédit : pisciculture", 3, "", Some("livestock_fishing")),
        (
            Kind::Job,
            Some("Traitement de données, hébergement et activités connexes"),
            "Agent",
            0,
            "",
            Some("telecom_it"),
        ),
        (Kind::Job, Some("Hébergement et restauration"), "Agent", 0, "", Some("hospitality")),
        (Kind::Training, Some("Programming"), "Css and css3 techniques", 0, "", Some("telecom_it")),
        (
            Kind::Job,
            Some("Industries alimentaires"),
            "Opérateur de production",
            0,
            "",
            Some("food_processing"),
        ),
        (Kind::Job, Some("Santé humaine"), "Soudeur", 0, "", Some("manufacturing")),
        (
            Kind::Job,
            Some("Captage, traitement et distribution d'eau potable"),
            "Agent",
            0,
            "",
            Some("energy_water"),
        ),
        (Kind::Job, None, "Agent", 0, "Un hôtel et un restaurant. Hôtel neuf.", Some("hospitality")),
        (
            Kind::Job,
            Some("Enseignement"),
            "Agent",
            0,
            "Un hôtel et un restaurant. Hôtel neuf.",
            Some("education"),
        ),
        (Kind::Agr, None, "Policy support and programming", 0, "", None),
        (Kind::Agr, None, "Restauration rapide des moyens d'existence", 0, "", Some("social_ngo")),
        (
            Kind::Agr,
            None,
            "Building socio-economic resilience in nearshore fisheries",
            0,
            "",
            Some("livestock_fishing"),
        ),
        (Kind::Agr, None, "Micro-loans for the women of the upper west", 0, "", Some("finance")),
        (Kind::Agr, None, "Impact on the food supply chain", 0, "", Some("agriculture")),
        (
            Kind::Agr,
            None,
            "Transformation des céréales par les femmes de Banyo",
            0,
            "",
            Some("food_processing"),
        ),
    ] {
        let (title, text) = (fold(title), fold(text));
        let occupation = if kind == Kind::Job { occupation(&title) } else { None };
        let [words_of_title, text] = [&title, &text].map(|text| Words::of(text, signs::of));
        let read = sector_of(kind, words, &Title { words: &words_of_title, head }, occupation, &text);
        assert_eq!(read, expected, "{title}");
    }
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
