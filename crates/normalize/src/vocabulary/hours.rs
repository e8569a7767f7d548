//! Sentences on the hours of a post.

use super::WORKING_TIME;
use crate::text::fold;

/// Returns whether a folded sentence is about the hours of the post. "Transmettre à l'équipe de nuit" is a task.
pub(super) fn is_hours(words: &[&str]) -> bool {
    words.iter().find(|word| !HOURS_LEAD.contains(word)).is_some_and(|word| HOURS.contains(word))
}

/// Words before those on hours, folded: "The job will be full-time", "Il s'agit d'un emploi à temps partiel", "Type de contrat : …".
const HOURS_LEAD: [&str; 37] = [
    "les",
    "le",
    "des",
    "the",
    "l",
    "assurer",
    "la",
    "this",
    "that",
    "it",
    "is",
    "a",
    "an",
    "will",
    "be",
    "job",
    "position",
    "role",
    "vacancy",
    "opportunity",
    "ce",
    "cet",
    "cette",
    "c",
    "est",
    "sera",
    "il",
    "s",
    "agit",
    "d",
    "un",
    "une",
    "emploi",
    "offre",
    "contrat",
    "contract",
    "type",
];

/// Returns full or part time where a part of a sentence says it and nothing else: "Durée : 1,5 mois (plein temps)", "CDI, temps plein".
pub(super) fn hours_of_parts(sentence: &str) -> Vec<&'static str> {
    const ALONE: [&str; 8] = [
        "temps plein",
        "temps complet",
        "plein temps",
        "temps partiel",
        "mi temps",
        "full time",
        "part time",
        "temps plein h f",
    ];
    // Most sentences name no hours.
    if !["emps", "EMPS", "ime", "IME"].iter().any(|part| sentence.contains(part)) {
        return Vec::new();
    }
    let is_part = |part: &str| {
        let folded = fold(part);
        ALONE.contains(&folded.strip_prefix("a ").unwrap_or(&folded))
    };
    // A label begins with a capital: "Avec ou sans expérience Temps plein".
    let labelled = ["Temps plein", "Temps partiel", "Temps complet", "Full-time", "Part-time"];
    let ends = labelled.iter().find(|label| {
        sentence
            .trim_end()
            .strip_suffix(*label)
            .is_some_and(|head| head.ends_with(' ') && !head.ends_with(" à "))
    });
    let parts =
        sentence.split([',', '(', ')', ':', '/', '|', '–']).filter(|part| part.len() <= 20 && is_part(part));
    parts.chain(ends.copied()).flat_map(|part| WORKING_TIME.read(&fold(part))).collect()
}

/// Words on hours, folded.
pub(super) const HOURS: [&str; 17] = [
    "travail", "horaire", "horaires", "garde", "gardes", "poste", "temps", "shift", "shifts", "hours",
    "night", "nights", "work", "full", "part", "mi", "plein",
];
