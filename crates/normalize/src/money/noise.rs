//! Numbers that are not amounts.

use regex::{Captures, Regex};

use crate::patterns;

/// What stands for a number that ranks or classes: "1er cycle", "niveau 5", "Bac+3".
pub(super) const RANK: &str = " § ";

patterns! {
    /// What is removed, in lower case and without accents. Longer forms come first.
    static NOISE: Regex = {
        let duration = r"(?:mois|months?|ans?|annees?|years?|jours?|days?|semaines?|weeks?)";
        let number = r"\d+(?:[.,]\d+)?";
        format!(
            r"(?x)
        \+\d[\d\ .-]{{6,}}\d                                            # +237 699 00 00 00
        | \b(?:tel|telephone|phone|whatsapp)\b[\ .:]*[\d\ .-]{{8,}}     # Tel : 699 00 00 00
        | \b[26]\d\d[\ .-]\d\d[\ .-]\d\d[\ .-]\d\d\b
        | \b[26]\d{{8}}\b\ *\(?\ *(?:whatsapp|appel)
        | \b\d{{1,2}}[/.-]\d{{1,2}}[/.-]\d{{4}}\b                       # 01/12/2026
        | \b24\ ?/\ ?7\b
        | (?P<rank>\bbac\ ?\+\ ?\d
            | \b(?:categorie|echelon|grade|indice|niveau)\s*:?\s*\d+
            | \b\d{{1,2}}\ (?:er|ere|re|e|eme|ieme|nd|nde|st|rd|th)\b(?:\ (?:annee|semaine|trimestre|semestre|mois|year|month)\b)?)
        | (?:{number}\ *(?:a|-|et|to|and)\ *)?{number}\ *(?:h|heures?|hours?|hrs?)\b(?:\ *(?:/|par|per|a)\ *(?:semaine|week|jour|day|mois))?
        | (?:{number}\ *(?:a|-|et|to|and)\ *)?{number}\ *{duration}\b(?:\ de\ salaire(?:\ (?:net|brut))?)?
        | {number}\ *(?:e|eme|er|th)\ (?:mois|month)\b
        | {number}\ *%
        | (?:{number}\ *(?:a|-|et|to|and)\ *)?\b\d+\ *(?:postes?|places?|personnes?|employes?|positions?)\b
        "
        )
    };

    /// "EUR 12.5 HOUR", as schema.org's `MonetaryAmount` is often printed: here the unit after the number is the period.
    static PRINTED: Regex = r"^[a-z]{3} ?[\d.,]+(?: ?- ?[\d.,]+)? (?:hour|day|week|month|year)$";
}

/// Returns the text with a mark in place of each number that is not an amount.
pub(super) fn without(text: &str) -> String {
    if PRINTED.is_match(text) {
        return text.to_owned();
    }
    // "12 an hour" is not twelve years ("12 ans").
    let text = text.replace(" an hour", " per hour");
    NOISE.replace_all(&text, |hit: &Captures<'_>| marked(&text, hit)).into_owned()
}

/// Returns what stands for a number that is not an amount.
fn marked(text: &str, hit: &Captures<'_>) -> String {
    let Some(rank) = hit.name("rank") else { return " ; ".to_owned() };
    let rest = text.get(rank.end()..).unwrap_or_default().as_bytes();
    // "Catégorie : 45 000 F" ranks nothing.
    let goes_on = matches!(rest, [b' ' | b'.' | b',', digits @ ..] if digits.iter().take(3).filter(|byte| byte.is_ascii_digit()).count() == 3);
    if goes_on { rank.as_str().to_owned() } else { RANK.to_owned() }
}
