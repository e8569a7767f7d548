//! The time of a search, and what an index costs to fill and to keep.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::Path,
    time::{Duration, Instant},
};

use chrono::NaiveDate;
use domain::{OpportunityId, SourceSlug};
use normalize::search::asked;
use qdrant_edge::{
    CreateIndex, Distance, EdgeConfig, EdgeShard, EdgeSparseVectorParams, EdgeVectorParams,
    FieldIndexOperations, Modifier, PayloadFieldSchema, PayloadSchemaType, PointId, PointInsertOperations,
    PointOperations, PointStruct, PointStructPersisted, UpdateOperation, Vector, Vectors,
};
use vectors::{ByWords, Document, EdgeIndex, Filter, Index as _, Point, Query, Sparse};

use crate::{Outcome, set::Set};

/// Points that are written at once: as many as a batch of the program.
const PART: usize = 64;
/// Times that each question is asked.
const ROUNDS: usize = 5;
/// Centers that vectors gather around. Those of texts do; vectors spread evenly have no neighbors that a graph could find.
const CENTERS: usize = 500;

/// The payload that an index of the program has indexes for (docs/VECTORS.md).
const KEYWORDS: [&str; 15] = [
    "kind",
    "source",
    "stream",
    "regions",
    "localities",
    "contracts",
    "languages",
    "sector",
    "occupation",
    "audiences",
    "education",
    "working_time",
    "amount_kind",
    "cluster",
    "house",
];
const NUMBERS: [&str; 4] = ["closes_by", "closes_day", "ends_day", "version"];
const FLAGS: [&str; 1] = ["canonical"];

/// Prints the times of all questions over embedded indexes of so many points, by words alone and with vectors of 1,024 numbers, and
/// what the indexes cost.
pub(crate) async fn run(set: &Set, counts: &[usize]) -> Outcome<()> {
    println!("opportunities of the demo, repeated; vectors are made up, in {CENTERS} groups\n");
    for count in counts {
        for (name, model, dimensions) in
            [("words and categories", ByWords::MODEL, 0), ("with vectors of 1,024 numbers", "bge-m3", 1_024)]
        {
            println!("{count} points, {name}");
            measure(set, *count, model, dimensions).await?;
        }
    }
    Ok(())
}

async fn measure(set: &Set, count: usize, model: &str, dimensions: usize) -> Outcome<()> {
    let folder = tempfile::tempdir()?;
    let before = resident();
    let index = EdgeIndex::open(folder.path(), model, dimensions).await?;
    let (mut making, mut writing) = (Duration::ZERO, Duration::ZERO);
    for (documents, dense) in parts(set, count, dimensions) {
        let begun = Instant::now();
        let points = Point::all(&documents, dense, 1)?;
        making += begun.elapsed();
        let begun = Instant::now();
        index.upsert(points).await?;
        writing += begun.elapsed();
    }
    let begun = Instant::now();
    index.settle().await?;
    let settling = begun.elapsed();
    let bare = bare(set, count, dimensions)?;
    println!(
        "  written      {:>7.0} points/s ({:.2} of the bare engine's {:.0}), {:.0} with their words; then built in {:.1} s",
        rate(count, writing),
        bare.as_secs_f64() / writing.as_secs_f64(),
        rate(count, bare),
        rate(count, writing + making),
        settling.as_secs_f64()
    );
    println!(
        "  takes        {:>7} bytes a point on disk, {} MB of memory",
        size_of(folder.path()) / u64::try_from(count)?.max(1),
        resident().saturating_sub(before) >> 20
    );
    let (mut times, mut met, mut wanted) = (Vec::new(), 0, 0);
    for round in 0..ROUNDS {
        for (at, question) in set.questions.iter().enumerate() {
            let begun = Instant::now();
            let dense = (dimensions > 0).then(|| vector(at * ROUNDS + round, dimensions));
            let filter = Filter { open_on: NaiveDate::from_ymd_opt(2026, 12, 1), ..Filter::default() };
            let terms = asked(&question.text);
            let query = Query { terms, dense, filter, limit: 30, share: None, explain: false };
            index.search(query.clone()).await?;
            times.push(begun.elapsed());
            if dimensions > 0 && round == 0 && at % 10 == 0 {
                let (some, all) = recalled(&index, count, query).await?;
                met += some;
                wanted += all;
            }
        }
    }
    times.sort();
    let at = |share: usize| times.get((times.len() * share / 100).min(times.len() - 1)).copied();
    let shown = |share| at(share).map_or(0.0, |time: Duration| time.as_secs_f64() * 1_000.0);
    println!("  search       p50 {:.1} ms, p95 {:.1} ms, most {:.1} ms", shown(50), shown(95), shown(100));
    if wanted > 0 {
        println!("  nearest ten  {met} of {wanted} are found");
    }
    Ok(())
}

/// Returns how many of the ten nearest vectors a search by the vector alone finds.
async fn recalled(index: &EdgeIndex, count: usize, query: Query) -> Outcome<(usize, usize)> {
    let dense = query.dense.clone().unwrap_or_default();
    let hits =
        index.search(Query { terms: Vec::new(), filter: Filter::default(), limit: 10, ..query }).await?;
    let source = SourceSlug::new("bench")?;
    let mut near: Vec<(f32, usize)> = (0..count)
        .map(|at| (vector(at, dense.len()).iter().zip(&dense).map(|(a, b)| a * b).sum::<f32>(), at))
        .collect();
    near.sort_by(|left, right| right.0.total_cmp(&left.0));
    let ids: Vec<OpportunityId> =
        near.iter().take(10).map(|(_, at)| OpportunityId::of(&source, &at.to_string())).collect();
    Ok((hits.iter().filter(|hit| ids.contains(&hit.id)).count(), ids.len()))
}

/// The documents and vectors of an index, in parts.
fn parts(set: &Set, count: usize, dimensions: usize) -> impl Iterator<Item = (Vec<Document>, Vec<Vec<f32>>)> {
    let source = SourceSlug::new("bench").ok();
    (0..count).step_by(PART).map(move |from| {
        let numbers = from..(from + PART).min(count);
        let document = |at: usize| {
            let mut document = set.rows.get(at % set.rows.len())?.document();
            document.id = OpportunityId::of(source.as_ref()?, &at.to_string());
            Some(document)
        };
        (numbers.clone().filter_map(document).collect(), numbers.map(|at| vector(at, dimensions)).collect())
    })
}

/// Returns the time in which the bare engine writes the same points, as durably.
fn bare(set: &Set, count: usize, dimensions: usize) -> Outcome<Duration> {
    let folder = tempfile::tempdir()?;
    let sparse = EdgeSparseVectorParams { modifier: Some(Modifier::Idf), ..Default::default() };
    let dense = EdgeVectorParams::builder(dimensions, Distance::Cosine).build();
    let config = EdgeConfig {
        on_disk_payload: true,
        vectors: (dimensions > 0).then(|| ("dense".into(), dense)).into_iter().collect(),
        sparse_vectors: [("bm25".into(), sparse)].into(),
        ..Default::default()
    };
    let engine = EdgeShard::new(folder.path(), config)?;
    let words = KEYWORDS.iter().map(|key| (*key, PayloadSchemaType::Keyword));
    let numbers = NUMBERS.iter().map(|key| (*key, PayloadSchemaType::Integer));
    let flags = FLAGS.iter().map(|key| (*key, PayloadSchemaType::Bool));
    for (key, kind) in words.chain(numbers).chain(flags) {
        let field_name = key.try_into().map_err(|()| "no name of a field")?;
        let field_schema = Some(PayloadFieldSchema::FieldType(kind));
        let create = FieldIndexOperations::CreateIndex(CreateIndex { field_name, field_schema });
        engine.update(UpdateOperation::FieldIndexOperation(create))?;
    }
    let mut spent = Duration::ZERO;
    for (documents, dense) in parts(set, count, dimensions) {
        let points: Vec<PointStructPersisted> = documents
            .iter()
            .zip(dense)
            .map(|(document, dense)| {
                let words = Sparse::of_text(&document.text);
                let words =
                    Vector::new_sparse(words.indices, words.values).map_err(|error| error.to_string())?;
                let dense = (dimensions > 0).then(|| ("dense", Vector::from(dense)));
                let vectors = Vectors::new_named(dense.into_iter().chain([("bm25", words)]));
                let mut payload = serde_json::to_value(&document.payload)?;
                if let Some(map) = payload.as_object_mut() {
                    map.insert("version".to_owned(), 1.into());
                    map.insert("closes_by".to_owned(), 9_999_999.into());
                }
                Ok(PointStruct::new(PointId::Uuid(document.id.uuid()), vectors, payload).into())
            })
            .collect::<Outcome<_>>()?;
        let begun = Instant::now();
        let list = PointInsertOperations::PointsList(points);
        engine.update(UpdateOperation::PointOperation(PointOperations::UpsertPoints(list)))?;
        engine.flush();
        spent += begun.elapsed();
    }
    Ok(spent)
}

#[allow(clippy::cast_precision_loss, reason = "few points")]
fn rate(count: usize, time: Duration) -> f64 {
    count as f64 / time.as_secs_f64()
}

/// Bytes of memory that this process has, files that it maps included.
fn resident() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()).unwrap_or(0) << 10
}

/// Bytes on the disk below a folder, the journal left out.
fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let sizes = entries.map(|entry| match entry.metadata() {
        Ok(found) if found.is_dir() && entry.file_name() != "wal" => size_of(&entry.path()),
        Ok(found) if found.is_file() => found.blocks() * 512,
        _ => 0,
    });
    sizes.sum()
}

/// A vector of length one that is another one for each number, near those of its group.
fn vector(number: usize, dimensions: usize) -> Vec<f32> {
    let (mut own, mut center) = (noise(number + CENTERS), noise(number % CENTERS));
    let numbers: Vec<f32> = (0..dimensions).map(|_| center() + 0.7 * own()).collect();
    let length = numbers.iter().map(|v| v * v).sum::<f32>().sqrt();
    numbers.into_iter().map(|v| v / length).collect()
}

/// Numbers between −1 and 1 (xorshift, Marsaglia 2003).
fn noise(seed: usize) -> impl FnMut() -> f32 {
    let mut state = u32::try_from(seed).unwrap_or_default().wrapping_mul(2_654_435_761).wrapping_add(1);
    move || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f32::from(u16::try_from(state >> 16).unwrap_or_default()) / 32_768.0 - 1.0
    }
}
