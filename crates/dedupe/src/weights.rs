//! The weights of the evidence: `weights.tsv`, which `cargo run -p benches --bin weights` makes from labelled pairs.

use std::sync::LazyLock;

use crate::evidence::{COUNT, EVIDENCE, Level};

/// The table as it stands in the repository.
const TABLE: &str = include_str!("weights.tsv");

/// The weights of one table, in natural logarithms of odds.
#[derive(Debug, Clone, PartialEq)]
pub struct Weights {
    /// Before any evidence: most pairs that share a key are two opportunities.
    pub start: f64,
    /// From this score on, a pair is one opportunity.
    pub same: f64,
    /// From this score on, a person is asked.
    pub doubt: f64,
    /// For each piece of evidence, in the order of the table, the weight of each level.
    pub levels: Vec<Vec<f64>>,
}

static WEIGHTS: LazyLock<Weights> = LazyLock::new(|| Weights::of_table(TABLE, "weight"));

impl Weights {
    /// Returns the weights that decide.
    pub fn current() -> &'static Self {
        &WEIGHTS
    }

    /// Returns what people who know the field would give, before any label: where the learned weights begin.
    pub fn prior() -> Self {
        Self::of_table(TABLE, "prior")
    }

    /// Returns the names of the evidence and of its levels, in the order of the weights.
    pub fn names() -> &'static [(&'static str, &'static [&'static str])] {
        EVIDENCE
    }

    /// Parses a column of the table. What it lacks weighs nothing.
    fn of_table(table: &str, column: &str) -> Self {
        let mut weights = Self {
            start: 0.0,
            same: f64::INFINITY,
            doubt: f64::INFINITY,
            levels: EVIDENCE.iter().map(|(_, levels)| vec![0.0; levels.len()]).collect(),
        };
        let mut lines = table.lines().filter(|line| !line.starts_with('#'));
        let columns: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
        let at = columns.iter().position(|name| *name == column).unwrap_or(usize::MAX);
        for line in lines {
            let cells: Vec<&str> = line.split('\t').collect();
            let (Some(name), Some(level)) = (cells.first(), cells.get(1)) else { continue };
            let Some(weight) = cells.get(at).and_then(|cell| cell.parse().ok()) else { continue };
            match (*name, *level) {
                ("all", "start") => weights.start = weight,
                ("all", "same") => weights.same = weight,
                ("all", "doubt") => weights.doubt = weight,
                _ => {
                    if let Some(slot) = weights.slot(name, level) {
                        *slot = weight;
                    }
                }
            }
        }
        weights
    }

    fn slot(&mut self, name: &str, level: &str) -> Option<&mut f64> {
        let evidence = EVIDENCE.iter().position(|(other, _)| *other == name)?;
        let at = EVIDENCE.get(evidence)?.1.iter().position(|other| *other == level)?;
        self.levels.get_mut(evidence)?.get_mut(at)
    }

    /// Returns the weight of a level.
    pub(crate) fn of(&self, evidence: usize, level: Level) -> f64 {
        self.levels
            .get(evidence)
            .and_then(|levels| levels.get(usize::from(level)))
            .copied()
            .unwrap_or_default()
    }

    /// Returns the score of all levels together.
    pub(crate) fn score(&self, levels: &[Level; COUNT]) -> f64 {
        levels
            .iter()
            .enumerate()
            .fold(self.start, |score, (evidence, level)| score + self.of(evidence, *level))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_weighs_every_level() {
        let table: Vec<(&str, &str)> = TABLE
            .lines()
            .filter(|line| !line.starts_with('#'))
            .skip(1)
            .filter_map(|line| line.split_once('\t'))
            .map(|(name, rest)| (name, rest.split('\t').next().unwrap_or_default()))
            .collect();
        for (name, levels) in EVIDENCE {
            for level in *levels {
                assert!(table.contains(&(name, level)), "{name}: {level}");
            }
        }
        let weights = Weights::current();
        assert!(weights.doubt < weights.same && weights.same < 20.0 && weights.start < 0.0);
    }
}
