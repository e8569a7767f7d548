mod kinds;
mod shapes;
mod units;

use super::*;

/// Returns the proposal, which must be a valid source file, and what it parses from its answer.
fn tried(url: Option<&str>, body: &[u8]) -> (String, usize, usize) {
    let slug: SourceSlug = "neuf".parse().unwrap();
    let url: Option<Url> = url.map(|url| url.parse().unwrap());
    let text = propose(&Answer { slug: &slug, url: url.as_ref(), headers: &[], body, detail: None }).unwrap();
    let file = SpecFile { name: "neuf.toml".to_owned(), text: text.clone() };
    let catalog = Catalog::load(vec![file]).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let spec = catalog.get(&slug).unwrap();
    let stream = StreamName::new("list").unwrap();
    let page_url = url.unwrap_or_else(|| "https://partner.example/".parse().unwrap());
    let role = if spec.streams[0].is_fetched() { Role::List } else { Role::File };
    let page = Page::new(&stream, role, &page_url, Response::of_body(body));
    let reading = spec.read(&page);
    assert_eq!(reading.alarm, None, "{text}");
    (text, reading.records, reading.drafts.len() + reading.follow.len())
}

#[test]
fn a_json_api_is_recognized() {
    let body = r#"{"total": 2, "meta": {"x": [1]}, "resultats": [
        {"id": "1", "intitule": "Soudeur", "entreprise": {"nom": "Chantier"}, "lieuTravail": {"libelle": "Douala"}, "dateCreation": "2026-11-01"},
        {"id": "2", "intitule": "Maçon", "entreprise": {}, "lieuTravail": {"libelle": "Kribi"}}]}"#;
    let (text, records, read) = tried(Some("https://api.neuf.cm/v1/offres?q=x"), body.as_bytes());
    assert_eq!((records, read), (2, 2), "{text}");
    for line in [
        "records = \".resultats[]\"",
        "organization = \".entreprise.nom\"",
        "place = \".lieuTravail.libelle\"",
        "posted_at = \".dateCreation\"",
        "total = \".total\"",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
}

#[test]
fn lines_tables_and_feeds_are_recognized() {
    let lines =
        "{\"id\": 1, \"title\": \"a\"}\n{\"id\": 2, \"title\": \"b\"}\n{\"id\": 3, \"title\": \"c\"}\n";
    assert_eq!(tried(None, lines.as_bytes()).1, 3);
    let table = "Liste;;\n;;\nRéférence;Intitulé;Ville\n1;Soudeur;Douala\n2;Maçon;Kribi\n";
    let (text, records, read) = tried(None, table.as_bytes());
    assert_eq!((records, read), (2, 2), "{text}");
    let feed = "<?xml version='1.0'?><rss><channel><title>F</title><item><title>a</title><link>https://neuf.cm/1</link><pubDate>x</pubDate></item><item><title>b</title><link>https://neuf.cm/2</link></item></channel></rss>";
    let (text, records, read) = tried(Some("https://neuf.cm/rss"), feed.as_bytes());
    assert_eq!((records, read), (2, 2), "{text}");
}

#[test]
fn a_portal_is_recognized_by_what_looks_alike() {
    let card = |n: u32| {
        format!(
            "<div class='annonce big'><h3><a href='/offre/{n}'>Soudeur numéro {n}</a></h3><p>Chantier du Wouri, Douala</p></div>"
        )
    };
    let cards: String = (0..6).map(card).collect();
    let page = format!(
        "<!DOCTYPE html><html><head><link rel='alternate' type='application/rss+xml' href='/rss'></head><body><div class='menu'><a href='/'>x</a></div>{cards}</body></html>"
    );
    let (text, records, read) = tried(Some("https://neuf.cm/offres"), page.as_bytes());
    assert_eq!((records, read), (6, 6), "{text}");
    assert!(text.contains("feed, which may be easier to read: /rss"), "{text}");
}

#[test]
fn what_holds_no_list_is_told_so() {
    let slug: SourceSlug = "neuf".parse().unwrap();
    for body in ["", "<!DOCTYPE html><html><body><p>rien</p></body></html>", "{\"a\": 1}"] {
        assert!(
            propose(&Answer { slug: &slug, url: None, headers: &[], body: body.as_bytes(), detail: None })
                .is_err(),
            "{body}"
        );
    }
}

#[test]
fn what_repeats_most_is_not_what_a_record_is() {
    let activity = |n: u32| {
        format!(
            "<iati-activity><iati-identifier>XM-{n}</iati-identifier><title><narrative xml:lang='fr'>Oignons {n}</narrative><narrative>Onions {n}</narrative></title>\
             <description><narrative xml:lang='fr'>Texte</narrative></description><reporting-org><narrative>FAO</narrative></reporting-org></iati-activity>"
        )
    };
    let iati =
        format!("<?xml version='1.0'?><iati-activities>{}{}</iati-activities>", activity(1), activity(2));
    let (text, records, read) = tried(None, iati.as_bytes());
    assert_eq!((records, read), (2, 2), "{text}");
    assert!(text.contains("records = \"iati-activity\""), "{text}");
    let fineract = r#"[{"id": 1, "name": "Crédit", "startDate": [2026, 9, 2]}, {"id": 2, "name": "Épargne", "startDate": [2026, 10, 1]}]"#;
    let (text, _, _) = tried(None, fineract.as_bytes());
    assert!(text.contains("starts_at = \".startDate\""), "{text}");
}
