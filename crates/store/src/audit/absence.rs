//! How many open opportunities a list may lack at once.

use super::{
    judge::Shown,
    statistics::{chance, median, swing},
};

/// Earlier runs without which nothing is usual.
const ENOUGH: usize = 3;
/// Number of usual deviations that are still ordinary.
const SWINGS: f64 = 4.0;
/// The least share that any list may lack at once.
const LEAST: f64 = 0.05;
/// Fewer opportunities than this mean nothing.
const FEW: f64 = 3.0;

/// Returns how many open opportunities a list lacks, if that is far more than usual: it may have been cut, and what it lacks may still be
/// published. Month ends are like that too: what is really gone is missing the next time as well.
pub(super) fn unusual(now: &Shown, past: &[Shown]) -> Option<f64> {
    let lacking = |shown: &Shown| shown.open_before - shown.kept - shown.gone;
    let share = |shown: &Shown| (shown.open_before > 0.0).then(|| lacking(shown) / shown.open_before);
    let before: Vec<f64> = past.iter().filter_map(share).collect();
    if before.len() < ENOUGH || lacking(now) < FEW {
        return None;
    }
    let usual = median(before.iter().copied())?;
    let counted: f64 = past.iter().map(|shown| shown.open_before).sum();
    let deviation = chance(usual, counted, now.open_before).max(swing(&before, usual));
    let most = (usual + SWINGS * deviation).max(LEAST);
    (share(now)? > most).then(|| lacking(now))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(open_before: f64, kept: f64) -> Shown {
        Shown { open_before, kept, ..Shown::default() }
    }

    #[test]
    fn a_list_that_was_cut_lacks_more_than_its_days_do() {
        let past = [shown(300.0, 294.0), shown(302.0, 299.0), shown(300.0, 291.0), shown(301.0, 297.0)];
        assert_eq!(unusual(&shown(300.0, 290.0), &past), None);
        assert_eq!(unusual(&shown(300.0, 270.0), &past), Some(30.0));
        let small = [shown(30.0, 29.0), shown(30.0, 30.0), shown(31.0, 29.0), shown(30.0, 30.0)];
        assert_eq!(unusual(&shown(30.0, 27.0), &small), None);
        assert_eq!(unusual(&shown(30.0, 21.0), &small), Some(9.0));
    }

    #[test]
    fn without_earlier_runs_nothing_is_unusual() {
        assert_eq!(unusual(&shown(300.0, 200.0), &[shown(300.0, 300.0), shown(300.0, 299.0)]), None);
    }
}
