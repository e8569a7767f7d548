//! Logs and metrics of this process.

use std::io::IsTerminal as _;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _};

use crate::{
    config::{Config, LogFormat},
    ui,
};

/// Starts to log to standard error. Standard output is for results.
pub(crate) fn logs(config: &Config) -> anyhow::Result<()> {
    let quiet = "hyper=warn,h2=warn,reqwest=warn,sqlx=error,apalis=warn,apalis_core=warn,qdrant_edge=error,reqwest_retry=error";
    let filter = EnvFilter::try_new(format!("{quiet},{}", config.log))
        .map_err(|error| anyhow::anyhow!("`log` is not a log filter: {error}"))?;
    let text = match config.log_format {
        LogFormat::Auto => std::io::stderr().is_terminal(),
        LogFormat::Text => true,
        LogFormat::Json => false,
    };
    let lines = tracing_subscriber::registry().with(filter);
    if text {
        let layer = fmt::layer().compact().with_target(false).with_ansi(ui::colors_on_stderr());
        lines.with(layer.with_writer(std::io::stderr)).init();
    } else {
        lines.with(fmt::layer().json().flatten_event(true).with_writer(std::io::stderr)).init();
    }
    Ok(())
}

/// Buckets of durations, in seconds: from parsing a page to waiting for a slow partner.
const SECONDS: [f64; 10] = [0.001, 0.005, 0.02, 0.1, 0.5, 1.0, 5.0, 20.0, 60.0, 300.0];

/// Starts to count. The returned handle renders `/metrics`.
pub(crate) fn metrics() -> anyhow::Result<PrometheusHandle> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), &SECONDS)?
        .install_recorder()?;
    metrics::describe_counter!("oim_jobs_total", "Jobs ended, by kind and outcome");
    metrics::describe_counter!("oim_jobs_broken_off_total", "Jobs that panicked; each is tried again");
    metrics::describe_counter!("oim_runs_total", "Runs ended, by source and state");
    metrics::describe_counter!("oim_pages_total", "Answers of partners, by source and status");
    metrics::describe_counter!("oim_records_total", "Records read, by source and outcome");
    metrics::describe_counter!(
        "oim_detail_pages_total",
        "Detail pages that lists link to, by source and outcome: asked, or spared because their last visit stands"
    );
    metrics::describe_gauge!(
        "oim_rate_allowed_per_second",
        "Requests per second that the source file and robots.txt allow, by source"
    );
    metrics::describe_gauge!(
        "oim_rate_held_per_second",
        "Requests per second that the pool keeps to now, by source: an operator's rate, and less while the source is slow"
    );
    metrics::describe_counter!("oim_embedded_total", "Opportunities embedded");
    metrics::describe_histogram!("oim_job_seconds", "Time a job took");
    metrics::describe_histogram!("oim_job_wait_seconds", "Time between a job's request and its start");
    metrics::describe_histogram!("oim_embed_batch_seconds", "Time the embedder took for a batch");
    metrics::describe_gauge!(
        "oim_served_after_seconds",
        "Time within which a share of the rows (0.5, 0.95) was served after the answer of the partner, in the last run of a source that this worker ended"
    );
    metrics::describe_counter!("oim_searches_degraded_total", "Searches that went by words alone");
    metrics::counter!("oim_searches_degraded_total").increment(0);
    metrics::describe_gauge!("oim_build_info", "1, with the version of the program");
    metrics::gauge!("oim_build_info", "version" => env!("CARGO_PKG_VERSION")).set(1.0);
    metrics::describe_gauge!("oim_index_held", "Whether this worker holds the vector index");
    metrics::describe_gauge!("oim_resident_memory_bytes", "Memory of this worker");
    metrics::describe_gauge!(
        "oim_database_connections",
        "Connections of this worker to the database, by state"
    );
    Ok(handle)
}

/// Returns an error and its causes as one line.
pub(crate) fn error_chain(error: &anyhow::Error) -> String {
    let mut text = String::new();
    for cause in error.chain().map(ToString::to_string) {
        // Some libraries repeat their cause in their own message.
        if !text.contains(&cause) {
            text = if text.is_empty() { cause } else { format!("{text}: {cause}") };
        }
    }
    text
}
