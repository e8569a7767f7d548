//! Stage 2: a stream is walked page by page; each answer is archived before the next is asked for.

use ::fetch::{Answer, Body, FetchError, Partner, Request, Retry, Validators};
use anyhow::Context as _;
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use queue::Lease;
use sources::{End, PageRequest, RequestBody, Response, Spec, Step, Stream, Trail, Window};
use store::{Archived, Mode, NewListPage, PageRow, RunRow};
use url::Url;

use super::archive;
use crate::{
    app::{App, PoolBudget, read_by},
    archive::{Label, digest},
    jobs::error::JobError,
};

/// How far an incremental run reaches back behind the last complete one: a partner's clock, or its index, may lag.
const OVERLAP: TimeDelta = TimeDelta::hours(1);

/// Headers worth keeping with a page: what a reader or an auditor asks for.
const KEPT: [&str; 8] =
    ["content-type", "content-range", "content-language", "link", "etag", "last-modified", "date", "server"];

/// An answer to get.
pub(crate) struct Wanted<'a> {
    /// Its address.
    pub(crate) url: &'a Url,
    /// Headers the spec asks for.
    pub(crate) headers: &'a [(String, String)],
    /// Makes it a POST.
    pub(crate) body: Option<&'a RequestBody>,
    /// Where it is to be archived.
    pub(crate) key: String,
}

/// Why there is no answer.
pub(crate) enum Failure {
    /// The partner says there is nothing there (404, 410).
    Gone(u16),
    /// Anything else ends the job.
    Job(JobError),
}

impl<E: Into<JobError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Job(error.into())
    }
}

/// Gets an answer and archives it; answers it with its body, where it came now. A 304 costs no body: the answer kept by an
/// earlier visit stands for it.
pub(crate) async fn fetch(
    app: &App,
    partner: &Partner,
    wanted: Wanted<'_>,
) -> Result<(Archived, Option<Bytes>), Failure> {
    // The address alone does not tell what a POST asks.
    let known = match wanted.body {
        None => app.store.validator(&partner.slug, wanted.url.as_str()).await?,
        Some(_) => None,
    };
    let validators = known
        .as_ref()
        .map(|known| Validators { etag: known.etag.clone(), last_modified: known.last_modified.clone() });
    let request = asked(&wanted, validators);
    let budget = PoolBudget(app.store.clone());
    let answer = app.client.fetch(partner, &request, &budget).await.map_err(failure)?;
    metrics::counter!("oim_pages_total", "source" => partner.slug.to_string(), "status" => answer.status.to_string()).increment(1);
    match known {
        Some(known) if answer.status == 304 => {
            let archived =
                Archived { fetched_at: answer.fetched_at, requests: answer.requests, ..known.archived };
            Ok((archived, None))
        }
        _ => {
            let body = answer.body.clone();
            Ok((keep(app, wanted, answer).await?, Some(body)))
        }
    }
}

fn asked(wanted: &Wanted<'_>, validators: Option<Validators>) -> Request {
    Request {
        url: wanted.url.clone(),
        headers: wanted.headers.to_vec(),
        validators,
        body: wanted.body.map(encoded),
    }
}

/// The body of a request, as it is sent.
pub(crate) fn encoded(body: &RequestBody) -> Body {
    let (media_type, bytes) = body.encoded();
    Body { media_type, bytes: bytes.into() }
}

async fn keep(app: &App, wanted: Wanted<'_>, answer: Answer) -> anyhow::Result<Archived> {
    let is_get = wanted.body.is_none();
    let sha256 = digest(&answer.body);
    let mut headers = answer.headers;
    headers.retain(|(name, _)| KEPT.contains(&name.as_str()));
    let label = Label {
        url: wanted.url.as_str(),
        status: answer.status,
        headers: &headers,
        fetched_at: answer.fetched_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        sha256: hex::encode(sha256),
        bytes: answer.body.len(),
    };
    app.archive.keep(&wanted.key, &answer.body, &label).await?;
    Ok(Archived {
        status: answer.status,
        archive_key: wanted.key,
        sha256,
        bytes: u64::try_from(answer.body.len()).unwrap_or(u64::MAX),
        fetched_at: answer.fetched_at,
        requests: answer.requests,
        etag: answer.validators.etag.filter(|_| is_get),
        last_modified: answer.validators.last_modified.filter(|_| is_get),
        headers,
    })
}

fn failure(error: FetchError) -> Failure {
    if let Some(status) = error.gone() {
        return Failure::Gone(status);
    }
    Failure::Job(match error.retry() {
        Retry::At(at) => JobError::Snooze { pause: until(at), why: error.to_string() },
        Retry::Again => JobError::Failed(error.into()),
        Retry::Never => JobError::Discard(error.into()),
    })
}

fn until(at: DateTime<Utc>) -> std::time::Duration {
    (at - Utc::now()).to_std().unwrap_or(std::time::Duration::ZERO)
}

/// A walk over the streams of a source.
pub(crate) struct Walk<'a> {
    pub(crate) app: &'a App,
    pub(crate) lease: Lease,
    pub(crate) row: &'a RunRow,
    pub(crate) spec: &'a Spec,
    pub(crate) partner: &'a Partner,
    /// Records the run's limit has already counted.
    pub(crate) taken: usize,
    /// Why the walk ended before the partner's last page.
    pub(crate) shortfall: Option<String>,
    /// What the pages of the stream have shown so far.
    pub(crate) trail: Trail,
}

/// Where a walk stands.
enum Next {
    Ask(Box<PageRequest>),
    Over,
}

/// Walks one stream, from where an interrupted walk of the same run stopped. Answers whether everything the
/// partner publishes there was asked for.
pub(crate) async fn walk(walk: &mut Walk<'_>, stream: &Stream) -> Result<bool, JobError> {
    walk.trail = Trail::of(walk.app.store.shown(walk.row.id, stream.name.as_str()).await?);
    let since = since(walk, stream).await?;
    let first = walk.spec.first(&stream.name, &Window { since });
    let everything = walk.spec.first(&stream.name, &Window { since: None });
    let covers_all = first == everything && !stream.partial;
    let mut next = match walk.app.store.last_list_page(walk.row.id, stream.name.as_str()).await? {
        Some(page) => resume(walk, stream, &page).await?,
        None => first.map_or(Next::Over, |first| Next::Ask(Box::new(first))),
    };
    while let Next::Ask(request) = next {
        if walk.app.stop.is_cancelled() {
            return Err(JobError::Snooze {
                pause: std::time::Duration::ZERO,
                why: "the worker stops".to_owned(),
            });
        }
        if walk.full() {
            return Ok(false);
        }
        next = step(walk, stream, *request).await?;
    }
    Ok(covers_all)
}

impl Walk<'_> {
    fn limit(&self) -> Option<usize> {
        self.row.record_limit.and_then(|limit| usize::try_from(limit).ok())
    }

    fn full(&self) -> bool {
        self.limit().is_some_and(|limit| self.taken >= limit)
    }

    /// Notes why the walk ended early, where it did.
    fn ended(&mut self, stream: &Stream, end: End) {
        if end == End::Cap {
            self.shortfall = Some(format!("stream {} has more pages than its spec allows", stream.name));
        }
    }
}

async fn since(walk: &Walk<'_>, stream: &Stream) -> Result<Option<DateTime<Utc>>, JobError> {
    if walk.row.since.is_some() || walk.row.mode == Mode::Full {
        return Ok(walk.row.since);
    }
    let known = walk.app.store.complete_to(&walk.spec.slug, stream.name.as_str()).await?;
    Ok(known.map(|at| at - OVERLAP))
}

/// Asks for one page, archives it, enters it, and says where the walk goes on.
async fn step(walk: &mut Walk<'_>, stream: &Stream, request: PageRequest) -> Result<Next, JobError> {
    let key = archive::list_key(walk.spec.slug.as_str(), walk.row.id, stream.name.as_str(), request.ordinal);
    let wanted = Wanted { url: &request.url, headers: &request.headers, body: request.body.as_ref(), key };
    let (archived, body) = match fetch(walk.app, walk.partner, wanted).await {
        Ok((archived, body)) => (archived, body),
        Err(Failure::Gone(status)) => {
            return Err(JobError::Failed(anyhow::anyhow!("the list {} answered {status}", request.url)));
        }
        Err(Failure::Job(error)) => return Err(error),
    };
    let body = match body {
        Some(body) => body,
        None => walk.app.archive.read(&archived.archive_key, &archived.sha256).await?,
    };
    let response = Response { status: archived.status, headers: &archived.headers, body: &body };
    let page = request.page(response);
    let glance = walk.spec.glance(&request, &page);
    let shown = glance.shown;
    let next = walk.trail.after(glance);
    if next == Step::End(End::Repeated) {
        // It was read when it was first shown.
        return Ok(Next::Over);
    }
    let take = walk.limit().map(|limit| limit.saturating_sub(walk.taken));
    if let Some(left) = take {
        walk.taken += walk.spec.read(&page).records.min(left);
    }
    let entered = NewListPage {
        run: walk.row.id,
        source: &walk.spec.slug,
        stream: stream.name.as_str(),
        ordinal: request.ordinal,
        url: request.url.as_str(),
        request: serde_json::to_value(&request)?,
        take: take.and_then(|take| i32::try_from(take).ok()),
        is_file: false,
        shown,
        read_by: &read_by(walk.spec),
        archived: &archived,
    };
    walk.app.store.list_page_archived(walk.lease, &entered).await?;
    Ok(follow(walk, stream, next))
}

fn follow(walk: &mut Walk<'_>, stream: &Stream, next: Step) -> Next {
    match next {
        Step::Next(request) => Next::Ask(request),
        Step::End(end) => {
            walk.ended(stream, end);
            Next::Over
        }
    }
}

/// Where a walk goes on after the last page it archived.
async fn resume(walk: &mut Walk<'_>, stream: &Stream, last: &PageRow) -> Result<Next, JobError> {
    let request: PageRequest =
        serde_json::from_value(last.request.clone()).context("the request of an archived page")?;
    let body = archive::read(walk.app, last).await?;
    let stored = super::parse::StoredPage::of(last)?;
    let page = stored.page(&body);
    if let (Some(limit), Some(take)) = (walk.limit(), last.take) {
        let before = limit.saturating_sub(usize::try_from(take).unwrap_or(0));
        walk.taken = before + walk.spec.read(&page).records.min(limit - before);
    }
    tracing::info!(stream = %stream.name, after_page = last.ordinal, "the walk is taken up where it stopped");
    // Its own trail is already in the walk's: only where it leads is asked.
    let next = walk.spec.glance(&request, &page).next;
    Ok(follow(walk, stream, next))
}
