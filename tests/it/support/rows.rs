//! What a road has left: rows, points, archive, in a form that two roads can be compared by.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;
use store::Store;

use super::Road;

/// Every opportunity without the columns that tell when and by which run, in order.
pub(crate) async fn rows_of(store: &Store) -> Vec<Value> {
    sqlx::query_scalar(
        "SELECT to_jsonb(o) - '{first_run,changed_run,page,content_at,created_at,updated_at}'::text[]
           FROM ingest.opportunities o ORDER BY source, external_id",
    )
    .fetch_all(store.pool())
    .await
    .unwrap()
}

/// Returns a counter of a run, as commands print it in JSON.
pub(crate) fn count(run: &Value, column: &str) -> i64 {
    run[column].as_i64().unwrap()
}

/// Ids of the open opportunities that the index holds, found by the ledger and asked of the index itself.
pub(crate) async fn points_of(road: &Road) -> BTreeSet<String> {
    let ended = road.bin(&["status", "--points", "--output", "json"]).run().await.expect(0);
    let points = ended.json()["points"].as_array().unwrap().clone();
    points.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Digests of all archived bodies, with how they are named below the run.
pub(crate) fn archive_of(data: &Path) -> BTreeSet<(String, Vec<u8>)> {
    let mut found = BTreeSet::new();
    let mut folders = vec![data.join("data/archive")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "zst") {
                let name = path.file_name().unwrap().to_string_lossy().into_owned();
                let source =
                    path.ancestors().nth(2).unwrap().file_name().unwrap().to_string_lossy().into_owned();
                found.insert((format!("{source}/{name}"), std::fs::read(&path).unwrap()));
            }
        }
    }
    found
}
