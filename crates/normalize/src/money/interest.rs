//! From words to a rate of interest.
//!
//! The words beside each share decide what it is a share of. The first one that is interest is the rate.

use domain::money::{Interest, RatePeriod};
use regex::{Captures, Regex};

use super::{
    fees::WHOLE,
    is_least, is_most,
    percent::{MARKS, Of, Share, clause, readable, shares, thousandths},
};
use crate::{patterns, text::clean_line};

/// Highest rate, in thousandths of a percent a year.
const HIGHEST: i64 = 1_000_000;
/// From this rate up, a rate without a period is yearly, as the law of the CEMAC requires (COBAC, règlement 01/12 on the TEG). A lower
/// one may be monthly. In thousandths of a percent.
const SURELY_ANNUAL: i64 = 5_000;

/// Words on a rate that no rule can parse: it is negative or too high.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the rate {0:?} cannot be read")]
pub struct UnreadableRate(pub String);

/// What words on a rate say.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rates {
    /// The interest; none if the words name none, or no period.
    pub interest: Option<Interest>,
    /// The fees in the same words, in thousandths of a percent of the amount.
    pub fees: Option<i64>,
    /// Whether a range is given from high to low and was turned round.
    pub is_turned: bool,
}

/// Parses interest and the fees in the same words. Several rates for several groups are a range.
pub fn read_interest(words: &str) -> Result<Rates, UnreadableRate> {
    if words.is_empty() {
        return Ok(Rates::default());
    }
    let line = clean_line(words);
    let unreadable = || UnreadableRate(line.chars().take(200).collect());
    let text = readable(&line);
    if is_negative(&text) {
        return Err(unreadable());
    }
    if is_unset(&line, &text) {
        return Ok(Rates::default());
    }
    let shares = all(&text);
    let of = |wanted: Of| shares.iter().filter(move |share| share.of == Some(wanted));
    let fees: Option<i64> =
        of(Of::Fee).map(|share| share.high).reduce(|a, b| a + b).filter(|sum| *sum <= WHOLE);
    let is_rate = |share: &&Share| matches!(share.of, None | Some(Of::Interest));
    let mut rates: Vec<&Share> = shares.iter().filter(is_rate).collect();
    if rates.is_empty() {
        rates = of(Of::Earned).collect();
    }
    let Some(first) = rates.first() else {
        let free = Interest { min: Some(0), max: Some(0), period: RatePeriod::Year, tax: None };
        return Ok(Rates { interest: is_free(&text).then_some(free), fees, is_turned: false });
    };
    let Some(shown) = shown_for(&text, first, &shares) else {
        return Ok(Rates { fees, ..Rates::default() });
    };
    let mut bounds = Bounds::default();
    for rate in &rates {
        let period = own_period(&text, rate, &shares).unwrap_or(shown);
        bounds.add(&text, rate, period, &shares).ok_or_else(unreadable)?;
    }
    let (mut min, mut max) = (bounds.min, bounds.max);
    if min.zip(max).is_some_and(|(min, max)| min > max) {
        std::mem::swap(&mut min, &mut max);
        bounds.is_turned = true;
    }
    let tax = of(Of::Tax).map(|share| share.high).find(|tax| *tax <= WHOLE);
    let interest = Some(Interest { min, max, period: shown, tax });
    Ok(Rates { interest, fees, is_turned: bounds.is_turned })
}

/// The lowest and the highest of several rates.
#[derive(Default)]
struct Bounds {
    min: Option<i64>,
    max: Option<i64>,
    /// Whether the ends of one are swapped.
    is_turned: bool,
}

impl Bounds {
    /// Adds a rate; `None` if it is too high.
    fn add(&mut self, text: &str, rate: &Share, period: RatePeriod, shares: &[Share]) -> Option<()> {
        let a_year = |rate: i64| rate.checked_mul(period.a_year()).filter(|rate| *rate <= HIGHEST);
        let (low, high) = (a_year(rate.low)?, a_year(rate.high)?);
        let (before, after) = around(text, rate, shares);
        let (min, max) = if low != high {
            self.is_turned |= low > high;
            (Some(low.min(high)), Some(low.max(high)))
        } else if is_most(before, after) {
            (None, Some(high))
        } else if is_least(before, after) {
            (Some(low), None)
        } else {
            (Some(low), Some(high))
        };
        self.min = min.map(|min| self.min.map_or(min, |known| known.min(min))).or(self.min);
        self.max = max.map(|max| self.max.map_or(max, |known| known.max(max))).or(self.max);
        Some(())
    }
}

/// Returns what stands beside a rate within its clause, up to the next number.
fn around<'t>(text: &'t str, rate: &Share, shares: &[Share]) -> (&'t str, &'t str) {
    let next = shares.iter().map(|share| share.begin).find(|begin| *begin >= rate.end).unwrap_or(text.len());
    let before = text.get(..rate.begin).unwrap_or_default();
    // Another number and its unit are about something else: "sur 24 mois à 12 %".
    let is_edge = |c: char| MARKS.contains(&c) || c.is_ascii_digit() || c == '%';
    let begin = before.rfind(is_edge).map_or(0, |at| at + 1);
    let begin = if before.get(..begin).is_some_and(|head| head.ends_with(|c: char| c.is_ascii_digit())) {
        begin
            + before.get(begin..).map_or(0, |rest| {
                rest.len() - rest.trim_start().trim_start_matches(char::is_alphabetic).len()
            })
    } else {
        begin
    };
    let before = before.get(begin..).unwrap_or_default();
    // "min 1 % - max 2 %": a dash between spaces separates too.
    let before = before.rsplit(" - ").next().unwrap_or_default();
    let after = clause(text.get(rate.end..next).unwrap_or_default());
    (before, after.split(" - ").next().unwrap_or_default())
}

/// Returns the period of a rate, by the words beside it.
fn own_period(text: &str, rate: &Share, shares: &[Share]) -> Option<RatePeriod> {
    let (before, after) = around(text, rate, shares);
    period(after).or_else(|| period(before))
}

patterns! {
    static OF_THE_LOAN: Regex =
        r"sur (?:toute )?la (?:duree|periode)|over the (?:whole )?(?:term|life|period)|whole ?term|pour toute la duree";

    /// "10 % pour 6 mois" is the price of six months.
    static SPAN: Regex = r"^ ?%? ?(?:pour|for) (?:\d|1[013-9]|[2-9]\d) ?(?:mois|months?|semaines?|weeks?|jours?|days?)\b";

    static BARE: Regex =
        r"^(\d{1,4}(?:[.,]\d{1,6})?)(?: ?- ?(\d{1,4}(?:[.,]\d{1,6})?))?(?:$|[ /](?:par|per|l'an|/|p\.|mensuel|annuel|interestratefrequency)\b|[ /](?:a (?:month|year)|monthly|yearly|annual)\b|/(?:an|mois|month|year))";

    static UNSET: Regex =
        r"^0+(?:[.,]0+)?(?: ?%)?(?: ?(?:-|a|to) ?0+(?:[.,]0+)?(?: ?%)?)?((?:[ /]*(?:par|per|a|l'an|ans?|annee|years?|annum|mois|months?|monthly|yearly|mensuel(?:le)?|annuel(?:le)?|annual(?:ly)?|annualized|p\.? ?[am]\.?|(?:savings)?interest[a-z.]*)\b\.?)*)$";

    static NEGATIVE: Regex = r"^ ?-\d|(?:[:(] ?|[a-z] )-\d+(?:[.,]\d+)? ?%";

    static PERIODS: Regex = r"(?x)(?:^|[^a-z])(?:
            (?P<month> mensuel(?:le)?(?:s|ment)? | mois | months? | monthly | p\.?\ ?m\.? | /\ ?m )
          | (?P<quarter> trimestres? | trimestriel(?:le)?(?:s|ment)? | quarter(?:ly)? )
          | (?P<half> semestres? | semestriel(?:le)?(?:s|ment)? | half[ -]year(?:ly)? | semi-annual(?:ly)? )
          | (?P<week> hebdomadaires? | hebdo | semaines? | week(?:ly)? )
          | (?P<day> journali(?:er|ere)s? | jours? | day | daily )
          | (?P<year> annuel(?:le)?(?:s|ment)? | ans? | annees? | year(?:ly)? | annual(?:ly)? | annum | p\.?\ ?a\.? )
        )(?:[^a-z]|$)";

    static THREE: Regex = r"\b(?:tous les|chaque|every|per) (3|6) (?:mois|months)";

    static OTHER: Regex =
        r"(?:\d+ ?(?:a|-|et|to) ?)?\b\d+ ?(?:mois|months?|ans?|annees?|years?|jours?|days?|semaines?|weeks?)\b|\b(?:rembours|payable|repa|echeance|versement|mensualite|instal|paiement|payment)[^,;.]*";
}

/// Returns the period of the first rate: by the words beside it, by another rate, or by law.
fn shown_for(text: &str, rate: &Share, shares: &[Share]) -> Option<RatePeriod> {
    let is_of_span = || SPAN.is_match(text.get(rate.end..).unwrap_or_default());
    if OF_THE_LOAN.is_match(text) || (is_of_span() && own_period(text, rate, shares).is_none()) {
        return None;
    }
    let sure = rate.low >= SURELY_ANNUAL || rate.high == 0;
    own_period(text, rate, shares).or_else(|| period(text)).or(sure.then_some(RatePeriod::Year))
}

/// Returns the shares. A number alone, or one directly before a period, needs no percent sign.
fn all(text: &str) -> Vec<Share> {
    let found = shares(text);
    if !found.is_empty() || text.contains('%') {
        return found;
    }
    let bare = BARE.captures(text.trim()).and_then(|hit| {
        let low = hit.get(1)?;
        let last = hit.get(2).unwrap_or(low);
        let high = thousandths(last.as_str())?;
        Some(Share { low: thousandths(low.as_str())?, high, begin: low.start(), end: last.end(), of: None })
    });
    bare.into_iter().collect()
}

/// Returns whether the words are a zero that a template of products holds where nothing was entered: a number alone ("0.000000"), or
/// one with what a program prints beside it ("0 - 0 % Per month", "0.00 % MONTH", "0 par mois"). Who says "0 % l'an" has said it.
fn is_unset(line: &str, text: &str) -> bool {
    let text = text.trim();
    let Some(hit) = text.starts_with('0').then(|| UNSET.captures(text)).flatten() else { return false };
    let has_period = hit.get(1).is_some_and(|rest| !rest.is_empty());
    // "Per month" and "MONTH" are values of a program; a person writes "per month".
    let is_printed = || {
        let has_capitals = line.bytes().any(|byte| byte.is_ascii_uppercase());
        let is_english = ["per ", "month", "year", "annu"].iter().any(|word| text.contains(word));
        let has_fraction = text.split('%').next().unwrap_or_default().contains('.');
        (has_capitals && is_english) || has_fraction || text.contains("interest") || text.contains('-')
    };
    !text.contains('%') || (has_period && is_printed())
}

fn is_negative(text: &str) -> bool {
    NEGATIVE.is_match(text)
}

fn is_free(text: &str) -> bool {
    const SIGNS: [&str; 12] = [
        "sans interet",
        "pas d'interet",
        "taux zero",
        "taux 0",
        "interest free",
        "interest-free",
        "no interest",
        "without interest",
        "zero interest",
        "aucun interet",
        "taux nul",
        "taux d'interet nul",
    ];
    SIGNS.iter().any(|sign| text.contains(sign))
}

/// Returns the period that the words name for a rate. "sur 12 mois" is the length of the loan, "remboursement mensuel" its plan of
/// repayment.
fn period(text: &str) -> Option<RatePeriod> {
    let text = THREE.replace_all(text, |hit: &Captures<'_>| {
        if hit.get(1).is_some_and(|count| count.as_str() == "3") { "trimestre" } else { "semestre" }
    });
    let text = OTHER.replace_all(&text, ";");
    let hit = PERIODS.captures(&text)?;
    let table = [
        ("month", RatePeriod::Month),
        ("quarter", RatePeriod::Quarter),
        ("half", RatePeriod::HalfYear),
        ("week", RatePeriod::Week),
        ("day", RatePeriod::Day),
        ("year", RatePeriod::Year),
    ];
    table.into_iter().find(|(name, _)| hit.name(name).is_some()).map(|(_, period)| period)
}
