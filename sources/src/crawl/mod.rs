//! How a list is crawled: the first request, what each answer says of the next, and what the ending proves.

mod address;
mod ending;
mod next;
mod request;

use std::collections::HashSet;

use domain::StreamName;
use url::Url;

use crate::{Page, Spec, Stream, grammar::Pages, read};

pub use ending::{Doubt, End, PastWalk, Unproven, Walked};
use next::{Change, Seen};
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
    /// The pages seen, by the set of what they show: a portal that answers page 99 with page 1 has no more.
    pages: HashSet<Vec<i64>>,
    elements: HashSet<i64>,
    /// The addresses asked for, with the bodies of their requests. A crawl that resumes knows those after its stop alone: it may
    /// ask for some again.
    asked: HashSet<(Url, Option<String>)>,
    /// Whether the last page showed nothing new.
    is_stale: bool,
    /// Records on the largest page, and on the largest one before the last.
    largest: (usize, usize),
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
    /// Whether the crawl ended because the page showed nothing new.
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
            asked: HashSet::new(),
            is_stale: false,
            largest: (0, 0),
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
    pub fn recall(&mut self, shown: &[i64], promised: Option<u64>) {
        self.is_stale = self.count(shown, promised) && !shown.is_empty();
        self.pages.insert(set_of(shown));
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
        let shows_nothing_new = self.count(&shown, promised) && !shown.is_empty();
        self.walked.counts = counts;
        self.walked.was_promised = request.promised;
        self.asked.insert(address_of(request));
        let is_known = self.is_end(&shown, shows_nothing_new);
        self.is_stale = shows_nothing_new;
        let next = if !is_readable {
            NextPage::End(End::Unreadable)
        } else if is_cut {
            NextPage::End(End::CutShort)
        } else if is_known {
            self.walked.is_round = self.leads_back(request, page, shown.len());
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

    /// Whether a page that shows nothing new ends the crawl: one that shows what one earlier page showed does, in any order. Where
    /// featured posts rotate, the page is none of the earlier ones, and the second in a row is the end.
    fn is_end(&mut self, shown: &[i64], shows_nothing_new: bool) -> bool {
        let is_earlier = !self.pages.insert(set_of(shown));
        let repeats = self.stream.total.as_ref().is_some_and(|total| total.repeats);
        // Sitemaps of an index are few and named: one that repeats another ends nothing.
        let may_end = shows_nothing_new && !matches!(self.stream.pages, Pages::Sitemap);
        may_end && (is_earlier || (self.is_stale && !repeats))
    }

    /// Counts a page. Returns whether it shows nothing new.
    fn count(&mut self, shown: &[i64], promised: Option<u64>) -> bool {
        let known = self.elements.len();
        self.elements.extend(shown);
        self.largest = (self.largest.0.max(shown.len()), self.largest.0);
        let shows_nothing_new = self.elements.len() == known;
        self.walked.add_page(shown.len(), promised);
        let repeats = self.stream.total.as_ref().is_some_and(|total| total.repeats);
        self.walked.distinct = self.elements.len().try_into().unwrap_or(u64::MAX);
        self.walked.records = if repeats { self.walked.listed } else { self.walked.distinct };
        shows_nothing_new
    }

    fn decide(&self, request: &PageRequest, page: &Page<'_>, on_page: usize) -> Result<Change, End> {
        let seen = Seen {
            on_page: on_page.try_into().unwrap_or(u64::MAX),
            largest: self.largest.1.try_into().unwrap_or(u64::MAX),
            listed: self.walked.listed,
            records: self.walked.records,
            promised: self.walked.promised,
        };
        let was_asked = |url: &Url| self.asked.contains(&(url.clone(), None));
        next::decide(self.stream, request, page, &seen, &was_asked)
    }

    /// Whether the cursor of a page leads to a page that was asked for.
    fn leads_back(&self, request: &PageRequest, page: &Page<'_>, on_page: usize) -> bool {
        let is_cursor = matches!(self.stream.pages, Pages::Cursor { .. });
        let next = self.decide(request, page, on_page).map(|change| change.apply(request));
        is_cursor && next.is_ok_and(|next| self.asked.contains(&address_of(&next)))
    }

    fn after(&mut self, request: &PageRequest, page: &Page<'_>, on_page: usize) -> NextPage {
        match self.decide(request, page, on_page) {
            Err(end) => {
                self.walked.was_promised |= end == End::Empty && next::links_on(self.stream, page);
                NextPage::End(end)
            }
            Ok(_) if request.ordinal.saturating_add(1) >= CAP => NextPage::End(End::Cap),
            Ok(change) => NextPage::Ask(Box::new(change.apply(request))),
        }
    }
}

/// What a request asks for.
fn address_of(request: &PageRequest) -> (Url, Option<String>) {
    let body = request.body.as_ref().map(|body| String::from_utf8_lossy(&body.encoded().1).into_owned());
    (request.url.clone(), body)
}

/// What a page shows, whatever its order.
fn set_of(shown: &[i64]) -> Vec<i64> {
    let mut set = shown.to_vec();
    set.sort_unstable();
    set.dedup();
    set
}

#[cfg(test)]
mod tests;
