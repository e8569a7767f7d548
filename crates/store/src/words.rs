//! Words that the database stores, as types.
//!
//! A row is read with these types, so a word that this version does not know is an error where it is read, and the error
//! names table, column and word.

use std::{fmt, str::FromStr};

use serde::Serialize;
use sqlx::{
    Decode, Postgres, Type,
    error::BoxDynError,
    postgres::{PgTypeInfo, PgValueRef},
};

/// A stored word that this version does not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{column} holds the unknown word {word:?}")]
pub struct UnknownWord {
    /// Schema, table and column.
    pub column: &'static str,
    /// The word.
    pub word: String,
}

macro_rules! words {
    ($(#[$doc:meta])* $type:ident in $column:literal { $($(#[$vdoc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, serde::Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $type { $($(#[$vdoc])* $variant,)* }

        impl $type {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// Returns the stored word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl utoipa::PartialSchema for $type {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .enum_values(Some([$($word),*]))
                    .into()
            }
        }

        impl utoipa::ToSchema for $type {}

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = UnknownWord;
            fn from_str(word: &str) -> Result<Self, UnknownWord> {
                match word {
                    $($word => Ok(Self::$variant),)*
                    _ => Err(UnknownWord { column: $column, word: word.to_owned() }),
                }
            }
        }

        impl Type<Postgres> for $type {
            fn type_info() -> PgTypeInfo {
                <str as Type<Postgres>>::type_info()
            }

            fn compatible(info: &PgTypeInfo) -> bool {
                <str as Type<Postgres>>::compatible(info)
            }
        }

        impl<'r> Decode<'r, Postgres> for $type {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                Ok(<&str as Decode<'r, Postgres>>::decode(value)?.parse::<Self>()?)
            }
        }
    };
}

words! {
    /// How much of a source a run requests.
    Mode in "ingest.runs.mode" {
        /// What is newer than the last complete run, if the partner supports that.
        Incremental = "incremental",
        /// Everything; missing opportunities are closed.
        Full = "full",
        /// Pages that earlier runs failed to fetch or to parse, and no others.
        Pages = "pages",
        /// The own page of one opportunity, beside whatever else is under way.
        Item = "item",
        /// The archive, without visiting the partner.
        Replay = "replay",
        /// A file that a partner sent.
        File = "file",
        /// The reverse of what an earlier run published.
        Revert = "revert",
    }
}

words! {
    /// What requested a run.
    Trigger in "ingest.runs.trigger" {
        /// The timetable.
        Cron = "cron",
        /// A person on the command line.
        Cli = "cli",
        /// `POST /v1/ingest`.
        Http = "http",
        /// `api.request_ingest()`, called by another service.
        Sql = "sql",
        /// A file dropped into the inbox.
        Inbox = "inbox",
    }
}

words! {
    /// The state of a run.
    RunState in "ingest.runs.state" {
        /// Waiting for another active run of the source, which does something else.
        Waiting = "waiting",
        /// Waiting for a worker.
        Queued = "queued",
        /// Fetching and parsing pages.
        Running = "running",
        /// All pages are parsed; audit and publication come next.
        Closing = "closing",
        /// Everything requested was parsed and published.
        Complete = "complete",
        /// A page is missing or the ending of a crawl is not proven: what was parsed is published, and nothing was
        /// closed.
        Partial = "partial",
        /// Parsed, but implausible: nothing was published or closed.
        Held = "held",
        /// The crawl gave up.
        Failed = "failed",
    }
}

words! {
    /// How a run stands for people: its state, until a decision or a cancellation says more.
    RunOutcome in "ingest.runs_now.outcome" {
        /// As the state of this name.
        Waiting = "waiting",
        /// As the state of this name.
        Queued = "queued",
        /// As the state of this name.
        Running = "running",
        /// As the state of this name.
        Closing = "closing",
        /// As the state of this name.
        Complete = "complete",
        /// As the state of this name.
        Partial = "partial",
        /// It waits for a decision.
        Held = "held",
        /// As the state of this name.
        Failed = "failed",
        /// An operator cancelled it.
        Cancelled = "cancelled",
        /// It was held, and an operator dropped it.
        Discarded = "discarded",
        /// It was published, and an operator undid it.
        Reverted = "reverted",
    }
}

impl RunState {
    /// Returns whether the run is over.
    pub fn ended(self) -> bool {
        matches!(self, Self::Complete | Self::Partial | Self::Held | Self::Failed)
    }
}

words! {
    /// What an operator decided about a run.
    Decision in "ingest.runs.decision" {
        /// A held run is served.
        Published = "published",
        /// A held run is dropped.
        Discarded = "discarded",
        /// What a published run did is undone.
        Reverted = "reverted",
    }
}

words! {
    /// What a page is to its run.
    PageRole in "ingest.pages.role" {
        /// A page of a list.
        List = "list",
        /// The page of one record.
        Detail = "detail",
        /// A file that a partner sent.
        File = "file",
    }
}

words! {
    /// The state of a page.
    PageState in "ingest.pages.state" {
        /// Announced by a list page, and not fetched yet.
        Wanted = "wanted",
        /// Stored in the archive, and not parsed yet.
        Archived = "archived",
        /// Parsed.
        Read = "read",
        /// The partner no longer has it.
        Gone = "gone",
        /// It could not be fetched or parsed, or cannot be trusted.
        Failed = "failed",
    }
}

words! {
    /// Whether an opportunity is served as open.
    Status in "ingest.opportunities.status" {
        /// It can be answered.
        Open = "open",
        /// It is over; `closed_why` says why.
        Closed = "closed",
    }
}

words! {
    /// What happened to an opportunity.
    Event in "ingest.changes.what" {
        /// Its content changed.
        Changed = "changed",
        /// It was closed.
        Closed = "closed",
        /// It was opened again.
        Reopened = "reopened",
    }
}

words! {
    /// Where a source file came from.
    FileOrigin in "ingest.source_files.origin" {
        /// It is compiled into the program.
        Builtin = "builtin",
        /// It was in the folder of source files of a worker.
        Directory = "directory",
        /// An operator applied it.
        Applied = "applied",
    }
}

words! {
    /// What an alert is about.
    AlertKind in "ingest.alerts.kind" {
        /// A source has not been complete for too long.
        Freshness = "freshness",
        /// The last whole run of a source showed far fewer records than those before.
        Yield = "yield",
        /// A run is held, and waits for a decision.
        Held = "held",
        /// Jobs of a source were given up.
        DeadLetters = "dead_letters",
        /// The last verification of an index found differences.
        Drift = "drift",
        /// A source lacks credentials.
        Secret = "secret",
        /// The TLS certificate of a host ends soon, or has ended.
        Certificate = "certificate",
    }
}

words! {
    /// Why a message is sent.
    Notice in "ingest.notifications.event" {
        /// Something is wrong.
        Begun = "begun",
        /// It still is.
        Reminder = "reminder",
        /// It is over.
        Resolved = "resolved",
        /// The digest of a day.
        Digest = "digest",
    }
}

words! {
    /// How a message reaches people.
    Channel in "ingest.notifications.channel" {
        /// A webhook that takes what Slack takes.
        Webhook = "webhook",
        /// E-mail.
        Email = "email",
    }
}

words! {
    /// What a token allows. Each scope allows all that those before it do.
    Scope in "ingest.tokens.scope" {
        /// Look.
        Read = "read",
        /// Act: on sources, runs, dead letters and pairs.
        Operate = "operate",
        /// Create and revoke tokens.
        Admin = "admin",
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    fn round_trip<T: Copy + Debug + PartialEq + fmt::Display + Serialize + FromStr<Err = UnknownWord>>(
        all: &[T],
        column: &str,
    ) {
        for value in all {
            let word = value.to_string();
            assert_eq!(word.parse::<T>().as_ref(), Ok(value));
            assert_eq!(
                serde_json::to_value(value).unwrap(),
                serde_json::json!(word),
                "JSON says another word"
            );
        }
        for word in ["", "OPEN", "full ", "of_another_release"] {
            let error = word.parse::<T>().unwrap_err();
            assert_eq!((error.column, error.word.as_str()), (column, word));
            assert_eq!(error.to_string(), format!("{column} holds the unknown word {word:?}"));
        }
    }

    #[test]
    fn every_word_is_read_as_it_is_written_and_others_are_errors_that_name_their_column() {
        round_trip(Mode::ALL, "ingest.runs.mode");
        round_trip(Trigger::ALL, "ingest.runs.trigger");
        round_trip(RunState::ALL, "ingest.runs.state");
        round_trip(RunOutcome::ALL, "ingest.runs_now.outcome");
        round_trip(Decision::ALL, "ingest.runs.decision");
        round_trip(PageRole::ALL, "ingest.pages.role");
        round_trip(PageState::ALL, "ingest.pages.state");
        round_trip(Status::ALL, "ingest.opportunities.status");
        round_trip(Event::ALL, "ingest.changes.what");
        round_trip(Scope::ALL, "ingest.tokens.scope");
    }
}
