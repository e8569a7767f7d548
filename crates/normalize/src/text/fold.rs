//! Makes texts comparable: lower case, without accents.

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Folds a text for look-ups: lower case, no accents, and one space for each run of characters other than letters and digits.
pub fn fold(text: &str) -> String {
    let mut folded = Folded::with_capacity(text.len());
    folded.push_text(text, |_, _, _| ());
    folded.end()
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

/// ASCII letters and digits in lower case; 0 for all other bytes.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which checks it")]
const LETTERS: [u8; 128] = {
    let mut letters = [0; 128];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() {
            letters[byte as usize] = byte.to_ascii_lowercase();
        }
        byte += 1;
    }
    letters
};

/// A text that is being folded, piece by piece.
pub(super) struct Folded {
    /// The text in UTF-8. Most of it is pushed byte by byte.
    bytes: Vec<u8>,
    /// Whether the next letter begins a word.
    gap: bool,
}

impl Folded {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { bytes: Vec::with_capacity(bytes), gap: false }
    }

    /// Returns how long the folded text is, in bytes.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Returns the folded text from a border between two pieces on.
    pub(super) fn since(&self, begin: usize) -> &str {
        self.bytes.get(begin..).and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or_default()
    }

    /// Forgets what was folded after a border between two pieces.
    pub(super) fn truncate(&mut self, end: usize) {
        self.bytes.truncate(end);
    }

    /// Returns the folded text.
    pub(super) fn end(self) -> String {
        String::from_utf8(self.bytes).unwrap_or_default()
    }

    /// Ends the word, as a mark does.
    pub(super) fn end_word(&mut self) {
        self.gap = true;
    }

    /// Folds a text after what is folded already. `stop` gets each sign that ends a sentence (`.`, `;`, `!`, `•`): where it stands in
    /// the text, its length, and how long the folded text is there.
    pub(super) fn push_text(&mut self, text: &str, mut stop: impl FnMut(usize, usize, usize)) {
        let mut next = 0;
        for (at, byte) in text.bytes().enumerate() {
            if at < next {
                continue;
            }
            match LETTERS.get(usize::from(byte)) {
                Some(0) => {
                    self.gap = true;
                    if matches!(byte, b'.' | b';' | b'!') {
                        stop(at, 1, self.bytes.len());
                    }
                }
                Some(letter) => self.push_byte(*letter),
                None => {
                    let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) else { break };
                    if c == '•' {
                        stop(at, c.len_utf8(), self.bytes.len());
                    }
                    self.push_foreign(c);
                    next = at + c.len_utf8();
                }
            }
        }
    }

    /// Folds a character outside ASCII. The order of its marks does not matter: they are removed.
    fn push_foreign(&mut self, c: char) {
        if let Some(letter) = latin(c).and_then(|letter| u8::try_from(letter).ok()) {
            return self.push_byte(letter);
        }
        decompose_compatible(c, |part| {
            if !is_combining_mark(part) {
                part.to_lowercase().for_each(|part| self.push(part));
            }
        });
    }

    fn push(&mut self, c: char) {
        match c {
            'œ' => b"oe".iter().for_each(|byte| self.push_byte(*byte)),
            'æ' => b"ae".iter().for_each(|byte| self.push_byte(*byte)),
            'ß' => b"ss".iter().for_each(|byte| self.push_byte(*byte)),
            c if c.is_alphanumeric() => {
                let mut bytes = [0; 4];
                c.encode_utf8(&mut bytes).bytes().for_each(|byte| self.push_byte(byte));
            }
            // A mark that lower case adds ("İ" becomes "i" and a dot) does not separate words.
            c => self.gap |= !is_combining_mark(c),
        }
    }

    #[inline]
    fn push_byte(&mut self, byte: u8) {
        if self.gap {
            self.gap = false;
            if !self.bytes.is_empty() {
                self.bytes.push(b' ');
            }
        }
        self.bytes.push(byte);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What [`fold`] promises, one character at a time.
    fn folded_apart(text: &str) -> String {
        let mut parts = String::new();
        for c in text.chars() {
            decompose_compatible(c, |part| {
                if !is_combining_mark(part) {
                    parts.extend(part.to_lowercase().filter(|c| !is_combining_mark(*c)));
                }
            });
        }
        let spelled = parts.replace('œ', "oe").replace('æ', "ae").replace('ß', "ss");
        spelled
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    }

    proptest! {
        #[test]
        fn a_text_is_folded_at_once_as_by_its_characters(text in "\\PC{0,60}|[a-zA-Z0-9éÀçœßİ .;!•'’\u{301}-]{0,60}") {
            prop_assert_eq!(fold(&text), folded_apart(&text));
        }
    }

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
