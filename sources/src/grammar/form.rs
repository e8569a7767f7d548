//! A field's form as written: text, a table, or a list of alternatives.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// A form as written.
#[derive(Debug, Clone)]
pub(super) enum RawForm {
    /// A path or jq of a JSON record; a CSS selector of an HTML one.
    Text(String),
    /// `{ css = "a", attr = "href", regex = "-(\\d+)$" }`
    Table(RawTable),
    /// Tried in order; the first that gives something counts.
    Either(Vec<RawForm>),
}

/// The keys of a table form.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTable {
    /// A path or jq of a JSON record.
    pub(super) path: Option<String>,
    /// A CSS selector.
    pub(super) css: Option<String>,
    /// The attribute whose value counts, instead of the text.
    pub(super) attr: Option<String>,
    /// The text in front of a value: "Contrat proposé".
    pub(super) label: Option<String>,
    /// Where, within the labelled element, the value is.
    pub(super) value: Option<String>,
    /// A path or jq in the page's JSON-LD `JobPosting`.
    pub(super) jsonld: Option<String>,
    /// Keep the markup: for bodies, whose paragraphs it holds.
    #[serde(default)]
    pub(super) html: bool,
    /// All matches, joined by this.
    pub(super) join: Option<String>,
    /// What of the value counts: the first group.
    pub(super) regex: Option<String>,
    /// The value itself.
    #[serde(rename = "const")]
    pub(super) fixed: Option<String>,
    /// The page's own address.
    #[serde(default)]
    pub(super) page_url: bool,
}

impl<'de> Deserialize<'de> for RawForm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyForm)
    }
}

struct AnyForm;

impl<'de> Visitor<'de> for AnyForm {
    type Value = RawForm;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(
            "a path, a CSS selector, a table such as { css = \"a\", attr = \"href\" }, or a list of these",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawForm, E> {
        Ok(RawForm::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawForm, A::Error> {
        RawTable::deserialize(MapAccessDeserializer::new(map)).map(RawForm::Table)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawForm, A::Error> {
        let mut forms = Vec::new();
        while let Some(form) = items.next_element()? {
            forms.push(form);
        }
        Ok(RawForm::Either(forms))
    }
}
