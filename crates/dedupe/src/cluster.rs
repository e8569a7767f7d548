//! Joins pairs into clusters.

use std::collections::{HashMap, HashSet};

use domain::OpportunityId;

use crate::{Judgement, Sketch, Verdict, Weights, against::NEW_CAMPAIGN, dates::within, judge_by};

/// A row that may be in a cluster.
#[derive(Debug, Clone)]
pub struct Member {
    /// The id of the opportunity.
    pub id: OpportunityId,
    /// How complete it is. The heaviest member is the canonical one.
    pub weight: i64,
    /// What is compared.
    pub sketch: Sketch,
}

/// What people decided on pairs. A pair stands in it in the order of its ids.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    same: HashSet<(OpportunityId, OpportunityId)>,
    different: HashSet<(OpportunityId, OpportunityId)>,
}

impl Decisions {
    /// Adds a decision.
    pub fn add(&mut self, a: OpportunityId, b: OpportunityId, is_same: bool) {
        let pair = (a.min(b), a.max(b));
        if is_same {
            self.same.insert(pair)
        } else {
            self.different.insert(pair)
        };
    }

    /// Returns whether somebody decided that both are the same; `None` if nobody decided.
    fn on(&self, a: OpportunityId, b: OpportunityId) -> Option<bool> {
        let pair = (a.min(b), a.max(b));
        if self.different.contains(&pair) { Some(false) } else { self.same.contains(&pair).then_some(true) }
    }
}

/// Clusters, and the pairs on which a person is asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Clusters {
    /// Clusters of two and more. The canonical member comes first.
    pub clusters: Vec<Vec<OpportunityId>>,
    /// Pairs in no common cluster that may be one opportunity, with their scores.
    pub doubts: Vec<(OpportunityId, OpportunityId, f64)>,
}

/// Largest cluster. More rows than this are not one post published often, but many posts that look alike.
const LARGEST: usize = 40;

/// Least mean score of the pairs across two clusters that join: likeness does not add up over a chain.
const LEAST_MEAN: f64 = -1.0;

/// Returns the clusters among `members`. Only `pairs`, given by their positions, can join them.
///
/// The strongest pair joins first. Two clusters join only if no pair across them is contradicted.
pub fn cluster(members: &[Member], pairs: &[(usize, usize)], decisions: &Decisions) -> Clusters {
    cluster_by(members, pairs, decisions, Weights::current())
}

/// Returns the clusters by other weights than those that decide, to measure them.
pub fn cluster_by(
    members: &[Member],
    pairs: &[(usize, usize)],
    decisions: &Decisions,
    weights: &Weights,
) -> Clusters {
    let mut work = Work {
        weights,
        members,
        decisions,
        known: HashMap::new(),
        of: (0..members.len()).collect(),
        inside: HashMap::new(),
    };
    let mut scored: Vec<(f64, usize, usize)> = Vec::new();
    let mut doubts: Vec<(f64, usize, usize)> = Vec::new();
    for &(a, b) in pairs {
        let Some((verdict, score)) = work.verdict(a, b) else { continue };
        match verdict {
            Verdict::Same => scored.push((score, a, b)),
            Verdict::Doubt => doubts.push((score, a, b)),
            Verdict::Unlike | Verdict::Different(_) => (),
        }
    }
    // Between equal scores the ids decide, so that the result does not depend on the order of the rows.
    let by_strength = |one: &(f64, usize, usize), other: &(f64, usize, usize)| {
        let ids = |pair: &(f64, usize, usize)| {
            let [a, b] = [pair.1, pair.2].map(|at| members.get(at).map(|member| member.id));
            (a.min(b), a.max(b))
        };
        other.0.total_cmp(&one.0).then_with(|| ids(one).cmp(&ids(other)))
    };
    scored.sort_by(by_strength);
    doubts.sort_by(by_strength);
    for (score, a, b) in scored {
        if !work.join(a, b) {
            doubts.push((score, a, b));
        }
    }
    work.result(&doubts)
}

struct Work<'a> {
    weights: &'a Weights,
    members: &'a [Member],
    decisions: &'a Decisions,
    known: HashMap<(usize, usize), Judgement>,
    /// The cluster of each member, named by one of its positions.
    of: Vec<usize>,
    /// Positions of the members of each cluster of two and more.
    inside: HashMap<usize, Vec<usize>>,
}

impl Work<'_> {
    fn judged(&mut self, a: usize, b: usize) -> Option<&Judgement> {
        let (one, other) = (self.members.get(a.min(b))?, self.members.get(a.max(b))?);
        let weights = self.weights;
        let known = self.known.entry((a.min(b), a.max(b)));
        Some(known.or_insert_with(|| judge_by(&one.sketch, &other.sketch, weights)))
    }

    fn verdict(&mut self, a: usize, b: usize) -> Option<(Verdict, f64)> {
        let decided = self.decisions.on(self.members.get(a)?.id, self.members.get(b)?.id);
        match decided {
            Some(true) => Some((Verdict::Same, f64::INFINITY)),
            Some(false) => Some((Verdict::Different("decided by a person"), f64::NEG_INFINITY)),
            None => {
                let weights = self.weights;
                self.judged(a, b).map(|judged| (judged.verdict_by(weights), judged.score))
            }
        }
    }

    fn members_of(&self, at: usize) -> Vec<usize> {
        let cluster = self.of.get(at).copied().unwrap_or(at);
        self.inside.get(&cluster).cloned().unwrap_or_else(|| vec![cluster])
    }

    /// Joins the clusters of two members, and returns whether they are one now.
    fn join(&mut self, a: usize, b: usize) -> bool {
        let (one, other) = (self.of.get(a).copied().unwrap_or(a), self.of.get(b).copied().unwrap_or(b));
        if one == other {
            return true;
        }
        let (left, right) = (self.members_of(a), self.members_of(b));
        if left.len() + right.len() > LARGEST || !self.fit(&left, &right) {
            return false;
        }
        for at in &right {
            if let Some(own) = self.of.get_mut(*at) {
                *own = one;
            }
        }
        self.inside.remove(&other);
        self.inside.insert(one, left.into_iter().chain(right).collect());
        true
    }

    /// Returns whether no pair across two clusters is contradicted, and they are alike on the whole.
    fn fit(&mut self, left: &[usize], right: &[usize]) -> bool {
        let (mut sum, mut count) = (0.0, 0.0);
        let mut campaigns = false;
        for a in left {
            for b in right {
                match self.verdict(*a, *b) {
                    Some((Verdict::Different(NEW_CAMPAIGN), _)) => campaigns = true,
                    Some((Verdict::Different(_), _)) | None => return false,
                    Some((_, score)) => {
                        sum += score.clamp(-10.0, 10.0);
                        count += 1.0;
                    }
                }
            }
        }
        sum >= LEAST_MEAN * count && (!campaigns || self.is_one_campaign(left, right))
    }

    /// Returns whether publications lead from each to the next without a gap: on one source, and on all together.
    fn is_one_campaign(&self, left: &[usize], right: &[usize]) -> bool {
        let mut rows: Vec<&Sketch> = left
            .iter()
            .chain(right)
            .filter_map(|at| self.members.get(*at))
            .map(|member| &member.sketch)
            .collect();
        rows.sort_by_key(|row| row.posted);
        let follows = |rows: &[&Sketch]| {
            rows.windows(2).all(|two| match two {
                [a, b] => a.posted.zip(b.posted).is_none_or(|(a_day, b_day)| b_day - a_day <= within(a, b)),
                _ => true,
            })
        };
        let sources: HashSet<&str> = rows.iter().map(|row| row.source.as_str()).collect();
        follows(&rows)
            && sources.into_iter().all(|source| {
                follows(&rows.iter().copied().filter(|row| row.source == source).collect::<Vec<_>>())
            })
    }

    fn result(self, doubts: &[(f64, usize, usize)]) -> Clusters {
        let mut clusters: Vec<Vec<OpportunityId>> = Vec::new();
        for inside in self.inside.values() {
            let mut rows: Vec<&Member> = inside.iter().filter_map(|at| self.members.get(*at)).collect();
            rows.sort_by_key(|member| (-member.weight, member.id));
            clusters.push(rows.into_iter().map(|member| member.id).collect());
        }
        clusters.sort();
        let id = |at: usize| self.members.get(at).map(|member| member.id);
        let apart = doubts.iter().filter(|(_, a, b)| self.of.get(*a) != self.of.get(*b));
        let mut doubts: Vec<_> = apart
            .filter_map(|(score, a, b)| Some((id(*a)?.min(id(*b)?), id(*a)?.max(id(*b)?), *score)))
            .collect();
        doubts.dedup_by_key(|(a, b, _)| (*a, *b));
        Clusters { clusters, doubts }
    }
}
