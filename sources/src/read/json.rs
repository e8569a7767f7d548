//! JSON pages: one document, or one per line.

use std::io::{BufRead, BufReader, Read as _};

use serde_json::Value;

use super::{
    charset,
    descend::{self, Walked},
    guard::{Guard, Meter},
    pass::{Flow, Pass},
    repair,
    tidy::{TidyReader, tidied},
    weight,
};
use crate::{
    Alarm, Page,
    expr::{Expr, Path},
};

/// Longest line of NDJSON, in bytes. A record has a thousandth of that.
const LONGEST_LINE: usize = 8 << 20;

/// Returns the document of a page, and which repairs it needed.
pub(super) fn document(page: &Page<'_>, text: &str) -> Result<(Value, Option<String>), Alarm> {
    weight::check(text.as_bytes(), weight::json)?;
    let text = &*tidied(text);
    let error = match serde_json::from_str(text) {
        Ok(document) => return Ok((document, None)),
        Err(error) => error,
    };
    if let Some((document, mended)) = repair::json(text) {
        return Ok((document, Some(mended)));
    }
    let begin = text.bytes().find(|byte| !byte.is_ascii_whitespace());
    let what = match begin {
        Some(b'<') => "JSON is promised and markup came".to_owned(),
        None => format!("it is empty, with status {}", page.status),
        _ => format!("it is not JSON: {error}"),
    };
    Err(Alarm::Unreadable(what))
}

/// Passes on the records of a page.
pub(super) fn list(records: &Expr, page: &Page<'_>, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let text = charset::decode(page.body, page, pass.shape.encoding);
    weight::check(text.as_bytes(), weight::json)?;
    if let Some(keys) = records.path().and_then(Path::keys_to_list) {
        // The usual case: records are parsed one by one, and the document is never held as a whole.
        let mut held = Vec::new();
        let mut keep = |record| {
            held.push(record);
            if held.len() > super::MOST { Flow::Break(()) } else { Flow::Continue(()) }
        };
        let text = tidied(&text);
        if descend::items(serde_json::Deserializer::from_str(&text), &keys, &mut keep) == Ok(Walked::Found) {
            let _ = held.into_iter().try_for_each(|record| pass.tree(record));
            return Ok(());
        }
    }
    let (document, mended) = document(page, &text)?;
    if let Some(mended) = mended {
        pass.note(mended);
    }
    of_document(records, &document, pass)
}

/// Passes on the records of a parsed document.
pub(super) fn of_document(records: &Expr, document: &Value, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    // If there is nothing where the records should be, the answer is another document: an error, or a new version.
    let all = records.all(document, super::MOST + 1).map_err(Alarm::Unreadable)?;
    if !has_place(records, document) {
        return Err(Alarm::Unreadable(format!(
            "the records are not where the source file says; it has {}",
            has(document)
        )));
    }
    let _ = all.into_iter().try_for_each(|record| pass.tree(record));
    Ok(())
}

/// Describes a document for an error: its first keys, shortened.
fn has(document: &Value) -> String {
    match document {
        Value::Object(map) if map.is_empty() => "no keys".to_owned(),
        Value::Object(map) => {
            let keys =
                map.keys().take(8).map(|key| format!("`.{}`", key.chars().take(40).collect::<String>()));
            keys.collect::<Vec<_>>().join(", ")
        }
        Value::Array(items) => format!("a list of {}: `records = \".[]\"`?", items.len()),
        _ => "one value".to_owned(),
    }
}

/// Returns whether the list exists, even if it is empty: `.resultats[]` without its last step.
fn has_place(records: &Expr, document: &Value) -> bool {
    match records {
        Expr::Path(path) => path.place_exists(document),
        Expr::Jq(_) => true,
    }
}

/// Passes on the records of a streamed document. Only one is held at a time.
pub(super) fn stream(records: &Expr, input: impl BufRead, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let Some(keys) = records.path().and_then(Path::keys_to_list) else {
        let why = "a file of this size is parsed as a stream: `records` must be a path such as `.items[]`";
        return Err(Alarm::Unreadable(why.to_owned()));
    };
    let meter = Meter::default();
    // The parser takes one byte at a time: the guard must not be asked for each of them.
    let guarded = BufReader::new(Guard::new(input, meter.clone(), weight::RECORD, weight::json));
    let json = serde_json::Deserializer::from_reader(TidyReader::new(guarded));
    let mut each = |record| {
        meter.reset();
        pass.tree(record)
    };
    match descend::items(json, &keys, &mut each) {
        Ok(Walked::Found | Walked::Stopped) => Ok(()),
        Ok(Walked::Missing) => {
            Err(Alarm::Unreadable("the records are not where the source file says".to_owned()))
        }
        Err(why) => Err(Alarm::Unreadable(format!("it is not JSON: {why}"))),
    }
}

/// Passes on the document of each line. A line that is not JSON is rejected alone.
pub(super) fn lines(mut input: impl BufRead, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let mut line = Vec::new();
    let mut number = 0_u64;
    loop {
        line.clear();
        let read = input.by_ref().take(LONGEST_LINE as u64 + 1).read_until(b'\n', &mut line);
        let read = read.map_err(|error| Alarm::Unreadable(error.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        if line.len() > LONGEST_LINE {
            return Err(Alarm::Unreadable(format!("line {} has more than {LONGEST_LINE} bytes", number + 1)));
        }
        number += 1;
        let bare = line.trim_ascii();
        if bare.is_empty() {
            continue;
        }
        let text = String::from_utf8_lossy(bare);
        if weight::of(bare, weight::json) > weight::RECORD {
            return Err(Alarm::Unreadable(format!(
                "line {number} would take more than {} MiB of memory",
                weight::RECORD >> 20
            )));
        }
        let text = tidied(&text);
        let flow = match serde_json::from_str::<Value>(&text) {
            Ok(record) => pass.tree(record),
            Err(error) => {
                if let Some((record, mended)) = repair::json(&text) {
                    pass.note(mended);
                    pass.tree(record)
                } else {
                    let shown: String = text.chars().take(500).collect();
                    pass.unreadable(Value::String(shown), format!("line {number} is not JSON: {error}"))
                }
            }
        };
        if flow.is_break() {
            return Ok(());
        }
    }
}
