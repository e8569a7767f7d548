//! Labels in a text: "… Contrat : CDD Salaire : 150 000 FCFA Niveau : BAC Date limite : 12 décembre 2026 …".
//!
//! A feed or a cell often has all that a post says in one field of prose. A label counts if it begins with a capital and has its colon;
//! its value ends where the next label begins. What it says fills only what the partner's own fields leave empty, and words that no rule
//! can parse fill nothing.

use domain::{Draft, Kind, Opportunity, money::AmountKind};

use super::{Context, closing, hired, home_currency};
use crate::{
    dates,
    money::read_amount,
    text::{Body, fold},
    vocabulary::{read_contracts, read_education, read_experience},
};

/// What a label is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum About {
    Contract,
    Salary,
    Education,
    Experience,
    Closes,
    Starts,
}

/// Labels, folded.
const LABELS: [(About, &[&str]); 6] = [
    (
        About::Contract,
        &[
            "contrat",
            "type de contrat",
            "nature du contrat",
            "contrat propose",
            "type contrat",
            "contract",
            "contract type",
            "type of contract",
            "employment type",
        ],
    ),
    (
        About::Salary,
        &[
            "salaire",
            "salaire mensuel",
            "salaire net",
            "salaire brut",
            "salaire propose",
            "salaire de base",
            "salaire mensuel net",
            "remuneration",
            "remuneration mensuelle",
            "salary",
            "monthly salary",
            "net salary",
            "gross salary",
            "wage",
            "pay",
            "indemnite",
            "indemnite mensuelle",
            "indemnite de stage",
            "gratification",
            "stipend",
            "salaire journalier",
            "daily wage",
        ],
    ),
    (
        About::Education,
        &[
            "niveau",
            "niveau d etudes",
            "niveau d etude",
            "niveau requis",
            "niveau scolaire",
            "niveau minimum",
            "diplome",
            "diplome requis",
            "diplome exige",
            "formation requise",
            "formation exigee",
            "education",
            "education level",
            "level of education",
            "qualification",
            "qualifications",
            "minimum qualification",
            "degree",
        ],
    ),
    (
        About::Experience,
        &[
            "experience",
            "experience requise",
            "experience professionnelle",
            "experience exigee",
            "experience minimum",
            "annees d experience",
            "experience required",
            "years of experience",
            "work experience",
        ],
    ),
    (
        About::Closes,
        &[
            "date limite",
            "date limite de depot",
            "date limite de candidature",
            "date limite des candidatures",
            "date limite de reception",
            "date limite de depot des dossiers",
            "date limite de depot des candidatures",
            "date de cloture",
            "nouvelle date limite",
            "cloture",
            "cloture des candidatures",
            "cloture des inscriptions",
            "dernier delai",
            "delai",
            "delai de rigueur",
            "delai de depot",
            "deadline",
            "application deadline",
            "closing date",
            "deadline for applications",
            "apply before",
            "closes",
        ],
    ),
    (
        About::Starts,
        &[
            "debut",
            "date de debut",
            "debut du contrat",
            "debut prevu",
            "prise de poste",
            "prise de fonction",
            "prise de service",
            "date de prise de service",
            "start date",
            "starting date",
            "starts",
            "demarrage",
        ],
    ),
];
/// Most words of a label.
const WORDS: usize = 6;
/// Longest label, and longest value, in bytes.
const LABEL: usize = 60;
const VALUE: usize = 120;
/// Most colons of a text that are looked at.
const COLONS: usize = 200;

/// Fills what the labels and the sentences of the text say and no field does. Nothing is refused by it.
pub(super) fn fill(row: &mut Opportunity, draft: &Draft, context: &Context, body: &Body) {
    let is_job = row.kind == Kind::Job;
    for (about, value, by) in labelled(&body.text) {
        match about {
            About::Contract if is_job && draft.contract.is_none() && row.contracts.is_empty() => {
                row.contracts = read_contracts(value);
            }
            About::Salary if is_job && draft.salary.is_none() && row.amount_text.is_none() => {
                let read =
                    |words: &str| read_amount(words, AmountKind::Wage, home_currency(&context.country)).ok();
                row.amount = read(value).flatten();
                // "Rémunération mensuelle : 120 000 FCFA".
                if !by.is_empty() && row.amount.as_ref().is_some_and(|amount| amount.period.is_none()) {
                    row.amount = read(&format!("{value} {by}")).flatten().or_else(|| row.amount.take());
                }
                row.amount_text = Some(value.to_owned());
            }
            About::Education if is_job && row.education.is_none() => row.education = read_education(value),
            About::Experience if is_job && row.experience.is_none() && row.experience_months.is_none() => {
                row.experience_months = read_experience(value);
            }
            About::Closes if draft.closes_at.is_none() && row.closes_on.is_none() => {
                row.closes_on = dates::read_day(value, context.fetched_at).ok().flatten();
            }
            About::Starts if draft.starts_at.is_none() && row.starts_on.is_none() => {
                row.starts_on = dates::read_first_day(value, context.fetched_at).ok().flatten();
            }
            _ => (),
        }
    }
    hired::fill(row, draft, context, body);
    closing::fill(row, draft, context, body);
}

/// Returns the period that a label names, in the words of an amount: "mensuel", "daily".
fn period(label: &str) -> &'static str {
    let folded = fold(label);
    let has = |sign: &str| folded.contains(sign);
    if has("mensuel") || has("monthly") {
        "par mois"
    } else if has("journalier") || has("daily") {
        "par jour"
    } else {
        ""
    }
}

/// Returns the labels of a text that are known, each with its value and the period it names.
fn labelled(text: &str) -> Vec<(About, &str, &'static str)> {
    let colons = text.match_indices(':').map(|(at, _)| at).take(COLONS);
    // "15:30" is a time, and not a label with its value.
    let labels: Vec<(usize, usize, Option<About>)> = colons
        .filter_map(|colon| label_before(text, colon).map(|(begin, about)| (begin, colon, about)))
        .collect();
    let mut found = Vec::new();
    for (number, (label, colon, about)) in labels.iter().enumerate() {
        let Some(about) = about else { continue };
        let rest = text.get(colon + 1..).unwrap_or_default();
        let mut value = rest.get(..end(rest)).unwrap_or_default();
        if let Some((begin, ..)) = labels.get(number + 1) {
            value = value.get(..begin.saturating_sub(colon + 1)).unwrap_or(value);
        }
        let value = value.trim().trim_end_matches(['.', ',', '-', '–', '(', ')', '/']).trim();
        if !value.is_empty() {
            let by = if *about == About::Salary {
                period(text.get(*label..*colon).unwrap_or_default())
            } else {
                ""
            };
            found.push((*about, value, by));
        }
    }
    found
}

/// Returns where a value ends at the latest: at the end of its line, at a mark of a list, or at a full stop before a capital.
fn end(rest: &str) -> usize {
    let mut longest = rest.len().min(VALUE);
    while !rest.is_char_boundary(longest) {
        longest -= 1;
    }
    let rest = rest.get(..longest).unwrap_or_default();
    let mark = rest.find(['\n', ';', '•', '|']).unwrap_or(longest);
    let stop = rest.match_indices(". ").map(|(at, _)| at).find(|at| {
        rest.get(at + 2..)
            .and_then(|behind| behind.trim_start().chars().next())
            .is_some_and(char::is_uppercase)
    });
    stop.map_or(mark, |stop| stop.min(mark))
}

/// Returns where the label before a colon begins, and what it is about, if it is known. An unknown label begins at its last capital.
fn label_before(text: &str, colon: usize) -> Option<(usize, Option<About>)> {
    let mut from = colon.saturating_sub(LABEL);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let near = text.get(from..colon)?;
    let line = near.rfind(['\n', ';', '•', '|', ':']).map_or(near, |at| {
        let behind = at + near.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
        near.get(behind..).unwrap_or_default()
    });
    let begin = colon - line.len();
    let is_inner = |at: usize| {
        line.get(..at).and_then(|head| head.chars().next_back()).is_some_and(char::is_alphanumeric)
    };
    let begins = line.char_indices().filter(|(at, letter)| letter.is_uppercase() && !is_inner(*at));
    let starts: Vec<usize> = begins.map(|(at, _)| at).collect();
    let known = starts.iter().find_map(|at| {
        let folded = fold(line.get(*at..)?);
        let about = LABELS.iter().find(|(_, labels)| labels.contains(&folded.as_str()))?;
        (folded.split(' ').count() <= WORDS).then_some((begin + at, Some(about.0)))
    });
    known.or_else(|| starts.last().map(|at| (begin + at, None)))
}

#[cfg(test)]
mod tests {
    use crate::{cases::check, record::tests::of_text};

    #[test]
    fn labels_of_a_text_fill_what_no_field_says() {
        check(include_str!("labels.tsv"), 25, |case| {
            let row = of_text(&case[0]);
            let or = |words: Option<String>| words.unwrap_or_else(|| "-".to_owned());
            [
                or(row.contracts.first().map(|contract| contract.as_str().to_owned())),
                or(row.amount.and_then(|amount| amount.min).map(|min| (min / 100).to_string())),
                or(row.education.map(|level| level.as_str().to_owned())),
                or(row.experience_months.map(|months| months.to_string())),
                or(row.closes_on.map(|day| day.to_string())),
                or(row.starts_on.map(|day| day.to_string())),
            ]
            .join(" ")
        });
    }
}
