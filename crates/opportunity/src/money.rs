//! Pay and amounts in words.

use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Serialize};

use crate::text::{clean_line, fold};

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $type { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $type {
            /// The stored word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }
    };
}

words! {
    /// A currency, by its ISO 4217 code.
    Currency {
        /// CFA franc of Central Africa: what "FCFA" means in Cameroon.
        Xaf = "XAF",
        /// CFA franc of West Africa: what "FCFA" means in Togo.
        Xof = "XOF",
        /// Euro.
        Eur = "EUR",
        /// Dollar of the United States.
        Usd = "USD",
        /// Pound sterling.
        Gbp = "GBP",
        /// Swiss franc.
        Chf = "CHF",
        /// Dirham of Morocco.
        Mad = "MAD",
        /// Naira of Nigeria.
        Ngn = "NGN",
    }
}

words! {
    /// What an amount is paid for.
    Period {
        /// An hour of work.
        Hour = "hour",
        /// A day.
        Day = "day",
        /// A week.
        Week = "week",
        /// A month.
        Month = "month",
        /// A year.
        Year = "year",
    }
}

/// Pay or an amount. At least one of `min` and `max` is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pay {
    /// Lowest, in hundredths of the currency's unit, whatever the currency.
    pub min: Option<i64>,
    /// Highest, in hundredths of the currency's unit.
    pub max: Option<i64>,
    /// The currency.
    pub currency: Currency,
    /// What it is paid for; none for a single amount.
    pub period: Option<Period>,
}

/// Words about money that no rule can read: minimum above maximum, or a number beyond any pay.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the amount {0:?} cannot be read")]
pub struct UnreadableAmount(pub String);

/// A number with its groups of thousands, then perhaps decimals. Groups are separated by a blank, a dot or a comma.
static NUMBER: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"\d{1,3}(?:[ .,']\d{3})+(?:[.,]\d{1,2})?\b|\d+(?:[.,]\d+)?").ok());

/// Largest amount read: a thousand milliards. Above it, digits were run together.
const LARGEST: i64 = 100_000_000_000_000;

/// Reads pay. `home` is the currency of an amount that names none, and of "FCFA". `Ok(None)`: the words name no amount
/// ("à négocier", "Fcfa", "0").
pub fn read_pay(words: &str, home: Currency) -> Result<Option<Pay>, UnreadableAmount> {
    let line = clean_line(words);
    let folded = fold(&line);
    let unreadable = || UnreadableAmount(line.chars().take(200).collect());
    let amounts = amounts(&line).ok_or_else(unreadable)?;
    let (min, max) = match amounts.as_slice() {
        [] => return Ok(None),
        [one] if has(&folded, &["maximum", "max", "jusqu a", "up to", "plafond"]) => (None, Some(*one)),
        [one] if has(&folded, &["minimum", "min", "a partir de", "from", "des"]) => (Some(*one), None),
        [one] => (Some(*one), Some(*one)),
        [from, to, ..] => (Some(*from), Some(*to)),
    };
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        return Err(unreadable());
    }
    Ok(Some(Pay { min, max, currency: currency(&line, &folded, home), period: period(&folded) }))
}

/// Whether one of the phrases stands in the folded words, as whole words.
fn has(folded: &str, phrases: &[&str]) -> bool {
    let padded = format!(" {folded} ");
    phrases.iter().any(|phrase| padded.contains(&format!(" {phrase} ")))
}

/// The amounts in hundredths, without zeros, percentages and what counts months or hours. `None` when one is beyond any pay.
fn amounts(line: &str) -> Option<Vec<i64>> {
    let Some(number) = NUMBER.as_ref() else { return Some(Vec::new()) };
    let mut found = Vec::new();
    for hit in number.find_iter(line) {
        let after = fold(line.get(hit.end()..).unwrap_or_default());
        let before = fold(line.get(..hit.start()).unwrap_or_default());
        let raw_after = line.get(hit.end()..).unwrap_or_default().trim_start();
        // "sur 12.0 mois", "13e mois", "8,5%" are no amounts.
        let counts = before.ends_with("sur")
            || raw_after.starts_with('%')
            || after.starts_with("eme ")
            || after.starts_with("e mois");
        if counts {
            continue;
        }
        let value = hundredths(hit.as_str())?.checked_mul(multiple(raw_after))?;
        if value > LARGEST {
            return None;
        }
        if value > 0 {
            found.push(value);
        }
    }
    Some(found)
}

/// "150k", "2 millions".
fn multiple(after: &str) -> i64 {
    let folded = fold(after);
    let first = folded.split(' ').next().unwrap_or_default();
    match first {
        "k" | "mille" | "kfcfa" | "kf" => 1_000,
        "million" | "millions" | "m" => 1_000_000,
        _ => 1,
    }
}

/// The value of a number in hundredths.
fn hundredths(number: &str) -> Option<i64> {
    let is_mark = |c: char| matches!(c, '.' | ',');
    // A mark followed by one or two digits at the end separates decimals; any other separates thousands.
    let (whole, decimals) = match number.rsplit_once(is_mark) {
        Some((whole, tail)) if tail.len() != 3 => (whole, tail),
        _ => (number, ""),
    };
    let digits: String = whole.chars().filter(char::is_ascii_digit).collect();
    let cents: String = decimals.chars().chain("00".chars()).take(2).collect();
    digits.parse::<i64>().ok()?.checked_mul(100)?.checked_add(cents.parse().ok()?)
}

fn currency(line: &str, folded: &str, home: Currency) -> Currency {
    let cfa = if home == Currency::Xof { Currency::Xof } else { Currency::Xaf };
    if line.contains('€') || has(folded, &["euro", "euros", "eur"]) {
        Currency::Eur
    } else if folded.contains("cfa") || has(folded, &["f", "frs", "francs", "franc"]) {
        cfa
    } else if has(folded, &["xaf"]) {
        Currency::Xaf
    } else if has(folded, &["xof"]) {
        Currency::Xof
    } else if line.contains('$') || has(folded, &["usd", "dollar", "dollars"]) {
        Currency::Usd
    } else if line.contains('£') || has(folded, &["gbp"]) {
        Currency::Gbp
    } else if has(folded, &["dh", "dhs", "mad", "dirham", "dirhams"]) {
        Currency::Mad
    } else if has(folded, &["ngn", "naira", "nairas"]) {
        Currency::Ngn
    } else if has(folded, &["chf"]) {
        Currency::Chf
    } else {
        home
    }
}

fn period(folded: &str) -> Option<Period> {
    let table: [(&[&str], Period); 5] = [
        (&["horaire", "heure", "hour", "hourly", "h"], Period::Hour),
        (&["journalier", "jour", "jours", "day", "daily", "j"], Period::Day),
        (&["hebdomadaire", "semaine", "week", "weekly"], Period::Week),
        (&["mensuel", "mois", "month", "monthly", "mensuelle", "mensuels"], Period::Month),
        (&["annuel", "an", "annee", "year", "yearly", "ans", "annuelle", "annual"], Period::Year),
    ];
    // The word that comes first is the period: "Annuel de 30000 Euros sur 12 mois" is paid by the year.
    let padded = format!(" {folded} ").replace(" an hour", " hour");
    let place = |words: &[&str]| words.iter().filter_map(|word| padded.find(&format!(" {word} "))).min();
    table
        .into_iter()
        .filter_map(|(words, period)| Some((place(words)?, period)))
        .min_by_key(|(at, _)| *at)
        .map(|(_, period)| period)
}

#[cfg(test)]
mod tests;
