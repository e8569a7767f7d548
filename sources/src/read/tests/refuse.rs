//! What a source file says of each record: its kind, its country, and that it is not an opportunity.

use domain::Kind;

use super::*;

/// Reads an answer with a source file of one stream, whose settings are given.
fn read(settings: &str, fields: &str, body: &str) -> Reading {
    let text = format!(
        "name = 'Nouveau'\nbase_url = 'https://api.new.cm'\nrate = '5/s'\n[streams.offres]\nkind = 'job'\nrequest = {{ path = '/offres' }}\n{settings}\n[streams.offres.fields]\nexternal_id = '.id'\ntitle = '.titre'\n{fields}\n"
    );
    let text = if settings.contains("html") {
        text.replace("'.id'", "'b'").replace("'.titre'", "'i'")
    } else {
        text
    };
    spec(&text).read(&Answer::new("https://api.new.cm/offres", body).page(&offres()))
}

/// The records of a JSON list, each as its identifier and what became of it.
fn became(reading: &Reading) -> Vec<String> {
    let drafts = reading.drafts.iter().map(|draft| {
        let id = draft.external_id.as_deref().unwrap_or_default();
        format!("{id}: {} {}", draft.kind, draft.contract.as_deref().unwrap_or("-"))
    });
    let refused = reading.rejected.iter().map(|rejection| {
        let id = rejection.external_id.as_deref().unwrap_or_default();
        format!("{id}: {}", rejection.reason)
    });
    drafts.chain(refused).collect()
}

#[test]
fn a_record_has_the_kind_that_its_words_map_to() {
    let fields = r#"contract = ".contrat"
kind = { path = ".type", map = { Emploi = "job", Formation = "training", Stage = "internship", "Appel d'offres" = "tender", "Résultats" = "notice", "Projet" = "agr", "Crédit" = "microfinance" } }"#;
    let body = r#"{"l": [
        {"id": "1", "titre": "Soudeur", "type": "Emploi", "contrat": "CDD"},
        {"id": "2", "titre": "Soudure", "type": "Formation"},
        {"id": "3", "titre": "Comptable", "type": "Stage", "contrat": "Temps plein"},
        {"id": "4", "titre": "Fourniture de bureaux", "type": "Appel d'offres"},
        {"id": "5", "titre": "Concours", "type": "Résultats"},
        {"id": "6", "titre": "Maraîchage", "type": "Projet"},
        {"id": "7", "titre": "Crédit scolaire", "type": "Crédit"},
        {"id": "8", "titre": "Sans type"},
        {"id": "9", "titre": "Autre", "type": "Divers"}]}"#;
    let reading = read("records = '.l[]'", fields, body);
    assert_eq!(
        became(&reading),
        [
            "1: job CDD",
            "2: training -",
            "3: job internship",
            "6: agr -",
            "7: microfinance -",
            "8: job -",
            "4: no opportunity (\"tender\")",
            "5: no opportunity (\"notice\")",
            "9: unknown kind (\"Divers\")",
        ]
    );
    assert_eq!(reading.drafts[1].kind, Kind::Training);
}

#[test]
fn what_is_no_opportunity_is_refused_with_its_reason_and_counted() {
    let settings = r#"records = ".l[]"
refuse = [
  { when = ".archive", reason = "archived" },
  { when = '.type == "resultat"', reason = "results" },
  { when = { path = ".titre", regex = "(?i)^(appel d'offres)" }, reason = "invitation to tender" },
]"#;
    let body = r#"{"l": [
        {"id": "1", "titre": "Soudeur", "archive": false},
        {"id": "2", "titre": "Soudeur", "archive": true},
        {"id": "3", "titre": "Concours", "type": "resultat"},
        {"id": "4", "titre": "APPEL D'OFFRES pour la fourniture de bureaux", "archive": null},
        {"id": "5", "titre": "Chargé des appels d'offres", "archive": ""}]}"#;
    let reading = read(settings, "", body);
    assert_eq!(
        became(&reading),
        [
            "1: job -",
            "5: job -",
            "2: no opportunity (\"archived\")",
            "3: no opportunity (\"results\")",
            "4: no opportunity (\"invitation to tender\")",
        ]
    );
    assert_eq!((reading.records, reading.notes.len()), (5, 0), "each is accounted for");
}

#[test]
fn rows_and_elements_are_refused_too() {
    let table = "id;titre;type\n1;Soudeur;emploi\n2;Bureaux;marché\n";
    let settings = "format = 'table'\nrefuse = [{ when = { column = 'type', regex = '^(march.)$' }, reason = 'for firms' }]";
    let fields = |text: &str| text.replace("'.", "'");
    let text = format!(
        "name = 'N'\nbase_url = 'https://api.new.cm'\nrate = '5/s'\n[streams.offres]\nkind = 'job'\nrequest = {{ path = '/offres' }}\n{settings}\n[streams.offres.fields]\n{}",
        fields("external_id = '.id'\ntitle = '.titre'\n")
    );
    let reading = spec(&text).read(&Answer::new("https://api.new.cm/offres", table).page(&offres()));
    assert_eq!(became(&reading), ["1: job -", "2: no opportunity (\"for firms\")"]);

    let html =
        "<html><p><b>1</b><i>Soudeur</i></p><p class=x><b>2</b><i>Résultats du concours</i></p></html>";
    let settings = "format = 'html'\nrecords = 'p'\nrefuse = [{ when = { css = 'i', regex = '(?i)^(r.sultats)' }, reason = 'results' }]";
    assert_eq!(became(&read(settings, "", html)), ["1: job -", "2: no opportunity (\"results\")"]);
}

#[test]
fn a_refusal_says_why() {
    let wrong = |refuse: &str| {
        let text = format!(
            "name = 'New'\nbase_url = 'https://a.cm'\nrate = '5/s'\n[streams.o]\nkind = 'job'\nrequest = {{ path = '/' }}\nrecords = '.l[]'\n{refuse}\n[streams.o.fields]\nexternal_id = '.id'\ntitle = '.t'\n"
        );
        let file = SpecFile { name: "new.toml".to_owned(), text };
        Catalog::load(vec![file]).unwrap_err().to_string()
    };
    assert!(wrong("refuse = [{ when = '.x', reason = ' ' }]").contains("`reason` is empty"));
    assert!(wrong("refuse = [{ when = '.x' }]").contains("reason"));
    assert!(wrong("refuse = [{ when = 'x y', reason = 'r' }]").contains("new.toml:8"));
}

#[test]
fn a_condition_that_fails_makes_the_record_unreadable() {
    let settings =
        "records = '.l[]'\nrefuse = [{ when = '.type | ascii_downcase == \"ao\"', reason = 'tender' }]";
    let reading = read(
        settings,
        "",
        r#"{"l": [{"id": "1", "titre": "A", "type": 3}, {"id": "2", "titre": "B", "type": "AO"}]}"#,
    );
    let codes: Vec<&str> = reading.rejected.iter().map(|rejection| rejection.reason.code()).collect();
    assert_eq!(codes, ["unreadable_record", "no_opportunity"]);
}

#[test]
fn a_map_reaches_the_parts_of_a_list_and_a_constant_keeps_its_blanks() {
    let fields = r#"place = { path = ".pays", map = { CM = "Cameroun", SN = "Sénégal", "-" = "" } }
salary = { path = ".montant", map = { CM = "no" } }
organization = { parts = [{ const = "ONG « " }, ".ong", { const = " »" }] }
description = { parts = [".a", ".b"], with = " / " }"#;
    let body = r#"{"l": [
        {"id": "1", "titre": "A", "pays": ["CM", "EC", "SN"], "montant": "CM, 3", "ong": " Kaya ", "a": " x ", "b": "y"},
        {"id": "2", "titre": "B", "pays": "SN ; CM"},
        {"id": "3", "titre": "C", "pays": "CM"},
        {"id": "4", "titre": "D", "pays": "Tchad, Niger"}]}"#;
    let reading = read("records = '.l[]'", fields, body);
    let places: Vec<_> = reading.drafts.iter().map(|draft| draft.place.as_deref().unwrap()).collect();
    assert_eq!(places, ["Cameroun, EC, Sénégal", "Sénégal, Cameroun", "Cameroun", "Tchad, Niger"]);
    let first = &reading.drafts[0];
    assert_eq!(first.salary.as_deref(), Some("CM, 3"), "an amount is one value");
    assert_eq!(first.organization.as_deref(), Some("ONG « Kaya »"));
    assert_eq!(first.description.as_deref(), Some("x / y"));
    assert_eq!(reading.drafts[1].organization, None, "constants alone make no value");
}
