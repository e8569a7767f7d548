//! Numbers that are not amounts.

use regex::Regex;

use crate::patterns;

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
        | \bbac\ ?\+\ ?\d
        | \b(?:categorie|echelon|grade|indice|niveau)\s*:?\s*\d+
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
    NOISE.replace_all(&text, " ; ").into_owned()
}
