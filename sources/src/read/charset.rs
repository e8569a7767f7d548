//! From bytes to text, as browsers do it (WHATWG Encoding): BOM, header, `<meta>`, then a guess.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use crate::Page;

/// Bytes at the begin of a page in which its own declaration must stand (HTML, 13.2.3.2: 1024).
const DECLARED_WITHIN: usize = 1_024;

/// The text of an HTML page. Bytes that are not of its encoding become U+FFFD.
pub(crate) fn decode<'a>(page: &Page<'a>) -> Cow<'a, str> {
    let (encoding, bytes) = match Encoding::for_bom(page.body) {
        Some((encoding, length)) => (encoding, page.body.get(length..).unwrap_or_default()),
        None => (declared(page).unwrap_or_else(|| guess(page.body)), page.body),
    };
    encoding.decode_without_bom_handling(bytes).0
}

fn declared(page: &Page<'_>) -> Option<&'static Encoding> {
    let of_header = page
        .header("content-type")
        .and_then(after_charset)
        .and_then(|label| Encoding::for_label(label.as_bytes()));
    of_header.or_else(|| {
        let head = page.body.get(..DECLARED_WITHIN.min(page.body.len())).unwrap_or_default();
        let head = String::from_utf8_lossy(head);
        after_charset(&head).and_then(|label| Encoding::for_label(label.as_bytes()))
    })
}

/// The label after the first `charset=`.
fn after_charset(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    let (_, rest) = lower.split_once("charset")?;
    let rest = rest.trim_start().strip_prefix('=')?.trim_start().trim_start_matches(['"', '\'']);
    Some(rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect())
}

/// UTF-8 where the bytes are; else the encoding of Western Europe that browsers take for unlabelled French pages.
fn guess(body: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(body).is_ok() { UTF_8 } else { WINDOWS_1252 }
}
