//! Tests of the whole program, with a real PostgreSQL, real HTTP on loopback, a real vector index and the real binary.
//!
//! They are one binary, so that all tests share one PostgreSQL. Each test has a database of its own, and they run in parallel.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

mod support;

mod adapts;
mod alerts;
mod api;
mod audit;
mod backlog;
mod bad_days;
mod browser;
mod cancel;
mod cli;
mod clock;
mod closing;
mod clusters;
mod contract;
mod control;
mod crash;
mod cursors;
mod dead;
mod decisions;
mod demo;
mod dictionary;
mod drift;
mod duplicates;
mod effect;
mod elsewhere;
mod embedding;
mod endings;
mod failures;
mod french;
mod full_disk;
mod group;
mod guards;
mod help;
mod hosts;
mod http;
mod isolation;
mod items;
mod large;
mod last_days;
mod looking;
mod migrate;
mod models;
mod monitoring;
mod outages;
mod outbox;
mod partners;
mod politeness;
mod properties;
mod prune;
mod publish;
mod qdrant;
mod queue;
mod quiet;
mod rates;
mod real;
mod real_models;
mod registry;
mod replay_lists;
mod reserved;
mod revisits;
mod road;
mod run_ends;
mod samples;
mod search;
mod second_look;
mod secrets;
mod served_after;
mod simulated;
mod stale;
mod ticks;
mod upsert;
mod words;
