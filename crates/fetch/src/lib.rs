//! The only door to a partner's server: polite, limited, bounded.
//!
//! One [`Client`] serves all partners of a process. Whatever it sends, robots.txt, token requests, retries and redirect
//! hops included, first takes a slot from the [`Budget`], which the whole pool shares.

mod address;
mod body;
mod budget;
mod certificate;
mod client;
mod error;
mod guard;
mod lines;
mod partner;
mod process_limiter;
mod redirect;
mod request;
mod retry;
mod robots;
mod tdm;
mod token;
mod turn;

pub use budget::{Budget, BudgetError, LocalBudget, Pace, Permit, Ticket};
pub use client::{Client, Settings};
pub use error::{FetchError, Retry, Why};
pub use partner::{Credentials, Partner};
pub use request::{Answer, Body, Request, Validators};
pub use robots::robots_allow;
pub use secrecy::SecretString;
pub use turn::{HostFailure, Turn};
