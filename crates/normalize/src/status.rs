//! Whether the source says that an opportunity is closed.

use crate::text::{clean_line, fold};

/// Beginnings of words that mean "closed", folded.
const CLOSED: [&str; 21] = [
    "clos",
    "cloture",
    "close",
    "expire",
    "ferme",
    "pourvu",
    "termine",
    "inacti",
    "suspend",
    "annule",
    "archive",
    "retire",
    "desactive",
    "indisponible",
    "cancel",
    "filled",
    "ended",
    "withdrawn",
    "removed",
    "unavailable",
    "unpublished",
];

/// Longest text that is examined, in characters.
const LONGEST: usize = 200;

/// Words that negate the next one.
const NOT: [&str; 6] = ["non", "pas", "not", "no", "plus", "never"];

/// Returns whether the words mean "closed". All other words leave the opportunity open.
pub fn says_closed(words: &str) -> bool {
    // A longer text is about something else.
    let folded = fold(&clean_line(words)).chars().take(LONGEST).collect::<String>();
    let words: Vec<&str> = folded.split(' ').collect();
    if let [one] = words.as_slice()
        && matches!(*one, "false" | "non" | "no" | "0" | "off" | "faux" | "complet")
    {
        return true;
    }
    words.iter().enumerate().any(|(at, word)| {
        let before = at.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
        // "n'est plus disponible", "not available", "non active".
        let refuses = NOT.contains(&before)
            && ["disponible", "available", "acti", "ouvert", "open", "valide", "valid"]
                .iter()
                .any(|sign| word.starts_with(sign));
        let says = CLOSED.iter().any(|sign| word.starts_with(sign))
            && !folded.split(' ').take(at).any(|word| NOT.contains(&word));
        // "Clôture le 12 décembre", "closes on Friday", "Closing date": when, not whether.
        let next = words.get(at + 1).copied().unwrap_or_default();
        let is_date = folded.bytes().any(|byte| byte.is_ascii_digit())
            || words.len() > 6
            || matches!(next, "on" | "at" | "in" | "le" | "soon" | "date");
        refuses || (says && !is_date)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_says_so_is_closed() {
        for words in [
            "Pourvue",
            "pourvu",
            "Expirée",
            "expired",
            "CLOSED",
            "Clôturé",
            "clos",
            "fermée",
            "Offre expirée",
            "inactive",
            "Inactif",
            "false",
            "0",
            "no",
            "loanProduct.inactive",
            "savings.product.closed",
            "Position filled",
            "Archivé",
            "suspendue",
            "non disponible",
            "n'est plus disponible",
            "not active",
            "Annulée",
            "cancelled",
            "Candidatures closes",
            "Désactivé",
        ] {
            assert!(says_closed(words), "{words}");
        }
        for words in [
            "",
            "open",
            "Ouverte",
            "active",
            "actif",
            "loanProduct.active",
            "true",
            "1",
            "oui",
            "publié",
            "En cours",
            "non pourvu",
            "pas encore clos",
            "disponible",
            "Temps complet jusqu'au 12/12",
            "Clôture le 12 décembre 2026",
            "closes on 12 Dec",
            "published",
            "nouveau",
            "à pourvoir",
            "Available",
            "2",
            "urgent",
            "en attente",
            "Closing date",
        ] {
            assert!(!says_closed(words), "{words}");
        }
    }
}
