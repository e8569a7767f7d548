//! Decodes bytes to text, by BOM, the bytes themselves, header, the page's own declaration (WHATWG Encoding), or a
//! guess.
//!
//! Partners' declarations are often wrong, and the bytes alone say a lot: text in another encoding is hardly ever valid
//! UTF-8, and only UTF-16 has a NUL in every second byte.

use std::{
    borrow::Cow,
    io::{BufRead, BufReader},
};

use encoding_rs::{Encoding, MACINTOSH, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};
use encoding_rs_io::DecodeReaderBytesBuilder;

use crate::Page;

/// Bytes at the begin of a page that must contain its own declaration (HTML, 13.2.3.2: 1024).
const DECLARED_WITHIN: usize = 1_024;
/// Bytes that a guess uses if the whole page is not at hand.
pub(super) const LOOK: usize = 64 << 10;

/// Returns the text of a page. Invalid bytes become U+FFFD.
pub(super) fn decode<'a>(body: &'a [u8], page: &Page<'_>, told: Option<&'static Encoding>) -> Cow<'a, str> {
    let (encoding, bytes) = match Encoding::for_bom(body) {
        Some((encoding, length)) => (encoding, body.get(length..).unwrap_or_default()),
        None => (named(body, page, told), body),
    };
    encoding.decode_without_bom_handling(bytes).0
}

/// Converts a streamed input to UTF-8.
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
    told.or_else(|| shown(body)).unwrap_or_else(|| {
        let possible = |encoding: &&'static Encoding| {
            // A declaration of UTF-8 does not make invalid bytes UTF-8, and text without NUL is not UTF-16.
            (*encoding != UTF_8 || body.is_ascii()) && (encoding.is_ascii_compatible() || body.contains(&0))
        };
        declared(body, page).filter(possible).unwrap_or_else(|| guess(body))
    })
}

/// Returns the Unicode encoding that the bytes themselves show.
fn shown(body: &[u8]) -> Option<&'static Encoding> {
    let (mut first, mut second) = (0_usize, 0_usize);
    let look = body.get(..LOOK).unwrap_or(body);
    for pair in look.chunks_exact(2) {
        first += usize::from(pair.first() == Some(&0));
        second += usize::from(pair.last() == Some(&0));
    }
    // A quarter of the bytes: half of the characters may be beyond Latin-1.
    let most = |nuls: usize, others: usize| nuls > look.len() / 4 && nuls > 8 * others;
    if most(second, first) {
        return Some(UTF_16LE);
    }
    if most(first, second) {
        return Some(UTF_16BE);
    }
    is_utf_8(body).then_some(UTF_8)
}

/// Returns whether the bytes beyond ASCII are UTF-8, except for a few invalid ones.
fn is_utf_8(body: &[u8]) -> bool {
    let (mut right, mut wrong, mut end) = (0_usize, 0_usize, 0_usize);
    for chunk in body.utf8_chunks() {
        right += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        end += chunk.valid().len() + chunk.invalid().len();
        // A character that the end of the sample cuts is not invalid.
        let cut = end == body.len()
            && std::str::from_utf8(chunk.invalid()).is_err_and(|error| error.error_len().is_none());
        wrong += usize::from(!chunk.invalid().is_empty() && !cut);
    }
    right > 4 * wrong
}

fn declared(body: &[u8], page: &Page<'_>) -> Option<&'static Encoding> {
    let of_header = page
        .header("content-type")
        .and_then(|value| after(value, "charset"))
        .and_then(|label| Encoding::for_label(label.as_bytes()));
    of_header.or_else(|| {
        let head = body.get(..DECLARED_WITHIN.min(body.len())).unwrap_or_default();
        let head = String::from_utf8_lossy(head);
        // A declaration is in markup; in a row of a table, the word is data.
        let word = if head.trim_start().starts_with("<?xml") { "encoding" } else { "charset" };
        let markup = head.trim_start().starts_with('<');
        markup.then(|| after(&head, word)).flatten().and_then(|label| Encoding::for_label(label.as_bytes()))
    })
}

/// Returns the label after the first `charset=`.
fn after(text: &str, word: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (_, rest) = lower.split_once(word)?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect())
}

/// Returns UTF-8 for ASCII. Otherwise returns which of the two encodings of French offices gives more French letters.
fn guess(body: &[u8]) -> &'static Encoding {
    if body.is_ascii() {
        return UTF_8;
    }
    let letters = |encoding: &'static Encoding| {
        let beyond = body.iter().filter(|byte| !byte.is_ascii()).take(LOOK);
        beyond.map(|byte| weight(encoding, *byte)).sum::<i64>()
    };
    if letters(MACINTOSH) > letters(WINDOWS_1252) { MACINTOSH } else { WINDOWS_1252 }
}

/// Returns how likely a byte is in French or English text, in an encoding.
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
    use domain::StreamName;
    use encoding_rs::{ISO_8859_15, SHIFT_JIS};

    use super::*;
    use crate::Role;

    const FRENCH: &str =
        "Développeur à Yaoundé – « maîtrise » exigée ; reçu dès août. L’employé gère le café n° 3";

    /// The text of a body with a declaration in a header or in itself.
    fn read(body: &[u8], content_type: Option<&str>) -> String {
        let headers: Vec<(String, String)> =
            content_type.map(|value| ("content-type".to_owned(), value.to_owned())).into_iter().collect();
        let page = Page {
            stream: &StreamName::new("offres").unwrap(),
            role: Role::List,
            expected: true,
            url: &"https://a.cm/".parse().unwrap(),
            status: 200,
            headers: &headers,
            body,
            card: None,
        };
        decode(body, &page, None).into_owned()
    }

    #[test]
    fn utf_8_beyond_ascii_is_utf_8_whatever_is_declared() {
        let meta = format!("<meta charset='iso-8859-1'>{FRENCH}");
        for label in ["ISO-8859-1", "windows-1252", "macintosh", "utf-16", "shift_jis", "none"] {
            let header = format!("text/html; charset={label}");
            assert_eq!(read(FRENCH.as_bytes(), Some(&header)), FRENCH, "{label}");
            assert_eq!(read(meta.as_bytes(), Some(&header)), meta, "{label}");
        }
        assert_eq!(read(meta.as_bytes(), None), meta);
        let bad: Vec<u8> = [FRENCH.as_bytes(), &[0xFF]].concat();
        assert_eq!(read(&bad, Some("text/html; charset=latin1")), format!("{FRENCH}\u{fffd}"));
    }

    #[test]
    fn what_is_not_utf_8_is_not_whatever_is_declared() {
        for (text, encoding) in [(FRENCH, WINDOWS_1252), (FRENCH, MACINTOSH), ("Marché", WINDOWS_1252)] {
            let (bytes, _, _) = encoding.encode(text);
            assert_eq!(read(&bytes, Some("text/html; charset=utf-8")), text, "{}", encoding.name());
            let meta = [b"<meta charset=utf-8>", &bytes[..]].concat();
            assert_eq!(read(&meta, None), format!("<meta charset=utf-8>{text}"), "{}", encoding.name());
        }
    }

    #[test]
    fn other_declarations_of_what_is_not_utf_8_are_followed() {
        let (bytes, _, _) = ISO_8859_15.encode("Préposé, 1 500 €");
        assert_eq!(read(&bytes, Some("text/csv; charset=\"iso-8859-15\"")), "Préposé, 1 500 €");
        let (bytes, _, _) = SHIFT_JIS.encode("料理人");
        assert_eq!(read(&bytes, Some("text/plain; charset=shift_jis")), "料理人");
    }

    #[test]
    fn a_declaration_that_reads_as_ascii_is_not_utf_16() {
        for declaration in
            ["<meta charset='utf-16'>", "<meta charset=utf-16be>", "<?xml version='1.0' encoding='UTF-16'?>"]
        {
            for text in ["plain", FRENCH] {
                let page = format!("{declaration}{text}");
                assert_eq!(read(page.as_bytes(), None), page);
                assert_eq!(read(page.as_bytes(), Some("text/html; charset=utf-16")), page);
            }
            let (french, _, _) = WINDOWS_1252.encode(FRENCH);
            let page = [declaration.as_bytes(), &french].concat();
            assert_eq!(read(&page, None), format!("{declaration}{FRENCH}"));
        }
    }

    #[test]
    fn a_nul_in_every_second_byte_is_utf_16() {
        let page = format!("<meta charset=utf-8>{FRENCH}");
        let little: Vec<u8> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let big: Vec<u8> = page.encode_utf16().flat_map(u16::to_be_bytes).collect();
        for bytes in [little, big] {
            for declared in [None, Some("text/html"), Some("text/html; charset=utf-8")] {
                assert_eq!(read(&bytes, declared), page, "{declared:?}");
            }
        }
        // UTF-16 text in Cyrillic has few NUL bytes: only its declaration shows the encoding.
        let cyrillic = "Повар в Дуале";
        let bytes: Vec<u8> = cyrillic.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(read(&bytes, Some("text/plain; charset=utf-16")), cyrillic);
    }

    #[test]
    fn the_encoding_of_french_is_found() {
        for encoding in [UTF_8, WINDOWS_1252, MACINTOSH] {
            let (bytes, _, lossy) = encoding.encode(FRENCH);
            assert!(!lossy);
            assert_eq!(shown(&bytes).unwrap_or_else(|| guess(&bytes)), encoding, "{}", encoding.name());
        }
        assert_eq!((shown(b"plain"), guess(b"plain")), (None, UTF_8));
    }

    #[test]
    fn a_character_cut_in_two_by_the_look_is_no_error() {
        let shifted = format!("a{}", "é".repeat(LOOK));
        assert!(is_utf_8(&shifted.as_bytes()[..LOOK]));
        assert!(is_utf_8(&"é…".as_bytes()[..4]) && !is_utf_8(b"March\xE9") && !is_utf_8(b"\xE9t\xE9"));
    }
}
