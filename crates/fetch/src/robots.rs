//! robots.txt (RFC 9309).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use texting_robots::Robot;
use url::Url;

/// How long an answer holds: RFC 9309, 2.4 asks for a day at most.
const HOLDS: Duration = Duration::from_hours(24);
/// How long "unreachable" holds before it is asked again.
const UNREACHABLE_HOLDS: Duration = Duration::from_mins(5);
/// Bytes read of a file: RFC 9309, 2.5 asks for at least 500 KiB.
pub(crate) const MAX: u64 = 500 << 10;
/// Longest pause obeyed: a larger one is a mistake, or a no.
const LONGEST_DELAY: Duration = Duration::from_mins(2);

/// What a host allows us.
#[derive(Debug, Clone)]
pub(crate) enum Rules {
    /// Everything: there is no file (4xx).
    All,
    /// Nothing for now: the file could not be had (5xx, no connection).
    Unreachable,
    /// What the file says.
    File(Arc<Robot>),
}

impl Rules {
    /// Reads a file as the product token of `agent` ("oim-etl/0.1 …" is `oim-etl`).
    pub(crate) fn read(agent: &str, text: &[u8]) -> Self {
        let token = agent.split(['/', ' ']).next().unwrap_or(agent);
        // A file that cannot be read as one forbids nothing (RFC 9309, 2.2.1: crawlers parse what they can).
        Robot::new(token, text).map_or(Self::All, |robot| Self::File(Arc::new(robot)))
    }

    /// Whether the address may be visited.
    pub(crate) fn allow(&self, url: &Url) -> bool {
        match self {
            Self::All => true,
            Self::Unreachable => false,
            Self::File(robot) => robot.allowed(url.as_str()),
        }
    }

    /// The pause asked for between two visits.
    pub(crate) fn delay(&self) -> Duration {
        let Self::File(robot) = self else { return Duration::ZERO };
        let delay = robot.delay.and_then(|seconds| Duration::try_from_secs_f32(seconds).ok());
        delay.unwrap_or_default().min(LONGEST_DELAY)
    }

    fn holds(&self) -> Duration {
        if matches!(self, Self::Unreachable) { UNREACHABLE_HOLDS } else { HOLDS }
    }
}

/// What is known of each origin.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<HashMap<String, (Rules, Instant)>>);

impl Known {
    /// What is known and still holds.
    pub(crate) fn get(&self, origin: &str) -> Option<Rules> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known
            .get(origin)
            .filter(|(rules, since)| since.elapsed() < rules.holds())
            .map(|(rules, _)| rules.clone())
    }

    /// Keeps what was learnt.
    pub(crate) fn put(&self, origin: String, rules: Rules) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(origin, (rules, Instant::now()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &[u8] = b"User-agent: *\nCrawl-delay: 1.5\nDisallow: /admin\n\nUser-agent: oim-etl\nCrawl-delay: 3\nDisallow: /private\n";

    fn url(path: &str) -> Url {
        format!("https://www.x.cm{path}").parse().unwrap()
    }

    #[test]
    fn the_group_of_our_name_is_ours() {
        let rules = Rules::read("oim-etl/0.1 (+https://x)", FILE);
        assert!(
            rules.allow(&url("/admin"))
                && !rules.allow(&url("/private/1"))
                && rules.allow(&url("/offres?page=2"))
        );
        assert_eq!(rules.delay(), Duration::from_secs(3));
        let others = Rules::read("somebody", FILE);
        assert!(!others.allow(&url("/admin")) && others.delay() == Duration::from_millis(1500));
    }

    #[test]
    fn any_bytes_are_a_file() {
        for bytes in [&b""[..], b"\xff\xfe\x00", b"<html>404</html>", b"Crawl-delay: -7\nCrawl-delay: 1e99"] {
            let rules = Rules::read("oim-etl", bytes);
            assert!(rules.allow(&url("/")) && rules.delay() <= LONGEST_DELAY);
        }
    }
}
