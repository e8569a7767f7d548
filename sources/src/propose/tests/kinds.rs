//! Kinds of lists: names of several words, amounts in parts, paging, links, labels, lists without links, odd documents.

use super::{
    shapes::{DETAIL, LIST, check, made, page},
    *,
};

fn proposed(url: Option<&str>, headers: &[(&str, &str)], body: &str) -> Result<String, String> {
    let slug: SourceSlug = "neuf".parse().unwrap();
    let url: Option<Url> = url.map(|url| url.parse().unwrap());
    let headers: Vec<(String, String)> =
        headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    propose(&Answer {
        slug: &slug,
        url: url.as_ref(),
        headers: &headers,
        body: body.as_bytes(),
        detail: None,
    })
}

#[test]
fn names_of_several_words() {
    check(
        Some(LIST),
        r#"{"lesPostes": [{"posteRef": "W-1", "designationPoste": "Grutier", "nomRecruteur": "Port de Kribi", "communeTravail": "Kribi", "natureEngagement": "CDD", "dateMiseEnLigne": "2026-11-04", "echeanceDepot": "2026-12-20", "DescriptifEmploi": "Conduire la grue", "codePostal": "237"},
            {"posteRef": "W-2", "designationPoste": "Pointeur", "nomRecruteur": "Port de Kribi", "communeTravail": "Kribi", "natureEngagement": "CDI", "dateMiseEnLigne": "2026-11-05", "echeanceDepot": "2026-12-21", "DescriptifEmploi": "Compter les colis", "codePostal": "237"}]}"#,
        None,
        2,
        &[
            ("external_id", "W-1"),
            ("title", "Grutier"),
            ("organization", "Port de Kribi"),
            ("place", "Kribi"),
            ("contract", "CDD"),
            ("posted_at", "2026-11-04"),
            ("closes_at", "2026-12-20"),
            ("description", "Conduire la grue"),
        ],
    );
    check(
        None,
        "ad_number,jobname,hiring_firm,duty_town,publisheddate,expirydate,type\n7,Rigger,Port,Limbe,2026-11-04,2026-12-20,CDD\n8,Tallyman,Port,Limbe,2026-11-05,2026-12-21,CDI\n",
        None,
        2,
        &[("title", "Rigger"), ("place", "Limbe"), ("closes_at", "2026-12-20"), ("contract", "CDD")],
    );
}

#[test]
fn amounts_in_parts() {
    check(
        Some(LIST),
        r#"[{"uid": 1, "id": 1, "title": "Grutier", "pay_from": 180000, "pay_to": 240000, "pay_currency": "XAF", "pay_period": "MONTH"},
            {"uid": 2, "id": 2, "title": "Pointeur", "pay_from": 90000, "pay_to": 120000, "pay_currency": "XAF", "pay_period": "MONTH"}]"#,
        None,
        2,
        &[("salary", "180000 - 240000 XAF MONTH")],
    );
    check(
        Some(LIST),
        r#"[{"id": 1, "title": "Grutier", "remuneration": {"minimum": 180000, "maximum": 240000, "devise": "XAF", "periode": "mois"}},
            {"id": 2, "title": "Pointeur", "remuneration": {"minimum": 90000, "maximum": 120000, "devise": "XAF", "periode": "mois"}}]"#,
        None,
        2,
        &[("salary", "180000 - 240000 XAF mois")],
    );
    let text = check(
        Some("https://neuf.cm/prets/loans"),
        r#"[{"id": 4, "name": "Crédit campagne", "principal": 300000, "minPrincipal": 100000, "maxPrincipal": 900000, "currency": {"code": "XAF", "name": "CFA"}, "numberOfRepayments": 9, "repaymentEvery": 1, "repaymentFrequencyType": {"id": 2, "value": "Months"}, "annualInterestRate": 14},
            {"id": 5, "name": "Crédit école", "principal": 100000, "minPrincipal": 50000, "maxPrincipal": 200000, "currency": {"code": "XAF", "name": "CFA"}, "numberOfRepayments": 6, "repaymentEvery": 1, "repaymentFrequencyType": {"id": 2, "value": "Months"}, "annualInterestRate": 12}]"#,
        None,
        2,
        &[("salary", "100000 - 900000 XAF"), ("duration", "9 Months"), ("interest", "14")],
    );
    assert!(text.contains("kind = \"microfinance\""), "{text}");
    let posting = |n: u32| {
        format!(
            r#"{{"@type": "JobPosting", "title": "Grutier {n}", "url": "https://neuf.cm/{n}", "baseSalary": {{"@type": "MonetaryAmount", "currency": "XAF", "value": {{"@type": "QuantitativeValue", "minValue": 180000, "maxValue": 240000, "unitText": "MONTH"}}}}}}"#
        )
    };
    let page = format!(
        "<!DOCTYPE html><html><body><script type='application/ld+json'>[{},{}]</script></body></html>",
        posting(1),
        posting(2)
    );
    check(Some(LIST), &page, None, 2, &[("salary", "180000 - 240000 XAF MONTH")]);
}

const TWO: &str = r#"[{"id": 1, "title": "Grutier"}, {"id": 2, "title": "Pointeur"}]"#;

#[test]
fn paging_of_apis() {
    let of = |url: &str, headers: &[(&str, &str)], body: &str| proposed(Some(url), headers, body).unwrap();
    let has = |text: &str, line: &str| assert!(text.contains(line), "{line}\n{text}");
    let header =
        [("link", "<https://neuf.cm/posts?p=2>; rel=\"next\", <https://neuf.cm/posts?p=9>; rel=\"last\"")];
    has(&of("https://neuf.cm/posts", &header, TWO), "pages = { kind = \"link_header\" }");
    has(
        &of("https://neuf.cm/v1?start=0&rows=2", &[], &format!("{{\"found\": 40, \"docs\": {TWO}}}")),
        "pages = { kind = \"offset\", offset = \"start\", limit = \"rows\", size = 2, total = \".found\" }",
    );
    has(
        &of(
            "https://neuf.cm/v1?pg=1&page_size=2",
            &[],
            &format!("{{\"totalPages\": 20, \"nbTotal\": 40, \"docs\": {TWO}}}"),
        ),
        "pages = { kind = \"number\", param = \"pg\", first = 1, size = 2, size_param = \"page_size\", total = \".nbTotal\" }",
    );
    let spring = format!(
        "{{\"content\": {TWO}, \"number\": 0, \"size\": 2, \"totalPages\": 20, \"totalElements\": 40, \"last\": false}}"
    );
    has(&of("https://neuf.cm/v1", &[], &spring), "param = \"page\", first = 0, total = \".totalElements\" }");
    let relay = format!(
        "{{\"data\": {{\"posts\": {{\"nodes\": {TWO}, \"pageInfo\": {{\"hasNextPage\": true, \"startCursor\": \"a\", \"endCursor\": \"b\"}}}}}}}}"
    );
    has(
        &of("https://neuf.cm/graphql", &[], &relay),
        "param = \"after\", cursor = \".data.posts.pageInfo | select(.hasNextPage == true) | .endCursor\"",
    );
    let always = format!(
        "{{\"total\": 5, \"results\": {TWO}, \"_links\": {{\"self\": \"/v1\", \"next\": \"/v1?offset=2\"}}}}"
    );
    has(&of("https://neuf.cm/v1", &[], &always), "link = \"._links.next\", total = \".total\" }");
    // The number of records on the page is not a total.
    let counted = format!("{{\"count\": 2, \"results\": {TWO}, \"next\": \"https://neuf.cm/v1?page=2\"}}");
    has(&of("https://neuf.cm/v1", &[], &counted), "link = \".next\" }");
    let rels = format!(
        "{{\"items\": {TWO}, \"links\": [{{\"rel\": \"self\", \"href\": \"/v1\"}}, {{\"rel\": \"next\", \"href\": \"/v1?x=2\"}}]}}"
    );
    has(&of("https://neuf.cm/v1", &[], &rels), "link = '.links[] | select(.rel == \"next\") | .href' }");
}

#[test]
fn paging_of_pages_never_goes_back() {
    let list = format!(
        "<ul id='liste'>{}</ul>",
        made(&|n, title| format!("<li><a href='/offre/{n}'>{title}</a> - Douala, le {n} novembre 2026</li>"))
    );
    let of = |next: &str| proposed(Some(LIST), &[], &page(&list, next)).unwrap();
    let text = of("<div class='nums'><b>1</b> <a href='?pg=2'>2</a> <a href='?pg=2'>Suivant »</a></div>");
    assert!(text.contains("kind = \"number\", param = \"pg\", first = 1"), "{text}");
    let text = of("<div class='nums'><b>1</b> <a href='?page=1'>2</a> <a href='?page=2'>3</a></div>");
    assert!(text.contains("kind = \"number\", param = \"page\", first = 0"), "{text}");
    let text = of("<div class='nums'><a aria-label='Page suivante' href='/offres/p/2'>›</a></div>");
    assert!(text.contains("link = \"a[aria-label='Page suivante']\""), "{text}");
    let text = of(
        "<div class='nums'><span class='current'>1</span><a href='/offres/p/2'>2</a><a href='/offres/p/2'>›</a></div>",
    );
    assert!(text.contains("link = \"span.current + a\""), "{text}");
}

#[test]
fn an_address_is_a_page_for_people() {
    let api = r#"{"items": [{"id": "1", "title": "Grutier", "city": "Kribi", "_links": {"self": {"href": "https://neuf.cm/api/1"}, "web": {"href": "https://neuf.cm/poste/1"}}},
        {"id": "2", "title": "Pointeur", "city": "Kribi", "_links": {"self": {"href": "https://neuf.cm/api/2"}, "web": {"href": "https://neuf.cm/poste/2"}}}]}"#;
    check(Some(LIST), api, None, 2, &[("url", "https://neuf.cm/poste/1"), ("title", "Grutier")]);
    let own = r#"{"items": [{"id": "1", "title": "Grutier", "links": {"self": "https://neuf.cm/api/1"}}, {"id": "2", "title": "Pointeur", "links": {"self": "https://neuf.cm/api/2"}}]}"#;
    let text = check(Some(LIST), own, None, 2, &[("title", "Grutier")]);
    assert!(!text.contains("\nurl =") && !text.contains(".detail]"), "{text}");
    let entry = |n: u32| {
        format!(
            "<entry><id>urn:{n}</id><title>Grutier {n}</title><link rel='edit' href='https://neuf.cm/api/{n}'/><link rel='alternate' href='https://neuf.cm/poste/{n}'/><published>2026-11-02T10:00:00Z</published><summary>Court […]</summary><content>Tout le texte du poste</content></entry>"
        )
    };
    let atom = format!(
        "<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><title>F</title><link rel='next' href='https://neuf.cm/a?p=2'/><link rel='self' href='https://neuf.cm/a'/>{}{}</feed>",
        entry(1),
        entry(2)
    );
    let text = check(
        Some("https://neuf.cm/a"),
        &atom,
        None,
        2,
        &[("url", "https://neuf.cm/poste/1"), ("description", "Tout le texte du poste")],
    );
    assert!(text.contains("partial = true") && text.contains("kind = \"next_link\""), "{text}");
}

#[test]
fn a_page_that_was_not_seen_is_not_read() {
    let list = page(
        &made(&|n, title| {
            format!(
                "<article class='carte'><h2><a href='/poste/{n}'>{title}</a></h2><p>Ville : Kribi</p></article>"
            )
        }),
        "",
    );
    let text = proposed(Some(LIST), &[], &list).unwrap();
    assert!(
        !text.contains(".detail]") && text.contains("url = { css = \"h2 a\", attr = \"href\" }"),
        "{text}"
    );
    let text = check(Some(LIST), &list, Some(DETAIL), 4, &[("contract", "CDI"), ("title", "Soudeur")]);
    assert!(text.contains("[streams.list.detail]"), "{text}");
}

#[test]
fn labels_beside_their_values() {
    let list = page(
        &made(&|n, title| {
            format!("<article class='carte'><h2><a href='/poste/{n}'>{title}</a></h2></article>")
        }),
        "",
    );
    let expected = [
        ("place", "Kribi"),
        ("organization", "Port autonome"),
        ("closes_at", "20/12/2026"),
        ("education", "BEPC"),
    ];
    let pairs = [
        ("Ville d'affectation", "Kribi"),
        ("Employeur", "Port autonome"),
        ("Date de clôture", "20/12/2026"),
        ("Niveau d´études requis", "BEPC"),
    ];
    let body = "<div class='description'><p>Conduire la grue du quai numéro trois, de jour comme de nuit, et en tenir le carnet d'entretien à jour.</p></div>";
    for (open, between, shut) in [
        ("<dt>", "</dt><dd>", "</dd>"),
        (
            "<div class='champ'><div class='champ__libelle'>",
            "</div><div class='champ__valeur'>",
            "</div></div>",
        ),
        ("<p><span class='cle'>", "</span> <span class='val'>", "</span></p>"),
        ("<tr><th>", "</th><td>", "</td></tr>"),
    ] {
        let mut rows = String::new();
        for (label, value) in pairs {
            rows.extend([open, label, between, value, shut]);
        }
        let wrapped = match open {
            "<dt>" => format!("<dl>{rows}</dl>"),
            "<tr><th>" => format!("<table>{rows}</table>"),
            _ => rows,
        };
        let detail = format!("<!DOCTYPE html><html><body><h1>Grutier</h1>{wrapped}{body}</body></html>");
        check(Some(LIST), &list, Some(&detail), 4, &expected);
    }
}

#[test]
fn lists_without_links() {
    let cards = made(&|n, title| {
        format!(
            "<section class='poste' id='poste-90{n}'><h3>{title}</h3><p>Lieu : Edéa</p><p>Clôture : 2{n}/12/2026</p></section>"
        )
    });
    check(
        Some(LIST),
        &page(&cards, ""),
        None,
        4,
        &[
            ("title", "Soudeur à l'arc"),
            ("external_id", "poste-901"),
            ("place", "Edéa"),
            ("closes_at", "21/12/2026"),
        ],
    );
    let rows = made(&|_, title| format!("<tr><td>{title}</td><td>Edéa</td><td>CDI</td></tr>"));
    let table = format!(
        "<table class='avis'><thead><tr><th>Poste</th><th>Localité</th><th>Type</th></tr></thead><tbody>{rows}</tbody></table>"
    );
    check(
        Some(LIST),
        &page(&table, ""),
        None,
        4,
        &[
            ("title", "Soudeur à l'arc"),
            ("external_id", "Soudeur à l'arc"),
            ("place", "Edéa"),
            ("contract", "CDI"),
        ],
    );
    let items = made(&|n, title| {
        format!(
            "<div itemscope itemtype='https://schema.org/JobPosting'><h3 itemprop='title'><a href='/poste/{n}'>{title}</a></h3><meta itemprop='datePosted' content='2026-11-0{n}'><span itemprop='hiringOrganization'>Port</span></div>"
        )
    });
    check(
        Some(LIST),
        &page(&items, ""),
        None,
        4,
        &[("title", "Soudeur à l'arc"), ("posted_at", "2026-11-01"), ("organization", "Port")],
    );
}

#[test]
fn the_record_is_what_repeats() {
    let one = "<annonces source='port'><annonce ref='P-1'><libelle>Grutier</libelle><commune>Kribi</commune></annonce></annonces>";
    let text = check(None, one, None, 1, &[("external_id", "P-1"), ("title", "Grutier")]);
    assert!(text.contains("records = \"annonce\""), "{text}");
    check(
        Some(LIST),
        r#"{"ok": true, "postes": {"k-9041": {"titre": "Grutier", "commune": "Kribi"}, "k-9042": {"titre": "Pointeur", "commune": "Kribi"}}}"#,
        None,
        2,
        &[("external_id", "k-9041"), ("title", "Grutier"), ("place", "Kribi")],
    );
    check(
        Some(LIST),
        r#"{"result": {"fields": [{"name": "REF"}, {"name": "POSTE"}, {"name": "COMMUNE"}], "records": [["P-1", "Grutier", "Kribi"], ["P-2", "Pointeur", "Kribi"]]}}"#,
        None,
        2,
        &[("external_id", "P-1"), ("title", "Grutier"), ("place", "Kribi")],
    );
    for columns in [
        r#"{"ref": ["P-1", "P-2"], "poste": ["Grutier", "Pointeur"], "commune": ["Kribi", "Edéa"]}"#,
        r#"{"ref": {"0": "P-1", "1": "P-2"}, "poste": {"0": "Grutier", "1": "Pointeur"}}"#,
    ] {
        let why = proposed(Some(LIST), &[], columns).unwrap_err();
        assert!(why.contains("columns"), "{why}");
    }
}

#[test]
fn feeds_are_partial_and_a_class_is_no_value() {
    let item = |n: u32| {
        format!(
            "<item><title>Grutier {n}</title><link>https://neuf.cm/poste/{n}</link><guid>g{n}</guid><description>Court […]</description><content:encoded>Tout le texte</content:encoded></item>"
        )
    };
    let rss =
        format!("<rss xmlns:content='x'><channel><title>F</title>{}{}</channel></rss>", item(1), item(2));
    let text = check(Some("https://neuf.cm/rss"), &rss, None, 2, &[("description", "Tout le texte")]);
    assert!(text.contains("partial = true"), "{text}");
    let cards = made(&|n, title| {
        format!(
            "<article class='post status-publish category-metiers'><h2><a href='/poste/{n}'>{title}</a></h2><p>Ville : Kribi</p></article>"
        )
    });
    let text = proposed(Some(LIST), &[], &page(&cards, "")).unwrap();
    assert!(!text.contains("\nstatus =") && !text.contains("\nsector ="), "{text}");
}

#[test]
fn a_course_with_a_price_is_training() {
    let text = proposed(None, &[], "Code;Intitulé;Domaine;Durée;Prix\nA1;Couture;Textile;3 mois;75 000 FCFA\nA2;Froid;Bâtiment;6 mois;90 000 FCFA\n").unwrap();
    assert!(text.contains("kind = \"training\"") && text.contains("salary = \"Prix\""), "{text}");
    let text = proposed(
        None,
        &[],
        "Code;Poste;Niveau de formation;Salaire\nA1;Grutier;BEPC;75 000 FCFA\nA2;Pointeur;CEP;90 000 FCFA\n",
    )
    .unwrap();
    assert!(text.contains("kind = \"job\""), "{text}");
}

#[test]
fn what_is_missing_is_told() {
    let text = proposed(None, &[], "Poste;Ville;Contrat\nGrutier;Kribi;CDI\nPointeur;Edéa;CDD\n").unwrap();
    assert!(
        text.contains("# TODO external_id") && text.contains("parts = [") && text.contains("\"Ville\""),
        "{text}"
    );
    let slug: SourceSlug = "neuf".parse().unwrap();
    let body = b"<!DOCTYPE html><html><body><p>rien</p></body></html>";
    let answer = Answer { slug: &slug, url: None, headers: &[], body, detail: None };
    let why = propose(&answer).unwrap_err();
    assert!(sketch(&answer, &why).contains("# TODO records ="), "{why}");
}
