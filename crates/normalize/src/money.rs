//! From words to amounts.
//!
//! The first step removes numbers that are not amounts: telephone numbers, dates, durations, percentages. The rest is one amount or
//! a range. The words around it give the bound, the currency, the period and the basis.

mod clause;
mod counts;
mod fees;
mod interest;
mod noise;
mod number;
mod percent;
mod repeat;
mod signs;

pub use fees::{is_free, read_fees};
pub use interest::{Rates, UnreadableRate, read_interest};
pub(crate) use repeat::without_repeats;
pub(crate) use signs::{is_least, is_most};

use domain::money::{Amount, AmountKind, Currency};

use crate::text::{clean_line, lowered};
use number::Figure;

/// Largest amount, in hundredths: a thousand billion. A larger one is digits without their spaces.
const LARGEST: i64 = 100_000_000_000_000;
/// A smaller number of CFA francs, in hundredths and without a currency, counts something else.
const SMALLEST_BARE: i64 = 10_000;

/// Words on money that no rule can parse: the number is negative or too large.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the amount {0:?} cannot be read")]
pub struct UnreadableAmount(pub String);

/// What words on money say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// The amount, if they name one.
    pub amount: Option<Amount>,
    /// Whether they can be read in two ways: a range is given from high to low and was turned round, or the groups of a number are
    /// broken and there is no amount.
    pub is_unclear: bool,
}

/// Parses an amount of a kind. `home` is the currency of an amount that names none, and of "FCFA". `Ok(None)`: the words name no
/// amount ("à négocier", "Fcfa", "0"), or one that could be a thousand times what it seems ("75 00 FCFA").
pub fn read_amount(
    words: &str,
    kind: AmountKind,
    home: Currency,
) -> Result<Option<Amount>, UnreadableAmount> {
    read_money(words, kind, home).map(|told| told.amount)
}

/// The same with whether the words are clear.
pub fn read_money(words: &str, kind: AmountKind, home: Currency) -> Result<Told, UnreadableAmount> {
    let line = clean_line(words);
    if !line.bytes().any(|byte| byte.is_ascii_digit()) {
        return Ok(Told::default());
    }
    let unreadable = || UnreadableAmount(line.chars().take(200).collect());
    let text = noise::without(&number::regular(&lowered(&line)));
    let text = if kind == AmountKind::Tuition { of_tuition(&text) } else { &text };
    let amounts = number::all(text).ok_or_else(unreadable)?;
    if amounts.is_empty() {
        return Ok(Told::default());
    }
    let unclear = Ok(Told { amount: None, is_unclear: true });
    if number::is_broken(text) || counts::is_multiplied(text) {
        return unclear;
    }
    let mut amounts = counts::without(text, &amounts);
    amounts.retain(|amount| !clause::is_of_another(text, amount, kind));
    let Some(first) = amounts.first() else {
        let is_free = kind == AmountKind::Tuition && clause::is_free(text);
        return Ok(Told { amount: is_free.then(|| Amount::free(home)), is_unclear: false });
    };
    let (range, last, is_turned) = range(text, &amounts);
    let (min, max) = match range.as_slice() {
        [one] => bounded(text, first, *one),
        several => (several.iter().min().copied(), several.iter().max().copied()),
    };
    if min.or(max).is_none_or(|value| value > LARGEST) || max.is_some_and(|max| max > LARGEST) {
        return Err(unreadable());
    }
    if signs::is_other(text, first, home) {
        return unclear;
    }
    let named = signs::currency(text, first, home);
    let is_cfa = matches!(home, Currency::Xaf | Currency::Xof);
    if named.is_none() && is_cfa && max.or(min).is_some_and(|value| value < SMALLEST_BARE) {
        return Ok(Told::default());
    }
    let amount = Amount {
        kind,
        min,
        max,
        currency: named.unwrap_or(home),
        period: clause::period(text, first.begin, last),
        basis: signs::basis(text),
    };
    Ok(Told { amount: Some(amount), is_unclear: is_turned })
}

/// Returns the words on the price of a course that stand behind its registration: "Inscription : 25 000 F ; Scolarité : 300 000 F".
fn of_tuition(text: &str) -> &str {
    const PRICE: [&str; 4] = ["scolarite", "pension", "tuition", "cout de la formation"];
    const BEFORE: [&str; 4] = ["inscription", "registration", "dossier", "etude de"];
    let begin = PRICE.iter().filter_map(|sign| text.find(sign)).min();
    let Some((head, rest)) = begin.and_then(|begin| text.split_at_checked(begin)) else { return text };
    let is_price = rest.bytes().any(|byte| byte.is_ascii_digit());
    if is_price && BEFORE.iter().any(|sign| head.contains(sign)) { rest } else { text }
}

/// Returns the first amount and those that form a range with it, in hundredths, the end of the last, and whether a range is given from
/// high to low.
fn range(text: &str, amounts: &[Figure]) -> (Vec<i64>, usize, bool) {
    let mut joined: Vec<&Figure> = Vec::new();
    let mut has_order = true;
    for amount in amounts {
        if let Some(last) = joined.last() {
            let between = text.get(last.end..amount.begin).unwrap_or_default();
            let is_pair = between.trim().is_empty() && last.value >= 100_000 && amount.value > last.value;
            if !is_pair && !signs::joins(between) {
                if !counts::are_alternatives(text, last, amount) {
                    break;
                }
                has_order = false;
            }
        }
        joined.push(amount);
    }
    let mut values: Vec<i64> = joined.iter().map(|amount| amount.value).collect();
    if let ([from, to, ..], [low, high, ..]) = (values.as_mut_slice(), joined.as_slice()) {
        *from = like(low, high).unwrap_or(*from);
        debug_assert!(*to > 0);
    }
    let is_turned = has_order && matches!(values.as_slice(), [from, to] if from > to);
    (values, joined.last().map_or(0, |last| last.end), is_turned)
}

/// Returns the first of two amounts in the multiple of the second: "18 - 22 k€", "1 à 2 millions", "100 à 150 000".
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

/// Returns a single amount as a range; "at most" and "at least" make it a bound.
fn bounded(text: &str, amount: &Figure, value: i64) -> (Option<i64>, Option<i64>) {
    let before = text.get(..amount.begin).unwrap_or_default();
    let after = text.get(amount.end..).unwrap_or_default();
    if is_most(before, after) || signs::is_from_zero(before) {
        (None, Some(value))
    } else if is_least(before, after) {
        (Some(value), None)
    } else {
        (Some(value), Some(value))
    }
}

#[cfg(test)]
mod tests;
