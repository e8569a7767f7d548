//! How patterns of this crate are built.

use regex::Regex;

/// A pattern; `None`, which a test of its user shows at once, where it is none.
///
/// `\b` is the edge of an ASCII word here: the quick engine of `regex` cannot tell the Unicode one in a text with accents, and the
/// slow one made a record cost twice as much.
pub(crate) fn form(pattern: &str) -> Option<Regex> {
    Regex::new(&pattern.replace(r"\b", r"(?-u:\b)")).ok()
}
