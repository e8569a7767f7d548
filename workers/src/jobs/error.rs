//! How a job ends that did not end itself.

use std::time::Duration;

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
