//! JSON pages.

use serde_json::Value;

use super::{Found, Words, charset, fields::matched};
use crate::{
    Alarm, Page,
    expr::Expr,
    grammar::{Fields, Form, Get},
};

/// The document of a page. A byte order mark is allowed (RFC 8259, 8.1 lets readers ignore it).
pub(super) fn document(page: &Page<'_>) -> Result<Value, Alarm> {
    // Bytes that are not UTF-8 are read in the encoding the answer declares; a wrong byte costs a letter, not the page.
    let text = charset::decode(page);
    let body = text.as_bytes();
    serde_json::from_slice(body).map_err(|error| {
        let begin = body.iter().copied().find(|byte| !byte.is_ascii_whitespace());
        let what = if begin == Some(b'<') {
            "JSON is promised and markup came".to_owned()
        } else {
            format!("it is no JSON: {error}")
        };
        Alarm::Unreadable(what)
    })
}

/// The records of a list page.
pub(super) fn list(
    records: &Expr,
    fields: &Fields,
    link: Option<&[Form]>,
    page: &Page<'_>,
) -> Result<Vec<Found>, Alarm> {
    let document = document(page)?;
    // Where the records are promised and nothing stands at all, the answer is another document: an error, a new version.
    let all = records.all(&document, super::MOST + 1).map_err(Alarm::Unreadable)?;
    if all.is_empty() && !has_place(records, &document) {
        return Err(Alarm::Unreadable("the records are not where the spec says".to_owned()));
    }
    let read = |record: Value| {
        let mut words = Words::default();
        evaluate(&mut words, fields, &record, page);
        let link =
            link.and_then(|forms| forms.iter().find_map(|form| one(form, &record, page).ok().flatten()));
        Found { words, record, link }
    };
    Ok(all.into_iter().map(read).collect())
}

/// Whether the list itself is there, be it empty: `.resultats[]` without its last step.
fn has_place(records: &Expr, document: &Value) -> bool {
    match records {
        Expr::Path(path) => path.place_exists(document),
        Expr::Jq(_) => true,
    }
}

/// The record of a detail page: the whole document.
pub(super) fn detail(fields: &Fields, page: &Page<'_>) -> Result<Found, Alarm> {
    let record = document(page)?;
    let mut words = Words::default();
    evaluate(&mut words, fields, &record, page);
    Ok(Found { words, record, link: None })
}

fn evaluate(words: &mut Words, fields: &Fields, record: &Value, page: &Page<'_>) {
    for (field, forms) in fields {
        let mut failure = None;
        let mut tried = |form: &Form| {
            one(form, record, page).unwrap_or_else(|why| {
                failure = Some(why);
                None
            })
        };
        let found = forms.iter().find_map(&mut tried);
        match (&found, failure) {
            (None, Some(why)) => words.fail(format!("{field}: {why}")),
            _ => words.set(field, found),
        }
    }
}

fn one(form: &Form, record: &Value, page: &Page<'_>) -> Result<Option<String>, String> {
    let found = match &form.get {
        Get::Json(expr) => expr.words(record)?,
        Get::Fixed(text) => Some(text.clone()),
        Get::PageUrl => Some(page.url.to_string()),
        Get::Css { .. } | Get::Label { .. } | Get::JsonLd(_) => None,
    };
    Ok(matched(form.regex.as_ref(), found))
}
