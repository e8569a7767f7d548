use domain::{
    Kind,
    vocabulary::{Education, Language, WorkingTime},
};
use proptest::prelude::*;
use serde_json::json;

use super::*;

fn context() -> Context {
    Context {
        source: "fne".parse().unwrap(),
        stream: "offres".parse().unwrap(),
        country: "CM".to_owned(),
        hosts: Vec::new(),
        fetched_at: "2026-11-20T11:00:00Z".parse().unwrap(),
    }
}

fn draft() -> Draft {
    let mut draft = Draft::new(Kind::Job, json!({"id": "7"}));
    draft.external_id = Some("7".to_owned());
    draft.title = Some("  <b>Soudeur</b> &agrave; l'arc ".to_owned());
    draft.url = Some("https://www.fnecm.org/offres/7".to_owned());
    draft.place = Some("Douala".to_owned());
    draft.salary = Some("150 000 FCFA / mois".to_owned());
    draft.posted_at = Some("2026-11-02".to_owned());
    draft
}

/// The row of a post that has a text and nothing else.
pub(super) fn of_text(words: &str) -> Opportunity {
    let mut draft = Draft::new(Kind::Job, json!({}));
    draft.external_id = Some("7".to_owned());
    draft.title = Some("Agent".to_owned());
    draft.description = Some(words.replace("\\n", "\n"));
    normalize(draft, &context()).unwrap()
}

fn refused(change: impl FnOnce(&mut Draft)) -> Reason {
    let mut draft = draft();
    change(&mut draft);
    normalize(draft, &context()).unwrap_err().reason
}

#[test]
fn a_draft_becomes_an_opportunity() {
    let row = normalize(draft(), &context()).unwrap();
    assert_eq!(row.title, "Soudeur à l'arc");
    assert_eq!(row.places[0].to_string(), "Douala, Littoral");
    assert_eq!(row.amount.unwrap().min, Some(15_000_000));
}

#[test]
fn what_cannot_be_read_is_refused_with_its_words() {
    assert_eq!(refused(|d| d.external_id = None), Reason::NoIdentity);
    assert_eq!(refused(|d| d.external_id = Some("  ".into())), Reason::NoIdentity);
    assert_eq!(refused(|d| d.title = Some("<p>&nbsp;</p>".into())), Reason::NoTitle);
    assert_eq!(refused(|d| d.title = Some("---".into())), Reason::NoTitle);
    assert_eq!(refused(|d| d.title = Some("60".into())), Reason::NoTitle);
    assert_eq!(refused(|d| d.title = Some("1 250,00".into())), Reason::NoTitle);
    assert_eq!(
        refused(|d| d.place = Some("Zogbeti-sur-Mer".into())),
        Reason::UnknownPlace("Zogbeti-sur-Mer".into())
    );
    assert_eq!(
        refused(|d| d.url = Some("javascript:alert(1)".into())),
        Reason::BadUrl("javascript:alert(1)".into())
    );
    assert_eq!(refused(|d| d.url = Some("/offres/7".into())), Reason::BadUrl("/offres/7".into()));
    assert_eq!(
        refused(|d| d.posted_at = Some("bientôt".into())),
        Reason::UnreadableDate("posted_at: bientôt".into())
    );
    assert!(matches!(
        refused(|d| d.salary = Some("99999999999999999999 FCFA".into())),
        Reason::UnreadableAmount(_)
    ));
}

#[test]
fn words_on_the_end_that_name_no_day_are_a_doubt_unless_it_may_be_over() {
    let row = |closes: &str, ends: &str| {
        let mut draft = draft();
        (draft.closes_at, draft.ends_at) = (Some(closes.to_owned()), Some(ends.to_owned()));
        normalize(draft, &context()).unwrap()
    };
    let vague = row("mi-février 2027", "mi-2028");
    assert_eq!((vague.closes_on, vague.ends_on, vague.is_closed), (None, None, false));
    assert_eq!(vague.quality.doubts, [Doubt::UnreadableEnd]);
    let counted = row("Sous 10 jours", "2028");
    assert_eq!(counted.closes_on.map(|day| day.to_string()).as_deref(), Some("2026-11-12"));
    assert_eq!(counted.ends_on.map(|day| day.to_string()).as_deref(), Some("2028-12-31"));
    assert!(row("expirée", "").is_closed && !row("dès que possible", "").is_closed);
    assert_eq!(
        refused(|d| d.closes_at = Some("31/11/2026".into())),
        Reason::UnreadableDate("closes_at: 31/11/2026".into())
    );
    assert_eq!(
        refused(|d| d.closes_at = Some("mi-février 2025".into())),
        Reason::UnreadableDate("closes_at: mi-février 2025".into())
    );
}

#[test]
fn bytes_that_are_no_letters_are_a_doubt() {
    let row =
        normalize(Draft { title: Some("Ma\u{fffd}on coffreur".into()), ..draft() }, &context()).unwrap();
    assert_eq!(row.quality.doubts, [Doubt::LostLetters]);
}

#[test]
fn what_can_be_read_in_two_ways_is_a_doubt() {
    let row = |change: fn(&mut Draft)| {
        let mut draft = draft();
        change(&mut draft);
        normalize(draft, &context()).unwrap()
    };
    let turned = row(|d| d.salary = Some("300 000F - 100 000F".into()));
    let amount = turned.amount.unwrap();
    assert_eq!((amount.min, amount.max), (Some(10_000_000), Some(30_000_000)));
    assert!(turned.quality.doubts.contains(&Doubt::UnclearAmount));
    let broken = row(|d| d.salary = Some("75 00 FCFA / mois".into()));
    assert!(broken.amount.is_none() && broken.quality.doubts.contains(&Doubt::UnclearAmount));
    assert_eq!(broken.amount_text.as_deref(), Some("75 00 FCFA / mois"));
    let rate = row(|d| d.interest = Some("de 18 % à 12 % l'an".into()));
    assert_eq!(rate.interest.and_then(|rate| rate.min), Some(12_000));
    assert!(rate.quality.doubts.contains(&Doubt::UnclearAmount));
    let plain = row(|d| d.salary = Some("75 000FCFA/mois".into()));
    assert!(plain.quality.doubts.is_empty(), "{:?}", plain.quality.doubts);
}

#[test]
fn a_refusal_keeps_the_record_and_its_identity() {
    let mut draft = draft();
    draft.title = None;
    let rejection = normalize(draft, &context()).unwrap_err();
    assert_eq!((rejection.external_id.as_deref(), rejection.record), (Some("7"), json!({"id": "7"})));
}

#[test]
fn redating_is_no_change_and_everything_else_is() {
    let print = |change: &dyn Fn(&mut Draft)| {
        let mut draft = draft();
        change(&mut draft);
        normalize(draft, &context()).unwrap().fingerprint
    };
    let same = print(&|_| ());
    assert_eq!(print(&|d| d.posted_at = Some("2026-11-19".into())), same);
    assert_eq!(print(&|d| d.record = json!({"id": "7", "views": 512}).into()), same);
    let changes: [&dyn Fn(&mut Draft); 12] = [
        &|d| d.title = Some("Soudeur TIG".into()),
        &|d| d.organization = Some("Chantier du Wouri".into()),
        &|d| d.description = Some("Autre".into()),
        &|d| d.place = Some("Buea".into()),
        &|d| d.salary = Some("160 000 FCFA / mois".into()),
        &|d| d.contract = Some("CDD".into()),
        &|d| d.closes_at = Some("2026-12-01".into()),
        &|d| d.positions = Some("2".into()),
        &|d| d.education = Some("BAC".into()),
        &|d| d.interest = Some("18 % l'an".into()),
        &|d| d.fees = Some("1 %".into()),
        &|d| d.duration = Some("12 mois".into()),
    ];
    for (n, change) in changes.iter().enumerate() {
        assert_ne!(print(*change), same, "change {n}");
    }
}

#[test]
fn what_stands_for_contacts_makes_no_title_too_long() {
    let numbers = ["699001122"; 40].join(" ");
    let row = normalize(Draft { title: Some(format!("Soudeur {numbers}")), ..draft() }, &context()).unwrap();
    assert!(
        row.title.chars().count() <= 300 && row.title.starts_with("Soudeur [téléphone] [téléphone]"),
        "{}",
        row.title
    );
    assert_eq!(row.contacts.phones, ["+237699001122"]);
    for (words, count) in
        [("3 postes", Some(3)), ("10 000", Some(10_000)), ("2 12/2026", Some(2)), ("aucun", None)]
    {
        assert_eq!(positions(words), count, "{words}");
    }
}

#[test]
fn a_default_place_yields_to_what_the_text_states() {
    let read = |place: &str, title: &str, text: &str| {
        let words = (place.to_owned(), title.to_owned(), text.to_owned());
        let row = normalize(
            Draft { place: Some(words.0), title: Some(words.1), description: Some(words.2), ..draft() },
            &context(),
        );
        let row = row.unwrap();
        let names: Vec<String> = row.places.iter().map(ToString::to_string).collect();
        (names.join(" | "), row.quality.doubts.contains(&Doubt::PlaceDisagrees))
    };
    for (place, title, text, expected, doubted) in [
        ("Douala, Cameroon", "Chauffeur", "Lieu d'affectation : Garoua", "Garoua, Nord", true),
        ("Cameroun", "Chauffeur", "Poste basé à Garoua.", "Garoua, Nord", false),
        ("", "Chauffeur - Kribi", "Conduire.", "Kribi, Sud", false),
        ("Littoral", "Chauffeur", "Lieu : Édéa", "Edéa, Littoral", false),
        // The text names the place of the field too, so it is not a default.
        ("Douala", "Chauffeur", "Lieu : Garoua. Départ de Douala.", "Douala, Littoral", false),
        ("Douala", "Chauffeur - Douala", "Lieu : Bonabéri", "Douala, Littoral", false),
        ("Douala & Garoua", "Chauffeur", "Lieu : Garoua", "Douala, Littoral | Garoua, Nord", false),
        ("Garoua", "Chauffeur", "Notre société basée à Douala recrute.", "Garoua, Nord", false),
        ("Télétravail", "Chauffeur - Kribi", "", "", false),
    ] {
        assert_eq!(read(place, title, text), (expected.to_owned(), doubted), "{place} | {title} | {text}");
    }
}

#[test]
fn terms_of_a_loan_are_read() {
    let row = normalize(
        Draft {
            interest: Some("1,5 % par mois + TAF (10 %), assurance 0,5 %".into()),
            duration: Some("de 6 à 24 mois".into()),
            status: Some("Expirée".into()),
            ..draft()
        },
        &context(),
    )
    .unwrap();
    let interest = row.interest.unwrap();
    assert_eq!((interest.min, interest.max, interest.tax), (Some(18_000), Some(18_000), Some(10_000)));
    assert_eq!(row.fees.unwrap().percent, Some(500));
    assert_eq!(row.duration.map(|read| (read.min, read.max)), Some((Some(600), Some(2_400))));
    assert!(row.is_closed);
    let own = Draft {
        interest: Some("18 % l'an, assurance 1 %".into()),
        fees: Some("5 000 FCFA".into()),
        ..draft()
    };
    assert_eq!(normalize(own, &context()).unwrap().fees.unwrap().amount, Some(500_000));
    let unsure = normalize(Draft { interest: Some("1,5 %".into()), ..draft() }, &context()).unwrap();
    assert_eq!((unsure.interest, unsure.quality.doubts), (None, vec![Doubt::InterestWithoutPeriod]));
    assert_eq!(refused(|d| d.interest = Some("1500 % l'an".into())).code(), "unreadable_rate");
}

#[test]
fn what_has_no_field_is_read_where_it_is_plainly_said() {
    let row = normalize(
        Draft {
            contract: Some("CDD - 12 Mois".into()),
            description: Some(
                "Tenir le magasin.\nBac et un an de magasin. Garde de nuit par roulement.".into(),
            ),
            ..draft()
        },
        &context(),
    )
    .unwrap();
    assert_eq!(row.duration.and_then(|read| read.min), Some(1_200));
    assert_eq!((row.education, row.experience_months), (Some(Education::UpperSecondary), Some(12)));
    assert_eq!(row.working_time, [WorkingTime::Shift]);
    let field = Draft { education: Some("CEP".into()), description: Some("Bac exigé.".into()), ..draft() };
    assert_eq!(
        normalize(field, &context()).unwrap().education,
        Some(Education::Primary),
        "a field comes first"
    );
    for (kind, amount) in [(Kind::Training, Some(Some(0))), (Kind::Job, None)] {
        let free = Draft { kind, salary: Some("Gratuit".into()), ..draft() };
        assert_eq!(normalize(free, &context()).unwrap().amount.map(|amount| amount.max), amount);
    }
}

#[test]
fn a_title_tells_work_from_anywhere_and_the_contract() {
    let read = |title: &str| {
        let row =
            normalize(Draft { title: Some(title.into()), contract: None, ..draft() }, &context()).unwrap();
        (row.remote, row.contracts.first().map(|contract| contract.as_str()))
    };
    for (title, expected) in [
        ("Conseiller client (FULL REMOTE)", (true, None)),
        ("Rédacteur web (télétravail)", (true, None)),
        ("Formateur en formation à distance", (false, None)),
        ("Stagiaire comptable", (false, Some("internship"))),
        ("Soudeur - CDD", (false, Some("fixed_term"))),
        ("Soudeur (CDI) à Kribi", (false, Some("permanent"))),
        ("Gestionnaire des stages et des formations", (false, None)),
    ] {
        assert_eq!(read(title), expected, "{title}");
    }
}

#[test]
fn a_body_keeps_its_safe_html_without_the_portals_lines() {
    let body = "<div>Souder.</div><p onclick=x>CV à rh@wouri.cm</p><p>Partager sur Facebook</p>";
    let row = normalize(Draft { description: Some(body.into()), ..draft() }, &context()).unwrap();
    assert_eq!(row.description.unwrap(), "Souder.\n\nCV à [e-mail]");
    assert_eq!(row.description_html.unwrap(), "<p>Souder.</p><p>CV à [e-mail]</p>");
    assert_eq!(row.contacts.emails, ["rh@wouri.cm"]);
}

#[test]
fn contacts_leave_addresses_and_refusals() {
    let read = |url: &str| normalize(Draft { url: Some(url.into()), ..draft() }, &context()).unwrap();
    let row = read("https://wa.me/237699001122?text=Bonjour");
    assert_eq!((row.url, row.contacts.phones), (None, vec!["+237699001122".to_owned()]));
    assert_eq!(read("https://rh:pw@firm.cm/x").url.as_deref(), Some("https://firm.cm/x"));
    for reason in [
        refused(|d| d.place = Some("Zzyx, appelez 699 00 11 22 rh@firm.cm".into())),
        refused(|d| d.posted_at = Some("demander au 699001122".into())),
    ] {
        let words = reason.to_string();
        assert!(!words.contains("699") && !words.contains("firm.cm"), "{words}");
    }
}

#[test]
fn a_placeholder_is_no_employer() {
    for words in ["", "6XX XX XX XX", "699 11 22 33", "+237 699112233", "rh@exemple.cm", "-"] {
        let mut draft = draft();
        draft.organization = Some(words.to_owned());
        assert_eq!(normalize(draft, &context()).unwrap().organization, None, "{words:?}");
    }
}

proptest! {
    #[test]
    fn any_words_give_a_row_that_the_database_takes_or_a_refusal(words in prop::collection::vec("\\PC{0,40}|<[a-z]{1,6}>|\0", Draft::FIELDS.len())) {
        let mut draft = draft();
        for (name, words) in Draft::FIELDS.iter().zip(words) {
            *draft.field_mut(name).unwrap() = Some(words);
        }
        if let Ok(row) = normalize(draft, &context()) {
            prop_assert!((1..=300).contains(&row.title.chars().count()));
            prop_assert!(row.description.is_none_or(|text| (1..=20_000).contains(&text.chars().count())));
            prop_assert!(row.positions.is_none_or(|count| count > 0));
            prop_assert!(row.url.is_none_or(|url| url.starts_with("http")));
        }
    }
}

#[test]
fn campaigns_and_sessions_are_no_part_of_an_address() {
    for (given, kept) in [
        ("https://a.cm/o?utm_source=x&id=7&UTM_Medium=y", "https://a.cm/o?id=7"),
        ("https://a.cm/o?gclid=1&fbclid=2", "https://a.cm/o"),
        ("https://a.cm/o?PHPSESSID=1&q=a%20b&sid=4#part", "https://a.cm/o?q=a%20b#part"),
        ("https://a.cm/o;jsessionid=1A2B/7?x=1", "https://a.cm/o/7?x=1"),
        ("https://a.cm/o;v=1;jsessionid=1A2B", "https://a.cm/o;v=1"),
        ("https://a.cm/o?id=7&inside=1&utm=2", "https://a.cm/o?id=7&inside=1&utm=2"),
    ] {
        let mut draft = draft();
        draft.url = Some(given.to_owned());
        assert_eq!(normalize(draft, &context()).unwrap().url.as_deref(), Some(kept));
    }
}

#[test]
fn a_number_printed_with_a_fraction_is_the_same_identity() {
    for (given, kept) in [
        ("12.0", "12"),
        ("12.00", "12"),
        ("-5.0", "-5"),
        ("0015", "0015"),
        ("1.5", "1.5"),
        ("v1.0", "v1.0"),
        ("12.", "12."),
    ] {
        let mut draft = draft();
        draft.external_id = Some(given.to_owned());
        assert_eq!(identity(&draft).unwrap(), kept);
    }
}

#[test]
fn what_a_site_says_in_place_of_a_post_is_refused() {
    let reason = refused(|d| d.title = Some("Cette offre n'est plus disponible".into()));
    assert_eq!(reason.code(), "detail_unavailable");
    assert!(reason.to_string().contains("plus disponible"));
}

#[test]
fn the_plainer_word_wins() {
    crate::cases::check(include_str!("plainer.tsv"), 28, |case| {
        let mut draft = draft();
        draft.title = Some(case[0].clone());
        draft.contract = Some(case[1].clone());
        draft.description = Some(case[2].clone());
        let row = normalize(draft, &context()).unwrap();
        let list = |codes: Vec<&str>| if codes.is_empty() { "-".to_owned() } else { codes.join(",") };
        let contracts = row.contracts.iter().map(|contract| contract.as_str()).collect();
        let times = row.working_time.iter().map(|time| time.as_str()).collect();
        format!("{} {}", list(contracts), list(times))
    });
}

#[test]
fn a_text_that_reads_as_another_language_counts_before_the_language_of_the_feed() {
    let english = "A course for those who will keep the books of a shop and of a small company in the town.";
    let french =
        "Une formation pour tenir la caisse et les livres du magasin, avec un stage dans une boutique.";
    for (field, text, expected) in [
        ("fr", english, vec![Language::English]),
        ("fr", french, vec![Language::French]),
        ("en", french, vec![Language::French]),
        ("fr, en", french, vec![Language::English, Language::French]),
        ("fr", "", vec![Language::French]),
        ("fr", "Couture", vec![Language::French]),
        // A language without a code is not replaced by a guess.
        ("ewondo", french, vec![]),
        ("", english, vec![Language::English]),
    ] {
        let mut draft = Draft { kind: Kind::Training, ..draft() };
        draft.title = Some("Couture".to_owned());
        draft.description = Some(text.to_owned());
        draft.language = Some(field.to_owned());
        assert_eq!(normalize(draft, &context()).unwrap().languages, expected, "{field}: {text}");
    }
}

#[test]
fn a_record_may_have_its_own_country_and_working_time() {
    let read = |country: &str, place: &str, salary: &str| {
        let mut draft = draft();
        draft.country = Some(country.to_owned());
        draft.place = Some(place.to_owned());
        draft.salary = Some(salary.to_owned());
        normalize(draft, &context()).map(|row| {
            let country = row.places.first().map(|place| place.country.clone()).unwrap_or_default();
            format!("{country} {}", row.amount.map_or("-", |amount| amount.currency.as_str()))
        })
    };
    for (country, place, salary, expected) in [
        ("SN", "Thiès", "150 000 FCFA / mois", "SN XOF"),
        ("sn", "Thiès", "150 000 FCFA / mois", "SN XOF"),
        ("FR", "Lyon", "28 000 par an", "FR EUR"),
        ("CM", "Douala", "150 000 FCFA / mois", "CM XAF"),
        ("", "Douala", "150 000 FCFA / mois", "CM XAF"),
        (" ", "Douala", "150 000 FCFA / mois", "CM XAF"),
    ] {
        assert_eq!(read(country, place, salary).unwrap(), expected, "{country:?}");
    }
    let reason = read("Wallonie", "Liège", "").unwrap_err().reason;
    assert_eq!(reason, Reason::UnknownPlace("country: Wallonie".into()));
    for (field, contract, expected) in [
        ("Temps partiel", "CDI", vec![WorkingTime::PartTime]),
        ("Part-time", "Temps plein", vec![WorkingTime::PartTime]),
        ("", "CDI temps plein", vec![WorkingTime::FullTime]),
        ("à discuter", "CDI temps plein", vec![WorkingTime::FullTime]),
        ("", "CDI", vec![]),
    ] {
        let mut draft = draft();
        (draft.working_time, draft.contract) = (Some(field.to_owned()), Some(contract.to_owned()));
        assert_eq!(normalize(draft, &context()).unwrap().working_time, expected, "{field} {contract}");
    }
}

#[test]
fn notices_that_offer_a_person_nothing_are_refused_with_what_they_are() {
    crate::cases::check(include_str!("notices.tsv"), 40, |case| {
        let mut draft = draft();
        draft.title = Some(case[0].clone());
        match normalize(draft, &context()) {
            Ok(_) => "offer".to_owned(),
            Err(rejection) => match rejection.reason {
                Reason::NoOpportunity(words) => words.split(':').next().unwrap_or_default().to_owned(),
                other => other.code().to_owned(),
            },
        }
    });
}

#[test]
fn a_program_that_asks_for_no_diploma_says_so_and_asks_for_no_level() {
    let read = |kind: Kind, text: &str| {
        let mut draft = draft();
        (draft.kind, draft.description) = (kind, Some(text.to_owned()));
        normalize(draft, &context()).unwrap().education
    };
    let none = Some(Education::NoDiploma);
    assert_eq!(
        read(Kind::Agr, "Places are open to 500 people between 18 and 35, whatever their schooling."),
        none
    );
    assert_eq!(
        read(Kind::Training, "Sont visés 300 jeunes de 18 à 35 ans, sans condition de diplôme."),
        none
    );
    assert_eq!(read(Kind::Agr, "Apprendre à des jeunes, quel que soit leur niveau d'études."), none);
    assert_eq!(read(Kind::Agr, "Bac exigé pour les formateurs."), None);
    assert_eq!(read(Kind::Job, "Accueillir des jeunes quel que soit leur niveau d'études."), None);
}

#[test]
fn what_a_source_file_adds_twice_is_shown_once() {
    let mut draft = draft();
    draft.salary = Some("USD 175 000 USD".to_owned());
    let row = normalize(draft, &context()).unwrap();
    assert_eq!(row.amount_text.as_deref(), Some("USD 175 000"));
    assert_eq!(row.amount.unwrap().min, Some(17_500_000));
}
