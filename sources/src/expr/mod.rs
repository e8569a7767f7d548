//! Where a value stands in a record: a plain path, or jq where a path is not enough.

mod jq;
mod path;

use serde_json::Value;

pub(crate) use jq::Jq;
pub(crate) use path::Path;

/// An expression of a partner file.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    /// `.a.b[0]`: read directly, a hundred times quicker than jq.
    Path(Path),
    /// Anything else that jq understands.
    Jq(Jq),
}

impl Expr {
    /// Reads an expression; an error says what is wrong with it.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if let Some(path) = Path::read(text) {
            return Ok(Self::Path(path));
        }
        let is_name = text.starts_with(char::is_alphabetic) && Path::read(&format!(".{text}")).is_some();
        Jq::compile(text)
            .map(Self::Jq)
            .map_err(|why| if is_name { format!("a path begins with a dot: `.{text}`") } else { why })
    }

    /// All values it gives, at most `limit`; an error is the record's, not the file's.
    pub(crate) fn all(&self, record: &Value, limit: usize) -> Result<Vec<Value>, String> {
        match self {
            Self::Path(path) => Ok(path.all(record).into_iter().take(limit).cloned().collect()),
            Self::Jq(jq) => jq.all(record, limit),
        }
    }

    /// What it gives, as words.
    pub(crate) fn words(&self, record: &Value) -> Result<Option<String>, String> {
        match self {
            Self::Path(path) if path.is_single() => Ok(path.first(record).and_then(word)),
            Self::Path(path) => Ok(words(path.all(record))),
            Self::Jq(jq) => Ok(words(&jq.all(record, 1_000)?)),
        }
    }

    /// Whether it gives something that is not false (jq's truth).
    pub(crate) fn holds(&self, record: &Value) -> Result<bool, String> {
        let is_true = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
        match self {
            Self::Path(path) => Ok(path.first(record).is_some_and(is_true)),
            Self::Jq(jq) => Ok(jq.all(record, 1)?.first().is_some_and(is_true)),
        }
    }

    /// The path, where it is a plain one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Jq(_) => None,
        }
    }

    /// The name, where it is one name.
    pub(crate) fn as_key(&self) -> Option<&str> {
        self.path().and_then(Path::as_key)
    }
}

/// Values as words: text as it is, numbers and booleans printed, lists joined by commas; `None` for nothing.
fn words<'v>(values: impl IntoIterator<Item = &'v Value>) -> Option<String> {
    let mut parts = values.into_iter().filter_map(word);
    let mut all = parts.next()?;
    for part in parts {
        all.push_str(", ");
        all.push_str(&part);
    }
    Some(all)
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        // A list of numbers is a date of Fineract, `[2026,9,2]`: it keeps its brackets.
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_number) => {
            Some(value.to_string())
        }
        Value::Array(items) => words(items),
        // An XML element with attributes.
        Value::Object(map) => map.get("#text").and_then(word),
        Value::Null => None,
    }
}
