//! Sentences that crates below write in English, and help texts, in French.

use std::{collections::HashMap, sync::LazyLock};

/// What stands for a value in a phrase.
const HOLE: &str = "{}";
/// Sentences that are looked for in one text. A longer text stays English from there on.
const MOST: usize = 8;

/// How deep sentences are looked for in the values of sentences: a decision names doubts, a doubt names a stream, and that one numbers.
const DEEPEST: usize = 3;

/// A phrase: its English parts around the values, and its French text.
#[derive(Debug)]
struct Phrase {
    parts: Vec<&'static str>,
    fr: &'static str,
}

static PHRASES: LazyLock<Vec<Phrase>> = LazyLock::new(|| {
    let pairs = pairs(include_str!("../phrases.tsv"));
    pairs.map(|(en, fr)| Phrase { parts: en.split(HOLE).collect(), fr }).collect()
});

static HELP: LazyLock<HashMap<&'static str, &'static str>> =
    LazyLock::new(|| pairs(include_str!("../help.tsv")).collect());

/// Returns the lines of a table: English, French. `\n` is a line break.
fn pairs(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
}

/// Returns a help text in French, if the table has it.
pub(crate) fn help_in_french(english: &str) -> Option<String> {
    let key = english.trim_end().replace('\n', "\\n");
    HELP.get(key.as_str()).map(|fr| fr.replace("\\n", "\n"))
}

/// Returns what an argument takes in French: `DATE|AGE` of `<DATE|AGE>`.
pub(crate) fn placeholder_in_french(english: &str) -> Option<&'static str> {
    HELP.get(format!("<{english}>").as_str()).map(|fr| fr.trim_matches(['<', '>']))
}

/// Returns a sentence in French, with the values that it holds. A sentence that no phrase fits stays as it is; of several
/// sentences, each is looked up, and a value may consist of sentences itself.
pub(crate) fn in_french(english: &str) -> String {
    translated(english, DEEPEST)
}

fn translated(english: &str, depth: usize) -> String {
    let inner = |value: &str| {
        if depth == 0 { field(value) } else { translated(value, depth - 1) }
    };
    let fitting = |sentence: &str| {
        let (phrase, values) = first_fitting(sentence)?;
        let values: Vec<String> = values.into_iter().map(&inner).collect();
        Some(filled(phrase.fr, &values))
    };
    let mut said = String::new();
    let mut rest = english;
    for _ in 0..MOST {
        if let Some(whole) = fitting(rest) {
            return said + &whole;
        }
        let ends = [". ", "; "].into_iter().flat_map(|end| rest.match_indices(end));
        let first = ends
            .filter_map(|(at, end)| Some((at + end.len(), fitting(rest.get(..at)?)? + end)))
            .min_by_key(|(at, _)| *at);
        let Some((at, french)) = first else { break };
        said += &french;
        rest = rest.get(at..).unwrap_or_default();
    }
    said + &field(rest)
}

/// Returns the French name of a field, where the text is one.
fn field(text: &str) -> String {
    super::find("fields", text).map_or_else(|| text.to_owned(), |field| field.fr.to_lowercase())
}

/// Returns the first phrase that fits a whole sentence, with the values of the sentence.
fn first_fitting(sentence: &str) -> Option<(&'static Phrase, Vec<&str>)> {
    PHRASES.iter().find_map(|phrase| Some((phrase, phrase.values(sentence)?)))
}

impl Phrase {
    /// Returns the values of a sentence that this phrase fits.
    fn values<'s>(&self, sentence: &'s str) -> Option<Vec<&'s str>> {
        let (first, others) = self.parts.split_first()?;
        let mut rest = sentence.strip_prefix(first)?;
        let mut values = Vec::new();
        for (at, part) in others.iter().enumerate() {
            let is_last = at + 1 == others.len();
            let value = if is_last { rest.strip_suffix(part)? } else { rest.get(..rest.find(part)?)? };
            values.push(value);
            rest = rest.get(value.len() + part.len()..)?;
        }
        rest.is_empty().then_some(values)
    }
}

/// Puts the values into a text, in order.
fn filled<S: AsRef<str>>(text: &str, values: &[S]) -> String {
    let mut parts = text.split(HOLE);
    let mut filled = parts.next().unwrap_or_default().to_owned();
    for (at, part) in parts.enumerate() {
        filled += values.get(at).map_or(HOLE, AsRef::as_ref);
        filled += part;
    }
    filled
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_phrase_keeps_its_values_in_both_languages() {
        for (en, fr) in pairs(include_str!("../phrases.tsv")) {
            assert!(!fr.trim().is_empty() && fr != en, "{en}");
            assert_eq!(en.matches(HOLE).count(), fr.matches(HOLE).count(), "{en}: a value is lost");
            let values: Vec<String> = (0..en.matches(HOLE).count()).map(|at| format!("v{at}")).collect();
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            assert_eq!(in_french(&filled(en, &values)), filled(fr, &values), "another phrase takes {en:?}");
        }
    }

    #[test]
    fn of_several_sentences_each_is_looked_up_and_what_nobody_knows_stays() {
        assert_eq!(in_french("gibberish. more of it"), "gibberish. more of it");
        assert_eq!(
            in_french(
                "there is a token \"a\" already. Revoke it with `oim-etl tokens revoke a`, or choose another name"
            ),
            "il y a déjà un jeton \"a\". Révoquez-le avec `oim-etl tokens revoke a`, ou choisissez un autre nom"
        );
        assert_eq!(
            in_french(
                "stream offres: 19 usable records while 431 opportunities are open; nothing of it is served"
            ),
            "flux offres: 19 fiches utilisables alors que 431 opportunités sont ouvertes; rien d'elle n'est servi"
        );
    }

    #[test]
    fn a_value_of_a_value_is_looked_up_too() {
        assert_eq!(
            in_french(
                "discarded by awa; it was doubted: stream offres: organization would get one and the same value in 100 % of 40 known records; organization: one value stands in 100 % of the records, where 3 % are usual"
            ),
            "rejetée par awa; il y avait ces doutes: flux offres: organisation prendrait une seule et même valeur dans 100 % des 40 fiches connues; organisation: une même valeur dans 100 % des fiches, d'habitude 3 %"
        );
    }

    /// Each phrase stands in the source text of the program, so that one whose English has changed is noticed.
    #[test]
    fn every_phrase_is_one_that_the_program_says() {
        let source = source_text();
        let missing: Vec<&str> = pairs(include_str!("../phrases.tsv"))
            .map(|(en, _)| en)
            .filter(|en| !en.split(HOLE).all(|part| is_said(&source, part.trim())))
            .collect();
        assert!(missing.is_empty(), "no source file says: {missing:#?}");
    }

    /// Whether a part of a phrase is put together from at most three pieces of the source text, as by a format string with a hole that
    /// holds words.
    fn is_said(source: &str, part: &str) -> bool {
        let mut rest = part;
        if rest.is_empty() {
            return true;
        }
        for _ in 0..3 {
            let is_in = |end: &usize| rest.get(..*end).is_some_and(|begin| source.contains(begin));
            let Some(end) = (1..=rest.len()).rev().find(is_in) else { return false };
            rest = rest.get(end..).unwrap_or_default().trim_start();
            if rest.is_empty() {
                return true;
            }
        }
        false
    }

    /// Returns the text of all source files and migrations, with broken string literals joined.
    fn source_text() -> String {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut text = String::new();
        let mut left: Vec<_> = ["crates", "sources/src", "schedules", "workers/src", "migrations"]
            .map(|folder| root.join(folder))
            .to_vec();
        while let Some(path) = left.pop() {
            if path.is_dir() {
                left.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
            } else if path.extension().is_some_and(|end| end == "rs" || end == "sql") {
                text += &std::fs::read_to_string(&path).unwrap();
            }
        }
        let joined = text.replace("\\\"", "\"").replace("''", "'");
        let joined: Vec<&str> = joined.split("\\\n").map(str::trim_start).collect();
        joined.concat()
    }
}
