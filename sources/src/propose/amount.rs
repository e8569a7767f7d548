//! Amounts that stand in several values: `salaire_min` and `salaire_max`, `{"min": …, "max": …, "currency": …}`.

use serde_json::{Map, Value};

use super::{
    tree::{literal, step},
    words::{concepts, split},
};

/// Words of the lower and of the upper end, where they are not those of a bound alone.
const LOWER: [&str; 6] = ["min", "minimum", "mini", "from", "low", "lower"];
const UPPER: [&str; 6] = ["max", "maximum", "maxi", "to", "high", "upper"];
const CURRENCY: [&str; 4] = ["currency", "devise", "monnaie", "curr"];
const PERIOD: [&str; 10] = [
    "period",
    "periode",
    "periodicite",
    "periodicity",
    "frequency",
    "frequence",
    "interval",
    "unit",
    "unite",
    "unittext",
];

/// The values of an amount, as paths.
#[derive(Debug, Default)]
struct Ends {
    lower: Option<String>,
    upper: Option<String>,
    one: Option<String>,
    currency: Option<String>,
    period: Option<String>,
}

/// Returns the form of an amount whose ends, currency or period are values of their own in an object.
///
/// `within`: whether the object is the amount (`"salary": {"min": …}`), so that bare names are enough.
pub(super) fn form(map: &Map<String, Value>, path: &str, within: bool) -> Option<String> {
    let mut ends = Ends::default();
    collect(&mut ends, map, path, within, 2);
    let range = match (&ends.lower, &ends.upper) {
        (Some(lower), Some(upper)) => {
            format!("{{ parts = [{lower}, {upper}], with = \" - \", some = true }}")
        }
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) => ends.one.filter(|_| within || ends.currency.is_some() || ends.period.is_some())?,
    };
    let beside: Vec<String> = ends.currency.into_iter().chain(ends.period).collect();
    if beside.is_empty() {
        return Some(range);
    }
    let bare = range.clone();
    // Where a record has no currency, its numbers count.
    Some(format!("[{{ parts = [{range}, {}], with = \" \" }}, {bare}]", beside.join(", ")))
}

fn collect(ends: &mut Ends, map: &Map<String, Value>, path: &str, within: bool, deep: usize) {
    for (key, value) in map {
        let words = split(key);
        let here = format!("{path}{}", step(key));
        let any = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        let is_amount =
            words.iter().any(|word| concepts(word).iter().any(|of| matches!(*of, "salary" | "amount")));
        let is_about = |more: &[&str]| {
            words.iter().all(|word| {
                more.contains(&word.as_str())
                    || concepts(word).iter().any(|of| {
                        matches!(*of, "salary" | "amount" | "noise" | "entity" | "period" | "bound")
                    })
                    || matches!(word.as_str(), "code" | "text" | "value" | "name")
            })
        };
        let slot = if any(&CURRENCY) && is_about(&CURRENCY) {
            &mut ends.currency
        } else if any(&PERIOD) && is_about(&PERIOD) && (within || is_amount || words.len() == 1) {
            &mut ends.period
        } else if !(is_amount || within) || !is_about(&[&LOWER[..], &UPPER].concat()) {
            continue;
        } else if any(&LOWER) {
            &mut ends.lower
        } else if any(&UPPER) {
            &mut ends.upper
        } else if let Value::Object(below) = value
            && within
            && deep > 0
        {
            collect(ends, below, &here, true, deep - 1);
            continue;
        } else if within || is_bare(value) {
            &mut ends.one
        } else {
            continue;
        };
        if slot.is_none() {
            *slot = one(&here, value);
        }
    }
}

/// Returns whether a value is a number without words: one with words tells its currency itself.
fn is_bare(value: &Value) -> bool {
    let is_digit = |letter: char| letter.is_ascii_digit() || matches!(letter, ' ' | '.' | ',');
    value.is_number() || value.as_str().is_some_and(|words| !words.is_empty() && words.chars().all(is_digit))
}

/// Returns the path of a single value, or of what an object calls its code or name.
fn one(path: &str, value: &Value) -> Option<String> {
    match value {
        Value::Number(_) => Some(literal(path)),
        Value::String(words) => (!words.trim().is_empty() && words.len() <= 60).then(|| literal(path)),
        Value::Object(map) => ["code", "value", "name", "#text"]
            .iter()
            .find_map(|key| {
                Some((key, map.get(*key).filter(|value| !value.is_null() && !value.is_object())?))
            })
            .map(|(key, _)| if *key == "#text" { literal(path) } else { literal(&format!("{path}.{key}")) }),
        _ => None,
    }
}

/// Returns the form of how long a loan lasts, where the number of payments and how often they come are two values.
pub(super) fn duration(map: &Map<String, Value>, path: &str) -> Option<String> {
    let is_count = |key: &&String| {
        let words = split(key);
        let any = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        any(&["number", "nombre", "nb"])
            && any(&["repayments", "installments", "instalments", "echeances", "mensualites", "payments"])
    };
    let count = map.keys().find(is_count).filter(|key| map.get(*key).is_some_and(Value::is_number))?;
    let number = literal(&format!("{path}{}", step(count)));
    let words = split(count);
    if words.iter().any(|word| word == "mensualites") {
        return Some(format!("{{ parts = [{number}, {{ const = \"mois\" }}], with = \" \" }}"));
    }
    // Every second month is another length.
    let each = map.iter().find(|(key, _)| split(key).iter().any(|word| word == "every"));
    if each.is_some_and(|(_, each)| each.as_u64() != Some(1)) {
        return None;
    }
    let (key, value) = map.iter().find(|(key, _)| {
        let words = split(key);
        words.iter().any(|word| matches!(word.as_str(), "frequency" | "frequence" | "periodicite"))
            && words
                .iter()
                .any(|word| matches!(word.as_str(), "repayment" | "installment" | "echeances" | "payment"))
    })?;
    // The code of an enumeration is not a word: Fineract has a `value` beside it.
    let unit = if value.get("value").is_some_and(Value::is_string) {
        literal(&format!("{path}{}.value", step(key)))
    } else {
        one(&format!("{path}{}", step(key)), value)?
    };
    Some(format!("{{ parts = [{number}, {unit}], with = \" \" }}"))
}
