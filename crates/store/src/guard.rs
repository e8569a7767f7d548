//! Is what a run showed plausible beside the runs before it?
//!
//! Nothing is tuned for a source: its own last complete runs say how much it shows, how many of its records are refused and how
//! often each field is filled, and how far that swings from run to run.

use std::collections::BTreeMap;

use domain::RunId;
use sqlx::{Postgres, Transaction};

use crate::StoreError;

/// Complete runs looked back on.
const HISTORY: i64 = 10;
/// Fewer say nothing yet: a run is then held against what is open.
const ENOUGH: usize = 3;
/// Below this share of what is open, a run that covers everything is not believed before there is a history.
const PLAUSIBLE_SHARE: f64 = 0.5;
/// Streams smaller than this lose half of their posts on an ordinary day.
const GUARDED_FROM: i32 = 10;
/// How many usual swings are still believed. Of values that scatter normally one in ten thousand lies farther out.
const SWINGS: f64 = 4.0;
/// The median distance to the median is this part of the standard deviation, where values scatter normally.
const MAD_TO_SIGMA: f64 = 1.4826;
/// Swing of a count, as a share of it, that any source may have.
const LEAST_SWING: f64 = 0.1;
/// Change of a rate that any source may have.
const LEAST_CHANGE: f64 = 0.3;

/// What a run showed of a stream.
#[derive(Debug, Clone, Default)]
pub(crate) struct Measure {
    pub(crate) stream: String,
    pub(crate) seen: i32,
    pub(crate) valid: i32,
    pub(crate) unidentified: i32,
    pub(crate) open_before: i32,
    /// Of those, how many the run shows in any stream.
    pub(crate) kept: i32,
    pub(crate) rates: BTreeMap<String, f64>,
}

/// Why what a stream showed is not believed; `None` when it is. `past`: its measures in complete runs, newest first.
pub(crate) fn doubt(now: &Measure, past: &[Measure]) -> Option<String> {
    let of = |why: String| Some(format!("stream {}: {why}", now.stream));
    if now.seen > 0 && now.valid == 0 {
        return of(format!("none of {} records is usable", now.seen));
    }
    if now.seen == 0 && now.open_before > now.kept {
        return of(format!("it shows nothing while {} opportunities are open", now.open_before));
    }
    let usual = middle(past.iter().map(|measure| f64::from(measure.unidentified)));
    if now.unidentified > 0
        && f64::from(now.unidentified) > usual.unwrap_or(0.0)
        && now.valid < now.open_before
    {
        let why =
            format!("{} records have no identity and may be any of those that are missing", now.unidentified);
        return of(why);
    }
    if past.len() < ENOUGH {
        let least = PLAUSIBLE_SHARE * f64::from(now.open_before);
        let shown = now.valid.max(now.kept);
        let shrunk = now.open_before >= GUARDED_FROM && f64::from(shown) < least;
        let why = || format!("{shown} usable records while {} opportunities are open", now.open_before);
        return if shrunk { of(why()) } else { None };
    }
    volume(now, past).or_else(|| rates(now, past)).and_then(of)
}

/// Far fewer records than the source usually shows.
fn volume(now: &Measure, past: &[Measure]) -> Option<String> {
    let counts: Vec<f64> = past.iter().map(|measure| f64::from(measure.valid)).collect();
    let usual = middle(counts.iter().copied())?;
    let swing = swing(&counts, usual).max(LEAST_SWING * usual);
    let least = usual - SWINGS * swing;
    let is_small = usual < f64::from(GUARDED_FROM);
    (!is_small && f64::from(now.valid) < least).then(|| {
        format!(
            "{} usable records, where {usual:.0} are usual and at least {:.0} plausible",
            now.valid,
            least.max(0.0)
        )
    })
}

/// A field that is suddenly empty, employers that are suddenly all the same, records that are suddenly refused.
fn rates(now: &Measure, past: &[Measure]) -> Option<String> {
    if now.valid < GUARDED_FROM {
        return None;
    }
    // Of a field that is gone all values are alike: that it is gone is told.
    let (variety, fill): (Vec<_>, Vec<_>) =
        now.rates.iter().partition(|(name, _)| name.starts_with("different "));
    fill.into_iter().chain(variety).find_map(|(name, rate)| {
        let before: Vec<f64> = past.iter().filter_map(|measure| measure.rates.get(name).copied()).collect();
        let usual = middle(before.iter().copied()).filter(|_| before.len() >= ENOUGH)?;
        let allowed = (SWINGS * swing(&before, usual)).max(LEAST_CHANGE);
        let percent = |rate: f64| 100.0 * rate;
        if name == "refused" {
            return (*rate > usual + allowed).then(|| {
                format!(
                    "{:.0} % of the records are refused, where {:.0} % are usual",
                    percent(*rate),
                    percent(usual)
                )
            });
        }
        (*rate < usual - allowed)
            .then(|| format!("{name}: {:.0} %, where {:.0} % are usual", percent(*rate), percent(usual)))
    })
}

/// The median; `None` of nothing.
fn middle(values: impl Iterator<Item = f64>) -> Option<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    let upper = *sorted.get(half)?;
    if sorted.len() % 2 == 1 {
        Some(upper)
    } else {
        Some(f64::midpoint(*sorted.get(half.checked_sub(1)?)?, upper))
    }
}

/// How far values usually lie from their median.
fn swing(values: &[f64], middle_of: f64) -> f64 {
    MAD_TO_SIGMA * middle(values.iter().map(|value| (value - middle_of).abs())).unwrap_or(0.0)
}

fn doing() -> impl FnOnce(sqlx::Error) -> StoreError {
    StoreError::doing("measure a run")
}

/// Measures the streams a run covers, and doubts them. Answers the first doubt.
pub(crate) async fn doubts(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<Option<String>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT stream AS "stream!", seen AS "seen!", valid AS "valid!", unidentified AS "unidentified!",
                  open_before AS "open_before!", kept AS "kept!", rates AS "rates!" FROM ingest.measure_run($1) ORDER BY stream"#,
        run.uuid()
    )
    .fetch_all(&mut **tx)
    .await
    .map_err(doing())?;
    for row in rows {
        let rates = serde_json::from_value(row.rates).unwrap_or_default();
        let now = Measure {
            stream: row.stream,
            seen: row.seen,
            valid: row.valid,
            unidentified: row.unidentified,
            open_before: row.open_before,
            kept: row.kept,
            rates,
        };
        let past = past(tx, run, &now.stream).await?;
        if let Some(why) = doubt(&now, &past) {
            return Ok(Some(why));
        }
    }
    Ok(None)
}

/// The measures of complete runs, newest first. A run an operator accepted begins the history anew: what it showed is the new
/// normal.
async fn past(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
    stream: &str,
) -> Result<Vec<Measure>, StoreError> {
    let rows = sqlx::query!(
        "SELECT m.stream, m.seen, m.valid, m.unidentified, m.open_before, m.kept, m.rates
           FROM ingest.run_streams m JOIN ingest.runs r ON r.id = m.run
          WHERE m.stream = $2 AND r.state = 'complete' AND r.id <> $1 AND r.source = (SELECT source FROM ingest.runs WHERE id = $1)
            AND r.created_at >= coalesce((SELECT max(a.created_at) FROM ingest.runs a WHERE a.source = r.source AND a.decision = 'accepted'), '-infinity')
          ORDER BY r.created_at DESC LIMIT $3",
        run.uuid(),
        stream,
        HISTORY
    )
    .fetch_all(&mut **tx)
    .await
    .map_err(doing())?;
    Ok(rows
        .into_iter()
        .map(|row| Measure {
            stream: row.stream,
            seen: row.seen,
            valid: row.valid,
            unidentified: row.unidentified,
            open_before: row.open_before,
            kept: row.kept,
            rates: serde_json::from_value(row.rates).unwrap_or_default(),
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn measure(valid: i32) -> Measure {
        let rates =
            [("organization", 0.9), ("closes_on", 0.95), ("different organizations", 0.6), ("refused", 0.02)];
        Measure {
            stream: "offres".to_owned(),
            seen: valid,
            valid,
            open_before: 100,
            rates: rates.map(|(name, rate)| (name.to_owned(), rate)).into(),
            ..Measure::default()
        }
    }

    fn told(now: &Measure, past: &[Measure]) -> String {
        doubt(now, past).unwrap_or_default()
    }

    #[test]
    fn without_a_history_half_of_what_is_open_must_be_shown() {
        assert_eq!(told(&measure(60), &[]), "");
        assert!(told(&measure(40), &[]).contains("40 usable records while 100"));
        assert!(told(&measure(0), &[]).contains("shows nothing"));
        assert!(told(&Measure { seen: 50, ..measure(0) }, &[]).contains("none of 50"));
        assert_eq!(told(&Measure { open_before: 8, ..measure(2) }, &[]), "");
    }

    #[test]
    fn a_steady_source_is_held_to_what_it_shows_and_a_lively_one_is_not() {
        let steady: Vec<Measure> = [100, 101, 99, 100, 102].map(measure).into();
        assert_eq!(told(&measure(70), &steady), "");
        assert!(told(&measure(55), &steady).contains("100 are usual"));
        let lively: Vec<Measure> = [100, 60, 140, 80, 120].map(measure).into();
        assert_eq!(told(&measure(30), &lively), "");
        // It may grow as it likes: nothing closes by that.
        assert_eq!(told(&measure(400), &steady), "");
    }

    #[test]
    fn fields_that_vanish_and_employers_that_become_one_are_doubted() {
        let past: Vec<Measure> = [100, 101, 99].map(measure).into();
        for (name, rate, sign) in [
            ("closes_on", 0.0, "closes_on: 0 %"),
            ("different organizations", 0.01, "different organizations: 1 %"),
            ("refused", 0.6, "60 % of the records are refused"),
        ] {
            let mut now = measure(100);
            now.rates.insert(name.to_owned(), rate);
            assert!(told(&now, &past).contains(sign), "{name}: {}", told(&now, &past));
        }
        let mut usual = measure(100);
        usual.rates.insert("closes_on".to_owned(), 0.8);
        assert_eq!(told(&usual, &past), "");
    }

    #[test]
    fn records_without_identity_may_be_what_is_missing() {
        let now = Measure { unidentified: 5, seen: 95, ..measure(90) };
        assert!(told(&now, &[]).contains("no identity"));
        let as_always: Vec<Measure> = (0..3).map(|_| Measure { unidentified: 5, ..measure(90) }).collect();
        assert_eq!(told(&now, &as_always), "");
    }
}
