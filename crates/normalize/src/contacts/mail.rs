//! E-mail addresses in text, including the forms in which people hide them from robots.

use regex::Regex;

use crate::patterns;

/// Longest address (RFC 5321, 4.5.3.1), in bytes.
const LONGEST: usize = 254;

patterns! {
    static MAIL: Regex = {
        let local = r#"[\p{L}0-9_"][\p{L}0-9._%+'"-]*"#;
        let at = r"(?: ?@ ?| ?[\[({]+ ?(?:at|arobase|@) ?[\])}]+ ?| arobase |%40)";
        let label = r"[\p{L}0-9_-]+";
        let dot = r"(?:\.|,| ?[\[({]+ ?(?:dot|point|\.) ?[\])}]+ ?)";
        // If a plain word hides the "@", another must hide the dot: "apply at firm.cm" names a website.
        let words = format!(r"{local} (?:at|arobase) {label}(?: (?:dot|point) {label}){{1,4}}");
        // A space after the dot, or no dot at all, if the rest can only be an address.
        let typo = r"(?: ?\.+ ?(?:cm|com|fr|org|net|info)\b|\b)";
        let known = r"(?:gmail|yahoo|hotmail|outlook|icloud)(?: (?:com|fr|cm)\b)?";
        format!(
            r"(?i){local}{at}(?:{label}(?:{dot}{label}){{0,6}}{dot}\p{{L}}{{2,24}}|{known}{typo}|{label} ?\.+ ?(?:cm|com|fr|org|net|info)\b)|{words}"
        )
    };

    static AT: Regex = r"(?i) ?[\[({]+ ?(?:at|arobase|@) ?[\])}]+ ?| (?:arobase|at) | ?@ ?|%40";

    /// "at", and later "dot".
    static SPOKEN: Regex = r"(?i) at (?s:.)* (?:dot|point) ";

    static DOT: Regex = r"(?i) ?[\[({]+ ?(?:dot|point|\.) ?[\])}]+ ?| (?:dot|point) |,";
}

/// An address in a text.
pub(super) struct Found {
    pub(super) begin: usize,
    pub(super) end: usize,
    /// In lower case; `None` if it is longer than an address may be.
    pub(super) address: Option<String>,
}

/// Returns all addresses of a text, from the left.
pub(super) fn all(text: &str) -> Vec<Found> {
    if !may_have(text) {
        return Vec::new();
    }
    let found = MAIL.find_iter(text).map(|hit| {
        let address = address(hit.as_str());
        Found { begin: hit.start(), end: hit.end(), address: (address.len() <= LONGEST).then_some(address) }
    });
    found.collect()
}

/// Bytes that [`may_have`] looks at.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which checks it")]
const IS_MARK: [bool; 256] = {
    let mut is_mark = [false; 256];
    let marks = b"@%bB[({";
    let mut at = 0;
    while at < marks.len() {
        is_mark[marks[at] as usize] = true;
        at += 1;
    }
    is_mark
};

/// Returns whether a text has a sign that an address contains.
fn may_have(text: &str) -> bool {
    let bytes = text.as_bytes();
    let says = |at: usize, word: &str| {
        bytes.get(at..at + word.len()).is_some_and(|piece| piece.eq_ignore_ascii_case(word.as_bytes()))
    };
    let mut has_mark = false;
    let marks =
        bytes.iter().enumerate().filter(|(_, byte)| IS_MARK.get(usize::from(**byte)).is_some_and(|is| *is));
    for (at, byte) in marks {
        match byte {
            b'@' => return true,
            b'%' if says(at, "%40") => return true,
            b'b' | b'B' if at.checked_sub(3).is_some_and(|at| says(at, "arobase")) => return true,
            // "rh (at) firm": the word stands in the bracket, after a space at most.
            b'[' | b'(' | b'{' => {
                has_mark = true;
                let inner = if says(at + 1, " ") { at + 2 } else { at + 1 };
                if says(inner, "at") {
                    return true;
                }
            }
            b'%' => has_mark = true,
            _ => (),
        }
    }
    // In plain words, with another such word for the dot.
    (has_mark || text.contains(" dot ")) && SPOKEN.is_match(text)
}

fn address(written: &str) -> String {
    DOT.replace_all(&AT.replace_all(written, "@"), ".").trim_matches(['_', '"', '\'']).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_found_as_people_write_them() {
        for words in [
            "rh@firm.cm",
            "RH@Firm.CM",
            "rh [at] firm [dot] cm",
            "rh (at) firm (dot) cm",
            "rh at firm dot cm",
            "rh{at}firm.cm",
            "rh arobase firm.cm",
            "rh @ firm.cm",
            "rh@ firm.cm",
            "rh(@)firm.cm",
            "rh(at)firm.cm",
            "rh@firm,cm",
            "rh%40firm.cm",
            "_rh@firm.cm",
        ] {
            let found = all(&format!("CV à {words} svp"));
            let addresses: Vec<Option<&str>> = found.iter().map(|found| found.address.as_deref()).collect();
            assert_eq!(addresses, [Some("rh@firm.cm")], "{words}");
        }
        for words in [
            "rh@firm. cm",
            "rh@firm .cm",
            "rh@gmail com",
            "rh@gmail",
            "hélène@firm.cm",
            "rh@société.cm",
            "rh@firm.international",
            "o'neil@firm.cm",
            "rh@firm_x.cm",
        ] {
            assert_eq!(
                all(words).first().map(|found| (found.begin, found.end)),
                Some((0, words.len())),
                "{words}"
            );
        }
    }

    #[test]
    fn what_is_no_address_stays() {
        for words in [
            "Apply at www.firm.cm",
            "25 sacs @ 5.000 FCFA",
            "travail (at home)",
            "un point de vente",
            "Poste (à pourvoir)",
            "remise de 40 % (max.)",
            "le port @ Douala",
            "rendez-vous @ Kribi. Merci",
        ] {
            assert_eq!(all(words).len(), 0, "{words}");
        }
        assert!(
            all(&format!("a@{}cm", "b.".repeat(300)))
                .iter()
                .all(|found| found.address.is_none() || found.end < 255)
        );
    }
}
