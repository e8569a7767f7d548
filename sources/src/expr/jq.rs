//! jq with bounds.
//!
//! Anybody who can send a pull request can write a source file, and its expressions run on hostile records. jq can loop
//! without end and build endless values. Here only listed functions are allowed, and all of them end. What is left
//! takes time and memory in proportion to the record.

use std::{fmt, sync::Arc};

use jaq_core::{
    Compiler, Ctx, Vars, data,
    load::{Arena, File, Loader},
};
use jaq_json::Val;
use serde_json::Value;

/// Longest expression. More belongs in a service of the partner.
const LONGEST: usize = 500;

/// The most sums and commas in one expression.
const MOST_SUMS: usize = 8;
/// Largest record that jq gets, in bytes of JSON. A job advertisement has a thousandth of that.
const LARGEST: usize = 256 << 10;

/// Allowed functions and keywords. None repeats, recurses, or reads a clock or the environment.
const ALLOWED: [&str; 57] = [
    "add",
    "all",
    "and",
    "any",
    "arrays",
    "ascii_downcase",
    "ascii_upcase",
    "booleans",
    "catch",
    "elif",
    "else",
    "empty",
    "end",
    "endswith",
    "false",
    "first",
    "flatten",
    "floor",
    "from_entries",
    "has",
    "if",
    "join",
    "keys",
    "last",
    "length",
    "ltrimstr",
    "map",
    "max",
    "min",
    "not",
    "null",
    "nulls",
    "numbers",
    "objects",
    "or",
    "reverse",
    "round",
    "rtrimstr",
    "select",
    "sort",
    "sort_by",
    "split",
    "startswith",
    "strings",
    "sub",
    "test",
    "then",
    "to_entries",
    "tonumber",
    "tostring",
    "trim",
    "true",
    "try",
    "type",
    "unique",
    "unique_by",
    "values",
];

/// A compiled expression.
#[derive(Clone)]
pub(crate) struct Jq {
    text: String,
    /// Names after a dot: each also means an element of that name with a prefix, as in a path.
    keys: Arc<[String]>,
    filter: Arc<jaq_core::compile::Filter<jaq_core::Native<data::JustLut<Val>>>>,
}

impl fmt::Debug for Jq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jq({:?})", self.text)
    }
}

impl Jq {
    /// Compiles an expression, unless it may never end.
    pub(crate) fn compile(text: &str) -> Result<Self, String> {
        allowed(text)?;
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let not_jq = || format!("`{text}` is neither a path like `.a.b[0]` nor a jq expression");
        let modules = Loader::new(defs).load(&arena, File { code: text, path: () }).map_err(|_| not_jq())?;
        let filter = Compiler::default().with_funs(funs).compile(modules).map_err(|errors| {
            let names: Vec<String> = errors
                .iter()
                .flat_map(|(_, errors)| errors.iter().map(|(name, _)| (*name).to_string()))
                .collect();
            format!("`{text}` uses what jq does not know: {}", names.join(", "))
        })?;
        Ok(Self { text: text.to_owned(), keys: keys(text), filter: Arc::new(filter) })
    }

    /// Returns its outputs for a record, at most `limit`.
    pub(crate) fn all(&self, record: &Value, limit: usize) -> Result<Vec<Value>, String> {
        let text = match self.without_prefixes(record) {
            Some(record) => serde_json::to_string(&record),
            None => serde_json::to_string(record),
        };
        let text = text.map_err(|error| error.to_string())?;
        if text.len() > LARGEST {
            return Err(format!("the record has more than {LARGEST} bytes, too many for an expression"));
        }
        let input: Val = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.filter.lut, Vars::new([]));
        let outputs = self.filter.id.run((context, input)).take(limit);
        outputs
            .map(|output| {
                // Not `unwrap_valr`, which ends the process on `halt`. No expression can name `halt` here, but this
                // must hold even if one could.
                let output = output.map_err(|exception| format!("`{}`: {exception:?}", self.text))?;
                serde_json::from_str(&output.to_string()).map_err(|error| format!("`{}`: {error}", self.text))
            })
            .collect()
    }
}

impl Jq {
    /// Returns the record with the elements that the expression names under their names without prefix; `None` if it has no
    /// prefixes.
    fn without_prefixes(&self, record: &Value) -> Option<Value> {
        if !has_prefixes(record) {
            return None;
        }
        let mut record = record.clone();
        self.name_without_prefix(&mut record);
        Some(record)
    }

    fn name_without_prefix(&self, value: &mut Value) {
        match value {
            Value::Array(items) => items.iter_mut().for_each(|item| self.name_without_prefix(item)),
            Value::Object(map) => {
                map.values_mut().for_each(|value| self.name_without_prefix(value));
                for key in self.keys.iter() {
                    // Moved, not copied: copies at each depth would multiply.
                    let is_named = |name: &&String| {
                        let local = name.rsplit_once(':').map(|(_, local)| local);
                        local == Some(key.as_str()) && !self.text.contains(name.as_str())
                    };
                    let name = map.keys().find(is_named).cloned().filter(|_| !map.contains_key(key));
                    if let Some(value) = name.and_then(|name| map.remove(&name)) {
                        map.insert(key.clone(), value);
                    }
                }
            }
            _ => (),
        }
    }
}

fn has_prefixes(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(has_prefixes),
        Value::Object(map) => map.iter().any(|(name, value)| name.contains(':') || has_prefixes(value)),
        _ => false,
    }
}

/// Returns the names after a dot.
fn keys(text: &str) -> Arc<[String]> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let after = text.split('.').skip(1);
    let names = after.map(|rest| rest.split(|c| !is_part(c)).next().unwrap_or_default().to_owned());
    let mut names: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    names.dedup();
    names.into()
}

/// Refuses what could run or grow without end.
fn allowed(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("an expression has at most {LONGEST} characters"));
    }
    let bare = without_strings(text);
    names(&bare)?;
    let compared = ["==", "!=", "<=", ">="].iter().fold(bare.clone(), |bare, sign| bare.replace(sign, ""));
    for (sign, why) in [
        ("*", "repeats text without end"),
        ("..", "walks without end"),
        ("=", "changes the record"),
        ("$", "names what is not there"),
        ("@", "formats"),
        ("?", "hides failures; write `// empty`"),
    ] {
        if compared.contains(sign) {
            return Err(format!("`{sign}` is not allowed in an expression: it {why}"));
        }
    }
    // Each sum and each comma may double a value, and two iterations make every pair of their lists.
    let count = |sign: &str| bare.matches(sign).count();
    if count("+") + count(",") > MOST_SUMS {
        return Err(format!(
            "an expression has at most {MOST_SUMS} sums and commas: each may double the value"
        ));
    }
    if count("[]") + count("map") > 1 {
        return Err(
            "an expression may iterate once (`[]` or `map`); a plain path such as `.a[].b[]` may do so often"
                .to_owned(),
        );
    }
    Ok(())
}

/// Refuses functions that are not on the list. A name after a dot or before the colon of an object is a key.
fn names(bare: &str) -> Result<(), String> {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut before = ' ';
    let mut rest = bare;
    while let Some(c) = rest.chars().next() {
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let Some((name, after)) = rest.split_at_checked(end.max(c.len_utf8())) else { break };
        if c.is_ascii_alphabetic() || c == '_' {
            let is_key =
                before == '.' || (matches!(before, '{' | ',') && after.trim_start().starts_with(':'));
            if !is_key && !ALLOWED.contains(&name) {
                return Err(format!(
                    "`{name}` is not allowed in an expression: it may never end, or is not jq"
                ));
            }
        }
        before = name.chars().last().filter(|c| !c.is_whitespace()).unwrap_or(before);
        rest = after;
    }
    Ok(())
}

/// Returns the expression with empty string literals. Interpolated expressions inside of them stay.
fn without_strings(text: &str) -> String {
    let mut bare = String::new();
    let (mut inside, mut escaped, mut depth) = (false, false, 0_usize);
    for c in text.chars() {
        match (inside, escaped, c) {
            (true, true, '(') => {
                (inside, escaped) = (false, false);
                depth += 1;
                bare.push('(');
            }
            (true, true, _) => escaped = false,
            (true, false, '\\') => escaped = true,
            (true, false, '"') => {
                inside = false;
                bare.push('"');
            }
            (true, false, _) => (),
            (false, _, '"') => {
                inside = true;
                bare.push('"');
            }
            (false, _, ')') if depth > 0 => {
                depth -= 1;
                inside = true;
                bare.push(')');
            }
            (false, _, c) => bare.push(c),
        }
    }
    bare
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn expressions_give_values() {
        let record = json!({"a": [1, 2, 3], "b": " x ", "c": {"d": null}});
        for (text, found) in [
            (".a | map(select(unknown_name)) ", None),
            (".a[-1]", Some(json!(3))),
            (".c.d // .b", Some(json!(" x "))),
            ("\"Offre : \" + .b", Some(json!("Offre :  x "))),
            ("[.a[] | select(. > 1)] | length", Some(json!(2))),
            (".b | sub(\"x\"; \"y\")", Some(json!(" y "))),
            ("\"\\(.a[0]) sur \\(.a[2])\"", Some(json!("1 sur 3"))),
        ] {
            let got = Jq::compile(text).ok().map(|jq| jq.all(&record, 10).unwrap().remove(0));
            assert_eq!(got, found, "{text}");
        }
    }

    #[test]
    fn what_could_run_for_ever_is_refused() {
        for text in [
            "def f: f; f",
            "repeat(.)",
            "recurse",
            "..",
            "range(infinite)",
            "while(true; .)",
            "until(false; .)",
            "\"x\" * 1000000000",
            ".[1000000000] = 1",
            ".a |= 1",
            "limit(1; repeat(.))",
            "input",
            "$ENV.HOME",
            "env",
            "now",
            "[combinations]",
            "walk(.)",
            "{halt: 1} | halt",
            "{repeat: 1} | [repeat(.)] | length",
            "{now: now}",
            "fromjson",
            "halt",
            "halt_error",
            "error",
            "[.a[] + .a[] + .a[] + (.b | .c)]",
            ". + . + . + . + . + . + . + . + . + .",
            "reduce .[] as $x (0; . + $x)",
            "foreach .[] as $x (0; 1)",
            "\"\\(repeat(1))\"",
            "getpath([1])",
            "@base64d",
        ] {
            assert!(Jq::compile(text).is_err(), "{text} passed");
        }
    }

    #[test]
    fn a_name_also_means_an_element_with_a_prefix() {
        let jq = Jq::compile(".loc | test(\"/emploi/\")").unwrap();
        let record = json!({"image:image": {"image:loc": "/i.png"}, "sm:loc": "/emploi/1"});
        assert_eq!(jq.all(&record, 1).unwrap(), [json!(true)]);
        let jq = Jq::compile("[.a[] | .b // .c]").unwrap();
        assert_eq!(
            jq.all(&json!({"a": [{"x:b": 1, "c": 2}, {"b": 3, "x:b": 4}]}), 1).unwrap(),
            [json!([1, 3])]
        );
    }

    #[test]
    fn a_failing_expression_is_an_error_of_the_record() {
        assert!(Jq::compile(".a + 1 | tonumber").unwrap().all(&json!({"a": "x"}), 1).is_err());
    }
}
