//! Whatever dies, and whenever, the pipeline ends with the same rows, history, points and archive as an undisturbed one.
//!
//! `kill -9` of a worker at random events (`kills`), its death at every step of a run (`failpoints`), its sleep past its lease (`stops`), and a
//! crash of PostgreSQL (`database`).

mod database;
mod failpoints;
mod kills;
mod state;
mod stops;
mod work;
