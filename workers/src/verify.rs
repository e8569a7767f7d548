//! Compares an index with the database, both ways, and heals what differs. It reads page by page, so its memory is that of a page,
//! whatever the number of points.
//!
//! Workers write meanwhile. What seems to differ is therefore read again, between two looks at the database that must agree, and
//! counts only if it still differs.

use std::collections::{BTreeMap, HashMap};

use anyhow::Context as _;
use domain::OpportunityId;
use serde::{Deserialize, Serialize};
use store::{Compared, Store};
use vectors::{Depth, Drift, Held, Key, Written};

use crate::pipeline::{document::document, index::Kept};

/// Points of a page: some 1.5 MB with their vectors.
const PAGE: usize = 256;
/// Examples kept of each kind.
const EXAMPLES: usize = 5;
/// A condition on the version that every point meets.
const ANY: i64 = i64::MAX;

/// What a comparison found.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Report {
    /// Points that were read.
    pub(crate) points: u64,
    /// Open opportunities whose points were looked for.
    pub(crate) rows: u64,
    /// Points that were left out, because the outbox has a request for them.
    pub(crate) pending: u64,
    /// What differs, by kind.
    pub(crate) drift: BTreeMap<Drift, Found>,
}

/// The points of one kind of drift.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Found {
    pub(crate) count: u64,
    pub(crate) examples: Vec<Key>,
}

impl Report {
    /// Returns how many points differ.
    pub(crate) fn total(&self) -> u64 {
        self.drift.values().map(|found| found.count).sum()
    }

    /// Logs what differs.
    pub(crate) fn log(&self, repairs: bool) {
        for (kind, Found { count, examples }) in &self.drift {
            let example = examples.first().map(ToString::to_string);
            tracing::warn!(
                kind = kind.as_str(),
                count,
                example,
                repairs,
                "the index differs from the database"
            );
        }
    }

    fn add(&mut self, wrong: &[Wrong]) {
        for Wrong { key, drift, .. } in wrong {
            let found = self.drift.entry(*drift).or_default();
            found.count += 1;
            if found.examples.len() < EXAMPLES {
                found.examples.push(*key);
            }
        }
    }
}

/// A point that differs.
#[derive(Debug, Clone, Copy)]
struct Wrong {
    key: Key,
    drift: Drift,
    version: Option<i64>,
    /// Whether the database has the opportunity.
    is_known: bool,
}

/// Compares every point with its opportunity, and every open opportunity with its point. With `repairs`, what differs is requested
/// again, and what belongs to nothing is removed.
pub(crate) async fn compare(
    store: &Store,
    kept: &Kept,
    depth: Depth,
    repairs: bool,
) -> anyhow::Result<Report> {
    if repairs && kept.vectors.index.restore().await.context("Failed to look for the index")? {
        tracing::warn!("somebody removed the collection of the index; it is made and filled again");
    }
    let mut comparison = Comparison { store, kept, depth, repairs, report: Report::default() };
    comparison.points().await?;
    comparison.rows().await?;
    Ok(comparison.report)
}

struct Comparison<'a> {
    store: &'a Store,
    kept: &'a Kept,
    depth: Depth,
    repairs: bool,
    report: Report,
}

type Rows = HashMap<OpportunityId, Compared>;

impl Comparison<'_> {
    /// From the index to the database.
    async fn points(&mut self) -> anyhow::Result<()> {
        let mut from = None;
        loop {
            let page = self.kept.vectors.index.page(from, PAGE, self.depth).await;
            let page = page.context("Failed to list the points of the index")?;
            self.report.points += u64::try_from(page.points.len()).unwrap_or(0);
            let rows = self.rows_of(&page.points).await?;
            let newest = self.store.newest_write().await?;
            self.report.pending +=
                u64::try_from(rows.values().filter(|row| row.is_pending).count()).unwrap_or(0);
            let mut seeming = Vec::new();
            for point in page.points {
                if judge(&point, &rows, newest)?.is_some() {
                    seeming.push(point);
                }
            }
            let wrong = self.again(seeming).await?;
            self.settle(&wrong).await?;
            from = page.next;
            if from.is_none() {
                return Ok(());
            }
        }
    }

    /// Reads points again that seem to differ, and returns those that do.
    async fn again(&self, seeming: Vec<Held>) -> anyhow::Result<Vec<Wrong>> {
        if seeming.is_empty() {
            return Ok(Vec::new());
        }
        let before = self.rows_of(&seeming).await?;
        let ids: Vec<OpportunityId> = seeming.iter().filter_map(|point| point.key.opportunity()).collect();
        let mut points: Vec<Held> =
            seeming.into_iter().filter(|point| point.key.opportunity().is_none()).collect();
        points.extend(self.kept.vectors.index.held(&ids, self.depth).await.context("Failed to read points")?);
        let after = self.rows_of(&points).await?;
        let newest = self.store.newest_write().await?;
        let mut wrong = Vec::new();
        for point in points {
            let drift = judge(&point, &after, newest)?;
            if let Some(drift) = drift
                && judge(&point, &before, newest)? == Some(drift)
            {
                let is_known = point.key.opportunity().is_some_and(|id| after.contains_key(&id));
                wrong.push(Wrong { key: point.key, drift, version: point.version, is_known });
            }
        }
        Ok(wrong)
    }

    /// From the database to the index.
    async fn rows(&mut self) -> anyhow::Result<()> {
        let mut after = None;
        loop {
            let page = i64::try_from(PAGE).unwrap_or(i64::MAX);
            let ids = self.store.settled_after(self.kept.target, after, page).await?;
            let Some(last) = ids.last().copied() else { return Ok(()) };
            self.report.rows += u64::try_from(ids.len()).unwrap_or(0);
            let lacking = self.lacking(&ids).await?;
            if !lacking.is_empty() {
                // Written or closed meanwhile.
                let before = self.missing(&lacking).await?;
                let lacking = self.lacking(&before).await?;
                let wrong: Vec<Wrong> =
                    self.missing(&lacking).await?.into_iter().map(Wrong::missing).collect();
                self.settle(&wrong).await?;
            }
            after = Some(last);
        }
    }

    /// Returns those that have no point.
    async fn lacking(&self, ids: &[OpportunityId]) -> anyhow::Result<Vec<OpportunityId>> {
        let held =
            self.kept.vectors.index.held(ids, Depth::Payloads).await.context("Failed to read points")?;
        let held: std::collections::HashSet<Key> = held.into_iter().map(|point| point.key).collect();
        Ok(ids.iter().copied().filter(|id| !held.contains(&Key::Opportunity(*id))).collect())
    }

    /// Returns those that should have a point now.
    async fn missing(&self, ids: &[OpportunityId]) -> anyhow::Result<Vec<OpportunityId>> {
        let rows = self.store.compared(self.kept.target, ids).await?;
        let due = rows.into_iter().filter(|row| row.open && !row.is_pending);
        Ok(due.map(|row| row.row.id).collect())
    }

    async fn rows_of(&self, points: &[Held]) -> anyhow::Result<Rows> {
        let ids: Vec<OpportunityId> = points.iter().filter_map(|point| point.key.opportunity()).collect();
        let rows = self.store.compared(self.kept.target, &ids).await?;
        Ok(rows.into_iter().map(|row| (row.row.id, row)).collect())
    }

    /// Counts what differs, and heals it if it is to be healed.
    async fn settle(&mut self, wrong: &[Wrong]) -> anyhow::Result<()> {
        self.report.add(wrong);
        if !self.repairs || wrong.is_empty() {
            return Ok(());
        }
        if let Some(seen) = wrong.iter().filter_map(|wrong| wrong.version).max() {
            self.store.raise_writes(seen).await?;
        }
        // A point without a version yields to no condition: it goes, and is written anew.
        let keys = |which: fn(&Wrong) -> bool| -> Vec<Key> {
            wrong.iter().filter(|wrong| which(wrong)).map(|wrong| wrong.key).collect()
        };
        let unreadable =
            keys(|wrong| wrong.drift == Drift::Unreadable || (!wrong.is_known && wrong.version.is_none()));
        let newest = self.store.newest_write().await?;
        let index = &self.kept.vectors.index;
        index.withdraw(&unreadable, ANY).await.context("Failed to remove points")?;
        let unknown = keys(|wrong| !wrong.is_known && wrong.version.is_some());
        index.withdraw(&unknown, newest).await.context("Failed to remove points")?;
        let known = wrong.iter().filter(|wrong| wrong.is_known).filter_map(|wrong| wrong.key.opportunity());
        let known: Vec<OpportunityId> = known.collect();
        if !known.is_empty() {
            self.store.request_points(self.kept.target, &known).await?;
        }
        Ok(())
    }
}

impl Wrong {
    fn missing(id: OpportunityId) -> Self {
        Self { key: Key::Opportunity(id), drift: Drift::Missing, version: None, is_known: true }
    }
}

/// How a point differs from its row.
fn judge(point: &Held, rows: &Rows, newest: i64) -> anyhow::Result<Option<Drift>> {
    let Some(row) = point.key.opportunity().and_then(|id| rows.get(&id)) else {
        return Ok(Some(Drift::Orphaned));
    };
    if row.is_pending {
        return Ok(None);
    }
    if !row.open {
        return Ok(Some(Drift::Orphaned));
    }
    let written = row.written.as_ref().and_then(|(version, seal)| {
        let seal = serde_json::from_value(seal.clone()).ok()?;
        Some(Written { version: *version, seal })
    });
    let drift = point.drift(&document(&row.row), written.as_ref(), newest)?;
    // The text and the payload may be the same where the content is not: the next write notes that.
    Ok(drift.or((!row.is_current).then_some(Drift::Stale)))
}

#[cfg(test)]
#[cfg(feature = "embedded-vectors")]
mod tests;
