//! What tests share: one PostgreSQL with a database for each test, replayed partners, the binary itself, and common steps.

mod bin;
mod database;
pub(crate) mod opportunities;
pub(crate) mod portals;
mod qdrant;
mod replay;
mod rows;
pub(crate) mod runs;
mod skipped;
pub(crate) mod smtp;
pub(crate) mod tarpit;

pub(crate) use self::qdrant::Qdrant;
pub(crate) use self::replay::{Road, html, replayed, with_partner};
pub(crate) use bin::{Bin, Ended, Running, client, terminate, wait_until};
pub(crate) use database::{Database, Held, Private};
pub(crate) use rows::{archive_of, body_of, count, label_of, points_of, rows_of};
pub(crate) use skipped::skipped;
