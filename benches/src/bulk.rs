//! The bulk path next to a plain COPY, in one run on one PostgreSQL.
//!
//! 100,000 records in pages of 150, in FNE's format, are decoded, mapped, normalized and loaded; then again unchanged, then with
//! three in a hundred changed. The reference is a COPY of the finished rows into a table of the same columns, constraints and
//! indexes, without triggers. Run it with `cargo run --release -p benches --bin bulk [RECORDS]`.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{Opportunity, RunId, StreamName};
use futures::StreamExt as _;
use local_postgres::{Cluster, Durability, create_database};
use normalize::Context;
use serde_json::{Value, json};
use sources::{Catalog, Page, Response, Role, Spec};
use store::{Origin, SourceRow, Store};
use uuid::Uuid;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The number of records in one answer.
const PAGE: usize = 150;

#[tokio::main]
async fn main() -> Outcome<()> {
    let records: usize = std::env::args().nth(1).map_or(Ok(100_000), |n| n.parse())?;
    let folder = tempfile::Builder::new().prefix("oim-bench-").tempdir()?;
    let cluster = Cluster::start(folder.path(), Durability::Safe).await?;
    create_database(&cluster.url("postgres"), "bench").await?;
    let store = Store::connect(&cluster.url("bench"), 4).await?;
    store.migrate().await?;
    let catalog = Catalog::builtin()?;
    let spec = catalog.get(&"fne".parse()?).ok_or("no FNE")?;
    register(&store, spec).await?;

    println!("{records} records, PostgreSQL {}, fsync on", cluster.version());
    let first = pages(records, 0);
    let bytes: usize = first.iter().map(Vec::len).sum();
    println!("{:.0} MB of JSON, {} bytes a record\n", to_f64(bytes) / 1e6, bytes / records.max(1));

    let read = decode(spec, &first)?;
    let base = memory_mb();
    let load = road(&store, spec, &first, 0).await?;
    let again = road(&store, spec, &first, 1).await?;
    let changed = road(&store, spec, &pages(records, 3), 2).await?;
    let peak = memory_mb();
    let copy = copy(&store).await?;

    let rate = |took: Duration| to_f64(records) / took.as_secs_f64();
    println!("{:34} {:>10} {:>12} {:>14}", "", "seconds", "records/s", "of plain COPY");
    for (what, took) in [
        ("plain COPY, the reference", copy),
        ("decode, map, normalize alone", read),
        ("whole path, first load", load),
        ("whole path, all unchanged", again),
        ("whole path, 3 in 100 changed", changed),
    ] {
        println!(
            "{what:34} {:>10.2} {:>12.0} {:>13.0} %",
            took.as_secs_f64(),
            rate(took),
            100.0 * rate(took) / rate(copy)
        );
    }
    println!(
        "\npeak memory of this process {peak:.0} MB; {base:.0} MB of it held the pages before loading began"
    );
    Ok(())
}

async fn register(store: &Store, spec: &Spec) -> Outcome<()> {
    let row = SourceRow {
        slug: spec.slug.clone(),
        name: spec.name.clone(),
        spec_version: spec.version.clone(),
        offers_itself: spec.offers_itself,
        quiet_hours: Vec::new(),
        daily_requests: None,
        rate: spec.rate,
        enabled: true,
        streams: vec!["offres".to_owned()],
        fetch_at_once: 1,
        read_at_once: 1,
    };
    Ok(store.register_sources(&[row]).await?)
}

/// Returns pages in FNE's format. In each hundred records, `changed` have other content.
fn pages(records: usize, changed: usize) -> Vec<Vec<u8>> {
    const TOWNS: [&str; 6] = ["Douala", "Yaoundé", "Bafoussam", "Buea", "Garoua", "Kribi"];
    const TRADES: [&str; 5] = ["Soudeur", "Comptable", "Chauffeur", "Couturière", "Maçon"];
    let pick = |list: &[&str], n: usize| list.get(n % list.len()).copied().unwrap_or_default().to_owned();
    let record = |n: usize| {
        let note = if n % 100 < changed { "Poste modifié. " } else { "" };
        json!({
            "id": format!("B{n:07}"),
            "intitule": format!("{} n° {n} (H/F)", pick(&TRADES, n)),
            "description": format!("{note}Nous recherchons pour notre site de {} une personne sérieuse et disponible. {}", pick(&TOWNS, n), "Missions variées, équipe soudée, formation assurée. ".repeat(12)),
            "dateCreation": "2026-11-02T08:30:00.000Z",
            "lieuTravail": {"libelle": pick(&TOWNS, n), "latitude": 4.05, "longitude": 9.7},
            "entreprise": {"nom": format!("Établissements {}", n % 997)},
            "typeContrat": "CDD", "typeContratLibelle": "CDD - 12 Mois",
            "salaire": {"libelle": format!("Mensuel de {}.0 FCFA à {}.0 FCFA sur 12.0 mois", 90_000 + n % 500, 180_000 + n % 500)},
            "experienceLibelle": "2 An(s)", "nombrePostes": 1 + n % 3,
            "formations": [{"niveauLibelle": "Bac+2 ou équivalents"}],
            "origineOffre": {"urlOrigine": format!("https://www.fnecm.org/offres/B{n:07}")},
        })
    };
    let all: Vec<usize> = (0..records).collect();
    all.chunks(PAGE)
        .map(|page| {
            json!({"resultats": page.iter().map(|n| record(*n)).collect::<Vec<Value>>()})
                .to_string()
                .into_bytes()
        })
        .collect()
}

/// Runs stages 4 and 5 of the pipeline.
fn read_page(spec: &Spec, body: &[u8], fetched_at: DateTime<Utc>) -> Outcome<Vec<Opportunity>> {
    let stream = StreamName::new("offres")?;
    let url = "https://api.fnecm.org/v2/offres/search".parse()?;
    let page = Page::new(&stream, Role::List, &url, Response { status: 206, ..Response::of_body(body) });
    let context = Context {
        source: spec.slug.clone(),
        stream: stream.clone(),
        country: spec.country.clone(),
        hosts: Vec::new(),
        fetched_at,
    };
    let drafts = spec.read(&page).drafts.into_iter();
    drafts
        .map(|draft| {
            normalize::normalize(draft, &context).map_err(|refused| refused.reason.to_string().into())
        })
        .collect()
}

fn decode(spec: &Spec, pages: &[Vec<u8>]) -> Outcome<Duration> {
    let begun = Instant::now();
    for body in pages {
        let read = read_page(spec, body, Utc::now())?;
        std::hint::black_box(read);
    }
    Ok(begun.elapsed())
}

/// Runs stages 4 to 7 of the pipeline, page by page, with a transaction for each.
async fn road(store: &Store, spec: &Spec, pages: &[Vec<u8>], day: i64) -> Outcome<Duration> {
    let fetched_at = Utc::now() + TimeDelta::days(day);
    let origin = Origin { run: RunId::from(Uuid::now_v7()), page: None, fetched_at, replaces_newer: false };
    let begun = Instant::now();
    for body in pages {
        store.load(&origin, &read_page(spec, body, fetched_at)?).await?;
    }
    Ok(begun.elapsed())
}

/// Copies the loaded rows to a table of the same shape without triggers, by a plain COPY.
async fn copy(store: &Store) -> Outcome<Duration> {
    let mut connection = store.pool().acquire().await?;
    let mut text = Vec::new();
    {
        let mut rows = connection.copy_out_raw("COPY ingest.opportunities TO STDOUT").await?;
        while let Some(chunk) = rows.next().await {
            text.extend_from_slice(&chunk?);
        }
    }
    sqlx::query("CREATE TABLE reference (LIKE ingest.opportunities INCLUDING ALL)")
        .execute(&mut *connection)
        .await?;
    let begun = Instant::now();
    let mut sink = connection.copy_in_raw("COPY reference FROM STDIN").await?;
    for chunk in text.chunks(1 << 20) {
        sink.send(chunk).await?;
    }
    sink.finish().await?;
    Ok(begun.elapsed())
}

/// Returns the largest resident memory of this process so far (`VmHWM` of Linux), in MB.
fn memory_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let kb: String = line.chars().filter(char::is_ascii_digit).collect();
    kb.parse::<f64>().unwrap_or(0.0) / 1024.0
}

#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn to_f64(count: usize) -> f64 {
    count as f64
}
