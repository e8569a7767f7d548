//! Patterns of addresses (RFC 9309, 2.2.2 and 2.2.3).
//!
//! A pattern is compared in two ways, and matches if either does. As written: what Google's parser does. And with both
//! sides in one spelling: `%7E` is `~`, `%2A` is a literal `*`, `:` in a query is `%3A`, as the RFC asks. Google's tests
//! demand that `Allow: /%62%61%7A` does not permit `/baz`, where the RFC's example says that the two are the same: there a
//! `Disallow` follows the RFC and an `Allow` follows Google, so that the stricter reading counts.

/// A path and query, as the rules of a file are compared with it.
#[derive(Debug)]
pub(crate) struct Path<'a> {
    written: &'a str,
    spelled: String,
}

impl<'a> Path<'a> {
    /// Of an address in ASCII: `/offres?page=2`.
    pub(crate) fn new(written: &'a str) -> Self {
        Self { written, spelled: spell(written, Side::Address) }
    }
}

/// A pattern: `/offres/*.pdf$`.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    /// Its length in bytes, which decides among those that match.
    pub(crate) octets: usize,
    written: Glob,
    /// In the one spelling, if that is another.
    spelled: Option<Glob>,
}

impl Pattern {
    /// Of an `Allow` line.
    pub(crate) fn allowing(value: &[u8]) -> Self {
        Self::new(value, Side::Allow)
    }

    /// Of a `Disallow` line.
    pub(crate) fn forbidding(value: &[u8]) -> Self {
        Self::new(value, Side::Disallow)
    }

    fn new(value: &[u8], side: Side) -> Self {
        let written = escape(value);
        let spelled = spell(&written, side);
        let spelled = (spelled != written).then(|| Glob::new(spelled));
        Self { octets: written.len(), written: Glob::new(written), spelled }
    }

    /// Whether it matches the beginning of the path, or all of it if it ends with `$`.
    pub(crate) fn matches(&self, path: &Path<'_>) -> bool {
        self.written.matches(path.written)
            || self.spelled.as_ref().unwrap_or(&self.written).matches(&path.spelled)
    }
}

/// Text with `*` for anything.
#[derive(Debug, Clone)]
struct Glob {
    text: Box<str>,
    /// Whether the end of the text is the end of the path.
    anchored: bool,
}

impl Glob {
    fn new(text: String) -> Self {
        match text.strip_suffix('$') {
            Some(text) => Self { text: text.into(), anchored: true },
            None => Self { text: text.into_boxed_str(), anchored: false },
        }
    }

    /// In time linear in the pattern and the path: each part is searched from where the one before it ended, and the
    /// leftmost place is as good as any.
    fn matches(&self, path: &str) -> bool {
        let mut parts = self.text.split('*');
        let Some(mut rest) = path.strip_prefix(parts.next().unwrap_or_default()) else { return false };
        let mut tail = None;
        for part in parts {
            if let Some(middle) = tail.replace(part) {
                let Some((_, after)) = rest.split_once(middle) else { return false };
                rest = after;
            }
        }
        match (tail, self.anchored) {
            (None, anchored) => !anchored || rest.is_empty(),
            (Some(tail), true) => rest.ends_with(tail),
            (Some(tail), false) => rest.contains(tail),
        }
    }
}

/// Whose spelling is made one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Address,
    Allow,
    Disallow,
}

/// A value as Google's parser keeps it: bytes beyond ASCII are escaped, escapes are in capitals.
fn escape(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    let mut rest = value;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if let Some((escaped, after)) = escaped(byte, after) {
            push_escaped(&mut text, escaped);
            rest = after;
        } else if byte.is_ascii() {
            text.push(char::from(byte));
        } else {
            push_escaped(&mut text, byte);
        }
    }
    text
}

/// The one spelling of a text: what needs no escape has none, and what is reserved has one, but for what structures an
/// address or a pattern.
fn spell(text: &str, side: Side) -> String {
    let mut spelled = String::with_capacity(text.len());
    let mut rest = text.as_bytes();
    let mut in_query = false;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if let Some((escaped, after)) = escaped(byte, after) {
            rest = after;
            if is_unreserved(escaped) && side != Side::Allow {
                spelled.push(char::from(escaped));
            } else {
                push_escaped(&mut spelled, escaped);
            }
            continue;
        }
        let is_mark = byte == b'*' || (byte == b'$' && after.is_empty());
        let needs_escape = match byte {
            b'/' => in_query,
            b'?' => std::mem::replace(&mut in_query, true),
            // `&`, `=` and `+` structure a query.
            b':' | b'#' | b'[' | b']' | b'@' | b'!' | b'\'' | b'(' | b')' | b',' | b';' => true,
            b'*' | b'$' => side == Side::Address || !is_mark,
            // What no address holds is as written: Google's parser does not escape it.
            _ => false,
        };
        if needs_escape {
            push_escaped(&mut spelled, byte);
        } else {
            spelled.push(char::from(byte));
        }
    }
    spelled
}

/// The byte that `%` and the two digits behind it stand for, and what follows.
fn escaped(byte: u8, after: &[u8]) -> Option<(u8, &[u8])> {
    let (&[high, low], after) = after.split_first_chunk().filter(|_| byte == b'%')?;
    let digit = |byte| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some((digit(high)? << 4 | digit(low)?, after))
}

fn push_escaped(text: &mut String, byte: u8) {
    let digit = |half| char::from_digit(u32::from(half), 16).unwrap_or_default().to_ascii_uppercase();
    text.extend(['%', digit(byte >> 4), digit(byte & 0xF)]);
}

/// RFC 3986, 2.3.
fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}
