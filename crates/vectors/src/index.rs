//! What any index can do.

use async_trait::async_trait;
use opportunity::OpportunityId;

use crate::{Document, Hit, Query, VectorError};

/// An index of opportunities. What a call has changed is on disk when it returns.
#[async_trait]
pub trait Index: Send + Sync {
    /// Keeps documents with their dense vectors; one already kept is replaced.
    async fn upsert(&self, documents: &[Document], dense: Vec<Vec<f32>>) -> Result<(), VectorError>;

    /// Removes points; those not kept are no error.
    async fn withdraw(&self, ids: &[OpportunityId]) -> Result<(), VectorError>;

    /// The nearest, best first.
    async fn search(&self, query: Query) -> Result<Vec<Hit>, VectorError>;

    /// Ids of all points kept.
    async fn ids(&self) -> Result<Vec<OpportunityId>, VectorError>;

    /// Whether it answers.
    async fn ready(&self) -> Result<(), VectorError>;

    /// What it is, for people.
    fn describe(&self) -> String;
}
