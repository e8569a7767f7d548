//! Text that PostgreSQL can store.

use std::borrow::Cow;

use serde_json::Value;

/// Returns the text without U+0000, which partners send and errors repeat, and which PostgreSQL stores nowhere.
pub fn storable(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { Cow::Owned(text.replace('\0', "")) } else { Cow::Borrowed(text) }
}

/// Does the same for each name and each text inside a JSON value.
pub fn storable_json(value: Value) -> Value {
    match value {
        Value::String(text) if text.contains('\0') => Value::String(storable(&text).into_owned()),
        Value::Array(items) => items.into_iter().map(storable_json).collect(),
        Value::Object(map) => {
            map.into_iter().map(|(key, value)| (storable(&key).into_owned(), storable_json(value))).collect()
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nul_is_lost_and_nothing_else() {
        assert_eq!(storable("Tail\0leur\0"), "Tailleur");
        assert!(matches!(storable("Tailleur"), Cow::Borrowed("Tailleur")));
        assert_eq!(
            storable_json(json!({"k\0y": ["a\0", {"b": "\0"}, 1, null]})),
            json!({"ky": ["a", {"b": ""}, 1, null]})
        );
    }
}
