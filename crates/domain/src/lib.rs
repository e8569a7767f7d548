//! The vocabulary of `oim-etl`: what every other crate means by a source, a draft, an opportunity and a rejection.
//!
//! Types alone: their stored words, their identities, their form in JSON. What reads a partner's words into them is `normalize`.
//! Nothing here reads a clock, a file or a socket.

mod coded;
mod draft;
mod fingerprint;
mod fixed_point;
mod ids;
mod kind;
mod opportunity;
mod rate;
mod raw_record;
mod rejection;

pub mod contacts;
pub mod duration;
pub mod money;
pub mod places;
pub mod quality;
pub mod vocabulary;

pub use draft::{Draft, DraftDigest, Field};
pub use fingerprint::Fingerprint;
pub use ids::{BadName, OpportunityId, RunId, SourceSlug, StreamName};
pub use kind::Kind;
pub use opportunity::Opportunity;
pub use rate::{BadRate, Rate};
pub use raw_record::{RawRecord, Row};
pub use rejection::{Reason, Rejection};
