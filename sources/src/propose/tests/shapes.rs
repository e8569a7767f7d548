//! Shapes of lists as partners publish them, and the first record that a proposal reads from each.

use super::*;

/// Returns the records of a proposal as JSON, those of a detail page after it was read; and the proposal.
fn records(url: Option<&str>, body: &str, detail: Option<&str>) -> (Vec<serde_json::Value>, String) {
    let slug: SourceSlug = "neuf".parse().unwrap();
    let url: Option<Url> = url.map(|url| url.parse().unwrap());
    let bare = Answer { slug: &slug, url: url.as_ref(), headers: &[], body: body.as_bytes(), detail: None };
    let page = first_detail(&bare);
    let seen = page.as_ref().zip(detail).map(|(url, body)| DetailAnswer {
        url,
        headers: &[],
        body: body.as_bytes(),
    });
    let text = propose(&Answer { detail: seen, ..bare }).unwrap_or_else(|why| panic!("{why}: {body}"));
    let file = SpecFile { name: "neuf.toml".to_owned(), text: text.clone() };
    let catalog = Catalog::load(vec![file]).unwrap_or_else(|errors| panic!("{errors}\n{text}"));
    let spec = catalog.get(&slug).unwrap();
    let stream = StreamName::new("list").unwrap();
    let page_url = url.clone().unwrap_or_else(|| "https://partner.example/".parse().unwrap());
    let role = if spec.streams[0].is_fetched() { Role::List } else { Role::File };
    let reading = spec.read(&Page::new(&stream, role, &page_url, Response::of_body(body.as_bytes())));
    assert_eq!((&reading.alarm, reading.rejected.len()), (&None, 0), "{text}\n{:?}", reading.rejected);
    let mut all: Vec<serde_json::Value> = reading.drafts.iter().map(shown).collect();
    for follow in &reading.follow {
        let Some(detail) = detail else {
            all.push(follow.card.clone());
            continue;
        };
        let response = Response::of_body(detail.as_bytes());
        let read = spec.read(&Page::detail(&stream, &follow.url, &follow.card, response));
        assert_eq!(read.drafts.len(), 1, "{text}\n{:?}", read.rejected);
        all.push(shown(&read.drafts[0]));
    }
    (all, text)
}

fn shown(draft: &domain::Draft) -> serde_json::Value {
    domain::Draft::FIELDS
        .into_iter()
        .filter_map(|name| draft.field(name).map(|words| (name.to_owned(), words.into())))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Checks the number of records and some fields of the first.
pub(super) fn check(
    url: Option<&str>,
    body: &str,
    detail: Option<&str>,
    count: usize,
    expected: &[(&str, &str)],
) -> String {
    let (all, text) = records(url, body, detail);
    assert_eq!(all.len(), count, "{text}\n{all:?}");
    for (field, words) in expected {
        let got = all[0][*field].as_str().unwrap_or("-");
        assert!(
            got == *words || (words.ends_with('…') && got.contains(words.trim_end_matches('…'))),
            "{field}: {got:?}, not {words:?}\n{text}"
        );
    }
    let mut ids: Vec<&str> = all.iter().filter_map(|one| one["external_id"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), count, "{text}");
    text
}

pub(super) const LIST: &str = "https://neuf.cm/offres";
/// The page of a post without structured data.
pub(super) const DETAIL: &str = "<!DOCTYPE html><html><body><nav><a href='/'>Accueil</a></nav><main><h1>Soudeur</h1>\
    <ul class='infos'><li>Lieu : Douala</li><li>Type de contrat : CDI</li><li>Date limite : 12/12/2026</li><li>Entreprise : Chantier du Wouri</li></ul>\
    <div class='job-description'><p>Souder les coques et préparer les tôles du chantier, six jours par semaine, avec une équipe de dix personnes.</p></div></main></body></html>";

#[test]
fn apis_of_json() {
    check(
        Some("https://neuf.cm/wp-json/wp/v2/jobs"),
        r#"[{"id": 7, "date": "2026-11-02T10:00:00", "status": "publish", "link": "https://neuf.cm/7", "title": {"rendered": "Soudeur"}, "content": {"rendered": "<p>Texte</p>"}},
            {"id": 8, "date": "2026-11-03T10:00:00", "status": "publish", "link": "https://neuf.cm/8", "title": {"rendered": "Maçon"}, "content": {"rendered": "<p>Texte</p>"}}]"#,
        Some(DETAIL),
        2,
        &[("title", "Soudeur"), ("external_id", "7"), ("posted_at", "2026-11-02T10:00:00")],
    );
    check(
        Some(LIST),
        r#"{"data": [{"type": "jobs", "id": "7", "attributes": {"title": "Soudeur", "location": "Douala", "company": "Chantier", "published": true, "published_at": "2026-11-02"}},
            {"type": "jobs", "id": "8", "attributes": {"title": "Maçon", "location": "Kribi", "company": "Noun", "published": false, "published_at": "2026-11-03"}}],
            "links": {"next": "https://neuf.cm/offres?page=2"}}"#,
        None,
        2,
        &[("title", "Soudeur"), ("external_id", "7"), ("posted_at", "2026-11-02"), ("place", "Douala")],
    );
    let text = check(
        Some(LIST),
        r#"{"hits": {"total": {"value": 2}, "hits": [{"_id": "a", "_source": {"poste": "Soudeur", "ville": "Douala", "date_limite": "2026-12-01"}},
            {"_id": "b", "_source": {"poste": "Maçon", "ville": "Kribi", "date_limite": "2026-12-02"}}]}}"#,
        None,
        2,
        &[("title", "Soudeur"), ("external_id", "a"), ("closes_at", "2026-12-01")],
    );
    assert!(text.contains("total"), "{text}");
    let text = check(
        Some(LIST),
        r#"{"edges": [{"node": {"id": "x1", "jobTitle": "Soudeur", "city": {"name": "Douala"}}}, {"node": {"id": "x2", "jobTitle": "Maçon", "city": {"name": "Kribi"}}}], "pageInfo": {"endCursor": "abc"}}"#,
        None,
        2,
        &[("title", "Soudeur"), ("place", "Douala"), ("external_id", "x1")],
    );
    assert!(text.contains("kind = \"cursor\""), "{text}");
    check(
        Some(LIST),
        r#"{"meta": {"next_page_url": null}, "jobs": [{"code": "OUV", "reference": "R-1", "title": "Soudeur", "locations": [{"city": "Douala"}, {"city": "Kribi"}], "active": true, "created": 1793500000},
            {"code": "OUV", "reference": "R-2", "title": "Maçon", "locations": [{"city": "Edéa"}], "active": true, "created": 1793600000}]}"#,
        None,
        2,
        &[
            ("external_id", "R-1"),
            ("place", "Douala; Kribi"),
            ("posted_at", "1793500000"),
            ("status", "true"),
        ],
    );
}

#[test]
fn what_is_open_is_no_date() {
    let text = check(
        Some(LIST),
        r#"[{"id": 1, "title": "Soudeur", "published": true, "deadline": false, "start_date": null}, {"id": 2, "title": "Maçon", "published": true, "deadline": false, "start_date": null}]"#,
        None,
        2,
        &[("title", "Soudeur")],
    );
    assert!(!text.contains("posted_at =") && !text.contains("closes_at ="), "{text}");
}

#[test]
fn xml_of_one_record_and_of_feeds() {
    for body in [
        "<?xml version='1.0'?><offres><offre><reference>R1</reference><intitule>Soudeur</intitule><ville>Douala</ville></offre></offres>",
        "<offre id='R1'><titre>Soudeur</titre><ville>Douala</ville><entreprise><nom>Chantier</nom><ville>Kribi</ville></entreprise></offre>",
    ] {
        let text =
            check(None, body, None, 1, &[("external_id", "R1"), ("title", "Soudeur"), ("place", "Douala")]);
        assert!(text.contains("format = \"xml\""), "{text}");
    }
    let atom = "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><id>urn:f</id>\
        <entry><id>urn:1</id><title>Soudeur</title><link href='https://neuf.cm/1'/><published>2026-11-02T10:00:00Z</published><summary>Texte</summary></entry>\
        <entry><id>urn:2</id><title>Maçon</title><link href='https://neuf.cm/2'/><published>2026-11-03T10:00:00Z</published><summary>Texte</summary></entry></feed>";
    check(
        Some("https://neuf.cm/atom"),
        atom,
        Some(DETAIL),
        2,
        &[
            ("title", "Soudeur"),
            ("external_id", "urn:1"),
            ("place", "Douala"),
            ("posted_at", "2026-11-02T10:00:00Z"),
        ],
    );
    let rss = "<rss><channel><title>F</title><link>https://neuf.cm</link><description>d</description><item><title>Soudeur</title><link>https://neuf.cm/offre/1</link><guid isPermaLink='false'>g1</guid><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>";
    check(
        Some("https://neuf.cm/rss"),
        rss,
        Some(DETAIL),
        1,
        &[("title", "Soudeur"), ("external_id", "g1"), ("contract", "CDI")],
    );
}

#[test]
fn sitemaps() {
    let map = "<?xml version='1.0'?><urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'><url><loc>https://neuf.cm/</loc></url><url><loc>https://neuf.cm/emploi/soudeur-7</loc><lastmod>2026-11-02</lastmod></url><url><loc>https://neuf.cm/emploi/macon-8</loc></url><url><loc>https://neuf.cm/blog/a</loc></url><url><loc>https://neuf.cm/blog/b</loc></url><url><loc>https://neuf.cm/blog/c</loc></url></urlset>";
    let text = check(
        Some("https://neuf.cm/sitemap.xml"),
        map,
        Some(DETAIL),
        2,
        &[
            ("title", "Soudeur"),
            ("external_id", "https://neuf.cm/emploi/soudeur-7"),
            ("place", "Douala"),
            ("closes_at", "12/12/2026"),
        ],
    );
    assert!(text.contains("format = \"sitemap\""), "{text}");
}

#[test]
fn tables() {
    check(
        None,
        "Réf;Intitulé du poste;Lieu de travail;Date limite de candidature\nA1;Soudeur;Douala;12/12/2026\nA2;Maçon;Kribi;13/12/2026\n",
        None,
        2,
        &[("external_id", "A1"), ("title", "Soudeur"), ("place", "Douala"), ("closes_at", "12/12/2026")],
    );
    check(
        None,
        "job_id\ttitle\tcity\tclosing_date\n1\tWelder\tBuea\t2026-12-01\n",
        None,
        1,
        &[("title", "Welder"), ("place", "Buea")],
    );
}

/// Returns a page with a list between what stands around it.
pub(super) fn page(list: &str, next: &str) -> String {
    format!(
        "<!DOCTYPE html><html><body><header class='site-header'><ul class='menu'><li><a href='/a'>Accueil du portail des emplois</a></li><li><a href='/b'>Toutes les entreprises du pays</a></li><li><a href='/c'>Conseils aux candidats et actualités</a></li></ul></header>\
         <div class='content'>{list}</div>{next}<footer><ul><li><a href='/x'>Mentions légales du portail</a></li><li><a href='/y'>Contact et plan du site</a></li><li><a href='/z'>Conditions générales</a></li></ul></footer></body></html>"
    )
}

/// Returns the markup of four posts.
pub(super) fn made(one: &dyn Fn(usize, &str) -> String) -> String {
    let titles = ["Soudeur à l'arc", "Maçon finisseur", "Comptable senior", "Chauffeur livreur"];
    titles.iter().enumerate().map(|(at, title)| one(at + 1, title)).collect()
}

#[test]
fn portals_by_what_repeats() {
    // Items without a class.
    let list = format!(
        "<ul id='liste'>{}</ul>",
        made(&|n, title| format!(
            "<li><a href='/offre/{n}'>{title}</a> - Douala, publié le {n} novembre 2026</li>"
        ))
    );
    let text = check(
        Some(LIST),
        &page(
            &list,
            "<ul class='pagination'><li><a href='?page=1'>«</a></li><li class='next'><a href='?page=2'>Suivant</a></li></ul>",
        ),
        Some(DETAIL),
        4,
        &[
            ("external_id", "1"),
            ("place", "Douala"),
            ("contract", "CDI"),
            ("description", "Souder les coques…"),
        ],
    );
    assert!(text.contains("kind = \"next_link\""), "{text}");
    // Cards in rows, a picture before the title, one link to the employer.
    let cards = made(&|n, title| {
        format!(
            "<div class='card'><a href='/e/9'><img src='l.png'></a><h3 class='card-title'><a href='/offre/{n}'>{title}</a></h3><span class='company'>Chantier du Wouri</span><span class='location'>Kribi</span><time datetime='2026-11-0{n}'>hier</time><a href='/offre/{n}' class='more'>Voir l'offre</a></div>"
        )
    });
    let rows = cards.replace("<div class='card'><a href='/e/9'><img src='l.png'></a><h3 class='card-title'><a href='/offre/3'", "</div><div class='row'><div class='card'><a href='/e/9'><img src='l.png'></a><h3 class='card-title'><a href='/offre/3'");
    check(
        Some(LIST),
        &page(&format!("<div class='row'>{rows}</div>"), "<a rel='next' href='?p=2'>2</a>"),
        None,
        4,
        &[
            ("title", "Soudeur à l'arc"),
            ("organization", "Chantier du Wouri"),
            ("place", "Kribi"),
            ("posted_at", "2026-11-01"),
        ],
    );
}

#[test]
fn tables_links_and_articles_of_portals() {
    // A table.
    let table = format!(
        "<table><thead><tr><th>Poste</th><th>Lieu</th><th>Date limite</th></tr></thead><tbody>{}</tbody></table>",
        made(&|n, title| format!(
            "<tr><td><a href='/offre/{n}'>{title}</a></td><td>Edéa</td><td>1{n}/12/2026</td></tr>"
        ))
    );
    check(
        Some(LIST),
        &page(&table, ""),
        None,
        4,
        &[("title", "Soudeur à l'arc"), ("place", "Edéa"), ("closes_at", "11/12/2026")],
    );
    // The whole card is a link, and the title a heading in it.
    let links = made(&|n, title| {
        format!(
            "<a class='job' href='/offre/{n}'><h2>{title}</h2><p>Ville : Limbé</p><p>Contrat : CDD</p></a>"
        )
    });
    check(
        Some(LIST),
        &page(&links, ""),
        None,
        4,
        &[("title", "Soudeur à l'arc"), ("place", "Limbé"), ("contract", "CDD")],
    );
    // Articles whose link says "Voir".
    let articles = made(&|n, title| {
        format!(
            "<article><h2>{title}</h2><p>Une offre du chantier naval à pourvoir de suite.</p><a href='/offre/{n}'>Voir l'offre</a></article>"
        )
    });
    check(Some(LIST), &page(&articles, ""), None, 4, &[("title", "Soudeur à l'arc"), ("external_id", "1")]);
}

#[test]
fn json_within_a_page() {
    let next = r#"<!DOCTYPE html><html><body><div id="__next"></div><script id="__NEXT_DATA__" type="application/json">{"props": {"jobs": [{"id": 1, "title": "Soudeur", "city": "Douala"}, {"id": 2, "title": "Maçon", "city": "Kribi"}]}}</script></body></html>"#;
    check(Some(LIST), next, None, 2, &[("title", "Soudeur"), ("place", "Douala")]);
    let posting = |n: u32| {
        format!(
            "{{\"@context\": \"https://schema.org\", \"@type\": \"JobPosting\", \"title\": \"Soudeur {n}\", \"url\": \"https://neuf.cm/{n}\", \"jobLocation\": {{\"@type\": \"Place\", \"address\": {{\"addressCountry\": \"CM\"}}}}}}"
        )
    };
    let page = format!(
        "<!DOCTYPE html><html><body><script type='application/ld+json'>[{},{}]</script></body></html>",
        posting(1),
        posting(2)
    );
    check(
        Some(LIST),
        &page,
        None,
        2,
        &[("title", "Soudeur 1"), ("place", "CM"), ("external_id", "https://neuf.cm/1")],
    );
}
