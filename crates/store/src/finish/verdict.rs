//! What becomes of a run.

use chrono::{DateTime, Utc};
use domain::RunId;

use crate::{Mode, RunState, audit::Scope};

/// What is known about a run at its end.
#[derive(Debug, Clone)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts, each with its own column or query")]
pub(super) struct Facts {
    pub(super) walked: bool,
    pub(super) covers: Vec<String>,
    pub(super) limited: bool,
    pub(super) pages_failed: i32,
    pub(super) mode: Mode,
    /// Whether it replays one run, which an operator named.
    pub(super) reads_one_run: bool,
    pub(super) reads_anew: bool,
    /// Whether it replays a run that was published.
    pub(super) restores: bool,
    /// Whether a checkpoint of the run has published.
    pub(super) has_published: bool,
    pub(super) message: Option<String>,
    pub(super) started_at: Option<DateTime<Utc>>,
}

impl Facts {
    /// Returns whether every requested page was parsed.
    fn has_every_page(&self) -> bool {
        self.walked && self.pages_failed == 0
    }

    /// Returns whether it asked for the list itself, not for what earlier runs left.
    fn is_a_visit(&self) -> bool {
        !matches!(self.mode, Mode::Replay | Mode::Pages | Mode::Item)
    }

    /// Returns whether the run proves that what it does not show is missing.
    pub(super) fn proves_absence(&self) -> bool {
        self.has_every_page() && !self.limited && self.is_a_visit() && !self.covers.is_empty()
    }

    /// Returns whether the next incremental run may begin where this one began.
    pub(super) fn moves_cursors(&self) -> bool {
        self.has_every_page() && !self.limited && self.is_a_visit()
    }

    /// Returns whether its rows replace those of newer pages.
    pub(super) fn replaces_newer(&self) -> bool {
        self.reads_one_run
    }

    pub(super) fn scope(&self, run: RunId) -> Scope {
        Scope {
            run,
            whole: if self.proves_absence() { self.covers.clone() } else { Vec::new() },
            is_file: self.mode == Mode::File,
            reads_anew: self.reads_anew,
            restores: self.restores,
        }
    }
}

/// What becomes of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The rows are published. `closes`: what the run does not show is closed. `lacks`: why the run is partial.
    Publish { closes: bool, lacks: Option<String> },
    /// Nothing is published, for this reason.
    Hold(String),
}

impl Verdict {
    /// Decides on a run from the findings of its audit.
    pub(super) fn of(run: RunId, facts: &Facts, doubts: &[String]) -> Self {
        if !doubts.is_empty() {
            let served = if facts.has_published {
                "only what its checkpoints published is served"
            } else {
                "nothing of it is served"
            };
            return Self::Hold(format!("{}; {served}. Look at it: oim-etl runs show {run}", summary(doubts)));
        }
        if !facts.has_every_page() {
            let why = facts.message.clone().unwrap_or_else(|| "some pages could not be parsed".to_owned());
            return Self::Publish { closes: false, lacks: Some(why) };
        }
        Self::Publish { closes: facts.proves_absence(), lacks: None }
    }

    pub(super) fn state(&self) -> RunState {
        match self {
            Self::Publish { lacks: None, .. } => RunState::Complete,
            Self::Publish { lacks: Some(_), .. } => RunState::Partial,
            Self::Hold(_) => RunState::Held,
        }
    }

    pub(super) fn message(&self) -> Option<&str> {
        match self {
            Self::Publish { lacks, .. } => lacks.as_deref(),
            Self::Hold(why) => Some(why),
        }
    }
}

/// Number of findings in the message of a run; `runs show` lists all.
const TOLD: usize = 3;

/// Returns the first findings in one line. Those about the same stream name it once.
pub(super) fn summary(doubts: &[String]) -> String {
    let mut line = String::new();
    let mut named = "";
    for doubt in doubts.iter().take(TOLD) {
        let (stream, why) = doubt.split_once(": ").unwrap_or_default();
        if !line.is_empty() {
            line += "; ";
        }
        line += if stream == named { why } else { doubt };
        named = stream;
    }
    match doubts.len().saturating_sub(TOLD) {
        0 => line,
        more => format!("{line} (and {more} more)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Facts {
        Facts {
            walked: true,
            covers: vec!["offres".to_owned()],
            limited: false,
            pages_failed: 0,
            mode: Mode::Full,
            reads_one_run: false,
            reads_anew: false,
            restores: false,
            has_published: false,
            message: None,
            started_at: None,
        }
    }

    fn judged(change: impl FnOnce(&mut Facts)) -> Verdict {
        let mut facts = whole();
        change(&mut facts);
        Verdict::of(RunId::from(uuid::Uuid::nil()), &facts, &[])
    }

    #[test]
    fn only_a_whole_run_closes() {
        let part = Verdict::Publish { closes: false, lacks: None };
        assert_eq!(judged(|_| ()), Verdict::Publish { closes: true, lacks: None });
        assert_eq!(judged(|facts| facts.covers.clear()), part);
        assert_eq!(judged(|facts| facts.limited = true), part);
        assert_eq!(judged(|facts| facts.mode = Mode::Replay), part);
        assert_eq!(judged(|facts| facts.walked = false).state(), RunState::Partial);
        assert_eq!(judged(|facts| facts.pages_failed = 1).state(), RunState::Partial);
    }

    #[test]
    fn what_is_doubted_is_held_also_where_pages_are_missing() {
        let facts = Facts { pages_failed: 1, ..whole() };
        let doubts = ["stream a: title odd", "stream a: place odd", "stream b: pay odd", "stream b: gone"]
            .map(str::to_owned);
        let verdict = Verdict::of(RunId::from(uuid::Uuid::nil()), &facts, &doubts);
        assert_eq!(verdict.state(), RunState::Held);
        assert!(
            verdict
                .message()
                .unwrap()
                .starts_with("stream a: title odd; place odd; stream b: pay odd (and 1 more); nothing of it")
        );
    }
}
