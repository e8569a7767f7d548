//! Small numbers that count something, and amounts that are alternatives.

use std::{collections::HashSet, sync::LazyLock};

use regex::Regex;

use super::{noise::RANK, number::Figure, signs};
use crate::{patterns, places, text::fold};

/// A smaller number, in hundredths and without a currency, counts something if an amount follows.
const SMALLEST: i64 = 10_000;

patterns! {
    /// An amount that is paid or lent several times: what it comes to is not said.
    static TIMES: Regex = r"^[^\d]*\d{1,2} ?(?:x|×|\*|fois|times|tranches?|versements?|mensualites?|echeances?|installments?)(?: (?:mensuel(?:le)?s|egales|of))?(?: de| d')? ?\d";

    /// A currency, right behind or before a number.
    static CURRENCY: Regex = r"^ ?(?:k|m|mill?es?|millions?|milliards?)? ?(?:f|f\.? ?cfa|fcfa|cfaf?|frs?|francs?|xaf|xof|€|\$|£|eur|euros?|usd|dollars?|dhs?|mad|ngn|nairas?|kz|dbs)\b|^ ?[€$£₦]";
    static CURRENCY_BEFORE: Regex = r"(?:\b(?:fcfa|cfaf?|xaf|xof|eur|usd|gbp|ngn|chf|mad|[a-z]{3})|[€$£₦]) ?$";

    /// What may stand between the amounts of two classes: "1er cycle 50 000 F, 2e cycle 100 000 F".
    static CLASSES: Regex = r"^(?: |[,;:/§-]|\b(?:f|fcfa|f cfa|cfa|frs?|francs?|xaf|la|le|en|pour|par|et|puis|cycle|annee|niveau|classe|categorie|echelon|semestre|trimestre|mois|an|net|brut|ans)\b)+$";

    /// Two towns, each behind its amount.
    static TOWNS: Regex = r"^ ?(?:f|fcfa|f cfa|cfa|frs?|francs?|xaf)? ?\(([a-z' -]+)\) ?(?:[;,/] ?|et |$)";
}

static LOCAL: LazyLock<HashSet<String>> = LazyLock::new(|| places::towns().map(fold).collect());

/// Returns whether an amount is multiplied by what stands before it: "3 tranches de 50 000 F".
pub(super) fn is_multiplied(text: &str) -> bool {
    TIMES.is_match(text)
}

/// Returns the amounts without the counts and years that stand before the first: "2 repas par jour et 60 000 F par mois".
pub(super) fn without(text: &str, amounts: &[Figure]) -> Vec<Figure> {
    let first = (0..amounts.len()).find(|at| {
        let Some((figure, rest)) = amounts.get(*at..).and_then(<[Figure]>::split_first) else { return true };
        !is_count(text, figure, rest)
    });
    amounts.get(first.unwrap_or_default()..).unwrap_or_default().to_vec()
}

fn is_count(text: &str, figure: &Figure, rest: &[Figure]) -> bool {
    let is_year = (201_500..=203_500).contains(&figure.value) && figure.value % 100 == 0;
    let Some(next) = rest.first() else { return false };
    let between = text.get(figure.end..next.begin).unwrap_or_default();
    (figure.value < SMALLEST || (is_year && figure.end - figure.begin == 4))
        && figure.multiple == 1
        && !between.trim().is_empty()
        && !signs::joins(between)
        && !is_money(text, figure)
        && rest.iter().any(|other| is_money(text, other) && other.value > figure.value)
}

/// Returns whether a currency stands beside a number.
fn is_money(text: &str, figure: &Figure) -> bool {
    CURRENCY.is_match(text.get(figure.end..).unwrap_or_default())
        || CURRENCY_BEFORE.find(text.get(..figure.begin).unwrap_or_default()).is_some_and(|hit| {
            let word = hit.as_str().trim();
            word.len() != 3 || signs::currency(word, figure, domain::money::Currency::Xaf).is_some()
        })
}

/// Returns whether two amounts are of two classes or of two towns: they are the ends of a range.
pub(super) fn are_alternatives(text: &str, one: &Figure, two: &Figure) -> bool {
    let between = text.get(one.end..two.begin).unwrap_or_default();
    let [before, after] = [text.get(..one.begin), text.get(two.end..)].map(Option::unwrap_or_default);
    let rank = RANK.trim();
    let is_class = between.contains(rank)
        && (before.contains(rank) || after.contains(rank))
        && between.contains([',', ';', '/'])
        && CLASSES.is_match(between);
    let town = |words: &str| {
        TOWNS
            .captures(words)
            .is_some_and(|hit| hit.get(1).is_some_and(|at| LOCAL.contains(&fold(at.as_str()))))
    };
    is_class || (between.contains('(') && town(between) && town(after))
}
