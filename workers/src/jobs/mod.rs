//! One job, one file. The file's name is the stored name of the job.
//!
//! A job loads, calls a stage, saves and reports. It ends itself in the transaction of its effect. What it returns is what it
//! could not commit: a failure to try again, a snooze, or a reason to give up.
//!
//! To add a job, declare one file that implements [`Job`] for a unit struct, and add its line to `JOBS`.

mod embed_opportunities;
mod fetch_page;
mod fetch_source;
mod finish_run;
mod look_again;
mod match_duplicates;
mod parse_page;
mod prune;
mod publish_new;
mod runner;
mod verify_index;

use domain::RunId;
use futures::{FutureExt as _, future::BoxFuture};
use queue::Lease;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{app::App, job_error::JobError};

pub(crate) use runner::run;

/// Every job. Dispatch, the kinds that a worker claims and the labels of metrics come from this list.
static JOBS: &[Registered] = &[
    Registered::of::<fetch_source::FetchSource>(),
    Registered::of::<fetch_page::FetchPage>(),
    Registered::of::<parse_page::ParsePage>(),
    Registered::of::<publish_new::PublishNew>(),
    Registered::of::<look_again::LookAgain>(),
    Registered::of::<match_duplicates::MatchDuplicates>(),
    Registered::of::<embed_opportunities::EmbedOpportunities>(),
    Registered::of::<verify_index::VerifyIndex>(),
    Registered::of::<prune::Prune>(),
    Registered::of::<finish_run::FinishRun>(),
];

/// A kind of job.
///
/// The lane is not part of it: whoever enqueues a job names the lane, because the lane depends on the source.
pub(crate) trait Job: 'static {
    /// The stored name, which is also the name of the file.
    const NAME: &'static str;
    /// Whether the job needs the vector index. A worker without the index does not claim it.
    const NEEDS_INDEX: bool = false;
    /// Whether the job mostly waits for a partner. It then takes none of the permits for work while it waits.
    const WAITS: bool = false;
    /// The payload: [`RunArgs`], [`PageArgs`], [`NoArgs`] or a type of the job's own.
    type Args: DeserializeOwned + Send;

    /// Runs the job.
    fn run(app: &App, lease: Lease, args: Self::Args) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// A job in the list.
struct Registered {
    name: &'static str,
    needs_index: bool,
    waits: bool,
    run: for<'a> fn(&'a App, Lease, Value) -> BoxFuture<'a, Result<(), JobError>>,
}

impl Registered {
    const fn of<J: Job>() -> Self {
        Self { name: J::NAME, needs_index: J::NEEDS_INDEX, waits: J::WAITS, run: run_payload::<J> }
    }
}

/// Runs a job with its payload. The payload is parsed here, because others may write to the queue.
fn run_payload<J: Job>(app: &App, lease: Lease, payload: Value) -> BoxFuture<'_, Result<(), JobError>> {
    async move {
        let args = serde_json::from_value(payload).map_err(|error| {
            JobError::Discard(anyhow::Error::new(error).context("Failed to parse the payload of the job"))
        })?;
        J::run(app, lease, args).await
    }
    .boxed()
}

/// The job of that name.
fn registered(name: &str) -> Option<&'static Registered> {
    JOBS.iter().find(|job| job.name == name)
}

/// Returns the names of all jobs.
pub(crate) fn kinds() -> Vec<String> {
    names(|_| true)
}

/// Returns the names of the jobs that wait for partners.
pub(crate) fn waiting() -> Vec<String> {
    names(|job| job.waits)
}

/// Returns the names of the jobs that work, as a worker with or without the vector index claims them.
pub(crate) fn working(has_index: bool) -> Vec<String> {
    names(|job| !job.waits && (has_index || !job.needs_index))
}

fn names(is_wanted: impl Fn(&Registered) -> bool) -> Vec<String> {
    JOBS.iter().filter(|job| is_wanted(job)).map(|job| job.name.to_owned()).collect()
}

/// The payload of a job about a run.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunArgs {
    /// The run.
    pub(crate) run: RunId,
}

/// The payload of a job about a page.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PageArgs {
    /// The number of the page.
    pub(crate) page: i64,
}

/// The payload of a job that needs none.
#[derive(Debug, Deserialize)]
pub(crate) struct NoArgs {}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, fs, path::Path};

    use super::JOBS;

    /// Names of the files in this folder that implement a job.
    fn files() -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/jobs");
        let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let jobs = files.filter(|path| fs::read_to_string(path).unwrap().contains("\nimpl Job for "));
        jobs.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn every_job_is_registered_under_the_name_of_its_file() {
        let names: BTreeSet<String> = JOBS.iter().map(|job| job.name.to_owned()).collect();
        assert_eq!(names.len(), JOBS.len(), "two jobs share a name");
        assert_eq!(names, files());
    }

    #[test]
    fn a_worker_without_the_index_leaves_embedding_to_others() {
        assert!(super::working(true).contains(&"embed_opportunities".to_owned()));
        assert!(!super::working(false).contains(&"embed_opportunities".to_owned()));
    }

    #[test]
    fn every_job_either_waits_or_works() {
        let claimed: BTreeSet<String> =
            [super::waiting(), super::working(true)].concat().into_iter().collect();
        assert_eq!(claimed, super::kinds().into_iter().collect());
        assert_eq!(super::waiting().len() + super::working(true).len(), JOBS.len());
        assert!(super::waiting().iter().all(|name| name.starts_with("fetch_") || name == "look_again"));
    }
}
