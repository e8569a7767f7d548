//! What a partner says on the last day to answer, where it is not a day of the calendar.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Utc};

use super::{
    UnreadableDate, day_of, period, read_day,
    relative::{Unit, count, moved, unit},
    tokens::{self, Token},
    unclear,
};
use crate::{
    status::says_closed,
    text::{clean_line, fold},
};

/// The last day to answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deadline {
    /// A day, or none: "dès que possible", "ouverture le 1er décembre".
    Day(Option<NaiveDate>),
    /// The words say that it is closed: "expirée", "clos".
    Closed,
    /// There is one, but no day can be known: "mi-février 2027", "sous 10 jours" without the day of publication.
    Unclear,
}

/// Parses the last day to answer. `posted` is the day of publication, which "sous 10 jours" and "J+15" count from. Fails where serving
/// would be wrong: on an impossible day, a period that is over, and words of another meaning.
pub fn read_deadline(
    words: &str,
    fetched_at: DateTime<Utc>,
    posted: Option<NaiveDate>,
) -> Result<Deadline, UnreadableDate> {
    // Its letters tell the participle from the noun, which may be a label without its date.
    if matches!(words.trim().to_lowercase().as_str(), "clôturé" | "cloturé") {
        return Ok(Deadline::Closed);
    }
    let refused = match read_day(words, fetched_at) {
        Ok(day) => return Ok(Deadline::Day(day)),
        Err(refused) => refused,
    };
    let line = clean_line(words);
    let folded = fold(&line);
    if is_over(&line, &folded) {
        return Ok(Deadline::Closed);
    }
    let tokens = tokens::of(&line);
    if let Some(length) = after_publication(&tokens) {
        let Some((count, unit)) = length else { return Ok(Deadline::Unclear) };
        return match posted.map(|posted| moved(posted.and_time(NaiveTime::MIN), count, unit, true)) {
            None => Ok(Deadline::Unclear),
            Some(None) => Err(refused),
            Some(day) => Ok(Deadline::Day(day)),
        };
    }
    let today = day_of(fetched_at);
    let is_open = is_vague(&tokens, &folded, today) || unclear::is_open(&tokens, &folded, today);
    if is_open { Ok(Deadline::Unclear) } else { Err(refused) }
}

/// Returns whether the words on the end of something say that it is over: "expirée", "délai dépassé", "achevé". A line with digits does
/// not.
pub(crate) fn is_over(line: &str, folded: &str) -> bool {
    const OVER: [&str; 8] =
        ["depasse", "passed", "cerrad", "encerrad", "vencid", "forclos", "acheve", "completed"];
    // The noun "clôture" may be a label without its date, and "non" is not "closed".
    folded.len() > 3
        && !matches!(folded, "cloture" | "clotures" | "false" | "faux")
        && (says_closed(line) || {
            let words: Vec<&str> = folded.split(' ').collect();
            let is_not =
                words.iter().any(|word| matches!(*word, "non" | "pas" | "not" | "no" | "une" | "si"));
            let is_plain = words.len() <= 4 && !folded.bytes().any(|byte| byte.is_ascii_digit());
            is_plain && !is_not && words.iter().any(|word| OVER.iter().any(|sign| word.starts_with(sign)))
        })
}

/// Returns the length after the publication that a line is: "sous 10 jours", "sous huitaine", "J+15", "15 jours après parution". The
/// inner `None`: it counts from another day, "10 jours après l'entretien".
#[allow(clippy::option_option, reason = "no length, and a length from another day")]
fn after_publication(tokens: &[Token]) -> Option<Option<(u32, Unit)>> {
    if let [Token::Word(j), Token::Mark('+'), days] = tokens
        && j == "j"
    {
        return Some(Some((days.short()?, Unit::Days)));
    }
    let words: Vec<&str> = tokens.iter().filter_map(Token::word).collect();
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(word));
    let begins = |sign: &str| words.iter().any(|word| word.starts_with(sign));
    if has(&["sous"]) && has(&["huitaine", "quinzaine"]) {
        return Some(Some((if has(&["huitaine"]) { 8 } else { 15 }, Unit::Days)));
    }
    let is_within = matches!(words.first(), Some(&("sous" | "within")));
    let is_after = has(&["apres", "after", "compter", "partir", "following", "suivant", "from"]);
    if !is_within && !is_after {
        return None;
    }
    let mut lengths =
        tokens.windows(2).filter_map(|two| Some((count(two.first()?)?, unit(two.get(1)?.word()?)?)));
    let length = lengths.next()?;
    let is_of_publication =
        ["publi", "parution", "annonce", "affichage", "ligne", "post"].into_iter().any(begins);
    let is_known = lengths.next().is_none() && (is_of_publication || (is_within && !is_after));
    Some(is_known.then_some(length))
}

/// Returns whether a line names a time that is to come without its day: "mi-février 2027", "1er trimestre 2027", "fin de semaine".
fn is_vague(tokens: &[Token], folded: &str, today: NaiveDate) -> bool {
    const PHRASES: [&str; 9] = [
        "chaque mois",
        "mois prochain",
        "mois courant",
        "mois en cours",
        "fin de semaine",
        "fin du mois",
        "semaine prochaine",
        "every month",
        "next month",
    ];
    if PHRASES.iter().any(|phrase| folded.contains(phrase)) {
        return true;
    }
    if let Some(last) = period::last_day(tokens) {
        return last >= today;
    }
    let word = |at: usize| tokens.get(at).and_then(Token::word).unwrap_or_default();
    let is_part = matches!(word(0), "mi" | "debut" | "mid" | "early");
    let month = tokens.iter().find_map(Token::month);
    let year = tokens.iter().find_map(Token::year);
    let others = tokens.iter().skip(1).all(|token| {
        token.is_mark("-") || token.month().is_some() || token.year().is_some() || token.word() == Some("de")
    });
    let is_ahead = match (year, month) {
        (Some(year), month) => {
            (year, month.unwrap_or(12)) >= (today.year(), today.month()) && super::YEARS.contains(&year)
        }
        // The nearest such month.
        (None, Some(month)) => (month + 12 - today.month()) % 12 < 6,
        (None, None) => false,
    };
    is_part && others && is_ahead
}
