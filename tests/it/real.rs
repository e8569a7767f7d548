//! Real answers of third parties through our pipeline. They are beside the project, not in it; without them, the tests are skipped.

use std::{
    collections::{HashMap, HashSet},
    fmt::Write as _,
    path::{Path, PathBuf},
};

use domain::places::Region;
use normalize::{places::read_places, text::fold};
use replay::CannedResponse;

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

fn canned(content_type: &str, body: Vec<u8>) -> CannedResponse {
    CannedResponse {
        status: 200,
        headers: vec![("content-type".into(), content_type.into())],
        body: body.into(),
    }
}

/// Runs a source, possibly with another source file, and returns what became of its records.
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
    let spec =
        include_str!("../../sources/partners/fne.toml").replace("rate = ", "country = \"FR\"\nrate = ");
    let there = told(&road, "fne", Some(spec)).await;
    insta::assert_snapshot!(format!(
        "by our file, whose places are in Cameroon\n{here}\n\nby the same file with country = \"FR\"\n{there}"
    ));
    let rows = rows_of(&*road.database.store().await).await;
    assert!(rows.iter().all(|row| row["title"].as_str().is_some_and(|title| !title.is_empty())));
    let paid = rows.iter().filter(|row| !row["amount_min"].is_null()).count();
    assert!(paid * 2 > rows.len() / 2, "{paid} of {} rows have an amount", rows.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_live_list_of_emploi_cm_as_the_answer_of_the_portal() {
    let Some(body) = sample("jobs_html/emploi_cm_list_informatique_p1_excerpt.html") else { return };
    let road = Road::new().await;
    road.replay.replace("www.emploicameroun.cm", "/offres", canned("text/html; charset=utf-8", body));
    let whole = told(&road, "emploicameroun", None).await;
    let spec = include_str!("../../sources/partners/emploicameroun.toml");
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

/// Codes of the regions in `GeoNames` (admin1).
const ADMIN1: [(&str, Region); 10] = [
    ("10", Region::Adamaoua),
    ("11", Region::Centre),
    ("12", Region::ExtremeNord),
    ("04", Region::Est),
    ("05", Region::Littoral),
    ("13", Region::Nord),
    ("07", Region::NordOuest),
    ("08", Region::Ouest),
    ("14", Region::Sud),
    ("09", Region::SudOuest),
];

#[test]
fn the_gazetteer_agrees_with_geonames() {
    let Some(body) = sample("gazetteer_codes/geonames_CM_full.txt") else { return };
    let table = include_str!("../../crates/normalize/src/places/cameroon.tsv");
    let mut regions: HashMap<String, HashSet<Region>> = HashMap::new();
    let mut large = Vec::new();
    for line in String::from_utf8(body).unwrap().lines() {
        let cells: Vec<&str> = line.split('\t').collect();
        let Some((_, region)) = ADMIN1.iter().find(|(code, _)| *code == cells[10]) else { continue };
        if !["P", "A"].contains(&cells[6]) {
            continue;
        }
        for name in [cells[1], cells[2]].into_iter().chain(cells[3].split(',')) {
            regions.entry(fold(name)).or_default().insert(*region);
        }
        if cells[6] == "P" && cells[14].parse::<u32>().is_ok_and(|people| people >= 5_000) {
            large.push((cells[1].to_owned(), *region));
        }
    }
    let (mut agree, mut unknown, mut other) = (0, 0, Vec::new());
    for cells in
        table.lines().map(|line| line.split('\t').collect::<Vec<_>>()).filter(|cells| cells[0] == "town")
    {
        let names = cells.get(4).into_iter().flat_map(|others| others.split('|')).chain([cells[1]]);
        let found: HashSet<Region> =
            names.filter_map(|name| regions.get(&fold(name))).flatten().copied().collect();
        match (found.is_empty(), found.contains(&Region::from_code(cells[2]).unwrap())) {
            (true, _) => unknown += 1,
            (_, true) => agree += 1,
            _ => other.push(cells[1]),
        }
    }
    println!("{agree} towns as in GeoNames, {unknown} it does not know, {other:?} it knows elsewhere");
    assert!(agree > 300 && unknown < 50, "{agree} {unknown}");
    // Each of these matches a village of the same name elsewhere, because the seat of the arrondissement is missing there.
    assert!(other.len() <= 5, "{other:?}");
    let reads = |name: &str, region: Region| {
        read_places(name, "CM").is_ok_and(|read| read.places.iter().any(|place| place.region == Some(region)))
    };
    let missed: Vec<&(String, Region)> =
        large.iter().filter(|(name, region)| !reads(name, *region)).collect();
    println!("of {} places of 5,000 people and more not read: {missed:?}", large.len());
    assert!(missed.len() * 20 <= large.len(), "{} of {}: {missed:?}", missed.len(), large.len());
}
