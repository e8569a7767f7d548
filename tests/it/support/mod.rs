//! What the tests stand on: a shared PostgreSQL, a database each, the replayed partners, the binary itself.

mod bin;
mod database;
mod replay;
mod rows;
mod skipped;

pub(crate) use self::replay::{Road, replayed};
pub(crate) use bin::{Bin, Ended, Running, client, terminate, wait_until};
pub(crate) use database::{Database, Held, Private};
pub(crate) use rows::{archive_of, points_of, rows_of};
pub(crate) use skipped::skipped;
