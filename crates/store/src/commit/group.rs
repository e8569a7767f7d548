//! Group commit: pages that were parsed at the same time commit in one transaction, with one write to disk.

use std::collections::BTreeSet;

use queue::Lease;

use super::{
    Reading, Tally, WHAT,
    relink::parse_details,
    repeats::{Content, First},
    write::{Batch, write},
};
use crate::{
    Archived, PageRow, Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
};

/// Most pages of one group: from here on the statements, not the transaction, are what a page costs.
pub const GROUP: usize = 32;

/// A parsed page, and the job that its commit ends.
#[derive(Debug)]
pub struct ParsedPage {
    lease: Lease,
    page: PageRow,
    archived: Option<Archived>,
    read_by: String,
    content: Content,
    first: First,
}

impl ParsedPage {
    /// A page with what was parsed from it. `archived`: its answer, if the same job fetched it. `read_by`: versions of
    /// source file and program that parsed it.
    pub fn new(
        lease: Lease,
        page: PageRow,
        archived: Option<Archived>,
        read_by: String,
        reading: Reading,
    ) -> Self {
        let mut first = First::new();
        let content = Content::of(reading, &mut first);
        Self { lease, page, archived, read_by, content, first }
    }

    fn batch(&self) -> Batch<'_> {
        Batch {
            page: &self.page,
            archived: self.archived.as_ref(),
            read_by: &self.read_by,
            parts: 0,
            content: &self.content,
            shown: Some(&self.first),
        }
    }
}

impl Store {
    /// Commits pages and ends the jobs that parsed them. Returns what became of each, in their order. A page whose job
    /// belongs to another worker by now is left out. If the group fails, each page is tried alone, so that a page fails
    /// by its own fault only. If the database is away, all pages fail at once.
    pub async fn commit_pages(&self, pages: &[ParsedPage]) -> Vec<Result<Tally, StoreError>> {
        let mut committed = self.commit_group(pages).await;
        if committed.as_ref().is_err_and(StoreError::is_away) {
            // A connection that broke while nobody used it fails once.
            committed = self.commit_group(pages).await;
        }
        match committed {
            Ok(tallies) => tallies,
            Err(error) if pages.len() < 2 => vec![Err(error)],
            Err(error) if error.is_away() => pages.iter().map(|_| Err(error.shared(WHAT))).collect(),
            Err(error) => {
                tracing::debug!(%error, pages = pages.len(), "a group did not commit; its pages commit one by one");
                self.commit_alone(pages).await
            }
        }
    }

    async fn commit_alone(&self, pages: &[ParsedPage]) -> Vec<Result<Tally, StoreError>> {
        let mut tallies = Vec::with_capacity(pages.len());
        for page in pages {
            let alone = self.commit_group(std::slice::from_ref(page)).await;
            tallies.push(alone.and_then(|one| one.into_iter().next().unwrap_or(Ok(Tally::default()))));
        }
        tallies
    }
    /// Commits pages in one transaction.
    async fn commit_group(&self, pages: &[ParsedPage]) -> Result<Vec<Result<Tally, StoreError>>, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        let leases: Vec<Lease> = pages.iter().map(|page| page.lease).collect();
        let ours = Lease::settle_all(&leases, &mut tx).await?;
        let kept = || pages.iter().zip(&ours).filter(|(_, ours)| **ours).map(|(page, _)| page);
        let batches: Vec<Batch<'_>> = kept().map(ParsedPage::batch).collect();
        let mut written = write(&mut tx, &batches).await?.into_iter();
        let lists = kept().map(|page| &page.page).filter(|page| page.is_list_of_replay());
        for run in lists.map(|page| page.run).collect::<BTreeSet<_>>() {
            parse_details(&mut tx, run).await?;
        }
        commit(tx, Step::CommitPage, WHAT).await?;
        let mut runs: Vec<_> = kept().map(|page| page.page.run).collect();
        runs.sort_unstable();
        runs.dedup();
        for run in runs {
            self.close_if_parsed(run).await;
        }
        let outcome = leases.iter().zip(&ours).map(|(lease, ours)| {
            let tally = if *ours { written.next() } else { None };
            tally.ok_or(StoreError::Fenced(lease.job()))
        });
        Ok(outcome.collect())
    }
}
