//! Robust statistics of small samples.

/// Standard deviation divided by the median distance to the median, for normally distributed values.
const MAD_TO_SIGMA: f64 = 1.4826;

/// Returns the median; `None` without values.
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

/// Returns how far values usually lie from `middle`: the standard deviation, if they are normally distributed.
pub(super) fn swing(values: &[f64], middle: f64) -> f64 {
    MAD_TO_SIGMA * median(values.iter().map(|value| (value - middle).abs())).unwrap_or(0.0)
}

/// Returns how far the share of `n` records lies from `share` by chance: the standard deviation of a binomial share.
/// `counted`: number of records that `share` is based on. Because that number is finite, even a share of 0 or 1 leaves
/// some uncertainty.
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
