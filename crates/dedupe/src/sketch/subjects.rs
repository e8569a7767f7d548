//! What words are about, whatever their language: "couturière", "tailor" and "sewing" are one subject.

use std::{collections::HashMap, sync::LazyLock};

use super::{
    hash::{hash, short},
    words::stem,
};

/// A line for each subject: its name, then French and English words for it, folded.
const TABLE: &str = include_str!("subjects.txt");

static SUBJECTS: LazyLock<HashMap<String, u32>> = LazyLock::new(|| {
    let mut subjects = HashMap::new();
    for line in TABLE.lines() {
        let Some((name, words)) = line.split_once(' ') else { continue };
        for word in words.split(' ') {
            let subject = short(hash(name));
            subjects.entry(stem(word)).or_insert(subject);
        }
    }
    subjects
});

/// Returns the subject of a stem, as a hash of its name.
pub(crate) fn subject(stem: &str) -> Option<u32> {
    SUBJECTS.get(stem).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_both_languages_have_one_subject() {
        for (one, other) in [
            ("couturiere", "tailors"),
            ("chauffeurs", "drivers"),
            ("prets", "loan"),
            ("enseignante", "teacher"),
        ] {
            assert!(subject(&stem(one)).is_some(), "{one}");
            assert_eq!(subject(&stem(one)), subject(&stem(other)), "{one}, {other}");
        }
        assert_eq!(subject("wouri"), None);
    }
}
