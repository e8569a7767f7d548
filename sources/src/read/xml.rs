//! XML pages, RSS and Atom among them, read as they come: only one record is held at a time.

mod guard;
mod want;

use std::io::BufRead;

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use serde_json::{Map, Value};

use super::pass::Pass;
use crate::{Alarm, grammar::Elements};
use guard::{Guard, Meter};
use want::Want;

/// Deepest nesting read.
const DEEPEST: usize = 100;
/// Largest record, in bytes of XML.
const LARGEST: usize = 16 << 20;

/// The records of a page.
pub(super) fn list(elements: &Elements, input: impl BufRead, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let want = Want::of(pass.shape, pass.fields, pass.link);
    let meter = Meter::default();
    let mut reader = Reader::from_reader(Guard::new(input, meter.clone(), LARGEST));
    let config = reader.config_mut();
    config.allow_dangling_amp = true;
    let mut walk = Walk { reader, meter, buffer: Vec::new() };
    let mut open: Vec<String> = Vec::new();
    loop {
        walk.meter.reset();
        let (start, is_empty) = match walk.next()? {
            Next::Start(start) => (start, false),
            Next::Empty(start) => (start, true),
            Next::End => {
                open.pop();
                continue;
            }
            Next::Text(_) => continue,
            Next::Eof if open.is_empty() => return Ok(()),
            Next::Eof => {
                return Err(Alarm::Unreadable(format!("it breaks off within <{}>", open.join("><"))));
            }
        };
        let name = start.name().0.to_owned();
        if open.is_empty() && name.eq_ignore_ascii_case("html") {
            return Err(Alarm::Unreadable("XML is promised and HTML came".to_owned()));
        }
        if is_record(elements, &open, &name) {
            let record = walk.element(&start, is_empty, &want, 0)?;
            let record = if record.is_null() { Value::Object(Map::new()) } else { record };
            if pass.tree(record).is_break() {
                return Ok(());
            }
        } else if !is_empty {
            open.push(name);
            if open.len() > DEEPEST {
                return Err(too_deep());
            }
        }
    }
}

/// The whole document as one value, for what stands beside the records: a total, a cursor, a link.
pub(super) fn document(input: impl BufRead) -> Result<Value, Alarm> {
    let meter = Meter::default();
    let mut reader = Reader::from_reader(Guard::new(input, meter.clone(), LARGEST));
    reader.config_mut().allow_dangling_amp = true;
    let mut walk = Walk { reader, meter, buffer: Vec::new() };
    loop {
        let (start, is_empty) = match walk.next()? {
            Next::Start(start) => (start, false),
            Next::Empty(start) => (start, true),
            Next::Eof => return Err(Alarm::Unreadable("it has no element".to_owned())),
            Next::End | Next::Text(_) => continue,
        };
        let name = start.name().0.to_owned();
        let value = walk.element(&start, is_empty, &Want::everything(), 0)?;
        return Ok(Value::Object(Map::from_iter([(name, value)])));
    }
}

fn too_deep() -> Alarm {
    Alarm::Unreadable(format!("it is nested deeper than {DEEPEST} elements"))
}

/// A name without its prefix.
pub(super) fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

fn same(name: &str, wanted: &str) -> bool {
    name == wanted || (!wanted.contains(':') && local(name) == wanted)
}

fn is_record(elements: &Elements, open: &[String], name: &str) -> bool {
    match elements {
        Elements::Root => open.is_empty(),
        Elements::Named(wanted) => same(name, wanted),
        Elements::At(path) => {
            path.len() == open.len() + 1
                && open
                    .iter()
                    .map(String::as_str)
                    .chain([name])
                    .zip(path)
                    .all(|(name, wanted)| same(name, wanted))
        }
    }
}

/// What comes next, without what nobody asks for.
enum Next {
    Start(BytesStart<'static>),
    Empty(BytesStart<'static>),
    End,
    Text(String),
    Eof,
}

struct Walk<R> {
    reader: Reader<R>,
    meter: Meter,
    buffer: Vec<u8>,
}

impl<R: BufRead> Walk<R> {
    fn next(&mut self) -> Result<Next, Alarm> {
        loop {
            self.buffer.clear();
            let at = self.reader.buffer_position();
            return Ok(match self.reader.read_event_into(&mut self.buffer) {
                Ok(Event::Start(start)) => Next::Start(start.into_owned()),
                Ok(Event::Empty(start)) => Next::Empty(start.into_owned()),
                Ok(Event::End(_)) => Next::End,
                Ok(Event::Text(text)) => Next::Text(text.into_inner().into_owned()),
                Ok(Event::CData(text)) => Next::Text(text.into_inner().into_owned()),
                Ok(Event::GeneralRef(name)) => Next::Text(referred(&name)),
                Ok(Event::Eof) => Next::Eof,
                Ok(Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_)) => continue,
                Err(error) => {
                    return Err(Alarm::Unreadable(format!("it is no XML: {error}, about byte {at}")));
                }
            });
        }
    }

    /// The value of an element: its attributes as `@name`, its elements by name, its text.
    fn element(
        &mut self,
        start: &BytesStart<'_>,
        is_empty: bool,
        want: &Want,
        depth: usize,
    ) -> Result<Value, Alarm> {
        if depth > DEEPEST {
            return Err(too_deep());
        }
        let mut map = Map::new();
        for attribute in start.attributes().with_checks(false).flatten() {
            let name = attribute.key.0;
            if !name.starts_with("xmlns") && want.attribute(name) {
                let value = html_escape::decode_html_entities(&*attribute.value).into_owned();
                map.insert(format!("@{name}"), Value::String(value));
            }
        }
        let mut words = String::new();
        loop {
            if is_empty {
                break;
            }
            let (child, child_is_empty) = match self.next()? {
                Next::Start(child) => (child, false),
                Next::Empty(child) => (child, true),
                Next::Text(text) => {
                    words.push_str(&text);
                    continue;
                }
                Next::End => break,
                Next::Eof => {
                    return Err(Alarm::Unreadable(format!("it breaks off within <{}>", start.name().0)));
                }
            };
            let name = child.name().0.to_owned();
            match want.element(&name) {
                Some(want) => {
                    let value = self.element(&child, child_is_empty, want, depth + 1)?;
                    push(&mut map, name, value);
                }
                None if child_is_empty => (),
                None => self.skip(&child)?,
            }
        }
        Ok(assembled(map, words))
    }

    fn skip(&mut self, start: &BytesStart<'_>) -> Result<(), Alarm> {
        self.buffer.clear();
        let skipped = self.reader.read_to_end_into(start.name(), &mut self.buffer);
        skipped.map(drop).map_err(|error| Alarm::Unreadable(format!("it is no XML: {error}")))
    }
}

/// An element of text alone is that text; nothing at all is null.
fn assembled(mut map: Map<String, Value>, words: String) -> Value {
    let bare = words.trim();
    let text = if bare.len() == words.len() { words } else { bare.to_owned() };
    match (map.is_empty(), text.is_empty()) {
        (true, true) => Value::Null,
        (true, false) => Value::String(text),
        (false, true) => Value::Object(map),
        (false, false) => {
            map.insert("#text".to_owned(), Value::String(text));
            Value::Object(map)
        }
    }
}

/// A further element of a name makes a list.
fn push(map: &mut Map<String, Value>, name: String, value: Value) {
    match map.get_mut(&name) {
        None => drop(map.insert(name, value)),
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// `&amp;`, `&#233;`, and HTML's `&eacute;`, which partners write in XML too. What nobody knows stays as it is.
fn referred(name: &BytesRef<'_>) -> String {
    if let Ok(Some(c)) = name.resolve_char_ref() {
        return c.to_string();
    }
    let written = format!("&{};", &**name);
    html_escape::decode_html_entities(&written).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_is_read_with_all_it_holds() {
        let xml = "<?xml version='1.0'?><!DOCTYPE a><r xmlns:dc='x'><a n='1' xml:lang='fr'>t &amp; &eacute;&#233;<![CDATA[<b>]]><!-- c --></a>\
                   <e/><dc:e f='2'/><l>1</l><l>2</l></r>";
        let value = document(xml.as_bytes()).unwrap();
        assert_eq!(
            value,
            serde_json::json!({"r": {
                "a": {"@n": "1", "@xml:lang": "fr", "#text": "t & éé<b>"},
                "e": null, "dc:e": {"@f": "2"}, "l": ["1", "2"]
            }})
        );
    }

    #[test]
    fn what_is_no_xml_is_an_alarm() {
        for xml in ["", "<a>", "<a><b></a>", "<a", "{}"] {
            assert!(document(xml.as_bytes()).is_err(), "{xml}");
        }
        let deep = "<a>".repeat(500);
        assert!(document(deep.as_bytes()).is_err());
    }
}
