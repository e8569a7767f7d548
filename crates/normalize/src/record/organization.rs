//! From words to an organization, unless they are a placeholder.

use super::LINE_MAX;
use crate::text::{clean_line, fold, shorten};

/// Placeholders for a hidden organization, folded.
const NOBODY: [&str; 32] = [
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
    "une societe de la place",
    "un cabinet de la place",
    "cabinet de la place",
    "une structure de la place",
    "structure de la place",
    "a local company",
    "employeur anonyme",
    "recruteur anonyme",
    "company name",
];

/// Returns the organization. Empty words, a phone number, an e-mail address and "Local company" are placeholders.
pub(super) fn read(words: &str, plain: &mut dyn FnMut(String) -> String) -> Option<String> {
    let line = clean_line(words);
    // "6XX XX XX XX" is a masked number.
    let has_letters = line.chars().any(|c| c.is_alphabetic() && !matches!(c, 'x' | 'X'))
        && line.chars().filter(|c| c.is_alphanumeric()).count() >= 2;
    let is_mail = line.contains('@') && !line.contains(' ');
    let is_nobody = NOBODY.contains(&fold(&line).as_str());
    (has_letters && !is_mail && !is_nobody).then(|| shorten(&plain(line.clone()), LINE_MAX).into_owned())
}
