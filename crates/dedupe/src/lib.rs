//! Decides whether two sources publish the same opportunity, or one source publishes it twice.
//!
//! Two rows are the same if a person could apply to one post, training or loan through either of them. Contradictions decide
//! first, and one is enough: another town, contract, code, rank or phone. Posts written from one template differ in little
//! else, so similar texts alone never decide. What is left is weighed: each piece of evidence adds the weight of its level
//! ([`Weights`]), and the sum is the score of the pair ([`judge()`]). Between two thresholds a person is asked.

mod against;
mod alike;
mod cluster;
mod dates;
mod evidence;
mod house;
mod part;
mod sketch;
mod weights;
use std::fmt;

pub use cluster::{Clusters, Decisions, Member, cluster, cluster_by};
use evidence::{COUNT, EVIDENCE, Level, Pair};
pub use house::House;
pub use sketch::{Key, Listing, Sketch};
pub use weights::Weights;
/// The result of a comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both are the same opportunity.
    Same,
    /// A person has to decide.
    Doubt,
    /// Too little says that they are the same.
    Unlike,
    /// A contradiction.
    Different(&'static str),
}

/// The result of a comparison with its reasons.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// The contradiction, if there is one. It decides, whatever the score.
    pub contradiction: Option<&'static str>,
    /// The sum of the weights; above 0 the pair is more likely the same than not.
    pub score: f64,
    levels: [Level; COUNT],
}

impl Judgement {
    /// Returns what the comparison came to.
    pub fn verdict(&self) -> Verdict {
        self.verdict_by(Weights::current())
    }
    /// Returns what it came to by the thresholds of `weights`, those that scored it.
    pub fn verdict_by(&self, weights: &Weights) -> Verdict {
        match self.contradiction {
            Some(why) => Verdict::Different(why),
            None if self.score >= weights.same => Verdict::Same,
            None if self.score >= weights.doubt => Verdict::Doubt,
            None => Verdict::Unlike,
        }
    }
    /// Returns the level of each piece of evidence, in the order of [`Weights::names`].
    pub fn levels(&self) -> &[u8] {
        &self.levels
    }
}

impl fmt::Display for Judgement {
    /// Writes the contradiction and the evidence, the heaviest first: "phone: same +4.1, contract: other -6.0".
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts: Vec<(f64, &str, &str)> = Vec::new();
        for (at, (level, (name, levels))) in self.levels.iter().zip(EVIDENCE).enumerate() {
            let weight = Weights::current().of(at, *level);
            let word = levels.get(usize::from(*level)).copied().unwrap_or_default();
            if weight.abs() >= 0.05 {
                parts.push((weight, name, word));
            }
        }
        parts.sort_by(|one, other| other.0.abs().total_cmp(&one.0.abs()));
        if let Some(why) = self.contradiction {
            write!(f, "{why}; ")?;
        }
        write!(f, "{:+.1}:", self.score)?;
        for (at, (weight, name, word)) in parts.into_iter().enumerate() {
            write!(f, "{} {name} {word} {weight:+.1}", if at == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

/// Compares two opportunities. A contradiction ends the comparison; then the score is not known, and is the least number.
pub fn judge(a: &Sketch, b: &Sketch) -> Judgement {
    judge_by(a, b, Weights::current())
}

/// Compares two opportunities by other weights than those that decide, to measure them.
pub fn judge_by(a: &Sketch, b: &Sketch, weights: &Weights) -> Judgement {
    if let Some(why) = against::glance(a, b) {
        return Judgement { contradiction: Some(why), score: f64::NEG_INFINITY, levels: [0; COUNT] };
    }
    let pair = Pair::of(a, b);
    if let Some(why) = pair.against() {
        return Judgement { contradiction: Some(why), score: f64::NEG_INFINITY, levels: [0; COUNT] };
    }
    let levels = pair.levels();
    Judgement { contradiction: None, score: weights.score(&levels), levels }
}

/// Compares two opportunities for people: beside a contradiction, all other evidence is weighed too.
pub fn explain(a: &Sketch, b: &Sketch) -> Judgement {
    let pair = Pair::of(a, b);
    let levels = pair.levels();
    Judgement {
        contradiction: against::glance(a, b).or_else(|| pair.against()),
        score: Weights::current().score(&levels),
        levels,
    }
}

#[cfg(test)]
mod tests;
