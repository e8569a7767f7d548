//! The grammar of source files, generated from the types that parse them: a schema for editors, and a page for people.

use std::fmt::Write as _;

use domain::Draft;
use include_dir::{Dir, include_dir};
use schemars::{Schema, schema_for};
use serde_json::Value;

use crate::grammar::Partner;

/// The examples of the reference page, one folder each: `oim-etl sources schema --markdown` prints them.
static EXAMPLES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/reference");

/// Returns the JSON Schema (2020-12) of a source file.
pub fn schema() -> Schema {
    schema_for!(Partner)
}

/// Returns the reference page: each key as the schema describes it, and the examples that the tests run.
pub fn reference() -> String {
    let mut page = String::from(
        "# Partner files\n\n<!-- Written by `oim-etl sources schema --markdown`; the text is that of `sources/src/grammar`. -->\n\n\
         How to bring in a partner, step by step: [ADDING_A_PARTNER.md](ADDING_A_PARTNER.md). This page is the reference: every\n\
         key, then an example of every construct with what it reads. The tests run each of them.\n",
    );
    let schema = Value::from(schema());
    let title = |name: &str| match name {
        "Partner" => "The file".to_owned(),
        other => other.to_owned(),
    };
    section(&mut page, &title("Partner"), &schema);
    for name in [
        "Stream", "Format", "Request", "Pages", "Records", "Refuse", "Expand", "Table", "Form", "RawTable",
        "Detail", "Revisit", "File", "Auth",
    ] {
        if let Some(definition) = schema.pointer(&format!("/$defs/{name}")) {
            section(&mut page, &title(name), definition);
        }
    }
    our_fields(&mut page);
    page.push_str("\n## Examples\n");
    for example in examples() {
        example.shown(&mut page);
    }
    page
}

/// Describes the fields that a source file may map, and which values each accepts.
fn our_fields(page: &mut String) {
    page.push_str("\n## Our fields\n\nA stream maps the partner's words to these and no others. What cannot be read refuses the record, with the words.\n");
    page.push_str("`kind`, of the stream, is `job`, `training`, `agr` (income-generating activity) or `microfinance`. A field `kind` tells it for each record, with\n`internship` (a job whose contract is an internship) and, for what is not an opportunity, `tender` (for firms) and `notice` (such as results). Other words\nrefuse the record.\n\n| field | what it is |\n|---|---|\n");
    for field in Draft::FIELDS {
        let _ = writeln!(page, "| `{field}` | {} |", Draft::describe(field).replace('|', "\\|"));
    }
}

/// Renders a definition as a heading, its text, and a table of its keys.
fn section(page: &mut String, name: &str, definition: &Value) {
    let name = if name == "RawTable" { "Form as a table" } else { name };
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## {name}\n\n{}\n", description(definition));
    if let Some(variants) = definition.get("oneOf").and_then(Value::as_array) {
        for variant in variants {
            one_of(page, variant);
        }
    }
    keys(page, definition);
}

/// Renders a choice: a word, or a table that its `kind` identifies.
fn one_of(page: &mut String, variant: &Value) {
    if let Some(word) = variant.get("const").and_then(Value::as_str) {
        let _ = write!(page, "\n- `{word}`: {}", description(variant));
    } else if let Some(kind) = variant.pointer("/properties/kind/const").and_then(Value::as_str) {
        let _ = write!(page, "\n### `kind = \"{kind}\"`\n\n{}\n", description(variant));
        keys(page, variant);
    }
}

fn keys(page: &mut String, definition: &Value) {
    let Some(properties) = definition.get("properties").and_then(Value::as_object) else { return };
    let required: Vec<&str> = definition
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let properties: Vec<_> = properties.iter().filter(|(_, value)| value.get("const").is_none()).collect();
    if properties.is_empty() {
        return;
    }
    page.push_str("\n| key | | what it is |\n|---|---|---|\n");
    for (key, value) in properties {
        let must = if required.contains(&key.as_str()) { "required" } else { "" };
        let _ = writeln!(page, "| `{key}` | {must} | {} |", description(value).replace('|', "\\|"));
    }
}

fn description(value: &Value) -> String {
    let text = value.get("description").and_then(Value::as_str).unwrap_or_default();
    text.split("\n\n").map(|part| part.replace('\n', " ")).collect::<Vec<_>>().join("\n\n")
}

/// An example: a source file, an answer, and the result of parsing it.
pub(crate) struct Example {
    /// Its folder.
    #[cfg(test)]
    pub(crate) name: String,
    /// The file.
    pub(crate) spec: &'static str,
    /// Name and bytes of the answer.
    pub(crate) answer: (String, &'static [u8]),
    /// Where it came from; `file` for one that was sent.
    #[cfg(test)]
    pub(crate) url: &'static str,
    /// What is read of it.
    pub(crate) gives: &'static str,
}

impl Example {
    fn of(folder: &'static Dir<'static>) -> Option<Self> {
        let text =
            |name: &str| folder.get_file(folder.path().join(name)).and_then(include_dir::File::contents_utf8);
        let name_of = |file: &include_dir::File<'_>| {
            file.path().file_name().map(|name| name.to_string_lossy().into_owned())
        };
        let answer = folder.files().find_map(|file| {
            let name = name_of(file).filter(|name| name.starts_with("page."))?;
            Some((name, file.contents()))
        })?;
        Some(Self {
            #[cfg(test)]
            name: folder.path().file_name()?.to_string_lossy().into_owned(),
            spec: text("exemple.toml")?,
            answer,
            #[cfg(test)]
            url: text("url")?.trim(),
            gives: text("gives.txt").unwrap_or_default(),
        })
    }

    fn shown(&self, page: &mut String) {
        let (heading, rest) = self.spec.split_once('\n').unwrap_or((self.spec, ""));
        let _ = write!(page, "\n### {}\n\n```toml\n{}```\n", heading.trim_start_matches("# "), rest);
        let ending = self.answer.0.rsplit_once('.').map_or("", |(_, ending)| ending);
        let _ = write!(page, "\nThe answer:\n\n```{ending}\n{}```\n", String::from_utf8_lossy(self.answer.1));
        let _ = write!(page, "\ngives:\n\n```\n{}```\n", self.gives);
    }
}

/// The examples, in order.
pub(crate) fn examples() -> Vec<Example> {
    EXAMPLES.dirs().filter_map(Example::of).collect()
}

#[cfg(test)]
mod tests;
