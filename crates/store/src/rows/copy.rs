//! Rows in the text format of `COPY` (PostgreSQL manual, "COPY", File Formats).

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde_json::Value;
use uuid::Uuid;

/// Collects rows for `COPY … FROM STDIN`. Each method writes one field; [`CopyText::end_row`] ends the row.
#[derive(Debug, Default)]
pub(crate) struct CopyText {
    bytes: Vec<u8>,
    /// Whether the current row already has a field.
    in_row: bool,
}

impl CopyText {
    /// Returns the bytes so far.
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Writes a null.
    pub(crate) fn null(&mut self) {
        self.separate();
        self.bytes.extend_from_slice(b"\\N");
    }

    /// Writes text without U+0000, which PostgreSQL cannot store.
    pub(crate) fn text(&mut self, text: &str) {
        self.separate();
        self.escaped(text);
    }

    /// Writes text, or null if it is empty or missing.
    pub(crate) fn maybe_text(&mut self, text: Option<&str>) {
        match text.filter(|text| !text.is_empty()) {
            Some(text) => self.text(text),
            None => self.null(),
        }
    }

    /// Writes an array of text.
    pub(crate) fn texts<T: AsRef<str>>(&mut self, values: impl IntoIterator<Item = T>) {
        self.separate();
        let mut array = String::from("{");
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                array.push(',');
            }
            array.push('"');
            for char in value.as_ref().chars() {
                if matches!(char, '"' | '\\') {
                    array.push('\\');
                }
                array.push(char);
            }
            array.push('"');
        }
        array.push('}');
        self.escaped(&array);
    }

    /// Writes JSON.
    pub(crate) fn json(&mut self, value: &Value) {
        self.text(&value.to_string());
    }

    /// Writes an integer.
    pub(crate) fn number(&mut self, number: Option<i64>) {
        match number {
            Some(number) => self.text(&number.to_string()),
            None => self.null(),
        }
    }

    /// Writes a decimal number, given in units of its last place: `(12345, 2)` is 123.45. It must not be negative.
    pub(crate) fn decimal(&mut self, units: Option<i64>, places: u32) {
        let Some(units) = units else { return self.null() };
        let scale = 10_i64.pow(places);
        let width = usize::try_from(places).unwrap_or(0);
        self.text(&format!("{}.{:0width$}", units / scale, units.rem_euclid(scale)));
    }

    /// Writes a boolean.
    pub(crate) fn truth(&mut self, truth: bool) {
        self.separate();
        self.bytes.push(if truth { b't' } else { b'f' });
    }

    /// Writes bytes.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.separate();
        self.bytes.extend_from_slice(b"\\\\x");
        self.bytes.extend_from_slice(hex::encode(bytes).as_bytes());
    }

    /// Writes bytes, or null if there are none.
    pub(crate) fn maybe_bytes(&mut self, bytes: Option<&[u8]>) {
        match bytes {
            Some(bytes) => self.bytes(bytes),
            None => self.null(),
        }
    }

    /// Writes a date.
    pub(crate) fn day(&mut self, day: Option<NaiveDate>) {
        match day {
            Some(day) => self.text(&day.to_string()),
            None => self.null(),
        }
    }

    /// Writes a timestamp.
    pub(crate) fn instant(&mut self, instant: Option<DateTime<Utc>>) {
        match instant {
            Some(instant) => self.text(&instant.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => self.null(),
        }
    }

    /// Writes a UUID.
    pub(crate) fn uuid(&mut self, id: Uuid) {
        self.separate();
        self.bytes.extend_from_slice(id.hyphenated().encode_lower(&mut Uuid::encode_buffer()).as_bytes());
    }

    /// Ends the row.
    pub(crate) fn end_row(&mut self) {
        self.bytes.push(b'\n');
        self.in_row = false;
    }

    fn separate(&mut self) {
        if self.in_row {
            self.bytes.push(b'\t');
        }
        self.in_row = true;
    }

    fn escaped(&mut self, text: &str) {
        for byte in text.bytes() {
            match byte {
                b'\\' => self.bytes.extend_from_slice(b"\\\\"),
                b'\t' => self.bytes.extend_from_slice(b"\\t"),
                b'\n' => self.bytes.extend_from_slice(b"\\n"),
                b'\r' => self.bytes.extend_from_slice(b"\\r"),
                // PostgreSQL stores none: `queue::storable`, byte by byte.
                0 => (),
                other => self.bytes.push(other),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut CopyText)) -> String {
        let mut row = CopyText::default();
        write(&mut row);
        String::from_utf8(row.into_bytes()).unwrap()
    }

    #[test]
    fn what_could_end_a_field_is_escaped() {
        let row = written(|row| {
            row.text("a\tb\\c\nd\0");
            row.maybe_text(Some(""));
            row.texts(["x\"y", "z\\", "{a,b}"]);
            row.end_row();
        });
        assert_eq!(row, "a\\tb\\\\c\\nd\t\\N\t{\"x\\\\\"y\",\"z\\\\\\\\\",\"{a,b}\"}\n");
    }

    #[test]
    fn decimals_keep_their_places() {
        let row = written(|row| {
            row.decimal(Some(12_345), 2);
            row.decimal(Some(5), 3);
            row.decimal(None, 2);
        });
        assert_eq!(row, "123.45\t0.005\t\\N");
    }
}
