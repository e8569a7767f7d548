//! Measures duplicate detection.
//!
//! Precision, recall and F1 on labelled pairs and on sets by other people, then the cost of matching in PostgreSQL. Run it with
//! `cargo run --release -p benches --bin duplicates [--errors] [--rows=10000,100000] [FOLDER…]`; `--errors` prints each wrong pair with
//! its evidence.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "duplicates/labelled.rs"]
mod labelled;
#[path = "duplicates/measure.rs"]
mod measure;
#[path = "duplicates/scale.rs"]
mod scale;

use std::collections::BTreeMap;

use dedupe::{Sketch, Verdict, judge};
use labelled::{Pair, SETS, folder, part, set};
use measure::{Measured, Score, errors};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (flags, folders): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let with_errors = flags.iter().any(|flag| flag == "--errors");
    for name in ["tune", "held"] {
        let pairs = part(name)?;
        print(name, &format!("{} pairs", pairs.len()), Score::of(&pairs));
        classes(&pairs);
    }
    let mut sets = Vec::new();
    let own = SETS.into_iter().map(|name| folder().join(name));
    for folder in own.chain(folders.into_iter().map(Into::into)) {
        let set = set(&folder)?;
        let measured = Measured::of(&set);
        let rows = format!(
            "{} rows, {} with a field left out, {} pairs compared",
            set.rows.len(),
            set.mended,
            measured.pairs.len()
        );
        print(&set.name, &rows, measured.score);
        if with_errors {
            errors(&set, &measured, dedupe::Weights::current());
        }
        sets.push(set);
    }
    if let Some(counts) = flags.iter().find_map(|flag| flag.strip_prefix("--rows=")) {
        let counts: Vec<usize> = counts.split(',').map(str::parse).collect::<Result<_, _>>()?;
        scale::run(&sets, &counts).await?;
    }
    Ok(())
}

fn print(name: &str, what: &str, score: Score) {
    println!(
        "{name}: {what}: precision {:.3}, recall {:.3}, F1 {:.3}; blocking brings {:.1} % together; {} to review",
        score.precision,
        score.recall,
        score.f1(),
        100.0 * score.met,
        score.doubts
    );
}

/// Prints the classes with wrong pairs.
fn classes(pairs: &[Pair]) {
    let mut wrong: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for pair in pairs {
        let [a, b] = pair.rows.each_ref().map(Sketch::of);
        let (told, count) = wrong.entry(&pair.why).or_default();
        *told += usize::from((judge(&a, &b).verdict() == Verdict::Same) != pair.same);
        *count += 1;
    }
    for (why, (told, count)) in wrong.into_iter().filter(|(_, (told, _))| *told > 0) {
        println!("    {why:28} {told} of {count} wrong");
    }
}
