//! JSON as servers print it, made JSON that loses nothing: one pass over the bytes before they are parsed.
//!
//! Half a surrogate pair becomes U+FFFD; `NaN` and `Infinity` become null; a whole number loses its fraction and its
//! exponent; a number with more digits than a float holds becomes text. A call around the document (JSONP) and a guard
//! before it (`)]}'`) are left out.

use std::{
    borrow::Cow,
    io::{self, BufRead, Read},
};

/// Longest number or bare word that is looked at, in bytes.
const LONGEST: usize = 400;
/// Most digits of a number that is written out.
const MOST_DIGITS: usize = 60;
/// Decimal digits that a float holds for certain.
const CERTAIN: usize = 15;
/// Bytes at the begin that may hold a call or a guard.
const JACKET: usize = 200;
/// What servers put before a document so that no script can include it.
const GUARDS: [&str; 5] = [")]}',", ")]}'", "while(1);", "for(;;);", "for (;;);"];

/// Returns the text of a document, tidied.
pub(super) fn tidied(text: &str) -> Cow<'_, str> {
    let bare = text.get(jacket(text)..).unwrap_or_default();
    let mut tidy = Tidy { is_call: bare.len() < text.len(), ..Tidy::default() };
    let mut out = Vec::with_capacity(bare.len());
    tidy.feed(bare.as_bytes(), &mut out);
    tidy.finish(&mut out);
    // Only whole tokens of ASCII were replaced, so this is text.
    String::from_utf8(out).map_or(Cow::Borrowed(text), Cow::Owned)
}

/// Returns the length of a call (`callback(`) or a guard at the begin of a text.
fn jacket(text: &str) -> usize {
    let begin = text.trim_start_matches(|c: char| c.is_whitespace() || c == '\u{feff}');
    let blank = text.len() - begin.len();
    if let Some(guard) = GUARDS.iter().find(|guard| begin.starts_with(**guard)) {
        return blank + guard.len();
    }
    // `/**/callback({…});`
    let called = begin.strip_prefix("/**/").unwrap_or(begin).trim_start();
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '.');
    let after = called.trim_start_matches(is_name);
    let named = called.len() - after.len();
    match after.trim_start().strip_prefix('(') {
        Some(rest) if named > 0 && rest.trim_start().starts_with(['{', '[']) => text.len() - rest.len(),
        _ => 0,
    }
}

/// Where the pass is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Place {
    #[default]
    Between,
    /// In a number or a bare word, which `held` holds.
    Token,
    Text,
    /// In an escape, which `held` holds.
    Escape,
}

#[derive(Debug, Default)]
struct Tidy {
    place: Place,
    held: Vec<u8>,
    /// The last sign between texts and tokens that is not blank.
    before: u8,
    /// The first half of a surrogate pair, as it was written, until the second one comes.
    half: Option<[u8; 6]>,
    /// Brackets that are open, and whether one was.
    depth: usize,
    is_begun: bool,
    /// Whether a call was opened before the document: its end is left out.
    is_call: bool,
}

impl Tidy {
    fn feed(&mut self, input: &[u8], out: &mut Vec<u8>) {
        let mut rest = input;
        while let Some((&byte, after)) = rest.split_first() {
            rest = match self.place {
                Place::Text => self.text(rest, out),
                Place::Escape => self.escape(byte, after, rest, out),
                Place::Token if is_token(byte) && self.held.len() < LONGEST => {
                    self.held.push(byte);
                    after
                }
                Place::Token => {
                    self.token(byte, out);
                    rest
                }
                Place::Between => {
                    self.between(byte, out);
                    after
                }
            };
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.lone(out);
        match self.place {
            Place::Token => self.token(b' ', out),
            Place::Escape => out.append(&mut self.held),
            Place::Text | Place::Between => (),
        }
        self.place = Place::Between;
    }

    fn between(&mut self, byte: u8, out: &mut Vec<u8>) {
        if self.is_call && self.is_begun && self.depth == 0 && (byte == b')' || byte == b';') {
            return;
        }
        match byte {
            b'"' => self.place = Place::Text,
            b'{' | b'[' => {
                self.depth += 1;
                self.is_begun = true;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            _ if is_token(byte) => {
                self.place = Place::Token;
                self.held.clear();
                self.held.push(byte);
                return;
            }
            _ => (),
        }
        if !byte.is_ascii_whitespace() {
            self.before = byte;
        }
        out.push(byte);
    }

    /// Copies what needs no look. Returns what is left.
    fn text<'i>(&mut self, input: &'i [u8], out: &mut Vec<u8>) -> &'i [u8] {
        let end = input.iter().position(|byte| matches!(byte, b'"' | b'\\')).unwrap_or(input.len());
        let (plain, rest) = input.split_at(end);
        if !plain.is_empty() || rest.first() == Some(&b'"') {
            self.lone(out);
        }
        out.extend_from_slice(plain);
        match rest.split_first() {
            Some((b'"', after)) => {
                out.push(b'"');
                self.place = Place::Between;
                self.before = b'"';
                after
            }
            Some((byte, after)) => {
                self.place = Place::Escape;
                self.held.clear();
                self.held.push(*byte);
                after
            }
            None => rest,
        }
    }

    fn escape<'i>(&mut self, byte: u8, after: &'i [u8], rest: &'i [u8], out: &mut Vec<u8>) -> &'i [u8] {
        let at = self.held.len();
        let fits = if at == 1 { true } else { byte.is_ascii_hexdigit() };
        if fits {
            self.held.push(byte);
        }
        let is_whole = (at == 1 && byte != b'u') || self.held.len() == 6;
        if fits && !is_whole {
            return after;
        }
        self.place = Place::Text;
        let held = std::mem::take(&mut self.held);
        match (self.half.take(), unit(&held)) {
            (Some(first), Some(0xDC00..=0xDFFF)) => out.extend_from_slice(&first),
            (Some(_), _) => out.extend_from_slice(LOST),
            (None, Some(0xDC00..=0xDFFF)) => {
                out.extend_from_slice(LOST);
                return after;
            }
            (None, _) => (),
        }
        match (unit(&held), <[u8; 6]>::try_from(held.as_slice())) {
            (Some(0xD800..=0xDBFF), Ok(first)) => self.half = Some(first),
            _ => out.extend_from_slice(&held),
        }
        if fits { after } else { rest }
    }

    /// Writes U+FFFD for half a pair without its other half.
    fn lone(&mut self, out: &mut Vec<u8>) {
        if self.half.take().is_some() {
            out.extend_from_slice(LOST);
        }
    }

    /// Writes a number or a bare word that is over.
    fn token(&mut self, next: u8, out: &mut Vec<u8>) {
        let held = std::mem::take(&mut self.held);
        let is_value = matches!(self.before, 0 | b':' | b',' | b'[')
            && (next.is_ascii_whitespace() || matches!(next, b',' | b']' | b'}' | b')' | b';'));
        let token = std::str::from_utf8(&held).ok().filter(|_| is_value);
        match token.and_then(value) {
            Some(value) => out.extend_from_slice(value.as_bytes()),
            None => out.extend_from_slice(&held),
        }
        self.place = Place::Between;
        self.before = b'0';
    }
}

/// What half a surrogate pair becomes.
const LOST: &[u8] = b"\\uFFFD";

fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'+' | b'.' | b'_' | b'$')
}

/// Returns the code unit of `\uXXXX`.
fn unit(escape: &[u8]) -> Option<u16> {
    let digits = std::str::from_utf8(escape.strip_prefix(b"\\u")?).ok()?;
    (digits.len() == 4).then(|| u16::from_str_radix(digits, 16).ok()).flatten()
}

/// Returns what a token becomes; `None`: it stays.
fn value(token: &str) -> Option<Cow<'static, str>> {
    let bare = token.trim_start_matches(['-', '+']);
    if matches!(bare, "NaN" | "nan" | "NAN" | "Infinity" | "infinity" | "inf" | "Inf" | "undefined") {
        return Some(Cow::Borrowed("null"));
    }
    let is_whole = bare.bytes().all(|byte| byte.is_ascii_digit());
    if is_whole && token.len() <= CERTAIN {
        return None;
    }
    let (negative, digits, scale) = number(token)?;
    let sign = if negative && digits != "0" { "-" } else { "" };
    if scale < 0 {
        // A fraction: a float holds so many digits of it.
        return (digits.len() > CERTAIN).then(|| Cow::Owned(format!("\"{token}\"")));
    }
    let zeros = usize::try_from(scale).ok()?;
    if digits.len() + zeros > MOST_DIGITS {
        return Some(Cow::Owned(format!("\"{token}\"")));
    }
    let plain = format!("{sign}{digits}{}", "0".repeat(zeros));
    let is_safe = plain.parse::<i64>().is_ok() || plain.parse::<u64>().is_ok();
    match (is_safe, plain == token) {
        (true, true) => None,
        (true, false) => Some(Cow::Owned(plain)),
        (false, _) => Some(Cow::Owned(format!("\"{plain}\""))),
    }
}

/// Returns a JSON number as its digits without zeros around them, and the power of ten of the last one.
fn number(token: &str) -> Option<(bool, String, i64)> {
    let (negative, rest) = match token.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, token),
    };
    let (mantissa, exponent) = match rest.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (rest, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let begins_well = whole == "0" || (!whole.is_empty() && !whole.starts_with('0'));
    if !begins_well || !are_digits(whole) || !are_digits(fraction) || mantissa.ends_with('.') {
        return None;
    }
    let all = format!("{whole}{fraction}");
    let kept = all.trim_end_matches('0');
    if kept.is_empty() {
        return Some((negative, "0".to_owned(), 0));
    }
    let dropped = i64::try_from(all.len() - kept.len()).ok()?;
    let scale = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?.checked_add(dropped)?;
    let digits = kept.trim_start_matches('0');
    // The zeros of a whole number belong to it.
    Some((negative, digits.to_owned(), scale))
}

/// A stream that is tidied while it is read.
pub(super) struct TidyReader<R> {
    input: R,
    tidy: Tidy,
    out: Vec<u8>,
    at: usize,
    is_begun: bool,
    is_over: bool,
}

impl<R: BufRead> TidyReader<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, tidy: Tidy::default(), out: Vec::new(), at: 0, is_begun: false, is_over: false }
    }
}

impl<R: BufRead> Read for TidyReader<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(to)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for TidyReader<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.at >= self.out.len() && !self.is_over {
            self.out.clear();
            self.at = 0;
            let input = self.input.fill_buf()?;
            let length = input.len();
            if length == 0 {
                self.tidy.finish(&mut self.out);
                self.is_over = true;
                break;
            }
            let mut begin = 0;
            if !self.is_begun {
                self.is_begun = true;
                let look = String::from_utf8_lossy(input.get(..JACKET).unwrap_or(input));
                begin = jacket(&look);
                self.tidy.is_call = begin > 0;
            }
            self.tidy.feed(input.get(begin..).unwrap_or_default(), &mut self.out);
            self.input.consume(length);
        }
        Ok(self.out.get(self.at..).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.at = self.at.saturating_add(amount);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn read(text: &str) -> Value {
        serde_json::from_str(&tidied(text))
            .unwrap_or_else(|error| panic!("{text}: {error}: {}", tidied(text)))
    }

    /// The same, in pieces of a few bytes.
    fn streamed(text: &str, piece: usize) -> String {
        let mut out = String::new();
        let input = io::BufReader::with_capacity(piece, text.as_bytes());
        TidyReader::new(input).read_to_string(&mut out).unwrap();
        out
    }

    #[test]
    fn half_a_pair_costs_itself() {
        for (text, value) in [
            (r#"["Venez \ud83d"]"#, json!(["Venez \u{fffd}"])),
            (r#"["\ud83d\ude80 ok"]"#, json!(["🚀 ok"])),
            (r#"["\ude80 x \udc00\ud800"]"#, json!(["\u{fffd} x \u{fffd}\u{fffd}"])),
            (r#"["\uD83D…\ud83d\n\ud83d\ud83d\ude80"]"#, json!(["\u{fffd}…\u{fffd}\n\u{fffd}🚀"])),
            (r#"["\\ud83d est écrit \u00e9 \" \ud83d\\"]"#, json!(["\\ud83d est écrit é \" \u{fffd}\\"])),
            (r#"{"\ud83d": 1}"#, json!({"\u{fffd}": 1})),
        ] {
            assert_eq!(read(text), value, "{text}");
            for piece in [1, 2, 5, 7] {
                assert_eq!(streamed(text, piece), tidied(text), "{text}");
            }
        }
    }

    #[test]
    fn a_number_is_what_it_says() {
        for (text, value) in [
            (
                "[12.0, 13.00, -5, -5.0, 1.4e1, 2.5E7, 1793604600.0]",
                json!([12, 13, -5, -5, 14, 25_000_000, 1_793_604_600]),
            ),
            ("[0, 0.0, -0.0, 1e0, 100, 1.50, 0.05, 12.5e-1]", json!([0, 0, 0, 1, 100, 1.5, 0.05, 1.25])),
            ("[9007199254740993, 18446744073709551615]", json!([9_007_199_254_740_993_u64, u64::MAX])),
            (
                "[18446744073709551617,123456789012345678901234567890,-9223372036854775809]",
                json!(["18446744073709551617", "123456789012345678901234567890", "-9223372036854775809"]),
            ),
            (
                "[1e21, 1e400, 0.1234567890123456789]",
                json!(["1000000000000000000000", "1e400", "0.1234567890123456789"]),
            ),
            (r#"{"a": "12.0", "b": "NaN, 1e400"}"#, json!({"a": "12.0", "b": "NaN, 1e400"})),
            ("[NaN, -Infinity,Infinity ,undefined, null, true]", json!([null, null, null, null, null, true])),
            ("18446744073709551617", json!("18446744073709551617")),
        ] {
            assert_eq!(read(text), value, "{text}");
            assert_eq!(streamed(text, 3), tidied(text), "{text}");
        }
    }

    #[test]
    fn a_call_around_the_document_is_left_out() {
        for text in [
            "callback([1, 2]);",
            "  jQuery123.done ( [1, 2] ) ;\n",
            "/**/cb([1, 2])",
            ")]}',\n[1, 2]",
            "while(1);[1, 2]",
            "\u{feff}for(;;);[1, 2]",
        ] {
            assert_eq!(read(text), json!([1, 2]), "{text}");
            assert_eq!(streamed(text, 256), tidied(text), "{text}");
        }
        // What is not JSON does not become it.
        for text in ["[1] ;", "[1] [2]", "rien(1)", "[01]", "[1.]", "[+1]", "[.5]"] {
            assert!(serde_json::from_str::<Value>(&tidied(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn what_is_no_json_stays_as_it_is() {
        for text in [
            "{&quot;id&quot;: &quot;18446744073709551617&quot;}",
            "<html>NaN</html>",
            "{a: 1e400x}",
            "\"\\u12",
        ] {
            assert_eq!(tidied(text), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_json_stays_json(text in "[\\[\\]{}\":,0-9.eE\\\\udDF NaI-]{0,40}", piece in 1_usize..9) {
            let tidy = tidied(&text);
            if serde_json::from_str::<Value>(&text).is_ok() {
                prop_assert!(serde_json::from_str::<Value>(&tidy).is_ok(), "{tidy}");
            }
            if jacket(&text) == 0 {
                prop_assert_eq!(streamed(&text, piece), tidy);
            }
        }
    }
}
