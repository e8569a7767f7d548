//! From words to fees.

use domain::money::{Currency, Fees};
use regex::Regex;

use super::{
    LARGEST, is_least, is_most, noise, number,
    percent::{Of, Share, readable, shares},
    range, signs,
};
use crate::{
    patterns,
    text::{clean_line, fold},
};

/// Smallest fixed fee in francs, in hundredths. A smaller number counts something else.
const SMALLEST: i64 = 10_000;
/// The whole amount, in thousandths of a percent.
pub(super) const WHOLE: i64 = 100_000;

patterns! {
    /// Words that separate classes of loans. The fees of classes are alternatives, not a sum.
    static CLASSES: Regex =
        r"au-dela|au dela|\babove\b|\bbelow\b|jusqu'a|[<>≤≥]|\bplus de\b|\bmoins de\b|\bup to\b|\bover\b|superieur|inferieur";

    /// Money that the borrower keeps, or the loan itself.
    static OWN: Regex =
        r"parts? sociale|epargne|depot|caution|garantie|apport|savings|deposit|\bshares?\b|penalite|penalty|retard|\bloans? (?:below|above|under|over|up to|of)\b";

    static BRACKETS: Regex = r"\([^()]*\)";

    static FREE: Regex =
        r"\b(?:franco|gratuits?|gratuite(?:ment|s)?|free|offerts?|exoneree?s?|neant|nil)\b|\b(?:no|sans|aucune?|pas de|without|zero|0) (?:[a-z]+ )?(?:frais|fees?|charges?|commissions?)\b";
}

/// Parses fees. `home` is the currency of an amount that names none. `None`: the words name no fee ("selon barème").
pub fn read_fees(words: &str, home: Currency) -> Option<Fees> {
    let text = readable(&clean_line(words));
    let shares = shares(&text);
    let is_classed = CLASSES.is_match(&text);
    let together = |a: i64, b: i64| if is_classed { a.max(b) } else { a.saturating_add(b) };
    // "un pour cent (1 %)" is one fee, written twice.
    let again = |at: usize| {
        let before = at.checked_sub(1).and_then(|before| shares.get(before)).zip(shares.get(at));
        before.is_some_and(|(one, two)| {
            one.high == two.high && text.get(one.end..two.begin).map(str::trim) == Some("(")
        })
    };
    let counts =
        |(at, share): &(usize, &Share)| !matches!(share.of, Some(Of::Tax | Of::Other)) && !again(*at);
    let told = shares.iter().enumerate().filter(counts).map(|(_, share)| share);
    // A fee above the loan is an error of the source.
    let percent: Option<i64> = told.map(|share| share.high).reduce(together).filter(|sum| *sum <= WHOLE);
    let plain = without_brackets(&without_shares(&text, &shares));
    let mut fixed: Option<(i64, Currency)> = None;
    for clause in clauses(&plain) {
        if let Some((value, currency)) = amount(clause, home, percent.is_some()) {
            let sum = fixed.map_or((value, currency), |(sum, first)| (together(sum, value), first));
            fixed = Some(sum).filter(|(sum, _)| *sum <= LARGEST);
        }
    }
    if percent.is_none() && fixed.is_none() {
        return says_free(&text).then(|| Fees { percent: Some(0), ..Fees::default() });
    }
    Some(Fees { percent, amount: fixed.map(|(sum, _)| sum), currency: fixed.map(|(_, currency)| currency) })
}

/// Returns the fixed fee of a clause. Beside a share, "at least" and "at most" only bound the share.
fn amount(clause: &str, home: Currency, beside_share: bool) -> Option<(i64, Currency)> {
    let text = noise::without(&number::regular(clause));
    if number::is_broken(&text) {
        return None;
    }
    let amounts = number::all(&text)?;
    let first = amounts.first()?;
    let (before, after) =
        (text.get(..first.begin).unwrap_or_default(), text.get(first.end..).unwrap_or_default());
    if OWN.is_match(&text) || (beside_share && (is_most(before, after) || is_least(before, after))) {
        return None;
    }
    let named = signs::currency(&text, first, home);
    let currency = named.unwrap_or(home);
    let is_cfa = matches!(currency, Currency::Xaf | Currency::Xof);
    let value = range(&text, &amounts).0.into_iter().max().filter(|value| *value <= LARGEST)?;
    (!is_cfa || value >= SMALLEST).then_some((value, currency))
}

/// Cuts the text at its marks. A comma within a number is not a mark.
fn clauses(text: &str) -> impl Iterator<Item = &str> {
    let bytes = text.as_bytes();
    let is_mark = move |at: usize| match bytes.get(at) {
        Some(b';' | b'+' | b'\n') => true,
        Some(b',') => bytes.get(at + 1).is_none_or(|next| !next.is_ascii_digit()),
        _ => false,
    };
    let mut from = 0;
    let ends: Vec<usize> = (0..text.len()).filter(|at| is_mark(*at)).chain([text.len()]).collect();
    ends.into_iter().map(move |end| {
        let clause = text.get(from..end).unwrap_or_default();
        from = end + 1;
        clause
    })
}

/// Returns the text without its brackets, which repeat or bound what stands before them. A text with all its numbers in brackets
/// stays as it is.
fn without_brackets(text: &str) -> String {
    let out = BRACKETS.replace_all(text, " ").into_owned();
    if out.bytes().any(|byte| byte.is_ascii_digit()) { out } else { text.to_owned() }
}

/// Returns the text without its shares, so that none is parsed as an amount.
fn without_shares(text: &str, shares: &[Share]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for share in shares {
        out.push_str(text.get(from..share.begin).unwrap_or_default());
        out.push(';');
        from = share.end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

/// Returns whether the words mean "free of charge".
pub fn is_free(words: &str) -> bool {
    let text = readable(&clean_line(words));
    let is_amount = number::all(&text).is_some_and(|amounts| !amounts.is_empty());
    !is_amount && says_free(&text)
}

fn says_free(text: &str) -> bool {
    let folded = fold(text);
    let is_zero = !folded.is_empty()
        && folded.split(' ').all(|word| {
            word.bytes().all(|byte| byte == b'0')
                || matches!(word, "fcfa" | "xaf" | "cfa" | "f" | "frs" | "francs")
        })
        && folded.contains('0');
    is_zero || matches!(folded.as_str(), "none" | "aucun" | "aucune") || FREE.is_match(&folded)
}
