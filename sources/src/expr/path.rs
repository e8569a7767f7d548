//! Plain paths.

use serde_json::Value;

/// A step of a path.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Key(String),
    Index(usize),
    Each,
    /// Only items that have this text there.
    Only(Path, String),
}

/// `.a.b[0].c[]`, `."a key"`, `.a[] | select(.b == "c") | .d`; `.` is the record itself.
///
/// It gives what jq gives, and tolerates what partners vary: a single value in place of a list (`[]` of it is the value
/// itself), a list in place of a single value (a key of a list is that key of each item), and prefixes of XML names
/// that are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path(Vec<Step>);

impl Path {
    /// The record itself.
    pub(crate) fn root() -> Self {
        Self(Vec::new())
    }

    /// Parses a plain path; `None` for anything else, which may be jq.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let mut steps = Vec::new();
        for part in text.split('|').map(str::trim) {
            match part.strip_prefix("select(").and_then(|rest| rest.strip_suffix(')')) {
                Some(condition) => steps.push(only(condition)?),
                None => read_steps(part, &mut steps)?,
            }
        }
        Some(Self(steps))
    }

    /// Returns the name if the path is a single name.
    pub(crate) fn as_key(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Step::Key(key)] => Some(key),
            _ => None,
        }
    }

    /// Returns the names down to a list whose items the path gives; `None` if it has another form.
    pub(crate) fn keys_to_list(&self) -> Option<Vec<&str>> {
        let (last, keys) = self.0.split_last()?;
        let mut names = Vec::with_capacity(keys.len());
        for step in keys {
            let Step::Key(key) = step else { return None };
            names.push(key.as_str());
        }
        (*last == Step::Each).then_some(names)
    }

    /// Returns the names it begins with.
    pub(crate) fn leading_keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map_while(|step| if let Step::Key(key) = step { Some(key.as_str()) } else { None })
    }

    /// Returns the first value it gives.
    pub(crate) fn first<'v>(&self, record: &'v Value) -> Option<&'v Value> {
        let mut here = record;
        for (at, step) in self.0.iter().enumerate() {
            match (step, here) {
                (Step::Key(key), Value::Object(_)) => here = get(here, key)?,
                (Step::Index(index), Value::Array(items)) => here = items.get(*index)?,
                // The path branches: collect its values.
                _ => return walk(self.0.get(at..)?, here).into_iter().next(),
            }
        }
        Some(here)
    }

    /// Returns whether it leads through a list.
    pub(crate) fn branches(&self, record: &Value) -> bool {
        let mut here = Some(record);
        self.0.iter().any(|step| match (step, here) {
            (Step::Key(key), Some(value @ Value::Object(_))) => {
                here = get(value, key);
                false
            }
            (Step::Index(index), Some(Value::Array(items))) => {
                here = items.get(*index);
                false
            }
            (_, None) => false,
            (_, Some(value)) => value.is_array(),
        })
    }

    /// Returns the values it gives; none if a step is missing.
    pub(crate) fn all<'v>(&self, record: &'v Value) -> Vec<&'v Value> {
        walk(&self.0, record)
    }

    /// Returns whether it gives at most one value.
    pub(crate) fn is_single(&self) -> bool {
        self.0.iter().all(|step| matches!(step, Step::Key(_) | Step::Index(_)))
    }

    /// Returns whether the list that the path iterates over exists, even if it is empty.
    pub(crate) fn place_exists(&self, record: &Value) -> bool {
        let (last, before) = match self.0.split_last() {
            Some((Step::Each, before)) => (true, before),
            _ => (false, self.0.as_slice()),
        };
        let found = walk(before, record);
        // A single record in place of the list of them; the whole document is none, it may tell of an error.
        let is_place = |value: &&Value| value.is_array() || (value.is_object() && !before.is_empty());
        if last { found.iter().any(is_place) } else { !found.is_empty() }
    }
}

fn walk<'v>(steps: &[Step], record: &'v Value) -> Vec<&'v Value> {
    let mut here = vec![record];
    for step in steps {
        here = match step {
            Step::Key(key) => here.into_iter().flat_map(each).filter_map(|value| get(value, key)).collect(),
            Step::Index(index) => here.into_iter().filter_map(|value| item(value, *index)).collect(),
            Step::Each => here.into_iter().filter(|value| !value.is_null()).flat_map(each).collect(),
            Step::Only(path, text) => {
                here.into_iter().flat_map(each).filter(|value| path.says(value, text)).collect()
            }
        };
    }
    here
}

/// Returns the items of a list; of anything else, the value itself.
fn each(value: &Value) -> std::slice::Iter<'_, Value> {
    match value {
        Value::Array(items) => items.iter(),
        one => std::slice::from_ref(one).iter(),
    }
}

fn item(value: &Value, index: usize) -> Option<&Value> {
    match value {
        Value::Array(items) => items.get(index),
        Value::Null => None,
        one => (index == 0).then_some(one),
    }
}

/// Returns the value of a name; for XML names, also if a prefix precedes it.
fn get<'v>(value: &'v Value, key: &str) -> Option<&'v Value> {
    let map = value.as_object()?;
    if let Some(found) = map.get(key) {
        return Some(found);
    }
    let (sign, bare) = key.strip_prefix('@').map_or(("", key), |bare| ("@", bare));
    if bare.contains(':') {
        return None;
    }
    let local = |name: &str| {
        name.strip_prefix(sign).and_then(|name| name.rsplit_once(':')).is_some_and(|(_, local)| local == bare)
    };
    map.iter().find(|(name, _)| local(name)).map(|(_, value)| value)
}

impl Path {
    fn says(&self, value: &Value, text: &str) -> bool {
        walk(&self.0, value).iter().any(|found| match found {
            Value::String(found) => found == text,
            Value::Number(number) => number.to_string() == text,
            Value::Bool(is) => text == if *is { "true" } else { "false" },
            _ => false,
        })
    }
}

/// `.b == "c"`
fn only(condition: &str) -> Option<Step> {
    let (path, literal) = condition.split_once("==")?;
    let literal = literal.trim();
    let literal = match literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        Some(quoted) if !quoted.contains(['"', '\\']) => quoted,
        None if literal.parse::<i64>().is_ok() || matches!(literal, "true" | "false") => literal,
        _ => return None,
    };
    let path = Path::read(path.trim()).filter(|_| !path.contains("select"))?;
    Some(Step::Only(path, literal.to_owned()))
}

fn read_steps(text: &str, steps: &mut Vec<Step>) -> Option<()> {
    let mut rest = text.strip_prefix('.')?;
    let mut begin = true;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('[') {
            let (index, after) = inner.split_once(']')?;
            steps.push(match index.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
                Some(key) if !key.contains(['"', '\\']) => Step::Key(key.to_owned()),
                Some(_) => return None,
                None if index.is_empty() => Step::Each,
                None => Step::Index(index.parse().ok()?),
            });
            rest = after;
        } else {
            let after = if begin { rest } else { rest.strip_prefix('.')? };
            let (key, after) = key(after)?;
            steps.push(Step::Key(key));
            rest = after;
        }
        begin = false;
    }
    Some(())
}

/// A name: quoted, or made of letters, digits and `_`. XML names may also contain `-` and `:`, and begin with `@` or
/// `#`.
fn key(text: &str) -> Option<(String, &str)> {
    if let Some(quoted) = text.strip_prefix('"') {
        let (key, rest) = quoted.split_once('"')?;
        return (!key.contains('\\')).then(|| (key.to_owned(), rest));
    }
    let mut end = 0;
    let mut before = '\0';
    let mut signs = text.char_indices().peekable();
    while let Some((at, c)) = signs.next() {
        let next_is_letter = signs.peek().is_some_and(|(_, next)| next.is_alphabetic());
        let fits = c.is_alphanumeric()
            || c == '_'
            || (matches!(c, '-' | ':') && at > 0 && before != '-' && next_is_letter)
            || (matches!(c, '@' | '#') && at == 0 && next_is_letter);
        if !fits {
            break;
        }
        end = at + c.len_utf8();
        before = c;
    }
    let (key, rest) = text.split_at_checked(end)?;
    (!key.is_empty() && !key.starts_with(|c: char| c.is_ascii_digit())).then(|| (key.to_owned(), rest))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_lead_to_values() {
        let record = json!({"a": {"b c": [{"d": 1}, {"d": 2}]}, "e": "x", "n": {"dc:t": "y", "@xml:lang": "fr", "iso-date": "z"}});
        for (path, found) in [
            (".e", vec![json!("x")]),
            (".a.\"b c\"[1].d", vec![json!(2)]),
            (".a[\"b c\"][].d", vec![json!(1), json!(2)]),
            (".a.\"b c\".d", vec![json!(1), json!(2)]),
            (".a.\"b c\"[] | select(.d == 2) | .d", vec![json!(2)]),
            (".a.\"b c\"[] | select(.d == \"3\")", vec![]),
            (".n.t", vec![json!("y")]),
            (".n.dc:t", vec![json!("y")]),
            (".n.@lang", vec![json!("fr")]),
            (".n.iso-date", vec![json!("z")]),
            (".nothing.here", vec![]),
            (".e[0]", vec![json!("x")]),
            (".e[]", vec![json!("x")]),
            (".e[1]", vec![]),
            (".", vec![record.clone()]),
        ] {
            let path = Path::read(path).unwrap();
            let all: Vec<Value> = path.all(&record).into_iter().cloned().collect();
            assert_eq!(path.first(&record), all.first(), "{path:?}");
            assert_eq!(all, found, "{path:?}");
        }
    }

    #[test]
    fn what_is_no_plain_path_is_left_to_jq() {
        for text in [
            "a",
            ".a // .b",
            ".a[-1]",
            "..",
            ".a?",
            ".1a",
            "",
            ".a - 1",
            ".a-1",
            ".a | length",
            ".a | select(.b)",
            ".a | select(.b != \"c\")",
        ] {
            assert_eq!(Path::read(text), None, "{text}");
        }
    }

    #[test]
    fn a_list_is_named_by_its_keys() {
        assert_eq!(Path::read(".a.b[]").unwrap().keys_to_list(), Some(vec!["a", "b"]));
        assert_eq!(Path::read(".[]").unwrap().keys_to_list(), Some(vec![]));
        assert_eq!(Path::read(".a[0].b[]").unwrap().keys_to_list(), None);
        assert_eq!(Path::read(".a.b").unwrap().keys_to_list(), None);
    }
}
