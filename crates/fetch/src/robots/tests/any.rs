//! Any bytes are a file, and cost what they weigh.

use proptest::prelude::*;

use super::super::{
    file::File,
    pattern::{Path, Pattern},
};

/// What Google's parser does: the places that a beginning of the pattern can end at, byte by byte.
fn matches_slowly(pattern: &[u8], path: &[u8]) -> bool {
    let mut ends = vec![0];
    for (at, &byte) in pattern.iter().enumerate() {
        if byte == b'$' && at + 1 == pattern.len() {
            return ends.last() == Some(&path.len());
        }
        ends = if byte == b'*' {
            (ends[0]..=path.len()).collect()
        } else {
            ends.iter().filter(|&&end| path.get(end) == Some(&byte)).map(|end| end + 1).collect()
        };
        if ends.is_empty() {
            return false;
        }
    }
    true
}

fn robots() -> impl Strategy<Value = Vec<u8>> {
    let word = prop::sample::select(vec![
        &b"User-agent: "[..],
        b"Disallow: ",
        b"Allow: ",
        b"Crawl-delay: ",
        b"oim-etl",
        b"*",
        b"/",
        b"$",
        b"a",
        b"%2",
        b"%C3",
        b"\xEF\xBB\xBF",
        b"\xFF",
        b"\0",
        b"#",
        b":",
        b" ",
        b"\n",
        b"\r",
        b"?",
        b"/index.html",
        b"1.5",
        b",",
    ]);
    prop::collection::vec(word, 0..60).prop_map(|words| words.concat())
}

proptest! {
    #[test]
    fn any_bytes_are_read(text in prop::collection::vec(any::<u8>(), 0..2_000), path in "/[ -~]{0,40}") {
        let file = File::read("oim-etl", &text);
        prop_assert!(file.allows(&path) || !text.is_empty());
    }

    #[test]
    fn any_lines_are_read(text in robots(), path in "/[a/?$*%2C3]{0,20}") {
        let file = File::read("oim-etl", &text);
        let forbids = String::from_utf8_lossy(&text).to_lowercase().contains("disallow");
        prop_assert!(file.allows(&path) || forbids, "only a rule forbids");
    }

    #[test]
    fn patterns_match_as_googles_do(pattern in "/?[ab*$]{0,12}", path in "/[ab]{0,12}") {
        let matches = Pattern::allowing(pattern.as_bytes()).matches(&Path::new(&path));
        prop_assert_eq!(matches, matches_slowly(pattern.as_bytes(), path.as_bytes()));
    }
}

/// Each would take years by a parser that goes back: 2^16000 ways to match, 10^10 steps for lines that are read again.
#[test]
fn the_worst_file_is_read_to_its_end() {
    let stars = format!("User-agent: *\nDisallow: /{}b$\nDisallow: /admin\n", "a*".repeat(8_000));
    let patterns = format!("User-agent: *\nDisallow: /admin\n{}", "Disallow:/*a$\n".repeat(36_000));
    let agents = format!("{}Disallow: /admin\n", "User-agent: *\n".repeat(36_000));
    let colons = format!("User-agent: *\n{}\nDisallow: /admin\n", ":# \0".repeat(120_000));
    for text in [stars, patterns, agents, colons] {
        let file = File::read("oim-etl", text.as_bytes());
        assert!(!file.allows("/admin") && file.allows(&format!("/{}", "a/".repeat(1_000))));
    }
}
