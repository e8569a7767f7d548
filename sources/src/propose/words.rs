//! What the words of a compound name say together: `DateFinCandidature`, `vacancyId`, `field_ville`, `expirationdate`.

use std::{collections::HashMap, sync::LazyLock};

use normalize::text::fold;

/// The concepts of each word.
static CONCEPTS: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut concepts: HashMap<&str, Vec<&str>> = HashMap::new();
    let rows = include_str!("words.tsv").lines().filter(|line| !line.starts_with('#'));
    for (concept, words) in rows.filter_map(|line| line.split_once('\t')) {
        for word in words.split('|') {
            concepts.entry(word).or_default().push(concept);
        }
    }
    concepts
});

/// A field, the concepts that must all be there, and those that may be: a name is of the field only if each of its words is
/// one of these. The description of a company is thus not that of a job.
type Rule = (&'static str, &'static [&'static str], &'static [&'static str]);

/// The first rule that fits counts.
const RULES: [Rule; 50] = [
    ("positions", &["nb", "posts"], &["entity", "bound"]),
    ("positions", &["number", "plural"], &["entity"]),
    ("closes_at", &["valid", "through"], &["date", "entity"]),
    ("closes_at", &["close"], &["date", "entity", "apply", "valid", "course", "project", "product"]),
    ("closes_at", &["end", "apply"], &["date", "entity", "valid"]),
    ("closes_at", &["end", "pub"], &["date", "entity"]),
    ("closes_at", &["end", "valid"], &["date", "entity"]),
    ("closes_at", &["end", "entity"], &["date"]),
    ("closes_at", &["apply", "before"], &["date"]),
    ("closes_at", &["exp", "date"], &["entity"]),
    ("posted_at", &["pub", "date"], &["entity", "start", "course", "project", "product"]),
    ("posted_at", &["published"], &["date", "entity"]),
    ("starts_at", &["start", "date"], &["contract", "work", "take", "course", "project"]),
    ("starts_at", &["start", "contract"], &["work"]),
    ("starts_at", &["start", "take"], &["date"]),
    ("starts_at", &["start", "course"], &["date"]),
    ("posted_at", &["start", "entity"], &["date"]),
    ("ends_at", &["end", "date"], &["contract", "course", "project", "work"]),
    ("ends_at", &["end", "contract"], &["work"]),
    ("ends_at", &["end", "course"], &[]),
    ("external_id", &["id", "entity"], &[]),
    ("external_id", &["id", "course"], &[]),
    ("external_id", &["id", "product"], &[]),
    ("external_id", &["id", "project"], &[]),
    ("title", &["title", "entity"], &["course"]),
    ("title", &["title", "course"], &[]),
    ("title", &["title", "product"], &[]),
    ("title", &["title", "project"], &[]),
    ("url", &["url", "entity"], &["web"]),
    ("url", &["url", "web"], &["entity", "course", "product", "project"]),
    ("url", &["url", "course"], &["web"]),
    ("organization", &["centre", "course"], &["title"]),
    ("organization", &["org"], &["title", "hire", "course", "project", "entity"]),
    ("place", &["place"], &["title", "work", "entity", "course", "project"]),
    ("contract", &["contract"], &["type", "entity", "title", "work"]),
    ("contract", &["type", "work"], &["entity", "title"]),
    ("experience", &["exp"], &["years", "level", "bound", "entity", "work", "type"]),
    ("education", &["edu"], &["level", "bound", "type", "entity", "title", "course"]),
    ("interest", &["rate", "interest"], &["period", "product", "bound"]),
    ("interest", &["rate", "period"], &["product"]),
    ("fees", &["price", "file"], &[]),
    ("salary", &["salary"], &["period", "bound", "entity", "work", "amount"]),
    ("salary", &["price"], &["course", "period", "bound", "amount"]),
    ("salary", &["amount"], &["bound", "product", "project", "period"]),
    ("duration", &["duration"], &["course", "product", "contract", "time", "project"]),
    ("sector", &["sector"], &["work", "entity", "course", "title", "project"]),
    ("description", &["desc"], &["entity", "course", "project", "product", "work"]),
    ("external_id", &["id"], &[]),
    ("title", &["title"], &[]),
    ("url", &["url"], &[]),
];

/// Words that say nothing alone and that a label may hold: "Niveau d'études requis". They are left out where a name is looked up.
pub(super) fn bare(words: &[String]) -> Vec<String> {
    let says = |word: &&String| concepts(word) != ["noise"];
    words.iter().filter(says).cloned().collect()
}

/// Returns our field for a name of several words, or of one word that is a concept of its own.
pub(super) fn field_of(words: &[String]) -> Option<&'static str> {
    let words = bare(words);
    if words.is_empty() || words.len() > MOST {
        return None;
    }
    RULES.iter().find(|rule| fits(rule, &words)).map(|(field, ..)| *field)
}

/// The most words of a name that is looked at.
const MOST: usize = 6;

fn fits((_, needs, also): &Rule, words: &[String]) -> bool {
    let is_known = |word: &String| {
        concepts(word)
            .iter()
            .any(|concept| needs.contains(concept) || also.contains(concept) || *concept == "noise")
    };
    if !words.iter().all(is_known) {
        return false;
    }
    // Two needs take two words: the one word "poste" is not both a number and a post.
    match needs {
        [one] => words.iter().any(|word| concepts(word).contains(one)),
        [one, other] => words.iter().enumerate().any(|(at, word)| {
            concepts(word).contains(one)
                && words
                    .iter()
                    .enumerate()
                    .any(|(beside, word)| beside != at && concepts(word).contains(other))
        }),
        _ => false,
    }
}

/// Returns the concepts of a word.
pub(super) fn concepts(word: &str) -> &'static [&'static str] {
    CONCEPTS.get(word).map_or(&[], Vec::as_slice)
}

/// Returns whether each word of a name only says that something is a record, or nothing: `job`, `offreDetail`.
pub(super) fn is_entity(words: &[String]) -> bool {
    let says = |word: &String| {
        concepts(word).iter().any(|of| matches!(*of, "noise" | "entity" | "course" | "product" | "project"))
    };
    !words.is_empty() && words.iter().all(says)
}

/// Returns the words of a name, folded: at signs, capitals, and where two known words were written as one.
pub(super) fn split(name: &str) -> Vec<String> {
    let mut spaced = String::with_capacity(name.len() + 8);
    let letters: Vec<char> = name.chars().take(120).collect();
    for (at, letter) in letters.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| letters.get(at));
        let after = letters.get(at + 1);
        let begins = letter.is_uppercase()
            && before.is_some_and(|before| {
                before.is_lowercase()
                    || before.is_numeric()
                    || (before.is_uppercase() && after.is_some_and(|after| after.is_lowercase()))
            });
        if begins {
            spaced.push(' ');
        }
        spaced.push(*letter);
    }
    fold(&spaced).split(' ').filter(|word| !word.is_empty()).flat_map(parts).collect()
}

/// Longest run of letters that may be several words.
const RUN: usize = 30;
/// Fewest letters of such a word: "id" stands in too many words.
const SHORTEST: usize = 3;

/// Returns the words that make up a run of letters, if all of them are known: `expirationdate`.
fn parts(run: &str) -> Vec<String> {
    let whole = || vec![run.to_owned()];
    if !concepts(run).is_empty() || run.len() > RUN || !run.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return whole();
    }
    // The fewest words that end at each place.
    let mut best: Vec<Option<Vec<&str>>> = vec![None; run.len() + 1];
    if let Some(first) = best.first_mut() {
        *first = Some(Vec::new());
    }
    for end in SHORTEST..=run.len() {
        for begin in 0..=end - SHORTEST {
            let Some(word) = run.get(begin..end).filter(|word| !concepts(word).is_empty()) else { continue };
            let Some(Some(before)) = best.get(begin) else { continue };
            let mut words = before.clone();
            words.push(word);
            if let Some(known) = best.get_mut(end)
                && known.as_ref().is_none_or(|known| words.len() < known.len())
            {
                *known = Some(words);
            }
        }
    }
    match best.pop().flatten() {
        Some(words) => words.into_iter().map(str::to_owned).collect(),
        // `jobid`, `offreid`
        None => match run.strip_suffix("id").filter(|rest| !concepts(rest).is_empty()) {
            Some(rest) => vec![rest.to_owned(), "id".to_owned()],
            None => whole(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_several_words_are_understood() {
        for (name, field) in [
            ("annonceRef", Some("external_id")),
            ("PosteID", Some("external_id")),
            ("numAnnonce", Some("external_id")),
            ("jobid", Some("external_id")),
            ("ref_emploi", Some("external_id")),
            ("dateParutionOffre", Some("posted_at")),
            ("DateOuverture", Some("posted_at")),
            ("closingdate", Some("closes_at")),
            ("dateFinDepotDossier", Some("closes_at")),
            ("submitBefore", Some("closes_at")),
            ("ValidUntil", Some("closes_at")),
            ("date_entree_fonction", Some("starts_at")),
            ("date fin formation", Some("ends_at")),
            ("roleDescription", Some("description")),
            ("acf_localite", Some("place")),
            ("lieu-intervention", Some("place")),
            ("NomOrganisme", Some("organization")),
            ("recruiterName", Some("organization")),
            ("natureEngagement", Some("contract")),
            ("TypeEmploi", Some("contract")),
            ("diplomeExige", Some("education")),
            ("minExperienceYears", Some("experience")),
            ("landing_url", Some("url")),
            ("nbrePlaces", Some("positions")),
            ("number of openings", Some("positions")),
            ("Coût de la formation", Some("salary")),
            ("Salaire mensuel (FCFA)", Some("salary")),
            ("tauxInteretAnnuel", Some("interest")),
            ("companyDescription", None),
            ("codePostal", None),
            ("logoUrl", None),
            ("employerId", None),
            ("recruiterEmail", None),
            ("updatedBy", None),
            ("validFrom", None),
        ] {
            assert_eq!(field_of(&split(name)), field, "{name}: {:?}", split(name));
        }
    }
}
