//! The cost and the result of matching in PostgreSQL as the number of rows grows: loading, sketches, keys, candidates, scores, clusters.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use chrono::TimeDelta;
use domain::{Opportunity, OpportunityId};
use local_postgres::{Cluster, Durability, create_database};
use queue::WorkerId;
use store::{Houses, Origin, SourceRow, Store};
use uuid::Uuid;

use super::labelled::Set;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The number of rows that one transaction loads.
const PART: usize = 2_000;

/// Loads rows made from the sets into an empty database for each count, matches them, and prints what a row costs.
pub(crate) async fn run(sets: &[Set], counts: &[usize]) -> Outcome<()> {
    let folder = tempfile::Builder::new().prefix("oim-bench-").tempdir()?;
    let cluster = Cluster::start(folder.path(), Durability::Safe).await?;
    println!("\n      rows  ms a row, matching  precision  recall  F1");
    for count in counts {
        let name = format!("rows_{count}");
        create_database(&cluster.url("postgres"), &name).await?;
        let store = Store::connect(&cluster.url(&name), 4).await?;
        store.migrate().await?;
        let truth = load(&store, sets, *count).await?;
        let took = matched(&store).await?;
        let (precision, recall) = score(&store, &truth).await?;
        let f1 = 2.0 * precision * recall / (precision + recall);
        #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let each = took.as_secs_f64() * 1e3 / *count as f64;
        println!("{count:>10}  {each:>18.3}  {precision:>9.3}  {recall:>6.3}  {f1:.3}");
    }
    Ok(())
}

/// Loads `count` rows, and returns which opportunity each one is.
async fn load(store: &Store, sets: &[Set], count: usize) -> Outcome<HashMap<Uuid, String>> {
    let all: Vec<(&str, &str, &Opportunity)> = sets
        .iter()
        .flat_map(|set| set.rows.iter().map(|(_, cluster, row)| (set.name.as_str(), cluster.as_str(), row)))
        .collect();
    let mut sources: Vec<&Opportunity> = all.iter().map(|(_, _, row)| *row).collect();
    sources.sort_by(|a, b| a.source.cmp(&b.source));
    sources.dedup_by(|a, b| a.source == b.source);
    let rate = "1/s".parse()?;
    let registered: Vec<SourceRow> = sources
        .iter()
        .map(|row| SourceRow {
            slug: row.source.clone(),
            name: row.source.to_string(),
            spec_version: "0".repeat(64),
            offers_itself: false,
            quiet_hours: Vec::new(),
            daily_requests: None,
            rate,
            enabled: true,
            streams: vec!["offres".to_owned()],
            fetch_at_once: 1,
            read_at_once: 1,
        })
        .collect();
    store.register_sources(&registered).await?;
    let mut truth = HashMap::new();
    let mut rows = Vec::with_capacity(PART);
    for n in 0..count {
        let Some((set, cluster, row)) = all.get(n % all.len()) else { continue };
        let row = variant(row, set, n / all.len());
        truth.insert(row.id.uuid(), format!("{set} {cluster} {}", n / all.len()));
        rows.push(row);
        if rows.len() == PART || n + 1 == count {
            let origin = Origin {
                run: Uuid::now_v7().into(),
                page: None,
                fetched_at: "2026-11-21T10:00:00Z".parse()?,
                replaces_newer: false,
            };
            store.load(&origin, &rows).await?;
            rows.clear();
        }
    }
    Ok(truth)
}

/// Returns a copy by another employer in another season. Two rows of one opportunity stay one.
fn variant(row: &Opportunity, set: &str, n: usize) -> Opportunity {
    let mut made = row.clone();
    made.external_id = format!("{set}-{}-{n}", row.external_id);
    made.id = OpportunityId::of(&made.source, &made.external_id);
    if n == 0 {
        return made;
    }
    let employer = row.organization.clone().unwrap_or_default().to_lowercase();
    let renamed = |part: &str| {
        let bare = part.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
        let sum = bare.bytes().fold(7_usize, |sum, byte| sum.wrapping_mul(31) ^ usize::from(byte));
        let is_own = bare.len() > 3 && employer.contains(&bare);
        if is_own || (sum % 4 == 0 && bare.len() > 4) { word(n ^ sum << 8) } else { part.to_owned() }
    };
    made.organization =
        row.organization.as_deref().map(|name| name.split(' ').map(renamed).collect::<Vec<_>>().join(" "));
    let shift = TimeDelta::days(i64::try_from(n * 37 % 300).unwrap_or_default());
    made.posted_at = row.posted_at.map(|at| at - shift);
    made.closes_on = row.closes_on.map(|day| day - shift);
    let other = |contact: &String| format!("{contact}{n}");
    made.contacts.phones = row.contacts.phones.iter().map(other).collect();
    made.contacts.emails = row.contacts.emails.iter().map(other).collect();
    made.description = row.description.as_deref().map(|text| {
        let changed = text.split(' ').map(|part| {
            let is_code = part.contains(['/', '-']) && part.bytes().any(|byte| byte.is_ascii_digit());
            if is_code { format!("{}{n}", part.trim_end_matches(['.', ','])) } else { renamed(part) }
        });
        changed.collect::<Vec<_>>().join(" ")
    });
    made
}

/// Returns an invented word for a number.
fn word(n: usize) -> String {
    const PARTS: [&str; 16] =
        ["ba", "ko", "mi", "tu", "ne", "sa", "lo", "fi", "du", "re", "wa", "gi", "po", "ze", "ma", "nu"];
    // Neighboring numbers become very different words.
    let n = (n + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
    (0..6).map(|at| PARTS.get((n >> (4 * at)) % 16).copied().unwrap_or_default()).collect()
}

/// Runs the job until nothing waits, and returns how long that took.
async fn matched(store: &Store) -> Outcome<Duration> {
    sqlx::query("SELECT queue.enqueue('match_duplicates', 'match', '{}', 'match_duplicates')")
        .execute(store.pool())
        .await?;
    sqlx::query("ANALYZE").execute(store.pool()).await?;
    let kinds = ["match_duplicates".to_owned()];
    let jobs = store.queue().claim(WorkerId::new(), &kinds, None, 1, None, Duration::from_hours(24)).await?;
    let lease = jobs.first().ok_or("no job")?.lease;
    let mut houses = Houses::default();
    let begun = Instant::now();
    while store.match_some(lease, &mut houses).await? > 0 {}
    Ok(begun.elapsed())
}

/// Returns precision and recall over all pairs of rows.
async fn score(store: &Store, truth: &HashMap<Uuid, String>) -> Outcome<(f64, f64)> {
    let rows: Vec<(Uuid, Uuid)> =
        sqlx::query_as("SELECT opportunity, cluster FROM ingest.clusters").fetch_all(store.pool()).await?;
    let pairs =
        |sizes: HashMap<String, usize>| sizes.values().map(|size| size * (size - 1) / 2).sum::<usize>();
    let sizes = |names: &mut dyn Iterator<Item = String>| {
        let mut sizes: HashMap<String, usize> = HashMap::new();
        names.for_each(|name| *sizes.entry(name).or_default() += 1);
        sizes
    };
    let own = |id: &Uuid| truth.get(id).cloned().unwrap_or_default();
    let called = pairs(sizes(&mut rows.iter().map(|(_, cluster)| cluster.to_string())));
    let right = pairs(sizes(&mut rows.iter().map(|(id, cluster)| format!("{cluster} {}", own(id)))));
    let same = pairs(sizes(&mut truth.values().cloned()));
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    Ok((right as f64 / called.max(1) as f64, right as f64 / same.max(1) as f64))
}
