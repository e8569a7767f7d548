//! What a page would weigh in memory, by a model: told before any of it is parsed.
//!
//! The text of a tree is much smaller than the tree: two bytes of JSON (`0,`) become a value of 72. The model counts the
//! bytes that begin a value, whatever stands around them, so it takes one pass, and nothing on a page makes it say too little.

use domain::RawRecord;
use serde_json::Value;

use crate::Alarm;

/// The most that the values of one page may weigh, in bytes.
pub(super) const MOST: usize = 160 << 20;
/// The most that one record of a streamed page may weigh, in bytes.
pub(super) const RECORD: usize = 64 << 20;
/// The most that one row of a table may weigh, in bytes.
pub(super) const ROW: usize = 16 << 20;
/// Records of a streamed page are passed on once they weigh so much, in bytes, however few they are.
pub(super) const BATCH: usize = 16 << 20;

/// What a byte of a format adds, in bytes of memory.
pub(super) type Scale = fn(u8) -> usize;

/// Of JSON: an object, a list, an entry with its key, an item.
pub(super) fn json(byte: u8) -> usize {
    match byte {
        b'{' => 250,
        b'[' => 100,
        b':' => 180,
        b',' => 80,
        _ => 1,
    }
}

/// Of XML: an element (half of the tags are end tags), and an attribute.
pub(super) fn xml(byte: u8) -> usize {
    match byte {
        b'<' => 150,
        b'=' => 180,
        _ => 1,
    }
}

/// Of the strings of a workbook: each has four tags.
pub(super) fn strings(byte: u8) -> usize {
    if byte == b'<' { 12 } else { 1 }
}

/// Of a table: a cell.
pub(super) fn cells(byte: u8) -> usize {
    if matches!(byte, b',' | b';' | b'\t' | b'|') { 9 } else { 1 }
}

/// Weighs a text.
pub(super) fn of(text: &[u8], scale: Scale) -> usize {
    text.iter().map(|&byte| scale(byte)).fold(0, usize::saturating_add)
}

/// What a value takes in memory, in bytes, about.
pub(super) fn of_value(value: &Value) -> usize {
    let below: usize = match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(of_value).sum(),
        Value::Object(map) => map.iter().map(|(key, value)| 100 + key.len() + of_value(value)).sum(),
        _ => 0,
    };
    size_of::<Value>() + below
}

/// What a record takes in memory, in bytes, about.
pub(super) fn of_record(record: &RawRecord) -> usize {
    match record {
        RawRecord::Json(value) => of_value(value),
        RawRecord::Row(row) => row.text.len() + row.ends.len() * size_of::<usize>(),
    }
}

/// Refuses a page that would weigh too much.
pub(super) fn check(text: &[u8], scale: Scale) -> Result<(), Alarm> {
    let weight = of(text, scale);
    if weight <= MOST { Ok(()) } else { Err(Alarm::Unreadable(too_heavy(weight))) }
}

fn too_heavy(weight: usize) -> String {
    format!("it would take {} MiB of memory, and a page may take {}", weight >> 20, MOST >> 20)
}
