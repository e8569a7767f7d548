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
    /// A path or jq for a JSON or XML record, the name of a column, or a CSS selector for an HTML record.
    Text(String),
    /// `{ css = "a", attr = "href", regex = "-(\\d+)$" }`
    Table(Box<RawTable>),
    /// Forms that are tried in order; the first with a value counts.
    Either(Vec<RawForm>),
}

/// Where a value comes from: exactly one of `path`, `column`, `css`, `jsonld`, `microdata`, `const`, `page_url` and
/// `parts`, with options.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawTable {
    /// A path or jq for a JSON or XML record.
    pub(super) path: Option<String>,
    /// The name of a column, for a table.
    pub(super) column: Option<String>,
    /// A CSS selector.
    pub(super) css: Option<String>,
    /// With `css`: use this attribute instead of the text.
    pub(super) attr: Option<String>,
    /// With `css`: select the element whose text begins with this label ("Contrat proposé"). The value is what follows
    /// the colon.
    pub(super) label: Option<String>,
    /// With `label`: a CSS selector of the value within the labelled element; with a plus before it, of the element that
    /// follows the labelled one (`"+ dd"`).
    pub(super) value: Option<String>,
    /// With `css`: keep the markup, so that a text keeps its paragraphs.
    #[serde(default)]
    pub(super) html: bool,
    /// With `css`: use all matches, joined by this text. Default: only the first match.
    pub(super) join: Option<String>,
    /// A path or jq for the JSON-LD of the page.
    pub(super) jsonld: Option<String>,
    /// A path or jq for the microdata of the page.
    pub(super) microdata: Option<String>,
    /// With `jsonld` or `microdata`: the schema.org type. Default: `JobPosting`.
    #[serde(rename = "type")]
    pub(super) kind: Option<String>,
    /// A constant value. Within `parts`, its blanks stay.
    #[serde(rename = "const")]
    pub(super) fixed: Option<String>,
    /// Whether to use the address of the page.
    #[serde(default)]
    pub(super) page_url: bool,
    /// Several forms that make one value. If one of them gives nothing, there is no value.
    pub(super) parts: Option<Vec<RawForm>>,
    /// With `parts`: the text between them. Default: none.
    pub(super) with: Option<String>,
    /// With `parts`: join those that have a value, even if others have none.
    #[serde(default)]
    pub(super) some: bool,
    /// A regular expression with exactly one group, which is used as the value. If it does not match, there is no
    /// value.
    pub(super) regex: Option<String>,
    /// Words for the partner's codes: `{ "1" = "CDI" }`. A value that is not listed stays as it is. Of a list, "CM, SN", each
    /// part is looked up.
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
            "description": "Where a value comes from: a path or jq (JSON, XML), the name of a column (table), a CSS selector (HTML), a table, or a list of these. The first one that gives a value counts. For `contract`, a value on hours alone (`FULL_TIME`) stays beside the next one, and a vague one (`CONTRACTOR`, `OTHER`) gives way to it.",
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
