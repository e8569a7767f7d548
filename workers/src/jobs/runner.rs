//! Runs claimed jobs: dispatch, metrics, and the outcome of a job that did not end itself.

use std::{sync::Arc, time::Duration};

use apalis::prelude::Data;
use queue::{Job, QueueError};
use store::{RunState, StoreError};
use tracing::Instrument as _;

use super::{JobError, PageArgs, RunArgs, registered};
use crate::{app::App, observe::error_chain, patience, queue::ClaimedJob};

/// Runs a claimed job, and stores the outcome of one that did not end itself.
pub(crate) async fn run(task: ClaimedJob, app: Data<Arc<App>>) {
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
            .record(job.lease.waited().as_secs_f64());
        let begun = std::time::Instant::now();
        let ended = dispatch(&app, job).await;
        let outcome = outcome_of(&ended);
        metrics::counter!("oim_jobs_total", "kind" => job.kind.clone(), "outcome" => outcome).increment(1);
        metrics::histogram!("oim_job_seconds", "kind" => job.kind.clone())
            .record(begun.elapsed().as_secs_f64());
        if let Err(error) = ended
            && let Err(error) = settle(&app, job, error).await
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

/// Runs the job by the type that is registered under its kind.
async fn dispatch(app: &App, job: &Job) -> Result<(), JobError> {
    match registered(&job.kind) {
        Some(registered) => (registered.run)(app, job.lease, job.payload.clone()).await,
        None => Err(JobError::Discard(anyhow::anyhow!("there is no job named {:?}", job.kind))),
    }
}

fn outcome_of(ended: &Result<(), JobError>) -> &'static str {
    match ended {
        Ok(()) => "done",
        Err(JobError::Failed(_)) => "failed",
        Err(JobError::Snooze { .. }) => "snoozed",
        Err(JobError::Wait { .. }) => "waits",
        Err(JobError::Discard(_)) => "discarded",
    }
}

async fn settle(app: &App, job: &Job, error: JobError) -> Result<(), StoreError> {
    let queue = app.store.queue();
    match error {
        JobError::Failed(error) if is_fenced(&error) => {
            tracing::warn!("another worker has taken the job over; nothing was written here");
        }
        JobError::Failed(error) if patience::is_ours_away(&error) => {
            let seconds = patience::AWAY.as_secs();
            let why = format!("{}; trying again every {seconds} s", error_chain(&error));
            tracing::warn!(error = why, pause_seconds = seconds, "waiting for a part of ours");
            wait(app, job, patience::AWAY, &why).await?;
        }
        JobError::Wait { pause, why } => {
            // Whoever was not answered has warned. Hundreds of pages may wait for the same host.
            tracing::info!(why, pause_seconds = pause.as_secs(), "waiting");
            wait(app, job, pause, &why).await?;
        }
        JobError::Failed(error) if job.is_last_attempt() => {
            tracing::error!(error = error_chain(&error), "given up after its last attempt");
            discard(app, job, &error).await?;
        }
        JobError::Failed(error) => {
            let pause = patience::pause(u32::try_from(job.attempts).unwrap_or(1), fastrand::f64());
            tracing::warn!(
                error = error_chain(&error),
                pause_seconds = pause.as_secs(),
                "failed; trying again"
            );
            note(
                app,
                job,
                &format!(
                    "{}; trying again in {} s (attempt {} of {})",
                    error_chain(&error),
                    pause.as_secs(),
                    job.attempts + 1,
                    job.max_attempts
                ),
            )
            .await?;
            queue.job_again(job.lease, pause, &error_chain(&error)).await?;
        }
        JobError::Snooze { pause, why } => {
            tracing::info!(why, pause_seconds = pause.as_secs_f64(), "not now");
            queue.job_snoozed(job.lease, pause, &why).await?;
        }
        JobError::Discard(error) => {
            tracing::error!(error = error_chain(&error), "discarded");
            discard(app, job, &error).await?;
        }
    }
    Ok(())
}

/// Gives the job up, and counts its run if that fails.
async fn discard(app: &App, job: &Job, error: &anyhow::Error) -> Result<(), StoreError> {
    if let Some(source) = app.store.discard_job(job.lease, &error_chain(error)).await? {
        metrics::counter!("oim_runs_total", "source" => source, "state" => RunState::Failed.as_str())
            .increment(1);
    }
    Ok(())
}

/// Puts the job back for a pause that costs no attempt, and writes the reason to its run.
async fn wait(app: &App, job: &Job, pause: Duration, why: &str) -> Result<(), StoreError> {
    note(app, job, why).await?;
    Ok(app.store.queue().job_snoozed(job.lease, pause, why).await?)
}

/// Writes to the run what it waits for, if the job is about a run or a page.
async fn note(app: &App, job: &Job, message: &str) -> Result<(), StoreError> {
    if let Ok(args) = serde_json::from_value::<RunArgs>(job.payload.clone()) {
        return app.store.note_run(args.run, message).await;
    }
    let Ok(args) = serde_json::from_value::<PageArgs>(job.payload.clone()) else { return Ok(()) };
    // A deleted page has no run, and its job must still be settled.
    match app.store.page(args.page).await {
        Ok(page) => app.store.note_run(page.run, message).await,
        Err(_) => Ok(()),
    }
}

fn is_fenced(error: &anyhow::Error) -> bool {
    error.downcast_ref::<StoreError>().is_some_and(StoreError::is_fenced)
        || error.downcast_ref::<QueueError>().is_some_and(QueueError::is_fenced)
}
