//! From words to amounts.
//!
//! First goes out what is a number and no amount: telephone numbers, dates, durations, percentages. What is left is read as one
//! amount or as a range; the words around it tell bound, currency, period and basis.

mod fees;
mod interest;
mod noise;
mod number;
mod percent;
mod signs;

pub use fees::{is_free, read_fees};
pub use interest::{UnreadableRate, read_interest};
pub(crate) use signs::{is_least, is_most};

use domain::money::{Amount, AmountKind, Currency};

use crate::text::{clean_line, lowered};
use number::Figure;

/// Largest amount read: a thousand milliards. Above it, digits were run together.
const LARGEST: i64 = 100_000_000_000_000;
/// Of CFA francs less than this without a currency is a number of something else.
const SMALLEST_BARE: i64 = 10_000;

/// Words about money that no rule can read: minimum above maximum, or a number beyond any amount.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the amount {0:?} cannot be read")]
pub struct UnreadableAmount(pub String);

/// Parses an amount of a kind. `home` is the currency of an amount that names none, and of "FCFA". `Ok(None)`: the words name no
/// amount ("à négocier", "Fcfa", "0").
pub fn read_amount(
    words: &str,
    kind: AmountKind,
    home: Currency,
) -> Result<Option<Amount>, UnreadableAmount> {
    let line = clean_line(words);
    if !line.bytes().any(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let unreadable = || UnreadableAmount(line.chars().take(200).collect());
    let text = noise::without(&lowered(&line));
    let amounts = number::all(&text).ok_or_else(unreadable)?;
    let Some(first) = amounts.first() else { return Ok(None) };
    let range = range(&text, &amounts);
    let (min, max) = match range.as_slice() {
        [one] => bounded(&text, first, *one),
        [from, to] if from > to => return Err(unreadable()),
        several => (several.iter().min().copied(), several.iter().max().copied()),
    };
    if min.or(max).is_none_or(|value| value > LARGEST) || max.is_some_and(|max| max > LARGEST) {
        return Err(unreadable());
    }
    if signs::is_other(&text, first) {
        return Ok(None);
    }
    let named = signs::currency(&text, first, home);
    let is_cfa = matches!(home, Currency::Xaf | Currency::Xof);
    if named.is_none() && is_cfa && max.or(min).is_some_and(|value| value < SMALLEST_BARE) {
        return Ok(None);
    }
    Ok(Some(Amount {
        kind,
        min,
        max,
        currency: named.unwrap_or(home),
        period: signs::period(&text),
        basis: signs::basis(&text),
    }))
}

/// The values of the first amount and of those that make a range with it, in hundredths.
fn range(text: &str, amounts: &[Figure]) -> Vec<i64> {
    let mut joined: Vec<&Figure> = Vec::new();
    for amount in amounts {
        if let Some(last) = joined.last() {
            let between = text.get(last.end..amount.begin).unwrap_or_default();
            let is_pair = between.trim().is_empty() && last.value >= 100_000 && amount.value > last.value;
            if !is_pair && !signs::joins(between) {
                break;
            }
        }
        joined.push(amount);
    }
    let mut values: Vec<i64> = joined.iter().map(|amount| amount.value).collect();
    if let ([from, to, ..], [low, high, ..]) = (values.as_mut_slice(), joined.as_slice()) {
        *from = like(low, high).unwrap_or(*from);
        debug_assert!(*to > 0);
    }
    values
}

/// The first of two amounts, counted as the second is: "18 - 22 k€", "1 à 2 millions", "100 à 150 000".
fn like(low: &Figure, high: &Figure) -> Option<i64> {
    if low.multiple > 1 {
        return None;
    }
    if high.multiple > 1 {
        let scaled = low.value.checked_mul(high.multiple)?;
        return (scaled <= high.value).then_some(scaled);
    }
    let scaled = low.value.checked_mul(1_000)?;
    ((1_000..100_000).contains(&low.value) && scaled <= high.value).then_some(scaled)
}

/// A single amount may be a bound.
fn bounded(text: &str, amount: &Figure, value: i64) -> (Option<i64>, Option<i64>) {
    let before = text.get(..amount.begin).unwrap_or_default();
    let after = text.get(amount.end..).unwrap_or_default();
    if is_most(before, after) {
        (None, Some(value))
    } else if is_least(before, after) {
        (Some(value), None)
    } else {
        (Some(value), Some(value))
    }
}

#[cfg(test)]
mod tests;
