//! Fetches the page of an opportunity that a walk missed, and closes it if the partner says that it is gone.

use anyhow::Context as _;
use domain::{OpportunityId, RunId};
use queue::Lease;
use serde::Deserialize;
use url::Url;

use super::{Job, JobError};
use crate::{
    app::App,
    pipeline::{
        archive,
        fetch::{Failure, Wanted, fetch},
    },
};

/// Fetches the page of an opportunity that a walk missed, and closes it if the partner says that it is gone.
pub(crate) struct LookAgain;

/// The payload.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Args {
    opportunity: OpportunityId,
    /// The run that missed it.
    run: RunId,
}

impl Job for LookAgain {
    const NAME: &'static str = "look_again";
    const WAITS: bool = true;
    type Args = Args;

    #[tracing::instrument(skip_all, fields(run = %args.run, opportunity = %args.opportunity))]
    async fn run(app: &App, lease: Lease, args: Args) -> Result<(), JobError> {
        // While the job waited, a later run may have shown or closed the opportunity.
        let Some(missed) = app.store.missed(args.opportunity, args.run).await? else {
            return Ok(app.store.queue().job_done(lease).await?);
        };
        let spec = app.spec(&missed.source).map_err(JobError::Discard)?;
        let partner = app.partner_for_job(&spec)?;
        let url: Url = missed.url.parse().context(missed.url.clone()).map_err(JobError::Discard)?;
        let key = archive::again_key(spec.slug.as_str(), args.run, args.opportunity);
        match fetch(
            app,
            &partner,
            Wanted {
                url: &url,
                headers: &[],
                body: None,
                key,
                waited: lease.waited(),
                is_repeated: lease.is_repeated(),
            },
        )
        .await
        {
            Err(Failure::Gone(status)) => {
                if app.store.close_gone(lease, args.opportunity, args.run).await? {
                    tracing::info!(%url, status, "the list no longer shows it, and its own page is gone: closed");
                }
                Ok(())
            }
            Ok(_) => Ok(app.store.found_again(lease, args.opportunity, args.run).await?),
            // The list decides: a second walk that misses the opportunity closes it.
            Err(Failure::Job(JobError::Discard(why))) => {
                tracing::debug!(%url, %why, "its own page tells nothing");
                Ok(app.store.queue().job_done(lease).await?)
            }
            Err(Failure::Job(error)) => Err(error),
        }
    }
}
