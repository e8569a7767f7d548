mod feeds;
mod refuse;

use std::sync::Arc;

use domain::StreamName;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::{Catalog, Response, SpecFile};

fn builtin(slug: &str) -> Arc<Spec> {
    Arc::clone(Catalog::builtin().unwrap().get(&slug.parse().unwrap()).unwrap())
}

fn spec(text: &str) -> Arc<Spec> {
    let file = SpecFile { name: "new.toml".to_owned(), text: text.to_owned() };
    Arc::clone(Catalog::load(vec![file]).unwrap().iter().next().unwrap())
}

fn offres() -> StreamName {
    StreamName::new("offres").unwrap()
}

struct Answer {
    url: Url,
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    card: Option<Value>,
}

impl Answer {
    fn new(url: &str, body: impl Into<Vec<u8>>) -> Self {
        Self { url: url.parse().unwrap(), status: 200, headers: Vec::new(), body: body.into(), card: None }
    }

    fn page<'a>(&'a self, stream: &'a StreamName) -> Page<'a> {
        let response = Response { status: self.status, headers: &self.headers, body: &self.body };
        match &self.card {
            Some(record) => Page::detail(stream, &self.url, record, response),
            None => Page::new(stream, Role::List, &self.url, response),
        }
    }
}

const LIST: &str = "https://www.emploicameroun.cm/offres?page=0";

fn card(href: &str, title: &str) -> String {
    format!(
        "<div class='card card-job' data-href='https://elsewhere.cm{href}'><h3><a href='{href}'>{title}</a></h3>
         <a class='card-job-company'>Chantier du Wouri</a><ul><li>Contrat proposé\n   : <strong>CDI &amp; CDD</strong></li>
         <li>Région de : <strong>Douala</strong></li><li>Niveau d´études : <strong>BAC</strong></li></ul>
         <time datetime='2026-05-14'>14.05.2026</time></div>"
    )
}

#[test]
fn cards_become_pages_to_follow_and_featured_ones_stand_once() {
    let body = [card("/offre/a-12", "A"), card("/offre/b-13", "B"), card("/offre/a-12#top", "A")].concat();
    let answer = Answer::new(LIST, body);
    let reading = builtin("emploicameroun").read(&answer.page(&offres()));
    assert_eq!((reading.follow.len(), reading.records, &reading.alarm), (2, 2, &None));
    assert_eq!(reading.follow[0].url.as_str(), "https://www.emploicameroun.cm/offre/a-12");
    assert_eq!(
        reading.follow[0].card,
        json!({"contract": "CDI & CDD", "education": "BAC", "external_id": "12", "organization": "Chantier du Wouri",
               "place": "Douala", "posted_at": "2026-05-14", "title": "A"})
    );
}

#[test]
fn a_card_that_leads_elsewhere_is_refused() {
    for href in ["https://evil.example/x-1", "javascript:alert(1)", "//evil.example/x-2"] {
        let answer = Answer::new(LIST, card(href, "A"));
        let reading = builtin("emploicameroun").read(&answer.page(&offres()));
        assert!(reading.follow.is_empty() && reading.rejected.len() == 1, "{href}: {reading:?}");
    }
}

#[test]
fn the_records_own_page_wins_and_the_card_fills() {
    let mut answer = Answer::new(
        "https://www.emploicameroun.cm/offre/a-12",
        "<main><h1>Soudeur</h1><div class='job-description'><p>Un</p><p>Deux</p></div></main>",
    );
    answer.card =
        Some(json!({"external_id": "12", "title": "Soud…", "place": "Douala", "description": "Un…"}));
    let reading = builtin("emploicameroun").read(&answer.page(&offres()));
    let draft = &reading.drafts[0];
    assert_eq!(
        (draft.title.as_deref(), draft.place.as_deref(), draft.external_id.as_deref()),
        (Some("Soudeur"), Some("Douala"), Some("12"))
    );
    assert_eq!(draft.description.as_deref(), Some("<p>Un</p><p>Deux</p>"));
    assert_eq!(draft.url.as_deref(), Some("https://www.emploicameroun.cm/offre/a-12"));
}

#[test]
fn json_ld_is_read_also_where_it_is_nearly_json() {
    let page = |ld: &str| {
        let mut answer = Answer::new(
            "https://www.emploicameroun.cm/offre/a-12",
            format!("<script type='application/ld+json'>{ld}</script><main><h1>Autre</h1></main>"),
        );
        answer.card = Some(json!({"external_id": "12"}));
        builtin("emploicameroun").read(&answer.page(&offres())).drafts[0].title.clone()
    };
    for ld in [
        r#"{"@type": "JobPosting", "title": "Soudeur"}"#,
        r#"{"@type": ["JobPosting"], "title": "Soudeur", "description": "une	ligne
et une autre"}"#,
        r#"{"@type": "JobPosting", "title": "Soudeur", "skills": ["a", "b",],}"#,
        r#"{"@context": "x", "@graph": [{"@type": "WebSite"}, {"@type": "JobPosting", "title": "Soudeur"}]}"#,
        r#"[{"@type": "JobPosting", "title": "Soudeur", "d": "l\'arc"}]"#,
        "{&quot;@type&quot;: &quot;JobPosting&quot;, &quot;title&quot;: &quot;Soudeur&quot;}",
    ] {
        assert_eq!(page(ld).as_deref(), Some("Soudeur"), "{ld}");
    }
    assert_eq!(page("{\"@type\": \"JobPosting\", \"title\": ").as_deref(), Some("Autre"));
}

#[test]
fn pages_that_must_not_be_believed_raise_an_alarm() {
    let portal = builtin("emploicameroun");
    for (body, alarm) in [
        ("<html><div id=app></div></html>", Alarm::NoRecords),
        ("", Alarm::NoRecords),
        ("<title>Just a moment...</title>", Alarm::Challenge("Cloudflare".to_owned())),
        ("{\"error\": 1}", Alarm::Unreadable("HTML is promised and JSON came".to_owned())),
    ] {
        let answer = Answer::new(LIST, body);
        assert_eq!(portal.read(&answer.page(&offres())).alarm, Some(alarm), "{body}");
    }
    let fne = builtin("fne");
    for body in ["<html>502</html>", "{\"resultats\": [", "{\"message\": \"erreur\"}", "[]", ""] {
        let answer = Answer::new("https://api.fnecm.org/v2/offres/search", body);
        assert!(matches!(fne.read(&answer.page(&offres())).alarm, Some(Alarm::Unreadable(_))), "{body}");
    }
    let answer = Answer::new("https://api.fnecm.org/v2/offres/search", "{\"resultats\": []}");
    assert_eq!(fne.read(&answer.page(&offres())), Reading::default(), "an API may have nothing and say so");
}

#[test]
fn the_charset_is_found_as_browsers_find_it() {
    let latin = |meta: &str| {
        let mut body = format!("<html><head>{meta}</head><main><h1>March").into_bytes();
        body.extend([0xE9, b'<', b'/', b'h', b'1', b'>']);
        body
    };
    let title = |body: Vec<u8>, header: Option<&str>| {
        let mut answer = Answer::new("https://www.emploicameroun.cm/offre/a-12", body);
        answer.headers =
            header.map(|value| ("content-type".to_owned(), value.to_owned())).into_iter().collect();
        answer.card = Some(json!({"external_id": "12"}));
        builtin("emploicameroun").read(&answer.page(&offres())).drafts[0].title.clone().unwrap()
    };
    assert_eq!(title(latin("<meta charset=windows-1252>"), None), "Marché");
    assert_eq!(title(latin(""), Some("text/html; charset=ISO-8859-1")), "Marché");
    assert_eq!(title(latin(""), None), "Marché");
    assert_eq!(title("\u{feff}<main><h1>Marché</h1>".into(), Some("text/html; charset=latin1")), "Marché");
}

#[test]
fn a_missing_required_field_is_a_refusal_with_its_reason() {
    let body =
        json!({"resultats": [{"id": "1"}, {"intitule": "Sans id"}, {"id": "2", "intitule": "Bon"}, 7]})
            .to_string();
    let answer = Answer::new("https://api.fnecm.org/v2/offres/search", body);
    let reading = builtin("fne").read(&answer.page(&offres()));
    let reasons: Vec<&str> = reading.rejected.iter().map(|rejection| rejection.reason.code()).collect();
    assert_eq!(
        (reading.drafts.len(), reading.records, reasons),
        (1, 4, vec!["no_title", "no_identity", "unreadable_record"])
    );
}

#[test]
fn a_failing_expression_refuses_its_record_alone() {
    let spec = spec(
        "name='n'\nbase_url='https://a.cm'\nrate='1/s'\n[streams.offres]\nkind='job'\nrequest={path='/'}\nrecords='.[]'\n[streams.offres.fields]\nexternal_id='.id'\ntitle='.t | ascii_upcase'\n",
    );
    let answer = Answer::new("https://a.cm/", json!([{"id": 1, "t": "a"}, {"id": 2, "t": 7}]).to_string());
    let reading = spec.read(&answer.page(&offres()));
    assert_eq!(reading.drafts[0].title.as_deref(), Some("A"));
    assert_eq!(reading.rejected[0].reason.code(), "unreadable_record");
}

fn items(count: usize) -> String {
    json!({"resultats": (0..count).map(|n| json!({"id": n, "intitule": "x"})).collect::<Vec<_>>()})
        .to_string()
}

#[test]
fn a_page_made_to_take_long_is_refused_at_once() {
    let formats: Vec<String> = (0..3_000).map(|n| format!("<b id={n}>")).collect();
    let formats = formats.concat();
    for hostile in ["<div>".repeat(20_000), "<div class='card-job'>".repeat(2_000), formats] {
        let answer = Answer::new(LIST, hostile);
        let alarm = builtin("emploicameroun").read(&answer.page(&offres())).alarm;
        assert!(matches!(alarm, Some(Alarm::Unreadable(_))), "{alarm:?}");
    }
}

#[test]
fn words_are_not_broken_by_inline_tags_and_scripts_say_nothing() {
    let body = card("/offre/a-12", "Développ<b>eur</b><br>web<script>alert(1)</script>");
    let reading = builtin("emploicameroun").read(&Answer::new(LIST, body).page(&offres()));
    assert_eq!(reading.follow[0].card["title"], "Développeur web");
}

#[test]
fn a_wrong_byte_costs_a_letter_and_a_failing_form_its_turn() {
    let mut body = b"{\"resultats\": [{\"id\": \"1\", \"intitule\": \"March".to_vec();
    body.extend(b"\xe9\"}]}");
    let answer = Answer::new("https://api.fnecm.org/v2/offres/search", body);
    let reading = builtin("fne").read(&answer.page(&offres()));
    assert_eq!(reading.drafts[0].title.as_deref(), Some("Marché"));
    let spec = spec(
        "name='n'\nbase_url='https://a.cm'\nrate='1/s'\n[streams.offres]\nkind='job'\nrequest={path='/'}\nrecords='.[]'\n\
         [streams.offres.fields]\nexternal_id='.id'\ntitle=['.t | ascii_upcase', '.u']\n",
    );
    let answer = Answer::new("https://a.cm/", json!([{"id": 1, "t": 7, "u": "b"}]).to_string());
    assert_eq!(spec.read(&answer.page(&offres())).drafts[0].title.as_deref(), Some("b"));
}

#[test]
fn a_portal_page_without_records_is_an_alarm_where_records_are_expected() {
    let portal = builtin("emploicameroun");
    let maintenance = Answer::new(LIST, "<p>Le site est en maintenance</p>");
    let stream = offres();
    let mut page = maintenance.page(&stream);
    assert_eq!(portal.read(&page).alarm, Some(Alarm::NoRecords));
    page.expected = false;
    assert_eq!(portal.read(&page).alarm, None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_bytes_are_read_the_same_way_twice(bytes in prop::collection::vec(any::<u8>(), 0..400), cut in 0_usize..2_000, detail: bool) {
        let real = [card("/offre/a-12", "A"), items(3)].concat();
        let mut body: Vec<u8> = real.bytes().take(cut).collect();
        body.extend(&bytes);
        let mut answer = Answer::new(LIST, body);
        answer.card = detail.then(|| json!({"external_id": "1"}));
        for slug in ["fne", "emploicameroun"] {
            let spec = builtin(slug);
            let first = spec.read(&answer.page(&offres()));
            prop_assert_eq!(&first, &spec.read(&answer.page(&offres())));
            prop_assert_eq!(first.records, first.drafts.len() + first.follow.len() + first.rejected.len());
        }
    }
}

#[test]
fn a_list_of_other_elements_is_an_alarm_and_a_constant_alone_no_value() {
    let spec = spec(
        "name='n'\nbase_url='https://a.cm'\nrate='1/s'\n[streams.offres]\nkind='job'\nformat='xml'\nrequest={path='/'}\nrecords='job'\nempty=['0.00','Fcfa']\n\
         [streams.offres.fields]\nexternal_id='.id'\ntitle='.t'\nsalary={parts=['.min',{const='-'},'.max'],with=' ',some=true}\n\
         fees={parts=['.frais',{const='Fcfa'}],with=' '}\n",
    );
    let read = |body: &str| spec.read(&Answer::new("https://a.cm/", body).page(&offres()));
    assert_eq!(read("<jobs><post><id>1</id></post></jobs>").alarm, Some(Alarm::NoRecords));
    let reading = read(
        "<jobs><job><id>1</id><t>a</t><min>0.00</min><max/></job><job><id>2</id><t>b</t><min>5</min><frais>5000</frais></job></jobs>",
    );
    let pay: Vec<_> = reading.drafts.iter().map(|draft| draft.salary.as_deref()).collect();
    assert_eq!(pay, [None, Some("5 -")]);
    let fees: Vec<_> = reading.drafts.iter().map(|draft| draft.fees.as_deref()).collect();
    assert_eq!(fees, [None, Some("5000 Fcfa")], "a word that means nothing alone is the unit of a number");
}

/// Reads one record whose contract has two alternatives.
fn contract_of(first: &str, second: &str) -> Option<String> {
    let spec = spec(
        r#"
        name = "New"
        base_url = "https://new.cm"
        rate = "1/s"
        [streams.offres]
        kind = "job"
        request = { path = "/x" }
        records = ".items[]"
        [streams.offres.fields]
        external_id = ".id"
        title = ".titre"
        url = ".site"
        contract = [".a", ".b"]
        "#,
    );
    let body = json!({ "items": [{ "id": 1, "titre": "Soudeur", "a": first, "b": second }] });
    let answer = Answer::new("https://new.cm/x", body.to_string());
    let stream = offres();
    spec.read(&answer.page(&stream)).drafts.remove(0).contract
}

#[test]
fn what_names_no_contract_does_not_hide_the_next_alternative() {
    for (first, second, expected) in [
        ("FULL_TIME", "CDI", "CDI, FULL_TIME"),
        (r#"["FULL_TIME"]"#, "CDD", r#"CDD, ["FULL_TIME"]"#),
        ("PART_TIME", "", "PART_TIME"),
        ("TEMPS PARTIEL", r#"["PART_TIME","TEMPORARY"]"#, r#"["PART_TIME","TEMPORARY"], TEMPS PARTIEL"#),
        ("CONTRACTOR", "CDD", "CDD"),
        ("CONTRACTOR", "", "CONTRACTOR"),
        ("CONTRACTOR", "FULL_TIME", "CONTRACTOR"),
        ("OTHER", "Stage", "Stage"),
        ("TEMPORARY", "CDI", "TEMPORARY"),
        ("CDI à temps plein", "CDD", "CDI à temps plein"),
        ("", "CDI", "CDI"),
    ] {
        assert_eq!(contract_of(first, second).as_deref(), Some(expected), "{first} | {second}");
    }
}

#[test]
fn an_address_without_its_scheme_is_a_host_and_not_a_file() {
    let base: Url = "https://new.cm/list/".parse().unwrap();
    for (words, expected) in [
        ("lycee-kerneuzec.fr", "http://lycee-kerneuzec.fr/"),
        ("www.new.cm/offres/12", "http://www.new.cm/offres/12"),
        ("offre.php?id=3", "https://new.cm/list/offre.php?id=3"),
        ("offre-12.html", "https://new.cm/list/offre-12.html"),
        ("/offres/12", "https://new.cm/offres/12"),
        ("offres/12", "https://new.cm/list/offres/12"),
        ("guide.v2/12", "https://new.cm/list/guide.v2/12"),
        ("https://other.cm/a", "https://other.cm/a"),
    ] {
        assert_eq!(address(&base, words).unwrap().as_str(), expected, "{words}");
    }
}
