//! robots.txt (RFC 9309).

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use texting_robots::Robot;
use url::Url;

use crate::retry::is_passing;

/// How long an answer holds: RFC 9309, 2.4 asks for a day at most.
const HOLDS: Duration = Duration::from_hours(24);
/// How long "unreachable" holds before it is asked again.
const UNREACHABLE_HOLDS: Duration = Duration::from_mins(5);
/// Bytes read of a file: RFC 9309, 2.5 asks for at least 500 KiB. What comes after is not read.
pub(crate) const MAX: u64 = 500 << 10;
/// Longest pause obeyed: a larger one is a mistake, or a no.
const LONGEST_DELAY: Duration = Duration::from_mins(2);
/// Lines with a `$` that are obeyed. Each becomes a regular expression, which costs time and memory to build; real files
/// have a dozen.
const MAX_ANCHORED: usize = 250;

/// What a host allows us.
#[derive(Debug, Clone)]
pub(crate) enum Rules {
    /// Everything: there is no file (4xx).
    All,
    /// Nothing for now: the file is not available (5xx).
    Unreachable,
    /// What the file says.
    File(Arc<Robot>),
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
        // A file that cannot be read as one forbids nothing (RFC 9309, 2.2.1: crawlers parse what they can).
        Robot::new(token, &readable(text)).map_or(Self::All, |robot| Self::File(Arc::new(robot)))
    }

    /// Whether the address may be visited.
    pub(crate) fn allow(&self, url: &Url) -> bool {
        match self {
            Self::All => true,
            Self::Unreachable => false,
            Self::File(robot) => robot.allowed(url.as_str()),
        }
    }

    /// The pause asked for between two visits, as it is kept.
    pub(crate) fn delay(&self) -> Option<Duration> {
        let Self::File(robot) = self else { return None };
        let delay = robot.delay.and_then(|seconds| Duration::try_from_secs_f32(seconds).ok())?;
        (!delay.is_zero()).then_some(delay.min(LONGEST_DELAY))
    }

    fn holds(&self) -> Duration {
        if matches!(self, Self::Unreachable) { UNREACHABLE_HOLDS } else { HOLDS }
    }
}

/// The lines the parser can take. One line whose pattern makes no regular expression would cost it all the others.
fn readable(text: &[u8]) -> Vec<u8> {
    let whole = match u64::try_from(text.len()) {
        Ok(length) if length < MAX => text,
        // The last line of a file that was cut may be half of one, and forbid more than the whole does.
        _ => text.iter().rposition(|&byte| ends_line(byte)).map_or(&[][..], |end| text.split_at(end).0),
    };
    let mut anchored = 0;
    let mut lines = Vec::with_capacity(whole.len());
    for line in whole.split_inclusive(|&byte| ends_line(byte)) {
        if line.contains(&b'$') {
            anchored += 1;
            if anchored > MAX_ANCHORED || Robot::new("*", line).is_err() {
                continue;
            }
        }
        lines.extend_from_slice(line);
    }
    lines
}

/// The parser takes a NUL for an end of line, too.
fn ends_line(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | 0)
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
        assert_eq!(rules.delay(), Some(Duration::from_secs(3)));
        let others = Rules::read("somebody", FILE);
        assert!(!others.allow(&url("/admin")) && others.delay() == Some(Duration::from_millis(1500)));
    }

    #[test]
    fn a_status_decides_first() {
        let allowed =
            |status| Rules::of(status, "oim-etl", b"User-agent: *\nDisallow: /\n").allow(&url("/a"));
        assert!([204, 200].map(allowed) == [false; 2], "the file counts");
        assert!([400, 401, 403, 404, 410, 451].map(allowed) == [true; 6], "there is no file");
        assert!([408, 429, 500, 502, 503, 504, 599].map(allowed) == [false; 7], "nothing is allowed for now");
    }

    #[test]
    fn any_bytes_are_a_file() {
        for bytes in [&b""[..], b"\xff\xfe\x00", b"<html>404</html>", b"Crawl-delay: -7\nCrawl-delay: 1e99"] {
            let rules = Rules::read("oim-etl", bytes);
            assert!(rules.allow(&url("/")) && rules.delay().is_none_or(|delay| delay <= LONGEST_DELAY));
        }
        assert_eq!(Rules::read("oim-etl", b"User-agent: *\nCrawl-delay: 0\n").delay(), None);
        let slow = Rules::read("oim-etl", b"User-agent: *\nCrawl-delay: 86400\n");
        assert_eq!(slow.delay(), Some(LONGEST_DELAY));
    }

    #[test]
    fn one_line_that_cannot_be_read_costs_itself_alone() {
        let monster = format!(
            "User-agent: *\nDisallow: /{}$\nDisallow: /admin\nDisallow: /*.pdf$\n",
            "é*".repeat(9_000)
        );
        assert!(
            Robot::new("*", monster.as_bytes()).is_err(),
            "the parser has learnt to read it: drop `readable`"
        );
        let rules = Rules::read("oim-etl", monster.as_bytes());
        assert!(!rules.allow(&url("/admin")) && !rules.allow(&url("/a.pdf")) && rules.allow(&url("/offres")));
    }

    #[test]
    fn a_file_of_nothing_but_patterns_is_read_up_to_a_number_of_them() {
        let mut many = b"User-agent: *\nDisallow: /admin\n".to_vec();
        while many.len() < 500 << 10 {
            many.extend_from_slice(b"Disallow:/*a$\n");
        }
        let Rules::File(robot) = Rules::read("oim-etl", &many) else { panic!("it is a file") };
        assert!(!robot.allowed("/admin"));
        let lines = readable(&many).split(|&byte| byte == b'\n').filter(|line| line.contains(&b'$')).count();
        assert_eq!(lines, MAX_ANCHORED);
    }

    #[test]
    fn the_half_line_at_the_cut_is_not_obeyed() {
        let mut cut = b"User-agent: *\nDisallow: /admin\n".to_vec();
        cut.resize((500 << 10) - 18, b'#');
        cut.extend_from_slice(b"\nDisallow: /offres-closed\n");
        cut.truncate(500 << 10);
        assert!(cut.ends_with(b"\nDisallow: /offres"), "half a line");
        let rules = Rules::read("oim-etl", &cut);
        assert!(!rules.allow(&url("/admin")) && rules.allow(&url("/offres")));
    }
}
