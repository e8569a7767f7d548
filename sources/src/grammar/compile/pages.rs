//! Pagination, compiled.

use super::Css;
use crate::{
    expr::Expr,
    grammar::{Wrongs, raw},
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
        total: Option<Expr>,
        next: Option<Link>,
    },
    Range {
        param: String,
        size: u64,
    },
    Offset {
        offset: String,
        limit: String,
        size: u64,
        total: Option<Expr>,
    },
    Cursor {
        param: String,
        cursor: Expr,
    },
    NextLink {
        link: Link,
    },
    LinkHeader,
    /// An index of sitemaps names further ones.
    Sitemap,
}

/// Where the next page is linked.
#[derive(Debug, Clone)]
pub(crate) enum Link {
    Css(Css),
    Path(Expr),
}

/// Compiles the paging of a list.
pub(super) fn compile(
    raw: raw::Pages,
    format: raw::Format,
    byte: usize,
    wrongs: &mut Wrongs,
) -> Option<Pages> {
    let mut compiler = Compiler { format, byte, wrongs };
    Some(match raw {
        raw::Pages::Single if format == raw::Format::Sitemap => Pages::Sitemap,
        raw::Pages::Single => Pages::Single,
        raw::Pages::Number { param, first, size, size_param, total, next } => {
            compiler.sized(size.unwrap_or(1));
            if size_param.is_some() && size.is_none() {
                compiler.wrong("`pages.size_param` needs `pages.size`");
            }
            let total = total.map(|text| compiler.expr(&text)).transpose().ok()?;
            let next = next.map(|text| compiler.link(&text)).transpose().ok()?;
            Pages::Number { param, first, size, size_param, total, next }
        }
        raw::Pages::Range { param, size } => {
            compiler.sized(size);
            Pages::Range { param, size }
        }
        raw::Pages::Offset { offset, limit, size, total } => {
            compiler.sized(size);
            let total = total.map(|text| compiler.expr(&text)).transpose().ok()?;
            Pages::Offset { offset, limit, size, total }
        }
        raw::Pages::Cursor { param, cursor } => Pages::Cursor { param, cursor: compiler.expr(&cursor).ok()? },
        raw::Pages::NextLink { link } => Pages::NextLink { link: compiler.link(&link).ok()? },
        raw::Pages::LinkHeader => Pages::LinkHeader,
    })
}

struct Compiler<'a> {
    format: raw::Format,
    byte: usize,
    wrongs: &'a mut Wrongs,
}

impl Compiler<'_> {
    fn wrong(&mut self, reason: &str) {
        self.wrongs.add(self.byte, reason);
    }

    fn sized(&mut self, size: u64) {
        if !(1..=10_000).contains(&size) {
            self.wrong(&format!("`pages.size` {size} is not between 1 and 10000"));
        }
    }

    fn expr(&mut self, text: &str) -> Result<Expr, Told> {
        if !matches!(self.format, raw::Format::Json | raw::Format::Xml) {
            self.wrong("`pages`: totals and cursors are read from JSON and XML");
            return Err(Told);
        }
        Expr::read(text).map_err(|reason| self.told(&reason))
    }

    fn link(&mut self, text: &str) -> Result<Link, Told> {
        let read = if self.format == raw::Format::Html {
            Css::read(text).map(Link::Css)
        } else {
            Expr::read(text).map(Link::Path)
        };
        read.map_err(|reason| self.told(&reason))
    }

    fn told(&mut self, reason: &str) -> Told {
        self.wrong(&format!("`pages`: {reason}"));
        Told
    }
}

/// Something is wrong, and it was said.
struct Told;
