//! What a text asks for, where the partner has no field for it.
//!
//! Only sentences that are about nothing else are read: one that begins with a diploma ("CAP mécanique ou électrotechnique."), one on
//! experience or years, one on hours. Who teaches the Bac, or counts twenty years of business, asks for neither.

use std::sync::LazyLock;

use regex::Regex;

use super::{EDUCATION, Education, WORKING_TIME, WorkingTime, read_experience};
use crate::text::fold;

/// What a text asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// Lowest education of the first sentence on it.
    pub education: Option<Education>,
    /// Least experience in months, of the first sentence on it.
    pub experience_months: Option<u16>,
    /// How the work lies in the week.
    pub working_time: Vec<WorkingTime>,
}

/// Longest sentence read, in bytes: above it, it tells a story.
const LONGEST: usize = 160;
/// Words in front of a diploma that only lead to it, folded.
const LEADS: [&str; 34] = [
    "etre",
    "avoir",
    "titulaire",
    "titulaires",
    "detenteur",
    "detentrice",
    "d",
    "un",
    "une",
    "du",
    "de",
    "le",
    "la",
    "l",
    "niveau",
    "diplome",
    "diplomee",
    "formation",
    "profil",
    "etudes",
    "minimum",
    "au",
    "moins",
    "holder",
    "of",
    "a",
    "an",
    "at",
    "least",
    "the",
    "degree",
    "level",
    "education",
    "qualification",
];

fn form(pattern: &str) -> Option<Regex> {
    Regex::new(pattern).ok()
}

static EXPERIENCE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    form(
        r"\bexperiences?\b|\bpratique\b|\banciennete\b|\bpractice\b|^(?:au moins |at least |minimum )?(?:un|une|deux|trois|quatre|cinq|six|sept|huit|dix|one|two|three|four|five|ten|\d{1,2}) (?:ans?|annees?|years?)\b",
    )
});
/// Years of something else.
static NOT_ASKED: LazyLock<Option<Regex>> = LazyLock::new(|| {
    form(
        r"renouvel|\bcontrats?\b|\bduree\b|garantie|\bformation de\b|programme|\bexiste|\bdepuis\b|notre|nos clients|\bour\b|\bwe\b|partage|sans experience|capitalis",
    )
});
static HOURS: LazyLock<Option<Regex>> = LazyLock::new(|| {
    form(
        r"\btravail\b|\bhoraires?\b|\bgardes?\b|\bposte\b|\btemps\b|\bshifts?\b|\bhours?\b|\bnights?\b|\bnuit\b|\btime\b|\bwork\b",
    )
});
/// English verbs that are diplomas in French.
const VERBS: [&str; 1] = ["master"];

/// Reads a plain text of an offer of work.
pub fn asked(text: &str) -> Asked {
    let mut asked = Asked::default();
    let Some(((experience, not_asked), hours)) =
        EXPERIENCE.as_ref().zip(NOT_ASKED.as_ref()).zip(HOURS.as_ref())
    else {
        return asked;
    };
    for sentence in text.split(['.', ';', '\n', '!', '•']).filter(|sentence| sentence.len() <= LONGEST) {
        let folded = fold(sentence);
        if folded.is_empty() {
            continue;
        }
        let level = education(&folded);
        if asked.education.is_none() {
            asked.education = level;
        }
        if asked.experience_months.is_none()
            && (level.is_some() || experience.is_match(&folded))
            && !not_asked.is_match(&folded)
        {
            asked.experience_months = read_experience(sentence);
        }
        if hours.is_match(&folded) {
            for time in WorkingTime::of(&WORKING_TIME.read(&folded)) {
                if !asked.working_time.contains(&time) {
                    asked.working_time.push(time);
                }
            }
        }
    }
    asked.working_time.sort_unstable();
    asked
}

/// The lowest level of a sentence that begins with one.
fn education(folded: &str) -> Option<Education> {
    let words: Vec<&str> = folded.split(' ').collect();
    let begin = words.iter().position(|word| !LEADS.contains(word))?;
    let rest = words.get(begin..)?;
    let (_, long) =
        EDUCATION.starting(rest).filter(|(code, _)| *code != "none").max_by_key(|(_, long)| *long)?;
    let first = rest.first()?;
    let is_verb = long == 1
        && VERBS.contains(first)
        && !rest.get(1).is_none_or(|next| {
            matches!(*next, "en" | "of" | "in" | "ou" | "or" | "degree" | "s" | "1" | "2")
        });
    let is_permit = first.starts_with("licence")
        && rest.get(1).is_some_and(|next| next.len() == 1 || next.starts_with("categor"));
    if is_verb || is_permit { None } else { Education::read(folded) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::check;

    #[test]
    fn what_texts_ask_for() {
        check(include_str!("cases/asked.tsv"), 45, |case| {
            let read = asked(&case[0]);
            let times: Vec<&str> = read.working_time.iter().map(|time| time.as_str()).collect();
            format!(
                "{} {} {}",
                read.education.map_or("-", Education::as_str),
                read.experience_months.map_or("-".to_owned(), |months| months.to_string()),
                if times.is_empty() { "-".to_owned() } else { times.join(",") }
            )
        });
    }
}
