//! The rows of opportunities: their columns, staging and publication.

pub(crate) mod columns;
mod copy;
mod known;
pub(crate) mod publish;
pub(crate) mod stage;

pub use columns::fields_of_columns;
pub use known::KnownDrafts;
pub use stage::Origin;
