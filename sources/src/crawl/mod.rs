//! How a list is crawled: the first request, what each answer says of the next, and what the ending proves.

mod address;
mod ending;
mod next;
mod request;

use std::collections::HashSet;

use domain::StreamName;

use crate::{Page, Spec, Stream, grammar::Pages, read};

pub use ending::{Doubt, End, PastWalk, Unproven, Walked};
use next::Seen;
pub use request::{PageRequest, RequestBody, Window};

/// Pages crawled of one list at most: a list that never ends is a mistake, the partner's or ours.
pub(crate) const CAP: u32 = 5_000;

/// A crawl through one stream: it says what to ask, takes the answers one by one, and tells how it ended.
///
/// ```text
/// while let Some(request) = crawl.ask() { let page = …; crawl.answered(&request, &page); }
/// crawl.walked()
/// ```
#[derive(Debug)]
pub struct Crawl<'s> {
    stream: &'s Stream,
    next: Option<Box<PageRequest>>,
    /// The pages seen, by what they show: a portal that answers page 99 with page 1 has no more.
    pages: HashSet<Vec<i64>>,
    elements: HashSet<i64>,
    /// Whether an HTML page had its end tag: then a page without one breaks off.
    has_end_tags: bool,
    walked: Walked,
    is_over: bool,
}

/// What a page of a crawl shows, in short.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PageSummary {
    /// The begin of a digest of each record's identity, in the order of the page.
    pub shown: Vec<i64>,
    /// How many records the page promises in all.
    pub promised: Option<u64>,
    /// Whether the crawl ended because an earlier page showed the same.
    pub is_repeat: bool,
}

/// Where a crawl continues after a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NextPage {
    /// With this request.
    Ask(Box<PageRequest>),
    /// Nowhere, and why.
    End(End),
}

impl Spec {
    /// A crawl through a stream, from its first page; `None` for a stream that is not the spec's, or is not fetched.
    pub fn crawl(&self, stream: &StreamName, window: &Window) -> Option<Crawl<'_>> {
        let first = self.first(stream, window)?;
        Some(Crawl {
            stream: self.stream(stream)?,
            next: Some(Box::new(first)),
            pages: HashSet::new(),
            elements: HashSet::new(),
            has_end_tags: false,
            walked: Walked::begun(stream),
            is_over: false,
        })
    }
}

impl Crawl<'_> {
    /// The next request; `None` once the crawl is over. Each request is given once.
    pub fn ask(&mut self) -> Option<PageRequest> {
        self.next.take().map(|request| *request)
    }

    /// How the crawl ended; `None` while it has not.
    pub fn walked(&self) -> Option<&Walked> {
        self.is_over.then_some(&self.walked)
    }

    /// Counts a page that an interrupted crawl of the same stream took before its last one.
    pub fn recall(&mut self, shown: Vec<i64>, promised: Option<u64>) {
        self.count(&shown, promised);
        self.pages.insert(shown);
    }

    /// Takes the page that answered a request. The last page that an interrupted crawl took is taken again, and the crawl
    /// continues after it.
    pub fn answered(&mut self, request: &PageRequest, page: &Page<'_>) -> PageSummary {
        let promised = next::promised(self.stream, page);
        // Unless a single page promises a total there is nothing to count for: it may be large.
        let counts = !matches!(self.stream.pages, Pages::Single) || promised.is_some();
        let elements = if counts { read::elements(self.stream, page) } else { Ok(Vec::new()) };
        let is_readable = elements.is_ok();
        let shown = elements.unwrap_or_default();
        let has_end_tag = read::has_end_tag(self.stream, page);
        let is_cut = self.has_end_tags && has_end_tag == Some(false);
        self.has_end_tags |= has_end_tag == Some(true);
        self.count(&shown, promised);
        self.walked.counts = counts;
        self.walked.was_promised = request.promised;
        // Sitemaps of an index are few and named: one that repeats another ends nothing.
        let is_known = !shown.is_empty()
            && !self.pages.insert(shown.clone())
            && !matches!(self.stream.pages, Pages::Sitemap);
        let next = if !is_readable {
            NextPage::End(End::Unreadable)
        } else if is_cut {
            NextPage::End(End::CutShort)
        } else if is_known {
            NextPage::End(End::Repeated)
        } else {
            self.after(request, page, shown.len())
        };
        let is_repeat = next == NextPage::End(End::Repeated);
        match next {
            NextPage::Ask(request) => self.next = Some(request),
            NextPage::End(end) => (self.walked.end, self.is_over, self.next) = (end, true, None),
        }
        PageSummary { shown, promised, is_repeat }
    }

    fn count(&mut self, shown: &[i64], promised: Option<u64>) {
        self.elements.extend(shown);
        self.walked.add_page(shown.len(), promised);
        let repeats = self.stream.total.as_ref().is_some_and(|total| total.repeats);
        self.walked.distinct = self.elements.len().try_into().unwrap_or(u64::MAX);
        self.walked.records = if repeats { self.walked.listed } else { self.walked.distinct };
    }

    fn after(&mut self, request: &PageRequest, page: &Page<'_>, on_page: usize) -> NextPage {
        let seen = Seen {
            on_page: on_page.try_into().unwrap_or(u64::MAX),
            listed: self.walked.listed,
            records: self.walked.records,
            promised: self.walked.promised,
        };
        match next::decide(self.stream, request, page, &seen) {
            Err(end) => {
                self.walked.was_promised |= end == End::Empty && next::links_on(self.stream, page);
                NextPage::End(end)
            }
            Ok(_) if request.ordinal.saturating_add(1) >= CAP => NextPage::End(End::Cap),
            Ok(change) => NextPage::Ask(Box::new(change.apply(request))),
        }
    }
}

#[cfg(test)]
mod tests;
