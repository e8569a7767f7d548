//! The catalogue of what people read in French and English, where a text is not made on the spot:
//!
//! - `words.tsv`: words that are stored and served, and what they mean
//! - `phrases.tsv`: sentences that crates below write in English, such as errors and the doubts of an audit
//! - `help.tsv`: the help texts of the command line

mod evidence;
mod phrases;

use normalize::text::fold;

pub(crate) use evidence::evidence;
pub(crate) use phrases::{help_in_french, in_french, placeholder_in_french};

/// A word.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Word {
    /// The vocabulary that it belongs to.
    pub(crate) list: &'static str,
    /// As it is stored and served.
    pub(crate) code: &'static str,
    /// What it means, in French.
    pub(crate) fr: &'static str,
    /// What it means, in English.
    pub(crate) en: &'static str,
}

/// Returns all words, by vocabulary.
pub(crate) fn all() -> impl Iterator<Item = Word> {
    include_str!("words.tsv").lines().filter(|line| !line.starts_with('#')).filter_map(|line| {
        let mut cells = line.split('\t');
        Some(Word { list: cells.next()?, code: cells.next()?, fr: cells.next()?, en: cells.next()? })
    })
}

/// Returns the codes of a vocabulary.
pub(crate) fn codes(list: &str) -> impl Iterator<Item = &'static str> {
    all().filter(move |word| word.list == list).map(|word| word.code)
}

/// Returns a word of a vocabulary.
pub(crate) fn find(list: &str, code: &str) -> Option<Word> {
    all().find(|word| word.list == list && word.code == code)
}

/// Returns the code of a word that a person writes as it is shown, in French or English: `formation` is `training`. What stands behind a
/// comma or in parentheses may be left out.
pub(crate) fn named(list: &str, given: &str) -> Option<&'static str> {
    let given = fold(given);
    let is_meant = |shown: &str| {
        let head = shown.split([',', '(']).next().unwrap_or(shown);
        fold(shown) == given || fold(head.trim()) == given
    };
    let meant = all().filter(|word| word.list == list).find(|word| is_meant(word.fr) || is_meant(word.en))?;
    Some(meant.code)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{
        Kind,
        places::Region,
        vocabulary::{Audience, Contract, Education, Language, WorkingTime},
    };
    use store::{Mode, RunOutcome, Status, Trigger};

    #[test]
    fn every_vocabulary_has_the_words_of_its_type_and_no_other() {
        fn sorted<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
            let mut all: Vec<&str> = words.into_iter().collect();
            all.sort_unstable();
            all
        }
        let same = |list: &str, words: Vec<&str>| assert_eq!(sorted(codes(list)), sorted(words), "{list}");
        same("kinds", Kind::ALL.iter().map(|word| word.as_str()).collect());
        same("contracts", Contract::ALL.iter().map(|word| word.as_str()).collect());
        same("working_time", WorkingTime::ALL.iter().map(|word| word.as_str()).collect());
        same("education", Education::ALL.iter().map(|word| word.as_str()).collect());
        same("audiences", Audience::ALL.iter().map(|word| word.as_str()).collect());
        same("languages", Language::ALL.iter().map(|word| word.as_str()).collect());
        same("regions", Region::ALL.iter().map(Region::code).collect());
        let mut sectors = normalize::vocabulary::sectors();
        sectors.sort_unstable();
        sectors.dedup();
        same("sectors", sectors);
        same("run_states", RunOutcome::ALL.iter().map(|word| word.as_str()).collect());
        same("run_modes", Mode::ALL.iter().map(|word| word.as_str()).collect());
        same("triggers", Trigger::ALL.iter().map(|word| word.as_str()).collect());
        same("status", Status::ALL.iter().map(|word| word.as_str()).collect());
        same("warnings", domain::quality::Doubt::ALL.iter().map(|word| word.as_str()).collect());
        same("missing", domain::quality::Part::ALL.iter().map(|word| word.as_str()).collect());
        same("changes", store::Event::ALL.iter().map(|word| word.as_str()).collect());
        same("fields", domain::Draft::FIELDS.to_vec());
        same("decisions", store::Decision::ALL.iter().map(|word| word.as_str()).collect());
        same("file_origins", store::FileOrigin::ALL.iter().map(|word| word.as_str()).collect());
        same("scopes", store::Scope::ALL.iter().map(|word| word.as_str()).collect());
        same("rejections", domain::Reason::CODES.to_vec());
    }

    #[test]
    fn every_word_is_explained_in_both_languages() {
        for word in all() {
            assert!(!word.fr.is_empty() && !word.en.is_empty(), "{word:?}");
            assert_eq!(
                all().filter(|other| (other.list, other.code) == (word.list, word.code)).count(),
                1,
                "{word:?}"
            );
        }
    }
}
