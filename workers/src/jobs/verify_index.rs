//! Compares an index with the database, both ways, and heals what differs.

use queue::Lease;
use serde::Deserialize;
use store::TargetId;
use uuid::Uuid;
use vectors::Depth;

use super::{Job, JobError};
use crate::{app::App, observe::error_chain, verify};

/// Compares an index with the database.
pub(crate) struct VerifyIndex;

/// The index, and where the result goes.
#[derive(Debug, Deserialize)]
pub(crate) struct VerifyArgs {
    target: TargetId,
    verification: Uuid,
}

impl Job for VerifyIndex {
    const NAME: &'static str = "verify_index";
    const NEEDS_INDEX: bool = true;
    type Args = VerifyArgs;

    async fn run(app: &App, lease: Lease, args: VerifyArgs) -> Result<(), JobError> {
        let Some(kept) = app.indexes.of(args.target) else {
            return Err(JobError::Failed(anyhow::anyhow!(
                "this worker does not keep index {}",
                args.target.0
            )));
        };
        let repairs = app.store.verification_repairs(args.verification).await?;
        match verify::compare(&app.store, &kept, Depth::Vectors, repairs).await {
            Ok(report) => {
                report.log(repairs);
                let report = serde_json::to_value(&report)?;
                app.store.end_verification(args.verification, Ok(&report)).await?;
            }
            Err(error) => {
                let why = error_chain(&error);
                tracing::error!(why, "could not verify the index; the next night tries again");
                app.store.end_verification(args.verification, Err(&why)).await?;
            }
        }
        app.store.queue().job_done(lease).await?;
        Ok(())
    }
}
