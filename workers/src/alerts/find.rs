//! Finds what is wrong.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use sources::Stream;
use store::{AlertKind, Figures, Finding, StoreError, Watched};

use crate::{
    app,
    app::App,
    lateness::{is_late, usual_gap},
    partner, scheduler,
    verify::Report,
};

/// A list that usually has fewer records may lose half of them by chance.
const FEWEST: i32 = 10;

/// Returns everything that is wrong now.
pub(crate) async fn findings(app: &App) -> anyhow::Result<Vec<Finding>> {
    let figures = app.store.figures().await?;
    let watched = app.store.watched().await?;
    let mut found = late(app, &figures, &watched)?;
    found.extend(low_yields(app.config.alerts.yield_percent, &watched));
    found.extend(watched.held.iter().map(|run| {
        let facts = json!({ "why": run.message });
        finding(AlertKind::Held, &run.id.to_string(), Some(&run.source), facts)
    }));
    found.extend(dead(&figures));
    found.extend(drift(app).await?);
    found.extend(without_secrets(app, &figures));
    for certificate in app.store.ending_certificates(app.config.alerts.certificate_days).await? {
        let facts = json!({ "ends_at": certificate.ends_at });
        found.push(finding(AlertKind::Certificate, &certificate.host, Some(&certificate.source), facts));
    }
    Ok(found)
}

fn finding(kind: AlertKind, subject: &str, source: Option<&str>, facts: serde_json::Value) -> Finding {
    Finding { kind, subject: subject.to_owned(), source: source.map(str::to_owned), facts }
}

/// Returns the sources that have not been complete for twice the longest time between two of their visits. Quiet hours do not count.
fn late(app: &App, figures: &Figures, watched: &Watched) -> anyhow::Result<Vec<Finding>> {
    let (catalog, now) = (app.catalog(), app.clock.now());
    let timetable = scheduler::timetable(&app.config, &catalog)?;
    let mut found = Vec::new();
    for source in figures.sources.iter().filter(|source| !source.is_paused) {
        let Some(gap) = usual_gap(&timetable, &source.source, now) else { continue };
        let begin = match source.fresh_seconds {
            Some(seconds) => now - TimeDelta::seconds(whole(seconds)),
            None => watched.known_since.get(&source.source).copied().unwrap_or(now),
        };
        let spec = app.spec(&source.source).ok();
        let quiet = spec.map(|spec| spec.quiet_hours.clone()).unwrap_or_default();
        if is_late(gap, begin, &quiet, now) {
            // Only what stays the same while it lasts: the age is in the message.
            let facts =
                json!({ "since": begin_of(source.fresh_seconds, begin), "usual_hours": gap.num_hours() });
            found.push(finding(AlertKind::Freshness, &source.source, Some(&source.source), facts));
        }
    }
    Ok(found)
}

/// Returns the moment of the last complete run, to the minute; none if there was none.
fn begin_of(fresh_seconds: Option<f64>, begin: DateTime<Utc>) -> Option<String> {
    fresh_seconds.map(|_| begin.format("%Y-%m-%dT%H:%MZ").to_string())
}

#[allow(clippy::cast_possible_truncation, reason = "an age in seconds is far below 2^52")]
fn whole(seconds: f64) -> i64 {
    seconds as i64
}

/// Returns the sources whose last whole run showed far fewer records than usual.
fn low_yields(percent: i32, watched: &Watched) -> Vec<Finding> {
    let is_low = |seen: i32, usual: i32| {
        usual >= FEWEST && i64::from(seen) * 100 < i64::from(usual) * i64::from(percent)
    };
    let low = watched.yields.iter().filter(|found| is_low(found.seen, found.usual));
    low.map(|found| {
        let facts = json!({ "run": found.run, "seen": found.seen, "usual": found.usual });
        finding(AlertKind::Yield, &found.source, Some(&found.source), facts)
    })
    .collect()
}

fn dead(figures: &Figures) -> Vec<Finding> {
    let mut by_source = std::collections::BTreeMap::<&str, i64>::new();
    for dead in &figures.dead {
        *by_source.entry(&dead.source).or_default() += dead.count;
    }
    by_source
        .into_iter()
        .map(|(source, count)| {
            let named = Some(source).filter(|source| !source.is_empty());
            finding(AlertKind::DeadLetters, named.unwrap_or("-"), named, json!({ "count": count }))
        })
        .collect()
}

/// Returns the indexes whose last verification found differences.
async fn drift(app: &App) -> Result<Vec<Finding>, StoreError> {
    let targets = app.store.targets().await?;
    let found = targets.iter().filter(|target| target.is_shown).filter_map(|target| {
        let report: Report = serde_json::from_value(target.report.clone()?).ok()?;
        let count = report.total();
        let name = target.name.as_deref().filter(|_| count > 0)?;
        Some(finding(AlertKind::Drift, name, None, json!({ "count": count })))
    });
    Ok(found.collect())
}

/// Returns the sources that are to be visited and lack credentials in this process.
fn without_secrets(app: &App, figures: &Figures) -> Vec<Finding> {
    let is_visited =
        |slug: &str| figures.sources.iter().any(|source| source.source == slug && !source.is_paused);
    let catalog = app.catalog();
    let specs = catalog.iter().filter(|spec| {
        is_visited(spec.slug.as_str())
            && app::is_enabled(&app.config, &spec.slug)
            && spec.streams.iter().any(Stream::is_fetched)
    });
    specs
        .filter_map(|spec| {
            let missing = partner::missing(spec, &|name| app.secret(name))?;
            let facts = json!({ "names": missing.names });
            Some(finding(AlertKind::Secret, spec.slug.as_str(), Some(spec.slug.as_str()), facts))
        })
        .collect()
}
