//! The vocabulary of `oim-etl`: what every other crate means by a source, a draft, an opportunity and
//! a rejection, and the pure rules that turn a partner's words into typed values.
//!
//! Nothing here reads a clock, a file or a socket: the page's fetch time is handed in, so a replay of
//! an archived page gives the answer it gave the first time.
//!
//! The way through, in order:
//!
//! 1. [`Draft`] — a record in our field names, still the partner's words;
//! 2. [`normalize()`] — dates, money, places and vocabularies are read, or the record is refused;
//! 3. [`Opportunity`] — typed; its [`Fingerprint`] tells whether its content changed.

#[cfg(test)]
mod cases;
mod coded;
mod draft;
mod ids;
mod kind;
mod numbers;
mod opportunity;
mod published;
mod rate;
mod rejection;
mod scaled;

pub mod contacts;
pub mod dates;
pub mod duplicates;
pub mod duration;
pub mod money;
pub mod patterns;
pub mod places;
pub mod quality;
pub mod status;
pub mod text;
pub mod vocabulary;

mod fingerprint;
mod normalize;

pub use draft::Draft;
pub use fingerprint::Fingerprint;
pub use ids::{BadName, OpportunityId, RunId, SourceSlug, StreamName};
pub use kind::Kind;
pub use normalize::{Context, normalize};
pub use opportunity::Opportunity;
pub use published::{Published, Row};
pub use rate::{BadRate, Rate};
pub use rejection::{Reason, Rejection};
