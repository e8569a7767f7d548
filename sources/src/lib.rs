//! What partners publish, and how it is parsed.
//!
//! A source is one TOML file ([`Spec`]); the built-in ones are in `sources/partners/`. The file says where the lists are, how they
//! are paged, where the records are on a page, and which of their values are which of our fields. [`Spec::read`] turns an archived
//! page into drafts. This crate opens no file or socket and reads no clock, and no bytes make it panic.

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

pub use catalog::{Catalog, SpecFile, nearest};
pub use crawl::{
    Crawl, Doubt, End, PageRequest, PageSummary, PastWalk, RequestBody, Unproven, Walked, Window,
};
pub use error::{SpecError, SpecErrors};
pub use file::LOOK;
/// A digest of the rules by which this program parses and normalizes: of the code of this crate, of `domain` and of `normalize`.
pub const RULES: &str = env!("RULES");

pub use mask::{contacts, mask};
pub use page::{Alarm, Follow, Page, Reading, Response, Role};
pub use propose::{Answer, DetailAnswer, first_detail, propose, sketch};
pub use schema::{reference, schema};
pub use spec::{Auth, Spec, Stream};
