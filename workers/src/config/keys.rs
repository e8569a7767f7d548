//! The one list of configuration keys.

/// A key: its dotted name, its default as TOML (empty: none), whether its value is a secret, what it is.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) secret: bool,
    pub(crate) help: &'static str,
}

const fn key(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { name, default, secret: false, help }
}

const fn secret(name: &'static str, help: &'static str) -> Key {
    Key { name, default: "", secret: true, help }
}

/// Every key but those of `[sources.SLUG]`.
pub(crate) const KEYS: &[Key] = &[
    key(
        "database_url",
        "",
        "PostgreSQL: postgres://user:password@host:5432/database, or `private`: a private one in DATA_DIR/postgres",
    ),
    key("database_connections", "20", "most connections of one process"),
    key("data_dir", "'.oim-etl'", "folder of the archive, the embedded index and the demo"),
    key("archive", "", "archive of raw answers: a folder or s3://bucket/prefix (default: DATA_DIR/archive)"),
    key("qdrant_url", "", "gRPC address of a Qdrant server (default: an embedded index in DATA_DIR/vectors)"),
    secret("qdrant_api_key", "key of the Qdrant server"),
    key(
        "qdrant_collection",
        "'opportunities'",
        "alias on the Qdrant server, and beginning of the names of its collections",
    ),
    key("qdrant_shards", "", "shards of a new collection (default: the server's)"),
    key("qdrant_replicas", "", "replicas of each shard of a new collection (default: the server's)"),
    key("qdrant_on_disk", "false", "whether a new collection keeps vectors and their graph on disk"),
    key(
        "qdrant_quantization",
        "'none'",
        "none, scalar or binary: smaller copies of the vectors of a new collection",
    ),
    key(
        "qdrant_strict",
        "false",
        "whether a new collection refuses filters without an index and very large requests",
    ),
    key("ollama_url", "", "address of Ollama (default: none; search goes by words and categories)"),
    key("ollama_model", "'bge-m3'", "embedding model on Ollama"),
    key("embedder_url", "", "address of a server with OpenAI's /v1/embeddings, instead of Ollama"),
    secret("embedder_api_key", "key of that server"),
    key("embedder_model", "", "embedding model on that server"),
    key("embedder_dimensions", "", "length of that model's vectors (default: what it answers)"),
    key(
        "embedder_requests",
        "4",
        "requests to Ollama or that server at a time, for each index that is filled",
    ),
    key("sources_dir", "", "folder of source files that replace or add to the built-in ones"),
    key(
        "source_variables",
        "''",
        "environment variables that source files may name for credentials, beside those that begin with the name of the source: `NAME,PREFIX_*`",
    ),
    key("inbox", "", "folder or s3://bucket/prefix that workers watch for partners' files, as SLUG/NAME"),
    key("timetable", "", "timetable file that replaces the built-in one"),
    secret("api_token", "a token with every right in API and console, beside those of `oim-etl tokens`"),
    key(
        "lang",
        "'auto'",
        "language of what commands print: fr, en, or auto for that of LC_ALL, LC_MESSAGES or LANG",
    ),
    key("log", "'info'", "log filter of `tracing`, such as `info` or `fetch=debug,warn`"),
    key("log_format", "'auto'", "auto, text or json"),
    key(
        "database.migrate_on_start",
        "false",
        "whether a worker migrates the database when it starts; by default, only `oim-etl migrate` does",
    ),
    key(
        "retention.days",
        "180",
        "days for which ended runs are kept, with their pages, rejections and answers",
    ),
    key("retention.runs", "30", "newest runs of each source that are kept, however old"),
    key("retention.changes_days", "730", "days for which the history of opportunities is kept"),
    key(
        "retention.feed_days",
        "90",
        "days for which the feed of changes is kept, 7 at least; a reader that was away longer reads everything again",
    ),
    key(
        "retention.actions_days",
        "730",
        "days for which the record of actions, past alerts, messages and earlier source files are kept",
    ),
    key("alerts.language", "'en'", "language of alerts and digest: fr or en"),
    secret("alerts.webhook", "address of a webhook that takes what Slack takes"),
    key("alerts.smtp_host", "", "server that takes e-mail"),
    key("alerts.smtp_port", "587", "its port"),
    key("alerts.smtp_tls", "'starttls'", "starttls, tls (from the first byte, port 465) or none"),
    key("alerts.smtp_user", "", "user at that server"),
    secret("alerts.smtp_password", "password at that server"),
    key("alerts.from", "", "who sends e-mail: `oim-etl <oim@example.cm>`"),
    key("alerts.to", "", "who receives it, separated by commas"),
    key("alerts.digest_at", "'07:00'", "when the daily digest is sent, on the clock of Douala; empty: never"),
    key("alerts.remind_hours", "24", "hours after which something that is still wrong is reported again"),
    key("alerts.look_seconds", "30", "seconds between two looks for what is wrong, of the whole pool"),
    key(
        "alerts.yield_percent",
        "50",
        "a whole run that shows fewer records than this share of the usual number is reported",
    ),
    key(
        "alerts.certificate_days",
        "14",
        "days before its end at which a partner's TLS certificate is reported",
    ),
    key(
        "worker.concurrency",
        "16",
        "most jobs that a worker works on at once, such as parsing; waiting for a partner is none",
    ),
    key("worker.fetches", "256", "most jobs of a worker that wait for partners at once"),
    key("worker.http", "'127.0.0.1:8080'", "address of health, metrics and API"),
    key("worker.scheduler", "true", "whether this worker fires the timetable"),
    key(
        "worker.lease_seconds",
        "30",
        "lease duration: without a heartbeat for so long, other workers take its jobs",
    ),
    key(
        "worker.publish_every_seconds",
        "600",
        "longest time that a new opportunity of a long run waits to be served while the run continues",
    ),
    key("worker.stop_seconds", "20", "longest wait for running jobs when a worker stops"),
    key("worker.fetch_at_once", "4", "most concurrent requests to one partner, from all workers"),
    key("worker.read_at_once", "8", "most pages of one partner parsed at once, by all workers"),
    key(
        "fetch.user_agent",
        "'oim-etl/0.1 (+https://github.com/oim-etl/oim-etl; ingestion for returning migrants in Cameroon)'",
        "how requests to partners identify themselves",
    ),
    key("fetch.timeout_seconds", "30", "longest time for one request"),
    key("fetch.max_body_mib", "64", "largest answer after decompression, in MiB"),
    key("fetch.max_attempts", "4", "most attempts of one request before its job is snoozed"),
    key(
        "fetch.give_up_hours",
        "6",
        "how long a run waits for a partner that does not answer, in hours, before it ends without what is missing",
    ),
];

/// Keys of a `[sources.SLUG]` table.
pub(crate) const SOURCE_KEYS: &[(&str, &str)] = &[
    ("rate", "rate of the whole pool, instead of the source file's"),
    ("via", "gateway for all requests to the partner, such as a replay server"),
    ("enabled", "false: never run this source"),
];

/// Returns what each key is, for the test of its French.
#[cfg(test)]
pub(crate) fn helps() -> impl Iterator<Item = &'static str> {
    KEYS.iter().map(|key| key.help).chain(SOURCE_KEYS.iter().map(|(_, help)| *help))
}

/// Environment variables of other tools that are understood, and the key each sets.
pub(crate) const ALIASES: &[(&str, &str)] = &[
    ("DATABASE_URL", "database_url"),
    ("QDRANT_URL", "qdrant_url"),
    ("QDRANT_API_KEY", "qdrant_api_key"),
    ("OLLAMA_URL", "ollama_url"),
    ("OLLAMA_MODEL", "ollama_model"),
];

/// Prefix of our own environment variables; a dot of the key is written `__`.
pub(crate) const PREFIX: &str = "OIM_ETL_";

/// The environment variable of a key.
pub(crate) fn variable(key: &str) -> String {
    format!("{PREFIX}{}", key.replace('.', "__").to_uppercase())
}

/// Whether the value of a key is a number or a boolean.
pub(crate) fn takes_scalar(name: &str) -> bool {
    let of_default = |key: &Key| {
        !key.default.is_empty() && (key.default.parse::<i64>().is_ok() || key.default.parse::<bool>().is_ok())
    };
    match KEYS.iter().find(|key| key.name == name) {
        Some(key) => of_default(key),
        None => name.ends_with(".enabled"),
    }
}

/// Whether a key holds a secret, which a file may hold instead of its environment variable.
pub(crate) fn is_secret(name: &str) -> bool {
    name == "database_url" || KEYS.iter().any(|key| key.name == name && key.secret)
}

/// Whether a dotted name is a key.
pub(crate) fn is_known(name: &str) -> bool {
    KEYS.iter().any(|key| key.name == name)
        || matches!(name.split('.').collect::<Vec<_>>().as_slice(), ["sources", _, last] if SOURCE_KEYS.iter().any(|(key, _)| key == last))
}

/// The known name most like a wrong one.
pub(crate) fn nearest(name: &str) -> Option<String> {
    let of_sources = match name.split('.').collect::<Vec<_>>().as_slice() {
        ["sources", slug, _] => SOURCE_KEYS.iter().map(|(key, _)| format!("sources.{slug}.{key}")).collect(),
        _ => Vec::new(),
    };
    let known = KEYS.iter().map(|key| key.name.to_owned()).chain(of_sources);
    known
        .map(|candidate| (strsim::jaro_winkler(name, &candidate), candidate))
        .filter(|(likeness, _)| *likeness > 0.7)
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .map(|(_, candidate)| candidate)
}
