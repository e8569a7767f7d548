//! Stage 2: an answer is fetched, and archived before anything parses it.

use std::time::Duration;

use ::fetch::{Answer, Body, FetchError, Partner, Request, Retry, Validators};
use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use domain::QuietHours;
use sources::RequestBody;
use store::{
    Archived, Failing, StoreError,
    failpoint::{Step, after, before},
};
use url::Url;

use crate::{
    app::{App, PoolBudget},
    archive::{Label, digest},
    job_error::JobError,
    observe::error_chain,
    patience::{self, Verdict},
};

/// Headers to store with a page: those that the parser or an investigation needs.
const KEPT: [&str; 9] = [
    "content-type",
    "content-range",
    "content-language",
    "content-location",
    "link",
    "etag",
    "last-modified",
    "date",
    "server",
];

/// A request, and where its answer goes.
pub(crate) struct Wanted<'a> {
    /// Its address.
    pub(crate) url: &'a Url,
    /// The headers that the source file sets.
    pub(crate) headers: &'a [(String, String)],
    /// The body, which makes it a POST.
    pub(crate) body: Option<&'a RequestBody>,
    /// The key in the archive.
    pub(crate) key: String,
    /// Whether an earlier attempt of the job may have archived the answer and died before it inserted the page.
    pub(crate) is_repeated: bool,
}

/// Why there is no answer.
pub(crate) enum Failure {
    /// The partner says that the page is gone (404, 410).
    Gone(u16),
    /// Anything else, which ends the job.
    Job(JobError),
}

impl<E: Into<JobError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Job(error.into())
    }
}

/// Fetches an answer and archives it. Returns it with its body, if the body came now. A 304 has no body: the answer that an
/// earlier visit archived stands for it.
pub(crate) async fn fetch(
    app: &App,
    partner: &Partner,
    wanted: Wanted<'_>,
) -> Result<(Archived, Option<Bytes>), Failure> {
    if wanted.is_repeated
        && let Some((archived, body)) = kept(app, &wanted).await?
    {
        tracing::info!(url = %wanted.url, "an earlier attempt has archived the answer");
        return Ok((archived, Some(body)));
    }
    // The address alone does not identify a POST.
    let known = match wanted.body {
        None => app.store.validator(&partner.slug, wanted.url.as_str()).await?,
        Some(_) => None,
    };
    let validators = known
        .as_ref()
        .map(|known| Validators { etag: known.etag.clone(), last_modified: known.last_modified.clone() });
    let request = asked(&wanted, validators);
    let budget = PoolBudget(app.store.clone());
    let answer = match app.client.fetch(partner, &request, &budget).await {
        Ok(answer) => answer,
        Err(error) => return Err(failure(app, partner, error).await?),
    };
    app.store.source_answers(partner.slug.as_str(), partner.rate.interval()).await?;
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

/// Returns the body of a request, as it is sent.
pub(crate) fn encoded(body: &RequestBody) -> Body {
    let (media_type, bytes) = body.encoded();
    Body { media_type, bytes: bytes.into() }
}

/// Returns the answer that an earlier attempt archived, if it answers this request.
async fn kept(app: &App, wanted: &Wanted<'_>) -> anyhow::Result<Option<(Archived, Bytes)>> {
    let Some((label, body)) = app.archive.kept(&wanted.key).await? else { return Ok(None) };
    let is_same = label.url == wanted.url.as_str() && label.sent == wanted.body.map(sent);
    let Some(fetched_at) = DateTime::parse_from_rfc3339(&label.fetched_at).ok().filter(|_| is_same) else {
        return Ok(None);
    };
    let header = |name: &str| {
        let found = label.headers.iter().find(|(known, _)| known == name);
        found.filter(|_| wanted.body.is_none()).map(|(_, value)| value.clone())
    };
    let archived = Archived {
        status: label.status,
        archive_key: wanted.key.clone(),
        sha256: digest(&body),
        bytes: u64::try_from(body.len()).unwrap_or(u64::MAX),
        fetched_at: fetched_at.to_utc(),
        requests: 1,
        etag: header("etag"),
        last_modified: header("last-modified"),
        headers: label.headers,
    };
    Ok(Some((archived, body)))
}

/// Returns the digest of the body that a POST sends.
fn sent(body: &RequestBody) -> String {
    hex::encode(digest(&encoded(body).bytes))
}

async fn keep(app: &App, wanted: Wanted<'_>, answer: Answer) -> anyhow::Result<Archived> {
    let is_get = wanted.body.is_none();
    let sha256 = digest(&answer.body);
    let mut headers = answer.headers;
    headers.retain(|(name, _)| KEPT.contains(&name.as_str()));
    let label = Label {
        url: wanted.url.to_string(),
        sent: wanted.body.map(sent),
        status: answer.status,
        headers: headers.clone(),
        fetched_at: answer.fetched_at.to_rfc3339_opts(SecondsFormat::Millis, true),
        sha256: hex::encode(sha256),
        bytes: answer.body.len(),
    };
    before(Step::ArchiveAnswer);
    app.archive.keep(&wanted.key, &answer.body, &label).await?;
    after(Step::ArchiveAnswer);
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

/// Decides what becomes of a job whose request got no answer.
async fn failure(app: &App, partner: &Partner, error: FetchError) -> Result<Failure, StoreError> {
    let slug = partner.slug.as_str();
    if let Some(status) = error.gone() {
        app.store.source_answers(slug, partner.rate.interval()).await?;
        return Ok(Failure::Gone(status));
    }
    if let FetchError::Stopped { why } = error {
        // Its lane is held: nobody claims the job before the source is resumed.
        return Ok(Failure::Job(JobError::Snooze { pause: Duration::ZERO, why }));
    }
    if error.is_rest() {
        // The source file says so, and it ends by itself: it counts against nobody.
        let pause = patience::asked(&error).unwrap_or_default();
        return Ok(Failure::Job(JobError::Wait { pause, why: error.to_string() }));
    }
    if matches!(error, FetchError::Budget { .. }) || error.retry() == Retry::Never {
        let error = anyhow::Error::new(error);
        return Ok(Failure::Job(match error.downcast_ref::<FetchError>() {
            Some(FetchError::Budget { .. }) => JobError::Failed(error),
            _ => JobError::Discard(error),
        }));
    }
    let failing = if error.is_partners() {
        Some(app.store.source_fails(slug).await?)
    } else {
        // The request waits for its turn. While the source fails, only one request at a time has a turn.
        app.store.source_failing(slug).await?
    };
    let asked = patience::asked(&error);
    let Some(failing) = failing else {
        return Ok(Failure::Job(JobError::Snooze {
            pause: asked.unwrap_or_default(),
            why: error.to_string(),
        }));
    };
    let horizon = Duration::from_hours(app.config.fetch.give_up_hours);
    let failing = without_quiet_hours(app, slug, failing);
    match patience::judge(failing, asked, horizon, fastrand::f64()) {
        Verdict::GiveUp => {
            let why = format!(
                "{slug} did not answer for {}, and is not waited for longer than {} h",
                spoken(failing.duration),
                app.config.fetch.give_up_hours
            );
            Ok(Failure::Job(JobError::Discard(anyhow::Error::new(error).context(why))))
        }
        Verdict::Wait(pause) => {
            if error.is_partners() {
                app.store.rest_source(slug, pause).await?;
            }
            let why = format!(
                "{}; {slug} does not answer since {}, next try at {}",
                error_chain(&error.into()),
                at(Utc::now() - failing.duration),
                at(Utc::now() + pause)
            );
            Ok(Failure::Job(JobError::Wait { pause, why }))
        }
    }
}

/// A source is not given up for the hours in which nobody asked it.
fn without_quiet_hours(app: &App, slug: &str, failing: Failing) -> Failing {
    let Ok(spec) = app.spec(slug) else { return failing };
    let now = Utc::now();
    let quiet =
        QuietHours::within(&spec.quiet_hours, now - failing.duration, now).to_std().unwrap_or_default();
    Failing { duration: failing.duration.saturating_sub(quiet), ..failing }
}

fn at(moment: DateTime<Utc>) -> impl std::fmt::Display {
    moment.format("%H:%M:%S UTC")
}

fn spoken(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    if minutes < 60 { format!("{minutes} min") } else { format!("{} h {} min", minutes / 60, minutes % 60) }
}
