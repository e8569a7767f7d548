//! Everything that a pipeline leaves, in a form in which two pipelines can be compared: without times, and with names instead of ids.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use store::Store;

use crate::support::body_of;

/// Names runs by their order within the source, and pages by their content. A cursor in an address is a time, and is left out.
const NAMES: &str = "WITH run AS (SELECT r.*, r.source || '#' || row_number() OVER (PARTITION BY r.source ORDER BY r.created_at) AS name
                                    FROM ingest.runs r),
     page AS (SELECT p.*, run.name || ' ' || p.stream || ' ' || p.role || ' ' || regexp_replace(p.url, '\\d{4}-\\d\\d-\\d\\dT[^&]+Z', 'TIME') AS name, run.name AS of FROM ingest.pages p JOIN run ON run.id = p.run) ";

/// The parts of the state, and the query for the lines of each.
const PARTS: &[(&str, &str)] = &[
    (
        "rows",
        "SELECT to_jsonb(o) - '{first_run,changed_run,page,content_at,created_at,updated_at,missed_by}'::text[]
             || jsonb_build_object('first', f.name, 'changed', c.name, 'page', p.name, 'missed', m.name)
           FROM ingest.opportunities o LEFT JOIN run f ON f.id = o.first_run LEFT JOIN run c ON c.id = o.changed_run
           LEFT JOIN page p ON p.id = o.page LEFT JOIN run m ON m.id = o.missed_by ORDER BY o.source, o.external_id",
    ),
    (
        "history",
        "SELECT jsonb_build_array(o.source, o.external_id, r.name, c.what, c.fields, c.beside - '{changed_run,content_at,page}'::text[], p.name)
           FROM ingest.changes c JOIN ingest.opportunities o ON o.id = c.opportunity
           LEFT JOIN run r ON r.id = c.run LEFT JOIN page p ON p.id = c.page ORDER BY o.source, o.external_id, c.id",
    ),
    (
        "runs",
        "SELECT jsonb_build_array(r.name, r.mode, r.state, r.covers, r.pages, r.pages_failed, r.seen, r.created, r.changed, r.unchanged,
                                  r.rejected, r.closed, r.doubts, r.decision) FROM run r ORDER BY r.name",
    ),
    (
        "pages",
        "SELECT jsonb_build_array(p.name, p.state, p.status, encode(p.sha256, 'hex'), p.records, p.created, p.changed, p.unchanged, p.rejected,
                                  p.staged, p.announced, p.parts, p.take, p.promised, p.alarm, p.notes,
                                  (SELECT jsonb_agg(s ORDER BY s) FROM unnest(p.seen) s), to_jsonb(p.shown))
           FROM page p ORDER BY p.name, p.ordinal",
    ),
    (
        "rejections",
        "SELECT jsonb_build_array(p.name, x.external_id, x.code, x.detail, x.record) FROM ingest.rejections x JOIN page p ON p.id = x.page
          ORDER BY p.name, x.external_id, x.id",
    ),
    (
        "endings",
        "SELECT jsonb_build_array(r.name, to_jsonb(w) - 'run') FROM ingest.walks w JOIN run r ON r.id = w.run ORDER BY r.name, w.stream",
    ),
    (
        "measures",
        "SELECT jsonb_build_array(r.name, to_jsonb(s) - 'run') FROM ingest.run_streams s JOIN run r ON r.id = s.run ORDER BY r.name, s.stream",
    ),
    ("clusters", "SELECT jsonb_build_array(c.opportunity, c.cluster, c.canonical) FROM ingest.clusters c ORDER BY c.opportunity"),
    (
        "ledger",
        "SELECT jsonb_build_array(e.opportunity, e.model, encode(e.fingerprint, 'hex')) FROM ingest.embeddings e ORDER BY e.opportunity",
    ),
    (
        "cursors",
        "SELECT jsonb_build_array(s.source, s.stream, r.name) FROM ingest.streams s
           LEFT JOIN run r ON r.source = s.source AND r.started_at = s.complete_to WHERE s.complete_to IS NOT NULL ORDER BY s.source, s.stream",
    ),
    (
        "validators",
        "SELECT jsonb_build_array(v.source, v.url, v.etag, v.last_modified, encode(v.sha256, 'hex')) FROM ingest.validators v
          ORDER BY v.source, v.url",
    ),
    (
        "left over",
        "SELECT jsonb_build_object('staged', (SELECT count(*) FROM ingest.staged), 'jobs', (SELECT count(*) FROM queue.jobs),
                                   'dead', (SELECT jsonb_agg(reason) FROM queue.dead_letters))",
    ),
];

/// A named part of the state, with its lines.
pub(crate) type State = BTreeMap<&'static str, Vec<Value>>;

/// Returns the state of a database and of its archive.
pub(crate) async fn state_of(store: &Store, archive: &Path) -> State {
    let mut state = State::new();
    for (part, query) in PARTS {
        let lines: Vec<Value> = sqlx::query_scalar(AssertSqlSafe(format!("{NAMES}{query}")))
            .fetch_all(store.pool())
            .await
            .unwrap_or_else(|error| panic!("{part}: {error}"));
        state.insert(part, lines);
    }
    let runs: Vec<(String, String)> =
        sqlx::query_as(AssertSqlSafe(format!("{NAMES}SELECT r.id::text, r.name FROM run r")))
            .fetch_all(store.pool())
            .await
            .unwrap();
    let runs: BTreeMap<String, String> = runs.into_iter().collect();
    state.insert("archive", archived(archive, &runs));
    state
}

/// Returns all archived bodies: run, name and bytes.
fn archived(archive: &Path, runs: &BTreeMap<String, String>) -> Vec<Value> {
    let mut found = BTreeSet::new();
    for path in bodies(archive) {
        let run = path.parent().unwrap().file_name().unwrap().to_string_lossy().into_owned();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        // Another database may have used the archive for earlier days.
        let Some(run) = runs.get(&run).cloned() else { continue };
        found.insert((run, name, body_of(&path)));
    }
    found.into_iter().map(|(run, name, bytes)| json!([run, name, bytes.len(), bytes])).collect()
}

/// Returns the files of all bodies in the archive.
pub(crate) fn bodies(archive: &Path) -> Vec<std::path::PathBuf> {
    let (mut found, mut folders) = (Vec::new(), vec![archive.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "zst") {
                found.push(path);
            }
        }
    }
    found
}

/// Fails if two states differ, and names the part and the first lines that do.
pub(crate) fn assert_same(expected: &State, found: &State, note: &str) {
    for (part, expected) in expected {
        let found = &found[part];
        let lacking: Vec<&Value> = expected.iter().filter(|line| !found.contains(line)).take(3).collect();
        let surplus: Vec<&Value> = found.iter().filter(|line| !expected.contains(line)).take(3).collect();
        assert!(
            expected == found,
            "{note}: {part} differ ({} and {} lines)\nundisturbed: {lacking:#?}\ndisturbed: {surplus:#?}",
            expected.len(),
            found.len()
        );
    }
}
