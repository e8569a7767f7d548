//! Why there is no answer.

use std::{fmt, time::Duration};

use chrono::{DateTime, Utc};

use crate::BudgetError;

/// A failure. It names the address without its query and never holds a body, a header or a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The client itself could not be made.
    #[error("Failed to prepare the HTTP client")]
    Setup(#[source] reqwest::Error),
    /// An address, or a redirect, that is not the partner's.
    #[error("{url} is not an address of {source_slug}: only its own hosts are visited")]
    OffHost {
        /// The address.
        url: String,
        /// The partner.
        source_slug: String,
    },
    /// An address inside our own network, which a partner's file or answer may not lead us to.
    #[error(
        "{url} lies in a private network, where no partner is visited: give {source_slug} the name it has outside as \
         `base_url`, and the address to connect to as the setting `sources.{source_slug}.via`"
    )]
    Private {
        /// The address.
        url: String,
        /// The partner.
        source_slug: String,
    },
    /// A redirect from https to http.
    #[error("{source_slug} redirects from https to {url}: nothing is asked for in clear text")]
    ClearText {
        /// The address.
        url: String,
        /// The partner.
        source_slug: String,
    },
    /// robots.txt forbids the address to us.
    #[error("robots.txt of {host} forbids {path}")]
    RobotsDenied {
        /// The host.
        host: String,
        /// The path.
        path: String,
    },
    /// The partner reserves the page: it may not be mined without an agreement.
    #[error(
        "{url} is reserved against text and data mining by {by}; if {source_slug} has agreed to it, say so in its source file: \
         `tdm_agreement = \"who agreed, and when\"`"
    )]
    Reserved {
        /// The address.
        url: String,
        /// The partner.
        source_slug: String,
        /// What says so.
        by: &'static str,
    },
    /// The body is larger than allowed.
    #[error("{url} sent more than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The cap.
        limit: u64,
    },
    /// The request itself cannot be written: a header, or a key in one, holds what no header may.
    #[error("no request can be made to {url}: check the headers and credentials of {source_slug}")]
    Unsendable {
        /// The address.
        url: String,
        /// The partner.
        source_slug: String,
        /// The cause, which names no value.
        #[source]
        cause: reqwest::Error,
    },
    /// An error status.
    #[error("{url} answered {status}")]
    Status {
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// A redirect that leads nowhere: without an address, or with one that is none.
    #[error("{url} answered {status}, a redirect without an address")]
    Nowhere {
        /// The address asked.
        url: String,
        /// HTTP status.
        status: u16,
    },
    /// Nothing came, or not in time.
    #[error("{url} could not be reached")]
    Transport {
        /// The address.
        url: String,
        /// The cause, without the address.
        #[source]
        cause: reqwest::Error,
    },
    /// No connection, no answer or no next part of it came in time.
    #[error("{url} did not answer within {} s", limit.as_secs())]
    Timeout {
        /// The address.
        url: String,
        /// The limit.
        limit: Duration,
    },
    /// Redirects without end.
    #[error("{url} redirects more than {hops} times")]
    Redirects {
        /// The address asked first.
        url: String,
        /// The limit.
        hops: usize,
    },
    /// A gate that lets in only who brings back its cookie.
    #[error("{url} lets in only visitors who bring back its cookie, which nothing here does")]
    CookieGate {
        /// The address that leads back to itself.
        url: String,
    },
    /// Not now: the rate, or the partner's Retry-After, says when.
    #[error("{source_slug} is to be asked again at {} ({why})", at.format("%Y-%m-%d %H:%M:%S UTC"))]
    Later {
        /// The partner.
        source_slug: String,
        /// When.
        at: DateTime<Utc>,
        /// What says so.
        why: Why,
    },
    /// An operator stopped the requests to the partner.
    #[error("{why}")]
    Stopped {
        /// Who, since when, and for what reason.
        why: String,
    },
    /// The partner does not take our credentials.
    #[error("{url} refuses our credentials ({status}); check the environment variables of {source_slug}")]
    Refused {
        /// The address.
        url: String,
        /// HTTP status.
        status: u16,
        /// The partner.
        source_slug: String,
    },
    /// The token endpoint's answer is none.
    #[error("{url} gave no access token: {why}")]
    BadToken {
        /// The address.
        url: String,
        /// What was wrong with it.
        why: &'static str,
    },
    /// The shared budget could not be asked.
    #[error("Failed to reserve a request to {source_slug}")]
    Budget {
        /// The partner.
        source_slug: String,
        /// The cause.
        #[source]
        cause: BudgetError,
    },
}

/// What makes a request wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Our own rate: the wait ends by itself.
    Rate,
    /// The partner's Retry-After.
    Asked,
    /// Its robots.txt, which is not available.
    Robots,
    /// Hours in which it is left alone.
    Quiet,
    /// The requests of the day, which are used up.
    Daily,
    /// Its host, which fails and rests.
    Rests,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Rate => "the rate is used up",
            Self::Asked => "the partner asks for a pause",
            Self::Robots => "its robots.txt is not available",
            Self::Quiet => "these are its quiet hours",
            Self::Daily => "the requests of the day are used up",
            Self::Rests => "its host does not answer and rests",
        })
    }
}

/// Whether another try may succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It would fail the same way.
    Never,
    /// After a pause of the caller's choice.
    Again,
    /// Then.
    At(DateTime<Utc>),
}

impl FetchError {
    /// Whether and when to try again.
    pub fn retry(&self) -> Retry {
        match self {
            Self::Later { at, .. } => Retry::At(*at),
            Self::OffHost { .. }
            | Self::Private { .. }
            | Self::ClearText { .. }
            | Self::Refused { .. }
            | Self::Unsendable { .. }
            | Self::RobotsDenied { .. }
            | Self::Reserved { .. }
            | Self::TooLarge { .. }
            | Self::Nowhere { .. }
            | Self::Redirects { .. }
            | Self::CookieGate { .. } => Retry::Never,
            Self::Status { status, .. }
                if (400..500).contains(status) && !crate::retry::is_passing(*status) =>
            {
                Retry::Never
            }
            _ => Retry::Again,
        }
    }

    /// Whether the partner is the reason that there is no answer now: it does not answer, answers that it cannot, or asks for
    /// a pause.
    pub fn is_partners(&self) -> bool {
        match self {
            Self::Later { why, .. } => matches!(why, Why::Asked | Why::Robots),
            Self::Budget { .. } | Self::Setup(_) | Self::Stopped { .. } => false,
            _ => self.retry() == Retry::Again,
        }
    }

    /// Whether the source file says that the partner is left alone now.
    pub fn is_rest(&self) -> bool {
        matches!(self, Self::Later { why: Why::Quiet | Why::Daily, .. })
    }

    /// The status, where the partner says that there is nothing (404, 410).
    pub fn gone(&self) -> Option<u16> {
        match self {
            Self::Status { status: status @ (404 | 410), .. } => Some(*status),
            _ => None,
        }
    }
}
