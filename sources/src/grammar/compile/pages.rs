//! Compiles how a list is paged.

use super::Css;
use crate::{
    expr::Expr,
    grammar::{Diagnostics, raw},
};

/// How a list is paged.
#[derive(Debug, Clone)]
pub(crate) enum Pages {
    Single,
    Number {
        param: String,
        first: u64,
        size: Option<u64>,
        size_param: Option<String>,
        next: Option<OnPage>,
    },
    Range {
        param: String,
        size: u64,
    },
    Offset {
        offset: String,
        limit: String,
        size: u64,
    },
    Cursor {
        param: String,
        cursor: Expr,
    },
    NextLink {
        link: OnPage,
    },
    LinkHeader,
    /// An index of sitemaps links to further ones.
    Sitemap,
}

/// Where to find something on a page outside of its records.
#[derive(Debug, Clone)]
pub(crate) enum OnPage {
    Css(Css),
    Path(Expr),
}

/// Where a page gives the total number of records.
#[derive(Debug, Clone)]
pub(crate) struct Total {
    /// Its place on the page.
    pub(crate) at: OnPage,
    /// Whether records that the list shows twice are counted twice.
    pub(crate) repeats: bool,
}

/// Compiles the paging of a list, and where it gives its total.
pub(super) fn compile(
    raw: raw::Pages,
    format: raw::Format,
    byte: usize,
    diagnostics: &mut Diagnostics,
) -> Option<(Pages, Option<Total>)> {
    let mut compiler = Compiler { format, byte, diagnostics };
    Some(match raw {
        raw::Pages::Single { total } => {
            let pages = if format == raw::Format::Sitemap { Pages::Sitemap } else { Pages::Single };
            (pages, compiler.total(total, false).ok()?)
        }
        raw::Pages::Number { param, first, size, size_param, total, repeats, next } => {
            compiler.sized(size.unwrap_or(1));
            if size_param.is_some() && size.is_none() {
                compiler.wrong("`pages.size_param` needs `pages.size`");
            }
            let total = compiler.total(total, repeats).ok()?;
            let next = next.map(|text| compiler.on_page(&text)).transpose().ok()?;
            (Pages::Number { param, first, size, size_param, next }, total)
        }
        raw::Pages::Range { param, size } => {
            compiler.sized(size);
            (Pages::Range { param, size }, None)
        }
        raw::Pages::Offset { offset, limit, size, total, repeats } => {
            compiler.sized(size);
            (Pages::Offset { offset, limit, size }, compiler.total(total, repeats).ok()?)
        }
        raw::Pages::Cursor { param, cursor, total } => {
            let cursor = compiler.expr(&cursor).ok()?;
            (Pages::Cursor { param, cursor }, compiler.total(total, false).ok()?)
        }
        raw::Pages::NextLink { link, total } => {
            let link = compiler.on_page(&link).ok()?;
            (Pages::NextLink { link }, compiler.total(total, false).ok()?)
        }
        raw::Pages::LinkHeader { total } => (Pages::LinkHeader, compiler.total(total, false).ok()?),
    })
}

struct Compiler<'a> {
    format: raw::Format,
    byte: usize,
    diagnostics: &'a mut Diagnostics,
}

impl Compiler<'_> {
    fn wrong(&mut self, reason: &str) {
        self.diagnostics.add(self.byte, reason);
    }

    fn sized(&mut self, size: u64) {
        if !(1..=10_000).contains(&size) {
            self.wrong(&format!("`pages.size` {size} is not between 1 and 10000"));
        }
    }

    fn total(&mut self, text: Option<String>, repeats: bool) -> Result<Option<Total>, Reported> {
        let Some(text) = text else {
            if repeats {
                self.wrong("`pages.repeats` needs `pages.total`");
            }
            return Ok(None);
        };
        if !matches!(self.format, raw::Format::Json | raw::Format::Xml | raw::Format::Html) {
            self.wrong("`pages`: `total` works in JSON, XML and HTML");
            return Err(Reported);
        }
        Ok(Some(Total { at: self.on_page(&text)?, repeats }))
    }

    fn expr(&mut self, text: &str) -> Result<Expr, Reported> {
        if !matches!(self.format, raw::Format::Json | raw::Format::Xml) {
            self.wrong("`pages`: `cursor` works in JSON and XML");
            return Err(Reported);
        }
        Expr::read(text).map_err(|reason| self.report(&reason))
    }

    fn on_page(&mut self, text: &str) -> Result<OnPage, Reported> {
        let read = if self.format == raw::Format::Html {
            Css::read(text).map(OnPage::Css)
        } else {
            Expr::read(text).map(OnPage::Path)
        };
        read.map_err(|reason| self.report(&reason))
    }

    fn report(&mut self, reason: &str) -> Reported {
        self.wrong(&format!("`pages`: {reason}"));
        Reported
    }
}

/// An error that has been added to `diagnostics`.
struct Reported;
