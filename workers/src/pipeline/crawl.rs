//! Stage 2: the streams of a source are crawled page by page. Each answer is archived before the next request.

use anyhow::Context as _;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use fetch::Partner;
use queue::Lease;
use sources::{Crawl, PageRequest, PageSummary, PastWalk, Response, Spec, Stream, Walked, Window};
use store::{Archived, Mode, NewListPage, PageRow, RunRow, StreamWalk};

use super::{
    archive,
    fetch::{Failure, Wanted, fetch},
};
use crate::{
    app::{App, read_by},
    job_error::JobError,
};

/// How far an incremental run reaches back behind the last complete one, because a partner's clock or index may lag.
const OVERLAP: TimeDelta = TimeDelta::hours(1);

/// Crawls the streams of a source for a run.
pub(crate) struct Crawler<'a> {
    pub(crate) app: &'a App,
    pub(crate) lease: Lease,
    pub(crate) row: &'a RunRow,
    pub(crate) spec: &'a Spec,
    pub(crate) partner: &'a Partner,
    /// Records that the run's limit has counted so far.
    pub(crate) taken: usize,
    /// Whether the next answer may be archived already, by a crawl that died before it inserted the page.
    pub(crate) is_repeated: bool,
}

/// Crawls one stream, from where an interrupted crawl of the same run stopped. Returns how it ended; `None` if the run's
/// limit ended it, or if the stream is not fetched.
pub(crate) async fn crawl(
    crawler: &mut Crawler<'_>,
    stream: &Stream,
) -> Result<Option<StreamWalk>, JobError> {
    let since = crawler.since(stream).await?;
    let spec = crawler.spec;
    let everything = spec.first(&stream.name, &Window { since: None });
    let is_whole = spec.first(&stream.name, &Window { since }) == everything && !stream.partial;
    let Some(mut crawl) = spec.crawl(&stream.name, &Window { since }) else { return Ok(None) };
    crawler.resume(stream, &mut crawl).await?;
    while let Some(request) = crawl.ask() {
        if crawler.app.stop.is_cancelled() {
            return Err(JobError::Snooze {
                pause: std::time::Duration::ZERO,
                why: "the worker stops".to_owned(),
            });
        }
        if crawler.is_full() {
            return Ok(None);
        }
        crawler.step(stream, &mut crawl, &request).await?;
    }
    match crawl.walked() {
        Some(walked) => Ok(Some(crawler.judged(stream, walked, is_whole).await?)),
        None => Ok(None),
    }
}

impl Crawler<'_> {
    fn limit(&self) -> Option<usize> {
        self.row.record_limit.and_then(|limit| usize::try_from(limit).ok())
    }

    fn is_full(&self) -> bool {
        self.limit().is_some_and(|limit| self.taken >= limit)
    }

    async fn since(&self, stream: &Stream) -> Result<Option<DateTime<Utc>>, JobError> {
        if self.row.since.is_some() || self.row.mode == Mode::Full {
            return Ok(self.row.since);
        }
        let known = self.app.store.complete_to(&self.spec.slug, stream.name.as_str()).await?;
        Ok(known.map(|at| at - OVERLAP))
    }

    /// Requests one page, archives the answer and inserts the page.
    async fn step(
        &mut self,
        stream: &Stream,
        crawl: &mut Crawl<'_>,
        request: &PageRequest,
    ) -> Result<(), JobError> {
        let (archived, body) = self.get(stream, request).await?;
        let _permit = self.app.permits.work().await?;
        let place = self.app.room.admit(archived.bytes).await?;
        let response = Response { status: archived.status, headers: &archived.headers, body: &body };
        let page = request.page(response);
        let summary = place.work_here(|| crawl.answered(request, &page)).await?;
        if summary.is_repeat {
            // It was parsed when it was first shown.
            return Ok(());
        }
        let take = self.limit().map(|limit| limit.saturating_sub(self.taken));
        if let Some(left) = take {
            let spec = self.spec;
            self.taken += place.work_here(|| spec.read(&page).records).await?.min(left);
        }
        self.enter(stream, request, &archived, take, &summary).await
    }

    /// Returns the answer to a request, once it is archived.
    async fn get(&mut self, stream: &Stream, request: &PageRequest) -> Result<(Archived, Bytes), JobError> {
        let key =
            archive::list_key(self.spec.slug.as_str(), self.row.id, stream.name.as_str(), request.ordinal);
        let wanted = Wanted {
            url: &request.url,
            headers: &request.headers,
            body: request.body.as_ref(),
            key,
            waited: self.lease.waited(),
            is_repeated: std::mem::take(&mut self.is_repeated),
        };
        let (archived, body) = match fetch(self.app, self.partner, wanted).await {
            Ok(answer) => answer,
            Err(Failure::Gone(status)) => {
                return Err(JobError::Failed(anyhow::anyhow!("the list {} answered {status}", request.url)));
            }
            Err(Failure::Job(error)) => return Err(error),
        };
        let body = match body {
            Some(body) => body,
            None => self.app.archive.read(&archived.archive_key, &archived.sha256).await?,
        };
        Ok((archived, body))
    }

    async fn enter(
        &self,
        stream: &Stream,
        request: &PageRequest,
        archived: &Archived,
        take: Option<usize>,
        summary: &PageSummary,
    ) -> Result<(), JobError> {
        let entered = NewListPage {
            run: self.row.id,
            source: &self.spec.slug,
            stream: stream.name.as_str(),
            ordinal: request.ordinal,
            url: request.url.as_str(),
            request: serde_json::to_value(request)?,
            take: take.and_then(|take| i32::try_from(take).ok()),
            is_file: false,
            shown: &summary.shown,
            promised: summary.promised,
            read_by: &read_by(self.spec),
            archived,
        };
        self.app.store.list_page_archived(self.lease, &entered).await?;
        Ok(())
    }

    /// Brings a crawl to where an interrupted one of the same run stopped: it counts what the earlier pages showed, and takes
    /// the continuation from the last one.
    async fn resume(&mut self, stream: &Stream, crawl: &mut Crawl<'_>) -> Result<(), JobError> {
        let store = &self.app.store;
        let Some(last) = store.last_list_page(self.row.id, stream.name.as_str()).await? else {
            return Ok(());
        };
        for page in store.shown(self.row.id, stream.name.as_str()).await? {
            if page.ordinal < last.ordinal {
                crawl.recall(&page.shown, page.promised.and_then(|total| u64::try_from(total).ok()));
            }
        }
        let request: PageRequest =
            serde_json::from_value(last.request.clone()).context("the request of an archived page")?;
        let bytes = last.bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        let place = self.app.room.admit(bytes).await?;
        let body = archive::read(self.app, &last).await?;
        let stored = super::parse::StoredPage::of(&last)?;
        let page = stored.page(&body);
        if self.limit().is_some() {
            let spec = self.spec;
            let records = place.work_here(|| spec.read(&page).records).await?;
            self.count_taken(&last, records);
        }
        tracing::info!(stream = %stream.name, after_page = last.ordinal, "the crawl resumes where it stopped");
        place.work_here(|| crawl.answered(&request, &page)).await?;
        Ok(())
    }

    /// Counts what the run's limit has taken up to a page that is archived.
    fn count_taken(&mut self, last: &PageRow, records: usize) {
        if let (Some(limit), Some(take)) = (self.limit(), last.take) {
            let before = limit.saturating_sub(usize::try_from(take).unwrap_or(0));
            self.taken = before + records.min(limit - before);
        }
    }

    /// Decides what an ending proves, by itself and beside earlier endings of the stream.
    async fn judged(&self, stream: &Stream, walked: &Walked, is_whole: bool) -> Result<StreamWalk, JobError> {
        let mut unproven = walked.proof().err();
        let mut is_unusual = false;
        if is_whole && unproven.is_none() {
            let past = self.app.store.earlier_walks(&self.spec.slug, stream.name.as_str()).await?;
            let past: Vec<PastWalk> = past
                .into_iter()
                .map(|walk| PastWalk {
                    ending: walk.ending,
                    is_complete: walk.is_complete,
                    is_unusual: walk.is_unusual,
                })
                .collect();
            unproven = walked.unusual(&past);
            is_unusual = unproven.is_some();
        }
        Ok(StreamWalk {
            stream: stream.name.to_string(),
            covers: is_whole && unproven.is_none(),
            ending: walked.end.as_str(),
            promised: walked.promised,
            records: walked.counts.then_some(walked.records),
            is_whole,
            is_snapshot: walked.is_snapshot(),
            unproven: unproven.map(|why| why.to_string()),
            is_unusual,
        })
    }
}
