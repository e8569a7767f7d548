//! What any index can do.

use async_trait::async_trait;
use domain::OpportunityId;

use crate::{Depth, Held, Hit, Key, Page, Point, Query, VectorError};

/// An index of opportunities. What a call has changed is on disk when it returns, so a job may end on it.
#[async_trait]
pub trait Index: Send + Sync {
    /// Keeps points. One that is there already is replaced, unless a later write made it.
    async fn upsert(&self, points: Vec<Point>) -> Result<(), VectorError>;

    /// Removes points, unless a write after `version` made them. A missing point is not an error.
    async fn withdraw(&self, points: &[Key], version: i64) -> Result<(), VectorError>;

    /// The nearest, best first; equal ones in the order of their ids.
    async fn search(&self, query: Query) -> Result<Vec<Hit>, VectorError>;

    /// Number of points kept.
    async fn count(&self) -> Result<u64, VectorError>;

    /// At most `limit` points from `from` on, in the order of their keys.
    async fn page(&self, from: Option<Key>, limit: usize, depth: Depth) -> Result<Page, VectorError>;

    /// Those of these points that are there, in any order.
    async fn held(&self, ids: &[OpportunityId], depth: Depth) -> Result<Vec<Held>, VectorError>;

    /// Whether it answers.
    async fn ready(&self) -> Result<(), VectorError>;

    /// Builds what makes searches fast for what was written, where the index does not do so by itself. Searches continue meanwhile. The
    /// caller has no more to write for now.
    async fn settle(&self) -> Result<(), VectorError> {
        Ok(())
    }

    /// Makes the index again, empty, if somebody removed it. Returns whether that was so: then everything is missing in it.
    async fn restore(&self) -> Result<bool, VectorError> {
        Ok(false)
    }

    /// Lets other services find the index under this name, at once and instead of the one before. A folder has no other readers.
    async fn serve(&self, _alias: &str) -> Result<(), VectorError> {
        Ok(())
    }

    /// What it is, for people.
    fn describe(&self) -> String;

    /// What tells it from every other index of the same database.
    fn identity(&self) -> String;
}

/// Refuses points whose vectors have another length, or a number that is none. A point may have none, if its text cannot be embedded.
pub(crate) fn checked(points: &[Point], dimensions: usize) -> Result<(), VectorError> {
    let mut vectors = points.iter().map(|point| &point.dense).filter(|dense| !dense.is_empty());
    vectors.try_for_each(|dense| measured(dense, dimensions))
}

/// Refuses a vector of another length, or with a number in it that is none. Where an index has no vectors, the length is 0.
pub(crate) fn measured(vector: &[f32], dimensions: usize) -> Result<(), VectorError> {
    if vector.len() == dimensions && vector.iter().all(|number| number.is_finite()) {
        return Ok(());
    }
    Err(VectorError::NotAVector { found: vector.len(), wanted: dimensions })
}
