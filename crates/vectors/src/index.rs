//! What any index can do.

use async_trait::async_trait;
use domain::OpportunityId;

use crate::{Document, Hit, Query, VectorError};

/// An index of opportunities. What a call has changed is on disk when it returns, so a job may end on it.
#[async_trait]
pub trait Index: Send + Sync {
    /// Keeps documents with their dense vectors, in the same order; one already kept is replaced.
    async fn upsert(&self, documents: &[Document], dense: Vec<Vec<f32>>) -> Result<(), VectorError>;

    /// Removes points. A missing point is not an error.
    async fn withdraw(&self, ids: &[OpportunityId]) -> Result<(), VectorError>;

    /// The nearest, best first; equal ones in the order of their ids.
    async fn search(&self, query: Query) -> Result<Vec<Hit>, VectorError>;

    /// Number of points kept.
    async fn count(&self) -> Result<u64, VectorError>;

    /// Ids of all points kept.
    async fn ids(&self) -> Result<Vec<OpportunityId>, VectorError>;

    /// Whether it answers.
    async fn ready(&self) -> Result<(), VectorError>;

    /// What it is, for people.
    fn describe(&self) -> String;
}

/// Refuses what an index would take in silence or not at all: vectors that are too few, too many or of another length.
pub(crate) fn checked(
    documents: &[Document],
    dense: &[Vec<f32>],
    dimensions: usize,
) -> Result<(), VectorError> {
    if documents.len() != dense.len() {
        return Err(VectorError::Mismatch { documents: documents.len(), vectors: dense.len() });
    }
    dense.iter().try_for_each(|vector| measured(vector, dimensions))
}

/// Refuses a vector of another length, or with a number in it that is none.
pub(crate) fn measured(vector: &[f32], dimensions: usize) -> Result<(), VectorError> {
    if vector.len() == dimensions && vector.iter().all(|number| number.is_finite()) {
        return Ok(());
    }
    Err(VectorError::NotAVector { found: vector.len(), wanted: dimensions })
}
