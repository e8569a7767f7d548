//! The time of a search.

use std::time::{Duration, Instant};

use chrono::NaiveDate;
use domain::{OpportunityId, SourceSlug};
use normalize::search::asked;
use vectors::{ByWords, EdgeIndex, Embedder as _, Filter, Index as _, Point, Query};

use crate::{Outcome, set::Set};

/// Points that are written at once.
const PART: usize = 1_000;
/// Times that each question is asked.
const ROUNDS: usize = 5;

/// Prints the times of all questions over embedded indexes of so many points, by words alone and with vectors of 1,024 numbers.
pub(crate) async fn run(set: &Set, counts: &[usize]) -> Outcome<()> {
    println!("{:>8}  {:36} {:>8} {:>8} {:>8}", "points", "", "p50", "p95", "most");
    for count in counts {
        for (name, model, dimensions) in
            [("words and categories", ByWords.model(), 0), ("with vectors of 1,024 numbers", "bge-m3", 1_024)]
        {
            let mut times = measure(set, *count, model, dimensions).await?;
            times.sort();
            let at = |share: usize| times.get((times.len() * share / 100).min(times.len() - 1)).copied();
            let shown = |share| at(share).map_or(0.0, |time: Duration| time.as_secs_f64() * 1_000.0);
            println!(
                "{count:>8}  {name:36} {:>5.1} ms {:>5.1} ms {:>5.1} ms",
                shown(50),
                shown(95),
                shown(100)
            );
        }
    }
    Ok(())
}

async fn measure(set: &Set, count: usize, model: &str, dimensions: usize) -> Outcome<Vec<Duration>> {
    let folder = tempfile::tempdir()?;
    let index = EdgeIndex::open(folder.path(), model, dimensions).await?;
    let source = SourceSlug::new("bench")?;
    let mut made = 0;
    while made < count {
        let part = PART.min(count - made);
        let documents: Vec<_> = (made..made + part)
            .filter_map(|at| Some((at, set.rows.get(at % set.rows.len())?.document())))
            .map(|(at, mut document)| {
                document.id = OpportunityId::of(&source, &at.to_string());
                document
            })
            .collect();
        let dense = (made..made + part).map(|at| vector(at, dimensions)).collect();
        index.upsert(Point::all(&documents, dense, 1)?).await?;
        made += part;
    }
    let mut times = Vec::new();
    for round in 0..ROUNDS {
        for (at, question) in set.questions.iter().enumerate() {
            let begun = Instant::now();
            let dense = (dimensions > 0).then(|| vector(at * ROUNDS + round, dimensions));
            let filter = Filter { open_on: NaiveDate::from_ymd_opt(2026, 12, 1), ..Filter::default() };
            let terms = asked(&question.text);
            index.search(Query { terms, dense, filter, limit: 30, share: None, explain: false }).await?;
            times.push(begun.elapsed());
        }
    }
    Ok(times)
}

/// A vector of length one that is another one for each number.
fn vector(number: usize, dimensions: usize) -> Vec<f32> {
    let mut state = u32::try_from(number).unwrap_or_default().wrapping_mul(2_654_435_761).wrapping_add(1);
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        f32::from(u16::try_from(state >> 16).unwrap_or_default()) / 32_768.0 - 1.0
    };
    let numbers: Vec<f32> = (0..dimensions).map(|_| next()).collect();
    let length = numbers.iter().map(|v| v * v).sum::<f32>().sqrt();
    numbers.into_iter().map(|v| v / length).collect()
}
