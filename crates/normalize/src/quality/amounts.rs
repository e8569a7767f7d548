//! What an amount can be: a floor and a ceiling for each period, in each currency.

use domain::money::{Amount, AmountKind, Currency, Period};

/// Returns whether an amount is below what anybody is paid or asked for, or above it: "11,88 € par an", "45 000 € de l'heure". The
/// period or the currency is then wrong, or the number is not an amount.
pub(super) fn is_odd(amount: &Amount) -> bool {
    let (floor, ceiling) = bounds(amount);
    let francs = |hundredths: i64| i128::from(hundredths) * i128::from(worth(amount.currency)) / 100_000;
    // 0 stands for "free", or for a range that begins at nothing.
    let mut told = [amount.min, amount.max].into_iter().flatten().filter(|hundredths| *hundredths > 0);
    told.any(|hundredths| !(i128::from(floor)..=i128::from(ceiling)).contains(&francs(hundredths)))
}

/// Returns the least and the most that an amount can be, in XAF. The floors are below the smallest stipends and the least paid work by
/// the piece, the ceilings above the fees of international experts: what lies outside is a slip, not an exception.
fn bounds(amount: &Amount) -> (i64, i64) {
    match (amount.kind, amount.period) {
        (AmountKind::Wage, Some(Period::Hour)) => (50, 300_000),
        (AmountKind::Wage, Some(Period::Day)) => (300, 2_500_000),
        (AmountKind::Wage, Some(Period::Week)) => (1_500, 12_500_000),
        (AmountKind::Wage, Some(Period::Month)) => (5_000, 50_000_000),
        (AmountKind::Wage, Some(Period::Year)) => (50_000, 600_000_000),
        // Less than that is paid for an hour, and who pays by the hour says so. It is more often a number that lost its thousands.
        (AmountKind::Wage, None) => (1_000, 600_000_000),
        (AmountKind::Tuition, _) => (100, 100_000_000),
        // A savings product asks for little, a bank lends much.
        (AmountKind::Principal, Some(_)) => (50, 100_000_000_000),
        (AmountKind::Principal, None) => (500, 100_000_000_000),
        // Programs of states have budgets beyond any ceiling.
        (AmountKind::Grant, _) => (1_000, i64::MAX),
    }
}

/// Returns what one unit of a currency is worth, in thousandths of a franc (XAF). To be right within a factor of two is enough: the
/// bounds are wide, and a rate of the day would make the same page read differently tomorrow.
fn worth(currency: Currency) -> i64 {
    match currency {
        Currency::Xaf | Currency::Xof => 1_000,
        Currency::Eur => 655_957,
        Currency::Usd => 600_000,
        Currency::Gbp => 770_000,
        Currency::Chf => 680_000,
        Currency::Mad => 60_000,
        Currency::Ngn => 400,
        Currency::Cad => 440_000,
        Currency::Dzd | Currency::Etb => 4_500,
        Currency::Tnd => 195_000,
        Currency::Egp => 12_000,
        Currency::Gnf => 70,
        Currency::Ghs => 45_000,
        Currency::Cdf => 210,
        Currency::Rwf => 430,
        Currency::Kes => 4_600,
        Currency::Ugx => 165,
        Currency::Tzs => 235,
        Currency::Zar => 33_000,
        Currency::Mru | Currency::Try => 15_000,
        Currency::Sar => 160_000,
        Currency::Aed => 163_000,
        Currency::Qar => 165_000,
        Currency::Kwd => 1_950_000,
        Currency::Cny => 83_000,
        Currency::Inr | Currency::Rub => 7_000,
        Currency::Brl | Currency::Lyd => 110_000,
        Currency::Jpy => 4_000,
        Currency::Aoa => 650,
        Currency::Stn | Currency::Sle => 26_000,
        Currency::Lrd => 3_100,
        Currency::Gmd => 8_200,
        Currency::Cve => 5_900,
        Currency::Mzn => 9_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cases::check, money::read_amount, record::home_currency};

    #[test]
    fn amounts_that_nobody_pays_are_odd() {
        check(include_str!("amounts.tsv"), 60, |case| {
            let kind = match case[0].as_str() {
                "wage" => AmountKind::Wage,
                "tuition" => AmountKind::Tuition,
                "principal" => AmountKind::Principal,
                _ => AmountKind::Grant,
            };
            let amount = read_amount(&case[2], kind, home_currency(&case[1])).unwrap();
            amount.map_or("none", |amount| if is_odd(&amount) { "odd" } else { "fine" }).to_owned()
        });
    }
}
