//! Text made comparable: lower case, without accents.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// For look-ups: lower case, no accents, every run of other characters than letters and digits one blank.
pub fn fold(text: &str) -> String {
    let mut folded = Folded { text: String::with_capacity(text.len()), gap: false };
    for c in text.chars() {
        if c.is_ascii() {
            folded.push(c.to_ascii_lowercase());
        } else if let Some(letter) = latin(c) {
            folded.push(letter);
        } else {
            // Each by itself: in which order its marks stand does not matter, as they go.
            decompose_compatible(c, |part| {
                if !is_combining_mark(part) {
                    part.to_lowercase().for_each(|part| folded.push(part));
                }
            });
        }
    }
    folded.text
}

/// Lower case, without accents; marks stay, those of one meaning become one. For rules that look at marks.
pub(crate) fn lowered(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '`' => out.push('\''),
            c if c.is_ascii_whitespace() => out.push(' '),
            c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            // Before it is taken apart: the accent of "´" would leave a blank.
            '´' => out.push('\''),
            c => match latin(c) {
                Some(letter) => out.push(letter),
                None => decompose_compatible(c, |part| lower(part, &mut out)),
            },
        }
    }
    out
}

/// The letter under an accent of French and its neighbours (U+00C0 to U+00FF), in lower case: what taking apart gives, at once.
fn latin(c: char) -> Option<char> {
    const LETTERS: &[u8; 64] = b"aaaaaa.ceeeeiiii.nooooo..uuuuy..aaaaaa.ceeeeiiii.nooooo..uuuuy.y";
    let at = u32::from(c).checked_sub(0xC0)?;
    LETTERS.get(usize::try_from(at).ok()?).filter(|letter| **letter != b'.').map(|letter| char::from(*letter))
}

/// A part of a letter that was taken apart.
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
            // A mark that lower case makes ("İ" is "i" and a dot) is no gap between words.
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
