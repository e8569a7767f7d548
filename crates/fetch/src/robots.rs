//! robots.txt (RFC 9309).

mod file;
mod line;
pub(crate) mod pattern;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use url::{Position, Url};

use crate::retry::is_passing;
use file::File;

/// How long an answer holds: RFC 9309, 2.4 asks for a day at most.
const HOLDS: Duration = Duration::from_hours(24);
/// How long "unreachable" holds before it is asked again.
const UNREACHABLE_HOLDS: Duration = Duration::from_mins(5);
/// Bytes read of a file: RFC 9309, 2.5 asks for at least 500 KiB. What comes after is not read.
pub(crate) const MAX: u64 = 500 << 10;
/// Longest pause obeyed: a larger one is a mistake, or a no.
const LONGEST_DELAY: Duration = Duration::from_mins(2);

/// What a host allows us.
#[derive(Debug, Clone)]
pub(crate) enum Rules {
    /// Everything: there is no file (4xx).
    All,
    /// Nothing for now: the file is not available (5xx).
    Unreachable,
    /// What the file says.
    File(Arc<File>),
}

impl Rules {
    /// The rules that an answer gives the product token of `agent` ("oim-etl/0.1 …" is `oim-etl`). `status` is not a
    /// redirect.
    pub(crate) fn of(status: u16, agent: &str, body: &[u8]) -> Self {
        match status {
            200..=299 => Self::read(agent, body),
            status if is_passing(status) || status >= 500 => Self::Unreachable,
            _ => Self::All,
        }
    }

    fn read(agent: &str, text: &[u8]) -> Self {
        let token = agent.split(['/', ' ']).next().unwrap_or(agent);
        Self::File(Arc::new(File::read(token, whole_lines(text))))
    }

    /// Whether the address may be visited.
    pub(crate) fn allow(&self, url: &Url) -> bool {
        match self {
            Self::All => true,
            Self::Unreachable => false,
            // RFC 9309, 2.2.2: the file itself is always allowed.
            Self::File(file) => {
                url.path() == "/robots.txt" || file.allows(&url[Position::BeforePath..Position::AfterQuery])
            }
        }
    }

    /// The pause asked for between two visits, as it is kept.
    pub(crate) fn delay(&self) -> Option<Duration> {
        let Self::File(file) = self else { return None };
        file.delay.filter(|delay| !delay.is_zero()).map(|delay| delay.min(LONGEST_DELAY))
    }

    fn holds(&self) -> Duration {
        if matches!(self, Self::Unreachable) { UNREACHABLE_HOLDS } else { HOLDS }
    }
}

/// Whether a robots.txt with this content lets `agent` ("oim-etl/0.1 …") visit an address (RFC 9309).
pub fn robots_allow(file: &[u8], agent: &str, url: &Url) -> bool {
    Rules::read(agent, file).allow(url)
}

/// Without the last line of a file that was cut: it may be half of one, and forbid more than the whole does.
fn whole_lines(text: &[u8]) -> &[u8] {
    if u64::try_from(text.len()).is_ok_and(|length| length < MAX) {
        return text;
    }
    let end = text.iter().rposition(|byte| matches!(byte, b'\n' | b'\r'));
    end.map_or(&[][..], |end| text.split_at(end).0)
}

/// What was learnt of an origin, and when.
#[derive(Debug)]
pub(crate) struct Learnt {
    pub(crate) rules: Rules,
    since: Instant,
}

impl Learnt {
    pub(crate) fn now(rules: Rules) -> Self {
        Self { rules, since: Instant::now() }
    }

    /// How long it holds from now.
    pub(crate) fn left(&self) -> Duration {
        self.rules.holds().saturating_sub(self.since.elapsed())
    }
}

/// The slot of an origin: locked while somebody asks, so that others wait for the same file.
pub(crate) type Slot = Arc<tokio::sync::Mutex<Option<Learnt>>>;

/// What is known of each origin.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<String, Slot>>);

impl Known {
    /// The slot of an origin, as one gateway shows it.
    pub(crate) fn slot(&self, url: &Url, via: Option<&Url>) -> Slot {
        let gateway = via.map(Url::as_str).unwrap_or_default();
        let origin = format!("{} {gateway}", url.origin().ascii_serialization());
        Arc::clone(self.0.lock().unwrap_or_else(PoisonError::into_inner).entry(origin).or_default())
    }
}
