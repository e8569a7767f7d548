//! Stage 6: what was parsed from a page and differs from what is served is staged, with its rejections and counters.

use queue::Lease;
use store::{Archived, PageCommit, PageRow, ParsedPage, Reading, StoreError, Tally};

use crate::app::App;

/// Commits a part of a large page; more parts follow.
pub(crate) async fn part(
    commit: &mut PageCommit<'_>,
    page: &PageRow,
    reading: Reading,
) -> Result<(), StoreError> {
    let tally = commit.part(reading).await?;
    count(&page.source, tally);
    Ok(())
}

/// Commits the last part of a large page, and ends its job.
pub(crate) async fn last_part(
    commit: PageCommit<'_>,
    page: &PageRow,
    reading: Reading,
) -> Result<(), StoreError> {
    let alarm = reading.alarm.clone();
    let tally = commit.end(reading).await?;
    report(page, tally, alarm.as_deref());
    Ok(())
}

/// Commits a page with the others that are ready at the same time, and ends its job. `archived`: its answer, if this job
/// fetched it.
pub(crate) async fn page(
    app: &App,
    lease: Lease,
    (page, archived): (PageRow, Option<Archived>),
    reading: Reading,
    read_by: String,
) -> anyhow::Result<()> {
    let (about, alarm) = (page.clone(), reading.alarm.clone());
    let tally = app.batches.commits.ask(ParsedPage::new(lease, page, archived, read_by, reading)).await?;
    report(&about, tally, alarm.as_deref());
    Ok(())
}

fn report(page: &PageRow, tally: Tally, alarm: Option<&str>) {
    count(&page.source, tally);
    if let Some(alarm) = alarm {
        tracing::error!(
            url = page.url,
            alarm,
            "the page cannot be trusted; nothing of its run will be closed"
        );
    } else {
        tracing::debug!(?tally, "loaded");
    }
}

/// Counts the records of a page by outcome, and the detail pages that it links to, for Prometheus.
fn count(source: &str, tally: Tally) {
    let outcomes = [
        ("created", tally.created),
        ("changed", tally.changed),
        ("unchanged", tally.unchanged),
        ("rejected", tally.rejected),
    ];
    for (outcome, count) in outcomes {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        metrics::counter!("oim_records_total", "source" => source.to_owned(), "outcome" => outcome)
            .increment(count);
    }
    for (outcome, count) in [("asked", tally.wanted), ("spared", tally.spared)] {
        let count = u64::try_from(count).unwrap_or(u64::MAX);
        metrics::counter!("oim_detail_pages_total", "source" => source.to_owned(), "outcome" => outcome)
            .increment(count);
    }
}
