//! Learns the weights of the evidence from labelled pairs, and writes `crates/dedupe/src/weights.tsv`.
//!
//! Logistic regression over the levels of the evidence, on the pairs that share a key and are not contradicted. Each weight is drawn to
//! its prior, which is what people who know the field would give, so few labels move it little. Each set has the same weight,
//! whatever its size.
//! Run it with `cargo run -p benches --bin weights`.

#![allow(clippy::print_stdout, reason = "a program that reports")]

#[path = "duplicates/labelled.rs"]
mod labelled;
#[path = "duplicates/measure.rs"]
mod measure;

use std::{fmt::Write as _, path::Path};

use dedupe::{Judgement, Sketch, Verdict, Weights, judge};
use labelled::{SETS, folder, part, set};
use measure::Measured;

/// How strongly a weight is drawn to its prior.
const DRAW: f64 = 0.3;
/// The largest weight of a level with a prior of 0, such as a number that only one side names.
const UNKNOWN: f64 = 0.5;
/// The steps of the descent, and their length.
const STEPS: usize = 4_000;
const RATE: f64 = 0.05;
/// The total weight of one set, in pairs.
const SET: f64 = 120.0;
/// A pair that is wrongly merged costs as much as this many missed ones.
const PRECISION: f64 = 2.0;

/// A pair to learn from.
struct Example {
    /// Its name in a report.
    name: String,
    levels: Vec<u8>,
    same: bool,
    worth: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut sets: Vec<(String, Vec<Example>)> = Vec::new();
    let tuned = part("tune")?.into_iter().filter_map(|pair| {
        let [a, b] = pair.rows.each_ref().map(Sketch::of);
        example(pair.why, &judge(&a, &b), pair.same)
    });
    sets.push(("tune".to_owned(), weighed(tuned.collect())));
    let own = SETS.map(|name| folder().join(name));
    for folder in
        own.into_iter().chain(std::env::args().skip(1).filter(|arg| arg != "--errors").map(Into::into))
    {
        let set = set(&folder)?;
        let measured = Measured::of(&set);
        let judged = measured.pairs.iter().filter_map(|(a, b)| {
            let same = set.rows.get(*a)?.1 == set.rows.get(*b)?.1;
            let name = format!("{} {}", set.rows.get(*a)?.0, set.rows.get(*b)?.0);
            example(name, &judge(measured.sketches.get(*a)?, measured.sketches.get(*b)?), same)
        });
        sets.push((set.name.clone(), weighed(judged.collect())));
    }
    // The result on a set from which the weights were not learned.
    for (name, left_out) in &sets {
        let others = sets.iter().filter(|(other, _)| other != name).flat_map(|(_, pairs)| pairs);
        report(name, &learned(&others.collect::<Vec<_>>()), left_out);
    }
    let examples: Vec<&Example> = sets.iter().flat_map(|(_, pairs)| pairs).collect();
    let weights = learned(&examples);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/dedupe/src/weights.tsv");
    std::fs::write(path, table(&weights, &examples))?;
    println!(
        "{} pairs, {} of them the same",
        examples.len(),
        examples.iter().filter(|pair| pair.same).count()
    );
    Ok(())
}

fn example(name: String, judged: &Judgement, same: bool) -> Option<Example> {
    let is_weighed = !matches!(judged.verdict(), Verdict::Different(_));
    is_weighed.then(|| Example { name, levels: judged.levels().to_vec(), same, worth: 1.0 })
}

/// Returns the pairs of one set, with weights that give each set the same total.
fn weighed(mut pairs: Vec<Example>) -> Vec<Example> {
    #[allow(clippy::cast_precision_loss, reason = "a set has few thousand pairs")]
    let worth = SET / pairs.len().max(1) as f64;
    for pair in &mut pairs {
        pair.worth = worth * if pair.same { 1.0 } else { PRECISION };
    }
    pairs
}

/// Prints how many pairs that are not contradicted would be right and wrong at each threshold.
fn report(name: &str, weights: &Weights, pairs: &[Example]) {
    let same = pairs.iter().filter(|pair| pair.same).count();
    print!("without {name} ({same} the same, {} not), right and wrong from a score on:", pairs.len() - same);
    for threshold in [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0] {
        let called = |same: bool| {
            pairs.iter().filter(|pair| pair.same == same && score(weights, &pair.levels) >= threshold).count()
        };
        print!("  {threshold}: {}+{}", called(true), called(false));
    }
    println!();
    let with_errors = std::env::args().any(|arg| arg == "--errors");
    for pair in pairs.iter().filter(|pair| with_errors && pair.same != (score(weights, &pair.levels) >= 1.0))
    {
        let word = |((name, levels), level): (&(&str, &[&str]), &u8)| {
            levels.get(usize::from(*level)).filter(|_| *level > 0).map(|level| format!("{name} {level}"))
        };
        let words: Vec<String> = Weights::names().iter().zip(&pair.levels).filter_map(word).collect();
        let wrong = if pair.same { "missed" } else { "wrongly one" };
        println!("  {wrong} {} {:+.1}: {}", pair.name, score(weights, &pair.levels), words.join(", "));
    }
}

/// Descends from the prior.
fn learned(examples: &[&Example]) -> Weights {
    let prior = Weights::prior();
    let mut now = prior.clone();
    for step in 0..STEPS {
        let mut slope: Vec<Vec<f64>> = prior.levels.iter().map(|levels| vec![0.0; levels.len()]).collect();
        let mut slope_start = 0.0;
        for pair in examples {
            let score = score(&now, &pair.levels);
            let miss = (1.0 / (1.0 + (-score).exp()) - f64::from(u8::from(pair.same))) * pair.worth;
            slope_start += miss;
            for (slopes, level) in slope.iter_mut().zip(&pair.levels) {
                if let Some(slope) = slopes.get_mut(usize::from(*level)) {
                    *slope += miss;
                }
            }
        }
        #[allow(clippy::cast_precision_loss, reason = "a few thousand steps")]
        let rate = RATE / (1.0 + step as f64 / 500.0);
        now.start -= rate * (slope_start + DRAW * (now.start - prior.start)) / 4.0;
        for ((levels, slopes), priors) in now.levels.iter_mut().zip(&slope).zip(&prior.levels) {
            for ((weight, slope), prior) in levels.iter_mut().zip(slopes).zip(priors) {
                *weight -= rate * (slope + DRAW * (*weight - prior));
            }
            plausible(levels, priors);
        }
    }
    now
}

/// Keeps what people know: the sign of each weight, the order of the levels, and weights of 0.
fn plausible(weights: &mut [f64], priors: &[f64]) {
    for (weight, prior) in weights.iter_mut().zip(priors) {
        *weight = if *prior > 0.0 {
            weight.max(0.0)
        } else if *prior < 0.0 {
            weight.min(0.0)
        } else {
            weight.clamp(-UNKNOWN, UNKNOWN)
        };
    }
    let mut order: Vec<usize> =
        (0..priors.len()).filter(|at| priors.get(*at).is_some_and(|prior| *prior != 0.0)).collect();
    order.sort_by(|one, other| {
        priors.get(*other).partial_cmp(&priors.get(*one)).unwrap_or(std::cmp::Ordering::Equal)
    });
    // Neighbors in the wrong order meet in the middle. A few rounds are enough for a list of six.
    for _ in 0..priors.len() {
        for at in 1..order.len() {
            let (Some(high), Some(low)) = (order.get(at - 1), order.get(at)) else { continue };
            let (Some(one), Some(other)) = (weights.get(*high).copied(), weights.get(*low).copied()) else {
                continue;
            };
            if one < other {
                let middle = f64::midpoint(one, other);
                for at in [*high, *low] {
                    if let Some(weight) = weights.get_mut(at) {
                        *weight = middle;
                    }
                }
            }
        }
    }
}

fn score(weights: &Weights, levels: &[u8]) -> f64 {
    let of =
        |(weights, level): (&Vec<f64>, &u8)| weights.get(usize::from(*level)).copied().unwrap_or_default();
    weights.start + weights.levels.iter().zip(levels).map(of).sum::<f64>()
}

/// Writes the table: for each level its prior, its weight, and how many pairs of the labels have it.
fn table(weights: &Weights, examples: &[&Example]) -> String {
    let prior = Weights::prior();
    let mut out = String::from(
        "# Made by `cargo run -p benches --bin weights`. Edit the column `prior` alone. Weights are natural logarithms of odds.\n\
         evidence\tlevel\tprior\tweight\tsame\tdifferent\n",
    );
    let mut line = |name: &str, level: &str, prior: f64, weight: f64, counts: &str| {
        let _ = writeln!(out, "{name}\t{level}\t{prior:.2}\t{weight:.2}{counts}");
    };
    line("all", "start", prior.start, weights.start, "");
    line("all", "same", prior.same, prior.same, "");
    line("all", "doubt", prior.doubt, prior.doubt, "");
    for (at, (name, levels)) in Weights::names().iter().enumerate() {
        for (level, word) in levels.iter().enumerate() {
            let of = |weights: &Weights| {
                weights.levels.get(at).and_then(|levels| levels.get(level)).copied().unwrap_or_default()
            };
            let count = |same: bool| {
                let has = |pair: &&&Example| {
                    pair.same == same && pair.levels.get(at).is_some_and(|own| usize::from(*own) == level)
                };
                examples.iter().filter(has).count()
            };
            line(name, word, of(&prior), of(weights), &format!("\t{}\t{}", count(true), count(false)));
        }
    }
    out
}
