//! Whether a host that fails is asked now, and by whom.

use std::time::Duration;

/// Whether a request to a host may leave now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It may: as far as anybody knows, the host answers.
    Free,
    /// It may, although the host failed. What becomes of it is reported.
    Watched {
        /// Whether it is the only request to a host that rests, to see whether it answers again.
        is_probe: bool,
    },
    /// It may not: the host rests for so long.
    Rests(Duration),
}

impl Turn {
    /// Returns whether the request is the only one to a host that rests.
    pub fn is_probe(self) -> bool {
        self == Self::Watched { is_probe: true }
    }
}

/// A request that a host did not answer, or to which it said that it cannot now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HostFailure {
    /// What happened, without a secret.
    pub why: String,
    /// Whether the request was the only one to a host that rested.
    pub is_probe: bool,
    /// Whether the host is unable to answer. If it asks for a pause instead, that pause is what holds.
    pub counts: bool,
}
