//! Words for "no date".

use crate::text::fold;

/// Whole lines, folded.
const WHOLE: [&str; 28] = [
    "",
    "nc",
    "de suite",
    "tout de suite",
    "99999999",
    "n a",
    "na",
    "nd",
    "neant",
    "aucun",
    "aucune",
    "null",
    "none",
    "nan",
    "tbd",
    "tba",
    "asap",
    "ouvert",
    "ouverte",
    "open",
    "permanent",
    "permanente",
    "illimite",
    "illimitee",
    "ongoing",
    "jj mm aaaa",
    "dd mm yyyy",
    "invalid date",
];

/// Parts of longer lines, folded.
const PARTS: [&str; 37] = [
    "fil de l eau",
    "epuisement d",
    "satisfaction d",
    "plus tot possible",
    "non precise",
    "non renseigne",
    "non specifie",
    "non defini",
    "non communique",
    "non determine",
    "indetermine",
    "en cours",
    "unlimited",
    "open ended",
    "not specified",
    "not defined",
    "not available",
    "des que possible",
    "meilleurs delais",
    "as soon as possible",
    "immediat",
    "a definir",
    "a determiner",
    "a preciser",
    "a convenir",
    "until filled",
    "soit pourvu",
    "pourvoi du poste",
    "recrutement permanent",
    "en continu",
    "toute l annee",
    "sans date",
    "pas de date",
    "no deadline",
    "sans limite",
    "rolling",
    "year round",
];

/// Words before them that only name the field.
const LABELS: [&str; 17] = [
    "date",
    "limite",
    "deadline",
    "de",
    "des",
    "du",
    "d",
    "la",
    "candidature",
    "candidatures",
    "cloture",
    "closing",
    "publication",
    "depot",
    "expiration",
    "application",
    "dossiers",
];

/// Returns whether the line means "no date".
pub(super) fn read(line: &str) -> bool {
    let folded = fold(line);
    let words: Vec<&str> = folded.split(' ').skip_while(|word| LABELS.contains(word)).collect();
    let answer = words.join(" ");
    WHOLE.contains(&answer.as_str()) || PARTS.iter().any(|part| folded.contains(part))
}
