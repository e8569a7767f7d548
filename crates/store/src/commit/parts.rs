//! A large page commits in parts. Each part commits with its follow-up work. If the job breaks off, its next attempt
//! continues after the last committed part.

use queue::Lease;

use super::{
    Reading, Tally, WHAT,
    relink::parse_details,
    repeats::{Content, First},
    write::{Batch, write},
};
use crate::{
    PageRow, Store, StoreError,
    error::Doing as _,
    failpoint::{Step, commit},
};

/// A page that is being committed in parts.
#[derive(Debug)]
pub struct PageCommit<'a> {
    store: &'a Store,
    lease: Lease,
    page: &'a PageRow,
    read_by: &'a str,
    parts: i32,
    first: First,
}

impl Store {
    /// Starts to commit `page` in parts. `read_by`: versions of source file and program that parsed it.
    pub fn commit_parts<'a>(&'a self, lease: Lease, page: &'a PageRow, read_by: &'a str) -> PageCommit<'a> {
        PageCommit { store: self, lease, page, read_by, parts: 0, first: First::new() }
    }
}

impl PageCommit<'_> {
    /// Commits one part of the page, unless an earlier attempt has committed it.
    pub async fn part(&mut self, reading: Reading) -> Result<Tally, StoreError> {
        self.parts += 1;
        let content = Content::of(reading, &mut self.first);
        if self.parts <= self.page.parts {
            return Ok(Tally::default());
        }
        let mut tx = self.store.pool.begin().await.doing(WHAT)?;
        self.lease.check(&mut tx).await?;
        let tallies = write(&mut tx, &[self.batch(&content, None)]).await?;
        self.lease.progressed(&mut tx).await?;
        commit(tx, Step::CommitPart, WHAT).await?;
        Ok(tallies.into_iter().next().unwrap_or_default())
    }

    /// Commits the last part, and ends the job.
    pub async fn end(mut self, reading: Reading) -> Result<Tally, StoreError> {
        let content = Content::of(reading, &mut self.first);
        let mut tx = self.store.pool.begin().await.doing(WHAT)?;
        self.lease.settle(&mut tx).await?;
        let tallies = write(&mut tx, &[self.batch(&content, Some(&self.first))]).await?;
        if self.page.is_list_of_replay() {
            parse_details(&mut tx, self.page.run).await?;
        }
        commit(tx, Step::CommitPage, WHAT).await?;
        self.store.close_if_parsed(self.page.run).await;
        Ok(tallies.into_iter().next().unwrap_or_default())
    }

    fn batch<'b>(&'b self, content: &'b Content, shown: Option<&'b First>) -> Batch<'b> {
        Batch { page: self.page, archived: None, read_by: self.read_by, parts: self.parts, content, shown }
    }
}
