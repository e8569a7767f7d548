//! One pass over a page: selects records, expands lists within them, and extracts our fields.

use std::{borrow::Cow, collections::BTreeMap, ops::ControlFlow};

use domain::RawRecord;
use serde_json::Value;
use url::Url;

use super::{
    fields::{Record, Words, first},
    weight,
};
use crate::{
    Alarm,
    expr::Asked,
    grammar::{Expand, Fields, Form, Get, Shape},
};

/// The most records that one record may become: more would multiply the data.
const MOST_EXPANDED: usize = 10_000;
/// The most that they may weigh together, in bytes: each carries what stands above the list.
const HEAVIEST: usize = 64 << 20;

/// A record's text by our field names, and the record itself.
#[derive(Debug)]
pub(crate) struct Found {
    pub(crate) words: Words,
    pub(crate) record: RawRecord,
    pub(crate) link: Option<String>,
    /// Its element on the page, from 1. With `expand`, one element becomes several records.
    pub(crate) element: usize,
}

/// Whether parsing continues.
pub(crate) type Flow = ControlFlow<()>;

/// Receives the records of a page.
pub(crate) struct Pass<'a> {
    pub(crate) shape: &'a Shape,
    pub(crate) fields: &'a Fields,
    pub(crate) link: Option<&'a [Form]>,
    pub(crate) url: &'a Url,
    sink: &'a mut dyn FnMut(Found) -> Flow,
    notes: BTreeMap<String, usize>,
    /// Why what the page does not show is not missing.
    doubt: Option<String>,
    /// Number of records before `where` and `expand`.
    seen: usize,
    /// Whether skipped records are passed on too.
    keeps_all: bool,
}

impl<'a> Pass<'a> {
    pub(crate) fn new(
        shape: &'a Shape,
        fields: &'a Fields,
        link: Option<&'a [Form]>,
        url: &'a Url,
        sink: &'a mut dyn FnMut(Found) -> Flow,
    ) -> Self {
        Self {
            shape,
            fields,
            link,
            url,
            sink,
            notes: BTreeMap::new(),
            doubt: None,
            seen: 0,
            keeps_all: false,
        }
    }

    /// Passes on the records that `where` skips too, because a total counts them.
    pub(crate) fn keeping_all(self) -> Self {
        Self { keeps_all: true, ..self }
    }

    /// Adds a note about the page, and counts how often it occurs.
    pub(crate) fn note(&mut self, what: impl Into<String>) {
        *self.notes.entry(what.into()).or_default() += 1;
    }

    /// Adds several notes.
    pub(crate) fn note_all(&mut self, what: impl IntoIterator<Item = String>) {
        for note in what {
            self.note(note);
        }
    }

    /// Adds why the page may lack records that the partner publishes.
    pub(crate) fn doubt(&mut self, why: String) {
        self.doubt.get_or_insert(why);
    }

    /// The same, where there is a reason.
    pub(crate) fn doubt_all(&mut self, why: Option<String>) {
        if let Some(why) = why {
            self.doubt(why);
        }
    }

    /// Returns why the page may lack records.
    pub(crate) fn doubted(&self) -> Option<Alarm> {
        self.doubt.clone().map(Alarm::Mended)
    }

    /// Returns the number of records so far, including those that `where` skips.
    pub(crate) fn seen(&self) -> usize {
        self.seen
    }

    /// Returns the notes: "mended: trailing commas", "3 × left out by `where`".
    pub(crate) fn notes(self) -> Vec<String> {
        let say = |(what, times)| if times == 1 { what } else { format!("{times} × {what}") };
        self.notes.into_iter().map(say).collect()
    }

    /// Takes a JSON or XML record.
    pub(crate) fn tree(&mut self, record: Value) -> Flow {
        self.seen += 1;
        if !record.is_object() {
            let what = if record.is_array() { "a list: add `[]` to `records`" } else { "not an object" };
            let shown: String = record.to_string().chars().take(500).collect();
            return self.refused(Value::String(shown), format!("it is {what}"));
        }
        if self.shape.expand.is_empty() {
            return self.whole(record);
        }
        let mut made = Made::default();
        expand(record, &self.shape.expand, &mut made);
        if made.is_full() {
            let why = format!(
                "it would become more than {MOST_EXPANDED} records, or more than {} MiB of them",
                HEAVIEST >> 20
            );
            return self.refused(Value::Null, why);
        }
        made.records.into_iter().try_for_each(|record| self.whole(record))
    }

    fn whole(&mut self, record: Value) -> Flow {
        if let Some(keep) = self.shape.keep.as_ref().filter(|_| !self.keeps_all) {
            match keep.holds(&record) {
                Ok(true) => (),
                Ok(false) => {
                    self.note("left out by `where`");
                    return Flow::Continue(());
                }
                Err(why) => return self.refused(record, format!("where: {why}")),
            }
        }
        let words = Words::of(self.fields, &Tree(&record), self.url, self.shape);
        let link = self.link.and_then(|forms| first(forms, &Tree(&record), self.url));
        self.told(words, RawRecord::Json(record), link)
    }

    /// Takes the fields of a record of any format.
    pub(crate) fn found(&mut self, words: Words, record: RawRecord, link: Option<String>) -> Flow {
        self.seen += 1;
        self.told(words, record, link)
    }

    fn told(&mut self, words: Words, record: RawRecord, link: Option<String>) -> Flow {
        (self.sink)(Found { words, record, link, element: self.seen })
    }

    /// Takes a record that cannot be parsed.
    pub(crate) fn unreadable(&mut self, record: Value, why: impl Into<String>) -> Flow {
        self.seen += 1;
        self.refused(record, why)
    }

    fn refused(&mut self, record: Value, why: impl Into<String>) -> Flow {
        let mut words = Words::default();
        words.fail(why.into());
        self.told(words, RawRecord::Json(record), None)
    }
}

/// A JSON or XML record, or a row as an object.
pub(crate) struct Tree<'r>(pub(crate) &'r Value);

impl Record for Tree<'_> {
    fn value(&self, get: &Get, asked: Asked) -> Result<Option<Cow<'_, str>>, String> {
        match get {
            Get::Tree(expr) => Ok(expr.words(self.0, asked)?.map(Cow::Owned)),
            Get::Column(name) => Ok(self.0.get(name).and_then(Value::as_str).map(Cow::Borrowed)),
            _ => Ok(None),
        }
    }
}

/// The records that one record becomes.
#[derive(Default)]
struct Made {
    records: Vec<Value>,
    /// What they weigh, in bytes.
    weight: usize,
}

impl Made {
    fn is_full(&self) -> bool {
        self.records.len() > MOST_EXPANDED || self.weight > HEAVIEST
    }
}

/// Passes on the record once for each item of its lists, with the item in place of the list. Stops if there are too
/// many.
fn expand(record: Value, levels: &[Expand], made: &mut Made) {
    let Some((level, deeper)) = levels.split_first() else {
        made.records.push(record);
        return;
    };
    let items: Vec<Value> = level.path.all(&record).into_iter().take(MOST_EXPANDED + 1).cloned().collect();
    let mut base = record;
    without(&mut base, level);
    if items.is_empty() {
        // Without an item, the record still counts. Its required fields then report what is missing.
        expand(base, deeper, made);
        return;
    }
    let heft = weight::of_value(&base);
    for item in items {
        made.weight = made.weight.saturating_add(heft);
        if made.is_full() {
            return;
        }
        let mut one = base.clone();
        if let Some(map) = one.as_object_mut() {
            map.insert(level.name.clone(), item);
        }
        expand(one, deeper, made);
    }
}

/// Takes the list out of the record, since otherwise each new record would carry all of it.
fn without(record: &mut Value, level: &Expand) {
    let keys: Vec<&str> = level.path.leading_keys().collect();
    let Some((last, before)) = keys.split_last() else { return };
    let mut here = record;
    for key in before {
        let Some(next) = here.get_mut(*key) else { return };
        here = next;
    }
    if let Some(map) = here.as_object_mut() {
        map.remove(*last);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::expr::Path;

    fn level(path: &str, name: &str) -> Expand {
        Expand { path: Path::read(path).unwrap(), name: name.to_owned() }
    }

    #[test]
    fn each_session_is_a_record_with_what_stands_above_it() {
        let record = json!({"n": 1, "actions": [
            {"a": 1, "sessions": [{"s": 1}, {"s": 2}]},
            {"a": 2, "sessions": {"s": 3}},
            {"a": 3, "sessions": []}
        ]});
        let mut made = Made::default();
        expand(record, &[level(".actions[]", "action"), level(".action.sessions[]", "session")], &mut made);
        assert_eq!(
            made.records,
            [
                json!({"n": 1, "action": {"a": 1}, "session": {"s": 1}}),
                json!({"n": 1, "action": {"a": 1}, "session": {"s": 2}}),
                json!({"n": 1, "action": {"a": 2}, "session": {"s": 3}}),
                json!({"n": 1, "action": {"a": 3}}),
            ]
        );
    }

    #[test]
    fn a_record_that_would_multiply_what_stands_above_is_refused() {
        let items: Vec<Value> = (0..9_000).map(|n| json!({"n": n})).collect();
        let mut made = Made::default();
        expand(json!({"text": "x".repeat(100_000), "items": items}), &[level(".items[]", "item")], &mut made);
        assert!(made.is_full() && made.records.len() < 700, "{}", made.records.len());
    }
}
