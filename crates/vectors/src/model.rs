//! What makes the vectors of two texts comparable.

use sha2::{Digest as _, Sha256};

/// Characters of a digest that are kept: 48 bits tell the versions of a model apart.
const DIGITS: usize = 12;

/// What models want before a question and before a text, by a part of their names. From their model cards; what is not here wants
/// nothing. The first part that fits counts.
const PREFIXES: [(&str, &str, &str); 9] = [
    ("e5-mistral", "", ""),
    ("e5", "query: ", "passage: "),
    ("nomic-embed", "search_query: ", "search_document: "),
    ("mxbai-embed", "Represent this sentence for searching relevant passages: ", ""),
    ("arctic-embed2", "query: ", ""),
    ("arctic-embed", "Represent this sentence for searching relevant passages: ", ""),
    ("bge-m3", "", ""),
    ("bge-", "Represent this sentence for searching relevant passages: ", ""),
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
];

/// A model as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Model {
    /// Its name, as it is configured.
    pub name: String,
    /// What its server calls its files; a server that tells none is taken at the name.
    pub digest: Option<String>,
    /// Numbers of a vector; 0: it makes none, and words and categories alone decide.
    pub dimensions: usize,
}

impl Model {
    /// A model by its name alone.
    pub fn named(name: &str, dimensions: usize) -> Self {
        Self { name: name.to_owned(), digest: None, dimensions }
    }

    /// What it is called in names of indexes and in the ledger: another digest, or another prefix, is another model.
    /// `bge-m3@790764642607`, `e5@1f3c0a9be2d7+6ab1`, or the name alone.
    pub fn label(&self) -> String {
        let digest = self.digest.as_deref().unwrap_or_default();
        let digest = digest.strip_prefix("sha256:").unwrap_or(digest);
        let mut label = self.name.clone();
        if !digest.is_empty() {
            label.push('@');
            label.extend(digest.chars().take(DIGITS));
        }
        let (question, passage) = prefixes(&self.name);
        if !question.is_empty() || !passage.is_empty() {
            let digest = Sha256::digest(format!("{question}\0{passage}").as_bytes());
            label.push('+');
            label.extend(digest.iter().take(2).map(|byte| format!("{byte:02x}")));
        }
        label
    }

    /// A question, as the model wants it.
    pub fn question(&self, text: &str) -> String {
        format!("{}{text}", prefixes(&self.name).0)
    }

    /// A text that is to be found, as the model wants it.
    pub fn passage(&self, text: &str) -> String {
        format!("{}{text}", prefixes(&self.name).1)
    }
}

/// What the model of this name wants before a question, and before a text.
fn prefixes(name: &str) -> (&'static str, &'static str) {
    let name = name.to_ascii_lowercase();
    let found = PREFIXES.iter().find(|(part, ..)| name.contains(part));
    found.map_or(("", ""), |(_, question, passage)| (question, passage))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(name: &str, digest: Option<&str>) -> String {
        Model { name: name.to_owned(), digest: digest.map(ToOwned::to_owned), dimensions: 4 }.label()
    }

    #[test]
    fn another_digest_and_another_prefix_are_another_model() {
        assert_eq!(label("bge-m3", None), "bge-m3");
        assert_eq!(label("bge-m3", Some("7907646426070047a77226ac3e684fbb")), "bge-m3@790764642607");
        assert_eq!(label("bge-m3", Some("sha256:7907646426070047a77226ac3e684fbb")), "bge-m3@790764642607");
        assert!(label("multilingual-e5-small", None).starts_with("multilingual-e5-small+"));
        assert_ne!(label("nomic-embed-text", Some("ab")), label("nomic-embed-text", Some("ac")));
    }

    #[test]
    fn models_get_the_prefixes_of_their_cards() {
        let of = |name: &str| {
            let model = Model::named(name, 4);
            (model.question("a"), model.passage("b"))
        };
        let pair = |question: &str, passage: &str| (question.to_owned(), passage.to_owned());
        assert_eq!(of("intfloat/multilingual-E5-small"), pair("query: a", "passage: b"));
        assert_eq!(of("bge-m3:latest"), pair("a", "b"));
        assert_eq!(of("nomic-embed-text"), pair("search_query: a", "search_document: b"));
        assert_eq!(of("words-1"), pair("a", "b"));
    }
}
