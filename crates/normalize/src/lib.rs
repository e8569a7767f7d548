//! The rules that turn a partner's words, French and English, into the typed values of `domain`.
//!
//! Nothing here reads a clock, a file or a socket: the fetch time of the page is an argument, so a replay of an archived page gives the
//! answer it gave the first time.
//!
//! The way through, in order:
//!
//! 1. [`Draft`](domain::Draft) — a record in our field names, still the partner's words;
//! 2. [`normalize()`] — dates, money, places and vocabularies are read, or the record is refused;
//! 3. [`Opportunity`](domain::Opportunity) — typed; its [`Fingerprint`](domain::Fingerprint) shows whether its content changed.

#[cfg(test)]
mod cases;
mod numbers;
mod record;
mod rejection;

pub mod contacts;
pub mod dates;
pub mod duration;
pub mod money;
pub mod patterns;
pub mod places;
pub mod quality;
pub mod status;
pub mod text;
pub mod vocabulary;

pub use record::{Context, identity, normalize};
pub use rejection::reject;
