//! Compiles how to parse a page.

use encoding_rs::Encoding;
use serde_spanned::Spanned;

use super::{Css, Form, forms};
use crate::{
    expr::{Expr, Path},
    grammar::{Diagnostics, known, raw},
};

/// Our fields, each with its alternative forms in order.
pub(crate) type Fields = Vec<(&'static str, Vec<Form>)>;

/// How to parse a page.
#[derive(Debug, Clone)]
pub(crate) struct Shape {
    pub(crate) decoder: Decoder,
    /// Which records to keep.
    pub(crate) keep: Option<Expr>,
    /// Which records are not opportunities, and why.
    pub(crate) refuse: Vec<Refuse>,
    pub(crate) expand: Vec<Expand>,
    pub(crate) encoding: Option<&'static Encoding>,
    /// Words that mean "no value", folded.
    pub(crate) empty: Vec<String>,
    pub(crate) fields: Fields,
}

/// Records that are not opportunities.
#[derive(Debug, Clone)]
pub(crate) struct Refuse {
    /// The forms; one of them gives a value for such a record.
    pub(crate) when: Vec<Form>,
    /// Why, for people.
    pub(crate) reason: String,
}

/// From bytes to records.
#[derive(Debug, Clone)]
pub(crate) enum Decoder {
    Json(Expr),
    Ndjson,
    Xml(Elements),
    Table(TableRules),
    Html(HtmlRecords),
}

/// Which elements are records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Elements {
    /// All elements of a name.
    Named(String),
    /// Elements at a path from the root.
    At(Vec<String>),
    /// The root alone.
    Root,
}

/// The parts of a table that the source file sets instead of leaving them to detection.
#[derive(Debug, Clone, Default)]
pub(crate) struct TableRules {
    pub(crate) header: Option<usize>,
    pub(crate) columns: Option<Vec<String>>,
    pub(crate) delimiter: Option<u8>,
    pub(crate) quote: Option<u8>,
    pub(crate) sheet: Option<String>,
}

/// Where the records of an HTML page are.
#[derive(Debug, Clone)]
pub(crate) enum HtmlRecords {
    Css(Css),
    /// JSON-LD objects of a type.
    JsonLd(String),
    /// A JSON document within a script.
    Script {
        css: Css,
        path: Expr,
    },
    /// The page is the record.
    Whole,
}

/// A list within a record.
#[derive(Debug, Clone)]
pub(crate) struct Expand {
    pub(crate) path: Path,
    pub(crate) name: String,
}

/// The structure of a record, which decides how a form written as text is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RecordKind {
    Tree,
    Row,
    Markup,
}

/// Returns the structure of records in a format.
pub(super) fn kind_of(format: raw::Format) -> RecordKind {
    match format {
        raw::Format::Html => RecordKind::Markup,
        raw::Format::Table => RecordKind::Row,
        raw::Format::Json | raw::Format::Ndjson | raw::Format::Xml | raw::Format::Sitemap => RecordKind::Tree,
    }
}

/// Compiles how to parse a list.
pub(super) fn compile(raw: &raw::Shape, at: usize, diagnostics: &mut Diagnostics) -> Option<Shape> {
    let (decoder, kind) = match (raw.format, &raw.records) {
        (raw::Format::Html, Some(records)) => html(records, diagnostics)?,
        (raw::Format::Json, Some(records)) => {
            let path = text(records, "a path such as `.items[]`", diagnostics)?;
            (Decoder::Json(expr(path, records.span().start, "records", diagnostics)?), RecordKind::Tree)
        }
        (raw::Format::Xml, Some(records)) => {
            let path = text(records, "the name of the element, or its path", diagnostics)?;
            (Decoder::Xml(elements(path)), RecordKind::Tree)
        }
        (raw::Format::Html | raw::Format::Json | raw::Format::Xml, None) => {
            diagnostics.add(at, "`records` is missing: where are the records?");
            return None;
        }
        (raw::Format::Table | raw::Format::Ndjson | raw::Format::Sitemap, Some(records)) => {
            diagnostics.add(
                records.span().start,
                "`records` is not for this format: its rows, lines or entries are the records",
            );
            return None;
        }
        (raw::Format::Table, None) => (Decoder::Table(table(&raw.table, at, diagnostics)), RecordKind::Row),
        (raw::Format::Ndjson, None) => (Decoder::Ndjson, RecordKind::Tree),
        (raw::Format::Sitemap, None) => (Decoder::Xml(Elements::Named("url".to_owned())), RecordKind::Tree),
    };
    rest(raw, decoder, kind, diagnostics)
}

/// Compiles how to parse a page that is one record.
pub(super) fn compile_whole(raw: &raw::Shape, at: usize, diagnostics: &mut Diagnostics) -> Option<Shape> {
    let decoder = match raw.format {
        raw::Format::Html => Decoder::Html(HtmlRecords::Whole),
        raw::Format::Json => Decoder::Json(Expr::Path(Path::root())),
        raw::Format::Xml => Decoder::Xml(Elements::Root),
        raw::Format::Ndjson | raw::Format::Table | raw::Format::Sitemap => {
            diagnostics.add(at, "the page of a record is `html`, `json` or `xml`");
            return None;
        }
    };
    let kind = kind_of(raw.format);
    rest(raw, decoder, kind, diagnostics)
}

fn rest(
    raw: &raw::Shape,
    decoder: Decoder,
    kind: RecordKind,
    diagnostics: &mut Diagnostics,
) -> Option<Shape> {
    let mut fields = Fields::new();
    for (name, form) in &raw.fields {
        let Some(known) = known(name, diagnostics) else { continue };
        fields.extend(forms::compile(form, kind, diagnostics).map(|forms| (known, forms)));
    }
    let keep = match &raw.keep {
        Some(keep) if kind == RecordKind::Markup => {
            diagnostics.add(
                keep.span().start,
                "`where` is for records with paths; select HTML records with `records`",
            );
            None
        }
        Some(keep) => Some(expr(keep.get_ref(), keep.span().start, "where", diagnostics)?),
        None => None,
    };
    let refuse = raw.refuse.iter().filter_map(|refuse| refused(refuse, kind, diagnostics)).collect();
    let expand = raw.expand.iter().filter_map(|level| expanded(level, kind, diagnostics)).collect();
    let encoding = raw.encoding.as_ref().and_then(|label| {
        let found = Encoding::for_label(label.get_ref().as_bytes());
        if found.is_none() {
            let why = format!("`encoding` {:?} is not a label such as \"windows-1252\"", label.get_ref());
            diagnostics.add(label.span().start, why);
        }
        found
    });
    let empty = raw.empty.iter().map(|word| normalize::text::fold(word)).collect();
    Some(Shape { decoder, keep, refuse, expand, encoding, empty, fields })
}

fn refused(raw: &Spanned<raw::Refuse>, kind: RecordKind, diagnostics: &mut Diagnostics) -> Option<Refuse> {
    let raw::Refuse { when, reason } = raw.get_ref();
    if reason.trim().is_empty() {
        diagnostics.add(raw.span().start, "`reason` is empty: say why such a record is not an opportunity");
    }
    let when = forms::compile(&Spanned::new(raw.span(), when.clone()), kind, diagnostics)?;
    Some(Refuse { when, reason: reason.trim().to_owned() })
}

fn text<'a>(
    records: &'a Spanned<raw::Records>,
    what: &str,
    diagnostics: &mut Diagnostics,
) -> Option<&'a str> {
    if let raw::Records::Text(text) = records.get_ref() {
        return Some(text);
    }
    diagnostics.add(records.span().start, format!("`records` must be {what}"));
    None
}

fn expr(text: &str, at: usize, key: &str, diagnostics: &mut Diagnostics) -> Option<Expr> {
    Expr::read(text).map_err(|reason| diagnostics.add(at, format!("`{key}`: {reason}"))).ok()
}

fn html(records: &Spanned<raw::Records>, diagnostics: &mut Diagnostics) -> Option<(Decoder, RecordKind)> {
    let at = records.span().start;
    let css = |text: &str, diagnostics: &mut Diagnostics| {
        Css::read(text).map_err(|reason| diagnostics.add(at, format!("`records`: {reason}"))).ok()
    };
    let (found, kind) = match records.get_ref() {
        raw::Records::Text(text) => (HtmlRecords::Css(css(text, diagnostics)?), RecordKind::Markup),
        raw::Records::Within(raw::Within { jsonld: Some(kind), script: None, path: None }) => {
            (HtmlRecords::JsonLd(kind.clone()), RecordKind::Tree)
        }
        raw::Records::Within(raw::Within { jsonld: None, script: Some(script), path: Some(path) }) => {
            let path = expr(path, at, "records", diagnostics)?;
            (HtmlRecords::Script { css: css(script, diagnostics)?, path }, RecordKind::Tree)
        }
        raw::Records::Within(_) => {
            diagnostics.add(at, "`records` needs `jsonld`, or `script` with `path`");
            return None;
        }
    };
    Some((Decoder::Html(found), kind))
}

/// `item`, or `.rss.channel.item[]`.
fn elements(text: &str) -> Elements {
    match text.trim().strip_prefix('.') {
        None => Elements::Named(text.trim().to_owned()),
        Some(path) => Elements::At(
            path.split('.').map(|name| name.trim_end_matches("[]").trim_matches('"').to_owned()).collect(),
        ),
    }
}

fn table(raw: &raw::Table, at: usize, diagnostics: &mut Diagnostics) -> TableRules {
    let mut one_byte = |sign: Option<char>, key: &str| {
        sign.and_then(|sign| {
            let byte = u8::try_from(sign).ok().filter(u8::is_ascii);
            if byte.is_none() {
                diagnostics.add(at, format!("`table.{key}` {sign:?} is not an ASCII character"));
            }
            byte
        })
    };
    let (delimiter, quote) = (one_byte(raw.delimiter, "delimiter"), one_byte(raw.quote, "quote"));
    if raw.header == Some(0) {
        diagnostics.add(at, "`table.header`: rows are counted from 1");
    }
    TableRules {
        header: raw.header,
        columns: raw.columns.clone(),
        delimiter,
        quote,
        sheet: raw.sheet.clone(),
    }
}

fn expanded(level: &Spanned<raw::Expand>, kind: RecordKind, diagnostics: &mut Diagnostics) -> Option<Expand> {
    let at = level.span().start;
    if kind != RecordKind::Tree {
        diagnostics.add(at, "`expand` is for JSON and XML records");
        return None;
    }
    let raw::Expand { path, name } = level.get_ref();
    let Some(path) = Path::read(path) else {
        diagnostics.add(at, format!("`expand`: `{path}` is not a plain path such as `.actions[]`"));
        return None;
    };
    Some(Expand { path, name: name.clone() })
}
