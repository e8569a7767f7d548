//! What a robots.txt says to one crawler.

use std::time::Duration;

use super::{
    line::{Key, lines},
    pattern::{Path, Pattern},
};

/// The rules of a file for one crawler: those of all groups that name it or, if none does, of all groups for everybody.
#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    allowed: Vec<Pattern>,
    forbidden: Vec<Pattern>,
    /// The longest pause that is asked for between two visits.
    pub(super) delay: Option<Duration>,
}

impl File {
    /// Reads a file for the crawler that is called `token`. Any bytes are a file; what is not a line of one says nothing.
    pub(super) fn read(token: &str, text: &[u8]) -> Self {
        let (mut ours, mut everybodys) = (Self::default(), Self::default());
        let (mut named, mut names_all, mut ever_named) = (false, false, false);
        // Whether the group has a rule: the next agent then begins another one.
        let mut has_rules = false;
        for (key, value) in lines(text) {
            if key == Key::Agent {
                if std::mem::take(&mut has_rules) {
                    (named, names_all) = (false, false);
                }
                names_all |= is_everybody(value);
                named |= names(value, token);
                ever_named |= named;
                continue;
            }
            let group = match (named, names_all) {
                (true, _) => &mut ours,
                (false, true) => &mut everybodys,
                (false, false) => continue,
            };
            // Only the rules of the RFC end the list of a group's agents.
            has_rules |= matches!(key, Key::Allow | Key::Disallow);
            group.take(key, value);
        }
        if ever_named { ours } else { everybodys }
    }

    fn take(&mut self, key: Key, value: &[u8]) {
        match key {
            Key::Delay => self.delay = self.delay.max(seconds(value)),
            Key::Allow if !value.is_empty() => {
                self.allowed.extend(folder(value).map(|folder| Pattern::allowing(&folder)));
                self.allowed.push(Pattern::allowing(value));
            }
            Key::Disallow if !value.is_empty() => self.forbidden.push(Pattern::forbidding(value)),
            // A rule without a pattern matches nothing.
            _ => (),
        }
    }

    /// Whether a path with its query may be visited: the longest pattern that matches decides, and of two alike the one
    /// that allows.
    pub(super) fn allows(&self, path: &str) -> bool {
        let path = Path::new(path);
        let longest = |patterns: &[Pattern]| {
            patterns.iter().filter(|pattern| pattern.matches(&path)).map(|pattern| pattern.octets).max()
        };
        let forbidden = longest(&self.forbidden);
        forbidden.is_none() || forbidden <= longest(&self.allowed)
    }
}

/// Whether an agent line is for everybody: `*`, and `*` before other words.
fn is_everybody(value: &[u8]) -> bool {
    match value {
        [b'*'] => true,
        [b'*', next, ..] => matches!(next, b' ' | b'\t'..=b'\r'),
        _ => false,
    }
}

/// Whether an agent line names a crawler. Letters, `-` and `_` make a product token (RFC 9309, 2.2.1); what follows it,
/// as `/1.0 (+https://…)`, is not a part of it. A token of ours that has other characters is still found.
fn names(value: &[u8], token: &str) -> bool {
    let token = token.as_bytes();
    let is_part = |byte: &u8| {
        let is_ours = !byte.is_ascii_whitespace() && token.contains(byte);
        byte.is_ascii_alphabetic() || matches!(byte, b'-' | b'_') || is_ours
    };
    let end = value.iter().position(|byte| !is_part(byte)).unwrap_or(value.len());
    value.get(..end).is_some_and(|named| named.eq_ignore_ascii_case(token))
}

/// The folder of an `index.htm` or `index.html` that is allowed: its own page has both addresses.
fn folder(value: &[u8]) -> Option<Vec<u8>> {
    let slash = value.iter().rposition(|&byte| byte == b'/')?;
    let (folder, name) = value.split_at(slash);
    name.starts_with(b"/index.htm").then(|| [folder, b"/$"].concat())
}

/// The number at the beginning of a value: `2`, `0.5`, `.5`, `1,5`, `10 s`. More than a number can hold is very long.
fn seconds(value: &[u8]) -> Option<Duration> {
    let end = value.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b'.' | b',')).unwrap_or(value.len());
    let number = std::str::from_utf8(value.get(..end)?).ok()?.replace(',', ".");
    let seconds: f64 = number.parse().ok()?;
    Some(Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX))
}
