//! Forms, compiled.

use std::collections::BTreeMap;

use regex::Regex;
use scraper::Selector;
use serde_spanned::Spanned;

use super::shape::RecordKind;
use crate::{
    expr::Expr,
    grammar::{
        Diagnostics,
        form::{RawForm, RawTable},
    },
};

/// The schema.org type, unless a form names another one.
const POSTING: &str = "JobPosting";

/// A CSS selector.
#[derive(Debug, Clone)]
pub(crate) struct Css(pub(crate) Selector);

impl Css {
    /// Parses a selector.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        Selector::parse(text).map(Self).map_err(|_| format!("`{text}` is not a CSS selector"))
    }
}

/// Where the value of a label is.
#[derive(Debug, Clone)]
pub(crate) enum Labelled {
    /// In a part of the labelled element.
    Within(Css),
    /// In the element behind it: `+ dd`.
    Beside(Css),
}

impl Labelled {
    fn read(text: &str) -> Result<Self, String> {
        match text.trim_start().strip_prefix('+') {
            Some(beside) => Css::read(beside.trim()).map(Self::Beside),
            None => Css::read(text).map(Self::Within),
        }
    }
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub(crate) enum Get {
    /// A JSON or XML record.
    Tree(Expr),
    /// A column of a table.
    Column(String),
    /// Elements of an HTML record: their text, an attribute, or their markup.
    Css { css: Css, attr: Option<String>, html: bool, join: Option<String> },
    /// The element whose text begins with a label (folded). The value is the rest of the text, or what `value` says.
    Label { css: Css, label: String, value: Option<Labelled> },
    /// The JSON-LD of the page, of one type.
    JsonLd { kind: String, expr: Expr },
    /// The microdata of the page, of one type.
    Microdata { kind: String, expr: Expr },
    /// A constant.
    Fixed(String),
    /// The address of the page.
    PageUrl,
    /// The first of several forms that gives a value.
    First(Vec<Form>),
    /// Several forms, joined.
    Parts { parts: Vec<Form>, with: String, some: bool },
}

/// Where a value comes from, and which part of it counts.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) get: Get,
    pub(crate) regex: Option<Regex>,
    pub(crate) map: BTreeMap<String, String>,
}

impl Form {
    fn plain(get: Get) -> Self {
        Self { get, regex: None, map: BTreeMap::new() }
    }
}

/// Compiles a form into its alternatives; `None` if there is none without errors.
pub(super) fn compile(
    raw: &Spanned<RawForm>,
    kind: RecordKind,
    diagnostics: &mut Diagnostics,
) -> Option<Vec<Form>> {
    let alternatives = match raw.get_ref() {
        RawForm::Either(forms) => forms.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut forms = Vec::new();
    for form in alternatives {
        match one(form, kind) {
            Ok(form) => forms.push(form),
            Err(reason) => diagnostics.add(raw.span().start, reason),
        }
    }
    (!forms.is_empty()).then_some(forms)
}

fn one(raw: &RawForm, kind: RecordKind) -> Result<Form, String> {
    match (raw, kind) {
        (RawForm::Text(text), RecordKind::Markup) => {
            Ok(Form::plain(Get::Css { css: Css::read(text)?, attr: None, html: false, join: None }))
        }
        (RawForm::Text(text), RecordKind::Row) => Ok(Form::plain(column(text)?)),
        (RawForm::Text(text), RecordKind::Tree) => Ok(Form::plain(Get::Tree(Expr::read(text)?))),
        (RawForm::Table(table), _) => table_form(table, kind),
        (RawForm::Either(_), _) => Err("alternatives are one list, not a list within a list".to_owned()),
    }
}

/// Compiles a part of a value: a form, or alternatives.
fn part(raw: &RawForm, kind: RecordKind) -> Result<Form, String> {
    match raw {
        RawForm::Either(forms) => {
            let forms = forms.iter().map(|form| one(form, kind)).collect::<Result<Vec<_>, _>>()?;
            Ok(Form::plain(Get::First(forms)))
        }
        form => one(form, kind),
    }
}

/// Compiles a column by its name, or a path or jq for the row.
fn column(text: &str) -> Result<Get, String> {
    if !text.starts_with('.') {
        return Ok(Get::Column(text.to_owned()));
    }
    let expr = Expr::read(text)?;
    Ok(match expr.as_key() {
        Some(key) => Get::Column(key.to_owned()),
        None => Get::Tree(expr),
    })
}

fn table_form(raw: &RawTable, kind: RecordKind) -> Result<Form, String> {
    extras(raw)?;
    let regex = raw.regex.as_deref().map(regex).transpose()?;
    let only = |key: &str, of: RecordKind, what: &str| {
        let here = match kind {
            RecordKind::Tree => "JSON or XML",
            RecordKind::Row => "a table",
            RecordKind::Markup => "HTML",
        };
        if kind == of { Ok(()) } else { Err(format!("`{key}` is for {what}; this is {here}")) }
    };
    let posting = || raw.kind.clone().unwrap_or_else(|| POSTING.to_owned());
    let get = match raw {
        RawTable { fixed: Some(text), .. } => Get::Fixed(text.clone()),
        RawTable { page_url: true, .. } => Get::PageUrl,
        RawTable { parts: Some(parts), with, some, .. } => {
            let parts = parts.iter().map(|each| part(each, kind)).collect::<Result<Vec<_>, _>>()?;
            Get::Parts { parts, with: with.clone().unwrap_or_default(), some: *some }
        }
        RawTable { jsonld: Some(path), .. } => {
            only("jsonld", RecordKind::Markup, "HTML")?;
            Get::JsonLd { kind: posting(), expr: Expr::read(path)? }
        }
        RawTable { microdata: Some(path), .. } => {
            only("microdata", RecordKind::Markup, "HTML")?;
            Get::Microdata { kind: posting(), expr: Expr::read(path)? }
        }
        RawTable { column: Some(name), .. } => {
            only("column", RecordKind::Row, "tables")?;
            Get::Column(name.clone())
        }
        RawTable { path: Some(path), .. } if kind == RecordKind::Row => column(path)?,
        RawTable { path: Some(path), .. } => {
            only("path", RecordKind::Tree, "JSON and XML")?;
            Get::Tree(Expr::read(path)?)
        }
        RawTable { css: Some(css), label: Some(label), value, .. } => {
            only("css", RecordKind::Markup, "HTML")?;
            let label = normalize::text::fold(label);
            Get::Label {
                css: Css::read(css)?,
                label,
                value: value.as_deref().map(Labelled::read).transpose()?,
            }
        }
        RawTable { css: Some(css), attr, html, join, .. } => {
            only("css", RecordKind::Markup, "HTML")?;
            Get::Css { css: Css::read(css)?, attr: attr.clone(), html: *html, join: join.clone() }
        }
        _ => {
            return Err("a form needs one of `path`, `column`, `css`, `jsonld`, `microdata`, `const`, `page_url`, `parts`"
                .to_owned());
        }
    };
    Ok(Form { get, regex, map: raw.map.clone() })
}

/// Refuses a second place for the value, and options of a place that is not set: both would be ignored silently.
fn extras(raw: &RawTable) -> Result<(), String> {
    let places = [
        ("path", raw.path.is_some()),
        ("column", raw.column.is_some()),
        ("css", raw.css.is_some()),
        ("jsonld", raw.jsonld.is_some()),
        ("microdata", raw.microdata.is_some()),
        ("const", raw.fixed.is_some()),
        ("page_url", raw.page_url),
        ("parts", raw.parts.is_some()),
    ];
    let given: Vec<&str> = places.iter().filter(|(_, is_given)| *is_given).map(|(key, _)| *key).collect();
    if let [first, second, ..] = given.as_slice() {
        return Err(format!("a form has one place: `{first}` or `{second}`"));
    }
    let is = |key: &str| given.contains(&key);
    let belongs = [
        ("attr", raw.attr.is_some(), is("css"), "css"),
        ("label", raw.label.is_some(), is("css"), "css"),
        ("html", raw.html, is("css"), "css"),
        ("join", raw.join.is_some(), is("css"), "css"),
        ("value", raw.value.is_some(), raw.label.is_some(), "label"),
        ("type", raw.kind.is_some(), is("jsonld") || is("microdata"), "jsonld"),
        ("with", raw.with.is_some(), is("parts"), "parts"),
        ("some", raw.some, is("parts"), "parts"),
    ];
    match belongs.iter().find(|(_, is_given, fits, _)| *is_given && !fits) {
        Some((key, _, _, to)) => Err(format!("`{key}` goes with `{to}`")),
        None => Ok(()),
    }
}

/// Compiles a regular expression with exactly one group. The crate matches in linear time, whatever the pattern.
#[expect(
    clippy::disallowed_methods,
    reason = "the pattern comes from a source file: an invalid one is reported when that file is loaded"
)]
fn regex(text: &str) -> Result<Regex, String> {
    let regex = regex::RegexBuilder::new(text)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| format!("`{text}` is not a regular expression"))?;
    if regex.captures_len() == 2 {
        Ok(regex)
    } else {
        Err(format!("`{text}` needs exactly one group: what is in ( ) counts"))
    }
}
