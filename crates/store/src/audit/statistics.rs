//! Robust statistics of a few values.

/// The median distance to the median is this part of the standard deviation, where values scatter normally.
const MAD_TO_SIGMA: f64 = 1.4826;

/// The median; `None` of nothing.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let upper = *sorted.get(half)?;
    if sorted.len() % 2 == 1 {
        Some(upper)
    } else {
        Some(f64::midpoint(*sorted.get(half.checked_sub(1)?)?, upper))
    }
}

/// How far values usually lie from `middle`: the standard deviation, were they scattered normally.
pub(super) fn swing(values: &[f64], middle: f64) -> f64 {
    MAD_TO_SIGMA * median(values.iter().map(|value| (value - middle).abs())).unwrap_or(0.0)
}

/// How far the share of `n` records lies from `share` by chance alone: the standard deviation of a binomial share. `counted`: the
/// records that `share` was counted on. A share of 0 or 1 is never certain: it was counted on so many records only.
pub(super) fn chance(share: f64, counted: f64, n: f64) -> f64 {
    let n = n.max(1.0);
    let share = (share * counted + 1.0) / (counted + 2.0);
    (share * (1.0 - share) / n).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median([]), None);
        assert_eq!(median([3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median([4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn one_value_far_out_does_not_move_the_swing() {
        assert!((swing(&[10.0, 11.0, 9.0, 10.0, 1000.0], 10.0) - MAD_TO_SIGMA).abs() < 1e-9);
    }

    #[test]
    fn chance_shrinks_with_the_records_and_with_those_of_the_history() {
        assert!(chance(0.5, 100.0, 10.0) > 2.0 * chance(0.5, 100.0, 100.0));
        assert!(chance(1.0, 10.0, 10.0) > 2.0 * chance(1.0, 1000.0, 10.0));
    }
}
