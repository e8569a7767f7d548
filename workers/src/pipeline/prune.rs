//! Beside the stages: what is no longer needed goes, first from the database, then from the archive.

use store::{Pruned, Retention, Store};

use crate::{archive::Archive, config::Config};

/// Answers that are removed from the archive before the database is asked again.
const AT_ONCE: i64 = 1_000;

/// Returns what the configuration keeps.
pub(crate) fn retention(config: &Config) -> Retention {
    Retention {
        days: config.retention.days,
        runs: config.retention.runs,
        changes_days: config.retention.changes_days,
        feed_days: config.retention.feed_days,
        actions_days: config.retention.actions_days,
    }
}

/// What a pruning did.
#[derive(Debug, serde::Serialize)]
pub(crate) struct Report {
    /// By source, those without any left out.
    pub(crate) sources: Vec<(String, Pruned)>,
    /// All together.
    pub(crate) all: Pruned,
    /// Answers removed from the archive, which an earlier pruning had listed.
    pub(crate) removed: u64,
}

/// Removes what is no longer needed, source by source. `archive`: none in a dry run, which removes nothing.
pub(crate) async fn prune(
    store: &Store,
    archive: Option<&Archive>,
    keep: Retention,
) -> anyhow::Result<Report> {
    let mut report = Report { sources: Vec::new(), all: Pruned::default(), removed: 0 };
    for state in store.source_states().await? {
        let pruned = store.prune_source(&state.slug, keep, archive.is_none()).await?;
        report.all.add(pruned);
        if pruned != Pruned::default() {
            report.sources.push((state.slug, pruned));
        }
    }
    report.all.add(store.prune_records(keep, archive.is_none()).await?);
    let Some(archive) = archive else { return Ok(report) };
    loop {
        let keys = store.unneeded_answers(AT_ONCE).await?;
        if keys.is_empty() {
            return Ok(report);
        }
        for key in &keys {
            archive.remove(key).await?;
        }
        store.answers_removed(&keys).await?;
        report.removed += u64::try_from(keys.len()).unwrap_or(0);
    }
}
