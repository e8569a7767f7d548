//! API and console over HTTP, with one loaded world for each of the two.

mod api;
mod console;
mod feed;
mod schemathesis;
mod tokens;
pub(crate) mod world;
