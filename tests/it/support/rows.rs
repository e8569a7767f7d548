//! What a pipeline leaves: rows, points and archive, in a form in which two pipelines can be compared.

use std::{collections::BTreeSet, path::Path};

use serde_json::Value;
use store::Store;

use super::Road;

/// Returns all opportunities in order, without the columns for time and run.
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

/// Returns the ids of the points in the index, as the index itself lists them.
pub(crate) async fn points_of(road: &Road) -> BTreeSet<String> {
    let ended = road.bin(&["status", "--points", "--output", "json"]).run().await.expect(0);
    let points = ended.json()["points"].as_array().unwrap().clone();
    points.iter().map(|id| id.as_str().unwrap().to_owned()).collect()
}

/// Returns all archived bodies, with their names below the run.
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
                found.insert((format!("{source}/{name}"), body_of(&path)));
            }
        }
    }
    found
}

/// Returns the body of an archived answer. What the partner sent with it, such as the time, differs from visit to visit.
pub(crate) fn body_of(answer: &Path) -> Vec<u8> {
    zstd::decode_all(std::fs::File::open(answer).unwrap()).unwrap()
}

/// Returns the label of an archived answer: the JSON in the skippable frame before its body.
pub(crate) fn label_of(answer: &Path) -> Value {
    let file = std::fs::read(answer).unwrap();
    let length = u32::from_le_bytes(file[4..8].try_into().unwrap());
    serde_json::from_slice(&file[8..][..usize::try_from(length).unwrap()]).unwrap()
}
