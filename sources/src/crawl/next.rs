//! What a page says of the next one, and of all.

use std::collections::HashSet;

use url::Url;

use super::{End, PageRequest, address};
use crate::{
    Page, Stream,
    grammar::Pages,
    read::{next_link, sitemaps, words_at, words_of},
};

/// What changes in the request.
pub(super) enum Change {
    /// Another address, which the page itself names.
    To(Url),
    /// The first of these, and then the others; whether there were more.
    Through(Vec<Url>, bool),
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
            Self::Through(urls, is_cut) => {
                next.is_cut = is_cut;
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

/// What a crawl has seen, with the page at hand.
pub(super) struct Seen {
    /// Records on the page.
    pub(super) on_page: u64,
    /// Records on the largest page before it; 0 on the first.
    pub(super) largest: u64,
    /// Records on all pages, repeated ones among them.
    pub(super) listed: u64,
    /// Records that count towards the total.
    pub(super) records: u64,
    /// The total promised last.
    pub(super) promised: Option<u64>,
}

impl Seen {
    /// Whether the page has fewer records than a full one. A server may give fewer than it was asked for: its largest page is a
    /// full one, and the first page alone tells nothing.
    fn is_short(&self, size: u64) -> bool {
        self.on_page < size.min(self.largest)
    }
}

/// Where the crawl continues after a page.
pub(super) fn decide(
    stream: &Stream,
    asked: &PageRequest,
    page: &Page<'_>,
    seen: &Seen,
    was_asked: &dyn Fn(&Url) -> bool,
) -> Result<Change, End> {
    let ordinal = u64::from(asked.ordinal).saturating_add(1);
    match &stream.pages {
        Pages::Single => Err(End::Single),
        Pages::Sitemap => sitemap(stream, asked, page, was_asked),
        // A cursor that stays where it is on a page without records says that nothing lies behind it.
        Pages::Cursor { param, cursor }
            if seen.on_page == 0 && words_of(cursor, stream, page) == address::value(asked, param) =>
        {
            Err(End::NoLink)
        }
        _ if seen.on_page == 0 => Err(End::Empty),
        Pages::Number { param, first, size, next, .. } => {
            let value = first.saturating_add(ordinal).to_string();
            // Where the markup tells of a next page, its word counts; a last page may be full.
            if let Some(next) = next {
                let linked = next_link(next, stream, page).map(|_| Change::Promised(param.clone(), value));
                return linked.ok_or(End::NoLink);
            }
            numbered(*size, seen).map(|is_promised| {
                let param = param.clone();
                if is_promised { Change::Promised(param, value) } else { Change::Param(param, value) }
            })
        }
        Pages::Range { param, size } => ranged(param, *size, ordinal, page, seen),
        Pages::Offset { offset, size, .. } => {
            // The partner may give less than was asked for: the next record is the one after those that came.
            let at = address::value(asked, offset).and_then(|at| at.parse::<u64>().ok()).unwrap_or(0);
            let from = at.saturating_add(seen.on_page);
            match seen.promised {
                Some(total) if from >= total => Err(End::Total),
                None if seen.is_short(*size) => Err(End::Short),
                Some(_) | None => Ok(Change::Param(offset.clone(), from.to_string())),
            }
        }
        Pages::Cursor { param, cursor } => {
            let word = words_of(cursor, stream, page).filter(|word| !word.trim().is_empty());
            word.map(|word| Change::Promised(param.clone(), word)).ok_or(End::NoLink)
        }
        Pages::NextLink { .. } | Pages::LinkHeader => {
            // A link to a page that was asked for leads in a circle.
            linked(stream, page).filter(|url| !was_asked(url)).map(Change::To).ok_or(End::NoLink)
        }
    }
}

/// Whether a counted list has another page, and whether the total promises records on it.
fn numbered(size: Option<u64>, seen: &Seen) -> Result<bool, End> {
    let is_short = size.is_some_and(|size| seen.on_page < size);
    let ends_short = size.is_some_and(|size| seen.is_short(size));
    match seen.promised {
        Some(total) if seen.records >= total => Err(End::Total),
        // As many as promised were listed, some of them twice: a page more than the list has may be an error there.
        Some(total) if is_short && seen.listed >= total => Err(End::Total),
        Some(_) => Ok(true),
        None if ends_short => Err(End::Short),
        None => Ok(false),
    }
}

/// Whether a page links to a next one.
pub(super) fn links_on(stream: &Stream, page: &Page<'_>) -> bool {
    match &stream.pages {
        Pages::Number { next: Some(next), .. } => next_link(next, stream, page).is_some(),
        Pages::Cursor { cursor, .. } => {
            words_of(cursor, stream, page).is_some_and(|word| !word.trim().is_empty())
        }
        _ => linked(stream, page).is_some(),
    }
}

/// The page linked to, unless it is the page itself.
fn linked(stream: &Stream, page: &Page<'_>) -> Option<Url> {
    let link = match &stream.pages {
        Pages::NextLink { link } => next_link(link, stream, page)?,
        Pages::LinkHeader => {
            let link = page.lines("link").find_map(next_of)?;
            page.address().join(link).ok()?
        }
        _ => return None,
    };
    Some(link).filter(|url| url != page.url && *url != *page.address())
}

fn ranged(param: &str, size: u64, ordinal: u64, page: &Page<'_>, seen: &Seen) -> Result<Change, End> {
    let (last, total) = content_range(page);
    // The partner may give less than was asked for: the crawl continues after what came.
    let from = last.map_or(ordinal.saturating_mul(size), |last| last.saturating_add(1));
    if total.is_some_and(|total| from >= total) {
        return Err(End::Total);
    }
    if page.status != 206 && total.is_none() {
        // Status 200 is the whole of it (RFC 9110, 14.2), for who asked for its begin.
        if ordinal == 1 {
            return Err(End::Single);
        }
        if seen.on_page < size {
            return Err(End::Short);
        }
    }
    Ok(Change::Param(param.to_owned(), range(from, size)))
}

/// An index of sitemaps is followed by those it names, one after the other, each once.
fn sitemap(
    stream: &Stream,
    asked: &PageRequest,
    page: &Page<'_>,
    was_asked: &dyn Fn(&Url) -> bool,
) -> Result<Change, End> {
    let mut known = HashSet::new();
    let mut named = sitemaps(stream, page);
    named.extend(asked.pending.iter().cloned());
    named.retain(|url| !was_asked(url) && known.insert(url.clone()));
    if named.is_empty() {
        return Err(if asked.is_cut { End::Cap } else { End::Index });
    }
    let is_cut = asked.is_cut || named.len() > MOST_SITEMAPS;
    named.truncate(MOST_SITEMAPS);
    Ok(Change::Through(named, is_cut))
}

/// Sitemaps that wait to be followed at most.
const MOST_SITEMAPS: usize = 1_000;

/// How many records a page promises in all.
pub(super) fn promised(stream: &Stream, page: &Page<'_>) -> Option<u64> {
    if matches!(stream.pages, Pages::Range { .. }) {
        return content_range(page).1;
    }
    let total = stream.total.as_ref()?;
    number(&words_at(&total.at, stream, page)?)
}

/// The number in words such as "1 245 offres". Of several, as in "1 - 50 sur 245", the largest is the total: where it is
/// not, the crawl proves nothing, which closes nothing.
fn number(words: &str) -> Option<u64> {
    if words.trim_start().starts_with('-') {
        return None;
    }
    let chars: Vec<char> = words.chars().collect();
    let digit = |at: usize| chars.get(at).and_then(|c| c.to_digit(10)).map(u64::from);
    let mut largest = None;
    let mut at = 0;
    while at < chars.len() {
        let Some(mut value) = digit(at) else {
            at += 1;
            continue;
        };
        // Digits since the last separator: thousands have three.
        let mut group = 1;
        at += 1;
        loop {
            let groups = |from: usize| (0..3).all(|n| digit(from + n).is_some()) && digit(from + 3).is_none();
            if let Some(more) = digit(at) {
                value = value.saturating_mul(10).saturating_add(more);
                (group, at) = (group + 1, at + 1);
            } else if group <= 3 && chars.get(at).is_some_and(|c| is_separator(*c)) && groups(at + 1) {
                (group, at) = (0, at + 1);
            } else {
                break;
            }
        }
        largest = largest.max(Some(value));
    }
    largest
}

/// Whether a sign stands between the thousands of a number.
fn is_separator(c: char) -> bool {
    matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '.' | ',' | '\'' | '\u{2019}')
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
    fn a_total_is_read_from_words() {
        for (words, total) in [
            ("245", Some(245)),
            ("1 245 offres", Some(1_245)),
            ("1\u{202f}245 offres", Some(1_245)),
            ("12.345.678", Some(12_345_678)),
            ("1,245 jobs", Some(1_245)),
            ("Offres 1 - 50 sur 1 245", Some(1_245)),
            ("245.0", Some(245)),
            ("12 offres, 1 245 en tout", Some(1_245)),
            ("Page 2 de 13 (245 offres)", Some(245)),
            ("0", Some(0)),
            ("-1", None),
            ("aucune offre", None),
            ("99999999999999999999999", Some(u64::MAX)),
        ] {
            assert_eq!(number(words), total, "{words}");
        }
    }

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
