//! Values that come from the title, the text or the field of another value.

use domain::{
    Draft, Kind, Opportunity,
    vocabulary::{Contract, Education},
};

use crate::{
    memo::remembered,
    text::{Body, Words, clean_line, fold},
    vocabulary::{
        Title, Wanted, Workplace, asked, asked_of, audiences_of, contract_of_set_off, contracts_of_title,
        languages_of, names_teacher, needs_no_diploma, occupation_of, plain_contract_of_title,
        read_contracts, read_education, read_experience, read_languages, sector_of, working_times_of_title,
    },
};

/// Fills occupation, sector, languages and audiences from the folded title and the words of title and text.
pub(super) fn classify(
    row: &mut Opportunity,
    draft: &Draft,
    title: &str,
    title_words: &Words<'_>,
    text: &Words<'_>,
) {
    let is_work = matches!(row.kind, Kind::Job | Kind::Training);
    let place = Workplace::new(draft.sector.as_deref(), draft.organization.as_deref(), title_words, text);
    let occupation = if is_work { place.occupation(occupation_of(title_words)) } else { None };
    let head = row.title.split_once(':').map_or(0, |(head, _)| fold(head).split(' ').count());
    let as_title = Title { words: title_words, head };
    let sector = place
        .sector(occupation)
        .or_else(|| sector_of(row.kind, draft.sector.as_deref(), &as_title, occupation, text))
        .or_else(|| place.sector_of_employer().filter(|_| row.kind == Kind::Job));
    row.sector = sector.map(str::to_owned);
    // "English for work" is a course for its learners.
    let is_of_learners =
        row.kind == Kind::Training && occupation == Some("2353") && !names_teacher(title_words);
    row.occupation = occupation.filter(|_| !is_of_learners).map(str::to_owned);
    let named = draft.language.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let told = named.map(read_languages).unwrap_or_default();
    let as_it_reads = || languages_of(&[title_words, text]);
    row.languages = match (row.kind, named) {
        // In a job the field may name the languages that the candidate has to speak.
        (Kind::Job, _) => Some(as_it_reads()).filter(|languages| !languages.is_empty()).unwrap_or(told),
        // A language without a code here is not replaced by a guess.
        (_, Some(_)) if told.is_empty() => told,
        // A feed that says one language of all it publishes says nothing of a text that reads as another.
        (_, Some(_)) => {
            let read = as_it_reads();
            let is_other = !read.is_empty() && !read.iter().any(|language| told.contains(language));
            if is_other { read } else { told }
        }
        (_, None) => as_it_reads(),
    };
    if row.kind == Kind::Job && row.working_time.is_empty() {
        row.working_time = working_times_of_title(title_words);
    }
    row.audiences = audiences_of(row.kind, sector, title, title_words, text);
}

/// Fills what the text of a job asks for, if the partner has no field for it. Of all others, only that no diploma is needed counts.
pub(super) fn ask(row: &mut Opportunity, body: &Body, words: &Words<'_>) {
    if row.kind != Kind::Job {
        if row.education.is_none() && needs_no_diploma(body, words) {
            row.education = Some(Education::NoDiploma);
        }
        return;
    }
    let Some(text) = row.description.as_deref() else { return };
    let wanted = Wanted {
        education: row.education.is_none(),
        experience: row.experience.is_none(),
        working_time: row.working_time.is_empty(),
    };
    // A text that was cut ends elsewhere.
    let asked = if text.len() == body.text.len() { asked_of(body, words, wanted) } else { asked(text) };
    row.education = row.education.or(asked.education);
    if row.experience.is_none() {
        row.experience_months = asked.experience_months;
    }
    if row.working_time.is_empty() {
        row.working_time = asked.working_time;
    }
}

/// Returns whether a folded title begins or ends with a word for remote work.
pub(super) fn says_remote(title: &str) -> bool {
    const SIGNS: [&str; 6] =
        ["full remote", "100 remote", "remote", "teletravail", "a distance", "work from home"];
    // "Formation à distance" is a course, and "agent de télétravail" is not remote.
    SIGNS.iter().any(|sign| {
        title.strip_suffix(sign).is_some_and(|head| {
            head.ends_with(' ') && !head.ends_with("formation ") && !head.ends_with("de ")
        })
    }) || title.starts_with("remote ")
}

/// Returns whether a folded text says that the work is remote. "Telework possible" is not, and "not fully remote" neither.
pub(super) fn text_says_remote(text: &str) -> bool {
    const SIGNS: [&str; 25] = [
        "job is remote",
        "position is remote",
        "role is remote",
        "post is remote",
        "fully remote",
        "100 remote",
        "full remote",
        "entirely remote",
        "remote position",
        "teletravail complet",
        "teletravail total",
        "100 teletravail",
        "teletravail a 100",
        "full teletravail",
        "travail entierement a distance",
        "poste entierement a distance",
        "travail totalement a distance",
        "poste totalement a distance",
        "travail uniquement a distance",
        "poste uniquement a distance",
        "travail 100 a distance",
        "poste 100 a distance",
        "entierement en teletravail",
        "totalement en teletravail",
        "uniquement en teletravail",
    ];
    // Most texts have neither word.
    ["remote", "teletravail", "a distance"].iter().any(|word| text.contains(word))
        && SIGNS.iter().any(|sign| {
            text.match_indices(sign).any(|(at, _)| {
                let before = text.get(..at).unwrap_or_default().trim_end();
                !["not", "not a", "pas", "non", "isn t", "if the", "no"].iter().any(|not| {
                    before.strip_suffix(not).is_some_and(|head| head.is_empty() || head.ends_with(' '))
                })
            })
        })
}

/// Returns the contracts by the partner's words, else by the title. A title that names an apprenticeship or an internship says more
/// than a field that names a contract for a time: portals have no other word for it.
pub(super) fn contracts(draft: &Draft, title: &str) -> Vec<Contract> {
    let told = draft
        .contract
        .as_deref()
        .map(|words| remembered!(Vec<Contract>, words, read_contracts))
        .unwrap_or_default();
    if draft.kind != Kind::Job {
        return told;
    }
    // A title that says it in so many words; few do.
    let names = ["stag", "intern", "alternan", "appren", "professionnalisation"]
        .iter()
        .any(|sign| title.contains(sign));
    let is_vague = |contract: &Contract| {
        matches!(contract, Contract::FixedTerm | Contract::Temporary | Contract::Freelance)
    };
    if names
        && (told.is_empty()
            || matches!(told.as_slice(), [one] if is_vague(one) && (*one == Contract::FixedTerm || is_code(draft))))
    {
        let line = clean_line(draft.title.as_deref().unwrap_or_default());
        let plain = plain_contract_of_title(title).or_else(|| contract_of_set_off(&line));
        if let Some(contract) = plain {
            return vec![contract];
        }
    }
    if told.is_empty() {
        return contracts_of_title(&clean_line(draft.title.as_deref().unwrap_or_default()));
    }
    told
}

/// Returns whether the contract is a code of schema.org in capitals ("TEMPORARY", "CONTRACTOR"), which says less than a title.
fn is_code(draft: &Draft) -> bool {
    let words = draft.contract.as_deref().unwrap_or_default().trim();
    words.contains('_')
        || (words.len() > 4
            && words.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b',' || byte == b' '))
}

/// Education and experience that the partner's fields ask for.
pub(super) struct Schooling<'d> {
    pub(super) education: Option<Education>,
    pub(super) experience: Option<&'d str>,
    pub(super) months: Option<u16>,
}

/// Returns the lowest level and the experience asked for. Portals have one field for both: "BAC+5 et plus" is a level, not an
/// experience.
pub(super) fn schooling(draft: &Draft) -> Schooling<'_> {
    let level = |words: &str| remembered!(Option<Education>, words, read_education);
    let education = draft.education.as_deref().and_then(level);
    let experience = draft.experience.as_deref();
    let months = experience.and_then(|words| remembered!(Option<u16>, words, read_experience));
    match experience.filter(|_| months.is_none()).and_then(level) {
        Some(level) => Schooling { education: education.or(Some(level)), experience: None, months: None },
        None => Schooling { education, experience, months },
    }
}
