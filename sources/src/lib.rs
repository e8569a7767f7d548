//! What partners say.
//!
//! A partner is one TOML file ([`Spec`]), the built-in ones in `sources/partners/`: where its lists are, how they are paged,
//! where the records stand and which of their values are which of our fields. [`Spec::read`] turns an archived page into
//! drafts. Nothing here opens a file or a socket or looks at a clock, and no bytes make it panic.

mod catalog;
mod crawl;
mod error;
mod expr;
mod file;
mod grammar;
mod mask;
mod page;
mod propose;
mod read;
mod schema;
mod spec;

pub use catalog::{Catalog, SpecFile};
pub use crawl::{
    Crawl, Doubt, End, PageRequest, PageSummary, PastWalk, RequestBody, Unproven, Walked, Window,
};
pub use error::{SpecError, SpecErrors};
pub use file::LOOK;
/// Digest of the rules this program reads and normalizes by: of the sources of this crate, of `domain` and of `normalize`.
pub const RULES: &str = env!("RULES");

pub use mask::{contacts, mask};
pub use page::{Alarm, Follow, Page, Reading, Response, Role};
pub use propose::{Answer, propose};
pub use schema::{reference, schema};
pub use spec::{Auth, Spec, Stream};
