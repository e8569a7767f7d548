//! What a page says of the next one.

use url::Url;

use super::{End, PageRequest, address};
use crate::{
    Page, Stream,
    expr::Expr,
    grammar::Pages,
    read::{next_link, sitemaps, words_of},
};

/// What changes in the request.
pub(super) enum Change {
    /// Another address, which the page itself names.
    To(Url),
    /// The first of these, and then the others.
    Through(Vec<Url>),
    Param(String, String),
    /// The same, and the page itself links to it.
    Promised(String, String),
}

impl Change {
    /// The next request.
    pub(super) fn apply(self, asked: &PageRequest) -> PageRequest {
        let promised = matches!(self, Self::To(_) | Self::Promised(..));
        let mut next = PageRequest { ordinal: asked.ordinal.saturating_add(1), promised, ..asked.clone() };
        match self {
            Self::To(url) => next.url = url,
            Self::Through(urls) => {
                let mut urls = urls.into_iter();
                next.url = urls.next().unwrap_or(next.url);
                next.pending = urls.collect();
            }
            Self::Param(name, value) | Self::Promised(name, value) => {
                let parts = (next.url, next.body, next.headers);
                (next.url, next.body, next.headers) = address::changed(parts, &[(&name, value)]);
            }
        }
        next
    }
}

/// Where the walk continues after a page with so many records.
pub(super) fn decide(
    stream: &Stream,
    asked: &PageRequest,
    page: &Page<'_>,
    records: usize,
) -> Result<Change, End> {
    let ordinal = u64::from(asked.ordinal).saturating_add(1);
    let records = u64::try_from(records).unwrap_or(u64::MAX);
    match &stream.pages {
        Pages::Single => Err(End::Single),
        Pages::Sitemap => sitemap(stream, asked, page),
        _ if records == 0 => Err(End::Empty),
        Pages::Number { param, first, size, total, next, .. } => {
            let value = first.saturating_add(ordinal).to_string();
            // Where the markup tells of a next page, its word counts; a last page may be full.
            if let Some(next) = next {
                let linked = next_link(next, stream, page).map(|_| Change::Promised(param.clone(), value));
                return linked.ok_or(End::NoLink);
            }
            if let (Some(total), Some(size)) = (number(total.as_ref(), stream, page), size) {
                return if ordinal * size >= total {
                    Err(End::Total)
                } else {
                    Ok(Change::Promised(param.clone(), value))
                };
            }
            let short = size.is_some_and(|size| records < size);
            if short { Err(End::Short) } else { Ok(Change::Param(param.clone(), value)) }
        }
        Pages::Range { param, size } => ranged(param, *size, ordinal, page),
        Pages::Offset { offset, size, total, .. } => {
            let from = ordinal.saturating_mul(*size);
            let change = || Change::Param(offset.clone(), from.to_string());
            match number(total.as_ref(), stream, page) {
                Some(total) if from >= total => Err(End::Total),
                None if records < *size => Err(End::Short),
                Some(_) | None => Ok(change()),
            }
        }
        Pages::Cursor { param, cursor } => {
            let word = words_of(cursor, stream, page).filter(|word| !word.trim().is_empty());
            word.map(|word| Change::Promised(param.clone(), word)).ok_or(End::NoLink)
        }
        Pages::NextLink { link } => {
            next_link(link, stream, page).filter(|url| url != page.url).map(Change::To).ok_or(End::NoLink)
        }
        Pages::LinkHeader => {
            let link = page.header("link").and_then(next_of).and_then(|link| page.url.join(link).ok());
            link.filter(|url| url != page.url).map(Change::To).ok_or(End::NoLink)
        }
    }
}

fn ranged(param: &str, size: u64, ordinal: u64, page: &Page<'_>) -> Result<Change, End> {
    let (last, total) = content_range(page);
    // The partner may give less than was asked for: the walk continues after what came.
    let from = last.map_or(ordinal.saturating_mul(size), |last| last.saturating_add(1));
    if total.is_some_and(|total| from >= total) || (page.status != 206 && total.is_none()) {
        return Err(End::Total);
    }
    Ok(Change::Param(param.to_owned(), range(from, size)))
}

/// An index of sitemaps is followed by those it names, one after the other.
fn sitemap(stream: &Stream, asked: &PageRequest, page: &Page<'_>) -> Result<Change, End> {
    let mut named = sitemaps(stream, page);
    named.extend(asked.pending.iter().cloned());
    if named.is_empty() { Err(End::NoLink) } else { Ok(Change::Through(named)) }
}

fn number(total: Option<&Expr>, stream: &Stream, page: &Page<'_>) -> Option<u64> {
    let words = words_of(total?, stream, page)?;
    words.trim().parse().ok()
}

/// The target of `rel="next"` (RFC 8288, 3).
fn next_of(header: &str) -> Option<&str> {
    let mut rest = header;
    while let Some((_, begin)) = rest.split_once('<') {
        let (target, after) = begin.split_once('>')?;
        let (params, further) = after
            .split_once('<')
            .map_or((after, ""), |(params, _)| (params, after.get(params.len()..).unwrap_or_default()));
        let is_next = params.split([';', ',']).any(|param| {
            let param = param.trim().to_ascii_lowercase();
            let value =
                param.strip_prefix("rel").map(|value| value.trim_start().trim_start_matches('=').trim());
            value.is_some_and(|value| value.trim_matches('"').split_whitespace().any(|word| word == "next"))
        });
        if is_next {
            return Some(target);
        }
        rest = further;
    }
    None
}

/// Last record and total of `Content-Range: offres 0-149/438` (RFC 9110, 14.4).
fn content_range(page: &Page<'_>) -> (Option<u64>, Option<u64>) {
    let Some((range, total)) = page.header("content-range").and_then(|value| value.split_once('/')) else {
        return (None, None);
    };
    let last = range.rsplit_once('-').and_then(|(_, last)| last.trim().parse().ok());
    (last, total.trim().parse().ok())
}

/// `from-to`, both counted from 0 and included.
pub(super) fn range(from: u64, size: u64) -> String {
    format!("{from}-{}", from.saturating_add(size).saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_link_of_a_header_is_found() {
        for (header, found) in [
            ("<https://a.cm/?p=2>; rel=\"next\"", Some("https://a.cm/?p=2")),
            ("<https://a.cm/?p=1>; rel=\"prev\", </?p=3>; title=\"x\"; rel=next", Some("/?p=3")),
            ("<https://a.cm/?p=9>; rel=\"last next\"", Some("https://a.cm/?p=9")),
            ("<https://a.cm/?p=9>; rel=\"last\"", None),
            ("nothing", None),
            ("<broken", None),
        ] {
            assert_eq!(next_of(header), found, "{header}");
        }
    }
}
