//! From bytes to text, as browsers do it (WHATWG Encoding): BOM, header, the page's own word, then a guess.

use std::{
    borrow::Cow,
    io::{BufRead, BufReader},
};

use encoding_rs::{Encoding, MACINTOSH, UTF_8, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;

use crate::Page;

/// Bytes at the begin of a page in which its own declaration must stand (HTML, 13.2.3.2: 1024).
const DECLARED_WITHIN: usize = 1_024;
/// Bytes a guess is made from, where the whole is not at hand.
pub(super) const LOOK: usize = 64 << 10;

/// The text of a page. Bytes that are not of its encoding become U+FFFD.
pub(super) fn decode<'a>(body: &'a [u8], page: &Page<'_>, told: Option<&'static Encoding>) -> Cow<'a, str> {
    let (encoding, bytes) = match Encoding::for_bom(body) {
        Some((encoding, length)) => (encoding, body.get(length..).unwrap_or_default()),
        None => (named(body, page, told), body),
    };
    encoding.decode_without_bom_handling(bytes).0
}

/// The text of a streamed input, as UTF-8.
pub(super) fn stream<'a>(
    input: &'a mut dyn BufRead,
    page: &Page<'_>,
    told: Option<&'static Encoding>,
) -> std::io::Result<impl BufRead + use<'a>> {
    let mut input = BufReader::with_capacity(LOOK, input);
    let look = input.fill_buf()?;
    let encoding = match Encoding::for_bom(look) {
        Some((encoding, _)) => encoding,
        None => named(look, page, told),
    };
    let decoder = DecodeReaderBytesBuilder::new().encoding(Some(encoding)).bom_override(true).build(input);
    Ok(BufReader::with_capacity(LOOK, decoder))
}

fn named(body: &[u8], page: &Page<'_>, told: Option<&'static Encoding>) -> &'static Encoding {
    told.or_else(|| declared(body, page)).unwrap_or_else(|| guess(body))
}

fn declared(body: &[u8], page: &Page<'_>) -> Option<&'static Encoding> {
    let of_header = page
        .header("content-type")
        .and_then(|value| after(value, "charset"))
        .and_then(|label| Encoding::for_label(label.as_bytes()));
    of_header.or_else(|| {
        let head = body.get(..DECLARED_WITHIN.min(body.len())).unwrap_or_default();
        let head = String::from_utf8_lossy(head);
        // A declaration stands in markup; a word in a row of a table is data.
        let word = if head.trim_start().starts_with("<?xml") { "encoding" } else { "charset" };
        let markup = head.trim_start().starts_with('<');
        markup.then(|| after(&head, word)).flatten().and_then(|label| Encoding::for_label(label.as_bytes()))
    })
}

/// The label after the first `charset=`.
fn after(text: &str, word: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (_, rest) = lower.split_once(word)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect())
}

/// UTF-8 where the bytes are, but for a few wrong ones; else whichever of the two encodings French offices write gives the
/// more letters of French.
fn guess(body: &[u8]) -> &'static Encoding {
    let look = body.get(..LOOK.min(body.len())).unwrap_or_default();
    if std::str::from_utf8(look).is_ok() {
        return UTF_8;
    }
    let (mut right, mut wrong) = (0_usize, 0_usize);
    for chunk in look.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        wrong += usize::from(!chunk.invalid().is_empty());
    }
    // What the look cuts in two is one wrong character at most.
    if right > 4 * wrong.saturating_sub(usize::from(body.len() > LOOK)) {
        return UTF_8;
    }
    let letters = |encoding: &'static Encoding| {
        let sum: i64 = look.iter().filter(|byte| !byte.is_ascii()).map(|byte| weight(encoding, *byte)).sum();
        sum
    };
    if letters(MACINTOSH) > letters(WINDOWS_1252) { MACINTOSH } else { WINDOWS_1252 }
}

/// How likely a byte is, read in an encoding, in French or English text.
fn weight(encoding: &'static Encoding, byte: u8) -> i64 {
    let byte = [byte];
    let (text, _) = encoding.decode_without_bom_handling(&byte);
    match text.chars().next() {
        Some(
            'é' | 'è' | 'à' | 'ê' | 'ç' | 'ô' | 'î' | 'û' | 'ù' | 'â' | 'ï' | 'ë' | 'É' | 'À' | 'È' | 'Ê'
            | 'œ',
        ) => 4,
        Some('’' | '«' | '»' | '°' | '–' | '“' | '”' | '…' | '\u{a0}' | '€' | '•') => 1,
        Some(c) if c.is_alphabetic() => 0,
        _ => -2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FRENCH: &str =
        "Développeur à Yaoundé – « maîtrise » exigée ; reçu dès août. L’employé gère le café n° 3";

    #[test]
    fn the_encoding_of_french_is_found() {
        for encoding in [UTF_8, WINDOWS_1252, MACINTOSH] {
            let (bytes, _, lossy) = encoding.encode(FRENCH);
            assert!(!lossy);
            assert_eq!(guess(&bytes), encoding, "{}", encoding.name());
        }
        assert_eq!(guess(b"plain"), UTF_8);
    }

    #[test]
    fn a_character_cut_in_two_by_the_look_is_no_error() {
        let long = "é".repeat(LOOK);
        assert_eq!(guess(&long.as_bytes()[1..][..0]), UTF_8);
        let shifted = format!("a{long}");
        assert_eq!(guess(shifted.as_bytes()), UTF_8);
    }
}
