//! Text without markup, as people see it.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization as _;

use encoding_rs::WINDOWS_1252;
use regex::Regex;

use crate::patterns;

/// Rounds of "remove tags, resolve entities". Partners escape twice, nobody escapes five times.
const ROUNDS: usize = 5;

/// Elements whose content is not text.
const SILENT: [&str; 4] = ["script", "style", "noscript", "template"];
/// Elements inside words and sentences. They leave no gap.
const INLINE: [&str; 12] =
    ["b", "i", "u", "s", "em", "strong", "small", "sup", "sub", "mark", "wbr", "strike"];
/// Elements that begin a new line.
const BLOCKS: [&str; 18] = [
    "p", "br", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section",
    "article", "dd", "dt",
];

/// Returns the text without markup and entities. Control characters and hidden marks become spaces.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if is_plain(text) {
        return Cow::Borrowed(text);
    }
    let mut now = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        if !now.contains('<') && !now.contains('&') {
            break;
        }
        let stripped = if now.contains('<') { Cow::Owned(without_tags(&now)) } else { Cow::Borrowed(&*now) };
        let next = if stripped.contains('&') { resolved(&stripped) } else { stripped.into_owned() };
        let done = next == now;
        now = Cow::Owned(next);
        if done {
            break;
        }
    }
    if is_plain(&now) {
        return now;
    }
    if let Some(read) = mended(&now) {
        now = Cow::Owned(read);
    }
    // Text that was escaped more often than this must not become markup either.
    if now.contains('<') {
        now = Cow::Owned(without_tags(&now));
    }
    Cow::Owned(composed(shown(&now)))
}

/// Returns a text whose letters carry their accents: "e" and U+0301 after it are "é". Two programs of a partner may write the one or the other.
fn composed(text: String) -> String {
    // U+0300 to U+036F begin with these bytes, and no letter of French or English does.
    if text.bytes().any(|byte| matches!(byte, 0xCC | 0xCD)) { text.nfc().collect() } else { text }
}

/// Returns a text without hidden marks and with its visible characters.
pub(super) fn shown(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    loop {
        let (same, after) = rest.split_at(plain_len(rest));
        out.push_str(same);
        let Some(c) = after.chars().next() else { return out };
        if !is_hidden(c) {
            out.push(visible(c));
        }
        rest = after.get(c.len_utf8()..).unwrap_or_default();
    }
}

/// Returns whether a text has only characters that stay as they are: no markup, no control characters but line feeds, and no letters
/// but those that most French and English texts have. Other texts may be plain too.
pub(super) fn is_plain(text: &str) -> bool {
    plain_len(text) == text.len()
}

/// Returns how many bytes at the beginning are such characters.
fn plain_len(text: &str) -> usize {
    let mut bytes = text.as_bytes();
    loop {
        let ascii = bytes.iter().position(|byte| !IS_PLAIN.get(usize::from(*byte)).is_some_and(|is| *is));
        let Some(rest) = ascii.and_then(|at| bytes.get(at..)) else { return text.len() };
        bytes = match rest {
            // "À" to "ÿ" but "Â", "Ã", "Å" and "â", which may be the halves of other letters (see `mended`).
            [0xC3, 0x80 | 0x81 | 0x84 | 0x86..=0xA1 | 0xA3..=0xBF, after @ ..]
            // "¡" to "¿" but the soft hyphen.
            | [0xC2, 0xA1..=0xAC | 0xAE..=0xBF, after @ ..]
            // "Œ" and "œ".
            | [0xC5, 0x92 | 0x93, after @ ..]
            // Dashes, quotation marks, "•" and "…".
            | [0xE2, 0x80, 0x93..=0xA6, after @ ..] => after,
            _ => return text.len() - rest.len(),
        };
    }
}

/// ASCII characters that stay as they are.
#[expect(clippy::indexing_slicing, reason = "computed by the compiler, which checks it")]
const IS_PLAIN: [bool; 256] = {
    let mut is_plain = [false; 256];
    let mut byte = b' ';
    while byte < 0x7F {
        is_plain[byte as usize] = byte != b'<' && byte != b'&';
        byte += 1;
    }
    is_plain[b'\n' as usize] = true;
    is_plain
};

patterns! {
    static BARE: Regex = r"&#([0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});?";
}

/// Resolves the references of a text once. Numeric ones need no semicolon, as in a browser (WHATWG HTML, 13.2.5.80).
fn resolved(text: &str) -> String {
    let ended = if text.contains("&#") { BARE.replace_all(text, "&#$1;") } else { Cow::Borrowed(text) };
    html_escape::decode_html_entities(&ended).into_owned()
}

/// Resolves the entities of a text until `is_it` holds; `None` if it never holds.
pub(super) fn decoded(text: &str, is_it: impl Fn(&str) -> bool) -> Option<String> {
    let mut now = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        if is_it(&now) {
            return Some(mended(&now).unwrap_or_else(|| now.into_owned()));
        }
        let next = resolved(&now);
        if next == now {
            return None;
        }
        now = Cow::Owned(next);
    }
    None
}

/// Returns whether a character is invisible. Such characters split words and numbers for programs only.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}'..='\u{2064}' | '\u{180e}' | '\u{34f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{20e3}'
    )
}

/// Returns the digit of a full-width, Arabic, mathematical or circled character.
fn digit(c: char) -> Option<char> {
    let code = u32::from(c);
    let value = match code {
        0xFF10..=0xFF19 => code - 0xFF10,
        0x660..=0x669 => code - 0x660,
        0x6F0..=0x6F9 => code - 0x6F0,
        0x1D7CE..=0x1D7FF => (code - 0x1D7CE) % 10,
        0x2460..=0x2468 => code - 0x2460 + 1,
        0x24EA => 0,
        _ => return None,
    };
    char::from_digit(value, 10)
}

pub(super) fn visible(c: char) -> char {
    if let Some(digit) = digit(c) {
        return digit;
    }
    match c {
        '\u{ff20}' => '@',
        '\n' => '\n',
        '\u{a0}' | '\u{202f}' | '\u{2007}' | '\u{2009}' => ' ',
        '\u{2011}' => '-',
        '\u{80}'..='\u{9f}' => windows_1252(c),
        c if c.is_control() || c.is_whitespace() => ' ',
        c => c,
    }
}

/// Returns the character of a C1 control. HTML takes a reference such as `&#x92;` as windows-1252 (WHATWG HTML, 13.2.5.80).
fn windows_1252(c: char) -> char {
    Some(named(c)).filter(|c| !c.is_control()).unwrap_or(' ')
}

/// What windows-1252 has at the place of a C1 control character; itself where it has nothing.
fn named(c: char) -> char {
    let byte = [u8::try_from(u32::from(c)).unwrap_or(b' ')];
    let (read, _) = WINDOWS_1252.decode_without_bom_handling(&byte);
    read.chars().next().unwrap_or(c)
}

/// Repairs UTF-8 text that was decoded as windows-1252: "DÃ©veloppeur". Each run of letters is decoded again if that makes it shorter, and
/// stays as it is otherwise, because a page may have correct and broken parts.
fn mended(text: &str) -> Option<String> {
    // "Ã", "Â", "â" and "Å".
    if !text.as_bytes().windows(2).any(|pair| matches!(pair, [0xC3, 0x82 | 0x83 | 0x85 | 0xA2])) {
        return None;
    }
    let read = |piece: &str| {
        // It would not become shorter.
        if piece.is_ascii() {
            return None;
        }
        // Read as ISO 8859-1, some letters became control characters: "Ã" and U+0089 were "É".
        let named: String =
            piece.chars().map(|c| if ('\u{80}'..='\u{9f}').contains(&c) { named(c) } else { c }).collect();
        let (bytes, _, failed) = WINDOWS_1252.encode(&named);
        String::from_utf8(bytes.into_owned()).ok().filter(|read| !failed && read.len() < piece.len())
    };
    // "Ã" is not a word of any language here.
    if !text.split_ascii_whitespace().any(|piece| piece == "Ã" || read(piece).is_some()) {
        return None;
    }
    let pieces = text.split_inclusive(|c: char| c.is_ascii_whitespace()).map(|piece| {
        // "à" became "Ã" and a no-break space, which is a plain space by now.
        let with_space = piece.strip_suffix("Ã ").and_then(|begin| read(&format!("{begin}Ã\u{a0}")));
        let with_space = with_space.map(|word| word + " ");
        with_space.or_else(|| read(piece)).map_or(Cow::Borrowed(piece), Cow::Owned)
    });
    Some(pieces.collect())
}

/// Removes tags: `<`, then a letter, `/`, `!` or `?`, up to `>`. "a < b" stays. Takes time linear in the text, whatever it is.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut ends, mut equals) = (Next::new(text, ">"), Next::new(text, "="));
    let mut closings = SILENT.map(|_| None);
    let mut from = 0;
    let rest = |from: usize| text.get(from..).unwrap_or_default();
    while let Some(at) = rest(from).find('<').map(|at| from + at) {
        out.push_str(text.get(from..at).unwrap_or_default());
        let inner = rest(at + 1);
        let is_tag = inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        let Some(end) = is_tag.then(|| ends.from(at + 1)).flatten() else {
            if is_tag && is_unclosed(inner) && equals.from(at + 1).is_some() {
                from = text.len();
                break;
            }
            out.push('<');
            from = at + 1;
            continue;
        };
        let named = inner.trim_start_matches('/');
        let name = named
            .find(|c: char| !c.is_ascii_alphanumeric())
            .map_or(named, |end| named.get(..end).unwrap_or_default());
        let is_in = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if is_in(&BLOCKS) {
            out.push('\n');
        } else if !is_in(&INLINE) {
            out.push(' ');
        }
        from = end + 1;
        let silent = SILENT.iter().zip(&mut closings).find(|(silent, _)| silent.eq_ignore_ascii_case(name));
        if let Some((name, closing)) = silent.filter(|_| !inner.starts_with('/')) {
            // A silent element without a closing tag is the rest of the text.
            let closing: &mut Next = closing.get_or_insert_with(|| Next::closing(text, name));
            from = closing.from(from).unwrap_or(text.len());
        }
    }
    out.push_str(rest(from));
    // Other tags leave a space, except before punctuation.
    for (apart, joined) in [(" ,", ","), (" .", ".")] {
        if out.contains(apart) {
            out = out.replace(apart, joined);
        }
    }
    out
}

/// The next place of some words. Each part of the text is looked at once, however often it is asked, because it is asked for
/// places farther and farther on.
struct Next<'t> {
    text: Cow<'t, str>,
    words: String,
    /// Where it is; none where there is none to the end.
    known: Option<usize>,
    /// How far the text was looked at, in bytes.
    looked: usize,
}

impl<'t> Next<'t> {
    fn new(text: &'t str, words: &str) -> Self {
        Self { text: Cow::Borrowed(text), words: words.to_owned(), known: None, looked: 0 }
    }

    /// The closing tag of an element, in any case.
    fn closing(text: &str, name: &str) -> Next<'static> {
        let text = Cow::Owned(text.to_ascii_lowercase());
        Next { text, words: format!("</{name}"), known: None, looked: 0 }
    }

    /// The first place at or behind `from`.
    fn from(&mut self, from: usize) -> Option<usize> {
        if self.known.is_none_or(|known| known < from) && self.looked < self.text.len() {
            let found = self.text.get(from..).and_then(|rest| rest.find(&self.words));
            self.known = found.map(|at| from + at);
            self.looked = self.known.map_or(self.text.len(), |at| at + self.words.len());
        }
        self.known.filter(|known| *known >= from)
    }
}

/// The name of a tag, in lower case. A longer one than this is of no element.
fn name_of(inner: &str) -> String {
    inner.chars().take(16).take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase()
}

/// Returns whether this begins an element whose tag is never closed, if an attribute follows. The "a <b" of arithmetic does
/// not.
fn is_unclosed(inner: &str) -> bool {
    const NAMES: [&str; 13] = [
        "img", "script", "svg", "iframe", "a", "style", "object", "embed", "link", "meta", "body", "form",
        "input",
    ];
    NAMES.contains(&name_of(inner).as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_that_never_end_are_looked_for_once() {
        let text = "<b".repeat(100_000);
        let mut ends = Next::new(&text, ">");
        assert_eq!((0..text.len()).find_map(|at| ends.from(at)), None);
        assert_eq!(ends.looked, text.len(), "the text is looked at once");
        let text = "<script></script>".repeat(10_000);
        let mut closing = Next::closing(&text, "script");
        let found = (0..text.len()).step_by(17).filter(|&at| closing.from(at) == Some(at + 8)).count();
        assert_eq!((found, closing.looked), (10_000, text.len() - 1));
    }

    /// Each of these took minutes when the rest of the text was looked through at each tag.
    #[test]
    fn what_is_made_to_take_long_is_plain_soon() {
        const MANY: usize = 300_000;
        for (part, plain) in [
            ("<", Some("<".repeat(MANY))),
            ("<b", Some("<b".repeat(MANY))),
            ("</", Some("</".repeat(MANY))),
            ("<a=", Some(String::new())),
            ("<script>", Some(" ".to_owned())),
            ("<script></script>", None),
            ("<style>x</STYLE>", None),
            ("<!", Some("<!".repeat(MANY))),
            ("&lt;", None),
            ("&", None),
            ("&amp;", None),
            ("&#", None),
            ("<aaaaaaaaaaaaaaaaaaaaaaaa", None),
        ] {
            let text = part.repeat(MANY);
            let read = super::plain(&text);
            assert!(read.len() <= text.len(), "{part}");
            if let Some(plain) = plain {
                assert_eq!(read, plain, "{part}");
            }
        }
    }

    #[test]
    fn a_silent_element_hides_its_content_alone() {
        assert_eq!(without_tags("a<SCRIPT>x<b></Script>b<style>y</style>c<script>z"), "a  b  c ");
    }
}
