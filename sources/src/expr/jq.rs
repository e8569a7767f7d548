//! jq, bounded.
//!
//! A partner file may come from anybody who can send a pull request, and its expressions run over hostile records. jq can
//! loop for ever and build values without end; here only functions that end are allowed, by name. What is left takes
//! time and memory in proportion to the record.

use std::{fmt, sync::Arc};

use jaq_core::{
    Compiler, Ctx, Vars, data,
    load::{Arena, File, Loader},
    unwrap_valr,
};
use jaq_json::Val;
use serde_json::Value;

/// Longest expression: more belongs into the partner's own service.
const LONGEST: usize = 500;

/// Functions and words allowed. None repeats, recurses, reads a clock or the environment.
const ALLOWED: [&str; 70] = [
    "add",
    "all",
    "and",
    "any",
    "arrays",
    "as",
    "ascii",
    "ascii_downcase",
    "ascii_upcase",
    "booleans",
    "capture",
    "catch",
    "contains",
    "elif",
    "else",
    "empty",
    "end",
    "endswith",
    "explode",
    "false",
    "first",
    "flatten",
    "floor",
    "from_entries",
    "fromjson",
    "has",
    "if",
    "in",
    "index",
    "inside",
    "join",
    "keys",
    "last",
    "length",
    "ltrimstr",
    "map",
    "match",
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
    "scan",
    "select",
    "sort",
    "sort_by",
    "split",
    "splits",
    "startswith",
    "strings",
    "sub",
    "test",
    "then",
    "to_entries",
    "tojson",
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
    filter: Arc<jaq_core::compile::Filter<jaq_core::Native<data::JustLut<Val>>>>,
}

impl fmt::Debug for Jq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Jq({:?})", self.text)
    }
}

impl Jq {
    /// Compiles an expression, unless it could run for ever.
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
        Ok(Self { text: text.to_owned(), filter: Arc::new(filter) })
    }

    /// Its outputs for a record, at most `limit`.
    pub(crate) fn all(&self, record: &Value, limit: usize) -> Result<Vec<Value>, String> {
        let input: Val = serde_json::from_value(record.clone()).map_err(|error| error.to_string())?;
        let context = Ctx::<data::JustLut<Val>>::new(&self.filter.lut, Vars::new([]));
        let outputs = self.filter.id.run((context, input)).map(unwrap_valr).take(limit);
        outputs
            .map(|output| {
                let output = output.map_err(|error| format!("`{}`: {error}", self.text))?;
                serde_json::from_str(&output.to_string()).map_err(|error| format!("`{}`: {error}", self.text))
            })
            .collect()
    }
}

/// Refuses what could run or grow without end.
fn allowed(text: &str) -> Result<(), String> {
    if text.len() > LONGEST {
        return Err(format!("an expression has at most {LONGEST} characters"));
    }
    let bare = without_strings(text);
    for word in bare.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '$' | '@' | ':')))
    {
        // `.name` and `$name` are keys and variables; a number is a number.
        let function =
            word.trim_start_matches(|c: char| c.is_ascii_digit() || c == ':').trim_end_matches(':');
        let is_name = function.starts_with(|c: char| c.is_ascii_alphabetic() || c == '@');
        if is_name && !ALLOWED.contains(&function) && !bare.contains(&format!("{function}:")) {
            return Err(format!(
                "`{function}` is not allowed in an expression: it could run for ever, or is no jq"
            ));
        }
    }
    let spaced = bare.replace("==", "").replace("!=", "").replace("<=", "").replace(">=", "");
    for (sign, why) in [
        ("*", "repeats text without end"),
        ("..", "walks without end"),
        ("=", "changes the record"),
        ("env", "reads the environment"),
    ] {
        if spaced.contains(sign) && (sign != "env" || spaced.contains("$ENV") || spaced.contains("env")) {
            return Err(format!("`{sign}` is not allowed in an expression: it {why}"));
        }
    }
    Ok(())
}

/// The expression with its string literals emptied; what is interpolated into one stays.
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
            (".a | map(select(test_is_not_needed)) ", None),
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
    fn a_failing_expression_is_an_error_of_the_record() {
        assert!(Jq::compile(".a + 1 | tonumber").unwrap().all(&json!({"a": "x"}), 1).is_err());
    }
}
