//! What a text asks for, if the partner has no field for it.
//!
//! Only sentences on one subject count: one that begins with a diploma ("CAP mécanique ou électrotechnique."), one on experience or
//! years, one on hours. A post that teaches the Bac does not ask for it, nor does an employer of twenty years.

use domain::vocabulary::{Education, WorkingTime};
use regex::Regex;

use super::{
    EDUCATION, WORKING_TIME,
    experience::{experience_of_sentence, without_wishes},
    hours::{HOURS, hours_of_parts, is_hours},
    no_diploma, read_education, signs,
};
use crate::{
    numbers, patterns,
    text::{Body, Words, fold},
};

/// What a text asks for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Asked {
    /// The lowest level in the first sentence on education.
    pub education: Option<Education>,
    /// The least experience in the first sentence on it, in months.
    pub experience_months: Option<u16>,
    /// Working times.
    pub working_time: Vec<WorkingTime>,
}

/// Longest sentence that counts, in bytes.
const LONGEST: usize = 160;
/// Words that introduce a diploma, folded.
const LEADS: [&str; 50] = [
    "vous",
    "avez",
    "etes",
    "possedez",
    "posseder",
    "justifier",
    "justifiant",
    "disposer",
    "candidat",
    "candidate",
    "candidats",
    "with",
    "you",
    "have",
    "hold",
    "must",
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

/// Returns whether folded words are about experience.
fn is_experience(words: &[&str]) -> bool {
    let begins = |word: &&str| numbers::of(word).is_some() || word.bytes().all(|byte| byte.is_ascii_digit());
    // "Minimum of three years", "Justifier de trois années", "Avoir exercé deux ans".
    let has_worked = words.iter().any(|word| word.starts_with("exerc"));
    let leads = |word: &str| {
        matches!(
            word,
            "au" | "at" | "moins" | "least" | "minimum" | "of" | "justifier" | "justifiant" | "de" | "d"
        ) || (has_worked && matches!(word, "avoir" | "exerce" | "exercee" | "vous" | "avez"))
    };
    let begins_bare = matches!(words.first(), Some(&("de" | "d" | "of")));
    let lead = if begins_bare { 0 } else { words.iter().take_while(|word| leads(word)).count() };
    let counts =
        words.get(lead).is_some_and(begins) && words.get(lead + 1).is_some_and(|unit| is_years(unit));
    counts || words.iter().any(|word| is_practice(word))
}

/// Returns whether a word names who begins: a sentence that welcomes them is on experience.
fn is_beginner(word: &str) -> bool {
    word.starts_with("debutant") || word.starts_with("beginner")
}

fn is_practice(word: &str) -> bool {
    matches!(word, "experience" | "experiences" | "pratique" | "anciennete" | "practice")
}

fn is_years(word: &str) -> bool {
    matches!(word, "an" | "ans" | "annee" | "annees" | "year" | "years")
}

patterns! {
    /// A word of [`WISHED`]. Of "un plus", "an asset" and "de préférence" the second, for the first is too frequent.
    static WISH: Regex =
        r"^(?:plus|atout|advantage|asset|preference)|souhait|apprecie|serait|preferred|preferably|desired|desirable|ideal|optionnel";

    /// Years of something else.
    static NOT_ASKED: Regex =
        r"(?:an|ans|annees|years?) (?:d|of) (?:etudes?|universite|stud(?:y|ies)|university|college)\b|renouvel|\bcontrats?\b|\bduree\b|garantie|\bformation de\b|programme|\bexiste|\bdepuis\b|notre|nos clients|^(?:une? |l )?(?:ong|entreprise|societe|cabinet|structure|association|organisation|groupe|institution)(?: (?:internationale?|nationale?|locale?|humanitaire|specialisee?|leader|camerounaise?|privee?|de|la|place))* (?:ayant|avec|qui a|disposant|forte?)\b|\bour\b|\bwe\b|partage|sans experience|capitalis";
}

/// Words of a wish, which is not a requirement, folded.
const WISHED: [&str; 14] = [
    "souhait",
    "apprecie",
    "un plus",
    "un atout",
    "serait",
    "preferred",
    "preferably",
    "an advantage",
    "an asset",
    "desired",
    "desirable",
    "de preference",
    "ideal",
    "optionnel",
];

/// English verbs that are diplomas in French.
const VERBS: [&str; 1] = ["master"];

/// Returns the signs of a word for these rules.
pub(super) fn signs(word: &str) -> u32 {
    [
        (HOURS.contains(&word), signs::HOURS),
        (is_practice(word) || is_years(word) || is_beginner(word), signs::EXPERIENCE),
        (WISH.is_match(word), signs::WISH),
        (no_diploma::may_say(word), signs::DIPLOMA),
    ]
    .into_iter()
    .fold(0, |all, (is, sign)| if is { all | sign } else { all })
}

/// What is wanted of a text, because no field says it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted {
    pub(crate) education: bool,
    pub(crate) experience: bool,
    pub(crate) working_time: bool,
}

impl Wanted {
    #[cfg(test)]
    const ALL: Self = Self { education: true, experience: true, working_time: true };

    /// Returns whether a sentence whose words have these signs may say some of it. `has_level`: whether it names a diploma.
    fn may_be_in(self, signs: u32, has_level: impl FnOnce() -> bool) -> bool {
        let has = |sign: u32| signs & sign != 0;
        (self.working_time && has(signs::HOURS) && has(signs::TIME))
            || (self.education && has(signs::DIPLOMA))
            || (self.experience && has(signs::EXPERIENCE | signs::WISH))
            || ((self.education || self.experience) && has(signs::EDUCATION_BEGINS) && has_level())
    }
}

/// Parses the plain text of a job.
pub fn asked(text: &str) -> Asked {
    let mut reader = Reader::default();
    for sentence in text.split(['.', ';', '\n', '!', '•']).filter(|sentence| sentence.len() <= LONGEST) {
        let folded = fold(sentence);
        if !folded.is_empty() {
            reader.read(sentence, folded, u32::MAX);
        }
    }
    reader.end()
}

/// Parses a text that is folded already. What is not wanted may be missing.
pub(crate) fn asked_of(body: &Body, words: &Words<'_>, wanted: Wanted) -> Asked {
    let mut reader = Reader::default();
    let mut rest = words.list().iter().zip(words.signs()).peekable();
    // Where the sentence begins in the text; where it and the next word begin in the folded text.
    let (mut begin, mut from, mut at) = (0, 0, 0);
    let mut index = 0;
    for stop in &body.stops {
        let (mut signs, first) = (0, index);
        while let Some((word, of)) = rest.next_if(|_| at < stop.folded) {
            signs |= of;
            at += word.len() + 1;
            index += 1;
        }
        let has_level = || {
            let begins =
                |at: &usize| words.signs().get(*at).is_some_and(|signs| signs & signs::EDUCATION_BEGINS != 0);
            (first..index).filter(begins).any(|at| {
                words.list().get(at..).is_some_and(|rest| EDUCATION.starting(rest).next().is_some())
            })
        };
        if stop.end - begin <= LONGEST && wanted.may_be_in(signs, has_level) {
            let sentence = body.text.get(begin..stop.end).unwrap_or_default();
            let folded = body.folded.get(from..stop.folded).unwrap_or_default().trim_start();
            reader.read(sentence, folded.to_owned(), signs);
        }
        (begin, from) = (stop.next, stop.folded);
    }
    reader.end()
}

/// What was found so far.
#[derive(Default)]
struct Reader {
    asked: Asked,
    /// Whether something else replaces a diploma.
    is_open: bool,
    /// Whether it says that no diploma is needed.
    needs_none: bool,
    /// Whether it asks to read and write.
    is_literate: bool,
}

fn is_wish(folded: &str) -> bool {
    WISHED.iter().any(|sign| folded.contains(sign))
}

/// Returns the clauses of a sentence with a wish that ask for something: "Bac exigé, licence souhaitée". A wish without a subject of its
/// own is about all of the sentence: "deux ans, dans une banque, seraient un plus".
fn demanded(sentence: &str) -> Option<String> {
    const DEMANDS: [&str; 10] = [
        "exige",
        "requis",
        "obligatoire",
        "indispensable",
        "required",
        "must",
        "minimum",
        "au moins",
        "at least",
        "titulaire",
    ];
    const VERBS: [&str; 12] =
        ["serait", "seraient", "sera", "seront", "est", "sont", "is", "are", "would", "un", "une", "an"];
    let clauses: Vec<(&str, String)> = sentence.split([',', ';']).map(|part| (part, fold(part))).collect();
    let has_subject = |folded: &str| {
        let first = folded.split(' ').next().unwrap_or_default();
        !VERBS.contains(&first) && !is_wish(first) && !WISHED.iter().any(|sign| folded.starts_with(sign))
    };
    // "Une première expérience est un plus" has its own.
    let is_apart =
        |folded: &str| has_subject(folded) || folded.starts_with("une ") && folded.contains(" est ");
    let (wished, asked): (Vec<_>, Vec<_>) = clauses.iter().partition(|(_, folded)| is_wish(folded));
    let asked: Vec<&str> = asked
        .iter()
        .filter(|(_, folded)| DEMANDS.iter().any(|sign| folded.contains(sign)))
        .map(|(part, _)| *part)
        .collect();
    (!asked.is_empty() && wished.iter().all(|(_, folded)| is_apart(folded))).then(|| asked.join(", "))
}

/// Returns whether a text says that no diploma is needed: of a program, a course or a loan. Nothing else is asked of those in prose.
pub(crate) fn needs_no_diploma(body: &Body, words: &Words<'_>) -> bool {
    if !words.has(signs::DIPLOMA) {
        return false;
    }
    let mut from = 0;
    body.stops.iter().any(|stop| {
        let folded = body.folded.get(from..stop.folded).unwrap_or_default().trim();
        from = stop.folded;
        folded.len() <= 2 * LONGEST && no_diploma::says_none(folded, false)
    })
}

impl Reader {
    /// Reads a sentence whose words have these signs.
    fn read(&mut self, sentence: &str, folded: String, signs: u32) {
        let asked = &mut self.asked;
        // "Deux ans, idéalement dans la banque": only the clause is a wish.
        let may_wish = ["ideal", "prefer"].iter().any(|sign| folded.contains(sign));
        let plain = if may_wish { without_wishes(sentence) } else { sentence.into() };
        let (sentence, folded) =
            if plain.len() == sentence.len() { (sentence, folded) } else { (&*plain, fold(&plain)) };
        let words: Vec<&str> = folded.split(' ').collect();
        let names_hours = signs & signs::HOURS != 0;
        if names_hours && is_hours(&words) {
            for time in WorkingTime::of_codes(&WORKING_TIME.read(&folded)) {
                if !asked.working_time.contains(&time) {
                    asked.working_time.push(time);
                }
            }
        }
        let of_parts = if names_hours { hours_of_parts(sentence) } else { Vec::new() };
        for time in WorkingTime::of_codes(&of_parts) {
            if !asked.working_time.contains(&time) {
                asked.working_time.push(time);
            }
        }
        if signs & signs::WISH != 0 && is_wish(&folded) {
            // "Deux ans d'expérience exigés, cinq souhaités": the other clauses still ask.
            if let Some(asked) = demanded(sentence) {
                let folded = fold(&asked);
                return self.read(&asked, folded, signs & !signs::WISH);
            }
            let asked = &mut self.asked;
            // "Débutant accepté, une expérience est un plus": no experience is needed all the same.
            asked.experience_months = asked
                .experience_months
                .or_else(|| experience_of_sentence(sentence).filter(|months| *months == 0));
            return;
        }
        if signs & signs::DIPLOMA != 0 {
            self.is_open |= folded.contains("sans diplome") || folded.contains("no diploma");
            self.is_open |= no_diploma::says_instead(&folded) && education_in(&folded).is_none();
            self.needs_none |= no_diploma::says_none(&folded, true);
            self.is_literate |= no_diploma::says_literate(&folded);
        }
        // "Débutants acceptés", "Expérience requise : aucune": a welcome is none of the other sentences on experience.
        if asked.experience_months.is_none()
            && signs & signs::EXPERIENCE != 0
            && says_welcome(sentence, &folded, &words)
        {
            asked.experience_months = Some(0);
        }
        // "Notre expérience : 20 ans" is the employer's, also behind the label.
        let is_ours = words.iter().any(|word| matches!(*word, "notre" | "our"));
        // "Profil recherché : CAP": the value begins after the label.
        let parts: Vec<(&str, String)> = if sentence.contains(':') {
            sentence.split(':').map(|part| (part, fold(part))).collect()
        } else {
            vec![(sentence, folded)]
        };
        for (part, folded) in &parts {
            let words: Vec<&str> = folded.split(' ').collect();
            let level = education(folded, &words).or_else(|| education_of_holder(folded));
            self.is_open |=
                level.is_some() && part.split(',').any(|piece| no_diploma::has_alternative(&fold(piece)));
            asked.education = asked.education.or(level);
            let counts = level.is_some() || is_experience(&words);
            if asked.experience_months.is_none() && counts && !is_ours && !NOT_ASKED.is_match(folded) {
                asked.experience_months = experience_of_sentence(part);
            }
        }
    }

    fn end(self) -> Asked {
        let mut asked = self.asked;
        // An alternative to the diploma is welcome, so there is no lowest level.
        if self.is_open {
            asked.education = None;
        }
        if self.needs_none || (self.is_literate && asked.education.is_none() && !self.is_open) {
            asked.education = Some(Education::NoDiploma);
        }
        asked.working_time.sort_unstable();
        asked
    }
}

/// Returns whether a sentence welcomes beginners to the post. Those whom the post trains, and an employer's, are not meant.
fn says_welcome(sentence: &str, folded: &str, words: &[&str]) -> bool {
    const TAUGHT: [&str; 13] = [
        "encadrer",
        "former",
        "accompagner",
        "accueillir",
        "enseigner",
        "animer",
        "teach",
        "train",
        "coach",
        "cours",
        "notre",
        "our",
        "formations",
    ];
    let names = words.iter().any(|word| is_beginner(word))
        || (folded.contains("jeunes diplomes sans experience"))
        || (words.contains(&"experience")
            && [
                "aucune",
                "none",
                "non requise",
                "not required",
                "acceptee",
                "accepte",
                "acceptes",
                "bienvenus",
            ]
            .iter()
            .any(|end| folded.ends_with(end)));
    names && !words.iter().any(|word| TAUGHT.contains(word)) && experience_of_sentence(sentence) == Some(0)
}

/// Returns the lowest level that a folded sentence names anywhere: "à défaut, une licence".
fn education_in(folded: &str) -> Option<Education> {
    read_education(folded).filter(|level| *level != Education::NoDiploma)
}

/// Returns the level of the holders whom a sentence asks for: "Nous cherchons des titulaires d'un Bac+2". Those whom the work is for do not
/// count.
fn education_of_holder(folded: &str) -> Option<Education> {
    const HOLDERS: [&str; 4] =
        ["titulaire d un ", "titulaires d un ", "titulaire d une ", "titulaires d une "];
    if !folded.contains("titulaire") {
        return None;
    }
    let holder = HOLDERS.iter().find(|holder| folded.contains(*holder))?;
    let (_, rest) = folded.split_once(holder)?;
    let words: Vec<&str> = rest.split(' ').collect();
    if no_diploma::is_of_others(folded) { None } else { education(rest, &words) }
}

/// Returns the lowest level of a sentence that begins with one.
fn education(folded: &str, words: &[&str]) -> Option<Education> {
    let level = |at: usize| {
        let rest = words.get(at..)?;
        EDUCATION.starting(rest).filter(|(code, _)| *code != "none").max_by_key(|(_, long)| *long)
    };
    // "Degree in social work" begins with a lead that is a level together with the next word.
    let begin = (0..words.len()).find(|at| {
        words.get(*at).is_some_and(|word| !LEADS.contains(word))
            || level(*at).is_some_and(|(_, long)| long > 1)
    })?;
    let rest = words.get(begin..)?;
    let (_, long) = level(begin)?;
    let first = rest.first()?;
    let is_verb = long == 1
        && VERBS.contains(first)
        && !rest.get(1).is_none_or(|next| {
            matches!(*next, "en" | "of" | "in" | "ou" | "or" | "degree" | "s" | "1" | "2")
        });
    let is_permit = first.starts_with("licence")
        && rest.get(1).is_some_and(|next| next.len() == 1 || next.starts_with("categor"));
    if is_verb || is_permit { None } else { read_education(folded) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{
        cases::check,
        text::{clean_text, cut},
    };

    proptest! {
        #[test]
        fn a_text_asks_the_same_when_only_sentences_with_signs_are_read(
            text in "((Bac|CAP|Licence|sans diplôme|débutants acceptés|expérience|ans|3|un plus|souhaité|temps|plein|travail|de|nuit|poste|deux|au moins|mois|titulaire|d'un|ou|l'|no|diploma|part|time|full|years|of|work|minimum|0|commun)(: | |, |[.;!•\n] ?)){0,14}"
        ) {
            let body = cut(&clean_text(&text));
            let words = Words::of(&body.folded, signs::of);
            prop_assert_eq!(asked_of(&body, &words, Wanted::ALL), asked(&body.text));
        }
    }

    #[test]
    fn what_texts_ask_for() {
        check(include_str!("cases/requirements.tsv"), 45, |case| {
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
