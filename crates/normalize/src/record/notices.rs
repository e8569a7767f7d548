//! Titles of people who look for work, and of warnings: they offer nothing.

use regex::Regex;

use crate::patterns;

patterns! {
    /// How somebody who looks for work begins, folded.
    static SEEKS: Regex = r"^(?:demandes? d emploi\b|(?:je|j) (?:re)?cherche\b|je suis (?:a la recherche|disponible|en quete)\b|(?:je|jeune (?:homme|femme|fille|dame|diplomee?)|dame|monsieur|homme|femme|etudiante?)(?: \w+){0,4}? (?:re)?cherche (?:un |une |du |d )?(?:emploi|travail|boulot|job|stage)\b|(?:i am |i m )?looking for (?:a |an )?(?:job|work|employment)\b)";

    /// How a warning begins, folded.
    static WARNS: Regex = r"^(?:(?:attention|alerte|mise en garde|vigilance)(?: \w+){0,4} (?:fausses?|faux|arnaques?|escroqueries?|escrocs?|frauduleuse?s?)\b|beware of\b|(?:warning|alert|scam alert|fraud alert)(?: \w+){0,4} (?:fake|scams?|fraud\w*)\b)";
}

/// Returns "notice" for a title that begins like one of these.
pub(super) fn of_title(folded: &str) -> Option<&'static str> {
    // Few titles begin with one of these words.
    let first = folded.split(' ').next().unwrap_or_default();
    let may_seek = matches!(
        first,
        "demande"
            | "demandes"
            | "je"
            | "j"
            | "jeune"
            | "dame"
            | "monsieur"
            | "homme"
            | "femme"
            | "i"
            | "looking"
    ) || first.starts_with("etudiant");
    let may_warn = matches!(
        first,
        "attention" | "alerte" | "mise" | "vigilance" | "beware" | "warning" | "alert" | "scam" | "fraud"
    );
    ((may_seek && SEEKS.is_match(folded)) || (may_warn && WARNS.is_match(folded))).then_some("notice")
}
