//! A field's form as written: text, a table, or a list of alternatives.

use std::{borrow::Cow, collections::BTreeMap, fmt};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{
    Deserialize, Deserializer,
    de::{self, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

/// A form as written.
#[derive(Debug, Clone)]
pub(crate) enum RawForm {
    /// A path or jq of a JSON or XML record; the name of a column; a CSS selector of an HTML record.
    Text(String),
    /// `{ css = "a", attr = "href", regex = "-(\\d+)$" }`
    Table(Box<RawTable>),
    /// Tried in order; the first that gives something counts.
    Either(Vec<RawForm>),
}

/// Where a value comes from, said in full: one of `path`, `column`, `css`, `jsonld`, `microdata`, `const`, `page_url`, `parts`,
/// and what of it counts.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTable {
    /// A path or jq of a JSON or XML record.
    pub(super) path: Option<String>,
    /// The name of a column of a table.
    pub(super) column: Option<String>,
    /// A CSS selector.
    pub(super) css: Option<String>,
    /// With `css`: the attribute whose value counts, instead of the text.
    pub(super) attr: Option<String>,
    /// With `css`: the element is the one whose text begins with this ("Contrat proposé"); what follows the colon counts.
    pub(super) label: Option<String>,
    /// With `label`: a CSS selector of the value within the labelled element.
    pub(super) value: Option<String>,
    /// With `css`: keep the markup. For bodies, whose paragraphs it holds.
    #[serde(default)]
    pub(super) html: bool,
    /// With `css`: all matches, joined by this.
    pub(super) join: Option<String>,
    /// A path or jq in the page's JSON-LD.
    pub(super) jsonld: Option<String>,
    /// A path or jq in the page's microdata.
    pub(super) microdata: Option<String>,
    /// With `jsonld` or `microdata`: the schema.org type. Unsaid: `JobPosting`.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    /// The value itself.
    #[serde(rename = "const")]
    pub(super) fixed: Option<String>,
    /// The page's own address.
    #[serde(default)]
    pub(super) page_url: bool,
    /// Several forms make one value. Nothing comes of it unless each gives something.
    pub(super) parts: Option<Vec<RawForm>>,
    /// With `parts`: what stands between them. Unsaid: nothing.
    pub(super) with: Option<String>,
    /// With `parts`: those that give something are enough.
    #[serde(default)]
    pub(super) some: bool,
    /// What of the value counts: the one group of this regular expression. A value it does not match is none.
    pub(super) regex: Option<String>,
    /// The partner's codes in words: `{ "1" = "CDI" }`. A value it does not name stays as it is.
    #[serde(default)]
    pub(super) map: BTreeMap<String, String>,
}

impl JsonSchema for RawForm {
    fn schema_name() -> Cow<'static, str> {
        "Form".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let table = generator.subschema_for::<RawTable>();
        json_schema!({
            "description": "Where a value comes from: a path or jq (JSON, XML), the name of a column (table), a CSS selector (HTML), a table, or a list of these, of which the first that gives something counts.",
            "anyOf": [
                { "type": "string" },
                table,
                { "type": "array", "items": { "anyOf": [{ "type": "string" }, table] } }
            ]
        })
    }
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
            "a path, a column, a CSS selector, a table such as { css = \"a\", attr = \"href\" }, or a list of these",
        )
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<RawForm, E> {
        Ok(RawForm::Text(text.to_owned()))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawForm, A::Error> {
        RawTable::deserialize(MapAccessDeserializer::new(map)).map(|table| RawForm::Table(Box::new(table)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawForm, A::Error> {
        let mut forms = Vec::new();
        while let Some(form) = items.next_element()? {
            forms.push(form);
        }
        Ok(RawForm::Either(forms))
    }
}
