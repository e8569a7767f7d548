use domain::money::{AmountKind, Basis, Interest, Period};
use proptest::{prelude::*, sample::select};

use super::*;
use crate::{cases::check, record::home_currency};

/// Minimum and maximum in whole units, currency, period and basis; `-` for none.
fn shown(words: &str, country: &str, kind: AmountKind) -> String {
    let whole = |amount: Option<i64>| {
        amount.map_or("-".to_owned(), |cents| {
            if cents % 100 == 0 {
                (cents / 100).to_string()
            } else {
                format!("{}.{:02}", cents / 100, cents % 100)
            }
        })
    };
    match read_amount(words, kind, home_currency(country)) {
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
    check(include_str!("cases/amount.tsv"), 320, |case| shown(&case[1], &case[0], AmountKind::Wage));
    check(include_str!("cases/kinds.tsv"), 25, |case| {
        let kind = match case[0].as_str() {
            "tuition" => AmountKind::Tuition,
            "grant" => AmountKind::Grant,
            _ => AmountKind::Principal,
        };
        shown(&case[1], "CM", kind)
    });
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
        Ok(Rates { interest: None, .. }) => "none".to_owned(),
        Ok(Rates { interest: Some(read), fees, .. }) => format!(
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
        let read = read_interest(&words).unwrap_or_default().interest;
        if let Some(Interest { min: Some(min), max: Some(max), .. }) = read {
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

    #[test]
    fn a_number_is_read_as_it_was_written(number in number(), form in form(), mark in select(&GROUPS), sign in select(&SIGNS)) {
        let words = form.0.replace('N', &format!("{}{sign}", grouped(number, mark)));
        let told = read_money(&words, form.1, Currency::Xaf).unwrap();
        let amount = told.amount.unwrap_or_else(|| panic!("{words:?} names no amount"));
        let value = number * 100;
        prop_assert!(
            amount.min.is_none_or(|min| min == value) && amount.max.is_none_or(|max| max == value) && amount.min.or(amount.max).is_some(),
            "{:?} is {:?}", words, amount
        );
        prop_assert!(!told.is_unclear, "{}", words);
        let fees = read_fees(&format!("{}{sign}", grouped(number, mark)), Currency::Xaf).and_then(|fees| fees.amount);
        prop_assert_eq!(fees, Some(value), "{}", words);
    }

    #[test]
    fn a_range_is_read_as_it_was_written(low in number(), high in number(), marks in (select(&GROUPS), select(&GROUPS)), signs in (select(&SIGNS), select(&SIGNS)), joint in select(&[" - ", "-", " à ", " a ", "–", " to ", " et "])) {
        let sign = |sign: &'static str, other: &'static str| if sign.is_empty() || other.is_empty() { "" } else { sign };
        // One currency for both.
        let (first, last) = (sign(signs.0, signs.1), if foreign(signs.0) == foreign(signs.1) { signs.1 } else { signs.0 });
        let first = if foreign(first) == foreign(last) { first } else { "" };
        prop_assume!(low != high);
        let words = format!("{}{first}{joint}{}{last}", grouped(low, marks.0), grouped(high, marks.1));
        let told = read_money(&words, AmountKind::Principal, Currency::Xaf).unwrap();
        let amount = told.amount.unwrap_or_else(|| panic!("{words:?} names no amount"));
        prop_assert_eq!((amount.min, amount.max), (Some(low.min(high) * 100), Some(low.max(high) * 100)), "{}", words);
        prop_assert_eq!(told.is_unclear, low > high, "{}", words);
    }

    #[test]
    fn a_multiple_is_read_as_it_was_written(number in 1_i64..1_000, word in select(&MULTIPLES), blank in select(&["", " "]), sign in select(&SIGNS)) {
        let words = format!("{number}{blank}{}{sign}", word.0);
        let amount = read_amount(&words, AmountKind::Grant, Currency::Xaf).unwrap().unwrap();
        prop_assert_eq!(amount.min, Some(number * word.1 * 100), "{}", words);
    }
}

/// What separates groups of thousands.
const GROUPS: [&str; 12] =
    ["", " ", "\u{a0}", "\u{202f}", "\u{2009}", ".", ",", "'", "\u{2019}", "_", "&nbsp;", "  "];
/// What stands right behind a number, glued to it or not.
const SIGNS: [&str; 24] = [
    "",
    "F",
    " F",
    "FCFA",
    " FCFA",
    "F CFA",
    "frs",
    "Frs CFA",
    "fcfa",
    "CFA",
    "XAF",
    " XAF",
    "francs",
    " francs CFA",
    "\u{a0}FCFA",
    "EUR",
    "€",
    " €",
    "USD",
    "$",
    "NGN",
    "XOF",
    "CFAF",
    "F.CFA",
];
const MULTIPLES: [(&str, i64); 9] = [
    ("k", 1_000),
    ("K", 1_000),
    ("mille", 1_000),
    ("thousand", 1_000),
    ("milles", 1_000),
    ("M", 1_000_000),
    ("millions", 1_000_000),
    ("million", 1_000_000),
    ("milliards", 1_000_000_000),
];

fn foreign(sign: &str) -> Option<&'static str> {
    ["EUR", "€", "USD", "$", "NGN", "XOF"].into_iter().find(|other| sign.contains(other))
}

/// Numbers of every magnitude that an amount can have, many of them round.
fn number() -> impl Strategy<Value = i64> {
    (1_i64..1_000, select(&[1_000_i64, 10_000, 100_000, 1_000_000]), 0_i64..1_000)
        .prop_map(|(head, unit, rest)| if rest % 2 == 0 { head * unit } else { head * unit + rest })
}

/// Words around an amount `N`, and what it is of.
fn form() -> impl Strategy<Value = (&'static str, AmountKind)> {
    select(&[
        ("N", AmountKind::Wage),
        ("N/mois", AmountKind::Wage),
        ("N / mois", AmountKind::Wage),
        ("N par mois", AmountKind::Wage),
        ("N net/mois", AmountKind::Wage),
        ("Salaire : N", AmountKind::Wage),
        ("(N)", AmountKind::Wage),
        ("environ N/an", AmountKind::Wage),
        ("max N", AmountKind::Principal),
        ("jusqu'à N", AmountKind::Principal),
        ("à partir de N", AmountKind::Principal),
        ("N maximum", AmountKind::Principal),
        ("N", AmountKind::Tuition),
        ("N", AmountKind::Grant),
    ])
}

/// A number with its groups of thousands.
fn grouped(number: i64, mark: &str) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push_str(mark);
        }
        out.push(digit);
    }
    out
}
