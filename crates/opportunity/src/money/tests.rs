use proptest::prelude::*;

use super::*;
use crate::{cases, normalize::home_currency};

/// Min and max in whole units, currency, period, basis; `-` for none.
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
    match read_pay(words, home_currency(country)) {
        Ok(None) => "none".to_owned(),
        Ok(Some(pay)) => format!(
            "{} {} {} {} {}",
            whole(pay.min),
            whole(pay.max),
            pay.currency.as_str(),
            pay.period.map_or("-", Period::as_str),
            pay.basis.map_or("-", Basis::as_str)
        ),
        Err(_) => "unreadable".to_owned(),
    }
}

#[test]
fn words_on_pay() {
    let table = cases::of(include_str!("cases.tsv"));
    assert!(table.len() > 250);
    let all: Vec<_> = table
        .into_iter()
        .map(|case| {
            let [country, words, expected] = case.try_into().unwrap();
            let got = shown(&words, &country);
            (format!("{country} {words}"), expected, got)
        })
        .collect();
    cases::check(&all);
}

proptest! {
    #[test]
    fn any_words_are_read_and_a_range_is_one(words in "\\PC{0,60}|[0-9 .,kKFCAà-]{0,40}") {
        if let Ok(Some(pay)) = read_pay(&words, Currency::Xaf) {
            prop_assert!(pay.min.is_some() || pay.max.is_some());
            if let (Some(min), Some(max)) = (pay.min, pay.max) {
                prop_assert!(0 < min && min <= max && max <= read::LARGEST);
            }
        }
    }
}
