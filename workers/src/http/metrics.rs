//! `/metrics`: what this process counts, and the figures of the database, which one worker shows: the oldest. So a sum over all workers
//! is right.

mod page;

use std::collections::BTreeMap;

use axum::{extract::State, http::StatusCode};
use store::{Alert, AlertKind, Channel, ChannelState, Figures, Overview, StoreError, TargetState};
use vectors::Drift;

use super::Surroundings;
use crate::{app::App, verify::Report};
use page::{Page, Sample};

/// Counters and gauges in Prometheus' text format.
pub(crate) async fn metrics(State(here): State<Surroundings>) -> Result<String, StatusCode> {
    let figures = of_database(&here.app).await.map_err(|error| {
        tracing::warn!(error = &error as &dyn std::error::Error, "could not count for /metrics");
        StatusCode::SERVICE_UNAVAILABLE
    })?;
    of_process(&here.app);
    Ok(here.metrics.render() + &figures)
}

/// Sets the gauges of this process.
#[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn of_process(app: &App) {
    let (used, idle) = app.store.connections();
    metrics::gauge!("oim_database_connections", "state" => "used").set(used as f64);
    metrics::gauge!("oim_database_connections", "state" => "idle").set(idle as f64);
    if let Some(bytes) = resident() {
        metrics::gauge!("oim_resident_memory_bytes").set(bytes as f64);
    }
    metrics::gauge!("oim_index_held").set(f64::from(u8::from(app.holds_index())));
}

/// Returns how much memory this process has, in bytes; `None` where the system has no `/proc`.
fn resident() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// Returns the figures of the database, if this worker shows them.
async fn of_database(app: &App) -> Result<String, StoreError> {
    let Some(worker) = app.worker.get() else { return Ok(String::new()) };
    if !app.store.queue().is_first(*worker).await? {
        return Ok(String::new());
    }
    let mut page = Page::default();
    let overview = app.store.overview(0).await?;
    rows(&mut page, &overview);
    queue(&mut page, &overview);
    let targets: Vec<&TargetState> = overview.targets.iter().filter(|target| target.is_shown).collect();
    indexes(&mut page, &targets);
    sources(&mut page, &app.store.figures().await?);
    alerts(&mut page, &app.store.alerts(false, 1_000).await?, &app.store.channel_states().await?);
    Ok(page.into_text())
}

fn rows(page: &mut Page, overview: &Overview) {
    page.gauge(
        "oim_opportunities",
        "Opportunities, by status",
        [(overview.open, "open"), (overview.closed, "closed")]
            .map(|(count, status)| Sample::count(count).with("status", status)),
    );
    page.gauge("oim_outbox", "Points that are out of date", [Sample::count(overview.outbox)]);
    let workers = i64::try_from(overview.workers.len()).unwrap_or(i64::MAX);
    page.gauge("oim_workers", "Workers that are alive", [Sample::count(workers)]);
}

fn queue(page: &mut Page, overview: &Overview) {
    let mut jobs = BTreeMap::<(&str, &str), i64>::new();
    let mut oldest = BTreeMap::<&str, f64>::new();
    for depth in &overview.queue {
        for (state, count) in [("ready", depth.ready), ("later", depth.later), ("running", depth.running)] {
            *jobs.entry((&depth.kind, state)).or_default() += count;
        }
        let longest = oldest.entry(&depth.kind).or_default();
        *longest = longest.max(depth.oldest_seconds);
    }
    let kinds = crate::jobs::kinds();
    let all = kinds.iter().flat_map(|kind| ["ready", "later", "running"].map(|state| (kind, state)));
    page.gauge(
        "oim_queue_jobs",
        "Jobs waiting or running, by kind and state",
        all.map(|(kind, state)| {
            let count = jobs.get(&(kind.as_str(), state)).copied().unwrap_or(0);
            Sample::count(count).with("kind", kind).with("state", state)
        }),
    );
    page.gauge(
        "oim_queue_oldest_seconds",
        "How long the oldest due job waits, by kind",
        kinds
            .iter()
            .map(|kind| Sample::new(oldest.get(kind.as_str()).copied().unwrap_or(0.0)).with("kind", kind)),
    );
}

/// How each index stands, and what its last verification found.
fn indexes(page: &mut Page, targets: &[&TargetState]) {
    let named: Vec<(&str, &TargetState)> =
        targets.iter().filter_map(|target| Some((target.name.as_deref()?, *target))).collect();
    let of_each = |value: &dyn Fn(&TargetState) -> f64| -> Vec<Sample> {
        named.iter().map(|(name, target)| Sample::new(value(target)).with("index", name)).collect()
    };
    page.gauge(
        "oim_index_points",
        "Points of an index, by its ledger",
        of_each(&|t| page::number(t.indexed)),
    );
    page.gauge(
        "oim_index_oldest_change_seconds",
        "Age of the oldest change that is not indexed",
        of_each(&|t| t.oldest_seconds.unwrap_or(0.0)),
    );
    page.gauge(
        "oim_index_failures",
        "Failures in a row of the embedder or the index",
        of_each(&|t| f64::from(t.failures)),
    );
    page.gauge(
        "oim_index_set_aside",
        "Texts that the embedder refuses",
        of_each(&|t| page::number(t.set_aside)),
    );
    let drift = named.iter().filter_map(|(name, target)| {
        Some((name, serde_json::from_value::<Report>(target.report.clone()?).ok()?))
    });
    let found = drift.flat_map(|(name, report)| {
        Drift::ALL.map(|kind| {
            let count = report.drift.get(&kind).map_or(0, |found| found.count);
            let count = i64::try_from(count).unwrap_or(i64::MAX);
            Sample::count(count).with("index", name).with("kind", kind.as_str())
        })
    });
    page.gauge(
        "oim_index_drift",
        "What the last verification of an index found, by kind",
        found.collect::<Vec<_>>(),
    );
}

/// What is wrong, as alerts tell people, and the messages that wait.
fn alerts(page: &mut Page, alerts: &[Alert], channels: &[ChannelState]) {
    page.gauge(
        "oim_alerts",
        "What is wrong now, by kind, as reported",
        AlertKind::ALL.iter().map(|kind| {
            let count = alerts.iter().filter(|alert| alert.kind == *kind).count();
            Sample::count(i64::try_from(count).unwrap_or(i64::MAX)).with("kind", kind.as_str())
        }),
    );
    page.gauge(
        "oim_messages_waiting",
        "Messages to people that wait to be sent, by channel",
        Channel::ALL.iter().map(|channel| {
            let waiting =
                channels.iter().find(|state| state.channel == *channel).map_or(0, |state| state.waiting);
            Sample::count(waiting).with("channel", channel.as_str())
        }),
    );
}

fn sources(page: &mut Page, figures: &Figures) {
    let all = &figures.sources;
    page.gauge(
        "oim_source_fresh_seconds",
        "Time since the last complete run of a source ended",
        all.iter().filter_map(|s| Some(Sample::new(s.fresh_seconds?).with("source", &s.source))),
    );
    let flag = |is: bool, source: &str| Sample::count(i64::from(is)).with("source", source);
    page.gauge(
        "oim_source_failed",
        "Whether the newest run of a source that has ended has failed",
        all.iter().map(|s| flag(s.is_failed, &s.source)),
    );
    page.gauge(
        "oim_source_paused",
        "Whether an operator has paused a source",
        all.iter().map(|s| flag(s.is_paused, &s.source)),
    );
    page.gauge(
        "oim_runs_held",
        "Held runs that wait for a decision, by source",
        all.iter().map(|s| Sample::count(s.held).with("source", &s.source)),
    );
    // Each kind is shown, so that an alert sees a count begin at 0.
    let kinds = crate::jobs::kinds();
    let none = kinds.iter().filter(|kind| figures.dead.iter().all(|dead| dead.kind != **kind));
    let zeros = none.map(|kind| Sample::count(0).with("kind", kind).with("source", ""));
    let dead = figures.dead.iter();
    let counts = dead.map(|d| Sample::count(d.count).with("kind", &d.kind).with("source", &d.source));
    page.gauge(
        "oim_dead_letters",
        "Jobs that were given up and wait for a decision, by kind and source",
        zeros.chain(counts).collect::<Vec<_>>(),
    );
}
