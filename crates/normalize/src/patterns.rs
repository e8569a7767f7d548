//! How regular expressions are declared.
//!
//! A pattern that does not compile is a rule that is switched off. [`patterns!`](crate::patterns!) therefore declares a pattern
//! together with the test that compiles it, and gives its users a `Regex`, never an `Option`.

use regex::{Regex, bytes};

/// A kind of regular expression that [`patterns!`](crate::patterns!) can declare.
pub trait Pattern: Sized {
    /// Compiles the pattern as it is written.
    fn from_pattern(pattern: &str) -> Result<Self, regex::Error>;
}

impl Pattern for Regex {
    #[expect(clippy::disallowed_methods, reason = "the one place that compiles what `patterns!` declares")]
    fn from_pattern(pattern: &str) -> Result<Self, regex::Error> {
        Self::new(pattern)
    }
}

impl Pattern for bytes::Regex {
    #[expect(clippy::disallowed_methods, reason = "the one place that compiles what `patterns!` declares")]
    fn from_pattern(pattern: &str) -> Result<Self, regex::Error> {
        Self::new(pattern)
    }
}

/// Compiles a pattern that [`patterns!`](crate::patterns!) declares.
///
/// `\b` is the edge of an ASCII word here: the quick engine of `regex` cannot find the Unicode one in a text with accents, and the
/// slow one doubled the cost of a record.
///
/// # Panics
///
/// Panics if the pattern does not compile. The test that `patterns!` declares beside each pattern finds that before a build is released.
#[expect(clippy::panic, reason = "`patterns!` declares a test that compiles each pattern")]
pub fn compiled<P: Pattern>(pattern: &str) -> P {
    match P::from_pattern(&pattern.replace(r"\b", r"(?-u:\b)")) {
        Ok(regex) => regex,
        Err(error) => panic!("the pattern `{pattern}` does not compile: {error}"),
    }
}

/// Declares regular expressions, and the test that compiles each of them.
///
/// Use it once per module. A pattern is any expression that gives a `str` or a `String`; it is compiled at its first use.
///
/// ```
/// use normalize::patterns;
/// use regex::Regex;
///
/// patterns! {
///     /// A year.
///     static YEAR: Regex = r"\b(?:19|20)\d\d\b";
/// }
///
/// assert!(YEAR.is_match("depuis 2019"));
/// ```
#[macro_export]
macro_rules! patterns {
    ($($(#[$attribute:meta])* static $name:ident: $regex:ty = $pattern:expr;)+) => {
        $(
            $(#[$attribute])*
            static $name: ::std::sync::LazyLock<$regex> = ::std::sync::LazyLock::new(|| {
                $crate::patterns::compiled(::std::convert::AsRef::<str>::as_ref(&$pattern))
            });
        )+

        #[cfg(test)]
        mod patterns_of_this_module {
            #[test]
            fn compile() {
                $(::std::sync::LazyLock::force(&super::$name);)+
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "the pattern `(` does not compile")]
    fn a_broken_pattern_is_named() {
        compiled::<Regex>("(");
    }

    #[test]
    fn the_edge_of_a_word_is_ascii() {
        assert!(compiled::<Regex>(r"\bt\b").is_match("ét é"));
    }
}
