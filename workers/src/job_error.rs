//! The outcome of a job that did not end itself.

use std::time::Duration;

/// Why a job did not end itself.
#[derive(Debug)]
pub(crate) enum JobError {
    /// It failed, but another attempt may succeed.
    Failed(anyhow::Error),
    /// It cannot run now. It is tried again after the pause, which costs no attempt.
    Snooze { pause: Duration, why: String },
    /// It waits for a partner that does not answer, or for a part of ours that is unreachable. Like a snooze, but the run's
    /// message says why.
    Wait { pause: Duration, why: String },
    /// Every attempt would fail the same way. It becomes a dead letter.
    Discard(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}
