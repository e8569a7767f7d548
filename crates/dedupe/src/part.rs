//! Levels of single parts of two opportunities.

use crate::{evidence::Level, sketch::hash::shared};

/// Returns 1 for yes, 2 for no, 0 for unknown.
pub(crate) fn of_bool(agree: Option<bool>) -> Level {
    agree.map_or(0, |agree| if agree { 1 } else { 2 })
}

/// Returns whether two sorted lists share a value; `None` if one is empty.
pub(crate) fn agree(a: &[u32], b: &[u32]) -> Option<bool> {
    (!a.is_empty() && !b.is_empty()).then(|| shared(a, b) > 0)
}

/// Returns 0 if one has no bit, 1 if they share one, 2 otherwise.
pub(crate) fn overlapping(a: u8, b: u8) -> Level {
    of_bool((a != 0 && b != 0).then_some(a & b != 0))
}

/// Returns 0 for unknown, 1 if at most `same` apart, 2 if at most `near` apart, 3 otherwise.
pub(crate) fn steps(a: Option<u16>, b: Option<u16>, same: u16, near: u16) -> Level {
    a.zip(b).map_or(0, |(a, b)| match a.abs_diff(b) {
        steps if steps <= same => 1,
        steps if steps <= near => 2,
        _ => 3,
    })
}

/// Returns 0 for unknown, 1 for the same unit group, 2 for the same minor group, 3 otherwise.
pub(crate) fn occupations(a: Option<u16>, b: Option<u16>) -> Level {
    a.zip(b).map_or(0, |(a, b)| {
        if a == b {
            1
        } else if a / 100 == b / 100 {
            2
        } else {
            3
        }
    })
}

/// Returns 0 for unknown, 1 for the same, 2 if one lies in the other, 3 otherwise. An amount for another period says nothing.
pub(crate) fn amounts(a: Option<(i64, i64, u8)>, b: Option<(i64, i64, u8)>) -> Level {
    let Some((a, b)) = a.zip(b) else { return 0 };
    if a.2 != 0 && b.2 != 0 && a.2 != b.2 {
        return 0;
    }
    if (a.0, a.1) == (b.0, b.1) {
        1
    } else if a.0 <= b.1 && b.0 <= a.1 {
        2
    } else {
        3
    }
}

/// Returns 0 for unknown, 1 if the share reaches the first of the steps, 2 if it reaches the second, and so on.
pub(crate) fn share(share: Option<f64>, steps: &[f64]) -> Level {
    share.map_or(0, |share| {
        let at = steps.iter().position(|step| share >= *step).unwrap_or(steps.len());
        Level::try_from(at + 1).unwrap_or(Level::MAX)
    })
}

/// Fewest of a kind that are many: together they hardly agree by chance.
const MANY: usize = 4;

/// Returns 0 for unknown, 1 if the share reaches the first of the steps and is one of many, 2 if it is one of few, 3 if it reaches the second
/// step, and so on.
pub(crate) fn counted(of: Option<(f64, usize)>, steps: &[f64]) -> Level {
    of.map_or(0, |(part, count)| match share(Some(part), steps) {
        1 if count >= MANY => 1,
        level => level + 1,
    })
}

/// Returns 0 if a text names no day, 1 if most are the same, 2 if some are, 3 if none is.
pub(crate) fn days(a: &[u32], b: &[u32]) -> Level {
    let fewer = a.len().min(b.len());
    match shared(a, b) {
        _ if fewer == 0 => 0,
        count if count * 3 >= fewer * 2 => 1,
        0 => 3,
        _ => 2,
    }
}

/// Returns the share of words that describe two clients alike; `None` if a text describes none.
pub(crate) fn clients(a: &[String], b: &[String]) -> Option<f64> {
    let fewer = a.len().min(b.len());
    let hits = a.iter().filter(|word| b.contains(word)).count();
    #[allow(clippy::cast_precision_loss, reason = "a description has few words")]
    (fewer > 0).then(|| hits as f64 / fewer as f64)
}
