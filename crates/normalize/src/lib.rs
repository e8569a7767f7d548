//! Rules that turn a partner's words, in French or English, into the typed values of `domain`.
//!
//! Nothing here reads a clock, a file or a socket. The fetch time of the page is an argument, so a replay of an archived page returns
//! what the first run returned.
//!
//! The steps, in order:
//!
//! 1. [`Draft`](domain::Draft) — a record under our field names, in the partner's words;
//! 2. [`normalize()`] — parses dates, money, places and vocabularies, or rejects the record;
//! 3. [`Opportunity`](domain::Opportunity) — typed; its [`Fingerprint`](domain::Fingerprint) shows whether its content changed.

#[cfg(test)]
mod cases;
mod memo;
mod numbers;
mod record;
mod rejection;
mod rule;

pub mod address;
pub mod contacts;
pub mod dates;
pub mod duration;
pub mod money;
pub mod patterns;
pub mod places;
pub mod quality;
pub mod search;
pub mod status;
pub mod text;
pub mod vocabulary;

pub use record::{Context, identity, normalize};
pub use rejection::reject;
pub use rule::rule;
