//! Forms, compiled.

use regex::Regex;
use scraper::Selector;
use serde_spanned::Spanned;
use url::Url;

use crate::{
    Page,
    expr::Expr,
    grammar::{
        Wrongs,
        form::{RawForm, RawTable},
    },
    read,
};

/// A CSS selector and its text.
#[derive(Debug, Clone)]
pub(crate) struct Css(pub(crate) Selector);

impl Css {
    /// Reads a selector.
    pub(crate) fn read(text: &str) -> Result<Self, String> {
        Selector::parse(text).map(Self).map_err(|_| format!("`{text}` is no CSS selector"))
    }
}

/// Where the next page is linked.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    Css(Css),
    Json(Expr),
}

impl Link {
    /// The address of the next page.
    pub(crate) fn find(&self, page: &Page<'_>) -> Option<Url> {
        read::next_link(self, page)
    }
}

/// Where a value comes from.
#[derive(Debug, Clone)]
pub(crate) enum Get {
    /// A JSON record.
    Json(Expr),
    /// Elements of an HTML record: their text, an attribute, or their markup.
    Css { css: Css, attr: Option<String>, html: bool, join: Option<String> },
    /// The element whose text begins with a label (folded): what is left of it, or a part of it.
    Label { css: Css, label: String, value: Option<Css> },
    /// The page's JSON-LD.
    JsonLd(Expr),
    /// A constant.
    Fixed(String),
    /// The page's address.
    PageUrl,
}

/// A source of a value, and what of it counts.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) get: Get,
    pub(crate) regex: Option<Regex>,
}

/// Compiles a form into its alternatives; `None` when something is wrong with it.
pub(super) fn compile(raw: &Spanned<RawForm>, is_html: bool, wrongs: &mut Wrongs) -> Option<Vec<Form>> {
    let alternatives = match raw.get_ref() {
        RawForm::Either(forms) => forms.as_slice(),
        one => std::slice::from_ref(one),
    };
    let mut forms = Vec::new();
    for form in alternatives {
        match one(form, is_html) {
            Ok(form) => forms.push(form),
            Err(reason) => wrongs.add(raw.span().start, reason),
        }
    }
    (!forms.is_empty()).then_some(forms)
}

fn one(raw: &RawForm, is_html: bool) -> Result<Form, String> {
    match raw {
        RawForm::Text(text) if is_html => Ok(Form {
            get: Get::Css { css: Css::read(text)?, attr: None, html: false, join: None },
            regex: None,
        }),
        RawForm::Text(text) => Ok(Form { get: Get::Json(Expr::read(text)?), regex: None }),
        RawForm::Table(table) => table_form(table, is_html),
        RawForm::Either(_) => Err("alternatives are one list, not a list within a list".to_owned()),
    }
}

fn table_form(raw: &RawTable, is_html: bool) -> Result<Form, String> {
    let regex = raw.regex.as_deref().map(regex).transpose()?;
    let html_only =
        |key: &str| if is_html { Ok(()) } else { Err(format!("`{key}` is for HTML; this page is JSON")) };
    let get = match raw {
        RawTable { fixed: Some(text), .. } => Get::Fixed(text.clone()),
        RawTable { page_url: true, .. } => Get::PageUrl,
        RawTable { jsonld: Some(path), .. } => {
            html_only("jsonld")?;
            Get::JsonLd(Expr::read(path)?)
        }
        RawTable { path: Some(_), .. } if is_html => {
            return Err("`path` is for JSON; this page is HTML".to_owned());
        }
        RawTable { path: Some(path), .. } => Get::Json(Expr::read(path)?),
        RawTable { css: Some(css), label: Some(label), value, .. } => {
            html_only("css")?;
            let label = opportunity::text::fold(label);
            Get::Label { css: Css::read(css)?, label, value: value.as_deref().map(Css::read).transpose()? }
        }
        RawTable { css: Some(css), attr, html, join, .. } => {
            html_only("css")?;
            Get::Css { css: Css::read(css)?, attr: attr.clone(), html: *html, join: join.clone() }
        }
        _ => return Err("a form needs one of `path`, `css`, `jsonld`, `const`, `page_url`".to_owned()),
    };
    Ok(Form { get, regex })
}

/// A regular expression with exactly one group. The crate matches in linear time, whatever the pattern.
fn regex(text: &str) -> Result<Regex, String> {
    let regex = regex::RegexBuilder::new(text)
        .size_limit(1 << 20)
        .build()
        .map_err(|_| format!("`{text}` is no regular expression"))?;
    if regex.captures_len() == 2 {
        Ok(regex)
    } else {
        Err(format!("`{text}` needs exactly one group: what is in ( ) counts"))
    }
}
