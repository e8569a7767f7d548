//! The words a record has for our fields.

use opportunity::Draft;
use serde_json::Value;

/// Longest words kept of one field, in bytes; a body is shortened later, by characters.
const LONGEST: usize = 200_000;

/// Words by our field names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pairs: Vec<(&'static str, String)>,
    failed: Option<String>,
}

impl Words {
    /// Keeps the words of a field, unless they are empty.
    pub(crate) fn set(&mut self, field: &'static str, words: Option<String>) {
        if let Some(mut words) = words.filter(|words| !words.trim().is_empty()) {
            if words.len() > LONGEST {
                let cut = (0..=LONGEST).rev().find(|at| words.is_char_boundary(*at)).unwrap_or(0);
                words.truncate(cut);
            }
            self.pairs.push((field, words));
        }
    }

    /// Keeps words of a card where the field is still empty.
    pub(crate) fn fill(&mut self, field: &str, words: &str) {
        if let Some(known) = Draft::FIELDS.iter().find(|known| **known == field)
            && self.get(known).is_none()
        {
            self.set(known, Some(words.to_owned()));
        }
    }

    /// Notes that a form failed on this record.
    pub(crate) fn fail(&mut self, why: String) {
        self.failed.get_or_insert(why);
    }

    /// Why a form failed, where one did.
    pub(crate) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// The words of a field.
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| *known == field).map(|(_, words)| words.as_str())
    }

    /// All of them as an object.
    pub(crate) fn to_json(&self) -> Value {
        super::object(self.pairs.iter().map(|(field, words)| (*field, words.as_str())))
    }

    /// All of them.
    pub(crate) fn into_iter(self) -> impl Iterator<Item = (&'static str, String)> {
        self.pairs.into_iter()
    }
}

/// What of the words counts, by the form's regular expression.
pub(crate) fn matched(regex: Option<&regex::Regex>, words: Option<String>) -> Option<String> {
    let words = words?;
    match regex {
        None => Some(words),
        Some(regex) => {
            regex.captures(words.trim()).and_then(|hit| hit.get(1)).map(|group| group.as_str().to_owned())
        }
    }
}
