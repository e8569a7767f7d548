//! Plain paths.

use serde_json::Value;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Each,
}

/// `.a.b[0].c[]`, `."a key"`; `.` is the record itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// Reads a plain path; `None` for anything else, which jq may understand.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut rest = text.trim().strip_prefix('.')?;
        let mut steps = Vec::new();
        let mut begin = true;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let (index, after) = inner.split_once(']')?;
                steps.push(if index.is_empty() { Step::Each } else { Step::Index(index.parse().ok()?) });
                rest = after;
            } else {
                let after = if begin { rest } else { rest.strip_prefix('.')? };
                let (key, after) = key(after)?;
                steps.push(Step::Key(key));
                rest = after;
            }
            begin = false;
        }
        Some(Self(steps))
    }

    /// The values it leads to; none where a step is missing.
    pub(crate) fn all<'v>(&self, record: &'v Value) -> Vec<&'v Value> {
        let mut here = vec![record];
        for step in &self.0 {
            here = match step {
                Step::Key(key) => here.into_iter().filter_map(|value| value.get(key)).collect(),
                Step::Index(index) => here.into_iter().filter_map(|value| value.get(index)).collect(),
                Step::Each => here.into_iter().filter_map(Value::as_array).flatten().collect(),
            };
        }
        here
    }

    /// Whether what the path iterates over is there, be it empty.
    pub(crate) fn place_exists(&self, record: &Value) -> bool {
        let (last, before) = match self.0.split_last() {
            Some((Step::Each, before)) => (true, before),
            _ => (false, self.0.as_slice()),
        };
        let places = Self(before.to_vec());
        let found = places.all(record);
        if last { found.iter().any(|value| value.is_array()) } else { !found.is_empty() }
    }
}

fn key(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (key, rest) = quoted.split_once('"')?;
        return (!key.contains('\\')).then(|| (key.to_owned(), rest));
    }
    let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
    let (key, rest) = text.split_at_checked(end)?;
    (!key.is_empty() && !key.starts_with(|c: char| c.is_ascii_digit())).then(|| (key.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_values() {
        let record = json!({"a": {"b c": [{"d": 1}, {"d": 2}]}, "e": "x"});
        for (path, found) in [
            (".e", vec![json!("x")]),
            (".a.\"b c\"[1].d", vec![json!(2)]),
            (".a.\"b c\"[].d", vec![json!(1), json!(2)]),
            (".nothing.here", vec![]),
            (".e[0]", vec![]),
            (".", vec![record.clone()]),
        ] {
            let all: Vec<Value> = Path::read(path).unwrap().all(&record).into_iter().cloned().collect();
            assert_eq!(all, found, "{path}");
        }
    }

    #[test]
    fn what_is_no_plain_path_is_left_to_jq() {
        for text in ["a", ".a | .b", ".a // .b", ".[\"x\"]", ".a[-1]", "..", ".a?", ".1a", ""] {
            assert_eq!(Path::read(text), None, "{text}");
        }
    }
}
