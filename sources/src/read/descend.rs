//! Passes on the items of a list in a JSON document one by one, while the document is parsed.

use std::fmt;

use serde::{
    Deserialize as _,
    de::{
        self, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor,
        value::MapAccessDeserializer,
    },
};
use serde_json::{Value, de::Read};

use super::pass::Flow;

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Walked {
    /// The list exists, and the document is whole.
    Found,
    /// The document is whole, and has no such list.
    Missing,
    /// The receiver of the items asked to stop.
    Stopped,
}

/// Passes on each item of the list at `keys`. `Err`: the document breaks off; why.
pub(super) fn items<'de, R: Read<'de>>(
    mut json: serde_json::Deserializer<R>,
    keys: &[&str],
    each: &mut dyn FnMut(Value) -> Flow,
) -> Result<Walked, String> {
    let mut end = Walked::Missing;
    let walked =
        Descend { keys, is_root: true, each, end: &mut end }.deserialize(&mut json).and_then(|()| json.end());
    match (end, walked) {
        (Walked::Stopped, _) => Ok(Walked::Stopped),
        (end, Ok(())) => Ok(end),
        (_, Err(error)) => Err(error.to_string()),
    }
}

struct Descend<'a> {
    keys: &'a [&'a str],
    is_root: bool,
    each: &'a mut dyn FnMut(Value) -> Flow,
    end: &'a mut Walked,
}

impl<'de> DeserializeSeed<'de> for Descend<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, json: D) -> Result<(), D::Error> {
        json.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Descend<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON document")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.keys.is_empty() && !self.is_root {
            // A single record in place of the list of them.
            *self.end = Walked::Found;
            let record = Value::deserialize(MapAccessDeserializer::new(map))?;
            return match (self.each)(record) {
                Flow::Continue(()) => Ok(()),
                Flow::Break(()) => {
                    *self.end = Walked::Stopped;
                    Err(de::Error::custom("no more is wanted"))
                }
            };
        }
        while let Some(key) = map.next_key::<String>()? {
            match self.keys.split_first() {
                Some((wanted, keys)) if *wanted == key => {
                    map.next_value_seed(Descend {
                        keys,
                        is_root: false,
                        each: &mut *self.each,
                        end: &mut *self.end,
                    })?;
                }
                _ => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        if !self.keys.is_empty() {
            while items.next_element::<IgnoredAny>()?.is_some() {}
            return Ok(());
        }
        *self.end = Walked::Found;
        while let Some(item) = items.next_element::<Value>()? {
            if (self.each)(item).is_break() {
                *self.end = Walked::Stopped;
                return Err(de::Error::custom("no more is wanted"));
            }
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}
