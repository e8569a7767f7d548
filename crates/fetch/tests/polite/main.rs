//! The client against a real server on loopback.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod pauses;
mod redirects;
mod reserved;
mod robots;
mod secrets;
mod sizes;
mod slots;
mod support;
mod tokens;
mod tries;
