//! Compiles a stream.

use std::collections::BTreeMap;

use domain::{Draft, Revisit, StreamName, span_text};
use serde_json::Value;
use serde_spanned::Spanned;

use super::{Fields, Form, Get, Shape, forms, pages, shape};
use crate::{
    Stream,
    grammar::{Diagnostics, known, raw},
};

/// The request of a list.
#[derive(Debug, Clone)]
pub(crate) struct RequestTemplate {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Body>,
}

/// The body of a POST, with its placeholders.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Json(Value),
    Form(BTreeMap<String, String>),
}

/// The detail page of a record.
#[derive(Debug, Clone)]
pub(crate) struct Detail {
    pub(crate) link: Vec<Form>,
    pub(crate) shape: Shape,
    /// When it is asked again.
    pub(crate) revisit: Revisit,
}

/// Compiles a stream; errors are added to `diagnostics`.
pub(super) fn compile(
    name: &Spanned<String>,
    mut raw: raw::Stream,
    diagnostics: &mut Diagnostics,
) -> Option<Stream> {
    let at = name.span().start;
    let stream_name =
        StreamName::new(name.get_ref()).map_err(|error| diagnostics.add(at, error.to_string())).ok();
    if raw.request.is_none() && raw.detail.is_some() {
        diagnostics.add(
            at,
            "a stream without `request` comes as a file, and the records of a file have no detail page",
        );
    }
    let format = raw.format;
    let named = raw.fields.keys().chain(raw.detail.iter().flat_map(|detail| detail.fields.keys()));
    let named: Vec<String> = named.map(|name| name.get_ref().clone()).collect();
    let empty: Vec<String> = raw.empty.iter().map(|word| normalize::text::fold(word)).collect();
    let shape = shape::compile(&raw.shape(), at, diagnostics);
    let request = raw.request.take().map(|raw| request(raw, diagnostics));
    let pages = pages::compile(raw.pages, format, at, diagnostics);
    let detail = raw.detail.take().and_then(|raw| detail(raw, format, &empty, diagnostics));
    let (complete, file) = match raw.file.take() {
        None => (false, None),
        Some(mut file) => {
            // The fields of the file or, if it has none, those of the stream.
            let inherits = file.fields.is_empty();
            let refuses = !file.refuse.is_empty();
            let complete = file.complete;
            if inherits && let Some(shape) = &shape {
                file.fields = BTreeMap::new();
                let compiled = shape::compile(&file.shape(empty.clone()), at, diagnostics);
                (complete, compiled.map(|file| inherited(file, shape, refuses)))
            } else {
                (complete, shape::compile(&file.shape(empty.clone()), at, diagnostics))
            }
        }
    };
    let shape = shape?;
    let (pages, total) = pages?;
    let required = required(raw.required, (&shape.fields, detail.as_ref(), &named), at, diagnostics);
    Some(Stream {
        name: stream_name?,
        kind: raw.kind,
        request,
        pages,
        total,
        shape,
        detail,
        file,
        file_is_complete: complete,
        partial: raw.partial,
        required,
    })
}

/// Returns the shape of a file with the fields of its stream, and what the stream refuses unless the file says so itself.
fn inherited(file: Shape, stream: &Shape, refuses: bool) -> Shape {
    let refuse = if refuses { file.refuse } else { stream.refuse.clone() };
    Shape { fields: stream.fields.clone(), refuse, ..file }
}

fn request(raw: raw::Request, diagnostics: &mut Diagnostics) -> RequestTemplate {
    if !raw.path.get_ref().starts_with('/') {
        diagnostics.add(raw.path.span().start, "`path` must begin with a slash");
    }
    if let (Some(json), Some(_)) = (&raw.json, &raw.form) {
        diagnostics.add(json.span().start, "a request has one body: `json` or `form`");
    }
    let json = raw.json.and_then(|json| {
        let at = json.span().start;
        let value = serde_json::to_value(json.into_inner());
        value.map_err(|error| diagnostics.add(at, format!("`json`: {error}"))).ok()
    });
    let form = raw.form.map(|form| Body::Form(form.into_inner()));
    RequestTemplate {
        path: raw.path.into_inner(),
        query: raw.query.into_iter().collect(),
        headers: raw.headers.into_iter().collect(),
        body: json.map(Body::Json).or(form),
    }
}

fn detail(
    raw: raw::Detail,
    list: raw::Format,
    empty: &[String],
    diagnostics: &mut Diagnostics,
) -> Option<Detail> {
    let at = raw.link.span().start;
    let mut link = forms::compile(&raw.link, shape::kind_of(list), diagnostics)?;
    for form in &mut link {
        // The link of an HTML record is the `href` of the element, unless another attribute is given.
        if let Get::Css { attr: attr @ None, .. } = &mut form.get {
            *attr = Some("href".to_owned());
        }
    }
    let revisit = raw.revisit.as_ref().and_then(|written| revisit(written, diagnostics)).unwrap_or_default();
    let shape = shape::compile_whole(&raw.shape(list, empty.to_vec()), at, diagnostics)?;
    Some(Detail { link, shape, revisit })
}

/// The bounds as written; where one is left out, the default one, or the other if that would cross it.
fn revisit(written: &Spanned<raw::Revisit>, diagnostics: &mut Diagnostics) -> Option<Revisit> {
    let at = written.span().start;
    let mut given = |name: &str, text: Option<&String>| {
        let parsed = domain::span(text?);
        if parsed.is_none() {
            diagnostics
                .add(at, format!("`{name}` is not a span of time: write for example `30min`, `6h` or `7d`"));
        }
        parsed
    };
    let raw::Revisit { least, most } = written.get_ref();
    let (shortest, longest) = (given("least", least.as_ref()), given("most", most.as_ref()));
    if (shortest.is_none() && least.is_some()) || (longest.is_none() && most.is_some()) {
        return None;
    }
    let default = Revisit::default();
    let least = shortest.unwrap_or_else(|| longest.map_or(default.least(), |most| most.min(default.least())));
    let most = longest.unwrap_or_else(|| least.max(default.most()));
    let bounds = Revisit::new(least, most);
    if bounds.is_none() {
        let why = format!(
            "`revisit` from {} to {}: `least` is more than nothing and not above `most`, and `most` is a year at most",
            span_text(least),
            span_text(most)
        );
        diagnostics.add(at, why);
    }
    bounds
}

fn required(
    raw: Option<Vec<Spanned<String>>>,
    (fields, detail, written): (&Fields, Option<&Detail>, &[String]),
    byte: usize,
    diagnostics: &mut Diagnostics,
) -> Vec<&'static str> {
    let named = raw.map(|names| names.iter().filter_map(|name| known(name, diagnostics)).collect::<Vec<_>>());
    let mut required = named.unwrap_or_else(|| vec!["external_id", "title"]);
    if !required.contains(&"external_id") {
        required.insert(0, "external_id");
    }
    let mapped = |name: &str| {
        fields.iter().chain(detail.iter().flat_map(|d| &d.shape.fields)).any(|(field, _)| *field == name)
    };
    for name in &required {
        // A form with an error has been reported already.
        if !mapped(name) && !written.iter().any(|written| written == name) {
            diagnostics.add(
                byte,
                format!("`{name}` is required and has no form: add it to the fields of the stream"),
            );
        }
    }
    debug_assert!(required.iter().all(|name| Draft::FIELDS.contains(name)));
    required
}
