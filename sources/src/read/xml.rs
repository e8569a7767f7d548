//! XML pages, including RSS and Atom, parsed as a stream: only one record is held at a time.

mod markup;
mod want;

use std::io::BufRead;

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};
use serde_json::{Map, Value};

use super::{
    guard::{Guard, Meter},
    pass::Pass,
    weight,
};
use crate::{Alarm, grammar::Elements};
use markup::{Words, is_markup};
use want::Want;

/// Deepest nesting parsed.
const DEEPEST: usize = 100;

/// Passes on the records of a page.
pub(super) fn list(elements: &Elements, input: impl BufRead, pass: &mut Pass<'_>) -> Result<(), Alarm> {
    let want = Want::of(pass.shape, pass.fields, pass.link);
    let mut walk = Walk::new(input);
    let mut open: Vec<String> = Vec::new();
    loop {
        walk.meter.reset();
        walk.buffer.clear();
        let at = walk.reader.buffer_position();
        let event = walk.reader.read_event_into(&mut walk.buffer).map_err(|error| broken(&error, at))?;
        let (start, is_empty) = match event {
            Event::Start(start) => (start, false),
            Event::Empty(start) => (start, true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Eof if open.is_empty() => return Ok(()),
            Event::Eof => return Err(cut_off(open.last())),
            _ => continue,
        };
        let name = start.name().0;
        if open.is_empty() && name.eq_ignore_ascii_case("html") {
            return Err(Alarm::Unreadable("XML is promised and HTML came".to_owned()));
        }
        if is_record(elements, &open, name) {
            let map = attributes(&start, &want);
            let record =
                if is_empty { assembled(map, Words::default()) } else { walk.element(map, &want, 0)? };
            let record = if record.is_object() { record } else { of_text(record) };
            if pass.tree(record).is_break() {
                return Ok(());
            }
        } else if !is_empty {
            open.push(name.to_owned());
            if open.len() > DEEPEST {
                return Err(too_deep());
            }
        }
    }
}

/// Returns the whole document as one value, to find totals, cursors and links in it.
pub(super) fn document(input: impl BufRead) -> Result<Value, Alarm> {
    let want = Want::everything();
    let mut walk = Walk::new(input);
    loop {
        walk.buffer.clear();
        let at = walk.reader.buffer_position();
        let event = walk.reader.read_event_into(&mut walk.buffer).map_err(|error| broken(&error, at))?;
        let (start, is_empty) = match event {
            Event::Start(start) => (start, false),
            Event::Empty(start) => (start, true),
            Event::Eof => return Err(Alarm::Unreadable("it has no element".to_owned())),
            _ => continue,
        };
        let name = start.name().0.to_owned();
        let map = attributes(&start, &want);
        let value = if is_empty { assembled(map, Words::default()) } else { walk.element(map, &want, 0)? };
        return Ok(Value::Object(Map::from_iter([(name, value)])));
    }
}

fn too_deep() -> Alarm {
    Alarm::Unreadable(format!("it is nested deeper than {DEEPEST} elements"))
}

fn cut_off(within: Option<&String>) -> Alarm {
    Alarm::Unreadable(format!("it breaks off within <{}>", within.map_or("?", String::as_str)))
}

fn broken(error: &quick_xml::Error, at: u64) -> Alarm {
    Alarm::Unreadable(format!("it is not XML: {error}, about byte {at}"))
}

/// Wraps a record that is only a text, or empty.
fn of_text(text: Value) -> Value {
    let text = if text.is_null() { None } else { Some(("#text".to_owned(), text)) };
    Value::Object(text.into_iter().collect())
}

/// Returns a name without its prefix.
pub(super) fn local(name: &str) -> &str {
    let colon = name.bytes().rposition(|byte| byte == b':');
    colon.and_then(|at| name.get(at + 1..)).unwrap_or(name)
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

/// Returns the needed attributes, as `@name`.
fn attributes(start: &BytesStart<'_>, want: &Want) -> Map<String, Value> {
    let mut map = Map::new();
    if !want.any_attribute() {
        return map;
    }
    for attribute in start.attributes().with_checks(false).flatten() {
        let name = attribute.key.0;
        if !name.starts_with("xmlns") && want.attribute(name) {
            let value = html_escape::decode_html_entities(&*attribute.value).into_owned();
            map.insert(format!("@{name}"), Value::String(value));
        }
    }
    map
}

struct Walk<R> {
    reader: Reader<Guard<R>>,
    meter: Meter,
    buffer: Vec<u8>,
}

impl<R: BufRead> Walk<R> {
    fn new(input: R) -> Self {
        let meter = Meter::default();
        let mut reader = Reader::from_reader(Guard::new(input, meter.clone(), weight::RECORD, weight::xml));
        reader.config_mut().allow_dangling_amp = true;
        Self { reader, meter, buffer: Vec::with_capacity(4 << 10) }
    }

    /// Returns the value of an element after its start tag: its attributes in `map`, its elements by name, its text.
    fn element(&mut self, mut map: Map<String, Value>, want: &Want, depth: usize) -> Result<Value, Alarm> {
        if depth > DEEPEST {
            return Err(too_deep());
        }
        let mut words = Words::default();
        // Open elements of markup.
        let mut open: Vec<String> = Vec::new();
        loop {
            self.buffer.clear();
            let at = self.reader.buffer_position();
            let event = self.reader.read_event_into(&mut self.buffer).map_err(|error| broken(&error, at))?;
            match event {
                Event::Text(text) => words.push(&text),
                Event::CData(text) => words.push(&text),
                Event::GeneralRef(name) => words.push(&referred(&name)),
                Event::Start(start) if is_text(want, &open, start.name().0) => {
                    let name = local(start.name().0).to_owned();
                    words.open(&name);
                    open.push(name);
                    if open.len() > DEEPEST {
                        return Err(too_deep());
                    }
                }
                Event::Empty(start) if is_text(want, &open, start.name().0) => {
                    words.open(local(start.name().0));
                }
                Event::End(_) if !open.is_empty() => {
                    open.pop().into_iter().for_each(|name| words.close(&name));
                }
                Event::Start(start) => match want.element(start.name().0) {
                    Some(want) => {
                        let name = start.name().0.to_owned();
                        let below = attributes(&start, want);
                        let value = self.element(below, want, depth + 1)?;
                        push(&mut map, name, value);
                    }
                    None => self.pass_over()?,
                },
                Event::Empty(start) => {
                    if let Some(want) = want.element(start.name().0) {
                        push(
                            &mut map,
                            start.name().0.to_owned(),
                            assembled(attributes(&start, want), Words::default()),
                        );
                    }
                }
                Event::End(_) => return Ok(assembled(map, words)),
                Event::Eof => return Err(Alarm::Unreadable("it breaks off within a record".to_owned())),
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) | Event::DocType(_) => (),
            }
        }
    }

    /// Skips to the end of an element that is not needed.
    fn pass_over(&mut self) -> Result<(), Alarm> {
        let mut depth = 0_usize;
        loop {
            self.buffer.clear();
            let at = self.reader.buffer_position();
            match self.reader.read_event_into(&mut self.buffer).map_err(|error| broken(&error, at))? {
                Event::Start(_) => depth += 1,
                Event::End(_) if depth == 0 => return Ok(()),
                Event::End(_) => depth -= 1,
                Event::Eof => return Err(Alarm::Unreadable("it breaks off within a record".to_owned())),
                _ => (),
            }
        }
    }
}

/// Returns whether an element is a part of the text around it: in markup everything is; elsewhere an element of HTML, where the text is
/// what a path asks for.
fn is_text(want: &Want, open: &[String], name: &str) -> bool {
    !open.is_empty() || (want.is_value() && is_markup(local(name)))
}

/// An element with only text becomes that text; an empty element becomes null.
fn assembled(mut map: Map<String, Value>, mut words: Words) -> Value {
    if let Some(markup) = words.markup() {
        map.insert("#markup".to_owned(), Value::String(markup.trim().to_owned()));
    }
    let words = words.text;
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

/// A second element of the same name turns the value into a list.
fn push(map: &mut Map<String, Value>, name: String, value: Value) {
    match map.get_mut(&name) {
        None => drop(map.insert(name, value)),
        Some(Value::Array(items)) => items.push(value),
        Some(first) => *first = Value::Array(vec![first.take(), value]),
    }
}

/// Decodes `&amp;`, `&#233;`, and HTML's `&eacute;`, which partners use in XML too. Unknown entities stay as they are.
fn referred(name: &BytesRef<'_>) -> String {
    if let Ok(Some(c)) = name.resolve_char_ref() {
        return c.to_string();
    }
    // A number that is not a character: NUL is nothing, half a surrogate pair is a character that was cut.
    if let Some(number) = name.strip_prefix('#') {
        let is_nul = number.trim_start_matches(['x', 'X']).bytes().all(|digit| digit == b'0');
        return if is_nul { String::new() } else { char::REPLACEMENT_CHARACTER.to_string() };
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
