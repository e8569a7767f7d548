//! Numbers written as words, French and English.

use regex::{Captures, Regex};

use crate::patterns;

const NAMES: [(&str, u16); 45] = [
    ("un", 1),
    ("une", 1),
    ("one", 1),
    ("deux", 2),
    ("two", 2),
    ("trois", 3),
    ("three", 3),
    ("quatre", 4),
    ("four", 4),
    ("cinq", 5),
    ("five", 5),
    ("six", 6),
    ("sept", 7),
    ("seven", 7),
    ("huit", 8),
    ("eight", 8),
    ("neuf", 9),
    ("nine", 9),
    ("dix", 10),
    ("ten", 10),
    ("onze", 11),
    ("eleven", 11),
    ("douze", 12),
    ("twelve", 12),
    ("treize", 13),
    ("thirteen", 13),
    ("quatorze", 14),
    ("fourteen", 14),
    ("seize", 16),
    ("sixteen", 16),
    ("seventeen", 17),
    ("eighteen", 18),
    ("nineteen", 19),
    ("quarante", 40),
    ("forty", 40),
    ("fifty", 50),
    ("quinze", 15),
    ("fifteen", 15),
    ("vingt", 20),
    ("twenty", 20),
    ("trente", 30),
    ("thirty", 30),
    ("soixante", 60),
    ("sixty", 60),
    ("cent", 100),
];

/// Returns the number that a folded word names.
pub(crate) fn of(word: &str) -> Option<u16> {
    // Most words are longer, or begin with another letter.
    if !(2..=9).contains(&word.len())
        || !word.starts_with(['u', 'o', 'd', 't', 'q', 'f', 'c', 's', 'h', 'e', 'n', 'v'])
    {
        return None;
    }
    NAMES.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)
}

patterns! {
    static TWICE: Regex = r"\b((?:[a-z]+-)*\w+)\s*\(\s*(\d+|\w+)\s*\)";

    static TENS: Regex =
        r"\b(?P<ten>dix|vingt|trente|twenty|thirty)[ -](?:et )?(?P<one>une?|deux|trois|quatre|cinq|six|sept|huit|neuf|one|two|three|four|five|seven|eight|nine)\b";

    static ABOUT: Regex = r"\b(?:une )?(dix|douz|quinz|vingt|trent)aine de\b";

    static ENDINGS: Regex = r"\((?:s|ne|nes|e|es)\)";
}

/// Returns the text in lower case, without accents and with numbers in digits, each of them once:
/// "Cinq (05) ans", "5 (cinq) an(s)" → "5 ans".
pub(crate) fn in_digits(words: &str) -> String {
    let replaced = |sign: &str, form: &Regex, text: String, with: &dyn Fn(&Captures<'_>) -> String| {
        if text.contains(sign) {
            form.replace_all(&text, |hit: &Captures<'_>| with(hit)).into_owned()
        } else {
            text
        }
    };
    let text = replaced("(", &ENDINGS, crate::text::lowered(words), &|_| String::new());
    let text = replaced("aine de", &ABOUT, text, &|hit| {
        let stem = hit.get(1).map(|stem| stem.as_str()).unwrap_or_default();
        of(stem).or_else(|| of(&format!("{stem}e"))).map(|count| count.to_string()).unwrap_or_default()
    });
    let tens = ["dix", "vingt", "trente", "twenty", "thirty"].into_iter().find(|ten| text.contains(ten));
    let text = match tens {
        Some(ten) => replaced(ten, &TENS, text, &|hit| {
            let value = |name: &str| hit.name(name).and_then(|word| of(word.as_str())).unwrap_or_default();
            (value("ten") + value("one")).to_string()
        }),
        None => text,
    };
    let text = replaced("(", &TWICE, text, &|hit| {
        let part = |at: usize| hit.get(at).map(|part| part.as_str()).unwrap_or_default();
        let told = |word: &str| of(word.rsplit('-').next().unwrap_or(word)).or_else(|| word.parse().ok());
        match (told(part(1)), told(part(2))) {
            // "quatre-vingt-dix (90)": the digits are certain.
            (Some(_), Some(value)) => value.to_string(),
            _ => part(0).to_owned(),
        }
    });
    spelled(text)
}

/// Replaces the words that name numbers. A word stands alone between characters other than ASCII letters, digits and `_`.
fn spelled(text: String) -> String {
    let mut found: Vec<(usize, usize, u16)> = Vec::new();
    let mut begin = 0;
    let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    for (at, byte) in text.bytes().chain([b' ']).enumerate() {
        if is_word(byte) {
            continue;
        }
        if let Some(value) = text.get(begin..at).and_then(of) {
            found.push((begin, at, value));
        }
        begin = at + 1;
    }
    if found.is_empty() {
        return text;
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for (begin, end, value) in found {
        out.push_str(text.get(from..begin).unwrap_or_default());
        out.push_str(&value.to_string());
        from = end;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_become_digits_once() {
        for (words, digits) in [
            ("Cinq (05) ans", "5 ans"),
            ("5 (cinq) an(s)", "5 an"),
            ("vingt-quatre mois", "24 mois"),
            ("dix-huit (18) mois", "18 mois"),
            ("six mois", "6 mois"),
            ("quatre-vingt-dix (90) jours", "90 jours"),
            ("une quinzaine de jours", "15 jours"),
            ("SIX à douze", "6 a 12"),
        ] {
            assert_eq!(in_digits(words), digits);
        }
    }
}
