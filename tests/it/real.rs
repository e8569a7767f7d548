//! Real third-party answers on our road. They lie beside the project, not in it; where they are absent there is nothing to test.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use fixtures::Canned;

use crate::support::{Road, rows_of, skipped};

fn sample(name: &str) -> Option<Vec<u8>> {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/real").join(name);
    let found = std::fs::read(&path).ok();
    if found.is_none() {
        println!("skipped: {} is not here", path.display());
        skipped(&[
            "real__a_live_list_of_emploi_cm_as_the_answer_of_the_portal",
            "real__live_offers_of_france_travail_as_the_answer_of_fne",
        ]);
    }
    found
}

fn canned(content_type: &str, body: Vec<u8>) -> Canned {
    Canned { status: 200, headers: vec![("content-type".into(), content_type.into())], body: body.into() }
}

/// Runs a source, maybe by another partner file, and tells what became of its records.
async fn told(road: &Road, source: &str, spec: Option<String>) -> String {
    let mut args = vec!["ingest", source, "--full", "--output", "json"];
    let folder = road.data().join("specs");
    if let Some(text) = spec {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(format!("{source}.toml")), text).unwrap();
        args.extend(["--sources", folder.to_str().unwrap()]);
    }
    let ended = road.bin(&args).run().await;
    let run = ended.json()[0].clone();
    let mut text = format!("{}: ", run["state"].as_str().unwrap());
    for column in ["pages", "seen", "created", "changed", "unchanged", "rejected", "embedded"] {
        let _ = write!(text, "{column} {} ", run[column]);
    }
    let sum: i64 = ["created", "changed", "unchanged", "rejected"]
        .iter()
        .map(|column| run[*column].as_i64().unwrap())
        .sum();
    assert_eq!(run["seen"].as_i64(), Some(sum), "a record was dropped in silence: {run}");
    let store = road.database.store().await;
    let counts = store.rejection_counts(run["id"].as_str().unwrap().parse().unwrap()).await.unwrap();
    for count in counts {
        let _ = write!(text, "\n{} × {}", count.count, count.code);
    }
    text
}

#[tokio::test(flavor = "multi_thread")]
async fn live_offers_of_france_travail_as_the_answer_of_fne() {
    let Some(body) = sample("jobs_api/france_travail_offres_v2_response.json") else { return };
    let road = Road::new().await;
    road.replay.replace("api.fnecm.org", "/v2/offres/search", canned("application/json", body));
    let here = told(&road, "fne", None).await;
    let spec = include_str!("../../sources/fne.toml").replace("rate = ", "country = \"FR\"\nrate = ");
    let there = told(&road, "fne", Some(spec)).await;
    insta::assert_snapshot!(format!(
        "by our file, whose places are in Cameroon\n{here}\n\nby the same file with country = \"FR\"\n{there}"
    ));
    let rows = rows_of(&*road.database.store().await).await;
    assert!(rows.iter().all(|row| row["title"].as_str().is_some_and(|title| !title.is_empty())));
    let paid = rows.iter().filter(|row| !row["pay_min"].is_null()).count();
    assert!(paid * 2 > rows.len() / 2, "{paid} of {} rows have pay", rows.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_list_of_emploi_cm_as_the_answer_of_the_portal() {
    let Some(body) = sample("jobs_html/emploi_cm_list_informatique_p1_excerpt.html") else { return };
    let road = Road::new().await;
    road.replay.replace("www.emploicameroun.cm", "/offres", canned("text/html; charset=utf-8", body));
    let whole = told(&road, "emploicameroun", None).await;
    let spec = include_str!("../../sources/emploicameroun.toml");
    let cards = spec.split("[streams.offres.detail]").next().unwrap().to_owned();
    let cards = told(&road, "emploicameroun", Some(cards)).await;
    insta::assert_snapshot!(format!(
        "with the pages of the offers, which the portal here does not have\n{whole}\n\nby the cards alone\n{cards}"
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_that_loads_by_script_is_an_alarm() {
    let Some(body) = sample("jobs_html/macarrierepro_list_ci.html") else { return };
    let road = Road::new().await;
    road.replay.replace("www.emploicameroun.cm", "/offres", canned("text/html", body));
    let told = told(&road, "emploicameroun", None).await;
    assert!(told.starts_with("partial: pages 1 seen 0"), "{told}");
}
