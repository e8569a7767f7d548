//! Whether a value can be what a name says: a date has digits, and a title has letters.

use normalize::vocabulary::{read_contracts, read_working_times};
use serde_json::Value;

/// Smallest number that is a time: seconds since 1970, in 1973.
const TIME: f64 = 1e8;

/// Returns the field that values are of, where their name can mean two: a rhythm is a contract or a working time.
pub(super) fn better<'w>(
    field: &'static str,
    name: &str,
    values: impl IntoIterator<Item = &'w str>,
) -> &'static str {
    // Columns of contracts hold both.
    let name = normalize::text::fold(name);
    if field != "contract" || ["contra", "employ", "type"].iter().any(|sign| name.contains(sign)) {
        return field;
    }
    let mut values = values.into_iter().filter(|words| !words.trim().is_empty()).peekable();
    let is_hours = |words: &str| read_contracts(words).is_empty() && !read_working_times(words).is_empty();
    if values.peek().is_some() && values.all(is_hours) { "working_time" } else { field }
}

/// Returns whether words fit a field.
pub(super) fn text(field: &str, words: &str) -> bool {
    let has_digit = words.bytes().any(|byte| byte.is_ascii_digit());
    let has_letter = words.chars().any(char::is_alphabetic);
    let is_relative = || {
        let folded = normalize::text::fold(words);
        ["hier", "aujourd hui", "today", "yesterday", "ago", "il y a"]
            .iter()
            .any(|sign| folded.contains(sign))
    };
    match field {
        "posted_at" | "closes_at" | "starts_at" | "ends_at" => {
            (has_digit || is_relative()) && words.chars().count() <= 60
        }
        "url" => (words.starts_with("http") || words.starts_with('/')) && !is_api(words),
        "title" | "place" | "organization" | "contract" | "language" => has_letter,
        "positions" | "interest" => has_digit,
        // A country is a code or a name; another word refuses the record.
        "country" => normalize::places::country(words.trim()).is_some(),
        "external_id" => has_digit || has_letter,
        _ => !words.trim().is_empty(),
    }
}

/// Returns whether an address is one that programs read: it is not a page for people.
fn is_api(address: &str) -> bool {
    let path = address.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    ["/api/", "/wp-json/", "/jsonapi/", "/rest/", "/odata/", "/graphql"]
        .iter()
        .any(|sign| path.contains(sign))
        || [".json", ".xml", "/api"].iter().any(|end| path.ends_with(end))
}

/// Words that name a contract, folded.
const CONTRACTS: [&str; 22] = [
    "cdi",
    "cdd",
    "stage",
    "interim",
    "freelance",
    "apprentissage",
    "alternance",
    "vacation",
    "consultance",
    "consultant",
    "permanent",
    "temporaire",
    "temporary",
    "internship",
    "fixed term",
    "full time",
    "part time",
    "temps plein",
    "temps partiel",
    "contract",
    "prestation",
    "benevolat",
];

/// Returns whether words name a contract, where only "type" says what they are.
pub(super) fn is_contract(words: &str) -> bool {
    let folded = normalize::text::fold(&words.replace('_', " "));
    words.len() <= 40
        && CONTRACTS.iter().any(|known| folded == *known || folded.starts_with(&format!("{known} ")))
}

/// Returns the field of values whose name alone says too little: a column "Type" of CDI and CDD.
pub(super) fn by_values<'w>(name: &str, values: impl Iterator<Item = &'w str>) -> Option<&'static str> {
    if !matches!(normalize::text::fold(name).as_str(), "type" | "nature") {
        return None;
    }
    let (mut known, mut all) = (0, 0);
    for words in values.filter(|words| !words.trim().is_empty()).take(50) {
        (known, all) = (known + usize::from(is_contract(words)), all + 1);
    }
    (all > 0 && 2 * known > all).then_some("contract")
}

/// Returns whether a value of JSON or XML fits a field. A boolean says whether something is open, and nothing else.
pub(super) fn value(field: &str, value: &Value) -> bool {
    match value {
        Value::Bool(_) => field == "status",
        Value::String(words) => text(field, words),
        Value::Number(number) => match field {
            "posted_at" | "closes_at" | "starts_at" | "ends_at" => {
                number.as_f64().is_some_and(|time| time >= TIME)
            }
            "title" | "url" | "place" | "organization" | "language" | "description" | "country" => false,
            _ => true,
        },
        Value::Null => false,
        Value::Array(_) | Value::Object(_) => true,
    }
}
