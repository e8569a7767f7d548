//! The queue and the budget under simulated time and failures: random steps by random workers on the real SQL, by seed.
//!
//! Nobody waits: time passes by moving what is stored into the past. `OIM_SEEDS=3000 cargo test --workspace --test it simulated` plays more
//! seeds, `OIM_FIRST_SEED=17` others. A failure names its seed; a seed that failed stays in [`FOUND`].

mod budget;
mod queue;

/// Seeds at every change.
const SEEDS: u64 = 60;
/// Steps of a seed.
const STEPS: usize = 60;
/// Seeds that found something: they are played at every change.
const FOUND: &[u64] = &[];

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |number| number.parse().unwrap())
}

fn seeds() -> impl Iterator<Item = u64> {
    let first = setting("OIM_FIRST_SEED", 1);
    FOUND.iter().copied().chain(first..first + setting("OIM_SEEDS", SEEDS))
}
