use domain::money::{AmountKind, Basis, Interest, Period};
use proptest::prelude::*;

use super::*;
use crate::{cases::check, record::home_currency};

/// Minimum and maximum in whole units, currency, period and basis; `-` for none.
fn shown(words: &str, country: &str) -> String {
    let whole = |amount: Option<i64>| {
        amount.map_or("-".to_owned(), |cents| {
            if cents % 100 == 0 {
                (cents / 100).to_string()
            } else {
                format!("{}.{:02}", cents / 100, cents % 100)
            }
        })
    };
    match read_amount(words, AmountKind::Wage, home_currency(country)) {
        Ok(None) => "none".to_owned(),
        Ok(Some(amount)) => format!(
            "{} {} {} {} {}",
            whole(amount.min),
            whole(amount.max),
            amount.currency.as_str(),
            amount.period.map_or("-", Period::as_str),
            amount.basis.map_or("-", Basis::as_str)
        ),
        Err(_) => "unreadable".to_owned(),
    }
}

#[test]
fn words_on_amounts() {
    check(include_str!("cases/amount.tsv"), 260, |case| shown(&case[1], &case[0]));
}

/// A value in thousandths or hundredths, without trailing zeros; `-` for none.
fn plain(value: Option<i64>, unit: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "rates and fees are small")]
    value.map_or("-".to_owned(), |value| (value as f64 / unit).to_string())
}

#[test]
fn words_on_interest() {
    check(include_str!("cases/interest.tsv"), 330, |case| match read_interest(&case[0]) {
        Err(_) => "unreadable".to_owned(),
        Ok((None, _)) => "none".to_owned(),
        Ok((Some(read), fees)) => format!(
            "{} {} {} {} {}",
            plain(read.min, 1e3),
            plain(read.max, 1e3),
            read.period.as_str(),
            plain(read.tax, 1e3),
            plain(fees, 1e3)
        ),
    });
}

#[test]
fn words_on_fees() {
    check(include_str!("cases/fees.tsv"), 160, |case| {
        read_fees(&case[0], Currency::Xaf).map_or("none".to_owned(), |fees| {
            let currency = fees.currency.map_or("-", Currency::as_str);
            format!("{} {} {currency}", plain(fees.percent, 1e3), plain(fees.amount, 1e2))
        })
    });
}

proptest! {
    #[test]
    fn any_words_on_rates_are_read(words in "\\PC{0,60}|[0-9 .,%à-]{0,30}(mois|an|TAF|frais)?") {
        if let Ok((Some(Interest { min: Some(min), max: Some(max), .. }), _)) = read_interest(&words) {
            prop_assert!(0 <= min && min <= max && max <= 1_000_000);
        }
        if let Some(fees) = read_fees(&words, Currency::Xaf) {
            prop_assert!(fees.percent.is_some() || fees.amount.is_some());
            prop_assert_eq!(fees.amount.is_some(), fees.currency.is_some());
        }
    }

    #[test]
    fn any_words_are_read_and_a_range_is_one(words in "\\PC{0,60}|[0-9 .,kKFCAà-]{0,40}") {
        if let Ok(Some(amount)) = read_amount(&words, AmountKind::Wage, Currency::Xaf) {
            prop_assert!(amount.min.is_some() || amount.max.is_some());
            if let (Some(min), Some(max)) = (amount.min, amount.max) {
                prop_assert!(0 < min && min <= max && max <= LARGEST);
            }
        }
    }
}
