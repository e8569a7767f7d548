//! Expressions that find a value in a record: a plain path, or jq if a path is not enough.

mod jq;
mod path;

use serde_json::Value;

pub(crate) use jq::Jq;
pub(crate) use path::Path;

/// What is asked of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Asked {
    /// The first one, where a path leads through a list without `[]`.
    First,
    /// All of them.
    All,
    /// All of them, each a thing of its own: a list of places.
    Each,
    /// All of them, and of an XML element its markup.
    Markup,
}

/// An expression in a source file.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    /// `.a.b[0]`: evaluated directly, a hundred times faster than jq.
    Path(Path),
    /// Any other jq expression.
    Jq(Jq),
}

impl Expr {
    /// Parses an expression; the error describes what is wrong.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        if let Some(path) = Path::read(text) {
            return Ok(Self::Path(path));
        }
        let is_name = text.starts_with(char::is_alphabetic) && Path::read(&format!(".{text}")).is_some();
        Jq::compile(text)
            .map(Self::Jq)
            .map_err(|why| if is_name { format!("a path begins with a dot: `.{text}`") } else { why })
    }

    /// Returns all its values, at most `limit`. An error concerns the record, not the source file.
    pub(crate) fn all(&self, record: &Value, limit: usize) -> Result<Vec<Value>, String> {
        match self {
            Self::Path(path) => Ok(path.all(record).into_iter().take(limit).cloned().collect()),
            Self::Jq(jq) => jq.all(record, limit),
        }
    }

    /// Returns its values as text.
    pub(crate) fn words(&self, record: &Value, asked: Asked) -> Result<Option<String>, String> {
        match self {
            Self::Path(path) if path.is_single() && (asked == Asked::First || !path.branches(record)) => {
                Ok(path.first(record).and_then(|value| word(value, asked)))
            }
            Self::Path(path) => Ok(words(path.all(record), asked)),
            Self::Jq(jq) => Ok(words(&jq.all(record, 1_000)?, asked)),
        }
    }

    /// Returns whether it gives a value that is true for jq.
    pub(crate) fn holds(&self, record: &Value) -> Result<bool, String> {
        let is_true = |value: &Value| !matches!(value, Value::Null | Value::Bool(false));
        match self {
            Self::Path(path) => Ok(path.first(record).is_some_and(is_true)),
            Self::Jq(jq) => Ok(jq.all(record, 1)?.first().is_some_and(is_true)),
        }
    }

    /// Returns the path if it is a plain one.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Path(path) => Some(path),
            Self::Jq(_) => None,
        }
    }

    /// Returns the name if it is a single name.
    pub(crate) fn as_key(&self) -> Option<&str> {
        self.path().and_then(Path::as_key)
    }
}

/// Returns values as text: strings as they are, numbers and booleans printed, lists joined by commas, or by semicolons where each is a
/// thing of its own; `None` without a value.
fn words<'v>(values: impl IntoIterator<Item = &'v Value>, asked: Asked) -> Option<String> {
    let mut parts = values.into_iter().filter_map(|value| word(value, asked));
    let mut all = parts.next()?;
    for part in parts {
        all.push_str(if asked == Asked::Each { "; " } else { ", " });
        all.push_str(&part);
    }
    Some(all)
}

fn word(value: &Value, asked: Asked) -> Option<String> {
    match value {
        Value::String(text) => (!text.trim().is_empty()).then(|| text.clone()),
        // A float is printed without an exponent, and a whole one without a fraction: 12.0 is 12.
        Value::Number(number) if number.is_f64() => number.as_f64().map(|number| number.to_string()),
        Value::Bool(_) | Value::Number(_) => Some(value.to_string()),
        // A list of numbers is a date from Fineract, `[2026,9,2]`, and keeps its brackets.
        Value::Array(items) if !items.is_empty() && items.iter().all(Value::is_number) => {
            Some(value.to_string())
        }
        Value::Array(items) => words(items, asked),
        // An XML element with attributes.
        Value::Object(map) => {
            let markup = map.get("#markup").filter(|_| asked == Asked::Markup);
            markup.or_else(|| map.get("#text")).and_then(|value| word(value, asked))
        }
        Value::Null => None,
    }
}
