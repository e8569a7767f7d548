//! What title, text and a few fields tell besides their own columns.

use domain::{
    Draft, Kind, Opportunity,
    vocabulary::{Contract, Education},
};

use crate::{
    text::clean_line,
    vocabulary::{
        asked, contracts_of_title, languages_of_text, occupation, read_audiences, read_contracts,
        read_education, read_experience, read_languages, sector,
    },
};

/// What title and text, both folded, say of occupation, sector, languages and audience.
pub(super) fn classify(row: &mut Opportunity, draft: &Draft, title: &str, text: &str) {
    let is_work = matches!(row.kind, Kind::Job | Kind::Training);
    let occupation = if is_work { occupation(title) } else { None };
    row.sector = sector(row.kind, draft.sector.as_deref(), title, occupation, text).map(str::to_owned);
    row.occupation = occupation.map(str::to_owned);
    let named = draft.language.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let told = named.map(read_languages).unwrap_or_default();
    let as_it_reads = || languages_of_text(&format!("{title} {text}"));
    row.languages = match (row.kind, named) {
        // For a job, the field may as well name the languages one is to speak.
        (Kind::Job, _) => Some(as_it_reads()).filter(|languages| !languages.is_empty()).unwrap_or(told),
        // A language that is none of ours is not guessed over.
        (_, Some(_)) => told,
        (_, None) => as_it_reads(),
    };
    row.audiences = read_audiences(row.kind, title, text);
}

/// What the text of an offer of work asks for, where the partner has no words of its own on it.
pub(super) fn ask(row: &mut Opportunity) {
    let Some(text) = row.description.as_deref().filter(|_| row.kind == Kind::Job) else { return };
    let asked = asked(text);
    row.education = row.education.or(asked.education);
    if row.experience.is_none() {
        row.experience_months = asked.experience_months;
    }
    if row.working_time.is_empty() {
        row.working_time = asked.working_time;
    }
}

/// Whether a folded title begins or ends with the word that the work can be done from anywhere.
pub(super) fn says_remote(title: &str) -> bool {
    const SIGNS: [&str; 6] =
        ["full remote", "100 remote", "remote", "teletravail", "a distance", "work from home"];
    // "Formation à distance" is a course, and "agent de télétravail" none.
    SIGNS.iter().any(|sign| {
        title.strip_suffix(sign).is_some_and(|head| {
            head.ends_with(' ') && !head.ends_with("formation ") && !head.ends_with("de ")
        })
    }) || title.starts_with("remote ")
}

/// Contracts by the partner's words, else by the title.
pub(super) fn contracts(draft: &Draft) -> Vec<Contract> {
    let told = draft.contract.as_deref().map(read_contracts).unwrap_or_default();
    if told.is_empty() && draft.kind == Kind::Job {
        return contracts_of_title(&clean_line(draft.title.as_deref().unwrap_or_default()));
    }
    told
}

/// What the partner's own words ask for.
pub(super) struct Schooling<'d> {
    pub(super) education: Option<Education>,
    pub(super) experience: Option<&'d str>,
    pub(super) months: Option<u16>,
}

/// The lowest level asked for, and the experience. Portals show one box for both: "BAC+5 et plus" is a level and no experience.
pub(super) fn schooling(draft: &Draft) -> Schooling<'_> {
    let education = draft.education.as_deref().and_then(read_education);
    let experience = draft.experience.as_deref();
    let months = experience.and_then(read_experience);
    match experience.filter(|_| months.is_none()).and_then(read_education) {
        Some(level) => Schooling { education: education.or(Some(level)), experience: None, months: None },
        None => Schooling { education, experience, months },
    }
}
