//! Configuration: defaults < `oim-etl.toml` < environment < flags.
//!
//! One list of keys ([`keys::KEYS`]) feeds the reader, the environment, `oim-etl config` and the docs.

mod alerts;
mod keys;
mod load;
mod page;
mod show;

use std::{collections::BTreeMap, fmt, net::SocketAddr, path::PathBuf};

use domain::{Rate, SourceSlug};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

pub(crate) use alerts::{Alerts, SmtpTls};
#[cfg(test)]
pub(crate) use keys::helps;
pub(crate) use keys::{ALIASES, PREFIX, variable};
pub(crate) use load::{Given, Loaded, load};
pub(crate) use page::markdown;
pub(crate) use show::settings;

/// The effective configuration. Each key is explained in [`keys::KEYS`].
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    pub(crate) database_url: Option<SecretString>,
    pub(crate) database_connections: u32,
    pub(crate) data_dir: PathBuf,
    pub(crate) archive: Option<String>,
    pub(crate) qdrant_url: Option<Address>,
    pub(crate) qdrant_api_key: Option<SecretString>,
    pub(crate) qdrant_collection: String,
    pub(crate) qdrant_shards: Option<u32>,
    pub(crate) qdrant_replicas: Option<u32>,
    pub(crate) qdrant_on_disk: bool,
    pub(crate) qdrant_quantization: Quantized,
    pub(crate) qdrant_strict: bool,
    pub(crate) ollama_url: Option<Address>,
    pub(crate) ollama_model: String,
    pub(crate) embedder_url: Option<Address>,
    pub(crate) embedder_api_key: Option<SecretString>,
    pub(crate) embedder_model: Option<String>,
    pub(crate) embedder_dimensions: Option<usize>,
    pub(crate) embedder_requests: usize,
    pub(crate) sources_dir: Option<PathBuf>,
    pub(crate) source_variables: String,
    pub(crate) inbox: Option<String>,
    pub(crate) timetable: Option<PathBuf>,
    pub(crate) api_token: Option<SecretString>,
    pub(crate) lang: Language,
    pub(crate) log: String,
    pub(crate) log_format: LogFormat,
    pub(crate) database: Database,
    pub(crate) retention: Retention,
    pub(crate) worker: Worker,
    pub(crate) fetch: Fetch,
    pub(crate) alerts: Alerts,
    #[serde(default)]
    pub(crate) sources: BTreeMap<SourceSlug, Source>,
}

/// An address, shown without its password.
#[derive(Clone, Deserialize)]
#[serde(transparent)]
pub(crate) struct Address(pub(crate) Url);

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&show::without_password(self.0.as_str()))
    }
}

/// The language of what commands print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Language {
    /// That of the machine.
    Auto,
    /// French.
    Fr,
    /// English.
    En,
}

/// How log lines look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LogFormat {
    /// Text on a terminal, JSON elsewhere.
    Auto,
    /// For people.
    Text,
    /// One JSON object a line.
    Json,
}

/// Smaller copies of vectors on a Qdrant server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Quantized {
    /// None.
    None,
    /// A byte a number.
    Scalar,
    /// A bit a number.
    Binary,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Database {
    pub(crate) migrate_on_start: bool,
}

/// `[retention]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Retention {
    pub(crate) days: i32,
    pub(crate) runs: i64,
    pub(crate) changes_days: i32,
    #[serde(deserialize_with = "alerts::a_week_at_least")]
    pub(crate) feed_days: i32,
    pub(crate) actions_days: i32,
}

/// `[worker]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Worker {
    pub(crate) concurrency: usize,
    pub(crate) fetches: usize,
    pub(crate) http: SocketAddr,
    pub(crate) scheduler: bool,
    pub(crate) lease_seconds: u64,
    pub(crate) publish_every_seconds: u64,
    pub(crate) stop_seconds: u64,
    pub(crate) fetch_at_once: i32,
    pub(crate) read_at_once: i32,
}

/// `[fetch]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fetch {
    pub(crate) user_agent: String,
    pub(crate) timeout_seconds: u64,
    pub(crate) max_body_mib: u64,
    pub(crate) max_attempts: u32,
    pub(crate) give_up_hours: u64,
}

/// `[sources.SLUG]`: what differs here from the partner's file.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) rate: Option<Rate>,
    pub(crate) via: Option<Address>,
    pub(crate) enabled: Option<bool>,
}

/// A configuration that makes no sense: the key, where it was set, what is wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    #[error("{origin}: unknown key `{key}`{}", near(.nearest.as_deref()))]
    UnknownKey { origin: String, key: String, nearest: Option<String> },
    #[error("{origin}: `{key}` is wrong: {reason}")]
    BadValue { origin: String, key: String, reason: String },
    #[error("Failed to read the configuration file {file}")]
    Unreadable { file: String, source: std::io::Error },
    #[error("{file}: {reason}")]
    NotToml { file: String, reason: String },
}

fn near(nearest: Option<&str>) -> String {
    nearest.map(|name| format!("; did you mean `{name}`?")).unwrap_or_default()
}

impl Config {
    /// The database, or what to do when none is named.
    pub(crate) fn database_url(&self) -> anyhow::Result<&str> {
        self.database_url.as_ref().map(ExposeSecret::expose_secret).ok_or_else(|| {
            anyhow::anyhow!(
                "no database is configured: set DATABASE_URL or `database_url` in oim-etl.toml, to an address or to \
                 `private` for one in the data folder (to look around without one, run `oim-etl demo`)"
            )
        })
    }
}

#[cfg(test)]
mod tests;
