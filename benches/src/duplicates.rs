//! How well duplicates are told apart, and what looking for them costs as rows grow in number.
//!
//! Precision, recall and F1 on both parts of the labelled set; then rows made from it, up to a million of them: keys, and the pairs that
//! share one. Run it with `cargo run --release -p benches --bin duplicates [ROWS]`.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "duplicates/labelled.rs"]
mod labelled;

use std::{
    collections::{BTreeMap, HashMap},
    time::Instant,
};

use dedupe::{Sketch, compare};
use domain::Opportunity;
use labelled::{Pair, Score, part};

/// More rows than this under one key are a template's: the key tells nothing.
const CROWD: usize = 50;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut all = Vec::new();
    for name in ["tune", "held"] {
        let pairs = part(name)?;
        let score = Score::of(&pairs);
        println!(
            "{name}: {} pairs, precision {:.3}, recall {:.3}, F1 {:.3}; blocking brings {:.1} % together",
            pairs.len(),
            score.precision,
            score.recall,
            score.f1(),
            100.0 * score.met
        );
        classes(&pairs);
        all.extend(pairs);
    }
    let most = std::env::args().nth(1).and_then(|rows| rows.parse().ok()).unwrap_or(1_000_000);
    let rows: Vec<&Opportunity> = all.iter().flat_map(|pair| &pair.rows).collect();
    println!("\n      rows  µs a row  pairs a row  compared, same");
    for count in [10_000, 100_000, 1_000_000] {
        if count <= most {
            scale(&rows, count);
        }
    }
    Ok(())
}

/// Classes of which some are told wrong.
fn classes(pairs: &[Pair]) {
    let mut wrong: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for pair in pairs {
        let [a, b] = pair.rows.each_ref().map(Sketch::of);
        let (told, count) = wrong.entry(&pair.why).or_default();
        *told += usize::from(compare(&a, &b).is_same() != pair.same);
        *count += 1;
    }
    for (why, (told, count)) in wrong.into_iter().filter(|(_, (told, _))| *told > 0) {
        println!("    {why:28} {told} of {count} wrong");
    }
}

/// A row of its own made from one of the set: another employer, other words in its text.
fn made(from: &Opportunity, n: usize) -> Opportunity {
    let mut row = from.clone();
    let employer = row.organization.as_deref().unwrap_or("Atelier");
    row.organization = Some(format!("{employer} {}", word(n)));
    row.title = format!("{} {}", row.title, word(n / 7));
    row.description = row.description.map(|text| {
        let words = text.split(' ').enumerate();
        words
            .map(|(at, part)| if at % 5 == 0 { word(n ^ (at * 7_919)) } else { part.to_owned() })
            .collect::<Vec<_>>()
            .join(" ")
    });
    row
}

/// A made-up word for a number.
fn word(n: usize) -> String {
    const PARTS: [&str; 16] =
        ["ba", "ko", "mi", "tu", "ne", "sa", "lo", "fi", "du", "re", "wa", "gi", "po", "ze", "ma", "nu"];
    (0..5).map(|at| PARTS.get((n >> (4 * at)) % 16).copied().unwrap_or_default()).collect()
}

fn scale(rows: &[&Opportunity], count: usize) {
    let begun = Instant::now();
    let mut keys: HashMap<u64, Vec<u32>> = HashMap::new();
    let mut sketches = Vec::new();
    for n in 0..count {
        let Some(from) = rows.get(n % rows.len()) else { continue };
        let sketch = Sketch::of(&made(from, n / rows.len()));
        for key in sketch.keys() {
            keys.entry(key).or_default().push(u32::try_from(n).unwrap_or(u32::MAX));
        }
        // Comparing costs the same at any size: it is done where memory allows.
        if count <= 100_000 {
            sketches.push(sketch);
        }
    }
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    for members in keys.values().filter(|members| members.len() <= CROWD) {
        for (at, one) in members.iter().enumerate() {
            pairs.extend(members.iter().skip(at + 1).map(|other| (*one, *other)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    let compared = pairs.iter().filter_map(|(one, other)| {
        let at = |n: &u32| sketches.get(usize::try_from(*n).ok()?);
        Some(compare(at(one)?, at(other)?).is_same())
    });
    let (mut looked, mut same) = (0_usize, 0_usize);
    compared.for_each(|is_same| {
        looked += 1;
        same += usize::from(is_same);
    });
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let (micros, share) =
        (begun.elapsed().as_secs_f64() * 1e6 / count as f64, pairs.len() as f64 / count as f64);
    println!("{count:>10}  {micros:>8.1}  {share:>11.2}  {looked}, {same}");
}
