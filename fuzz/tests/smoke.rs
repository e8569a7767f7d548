//! Each target takes its seeds, and some hundred damaged ones. `FUZZ_ROUNDS=1000000` searches longer, `FUZZ_SEED=7` elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

use std::{panic::catch_unwind, path::Path};

use fuzz::{Chance, TARGETS, damaged};

/// Damaged inputs of a target at every change.
const ROUNDS: usize = 600;
/// Bytes of all of them: large pages are damaged less often.
const BYTES: usize = 600_000;

fn setting(name: &str) -> Option<usize> {
    std::env::var(name).ok().map(|number| number.parse().unwrap())
}

#[test]
fn nothing_that_is_damaged_breaks_a_promise() {
    let (rounds, start) = (setting("FUZZ_ROUNDS"), setting("FUZZ_SEED").unwrap_or(1));
    for target in TARGETS {
        let seeds = target.seeds();
        assert!(!seeds.is_empty(), "{} has no seeds", target.name);
        for seed in &seeds {
            take(target, seed);
        }
        let mut chance = Chance::new(u64::try_from(start).unwrap());
        let mut bytes = 0;
        for _ in 0..rounds.unwrap_or(ROUNDS) {
            let input = damaged(&seeds[chance.below(seeds.len())], &mut chance);
            take(target, &input);
            bytes += input.len();
            if rounds.is_none() && bytes > BYTES {
                break;
            }
        }
    }
}

fn take(target: &fuzz::Target, input: &[u8]) {
    let told = || format!("{}\t{}", target.name, input.escape_ascii());
    assert!(
        catch_unwind(|| (target.run)(input)).is_ok(),
        "it fails; a line for seeds/found.tsv:\n{}",
        told()
    );
}

#[test]
fn the_engine_has_a_binary_for_each_target() {
    let engine = Path::new(env!("CARGO_MANIFEST_DIR")).join("engine");
    let manifest = std::fs::read_to_string(engine.join("Cargo.toml")).unwrap();
    for target in TARGETS {
        let binary = format!("name = \"{}\"\npath = \"targets/{}.rs\"\n", target.name, target.name);
        assert!(manifest.contains(&binary), "fuzz/engine/Cargo.toml lacks {}", target.name);
        let source = std::fs::read_to_string(engine.join(format!("targets/{}.rs", target.name))).unwrap();
        assert!(source.contains(&format!("fuzz::target(\"{}\")", target.name)), "{source}");
    }
}
