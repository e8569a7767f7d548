//! Who offers, unless the words hide it.

use super::LINE_MAX;
use crate::text::{clean_line, fold, shorten};

/// Words printed where a partner hides who offers, folded.
const NOBODY: [&str; 26] = [
    "local company",
    "anonyme",
    "anonymous",
    "confidentiel",
    "confidentielle",
    "confidential",
    "entreprise confidentielle",
    "societe confidentielle",
    "societe anonyme confidentielle",
    "non communique",
    "non precise",
    "non renseigne",
    "non specifie",
    "not specified",
    "n a",
    "na",
    "null",
    "none",
    "inconnu",
    "unknown",
    "entreprise de la place",
    "societe de la place",
    "une entreprise de la place",
    "employeur anonyme",
    "recruteur anonyme",
    "company name",
];

/// Who offers, unless the words are a placeholder: empty, a phone number, an address of e-mail, "Local company".
pub(super) fn read(words: &str, plain: &mut dyn FnMut(String) -> String) -> Option<String> {
    let line = clean_line(words);
    // "6XX XX XX XX" is a number that hides.
    let has_letters = line.chars().any(|c| c.is_alphabetic() && !matches!(c, 'x' | 'X'))
        && line.chars().filter(|c| c.is_alphanumeric()).count() >= 2;
    let is_mail = line.contains('@') && !line.contains(' ');
    let is_nobody = NOBODY.contains(&fold(&line).as_str());
    (has_letters && !is_mail && !is_nobody).then(|| shorten(&plain(line.clone()), LINE_MAX).into_owned())
}
