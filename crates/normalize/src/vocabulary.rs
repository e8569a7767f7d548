//! From a partner's words to codes: contract, working time, education, experience, audience, sector, occupation, language.

mod audience;
mod contract_of_title;
mod experience;
mod hours;
mod language;
mod no_diploma;
mod phrase_table;
mod requirements;
pub(crate) mod signs;
mod workplace;

use std::{borrow::Cow, collections::HashMap, sync::LazyLock};

use domain::{
    Kind,
    vocabulary::{Contract, Education, Language, WorkingTime},
};

use crate::text::{Words, fold};
pub(crate) use audience::audiences_of;
pub use audience::read_audiences;
pub use contract_of_title::contracts_of_title;
pub(crate) use contract_of_title::is_contract_part;
pub use experience::read_experience;
pub(crate) use language::languages_of;
pub use language::languages_of_text;
use phrase_table::Signs;
pub use requirements::{Asked, asked};
pub(crate) use requirements::{Wanted, asked_of, needs_no_diploma};
pub(crate) use workplace::Workplace;

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

/// Phrases by which a title names an apprenticeship, wherever they stand.
const IN_APPRENTICESHIP: [&str; 5] = [
    "en alternance",
    "contrat d apprentissage",
    "en apprentissage",
    "contrat de professionnalisation",
    "contrat d alternance",
];

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
    if begins(&["stagiaire", "stagiaires", "intern", "interns"]) {
        return Some(Contract::Internship);
    }
    contract_of_part(folded)
}

/// "Internship coordinator", "Stage manager", "Apprenticeship programme officer".
const KEEPS: [&str; 12] = [
    "coordinator",
    "manager",
    "officer",
    "program",
    "programme",
    "supervisor",
    "lead",
    "specialist",
    "advisor",
    "director",
    "designer",
    "technician",
];

/// Returns the contract that a whole part of a title is, or that its head is followed by: "Stage en marketing", "Offre de stage comptable",
/// "Apprentissage couture". Who manages internships is not one: "Chargé de stages".
fn contract_of_part(folded: &str) -> Option<Contract> {
    const LEADS: [&str; 10] = [
        "offre de ",
        "offre d ",
        "avis de ",
        "recrutement ",
        "poste de ",
        "un ",
        "en ",
        "contrat d ",
        "contrat de ",
        "proposition de ",
    ];
    let mut head = folded;
    while let Some(rest) = LEADS.iter().find_map(|lead| head.strip_prefix(lead)) {
        head = rest;
    }
    let mut words = head.split(' ');
    let (first, next) = (words.next()?, words.next().unwrap_or_default());
    let keeps = head.split(' ').take(4).any(|word| KEEPS.contains(&word));
    match first {
        "stage" if !keeps => Some(Contract::Internship),
        "internship" if !keeps && next != "and" => Some(Contract::Internship),
        "alternance" => Some(Contract::Apprenticeship),
        "apprenticeship" if !keeps => Some(Contract::Apprenticeship),
        "apprentissage" if !matches!(next, "et" | "automatique" | "des" | "de" | "du") => {
            Some(Contract::Apprenticeship)
        }
        _ => None,
    }
}

/// Returns the contract that a part of a title set off by a mark is: "Assistant RH (stage)", "Ingénieur travaux - Alternance", "Assistant RH -
/// stage de 6 mois".
pub(crate) fn contract_of_set_off(title: &str) -> Option<Contract> {
    let marked = title
        .replace(" – ", " - ")
        .replace(" — ", " - ")
        .replace(" | ", " - ")
        .replace(['(', ')', '[', ']', ','], " - ");
    marked.split(" - ").skip(1).find_map(|part| contract_of_part(&fold(part)))
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

/// One word for both: "Temps plein ou partiel", "Full or part time".
const BOTH_TIMES: [(&str, &str); 5] = [
    ("plein ou partiel", "plein ou temps partiel"),
    ("complet ou partiel", "complet ou temps partiel"),
    ("plein et partiel", "plein ou temps partiel"),
    ("full or part time", "full time or part time"),
    ("full and part time", "full time or part time"),
];

/// Returns the working times that the words of a contract field name.
pub fn read_working_times(words: &str) -> Vec<WorkingTime> {
    let folded = fold(words);
    let both = BOTH_TIMES.iter().find(|(words, _)| folded.contains(words));
    let folded = both.map_or_else(|| folded.clone(), |(words, apart)| folded.replace(words, apart));
    WorkingTime::of_codes(&WORKING_TIME.read(&folded))
}

/// Row of the table of levels whose signs say that no diploma is needed. Its stored word, `none`, is the one of masks there.
const NO_DIPLOMA: &str = "no_diploma";
/// A field on education that asks for nothing.
const NOTHING: [&str; 6] = ["aucun", "aucune", "non requis", "non exige", "not required", "none required"];

/// Returns the lowest level that the words name: "BAC+2 à BAC+3" asks for two years, "sans diplôme" for none.
pub fn read_education(words: &str) -> Option<Education> {
    let folded = fold(words);
    if NOTHING.contains(&folded.as_str())
        || no_diploma::says_literate(&folded)
        || no_diploma::says_none(&folded, false)
    {
        return Some(Education::NoDiploma);
    }
    // "Bac et moins" asks for no level: people with less may apply.
    let is_most =
        ["et moins", "maximum", "au plus", "at most", "or less"].iter().any(|sign| folded.contains(sign));
    let codes = EDUCATION.read(&without_ordinals(&folded));
    if codes.contains(&NO_DIPLOMA) {
        return Some(Education::NoDiploma);
    }
    Education::of_codes(&codes).into_iter().next().filter(|_| !is_most)
}

/// Ordinals that are also classes of a school, folded.
const CLASSES: [&str; 8] = ["premiere", "1ere", "seconde", "2nde", "troisieme", "3eme", "3e", "terminale"];
/// What stands before a class, folded: "classe de première", "niveau troisième".
const BEFORE_CLASS: [&str; 5] = ["classe", "classes", "niveau", "de", "en"];
/// What may follow a class, folded. Anything else is what the ordinal counts: "une première clôture".
const BEHIND_CLASS: [&str; 16] = [
    "ou",
    "et",
    "or",
    "and",
    "a",
    "au",
    "minimum",
    "requis",
    "requise",
    "exige",
    "exigee",
    "technique",
    "scientifique",
    "litteraire",
    "bac",
    "c",
];

/// Returns a folded text without its ordinals: "une première clôture à votre actif" asks for no class.
fn without_ordinals(folded: &str) -> Cow<'_, str> {
    if !folded.split(' ').any(|word| CLASSES.contains(&word)) {
        return Cow::Borrowed(folded);
    }
    let words: Vec<&str> = folded.split(' ').collect();
    let is_kept = |at: &usize| {
        let word = |at: Option<usize>| at.and_then(|at| words.get(at)).copied();
        if word(Some(*at)).is_none_or(|word| !CLASSES.contains(&word)) {
            return true;
        }
        word(at.checked_sub(1)).is_some_and(|before| BEFORE_CLASS.contains(&before))
            || word(Some(at + 1)).is_none_or(|next| {
                BEHIND_CLASS.contains(&next)
                    || CLASSES.contains(&next)
                    || next.bytes().all(|byte| byte.is_ascii_digit())
            })
    };
    let kept: Vec<&str> = (0..words.len()).filter(is_kept).filter_map(|at| words.get(at).copied()).collect();
    Cow::Owned(kept.join(" "))
}

/// Returns the occupation that a folded title names: an ISCO-08 unit group of four digits (ILO, 2012).
///
/// The first name is the work ("dessinateur en charpente métallique", "traducteur informaticien"). A longer name of the same major
/// group is more exact ("chauffeur de poids lourd").
pub fn occupation(title: &str) -> Option<&'static str> {
    occupation_of(&Words::of(title, signs::of))
}

/// Words behind the first name of a title in which a longer name is still the same job. Further on, a title lists other ones.
const SAME_JOB: usize = 3;

/// The same for the words of a title.
pub(crate) fn occupation_of(title: &Words<'_>) -> Option<&'static str> {
    let places = || title.with(signs::OCCUPATION);
    let (begin, head) = OCCUPATIONS.first_at(title.list(), places())?;
    let near = places().skip_while(|at| *at < begin).take_while(|at| *at <= begin + SAME_JOB);
    let work = OCCUPATIONS
        .longest_at(title.list(), near, "")
        .filter(|longest| longest.as_bytes().first() == head.as_bytes().first())
        .unwrap_or(head);
    // Safety at work is not the guarding of a place: "Responsable sécurité HSE".
    let is_hse = || title.list().iter().any(|word| HSE.contains(word));
    Some(if work == GUARD && is_hse() { SAFETY } else { work })
}

/// Protective services, and inspectors of health and safety at work.
const GUARD: &str = "5414";
const SAFETY: &str = "3257";
/// Short names of health, safety and environment, folded.
const HSE: [&str; 7] = ["hse", "qhse", "hsse", "hsqe", "qse", "ehs", "sst"];

/// Returns whether a title names somebody who teaches. A course in a language is for its learners, who do not become teachers.
pub(crate) fn names_teacher(title: &Words<'_>) -> bool {
    const TEACHERS: [&str; 9] = [
        "formateur",
        "formatrice",
        "professeur",
        "professeure",
        "enseignant",
        "enseignante",
        "teacher",
        "trainer",
        "instructor",
    ];
    title.list().iter().any(|word| TEACHERS.iter().any(|teacher| word.trim_end_matches('s') == *teacher))
}

/// Returns the occupations that a folded question names, in its order.
pub(crate) fn occupations_in(folded: &str) -> Vec<&'static str> {
    OCCUPATIONS.read(folded)
}

/// Returns the occupation that has a name of one word like this, if there is only one.
pub(crate) fn occupation_like(is_like: impl Fn(&str) -> bool) -> Option<&'static str> {
    let mut found = OCCUPATIONS.single().filter(|(name, _)| is_like(name)).map(|(_, code)| code);
    let first = found.next()?;
    found.all(|other| other == first).then_some(first).filter(|code| *code != "none")
}

/// Returns the sectors that a folded question names, in its order.
pub(crate) fn sectors_in(folded: &str) -> Vec<&'static str> {
    SECTORS.read(folded)
}

/// Returns the codes of all occupations, each with its name in French.
pub fn occupations() -> Vec<(&'static str, &'static str)> {
    let rows = include_str!("vocabulary/occupations.tsv")
        .lines()
        .filter(|line| line.starts_with(|first: char| first.is_ascii_digit()));
    rows.filter_map(|line| {
        let mut cells = line.split('\t');
        cells.next().zip(cells.next())
    })
    .collect()
}

/// Returns the codes of all sectors.
pub fn sectors() -> Vec<&'static str> {
    let rows = include_str!("vocabulary/sectors.tsv").lines().filter(|line| !line.starts_with(['#', '-']));
    rows.filter_map(|line| line.split('\t').nth(1)).collect()
}

/// Returns the sector of an occupation.
pub(crate) fn sector_of_occupation(occupation: &str) -> Option<&'static str> {
    BY_OCCUPATION.get(occupation).copied()
}

/// Returns the sector, a code of ours within a section of ISIC rev. 4. Title and text are folded.
///
/// What a course or a program is about, the partner says best. Of a job, the title decides, and the partner's words, which name the
/// sector of the employer, come next. What the text names twice comes last. A loan without a named purpose is `finance`.
pub fn sector(
    kind: Kind,
    words: Option<&str>,
    title: &str,
    occupation: Option<&str>,
    text: &str,
) -> Option<&'static str> {
    let [title, text] = [title, text].map(|text| Words::of(text, signs::of));
    sector_of(kind, words, &Title { words: &title, head: 0 }, occupation, &text)
}

/// A title as the rule on sectors reads it.
pub(crate) struct Title<'t> {
    /// Its folded words.
    pub(crate) words: &'t Words<'t>,
    /// How many of them stand before its colon, 0 without one: "Aviculture villageoise : vaccination, noyaux reproducteurs".
    pub(crate) head: usize,
}

/// The same for the words of title and text.
pub(crate) fn sector_of(
    kind: Kind,
    words: Option<&str>,
    title: &Title<'_>,
    occupation: Option<&str>,
    text: &Words<'_>,
) -> Option<&'static str> {
    let told = words.and_then(|words| SECTORS.longest(&fold(words)));
    let otherwise = (kind == Kind::Microfinance).then_some("finance");
    let of_work = || occupation.and_then(|isco| BY_OCCUPATION.get(isco).copied());
    let named = || {
        if kind == Kind::Job && occupation.is_some_and(|isco| ANYWHERE.contains(&isco)) {
            told.or_else(of_work)
        } else {
            of_work().or(told)
        }
    };
    let first = told.filter(|_| kind != Kind::Job);
    first.or_else(|| of_title(title, occupation)).or_else(named).or_else(|| of_text(text)).or(otherwise)
}

/// Work that any employer has, so that the employer's sector says more: workers in production, odd jobs, heads of projects.
const ANYWHERE: [&str; 5] = ["9329", "9622", "9321", "1219", "8183"];

/// Work that is of one sector whatever is sold, cooked, taught or talked about there: cooks and waiters, sellers, teachers, call
/// centers.
fn is_of_its_sector(isco: &str) -> bool {
    // Who sells by telephone sells for one trade.
    (["23", "25", "35", "52"].iter().any(|group| isco.starts_with(group)) && isco != "5244")
        || matches!(isco, "5120" | "5131" | "9411" | "9412" | "4222")
}

/// Returns the sector that a title names.
fn of_title(title: &Title<'_>, occupation: Option<&str>) -> Option<&'static str> {
    // A developer at a clinic works in software.
    if let Some(sector) =
        occupation.filter(|isco| is_of_its_sector(isco)).and_then(|isco| BY_OCCUPATION.get(isco).copied())
    {
        return Some(sector);
    }
    // The work of a project says more than the people it helps: "petits ruminants pour les ménages vulnérables".
    let longest = |upto: usize, but: &str| {
        let places = title.words.with(signs::SECTOR).take_while(|at| *at < upto);
        SECTORS.longest_at(title.words.list(), places, but)
    };
    longest(title.head, "social_ngo")
        // "Épargne et crédit : pisciculture": what the money is for.
        .filter(|head| *head != "finance")
        .or_else(|| longest(usize::MAX, "social_ngo"))
        .or_else(|| longest(usize::MAX, ""))
}

/// Returns the sector that a text names most often, if it does so twice.
fn of_text(text: &Words<'_>) -> Option<&'static str> {
    let named = SECTORS.read_at(text.list(), text.with(signs::SECTOR));
    let count = |code: &&str| named.iter().filter(|other| *other == code).count();
    named.iter().max_by_key(|code| count(code)).filter(|code| count(code) > 1).copied()
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
