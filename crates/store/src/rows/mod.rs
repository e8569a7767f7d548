//! The rows of opportunities: their columns, and their way into the database.

pub(crate) mod columns;
mod copy;
mod known;
pub(crate) mod publish;
pub(crate) mod stage;

pub use known::KnownDrafts;
pub use stage::Origin;
