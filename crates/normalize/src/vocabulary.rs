//! From a partner's words to codes: contract, working time, education, experience, audience, sector, occupation, language.

mod audience;
mod experience;
mod language;
mod phrase_table;
mod requirements;
pub(crate) mod signs;

use std::{collections::HashMap, sync::LazyLock};

use domain::{
    Kind,
    vocabulary::{Contract, Education, Language, WorkingTime},
};

use crate::text::{Words, fold};
pub(crate) use audience::audiences_of;
pub use audience::read_audiences;
pub use experience::read_experience;
pub(crate) use language::languages_of;
pub use language::languages_of_text;
use phrase_table::Signs;
pub use requirements::{Asked, asked};
pub(crate) use requirements::{Wanted, asked_of};

static CONTRACTS: LazyLock<Signs> = LazyLock::new(|| Signs::of(include_str!("vocabulary/contracts.tsv"), 1));
static EDUCATION: LazyLock<Signs> = LazyLock::new(|| Signs::of(include_str!("vocabulary/education.tsv"), 1));
static WORKING_TIME: LazyLock<Signs> =
    LazyLock::new(|| Signs::of(include_str!("vocabulary/working_time.tsv"), 1));
static OCCUPATIONS: LazyLock<Signs> =
    LazyLock::new(|| Signs::of(include_str!("vocabulary/occupations.tsv"), 2));
static SECTORS: LazyLock<Signs> = LazyLock::new(|| {
    let rows = include_str!("vocabulary/sectors.tsv").lines().filter(|line| !line.starts_with('#'));
    Signs::new(rows.filter_map(|line| {
        let mut cells = line.split('\t').skip(1);
        Some((cells.next()?, cells.nth(1)?))
    }))
});
static BY_OCCUPATION: LazyLock<HashMap<&str, &str>> = LazyLock::new(|| {
    let rows = include_str!("vocabulary/sectors_by_isco.tsv").lines().filter(|line| !line.starts_with('#'));
    rows.filter_map(|line| line.split_once('\t')).collect()
});

/// Returns the contracts that a title names in its first word, its last word or in brackets: "Stagiaire comptable", "Soudeur (CDD)".
/// A word in the middle describes the work: "gestionnaire des stages".
pub fn contracts_of_title(title: &str) -> Vec<Contract> {
    let folded = fold(title);
    let words: Vec<&str> = folded.split(' ').collect();
    let bracket =
        title.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| fold(inner));
    let ends =
        [words.first().copied(), words.last().copied().filter(|_| words.len() > 1), bracket.as_deref()];
    let codes: Vec<&str> = ends.into_iter().flatten().flat_map(|end| CONTRACTS.read(end)).collect();
    Contract::of_codes(&codes)
}

/// Phrases by which a title names an apprenticeship, wherever they stand.
const IN_APPRENTICESHIP: [&str; 4] =
    ["en alternance", "contrat d apprentissage", "en apprentissage", "contrat de professionnalisation"];

/// Returns the contract that a title says plainer than a vague field ("CDD", "Contract"): "Assistant RH en alternance", "Stagiaire
/// comptable", "Apprenti boulanger". Who trains or looks after apprentices is not one.
pub(crate) fn plain_contract_of_title(folded: &str) -> Option<Contract> {
    let begins = |words: &[&str]| words.contains(&folded.split(' ').next().unwrap_or_default());
    let is_beside = |phrase: &str| {
        let (before, _) = folded.split_once(phrase)?;
        let mut words = before.trim_end().rsplit(' ');
        let last = words.next().unwrap_or_default();
        Some(!matches!(
            last,
            "formation" | "formations" | "cours" | "etudiants" | "jeunes" | "formateur" | "formatrice"
        ))
    };
    if IN_APPRENTICESHIP.into_iter().any(|phrase| is_beside(phrase) == Some(true))
        || begins(&["alternant", "alternante", "alternants", "apprenti", "apprentie", "apprentis"])
    {
        return Some(Contract::Apprenticeship);
    }
    begins(&["stagiaire", "stagiaires"]).then_some(Contract::Internship)
}

/// Returns full or part time where a folded title names it: "Vendeur à temps partiel". Its other words on hours describe the work.
pub(crate) fn working_times_of_title(title: &Words<'_>) -> Vec<WorkingTime> {
    let codes = WORKING_TIME.read_at(title.list(), title.with(signs::TIME));
    let mut times = WorkingTime::of_codes(&codes);
    times.retain(|time| matches!(time, WorkingTime::FullTime | WorkingTime::PartTime));
    times
}

/// Returns the contracts that the words of a contract field name.
pub fn read_contracts(words: &str) -> Vec<Contract> {
    Contract::of_codes(&CONTRACTS.read(&fold(words)))
}

/// Returns the working times that the words of a contract field name.
pub fn read_working_times(words: &str) -> Vec<WorkingTime> {
    WorkingTime::of_codes(&WORKING_TIME.read(&fold(words)))
}

/// Row of the table of levels whose signs say that no diploma is needed. Its stored word, `none`, is the one of masks there.
const NO_DIPLOMA: &str = "no_diploma";
/// A field on education that asks for nothing.
const NOTHING: [&str; 6] = ["aucun", "aucune", "non requis", "non exige", "not required", "none required"];

/// Returns the lowest level that the words name: "BAC+2 à BAC+3" asks for two years, "sans diplôme" for none.
pub fn read_education(words: &str) -> Option<Education> {
    let folded = fold(words);
    if NOTHING.contains(&folded.as_str()) {
        return Some(Education::NoDiploma);
    }
    // "Bac et moins" asks for no level: people with less may apply.
    let is_most =
        ["et moins", "maximum", "au plus", "at most", "or less"].iter().any(|sign| folded.contains(sign));
    let codes = EDUCATION.read(&folded);
    if codes.contains(&NO_DIPLOMA) {
        return Some(Education::NoDiploma);
    }
    Education::of_codes(&codes).into_iter().next().filter(|_| !is_most)
}

/// Returns the occupation that a folded title names: an ISCO-08 unit group of four digits (ILO, 2012).
///
/// The first name is the work ("dessinateur en charpente métallique", "traducteur informaticien"). A longer name of the same major
/// group is more exact ("chauffeur de poids lourd").
pub fn occupation(title: &str) -> Option<&'static str> {
    occupation_of(&Words::of(title, signs::of))
}

/// The same for the words of a title.
pub(crate) fn occupation_of(title: &Words<'_>) -> Option<&'static str> {
    let head = OCCUPATIONS.first_at(title.list(), title.with(signs::OCCUPATION))?;
    OCCUPATIONS
        .longest_at(title.list(), title.with(signs::OCCUPATION), "")
        .filter(|longest| longest.as_bytes().first() == head.as_bytes().first())
        .or(Some(head))
}

/// Returns the sector, a code of ours within a section of ISIC rev. 4. Title and text are folded.
///
/// The partner's own words come first, then the title, then the occupation, then what the text names twice. A loan without a named
/// purpose is `finance`.
pub fn sector(
    kind: Kind,
    words: Option<&str>,
    title: &str,
    occupation: Option<&str>,
    text: &str,
) -> Option<&'static str> {
    let [title, text] = [title, text].map(|text| Words::of(text, signs::of));
    sector_of(kind, words, &title, occupation, &text)
}

/// The same for the words of title and text.
pub(crate) fn sector_of(
    kind: Kind,
    words: Option<&str>,
    title: &Words<'_>,
    occupation: Option<&str>,
    text: &Words<'_>,
) -> Option<&'static str> {
    let told = words.and_then(|words| SECTORS.longest(&fold(words)));
    let otherwise = (kind == Kind::Microfinance).then_some("finance");
    told.or_else(|| named(title, occupation, text)).or(otherwise)
}

fn named(title: &Words<'_>, occupation: Option<&str>, text: &Words<'_>) -> Option<&'static str> {
    let of = |isco: &str| BY_OCCUPATION.get(isco).copied();
    // A developer at a clinic works in software.
    if let Some(isco) = occupation.filter(|isco| isco.starts_with("25") || isco.starts_with("35")) {
        return of(isco);
    }
    // The work of a project says more than the people it helps: "petits ruminants pour les ménages vulnérables".
    let longest = |but: &str| SECTORS.longest_at(title.list(), title.with(signs::SECTOR), but);
    let told = longest("social_ngo").or_else(|| longest(""));
    told.or_else(|| occupation.and_then(of)).or_else(|| {
        let named = SECTORS.read_at(text.list(), text.with(signs::SECTOR));
        let count = |code: &&str| named.iter().filter(|other| *other == code).count();
        named.iter().max_by_key(|code| count(code)).filter(|code| count(code) > 1).copied()
    })
}

/// Words that name both official languages at once.
const BOTH: &str = "both";

static LANGUAGES: LazyLock<Signs> = LazyLock::new(|| {
    let rows = [
        ("en", "en|anglais|anglaise|english|anglophone"),
        ("fr", "fr|francais|francaise|french|francophone"),
        (BOTH, "bilingue|bilingual"),
    ];
    Signs::new(rows.into_iter())
});

/// Returns the languages that the words name.
pub fn read_languages(words: &str) -> Vec<Language> {
    let codes = LANGUAGES.read(&fold(words));
    if codes.contains(&BOTH) { Language::ALL.to_vec() } else { Language::of_codes(&codes) }
}

#[cfg(test)]
mod tests;
