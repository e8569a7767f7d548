//! Text of partners made plain.

mod boilerplate;
mod html;

use std::{borrow::Cow, sync::LazyLock};

use encoding_rs::WINDOWS_1252;
use regex::Regex;
use unicode_normalization::char::{decompose_compatible, is_combining_mark};

use crate::pattern::form;
pub(crate) use boilerplate::cut;
pub use boilerplate::is_boilerplate;
pub(crate) use html::safe_subset;

/// Rounds of "take tags out, resolve entities": partners escape twice, nobody escapes five times.
const ROUNDS: usize = 5;

/// Elements whose content is no text.
const SILENT: [&str; 4] = ["script", "style", "noscript", "template"];
/// Elements that stand inside words and sentences: they leave no gap.
const INLINE: [&str; 12] =
    ["b", "i", "u", "s", "em", "strong", "small", "sup", "sub", "mark", "wbr", "strike"];
/// Elements that begin a line of their own.
const BLOCKS: [&str; 18] = [
    "p", "br", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "h5", "h6", "section",
    "article", "dd", "dt",
];

/// One line of plain text: no markup, no entities, white space folded.
pub fn clean_line(text: &str) -> String {
    let plain = plain(text);
    let mut line = String::with_capacity(plain.len());
    push_folded(&mut line, &plain);
    line
}

/// Plain text with its paragraphs: white space folded within a line, no more than one blank line between two.
pub fn clean_text(text: &str) -> String {
    let plain = plain(text);
    let mut clean = String::with_capacity(plain.len());
    let mut blank = false;
    for line in plain.lines() {
        let before = clean.len();
        if !clean.is_empty() {
            clean.push_str(if blank { "\n\n" } else { "\n" });
        }
        let begin = clean.len();
        push_folded(&mut clean, line);
        if clean.len() == begin {
            clean.truncate(before);
            blank = !clean.is_empty();
        } else {
            blank = false;
        }
    }
    clean
}

/// Adds the words of a line, one blank between two.
fn push_folded(out: &mut String, line: &str) {
    for (at, word) in line.split_whitespace().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

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

/// The first `max` characters, cut at the end of a word where one is near.
pub fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    if text.chars().nth(max).is_none() {
        return Cow::Borrowed(text);
    }
    let cut: String = text.chars().take(max.saturating_sub(1)).collect();
    let at_word =
        cut.rsplit_once(char::is_whitespace).map(|(head, _)| head).filter(|head| head.len() > max / 2);
    Cow::Owned(format!("{}…", at_word.unwrap_or(&cut).trim_end()))
}

/// Without markup and entities; control characters and the marks that hide in portals' text become blanks.
fn plain(text: &str) -> Cow<'_, str> {
    let mut now = Cow::Borrowed(text);
    for _ in 0..ROUNDS {
        if !now.contains(['<', '&']) {
            break;
        }
        let stripped = if now.contains('<') { without_tags(&now) } else { now.to_string() };
        let next = resolved(&stripped);
        let done = next == now;
        now = Cow::Owned(next);
        if done {
            break;
        }
    }
    if let Some(read) = mended(&now) {
        now = Cow::Owned(read);
    }
    // What was escaped oftener than anybody does is still no markup.
    if now.contains('<') {
        now = Cow::Owned(without_tags(&now));
    }
    if now.chars().all(|c| visible(c) == c && !is_hidden(c)) {
        return now;
    }
    Cow::Owned(now.chars().filter(|c| !is_hidden(*c)).map(visible).collect())
}

/// The text with its references resolved once; those to a number need no semicolon, as in a browser (WHATWG HTML, 13.2.5.80).
fn resolved(text: &str) -> String {
    static BARE: LazyLock<Option<Regex>> = LazyLock::new(|| form(r"&#([0-9]{1,7}|[xX][0-9A-Fa-f]{1,6});?"));
    let ended = match BARE.as_ref().filter(|_| text.contains("&#")) {
        Some(bare) => bare.replace_all(text, "&#$1;"),
        None => Cow::Borrowed(text),
    };
    html_escape::decode_html_entities(&ended).into_owned()
}

/// The text with its entities resolved as often as it takes to make it what is looked for; `None` where it never becomes that.
fn decoded(text: &str, is_it: impl Fn(&str) -> bool) -> Option<String> {
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

/// Characters that are not seen: they part words and numbers for programs alone.
fn is_hidden(c: char) -> bool {
    matches!(
        c,
        '\u{200b}'..='\u{200f}' | '\u{feff}' | '\u{ad}' | '\u{2060}'..='\u{2064}' | '\u{180e}' | '\u{34f}' | '\u{fe00}'..='\u{fe0f}'
            | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{20e3}'
    )
}

/// The digit a character is in another script or dress: full-width, Arabic, mathematical, circled.
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

fn visible(c: char) -> char {
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

/// What a C1 control stands for: HTML reads a reference such as `&#x92;` as windows-1252 (WHATWG HTML, 13.2.5.80).
fn windows_1252(c: char) -> char {
    let byte = [u8::try_from(u32::from(c)).unwrap_or(b' ')];
    let (read, _) = WINDOWS_1252.decode_without_bom_handling(&byte);
    read.chars().next().filter(|c| !c.is_control()).unwrap_or(' ')
}

/// Text that was UTF-8, was read as windows-1252, and written again: "DÃ©veloppeur". Read back, a run of letters at a time, where
/// that makes it shorter; else left as it is: a page may hold mended and broken parts side by side.
fn mended(text: &str) -> Option<String> {
    if !text.contains(['Ã', 'Â', 'â', 'Å']) {
        return None;
    }
    let read = |piece: &str| {
        let (bytes, _, failed) = WINDOWS_1252.encode(piece);
        String::from_utf8(bytes.into_owned()).ok().filter(|read| !failed && read.len() < piece.len())
    };
    let mut changed = false;
    let pieces = text.split_inclusive(|c: char| c.is_ascii_whitespace()).map(|piece| match read(piece) {
        Some(read) => {
            changed = true;
            Cow::Owned(read)
        }
        None => Cow::Borrowed(piece),
    });
    let out: String = pieces.collect();
    changed.then_some(out)
}

/// Takes out what reads as a tag: `<`, then a letter, `/`, `!` or `?`, up to `>`. "a < b" stays.
fn without_tags(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('<') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        let inner = from.get(1..).unwrap_or_default();
        let is_tag = inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'));
        let Some(end) = inner.find('>').filter(|_| is_tag) else {
            if is_tag && is_unclosed(inner) {
                rest = "";
                break;
            }
            out.push('<');
            rest = inner;
            continue;
        };
        let name: String = inner
            .trim_start_matches('/')
            .chars()
            .take_while(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        if BLOCKS.contains(&name.as_str()) {
            out.push('\n');
        } else if !INLINE.contains(&name.as_str()) {
            out.push(' ');
        }
        rest = inner.get(end + 1..).unwrap_or_default();
        if SILENT.contains(&name.as_str()) && !inner.starts_with('/') {
            rest = after_end_of(rest, &name);
        }
    }
    out.push_str(rest);
    // Other tags leave a gap, but none before punctuation.
    out.replace(" ,", ",").replace(" .", ".")
}

/// Whether this begins an element whose tag is never closed, and is no "a <b" of arithmetic.
fn is_unclosed(inner: &str) -> bool {
    const NAMES: [&str; 13] = [
        "img", "script", "svg", "iframe", "a", "style", "object", "embed", "link", "meta", "body", "form",
        "input",
    ];
    let name: String =
        inner.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    NAMES.contains(&name.as_str()) && inner.contains('=')
}

/// What follows the closing tag of a silent element; nothing where it is never closed.
fn after_end_of<'a>(text: &'a str, name: &str) -> &'a str {
    let lower = text.to_ascii_lowercase();
    let at = lower.find(&format!("</{name}"));
    at.and_then(|at| text.get(at..)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_and_entities_go() {
        for (raw, plain) in [
            ("Soudeur&nbsp;&agrave; l&#39;arc", "Soudeur à l'arc"),
            ("<b>Chef</b> de <i>chantier</i>", "Chef de chantier"),
            ("a &amp;amp; b", "a & b"),
            ("R&amp;D", "R&D"),
            ("3 < 5 et 7 > 2", "3 < 5 et 7 > 2"),
            ("x<script>alert('<b>')</script>y", "x y"),
            ("ligne\u{200b} une\r\n  deux", "ligne une deux"),
            ("150\u{202f}000\u{a0}FCFA", "150 000 FCFA"),
            ("DÃ©veloppeur Ã\u{a0} YaoundÃ©", "Développeur à Yaoundé"),
            ("appelez &#54&#57&#57", "appelez 699"),
            ("lâ€™offre d&#x92;emploi", "l’offre d’emploi"),
            ("SÃO TOMÉ, Ângela, pâte", "SÃO TOMÉ, Ângela, pâte"),
            ("Ingé<b>nieur</b>", "Ingénieur"),
            ("<b>Chef</b>, <i>confirmé</i>.", "Chef, confirmé."),
        ] {
            assert_eq!(clean_line(raw), plain, "{raw:?}");
        }
    }

    #[test]
    fn paragraphs_stay() {
        assert_eq!(
            clean_text("<p>Un</p><p>Deux<br/>trois</p>\n\n\n<ul><li>a</li><li>b</li></ul>"),
            "Un\n\nDeux\ntrois\n\na\n\nb"
        );
        assert_eq!(clean_text("  "), "");
    }

    #[test]
    fn folding_forgets_accents_case_and_marks() {
        assert_eq!(fold("Yaoundé 1er (Centre)"), "yaounde 1er centre");
        assert_eq!(fold("Œuvre d´été"), "oeuvre d ete");
        assert_eq!(fold("  --  "), "");
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

    #[test]
    fn shortening_keeps_whole_words() {
        assert_eq!(shorten("court", 10), "court");
        assert_eq!(shorten("un deux trois quatre", 12), "un deux…");
        assert!(shorten(&"é".repeat(400), 300).chars().count() <= 300);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_cleaning_twice_is_cleaning_once(text in "\\PC{0,200}|[<>/&;a-z# ]{0,80}") {
            let line = clean_line(&text);
            let body = clean_text(&text);
            fold(&text);
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(clean_line(&line).split_whitespace().count() <= line.split_whitespace().count(), true);
            prop_assert!(!body.contains("\n\n\n"));
        }
    }
}
