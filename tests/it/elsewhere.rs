//! Pages that are not the requested ones, and files whose content differs from their name: rows keep their text.

use std::fmt::Write as _;

use replay::{CannedResponse, MockServer};
use serde_json::Value;

use crate::support::{Road, rows_of, with_partner};

const HOST: &str = "www.partie.cm";

const SPEC: &str = r#"
name = "Pages parties"
base_url = "https://www.partie.cm"
rate = "50/s"
robots = false

[streams.offres]
kind = "job"
format = "sitemap"
request = { path = "/sitemap.xml" }

[streams.offres.fields]
external_id = { path = ".loc", regex = '/emploi/(\w+)' }

[streams.offres.detail]
link = ".loc"

[streams.offres.detail.fields]
title = "h1"
description = ".texte"
url = { page_url = true }
"#;

fn given(status: u16, header: (&str, &str), body: String) -> CannedResponse {
    CannedResponse { status, headers: vec![(header.0.into(), header.1.into())], body: body.into() }
}

fn post(title: &str) -> CannedResponse {
    let body =
        format!("<html><body><h1>{title}</h1><p class=texte>Tisser des étoffes : {title}.</p></body></html>");
    given(200, ("content-type", "text/html; charset=utf-8"), body)
}

fn led(to: &str) -> CannedResponse {
    given(302, ("location", to), String::new())
}

async fn road(spec: &str) -> (Road, MockServer) {
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    with_partner("partie", spec, &behavior, &[]).await
}

async fn ingest(road: &Road) -> Value {
    road.bin(&["ingest", "partie", "--full", "--output", "json"]).run().await.json()[0].clone()
}

/// Returns identifier, status, reason and title of each row.
async fn rows(road: &Road) -> Vec<(String, String, String, String)> {
    let rows = rows_of(&*road.database.store().await).await;
    let word = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let mut rows: Vec<_> = rows
        .iter()
        .map(|row| {
            (word(row, "external_id"), word(row, "status"), word(row, "closed_why"), word(row, "title"))
        })
        .collect();
    rows.sort();
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_leads_elsewhere_keeps_its_row_and_one_that_is_gone_closes_it() {
    let (road, replay) = road(SPEC).await;
    let ids = ["accueil", "bon", "canon", "erreur", "liste", "mou", "parti404", "parti410", "voisin"];
    let mut map = String::from("<urlset>");
    for id in ids {
        write!(map, "<url><loc>https://{HOST}/emploi/{id}</loc></url>").unwrap();
    }
    let map = map + "</urlset>";
    let serve = |pages: Vec<(&str, CannedResponse)>| {
        replay.restore(HOST);
        replay.replace(HOST, "/sitemap.xml", given(200, ("content-type", "application/xml"), map.clone()));
        for id in ids {
            replay.replace(HOST, &format!("/emploi/{id}"), post(&format!("Tisserand {id}")));
        }
        for (path, page) in pages {
            replay.replace(HOST, path, page);
        }
    };
    serve(Vec::new());
    let run = ingest(&road).await;
    assert_eq!((run["state"].as_str(), run["created"].as_i64()), (Some("complete"), Some(9)), "{run}");
    serve(vec![
        ("/bienvenue", post("Bienvenue au portail")),
        ("/offres?expire=1", post("Toutes nos offres")),
        ("/erreur", post("Page perdue")),
        ("/fr/emploi/canon", post("Tisserand canon")),
        ("/emploi/accueil", led("/bienvenue")),
        ("/emploi/liste", led("/offres?expire=1")),
        ("/emploi/erreur", led("/erreur")),
        ("/emploi/voisin", led("/emploi/bon")),
        ("/emploi/canon", led("/fr/emploi/canon")),
        ("/emploi/mou", post("Cette offre n'est plus disponible")),
        ("/emploi/parti404", given(404, ("content-type", "text/plain"), "non".to_owned())),
        ("/emploi/parti410", given(410, ("content-type", "text/plain"), "non".to_owned())),
    ]);
    for (closed, gone) in
        [(1, vec!["parti410"]), (1, vec!["parti404", "parti410"]), (0, vec!["parti404", "parti410"])]
    {
        let run = ingest(&road).await;
        assert_eq!(
            (run["state"].as_str(), run["closed"].as_i64()),
            (Some("complete"), Some(closed)),
            "{run}"
        );
        assert_eq!(run["rejected"].as_i64(), Some(7), "{run}");
        let expected: Vec<_> = ids
            .iter()
            .map(|id| {
                let is_gone = gone.contains(id);
                let (status, why) = if is_gone { ("closed", "partner") } else { ("open", "") };
                ((*id).to_owned(), status.to_owned(), why.to_owned(), format!("Tisserand {id}"))
            })
            .collect();
        assert_eq!(rows(&road).await, expected);
    }
}

const TABLE: &str = r#"
name = "Guillemet ouvert"
base_url = "https://www.partie.cm"
rate = "50/s"
robots = false

[streams.offres]
kind = "job"
format = "table"
fields = { external_id = "Réf", title = "Poste", place = "Ville", description = "Détails" }

[streams.offres.file]
complete = true
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_quote_that_swallows_rows_closes_none_of_them() {
    let (road, _) = road(TABLE).await;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("offres.csv");
    for (stray, state) in [(&[][..], "complete"), (&[14], "partial"), (&[5, 8], "partial"), (&[], "complete")]
    {
        let mut table = String::from("Réf;Poste;Ville;Détails\n");
        for n in 1..=20 {
            let quote = if stray.contains(&n) { "\"" } else { "" };
            writeln!(table, "U{n:02};{quote}Manœuvre n° {n};Douala;Porter des charges au port").unwrap();
        }
        std::fs::write(&path, table).unwrap();
        let args = ["ingest", "partie", "--file", path.to_str().unwrap(), "--output", "json"];
        let run = road.bin(&args).run().await.json()[0].clone();
        assert_eq!((run["state"].as_str(), run["closed"].as_i64()), (Some(state), Some(0)), "{run}");
        assert_eq!(
            run["message"].as_str().is_some_and(|why| why.contains("quote")),
            state == "partial",
            "{run}"
        );
        let rows = rows(&road).await;
        assert_eq!(rows.len(), 20);
        for (id, status, _, title) in rows {
            assert!(status == "open" && title.ends_with(id.trim_start_matches(['U', '0'])), "{id}: {title}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_nul_in_what_is_refused_or_alarming_is_lost_and_nothing_else() {
    let spec = r#"
name = "Nuls"
base_url = "https://www.partie.cm"
rate = "50/s"
robots = false

[streams.offres]
kind = "job"
request = { path = "/a.json" }
records = ".[]"
fields = { external_id = ".id", title = ".t", place = ".p" }

[streams.alarme]
kind = "job"
request = { path = "/b.json" }
records = ".resultats[]"
fields = { external_id = ".id", title = ".t" }
"#;
    let (road, replay) = road(spec).await;
    let json = |body: &str| given(200, ("content-type", "application/json"), body.to_owned());
    let records = r#"[{"id": "a1", "t": "Tailleur"}, {"id": "a2", "t": "Tailleur 2", "p": "Nulle\u0000part"}, {"t": "x\u0000"}]"#;
    replay.replace(HOST, "/a.json", json(records));
    replay.replace(HOST, "/b.json", json(r#"{"erreur\u0000": "x"}"#));
    let run = ingest(&road).await;
    assert_eq!(
        (run["state"].as_str(), run["created"].as_i64(), run["rejected"].as_i64()),
        (Some("partial"), Some(1), Some(2)),
        "{run}"
    );
    assert!(run["message"].as_str().unwrap().contains("`.erreur`"), "{run}");
    let store = road.database.store().await;
    let dead: i64 =
        sqlx::query_scalar("SELECT count(*) FROM queue.dead_letters").fetch_one(store.pool()).await.unwrap();
    assert_eq!(dead, 0);
}
