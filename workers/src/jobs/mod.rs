//! One file a job; the file's name is the stored name.
//!
//! A job is load, call, save. It ends itself in the transaction of its effect; what it returns here is only
//! what could not be committed: a failure to be tried again, a wait, or a reason to give up.

mod close_missing;
mod embed_opportunities;
mod fetch_page;
mod fetch_source;
mod match_duplicates;
mod parse_page;

use std::{sync::Arc, time::Duration};

use domain::RunId;
use serde::Deserialize;
use store::{StoreError, queue::Job};
use tracing::Instrument as _;

use crate::{engine::Engine, queue::InHand};

/// The register of jobs.
const KINDS: [&str; 6] = [
    fetch_source::NAME,
    fetch_page::NAME,
    parse_page::NAME,
    embed_opportunities::NAME,
    match_duplicates::NAME,
    close_missing::NAME,
];

/// Pause before the second try; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(2);
/// Longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// The jobs this process takes. Without the vector index it leaves the embedding to the one that holds it.
pub(crate) fn kinds(indexes: bool) -> Vec<String> {
    KINDS
        .into_iter()
        .filter(|kind| indexes || *kind != embed_opportunities::NAME)
        .map(str::to_owned)
        .collect()
}

/// Why a job did not end by itself.
#[derive(Debug)]
pub(crate) enum Stopped {
    /// Something failed; another try may succeed.
    Failed(anyhow::Error),
    /// Not now: come back after the pause. Costs no attempt.
    Later { pause: Duration, why: String },
    /// Never: another try would fail the same way.
    Hopeless(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// A job's payload that names a run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfRun {
    /// The run.
    pub(crate) run: RunId,
}

/// A job's payload that names a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OfPage {
    /// Its number.
    pub(crate) page: i64,
}

/// Runs one job to its end and settles what it left unsettled.
pub(crate) async fn run(engine: Arc<Engine>, task: InHand) {
    let job = &task.job;
    let span = tracing::info_span!(
        "job",
        kind = job.kind,
        id = job.lease.job(),
        lane = job.lane,
        attempt = job.attempts
    );
    async {
        metrics::histogram!("oim_job_wait_seconds", "kind" => job.kind.clone())
            .record(chrono::Utc::now().signed_duration_since(job.created_at).as_seconds_f64());
        let begun = std::time::Instant::now();
        let ended = Box::pin(dispatch(&engine, job)).await;
        let outcome = outcome_of(&ended);
        metrics::counter!("oim_jobs_total", "kind" => job.kind.clone(), "outcome" => outcome).increment(1);
        metrics::histogram!("oim_job_seconds", "kind" => job.kind.clone())
            .record(begun.elapsed().as_secs_f64());
        if let Err(stopped) = ended
            && let Err(error) = settle(&engine, job, stopped).await
        {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "could not settle the job; it is freed when its lease ends"
            );
        }
    }
    .instrument(span)
    .await;
}

async fn dispatch(engine: &Engine, job: &Job) -> Result<(), Stopped> {
    match job.kind.as_str() {
        fetch_source::NAME => fetch_source::run(engine, job.lease, payload(job)?).await,
        fetch_page::NAME => fetch_page::run(engine, job.lease, payload(job)?).await,
        parse_page::NAME => parse_page::run(engine, job.lease, payload(job)?).await,
        embed_opportunities::NAME => embed_opportunities::run(engine, job.lease).await,
        match_duplicates::NAME => match_duplicates::run(engine, job.lease).await,
        close_missing::NAME => close_missing::run(engine, job.lease, payload(job)?).await,
        other => Err(Stopped::Hopeless(anyhow::anyhow!("no job is called {other:?}"))),
    }
}

fn payload<T: for<'de> Deserialize<'de>>(job: &Job) -> Result<T, Stopped> {
    serde_json::from_value(job.payload.clone()).map_err(|error| {
        Stopped::Hopeless(anyhow::Error::new(error).context("its payload is not understood"))
    })
}

fn outcome_of(ended: &Result<(), Stopped>) -> &'static str {
    match ended {
        Ok(()) => "done",
        Err(Stopped::Failed(_)) => "failed",
        Err(Stopped::Later { .. }) => "later",
        Err(Stopped::Hopeless(_)) => "discarded",
    }
}

async fn settle(engine: &Engine, job: &Job, stopped: Stopped) -> Result<(), StoreError> {
    let store = &engine.store;
    match stopped {
        Stopped::Failed(error) if is_fenced(&error) => {
            tracing::warn!("another worker has taken the job over; nothing was written here");
            Ok(())
        }
        Stopped::Failed(error) if job.is_last_attempt() => {
            tracing::error!(error = chain(&error), "given up after its last attempt");
            store.job_discarded(job.lease, &chain(&error)).await
        }
        Stopped::Failed(error) => {
            let pause = pause(job.attempts);
            tracing::warn!(error = chain(&error), pause_seconds = pause.as_secs(), "failed; trying again");
            note(
                engine,
                job,
                &format!(
                    "{}; trying again in {} s (attempt {} of {})",
                    chain(&error),
                    pause.as_secs(),
                    job.attempts + 1,
                    job.max_attempts
                ),
            )
            .await?;
            store.job_again(job.lease, pause, &chain(&error)).await
        }
        Stopped::Later { pause, why } => {
            tracing::info!(why, pause_seconds = pause.as_secs_f64(), "not now");
            store.job_snoozed(job.lease, pause, &why).await
        }
        Stopped::Hopeless(error) => {
            tracing::error!(error = chain(&error), "discarded");
            store.job_discarded(job.lease, &chain(&error)).await
        }
    }
}

/// Tells the run what it waits for, where the job is about a run.
async fn note(engine: &Engine, job: &Job, message: &str) -> Result<(), StoreError> {
    match serde_json::from_value::<OfRun>(job.payload.clone()) {
        Ok(of) => engine.store.note_run(of.run, message).await,
        Err(_) => Ok(()),
    }
}

fn is_fenced(error: &anyhow::Error) -> bool {
    error.downcast_ref::<StoreError>().is_some_and(StoreError::is_fenced)
}

/// The error and its causes as one line.
pub(crate) fn chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Some libraries repeat their cause in their own words.
        if !text.contains(&cause) {
            text = if text.is_empty() { cause } else { format!("{text}: {cause}") };
        }
    }
    text
}

/// Doubles with each attempt, up to a quarter of an hour.
fn pause(attempt: i16) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(0).min(16);
    FIRST_PAUSE.saturating_mul(1 << doublings).min(LONGEST_PAUSE)
}
