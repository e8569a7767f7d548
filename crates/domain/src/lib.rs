//! The vocabulary of `oim-etl`: the types that every other crate uses for sources, drafts, opportunities and rejections.
//!
//! It holds types only, with their stored words, identities and JSON forms. `normalize` turns a partner's words into them.
//! Nothing here reads a clock, a file or a socket.

mod coded;
mod draft;
mod fingerprint;
mod fixed_point;
mod ids;
mod kind;
mod opportunity;
mod quiet;
mod rate;
mod raw_record;
mod rejection;
mod revisit;
mod span;

pub mod contacts;
pub mod duration;
pub mod money;
pub mod places;
pub mod quality;
pub mod term;
pub mod vocabulary;

pub use draft::{Draft, DraftDigest, Field};
pub use fingerprint::Fingerprint;
pub use ids::{BadName, OpportunityId, RunId, SourceSlug, StreamName};
pub use kind::Kind;
pub use opportunity::Opportunity;
pub use quiet::{BadHours, QuietHours};
pub use rate::{BadRate, Rate};
pub use raw_record::{RawRecord, Row};
pub use rejection::{Reason, Rejection};
pub use revisit::{Found, Revisit};
pub use span::{span, span_text};
