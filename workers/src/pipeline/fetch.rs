//! Stage 2: an answer is fetched, and archived before anything parses it.

use std::{sync::PoisonError, time::Duration};

use ::fetch::{Answer, Body, FetchError, Partner, Request, Retry, Validators, Why};
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
    app::App,
    archive::{Label, digest},
    budget::PoolBudget,
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
    /// How long the job has waited and run, since it was enqueued.
    pub(crate) waited: Duration,
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
        None => app.batches.validators.ask((partner.slug.clone(), wanted.url.to_string())).await?,
        Some(_) => None,
    };
    let validators = known
        .as_ref()
        .map(|known| Validators { etag: known.etag.clone(), last_modified: known.last_modified.clone() });
    let request = asked(&wanted, validators);
    let budget = PoolBudget::new(app, partner.slug.as_str());
    let mut answer = match app.client.fetch(partner, &request, &budget).await {
        Ok(answer) => answer,
        Err(error) => return Err(failure(app, partner, wanted.waited, budget.failing(), error).await?),
    };
    answer.fetched_at = app.clock.now();
    see_certificate(app, partner, &answer).await?;
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

/// Notes until when the certificate of a host is valid, once a day.
async fn see_certificate(app: &App, partner: &Partner, answer: &Answer) -> Result<(), StoreError> {
    let (Some(ends_at), Some(host)) = (answer.certificate_ends, answer.url.host_str()) else { return Ok(()) };
    let seen = (ends_at, answer.fetched_at.date_naive());
    let is_known = {
        let mut known = app.certificates.lock().unwrap_or_else(PoisonError::into_inner);
        known.insert(host.to_owned(), seen) == Some(seen)
    };
    if is_known { Ok(()) } else { app.store.see_certificate(host, partner.slug.as_str(), ends_at).await }
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

/// Decides what becomes of a job whose request got no answer. `failing`: the host that failed, if one did.
async fn failure(
    app: &App,
    partner: &Partner,
    waited: Duration,
    failing: Option<(String, Failing)>,
    error: FetchError,
) -> Result<Failure, StoreError> {
    if let Some(status) = error.gone() {
        return Ok(Failure::Gone(status));
    }
    let host = failing.as_ref().map_or_else(|| partner.host(), |(host, _)| host.clone());
    let failing = match failing {
        Some((_, failing)) => Some(failing),
        None => app.store.host_failing(&host).await?,
    };
    Ok(Failure::Job(match error {
        // Its lane is held: nobody claims the job before the source is resumed.
        FetchError::Stopped { why } => JobError::Snooze { pause: Duration::ZERO, why },
        FetchError::Budget { .. } => JobError::Failed(error.into()),
        error if error.retry() == Retry::Never => JobError::Discard(error.into()),
        FetchError::Later { why: Why::Rate, .. } => {
            JobError::Snooze { pause: patience::asked(&error).unwrap_or_default(), why: error.to_string() }
        }
        // The source file says so, and it ends by itself: it counts against nobody.
        error if error.is_rest() => {
            JobError::Wait { pause: patience::asked(&error).unwrap_or_default(), why: error.to_string() }
        }
        error => match (failing, patience::asked(&error)) {
            // It answers, but not what was asked for.
            (None, None) => JobError::Failed(error.into()),
            (failing, asked) => {
                unanswered(app, (partner.slug.as_str(), &host), (failing, asked), waited, error)
            }
        },
    }))
}

/// Decides about a job whose host does not answer, or asks for a pause.
fn unanswered(
    app: &App,
    (slug, host): (&str, &str),
    (failing, asked): (Option<Failing>, Option<Duration>),
    waited: Duration,
    error: FetchError,
) -> JobError {
    let since = failing.map_or(Duration::ZERO, |failing| failing.duration);
    // The host may have failed since yesterday, but this job has not waited for it so long.
    let duration = without_quiet_hours(app, slug, since.min(waited));
    let rest = asked.unwrap_or_default().max(failing.map_or(Duration::ZERO, |failing| failing.rest));
    let hours = app.config.fetch.give_up_hours;
    match patience::judge(duration, rest, Duration::from_hours(hours), fastrand::f64()) {
        Verdict::GiveUp => {
            let why = match asked {
                Some(pause) if pause > duration => format!(
                    "{host} asks for a pause until {}, and is not waited for longer than {hours} h",
                    at(app.clock.now() + pause)
                ),
                _ => format!(
                    "{host} did not answer for {}, and is not waited for longer than {hours} h",
                    spoken(duration)
                ),
            };
            JobError::Discard(anyhow::Error::new(error).context(why))
        }
        Verdict::Wait(pause) => {
            let why = format!(
                "{}; {host} does not answer since {}, next try at {}",
                error_chain(&error.into()),
                at(app.clock.now() - since),
                at(app.clock.now() + pause)
            );
            JobError::Wait { pause, why }
        }
    }
}

/// Returns the part of the time until now in which the source was asked: quiet hours count against nobody.
fn without_quiet_hours(app: &App, slug: &str, duration: Duration) -> Duration {
    let Ok(spec) = app.spec(slug) else { return duration };
    let now = app.clock.now();
    let quiet = QuietHours::within(&spec.quiet_hours, now - duration, now).to_std().unwrap_or_default();
    duration.saturating_sub(quiet)
}

fn at(moment: DateTime<Utc>) -> impl std::fmt::Display {
    moment.format("%Y-%m-%d %H:%M:%S UTC")
}

fn spoken(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    if minutes < 60 { format!("{minutes} min") } else { format!("{} h {} min", minutes / 60, minutes % 60) }
}
