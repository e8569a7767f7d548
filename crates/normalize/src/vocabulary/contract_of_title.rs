//! The contracts that a title names.

use domain::vocabulary::Contract;

use super::CONTRACTS;
use crate::text::fold;

/// Who looks after contracts or people on them, folded: "Responsable des stages".
const KEEPERS: [&str; 22] = [
    "responsable",
    "maitre",
    "maitresse",
    "chef",
    "cheffe",
    "charge",
    "chargee",
    "gestionnaire",
    "coordinateur",
    "coordinatrice",
    "coordonnateur",
    "coordonnatrice",
    "conseiller",
    "conseillere",
    "directeur",
    "directrice",
    "tuteur",
    "tutrice",
    "animateur",
    "animatrice",
    "encadreur",
    "superviseur",
];
/// What they look after, as the last word of a title.
const KEPT: [&str; 6] = ["stages", "apprentissage", "volontariat", "benevolat", "volontaires", "stagiaires"];
/// The word before contracts that are the work: "recrutement CDI/CDD", "Gestion des CDD".
const OF: [&str; 7] = ["recrutement", "recrutements", "contrats", "gestion", "placement", "des", "les"];
/// Codes of a portal that are also names of work: "Responsable MIS".
const CODES: [&str; 3] = ["mis", "lib", "sai"];
/// What sets a part of a title off.
const MARKS: [char; 10] = ['–', '—', '|', ',', '(', ')', '[', ']', ':', ';'];
/// What may stand behind a contract in a part of its own: "CDD de 6 mois renouvelable".
const LENGTH: [&str; 14] = [
    "de",
    "d",
    "un",
    "an",
    "ans",
    "mois",
    "semaines",
    "jours",
    "month",
    "months",
    "year",
    "years",
    "renouvelable",
    "renouvelables",
];

/// Returns the contracts that a title names in its first word, its last word, in brackets or in a part of its own: "Stagiaire comptable",
/// "Soudeur (CDD)", "Comptable – CDD 6 mois". A word in the middle describes the work: "gestionnaire des stages".
pub fn contracts_of_title(title: &str) -> Vec<Contract> {
    let folded = fold(title);
    let words: Vec<&str> = folded.split(' ').collect();
    // A dash without blanks is within a word.
    let title = &title.replace(" - ", " – ");
    let bracket =
        title.split_once('(').and_then(|(_, rest)| rest.split_once(')')).map(|(inner, _)| fold(inner));
    let last = words.last().copied().filter(|_| words.len() > 1 && !is_kept(title, &words));
    let ends = [words.first().copied(), last, bracket.as_deref()];
    let mut codes: Vec<&str> = ends
        .into_iter()
        .flatten()
        .filter(|end| !CODES.contains(end))
        .flat_map(|end| CONTRACTS.read(end))
        .collect();
    codes.extend(title.split(MARKS).skip(1).filter_map(of_part));
    Contract::of_codes(&codes)
}

/// Returns whether the last word of a title is what somebody looks after, and not set off by a mark.
fn is_kept(title: &str, words: &[&str]) -> bool {
    let [first, .., before, last] = words else {
        return matches!(words, [first, last] if KEEPERS.contains(first) && KEPT.contains(last));
    };
    let is_set_off = title.trim_end().rsplit(MARKS).next().is_some_and(|part| fold(part) == *last);
    // "CDI/CDD" are two words here.
    let is_listed = matches!(*before, "cdi" | "cdd") && matches!(*last, "cdi" | "cdd");
    let head = if is_listed {
        words.get(words.len().saturating_sub(3)).copied().unwrap_or_default()
    } else {
        *before
    };
    !is_set_off
        && KEEPERS.contains(first)
        && (KEPT.contains(last) || matches!(*before, "d" | "de") || OF.contains(&head))
}

/// Returns whether a part of a title is a contract with its length and nothing else: "CDD 6 mois".
pub(crate) fn is_contract_part(part: &str) -> bool {
    of_part(part).is_some()
}

/// Returns the contract of a part that is one with its length and nothing else.
fn of_part(part: &str) -> Option<&'static str> {
    let folded = fold(part);
    let words: Vec<&str> = folded.split(' ').collect();
    let (code, long) = CONTRACTS.starting(&words).max_by_key(|(_, long)| *long)?;
    let rest = words.get(long..)?;
    let is_length = |word: &&str| LENGTH.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit());
    let is_code = words.first().is_some_and(|first| CODES.contains(first));
    (code != "none" && !is_code && rest.iter().all(is_length)).then_some(code)
}
