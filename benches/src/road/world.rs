//! The data: a table, an API and a portal, and the server that all tools request.

#![allow(clippy::format_collect, reason = "pages are made once, before anything is measured")]

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    extract::{Path, Query, State},
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Deserialize;

/// The number of rows of the table.
pub(crate) const ROWS: usize = 100_000;
/// The number of records of the API.
pub(crate) const RECORDS: usize = 50_000;
/// The number of records on one of its pages.
const PAGE: usize = 500;
/// The number of posts of the portal.
pub(crate) const POSTS: usize = 3_000;
/// The number of posts on one of its lists.
const CARDS: usize = 100;

/// The source files.
pub(crate) const SPECS: [(&str, &str); 3] = [
    (
        "liste.toml",
        "name = 'Liste'\nbase_url = 'https://liste.cm'\nrate = '100000/s'\n[streams.offres]\nkind = 'job'\nformat = 'table'\n[streams.offres.fields]\nexternal_id = 'id'\ntitle = 'titre'\norganization = 'entreprise'\nplace = 'ville'\ncontract = 'contrat'\nsalary = 'salaire'\nposted_at = 'date_publication'\ncloses_at = 'date_limite'\ndescription = 'description'\n",
    ),
    (
        "api.toml",
        "name = 'API'\nbase_url = 'https://api.cm'\nrate = '100000/s'\n[streams.offres]\nkind = 'job'\nrequest = { path = '/v1/offres' }\npages = { kind = 'number', param = 'page', first = 1, size = 500, total = '.total' }\nrecords = '.offres[]'\n[streams.offres.fields]\nexternal_id = '.id'\ntitle = '.titre'\norganization = '.entreprise'\nplace = '.ville'\ncontract = '.contrat'\nsalary = '.salaire'\nposted_at = '.date_publication'\ncloses_at = '.date_limite'\ndescription = '.description'\n",
    ),
    (
        "portail.toml",
        "name = 'Portail'\nbase_url = 'https://portail.cm'\nrate = '100000/s'\n[streams.offres]\nkind = 'job'\nformat = 'html'\nrequest = { path = '/jobs/' }\npages = { kind = 'number', param = 'p', first = 0, next = 'a.next' }\nrecords = 'div.card'\n[streams.offres.fields]\nexternal_id = { css = 'a.job-link', attr = 'href', regex = '/emploi/(\\d+)' }\n[streams.offres.detail]\nlink = 'a.job-link'\n[streams.offres.detail.fields]\ntitle = { jsonld = '.title' }\ndescription = { jsonld = '.description' }\norganization = { jsonld = '.hiringOrganization.name' }\nplace = { jsonld = '.jobLocation.address.addressLocality' }\ncontract = { jsonld = '.employmentType' }\nposted_at = { jsonld = '.datePosted' }\ncloses_at = { jsonld = '.validThrough' }\nurl = { page_url = true }\n",
    ),
];

const TOWNS: [&str; 6] = ["Douala", "Yaoundé", "Bafoussam", "Buea", "Garoua", "Kribi"];
const TRADES: [&str; 5] = ["Soudeur", "Comptable", "Chauffeur", "Couturière", "Maçon"];
const TEXT: &str = "Missions variées au sein d'une équipe soudée. Vous assurez le suivi des travaux et rendez compte chaque semaine. Formation assurée à l'arrivée. ";

fn of(list: &[&'static str], n: usize) -> &'static str {
    list.get(n % list.len()).copied().unwrap_or_default()
}

/// Returns the table. In each hundred rows, `changed` have other content.
pub(crate) fn csv(changed: usize) -> String {
    let mut text =
        String::from("id;titre;entreprise;ville;contrat;salaire;date_publication;date_limite;description\n");
    for n in 0..ROWS {
        let note = if n % 100 < changed { "Poste modifié. " } else { "" };
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "R{n:07};{} n° {n} (H/F);Établissements {};{};CDD;{} FCFA / mois;2026-11-02;2027-03-31;{note}{}",
            of(&TRADES, n),
            n % 997,
            of(&TOWNS, n),
            90_000 + n % 500,
            TEXT.repeat(3)
        );
    }
    text
}

fn record(n: usize, changed: usize) -> serde_json::Value {
    let note = if n % 100 < changed { "Poste modifié. " } else { "" };
    serde_json::json!({
        "id": format!("J{n:07}"), "titre": format!("{} n° {n} (H/F)", of(&TRADES, n)), "entreprise": format!("Établissements {}", n % 997),
        "ville": of(&TOWNS, n), "contrat": "CDD", "salaire": format!("{} FCFA / mois", 90_000 + n % 500), "date_publication": "2026-11-02",
        "date_limite": "2027-03-31", "description": format!("{note}{}", TEXT.repeat(3)),
    })
}

/// Returns a page of the portal. Most of it is what portals put around a post.
fn post(n: usize) -> String {
    let posting = serde_json::json!({
        "@context": "https://schema.org", "@type": "JobPosting", "title": format!("{} n° {n} (H/F)", of(&TRADES, n)),
        "description": format!("<p>{}</p>", TEXT.repeat(6)), "datePosted": "2026-11-02", "validThrough": "2027-03-31", "employmentType": "FULL_TIME",
        "hiringOrganization": {"@type": "Organization", "name": format!("Établissements {}", n % 997)},
        "jobLocation": {"@type": "Place", "address": {"@type": "PostalAddress", "addressLocality": of(&TOWNS, n), "addressCountry": "CM"}},
    });
    let around: String = (0..180)
        .map(|at| format!("<li class='menu-{at}'><a href='/categorie/{at}?from={n}' title='Offres de la catégorie {at}'>Catégorie {at}</a> <span class='count'>({})</span></li>\n", at * 7))
        .collect();
    let style = ".card { margin: 0; padding: 1em; border: 1px solid #ccc } ".repeat(200);
    format!(
        "<!DOCTYPE html><html lang='fr'><head><meta charset='utf-8'><title>Offre {n}</title><style>{style}</style><script type=\"application/ld+json\">{posting}</script></head>\
         <body><nav><ul>{around}</ul></nav><main><h1>{} n° {n}</h1><div class='job-description'><p>{}</p></div></main></body></html>",
        of(&TRADES, n),
        TEXT.repeat(6)
    )
}

/// Returns the size of a post's page, in kB.
pub(crate) fn page_kb() -> f64 {
    f64::from(u32::try_from(post(1).len()).unwrap_or(0)) / 1000.0
}

fn list(page: usize) -> String {
    let cards: String = (page * CARDS..((page + 1) * CARDS).min(POSTS))
        .map(|n| {
            format!(
                "<div class='card'><h3><a class='job-link' href='/emploi/{n}'>{} n° {n}</a></h3></div>",
                of(&TRADES, n)
            )
        })
        .collect();
    let next = if (page + 1) * CARDS < POSTS {
        format!("<a class='next' href='/jobs/?p={}'>suivant</a>", page + 1)
    } else {
        String::new()
    };
    format!("<!DOCTYPE html><html><body>{cards}{next}</body></html>")
}

/// The server.
pub(crate) struct World {
    pub(crate) url: String,
    changed: Arc<AtomicUsize>,
}

#[derive(Deserialize)]
struct Asked {
    page: Option<usize>,
    p: Option<usize>,
}

fn html(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], text).into_response()
}

impl World {
    /// Starts it on a free port of the loopback interface.
    pub(crate) async fn start() -> std::io::Result<Self> {
        let changed = Arc::new(AtomicUsize::new(0));
        // Made once, because the server is not measured.
        let posts: Arc<Vec<String>> = Arc::new((0..POSTS).map(post).collect());
        let api = async |State(changed): State<Arc<AtomicUsize>>, Query(asked): Query<Asked>| {
            let page = asked.page.unwrap_or(1).max(1) - 1;
            let changed = changed.load(Ordering::Relaxed);
            let records: Vec<_> =
                (page * PAGE..((page + 1) * PAGE).min(RECORDS)).map(|n| record(n, changed)).collect();
            let body = serde_json::json!({ "total": RECORDS, "offres": records }).to_string();
            ([(header::CONTENT_TYPE, "application/json")], body).into_response()
        };
        let one = move |Path(n): Path<usize>| {
            let posts = Arc::clone(&posts);
            async move { html(posts.get(n).cloned().unwrap_or_default()) }
        };
        let app = Router::new()
            .route("/v1/offres", get(api))
            .route("/jobs/", get(async |Query(asked): Query<Asked>| html(list(asked.p.unwrap_or(0)))))
            .route("/emploi/{n}", get(one))
            .route("/robots.txt", get(async || "User-agent: *\nAllow: /\n"))
            .with_state(Arc::clone(&changed));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}", listener.local_addr()?);
        tokio::spawn(async move { axum::serve(listener, app).await });
        Ok(Self { url, changed })
    }

    /// From now on, so many in a hundred records of the API have other content.
    pub(crate) fn change(&self, changed: usize) {
        self.changed.store(changed, Ordering::Relaxed);
    }
}
