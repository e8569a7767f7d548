//! Joins pairs into clusters.

use std::collections::HashMap;

use domain::OpportunityId;

use crate::{Sketch, Verdict, compare};

/// A row that may be in a cluster.
#[derive(Debug, Clone)]
pub struct Member {
    /// The id of the opportunity.
    pub id: OpportunityId,
    /// How complete it is. The heaviest member is the canonical one.
    pub weight: i64,
    /// What the rules compare.
    pub sketch: Sketch,
}

/// Largest cluster. More rows than this are not one post published often, but many posts that look alike.
const LARGEST: usize = 20;

/// Returns the clusters of two and more among `members`. Only `pairs`, given by their positions, are compared. The canonical member
/// comes first.
///
/// Two clusters join when one pair across them is the same and no pair contradicts. Similarity does not add up over a chain.
pub fn cluster(members: &[Member], pairs: &[(usize, usize)]) -> Vec<Vec<OpportunityId>> {
    let mut of: Vec<usize> = (0..members.len()).collect();
    // The same pair comes up again whenever a cluster grows.
    let mut known: HashMap<(usize, usize), Verdict> = HashMap::new();
    let mut verdict = |a: usize, b: usize| {
        *known.entry((a.min(b), a.max(b))).or_insert_with(|| match (members.get(a), members.get(b)) {
            (Some(a), Some(b)) => compare(&a.sketch, &b.sketch),
            _ => Verdict::Unclear,
        })
    };
    let in_cluster = |of: &[usize], cluster: usize| -> Vec<usize> {
        of.iter().enumerate().filter(|(_, own)| **own == cluster).map(|(at, _)| at).collect()
    };
    for &(a, b) in pairs {
        let (Some(&one), Some(&other)) = (of.get(a), of.get(b)) else { continue };
        if one == other || !verdict(a, b).is_same() {
            continue;
        }
        let (left, right) = (in_cluster(&of, one), in_cluster(&of, other));
        let mut contradicted =
            || left.iter().any(|a| right.iter().any(|b| matches!(verdict(*a, *b), Verdict::Different(_))));
        if left.len() + right.len() > LARGEST || contradicted() {
            continue;
        }
        for own in of.iter_mut().filter(|own| **own == other) {
            *own = one;
        }
    }
    let mut clusters: Vec<Vec<OpportunityId>> = Vec::new();
    for cluster in 0..members.len() {
        let mut inside: Vec<&Member> =
            in_cluster(&of, cluster).into_iter().filter_map(|at| members.get(at)).collect();
        if inside.len() > 1 {
            inside.sort_by_key(|member| (-member.weight, member.id));
            clusters.push(inside.into_iter().map(|member| member.id).collect());
        }
    }
    clusters
}
