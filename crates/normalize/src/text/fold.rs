//! Makes texts comparable: lower case, without accents.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Folds a text for look-ups: lower case, no accents, and one space for each run of characters other than letters and digits.
pub fn fold(text: &str) -> String {
    let mut folded = Folded { text: String::with_capacity(text.len()), gap: false };
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else if let Some(letter) = latin(c) {
            folded.push(letter);
        } else {
            // One character at a time, because the order of its marks does not matter: they are removed.
            decompose_compatible(c, |part| {
                if !is_combining_mark(part) {
                    part.to_lowercase().for_each(|part| folded.push(part));
                }
            });
        }
    }
    folded.text
}

/// Returns the text in lower case without accents, for rules that look at marks. Marks with one meaning become one mark.
pub(crate) fn lowered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '`' => out.push('\''),
            c if c.is_ascii_whitespace() => out.push(' '),
            c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            // Before decomposition, which would leave a space for "´".
            '´' => out.push('\''),
            c => match latin(c) {
                Some(letter) => out.push(letter),
                None => decompose_compatible(c, |part| lower(part, &mut out)),
            },
        }
    }
    out
}

/// Returns the base letter of U+00C0 to U+00FF in lower case. It is faster than decomposition and gives the same letter.
fn latin(c: char) -> Option<char> {
    const LETTERS: &[u8; 64] = b"aaaaaa.ceeeeiiii.nooooo..uuuuy..aaaaaa.ceeeeiiii.nooooo..uuuuy.y";
    let at = u32::from(c).checked_sub(0xC0)?;
    LETTERS.get(usize::try_from(at).ok()?).filter(|letter| **letter != b'.').map(|letter| char::from(*letter))
}

/// Appends a part of a decomposed letter.
fn lower(part: char, out: &mut String) {
    match part {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
        '\u{2018}' | '\u{2019}' => out.push('\''),
        c if c.is_whitespace() => out.push(' '),
        c if is_combining_mark(c) => (),
        c => out.extend(c.to_lowercase()),
    }
}

struct Folded {
    text: String,
    gap: bool,
}

impl Folded {
    fn push(&mut self, c: char) {
        let letters: &str = match c {
            'œ' => "oe",
            'æ' => "ae",
            'ß' => "ss",
            _ => "",
        };
        if letters.is_empty() && !c.is_alphanumeric() {
            // A mark that lower case adds ("İ" becomes "i" and a dot) does not separate words.
            self.gap |= !is_combining_mark(c);
            return;
        }
        if self.gap && !self.text.is_empty() {
            self.text.push(' ');
        }
        self.gap = false;
        if letters.is_empty() { self.text.push(c) } else { self.text.push_str(letters) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_told_at_once_as_taking_apart_tells_them() {
        for c in '\u{c0}'..='\u{ff}' {
            let mut apart = String::new();
            decompose_compatible(c, |part| lower(part, &mut apart));
            assert!(latin(c).is_none_or(|letter| letter.to_string() == apart), "{c}: {apart}");
        }
        assert_eq!((latin('É'), latin('ç'), latin('ÿ'), latin('œ')), (Some('e'), Some('c'), Some('y'), None));
    }
}
