//! How long to wait for what does not answer.
//!
//! A host that is down gets one request at a time, however many jobs wait for it, at growing intervals (`store::hosts`). Jobs wait
//! for hours, and their run says what for. A job that has waited for the horizon is given up: its run ends without what is
//! missing, and the next run waits again.

use std::{error::Error, io::ErrorKind, time::Duration};

use fetch::{FetchError, Retry};
use queue::QueueError;
use store::{LONGEST_REST, StoreError};
use vectors::VectorError;

/// Pause after the first failure; it doubles.
const FIRST: Duration = Duration::from_secs(2);
/// Pause while a part of ours is unreachable. It costs no partner anything, and should end soon after the part is back.
pub(crate) const AWAY: Duration = Duration::from_secs(15);

/// What to do about a partner that does not answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Try again after the pause.
    Wait(Duration),
    /// Give up.
    GiveUp,
}

/// Decides about a job that has waited for `duration` for a partner that does not answer. `rest`: how long nothing is to be
/// requested from it, because its host rests or because it asks for that. `random`, from 0 to 1, spreads the requests of many
/// jobs. Without a rest, the pause grows with the time that has passed: nobody counts how often the partner was asked.
pub(crate) fn judge(duration: Duration, rest: Duration, horizon: Duration, random: f64) -> Verdict {
    let own = spread((duration / 2).clamp(FIRST, LONGEST_REST), random);
    let pause = if rest.is_zero() { own } else { rest };
    // Nobody waits for a pause that ends behind the horizon.
    if duration.saturating_add(pause) > horizon { Verdict::GiveUp } else { Verdict::Wait(pause) }
}

/// Returns a pause that doubles with each failure, up to a quarter of an hour, shortened by up to a half.
pub(crate) fn pause(failures: u32, random: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(16);
    spread(FIRST.saturating_mul(1 << doublings).min(LONGEST_REST), random)
}

/// Shortens a pause by up to a half.
fn spread(pause: Duration, random: f64) -> Duration {
    pause.mul_f64(1.0 - random.clamp(0.0, 1.0) / 2.0)
}

/// Returns the pause that a partner requests, if the error is such a request.
pub(crate) fn asked(error: &FetchError) -> Option<Duration> {
    match error.retry() {
        Retry::At(at) => Some((at - chrono::Utc::now()).to_std().unwrap_or_default()),
        Retry::Again | Retry::Never => None,
    }
}

/// Returns whether a failure means that a part of ours is unreachable: the database, the disk, the archive, the embedder or the
/// index. It passes by itself or when an operator repairs it, however long that takes.
pub(crate) fn is_ours_away(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        let cause: &(dyn Error + 'static) = cause;
        cause.downcast_ref::<StoreError>().is_some_and(StoreError::is_away)
            || cause.downcast_ref::<QueueError>().is_some_and(QueueError::is_away)
            || matches!(
                cause.downcast_ref::<VectorError>(),
                Some(VectorError::Embedder { .. } | VectorError::Unreachable { .. })
            )
            || cause.downcast_ref::<object_store::Error>().is_some_and(is_archive_away)
            || cause.downcast_ref::<std::io::Error>().is_some_and(|error| is_passing(error.kind()))
    })
}

/// Returns whether the archive cannot be read or written. A missing body is another failure: it will not come back.
fn is_archive_away(error: &object_store::Error) -> bool {
    !matches!(error, object_store::Error::NotFound { .. } | object_store::Error::InvalidPath { .. })
}

fn is_passing(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::StorageFull
            | ErrorKind::QuotaExceeded
            | ErrorKind::ReadOnlyFilesystem
            | ErrorKind::ConnectionRefused
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionAborted
            | ErrorKind::NotConnected
            | ErrorKind::BrokenPipe
            | ErrorKind::TimedOut
            | ErrorKind::HostUnreachable
            | ErrorKind::NetworkUnreachable
            | ErrorKind::NetworkDown
            | ErrorKind::StaleNetworkFileHandle
    )
}

#[cfg(test)]
mod tests {
    use anyhow::Context as _;

    use super::*;

    const HORIZON: Duration = Duration::from_hours(6);

    const REST: Duration = Duration::ZERO;

    /// The moments at which a job asks a partner that answers again after `down`, and whether the job is given up.
    fn asked_at(down: Duration, random: f64) -> (Vec<Duration>, bool) {
        let (mut now, mut times) = (Duration::ZERO, Vec::new());
        loop {
            times.push(now);
            if now >= down {
                return (times, false);
            }
            match judge(now, REST, HORIZON, random) {
                Verdict::Wait(pause) => now += pause,
                Verdict::GiveUp => return (times, true),
            }
        }
    }

    #[test]
    fn a_partner_that_is_down_for_a_while_is_waited_for() {
        for random in [0.0, 0.5, 1.0] {
            for down in [Duration::from_secs(100), Duration::from_mins(10), Duration::from_hours(5)] {
                let (times, gave_up) = asked_at(down, random);
                assert!(!gave_up, "{down:?}");
                let late = times.last().unwrap().checked_sub(down).unwrap();
                assert!(
                    late <= LONGEST_REST && late <= down + FIRST,
                    "{down:?}: seen {late:?} after it is back"
                );
                assert!(times.len() <= 70, "{down:?}: {} requests", times.len());
            }
        }
    }

    #[test]
    fn one_that_stays_away_is_given_up_at_the_horizon() {
        let (times, gave_up) = asked_at(Duration::from_hours(1_000), 0.3);
        let last = *times.last().unwrap();
        assert!(gave_up && last <= HORIZON && last + LONGEST_REST > HORIZON, "{last:?}");
        assert!(times.windows(2).all(|pair| pair[1] <= pair[0] + LONGEST_REST && pair[1] > pair[0]));
    }

    #[test]
    fn a_rest_beyond_the_horizon_ends_the_wait_at_once() {
        let ask = |hours, rest| judge(Duration::from_hours(hours), rest, HORIZON, 0.0);
        assert_eq!(ask(0, Duration::from_hours(24)), Verdict::GiveUp);
        assert_eq!(ask(0, Duration::from_hours(1)), Verdict::Wait(Duration::from_hours(1)));
        assert_eq!(ask(5, Duration::from_hours(2)), Verdict::GiveUp);
        assert_eq!(ask(7, Duration::from_secs(1)), Verdict::GiveUp, "robots.txt that fails for ever");
    }

    #[test]
    fn pauses_grow_spread_and_end() {
        assert_eq!((pause(1, 0.0), pause(1, 1.0)), (FIRST, FIRST / 2));
        assert_eq!((pause(4, 0.0), pause(u32::MAX, 0.0)), (Duration::from_secs(16), LONGEST_REST));
    }

    #[test]
    fn what_is_ours_comes_back_and_a_mistake_does_not() {
        let full = std::io::Error::from(ErrorKind::StorageFull);
        let nested = Err::<(), _>(full).context("Failed to store the page").context("the job").unwrap_err();
        assert!(is_ours_away(&nested));
        assert!(!is_ours_away(&anyhow::anyhow!("page 7 has the unknown role \"card\"")));
        assert!(!is_ours_away(&std::io::Error::from(ErrorKind::NotFound).into()));
        let archive = |source: &str| object_store::Error::Generic { store: "local", source: source.into() };
        assert!(is_ours_away(
            &anyhow::Error::new(archive("not a directory")).context("Failed to store fne/1")
        ));
    }
}
