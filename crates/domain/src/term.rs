//! What a search compares: words, and categories that stand for words in any language.

/// A word or a category, of a question or of an opportunity.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// What it is.
    pub kind: TermKind,
    /// A word as it is written, or the name of a category, such as `topic:welding` or `town:Douala`.
    pub name: String,
    /// How much it counts, where an ordinary word of a question and the main category of an opportunity count 1.
    pub weight: f32,
}

/// What a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TermKind {
    /// A word, compared by its stem.
    Word,
    /// A category of a controlled vocabulary, compared as it is.
    Category,
    /// A category that the question does not name: without other words, it asks for a job. Alone it finds nothing.
    Assumed,
}

impl Term {
    /// Returns a word.
    pub fn word(word: &str, weight: f32) -> Self {
        Self { kind: TermKind::Word, name: word.to_owned(), weight }
    }

    /// Returns a category.
    pub fn category(name: impl Into<String>, weight: f32) -> Self {
        Self { kind: TermKind::Category, name: name.into(), weight }
    }

    /// Returns the words of a text, each of weight 1, as a search without any rule takes them.
    pub fn words_of(text: &str) -> Vec<Self> {
        text.split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(|word| Self::word(word, 1.0))
            .collect()
    }
}
