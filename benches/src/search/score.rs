//! Measures of rankings and of agreement.

use std::collections::HashMap;

use crate::set::Set;

/// Hits that count.
const TOP: usize = 10;
/// The highest grade.
const MOST: f64 = 3.0;

/// Returns nDCG@10 with gains of 2^grade − 1 (Burges and others, 2005); `None` if nothing is of use to the question.
pub(crate) fn ndcg(ids: &[String], grades: &HashMap<&str, f64>) -> Option<f64> {
    let gain = |grade: f64| grade.exp2() - 1.0;
    let sum = |gains: &mut dyn Iterator<Item = f64>| -> f64 {
        gains.take(TOP).zip(2_u32..).map(|(gain, place)| gain / f64::from(place).log2()).sum()
    };
    let mut best: Vec<f64> = grades.values().map(|grade| gain(*grade)).collect();
    best.sort_by(|left, right| right.total_cmp(left));
    let ideal = sum(&mut best.into_iter());
    let found = sum(&mut ids.iter().map(|id| gain(grades.get(id.as_str()).copied().unwrap_or(0.0))));
    (ideal > 0.0).then(|| found / ideal)
}

/// Returns how many opportunities both people graded for a question, and their agreement over those: kappa with quadratic weights
/// (Cohen, 1968).
#[allow(clippy::cast_precision_loss, reason = "a set has few thousand grades")]
pub(crate) fn kappa(set: &Set) -> (usize, f64) {
    let [one, other] = set.people.as_slice() else { return (0, 0.0) };
    let pairs: Vec<(f64, f64)> = one
        .iter()
        .filter_map(|(key, grade)| Some((f64::from(*grade), f64::from(*other.get(key)?))))
        .collect();
    let count = pairs.len().max(1) as f64;
    let weight = |left: f64, right: f64| ((left - right) / MOST).powi(2);
    let seen = pairs.iter().map(|(left, right)| weight(*left, *right)).sum::<f64>() / count;
    let by_chance: f64 = (0..4_u8)
        .flat_map(|left| (0..4_u8).map(move |right| (f64::from(left), f64::from(right))))
        .map(|(left, right)| {
            let share = |of: &dyn Fn(&(f64, f64)) -> bool| {
                pairs.iter().filter(|pair| of(pair)).count() as f64 / count
            };
            weight(left, right)
                * share(&|pair| (pair.0 - left).abs() < 0.5)
                * share(&|pair| (pair.1 - right).abs() < 0.5)
        })
        .sum();
    (pairs.len(), if by_chance > 0.0 { 1.0 - seen / by_chance } else { 1.0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_order_scores_one_and_the_formula_is_the_published_one() {
        let grades = HashMap::from([("a", 3.0), ("b", 1.0), ("c", 0.0)]);
        let of =
            |ids: &[&str]| ndcg(&ids.iter().map(ToString::to_string).collect::<Vec<_>>(), &grades).unwrap();
        assert!((of(&["a", "b", "c"]) - 1.0).abs() < 1e-9);
        // (1 / log2 2 + 7 / log2 3) / (7 / log2 2 + 1 / log2 3)
        let wanted = (1.0 + 7.0 / 3.0_f64.log2()) / (7.0 + 1.0 / 3.0_f64.log2());
        assert!((of(&["b", "a"]) - wanted).abs() < 1e-9);
        assert_eq!(ndcg(&[], &HashMap::from([("c", 0.0)])), None);
    }

    #[test]
    fn agreement_is_one_for_equal_grades_and_about_zero_by_chance() {
        let of = |one: &[u8], other: &[u8]| {
            let person = |grades: &[u8]| {
                grades
                    .iter()
                    .enumerate()
                    .map(|(at, grade)| (("q".to_owned(), at.to_string()), *grade))
                    .collect()
            };
            kappa(&Set { questions: Vec::new(), rows: Vec::new(), people: vec![person(one), person(other)] })
        };
        assert_eq!(of(&[0, 1, 2, 3], &[0, 1, 2, 3]), (4, 1.0));
        assert!(of(&[0, 0, 3, 3], &[0, 3, 0, 3]).1.abs() < 1e-9);
    }
}
