//! Figures for duplicate detection.

#![allow(dead_code, reason = "each program uses a part of it")]

use std::collections::{HashMap, HashSet};

use dedupe::{Decisions, House, Key, Member, Sketch, Weights, cluster_by, explain, judge, judge_by};
use domain::OpportunityId;

use super::labelled::{Pair, Set};

/// The most rows under a key of consecutive words. A template has more. The same as in `store`.
const CROWD: usize = 40;

/// Precision, recall and blocking over pairs.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Score {
    /// The share of pairs called the same that are the same.
    pub(crate) precision: f64,
    /// The share of pairs that are the same and called so.
    pub(crate) recall: f64,
    /// The share of pairs that are the same and that blocking brings together.
    pub(crate) met: f64,
    /// The number of pairs that go to a person.
    pub(crate) doubts: usize,
}

impl Score {
    /// The harmonic mean of precision and recall.
    pub(crate) fn f1(self) -> f64 {
        2.0 * self.precision * self.recall / (self.precision + self.recall)
    }

    #[allow(clippy::cast_precision_loss, reason = "a set has few thousand pairs")]
    fn of_counts(called: usize, right: usize, same: usize, met: usize, doubts: usize) -> Self {
        let share = |part: usize, of: usize| if of == 0 { 1.0 } else { part as f64 / of as f64 };
        Self { precision: share(right, called), recall: share(right, same), met: share(met, same), doubts }
    }

    /// The score over single pairs.
    pub(crate) fn of(pairs: &[Pair]) -> Self {
        let (mut right, mut called, mut same, mut met, mut doubts) = (0, 0, 0, 0, 0);
        for pair in pairs {
            let [a, b] = pair.rows.each_ref().map(Sketch::of);
            let verdict = judge(&a, &b).verdict();
            let is_same = verdict == dedupe::Verdict::Same;
            doubts += usize::from(verdict == dedupe::Verdict::Doubt);
            called += usize::from(is_same);
            if pair.same {
                same += 1;
                right += usize::from(is_same);
                let keys = b.keys();
                met += usize::from(a.keys().iter().any(|key| keys.contains(key)));
            }
        }
        Self::of_counts(called, right, same, met, doubts)
    }
}

/// A set, with the result of the rules.
pub(crate) struct Measured {
    /// The sketches in the order of the set, without the text that their sources add to each post.
    pub(crate) sketches: Vec<Sketch>,
    /// Pairs that share a key, as positions.
    pub(crate) pairs: Vec<(usize, usize)>,
    /// The cluster of each row that is not alone.
    pub(crate) clusters: HashMap<usize, usize>,
    /// Its score over all pairs of rows.
    pub(crate) score: Score,
}

impl Measured {
    /// Runs a set through sketches, keys, scores and clusters.
    pub(crate) fn of(set: &Set) -> Self {
        Self::by(set, Weights::current())
    }

    /// The same with other weights.
    pub(crate) fn by(set: &Set, weights: &Weights) -> Self {
        let mut sketches: Vec<Sketch> = set.rows.iter().map(|(_, _, row)| Sketch::of(row)).collect();
        let keys: Vec<Vec<Key>> = sketches.iter().map(Sketch::keys).collect();
        let mut by_source: HashMap<&str, Vec<usize>> = HashMap::new();
        for (at, (_, _, row)) in set.rows.iter().enumerate() {
            by_source.entry(row.source.as_str()).or_default().push(at);
        }
        for rows in by_source.values() {
            let house = House::of(rows.iter().filter_map(|at| sketches.get(*at)));
            for at in rows {
                if let Some(sketch) = sketches.get_mut(*at) {
                    house.leave(sketch);
                }
            }
        }
        let pairs = candidates(&keys);
        let members: Vec<Member> = set
            .rows
            .iter()
            .zip(&sketches)
            .map(|((_, _, row), sketch)| Member { id: row.id, weight: 0, sketch: sketch.clone() })
            .collect();
        let found = cluster_by(&members, &pairs, &Decisions::default(), weights);
        let at: HashMap<OpportunityId, usize> =
            members.iter().enumerate().map(|(at, member)| (member.id, at)).collect();
        let mut clusters = HashMap::new();
        for (name, ids) in found.clusters.iter().enumerate() {
            clusters.extend(ids.iter().filter_map(|id| Some((*at.get(id)?, name))));
        }
        let score = score(set, &pairs, &clusters, found.doubts.len());
        Self { sketches, pairs, clusters, score }
    }

    /// Returns how many pairs are wrongly one.
    pub(crate) fn wrong(&self, set: &Set) -> usize {
        let mut wrong = 0;
        for (a, (_, one, _)) in set.rows.iter().enumerate() {
            let others = set.rows.iter().enumerate().skip(a + 1);
            wrong += others.filter(|(b, (_, other, _))| one != other && self.is_one(a, *b)).count();
        }
        wrong
    }

    /// Returns how many pairs would be wrongly one if they were alone: no third row contradicts them.
    pub(crate) fn wrong_alone(&self, set: &Set, weights: &Weights) -> usize {
        let wrong = self.pairs.iter().filter(|(a, b)| {
            let cluster = |at: &usize| set.rows.get(*at).map(|(_, cluster, _)| cluster);
            let sketches = self.sketches.get(*a).zip(self.sketches.get(*b));
            cluster(a) != cluster(b)
                && sketches.is_some_and(|(a, b)| {
                    judge_by(a, b, weights).verdict_by(weights) == dedupe::Verdict::Same
                })
        });
        wrong.count()
    }

    /// Returns whether two rows are in one cluster.
    pub(crate) fn is_one(&self, a: usize, b: usize) -> bool {
        self.clusters.get(&a).is_some_and(|cluster| self.clusters.get(&b) == Some(cluster))
    }
}

/// Prints each wrong pair, also one that a third row keeps apart, with its evidence by the weights in the repository.
#[allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
pub(crate) fn errors(set: &Set, measured: &Measured, weights: &Weights) {
    for (a, (one, in_a, _)) in set.rows.iter().enumerate() {
        for (b, (other, in_b, _)) in set.rows.iter().enumerate().skip(a + 1) {
            let (is_one, is_same) = (measured.is_one(a, b), in_a == in_b);
            let (Some(left), Some(right)) = (measured.sketches.get(a), measured.sketches.get(b)) else {
                continue;
            };
            let is_wrong_alone = !is_same
                && !is_one
                && judge_by(left, right, weights).verdict_by(weights) == dedupe::Verdict::Same;
            if is_wrong_alone {
                println!("  wrong if alone {one} {other}: {}", explain(left, right));
            }
            if is_one != is_same {
                let met = measured.pairs.binary_search(&(a, b)).is_ok();
                let wrong = if is_one { "wrongly one" } else { "missed" };
                let keyless = if met { "" } else { " (no common key)" };
                println!("  {wrong} {one} {other}{keyless}: {}", explain(left, right));
            }
        }
    }
}

fn candidates(keys: &[Vec<Key>]) -> Vec<(usize, usize)> {
    let mut rows: HashMap<Key, Vec<usize>> = HashMap::new();
    for (at, keys) in keys.iter().enumerate() {
        for key in keys {
            rows.entry(*key).or_default().push(at);
        }
    }
    let mut pairs = Vec::new();
    for (_, rows) in rows.iter().filter(|(key, rows)| key.is_strong() || rows.len() <= CROWD) {
        for (at, one) in rows.iter().enumerate() {
            pairs.extend(rows.iter().skip(at + 1).map(|other| (*one, *other)));
        }
    }
    pairs.sort_unstable();
    pairs.dedup();
    pairs
}

fn score(set: &Set, pairs: &[(usize, usize)], clusters: &HashMap<usize, usize>, doubts: usize) -> Score {
    let met: HashSet<&(usize, usize)> = pairs.iter().collect();
    let (mut called, mut right, mut same, mut found) = (0, 0, 0, 0);
    for (a, (_, one, _)) in set.rows.iter().enumerate() {
        for (b, (_, other, _)) in set.rows.iter().enumerate().skip(a + 1) {
            let is_one = clusters.get(&a).is_some_and(|cluster| clusters.get(&b) == Some(cluster));
            called += usize::from(is_one);
            if one == other {
                same += 1;
                right += usize::from(is_one);
                found += usize::from(met.contains(&(a, b)));
            }
        }
    }
    Score::of_counts(called, right, same, found, doubts)
}
