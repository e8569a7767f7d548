//! JSON-LD `JobPosting` (schema.org) in a page, mended where it is nearly JSON.

use scraper::{Html, Selector};
use serde_json::Value;

/// Blocks looked at in one page.
const MANY: usize = 50;
/// Depth of `@graph` and lists followed.
const DEEP: usize = 4;

/// The first `JobPosting` of a page.
pub(super) fn job_posting(html: &Html) -> Option<Value> {
    let blocks = Selector::parse("script[type='application/ld+json']").ok()?;
    html.select(&blocks).take(MANY).find_map(|block| {
        let text: String = block.text().collect();
        posting(lenient(&text)?, DEEP)
    })
}

/// The `JobPosting` in a value, its `@graph` or its list.
fn posting(value: Value, deep: usize) -> Option<Value> {
    if deep == 0 {
        return None;
    }
    match value {
        Value::Array(items) => items.into_iter().find_map(|item| posting(item, deep - 1)),
        Value::Object(ref map) => {
            let is_posting = match map.get("@type") {
                Some(Value::String(kind)) => kind == "JobPosting",
                Some(Value::Array(kinds)) => kinds.iter().any(|kind| kind == "JobPosting"),
                _ => false,
            };
            if is_posting {
                return Some(value);
            }
            map.get("@graph").cloned().and_then(|graph| posting(graph, deep - 1))
        }
        _ => None,
    }
}

/// JSON, or what is nearly JSON: as it is, then with raw control characters and trailing commas mended.
pub(super) fn lenient(text: &str) -> Option<Value> {
    let text = text.trim().trim_start_matches("<!--").trim_end_matches("-->").trim();
    let text = text.trim_start_matches("//<![CDATA[").trim_end_matches("//]]>").trim().trim_end_matches(';');
    let read = |text: &str| serde_json::from_str(text).or_else(|_| serde_json::from_str(&mended(text))).ok();
    read(text).or_else(|| read(&html_escape::decode_html_entities(text)))
}

/// The text with newlines and tabs inside strings escaped, wrong escapes doubled, and trailing commas left out.
fn mended(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 64);
    let mut inside = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                inside = !inside;
                out.push(c);
            }
            '\\' if inside => match chars.next() {
                Some(next @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                    out.extend(['\\', next]);
                }
                Some(next) => out.push(next),
                None => (),
            },
            '\n' if inside => out.push_str("\\n"),
            '\r' if inside => out.push_str("\\r"),
            '\t' if inside => out.push_str("\\t"),
            c if inside && c.is_control() => out.push(' '),
            ',' if !inside => {
                while chars.peek().is_some_and(|next| next.is_whitespace()) {
                    chars.next();
                }
                if !matches!(chars.peek(), Some(']' | '}')) {
                    out.push(',');
                }
            }
            c => out.push(c),
        }
    }
    out
}
