//! The grammar of source files: TOML with positions, checked and compiled into a [`Spec`].

mod compile;
mod form;
mod raw;

use domain::{Draft, SourceSlug};
use serde_spanned::Spanned;
use sha2::{Digest, Sha256};

use crate::{Spec, SpecError, SpecFile, error::place};

pub(crate) use compile::{
    Body, Css, Decoder, Detail, Elements, Expand, Fields, Form, Get, HtmlRecords, Labelled, OnPage, Pages,
    Refuse, RequestTemplate, Shape, TableRules, Total,
};
pub(crate) use raw::Partner;

/// Errors found while a file is compiled, each with its byte offset.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics(Vec<(usize, String)>);

impl Diagnostics {
    pub(crate) fn add(&mut self, byte: usize, reason: impl Into<String>) {
        self.0.push((byte, reason.into()));
    }
}

/// Parses and compiles a source file.
pub(crate) fn read(slug: &SourceSlug, file: &SpecFile) -> Result<Spec, Vec<SpecError>> {
    let at = |byte: usize, reason: String| {
        let (line, column) = place(&file.text, byte);
        SpecError { file: file.name.clone(), line, column, reason }
    };
    let raw: Partner = toml::from_str(&file.text).map_err(|error| {
        let byte = error.span().map_or(0, |span| span.start);
        vec![at(byte, helpful(error.message()))]
    })?;
    let mut diagnostics = Diagnostics::default();
    let version = hex::encode(Sha256::digest(file.text.as_bytes()));
    let spec = compile::partner(slug, version, raw, &mut diagnostics);
    match spec {
        Some(spec) if diagnostics.0.is_empty() => Ok(spec),
        _ => {
            diagnostics.0.sort();
            Err(diagnostics.0.into_iter().map(|(byte, reason)| at(byte, reason)).collect())
        }
    }
}

/// The name of the form that tells the kind of a record. It is not a field of a draft, which always has a kind.
pub(crate) const KIND: &str = "kind";

/// Returns our field of that name, or adds an error with the nearest name.
fn known(name: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<&'static str> {
    let found = Draft::FIELDS.iter().chain([&KIND]).find(|field| **field == name.get_ref().as_str());
    if found.is_none() {
        let likeness = |field: &&&str| strsim::jaro_winkler(name.get_ref(), field);
        let nearest = Draft::FIELDS.iter().max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
        let nearest =
            nearest.filter(|field| likeness(field) > 0.7).map(|field| format!("; did you mean `{field}`?"));
        let rest = nearest.unwrap_or_else(|| format!("; the fields are {}", Draft::FIELDS.join(", ")));
        diagnostics.add(name.span().start, format!("`{}` is not a field{rest}", name.get_ref()));
    }
    found.copied()
}

/// Adds the nearest known name to serde's "unknown field `x`, expected one of `a`, `b`".
fn helpful(message: &str) -> String {
    let message = message.trim().replace('\n', " ");
    let Some((head, expected)) = message.split_once(", expected ") else { return message };
    let mut quoted = head.split('`');
    let (Some(what), Some(wrong)) = (quoted.next(), quoted.next()) else { return message };
    let known: Vec<&str> = expected.split('`').skip(1).step_by(2).collect();
    let likeness = |name: &&str| strsim::jaro_winkler(wrong, name);
    let nearest = known.iter().copied().max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
    let what = what.replace("field", "key").replace("variant", "word");
    match nearest.filter(|name| likeness(name) > 0.7) {
        Some(name) => format!("{what}`{wrong}`; did you mean `{name}`?"),
        None => format!("{what}`{wrong}`; known here: {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests;
