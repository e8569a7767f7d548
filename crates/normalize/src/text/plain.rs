//! Text without markup, as people see it.

use std::borrow::Cow;

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
    // Text that was escaped more often than this must not become markup either.
    if now.contains('<') {
        now = Cow::Owned(without_tags(&now));
    }
    if now.chars().all(|c| visible(c) == c && !is_hidden(c)) {
        return now;
    }
    Cow::Owned(now.chars().filter(|c| !is_hidden(*c)).map(visible).collect())
}

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
    if !text.contains(['Ã', 'Â', 'â', 'Å']) {
        return None;
    }
    let read = |piece: &str| {
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

/// Removes tags: `<`, then a letter, `/`, `!` or `?`, up to `>`. "a < b" stays.
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
    // Other tags leave a space, except before punctuation.
    out.replace(" ,", ",").replace(" .", ".")
}

/// Returns whether this begins an element whose tag is never closed. The "a <b" of arithmetic does not.
fn is_unclosed(inner: &str) -> bool {
    const NAMES: [&str; 13] = [
        "img", "script", "svg", "iframe", "a", "style", "object", "embed", "link", "meta", "body", "form",
        "input",
    ];
    let name: String =
        inner.chars().take_while(char::is_ascii_alphanumeric).collect::<String>().to_ascii_lowercase();
    NAMES.contains(&name.as_str()) && inner.contains('=')
}

/// Returns the text after the closing tag of a silent element; empty if it is never closed.
fn after_end_of<'a>(text: &'a str, name: &str) -> &'a str {
    let lower = text.to_ascii_lowercase();
    let at = lower.find(&format!("</{name}"));
    at.and_then(|at| text.get(at..)).unwrap_or_default()
}
