//! Learns the weights of the evidence from labelled pairs, and writes `crates/dedupe/src/weights.tsv`.
//!
//! Logistic regression over the levels of the evidence, on the pairs that share a key and are not contradicted. Each weight is drawn to
//! its prior, what people who know the field would give: few labels move it little. Each set counts alike, whatever its size. How strong the
//! draw is, and the threshold, were chosen by leaving each set out in turn.
//! Run it with `cargo run -p benches --bin weights [FOLDER|FILE.jsonl…]`. It prints precision, recall and F1 of the whole pipeline on each set with
//! weights learned from the others. `--leave-out=c` does so for one set and writes nothing; `--errors` adds each wrong pair. A `FILE.jsonl` holds labelled pairs, such as those
//! on which people decided (`benches/data/duplicates/README.md`).

#![allow(clippy::print_stdout, reason = "a program that reports")]

#[path = "duplicates/labelled.rs"]
mod labelled;
#[path = "duplicates/measure.rs"]
mod measure;

use std::{fmt::Write as _, path::Path};

use dedupe::{Judgement, Sketch, Verdict, Weights, judge};
use labelled::{Pair, SETS, Set, folder, pairs, part, set};
use measure::{Measured, errors};

/// How strongly a weight is drawn to its prior.
const DRAW: f64 = 1.0;
/// Most that a level weighs whose prior is nothing, such as a number that one of them does not name.
const UNKNOWN: f64 = 0.3;
/// Steps of the descent.
const STEPS: usize = 3_000;
/// What one set weighs together, in pairs. A smaller one weighs what it has.
const SET: usize = 120;

/// A pair to learn from.
struct Example {
    levels: Vec<u8>,
    same: bool,
    worth: f64,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (flags, folders): (Vec<String>, Vec<String>) =
        std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let left_out: Vec<&str> = flags.iter().filter_map(|flag| flag.strip_prefix("--leave-out=")).collect();
    let with_errors = flags.iter().any(|flag| flag == "--errors");
    let (files, folders): (Vec<String>, Vec<String>) =
        folders.into_iter().partition(|arg| Path::new(arg).is_file());
    let mut tuned = of_pairs(&part("tune")?);
    for file in &files {
        tuned.extend(of_pairs(&pairs(Path::new(file))?));
    }
    let mut sets: Vec<(Set, Vec<Example>)> = Vec::new();
    let own = SETS.map(|name| folder().join(name));
    for folder in own.into_iter().chain(folders.into_iter().map(Into::into)) {
        let set = set(&folder)?;
        let examples = weighed(examples(&set));
        sets.push((set, examples));
    }
    let is_chosen = |set: &Set| left_out.is_empty() || left_out.contains(&set.name.as_str());
    for (set, _) in sets.iter().filter(|(set, _)| is_chosen(set)) {
        let others = sets.iter().filter(|(other, _)| other.name != set.name).flat_map(|(_, pairs)| pairs);
        let weights = learned(&tuned.iter().chain(others).collect::<Vec<_>>());
        report(set, &weights, with_errors);
    }
    if !left_out.is_empty() {
        return Ok(());
    }
    let examples: Vec<&Example> = tuned.iter().chain(sets.iter().flat_map(|(_, pairs)| pairs)).collect();
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

/// Returns the labelled pairs that are not contradicted.
fn of_pairs(pairs: &[Pair]) -> Vec<Example> {
    let judged = pairs.iter().filter_map(|pair| {
        let [a, b] = pair.rows.each_ref().map(Sketch::of);
        example(&judge(&a, &b), pair.same)
    });
    weighed(judged.collect())
}

/// Returns the pairs of a set that share a key and are not contradicted.
fn examples(set: &Set) -> Vec<Example> {
    let measured = Measured::of(set);
    let judged = measured.pairs.iter().filter_map(|(a, b)| {
        let same = set.rows.get(*a)?.1 == set.rows.get(*b)?.1;
        example(&judge(measured.sketches.get(*a)?, measured.sketches.get(*b)?), same)
    });
    judged.collect()
}

fn example(judged: &Judgement, same: bool) -> Option<Example> {
    let is_weighed = !matches!(judged.verdict(), Verdict::Different(_));
    is_weighed.then(|| Example { levels: judged.levels().to_vec(), same, worth: 1.0 })
}

/// Returns the pairs of one set, with weights that give each set the same total.
fn weighed(mut pairs: Vec<Example>) -> Vec<Example> {
    #[allow(clippy::cast_precision_loss, reason = "a set has few thousand pairs")]
    let worth = SET as f64 / pairs.len().max(SET) as f64;
    for pair in &mut pairs {
        pair.worth = worth;
    }
    pairs
}

/// Prints what the whole pipeline makes of a set with weights that were not learned from it: at the threshold that decides, and around it.
fn report(set: &Set, weights: &Weights, with_errors: bool) {
    let measured = Measured::by(set, weights);
    let (met, compared) = (100.0 * measured.score.met, measured.pairs.len());
    print!(
        "without {}: {compared} pairs compared, {met:.1} % met, {} to review:",
        set.name, measured.score.doubts
    );
    for step in [-1.0, -0.5, 0.0, 0.5, 1.0] {
        let weights = Weights { same: weights.same + step, ..weights.clone() };
        let measured = Measured::by(set, &weights);
        let score = measured.score;
        let (wrong, alone) = (measured.wrong(set), measured.wrong_alone(set, &weights));
        let sign = if step == 0.0 { "=>" } else { "" };
        print!(
            "  {sign}{:.2}: {:.3}/{:.3}/{:.3} ({wrong} wrong, {alone} alone)",
            weights.same,
            score.precision,
            score.recall,
            score.f1()
        );
        if step == 0.0 && with_errors {
            println!();
            errors(set, &measured, &weights);
        }
    }
    println!();
}

/// Descends from the prior to the least loss, by projected gradients with momentum. The loss is convex, and no step is longer than its curvature
/// allows: a longer one never settles, and then each run of labels gives other weights.
fn learned(examples: &[&Example]) -> Weights {
    let prior = Weights::prior();
    #[allow(clippy::cast_precision_loss, reason = "some thirty pieces of evidence")]
    let active = prior.levels.len() as f64 + 1.0;
    let curvature = 0.25 * active * examples.iter().map(|pair| pair.worth).sum::<f64>() + DRAW;
    let (mut now, mut ahead) = (prior.clone(), prior.clone());
    let mut momentum = 1.0_f64;
    for _ in 0..STEPS {
        let slope = slope(examples, &ahead, &prior);
        let before = now.clone();
        now = moved(&ahead, &slope, -1.0 / curvature);
        for (levels, priors) in now.levels.iter_mut().zip(&prior.levels) {
            plausible(levels, priors);
        }
        let next = f64::midpoint(1.0, (1.0 + 4.0 * momentum * momentum).sqrt());
        let share = (momentum - 1.0) / next;
        momentum = next;
        // What the last step did, again.
        ahead = moved(&moved(&now, &now, share), &before, -share);
    }
    now
}

/// Returns the slope of the loss at `weights`.
fn slope(examples: &[&Example], weights: &Weights, prior: &Weights) -> Weights {
    let mut slope = moved(&moved(weights, weights, DRAW - 1.0), prior, -DRAW);
    for pair in examples {
        let score = score(weights, &pair.levels);
        let miss = (1.0 / (1.0 + (-score).exp()) - f64::from(u8::from(pair.same))) * pair.worth;
        slope.start += miss;
        for (slopes, level) in slope.levels.iter_mut().zip(&pair.levels) {
            if let Some(slope) = slopes.get_mut(usize::from(*level)) {
                *slope += miss;
            }
        }
    }
    slope
}

/// Returns `from` and `by` times `times`.
fn moved(from: &Weights, by: &Weights, times: f64) -> Weights {
    let mut moved = from.clone();
    moved.start += times * by.start;
    for (levels, by) in moved.levels.iter_mut().zip(&by.levels) {
        for (weight, by) in levels.iter_mut().zip(by) {
            *weight += times * by;
        }
    }
    moved
}

/// Keeps what people know: the sign of each weight, the order of the levels, and that what weighs nothing before weighs little after.
fn plausible(weights: &mut [f64], priors: &[f64]) {
    let mut order: Vec<usize> =
        (0..priors.len()).filter(|at| priors.get(*at).is_some_and(|prior| *prior != 0.0)).collect();
    order.sort_by(|one, other| {
        priors.get(*other).partial_cmp(&priors.get(*one)).unwrap_or(std::cmp::Ordering::Equal)
    });
    // Levels that fell out of order share their mean: the sum and the number of each run of them.
    let mut runs: Vec<(f64, usize)> = Vec::new();
    for at in &order {
        runs.push((weights.get(*at).copied().unwrap_or_default(), 1));
        while let [.., (high, many), (low, few)] = runs.as_slice() {
            if high * as_count(*few) >= low * as_count(*many) {
                break;
            }
            let joined = (high + low, many + few);
            runs.truncate(runs.len() - 2);
            runs.push(joined);
        }
    }
    let means = runs.iter().flat_map(|(sum, count)| std::iter::repeat_n(sum / as_count(*count), *count));
    for (at, mean) in order.iter().zip(means) {
        if let Some(weight) = weights.get_mut(*at) {
            *weight = mean;
        }
    }
    for (weight, prior) in weights.iter_mut().zip(priors) {
        *weight = if *prior > 0.0 {
            weight.max(0.0)
        } else if *prior < 0.0 {
            weight.min(0.0)
        } else {
            weight.clamp(-UNKNOWN, UNKNOWN)
        };
    }
}

#[allow(clippy::cast_precision_loss, reason = "few levels")]
fn as_count(count: usize) -> f64 {
    count as f64
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
