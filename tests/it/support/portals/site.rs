//! How a source shows a day: its source file, and its pages in four formats.

use std::fmt::Write as _;

use chrono::NaiveDate;
use replay::CannedResponse;
use serde_json::json;

use super::world::{Format, Row, Shape};

/// The day of a source, as it shows it.
#[derive(Debug, Clone)]
pub(crate) struct Day {
    pub(crate) rows: Vec<Row>,
    /// The number of records that the list promises. JSON and XML print it.
    pub(crate) total: usize,
    /// Whether the second page of the list repeats the first.
    pub(crate) repeats_page: bool,
    /// Whether the first page breaks off in the middle.
    pub(crate) is_cut: bool,
    /// Whether day and month are swapped.
    pub(crate) swaps_dates: bool,
}

impl Day {
    pub(crate) fn of(rows: &[Row]) -> Self {
        Self {
            rows: rows.to_vec(),
            total: rows.len(),
            repeats_page: false,
            is_cut: false,
            swaps_dates: false,
        }
    }
}

/// Returns the source file.
pub(crate) fn spec(shape: &Shape) -> String {
    let kind = if shape.is_varied { "job" } else { "microfinance" };
    let stream = match shape.format {
        Format::Html => HTML,
        Format::Json => JSON,
        Format::Csv => CSV,
        Format::Xml => XML,
    };
    let detail = if shape.has_details { DETAIL } else { "" };
    let head = format!(
        "name = \"{}\"\nbase_url = \"https://{}\"\nrate = \"5/s\"\nrobots = false\n[streams.offres]\nkind = \"{kind}\"\n",
        shape.slug,
        shape.host()
    );
    head + &stream.replace("SIZE", &shape.per_page.to_string()) + detail
}

const HTML: &str = r#"format = "html"
request = { path = "/offres" }
pages = { kind = "number", param = "page", first = 1, next = "a.suivant" }
records = "div.offre"
[streams.offres.fields]
external_id = { css = "h3 a", attr = "href", regex = '/(\d+)$' }
title = "h3 a"
organization = ".societe"
place = ".ville"
contract = ".contrat"
salary = ".salaire"
interest = ".taux"
description = ".texte"
posted_at = ".parution"
closes_at = ".limite"
"#;
const DETAIL: &str = r#"[streams.offres.detail]
link = "h3 a"
[streams.offres.detail.fields]
salary = ".salaire"
interest = ".taux"
description = ".texte"
"#;
const JSON: &str = r#"format = "json"
request = { path = "/offres" }
pages = { kind = "number", param = "page", first = 1, size = SIZE, total = ".total" }
records = ".offres[]"
[streams.offres.fields]
external_id = ".id"
title = ".intitule"
organization = ".employeur.nom"
place = ".ville"
contract = ".contrat"
salary = ".salaire"
interest = ".taux"
description = ".texte"
posted_at = ".parution"
closes_at = ".limite"
"#;
const CSV: &str = r#"format = "table"
request = { path = "/export.csv" }
[streams.offres.fields]
external_id = "Code"
title = "Intitulé"
organization = "Employeur"
place = "Ville"
contract = "Contrat"
salary = "Salaire"
interest = "Taux"
description = "Texte"
posted_at = "Parution"
closes_at = "Limite"
"#;
const XML: &str = r#"format = "xml"
request = { path = "/flux" }
pages = { kind = "offset", offset = "debut", limit = "nombre", size = SIZE, total = ".offres.@total" }
records = "offre"
[streams.offres.fields]
external_id = ".@id"
title = ".intitule"
organization = ".employeur"
place = ".ville"
contract = ".contrat"
salary = ".salaire"
interest = ".taux"
description = ".texte"
posted_at = ".parution"
closes_at = ".limite"
"#;

/// Returns all answers of a day, by path and query.
pub(crate) fn answers(shape: &Shape, day: &Day) -> Vec<(String, CannedResponse)> {
    let per_page = if shape.format == Format::Csv { day.rows.len().max(1) } else { shape.per_page };
    let mut pages: Vec<&[Row]> = day.rows.chunks(per_page).collect();
    // The page after the last exists and is empty. A crawl meets it if the list promises more than it has.
    pages.push(&[]);
    let mut answers = Vec::new();
    for (at, rows) in pages.iter().enumerate() {
        let goes_on = pages.get(at + 1).is_some_and(|next| !next.is_empty());
        let shown = if day.repeats_page && at == 1 { pages[0] } else { *rows };
        let (target, kind, mut body) = match shape.format {
            Format::Html => html(shape, day, shown, at, goes_on),
            Format::Json => json(day, shown, at),
            Format::Csv if at > 0 => continue,
            Format::Csv => csv(day, shown),
            Format::Xml => xml(shape, day, shown, at),
        };
        if day.is_cut && at == 0 {
            let middle = (body.len() / 2..body.len()).find(|&at| body.is_char_boundary(at)).unwrap_or(0);
            body.truncate(middle);
        }
        answers.push((target, answer(kind, body)));
    }
    if shape.has_details {
        answers.extend(day.rows.iter().map(detail));
    }
    answers
}

/// Returns an answer of status 200.
pub(crate) fn answer(kind: &str, body: String) -> CannedResponse {
    CannedResponse {
        status: 200,
        headers: vec![("content-type".to_owned(), kind.to_owned())],
        body: body.into(),
    }
}

fn date(day: &Day, format: Format, date: Option<NaiveDate>) -> String {
    let pattern = match (format, day.swaps_dates) {
        (Format::Html | Format::Csv, false) => "%d/%m/%Y",
        (Format::Html | Format::Csv, true) => "%m/%d/%Y",
        (_, false) => "%Y-%m-%d",
        (_, true) => "%Y-%d-%m",
    };
    date.map(|date| date.format(pattern).to_string()).unwrap_or_default()
}

fn html(shape: &Shape, day: &Day, rows: &[Row], at: usize, goes_on: bool) -> (String, &'static str, String) {
    let mut page = String::from(
        "<!DOCTYPE html><html lang=fr><head><title>Offres</title></head><body><h1>Offres</h1>\n",
    );
    for row in rows {
        let _ = write!(page, "<div class=offre><h3><a href=/offre/{}>{}</a></h3>", row.id, row.title);
        let own = |text: &str| if shape.has_details { String::new() } else { text.to_owned() };
        for (class, text) in [
            ("societe", row.employer.clone()),
            ("ville", row.place.clone()),
            ("contrat", row.contract.clone()),
            ("parution", date(day, shape.format, Some(row.posted))),
            ("limite", date(day, shape.format, row.closes)),
            ("salaire", own(&row.salary)),
            ("taux", own(&row.interest)),
            ("texte", own(&row.text)),
        ] {
            if !text.is_empty() {
                let _ = write!(page, "<p class={class}>{text}</p>");
            }
        }
        page.push_str("</div>\n");
    }
    if goes_on {
        let _ = write!(page, "<a class=suivant href=/offres?page={}>suivant</a>", at + 2);
    }
    (
        format!("/offres?page={}", at + 1),
        "text/html; charset=utf-8",
        page + "<footer>Contact</footer></body></html>",
    )
}

fn detail(row: &Row) -> (String, CannedResponse) {
    let body = format!(
        "<!DOCTYPE html><html lang=fr><body><h1>{}</h1><p class=salaire>{}</p><p class=taux>{}</p><p class=texte>{}</p></body></html>",
        row.title, row.salary, row.interest, row.text
    );
    (format!("/offre/{}", row.id), answer("text/html; charset=utf-8", body))
}

fn json(day: &Day, rows: &[Row], at: usize) -> (String, &'static str, String) {
    let word = |text: &str| if text.is_empty() { json!(null) } else { json!(text) };
    let offers: Vec<_> = rows
        .iter()
        .map(|row| {
            json!({
                "id": row.id, "intitule": word(&row.title), "employeur": { "nom": word(&row.employer) },
                "ville": word(&row.place), "contrat": word(&row.contract), "salaire": word(&row.salary),
                "taux": word(&row.interest), "texte": word(&row.text),
                "parution": date(day, Format::Json, Some(row.posted)),
                "limite": word(&date(day, Format::Json, row.closes)),
            })
        })
        .collect();
    let body = json!({ "total": day.total, "offres": offers });
    (format!("/offres?page={}", at + 1), "application/json", body.to_string())
}

fn csv(day: &Day, rows: &[Row]) -> (String, &'static str, String) {
    let mut table =
        String::from("Code;Intitulé;Employeur;Ville;Contrat;Salaire;Taux;Parution;Limite;Texte\n");
    for row in rows {
        let fields = [
            row.id.clone(),
            row.title.clone(),
            row.employer.clone(),
            row.place.clone(),
            row.contract.clone(),
            row.salary.clone(),
            row.interest.clone(),
            date(day, Format::Csv, Some(row.posted)),
            date(day, Format::Csv, row.closes),
            format!("\"{}\"", row.text),
        ];
        table.push_str(&fields.join(";"));
        table.push('\n');
    }
    ("/export.csv".to_owned(), "text/csv; charset=utf-8", table)
}

fn xml(shape: &Shape, day: &Day, rows: &[Row], at: usize) -> (String, &'static str, String) {
    let mut feed = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<offres total=\"{}\">\n", day.total);
    for row in rows {
        let _ = write!(feed, "<offre id=\"{}\">", row.id);
        for (name, text) in [
            ("intitule", row.title.clone()),
            ("employeur", row.employer.clone()),
            ("ville", row.place.clone()),
            ("contrat", row.contract.clone()),
            ("salaire", row.salary.clone()),
            ("taux", row.interest.clone()),
            ("parution", date(day, Format::Xml, Some(row.posted))),
            ("limite", date(day, Format::Xml, row.closes)),
            ("texte", row.text.clone()),
        ] {
            if !text.is_empty() {
                let _ = write!(feed, "<{name}>{text}</{name}>");
            }
        }
        feed.push_str("</offre>\n");
    }
    let size = shape.per_page;
    (format!("/flux?nombre={size}&debut={}", at * size), "application/xml", feed + "</offres>\n")
}
