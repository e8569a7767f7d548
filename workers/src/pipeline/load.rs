//! Stage 6: what was parsed from a page and differs from what is served is staged, with its rejections and counters.

use queue::Lease;
use store::{Archived, PageCommit, PageRow, Reading, Store, StoreError, Tally};

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

/// Commits a page, or the last part of a large one, and ends its job.
pub(crate) async fn page(commit: PageCommit<'_>, page: &PageRow, reading: Reading) -> Result<(), StoreError> {
    let alarm = reading.alarm.clone();
    let tally = commit.end(reading).await?;
    report(page, tally, alarm.as_deref());
    Ok(())
}

/// Commits a detail page together with the fact that it was archived, and ends its job.
pub(crate) async fn detail(
    (store, lease): (&Store, Lease),
    page: &PageRow,
    archived: &Archived,
    read_by: &str,
    reading: Reading,
) -> Result<(), StoreError> {
    let alarm = reading.alarm.clone();
    let tally = store.detail_read(lease, page, archived, read_by, reading).await?;
    report(page, tally, alarm.as_deref());
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

/// Counts the records of a page by outcome, for Prometheus.
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
}
