//! How a job ends that did not end itself.

use std::time::Duration;

/// Why a job did not end itself.
#[derive(Debug)]
pub(crate) enum JobError {
    /// It failed; another attempt may succeed.
    Failed(anyhow::Error),
    /// It cannot run now: try again after the pause. Costs no attempt.
    Snooze { pause: Duration, why: String },
    /// It waits for a partner that does not answer, or for a part of ours that is away: like a snooze, and the run is told.
    Wait { pause: Duration, why: String },
    /// Every attempt would fail the same way: make it a dead letter.
    Discard(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
