//! The lines of a robots.txt (RFC 9309, 2.1 and 2.2), with the slips that Google's parser takes for what they mean.

/// The longest line that is read, in bytes: eight times the longest address of a browser. The rest of a longer one is
/// left out.
const LONGEST: usize = 2_083 * 8 - 1;
/// The UTF-8 byte order mark. A part of one is left out, too.
const MARK: [u8; 3] = [0xEF, 0xBB, 0xBF];

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key {
    /// The group is for this crawler.
    Agent,
    /// Addresses that may be visited.
    Allow,
    /// Addresses that may not.
    Disallow,
    /// The pause between two visits, in seconds.
    Delay,
    /// A list of pages.
    Sitemap,
    /// Anything else.
    Other,
}

/// Spellings of each key, in lower case. A key counts if it begins with one of them, as in Google's parser.
const KEYS: [(Key, &[&str]); 5] = [
    (Key::Agent, &["user-agent", "useragent", "user agent"]),
    (Key::Allow, &["allow"]),
    (Key::Disallow, &["disallow", "dissallow", "dissalow", "disalow", "diasllow", "disallaw"]),
    (Key::Sitemap, &["sitemap", "site-map"]),
    (Key::Delay, &["crawl-delay", "crawldelay", "crawl delay"]),
];

/// The lines that have a key and a value: `Disallow: /admin`.
pub(super) fn lines(text: &[u8]) -> impl Iterator<Item = (Key, &[u8])> {
    let marked = text.iter().zip(MARK).take_while(|&(&byte, mark)| byte == mark).count();
    let lines = text.split_at(marked).1.split(|byte| matches!(byte, b'\n' | b'\r'));
    lines.filter_map(|line| read(line.get(..LONGEST).unwrap_or(line)))
}

fn read(line: &[u8]) -> Option<(Key, &[u8])> {
    // A NUL ends a line as a comment does: what follows is not text.
    let line = trim(line.split(|byte| matches!(byte, b'#' | 0)).next()?);
    let end = line.iter().position(|&byte| byte == b':').or_else(|| only_space(line))?;
    let (key, value) = line.split_at(end);
    let key = trim(key);
    (!key.is_empty()).then(|| (named(key), trim(value.split_first().map_or(value, |(_, rest)| rest))))
}

/// Where two words without a colon are separated; more words are prose.
fn only_space(line: &[u8]) -> Option<usize> {
    let is_space = |byte: &u8| matches!(byte, b' ' | b'\t');
    let end = line.iter().position(is_space)?;
    let value = trim(line.split_at(end).1);
    (!value.iter().any(is_space)).then_some(end)
}

fn named(key: &[u8]) -> Key {
    let begins =
        |word: &&str| key.get(..word.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(word.as_bytes()));
    let known = KEYS.iter().find(|(_, words)| words.iter().any(&begins));
    known.map_or(Key::Other, |(key, _)| *key)
}

/// Without white space around it; ASCII's includes the vertical tab, which the standard library's does not.
fn trim(bytes: &[u8]) -> &[u8] {
    let is_text = |byte: &u8| !matches!(byte, b' ' | b'\t'..=b'\r');
    let Some(begin) = bytes.iter().position(is_text) else { return &[] };
    let end = bytes.iter().rposition(is_text).map_or(begin, |last| last + 1);
    bytes.get(begin..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_read_for_what_they_mean() {
        for (line, key, value) in [
            ("disallow /a", Key::Disallow, "/a"),
            ("  DISALLOW\t:\t/a  # why", Key::Disallow, "/a"),
            ("dissalow: /a", Key::Disallow, "/a"),
            ("user agent: x", Key::Agent, "x"),
            ("Crawl-delay:1.5", Key::Delay, "1.5"),
            ("Disallow:", Key::Disallow, ""),
            ("Sitemap: https://x/a:b", Key::Sitemap, "https://x/a:b"),
            ("Clean-param: ref", Key::Other, "ref"),
        ] {
            assert_eq!(read(line.as_bytes()), Some((key, value.as_bytes())), "{line}");
        }
        for nothing in ["", "#", ": /a", "disallow", "disallow this page", "# disallow: /a"] {
            assert_eq!(read(nothing.as_bytes()), None, "{nothing}");
        }
    }
}
