//! Refuses `--set` of what has no effect: running workers have a configuration of their own.

use super::{Command, Context};
use crate::config::variable;

/// Who reads what the configuration says of sources and workers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reader {
    /// The command itself.
    Command,
    /// The command, where it works the queue because no worker is alive. It is checked then.
    Pool,
    /// Nobody: the command only asks or tells the database.
    Nobody,
}

fn reader(command: &Command) -> Reader {
    match command {
        Command::Worker(_)
        | Command::Demo(_)
        | Command::Config(_)
        | Command::Schedule(_)
        | Command::Digest(_)
        | Command::Migrate(_)
        | Command::Completions(_) => Reader::Command,
        Command::Sources(command) if command.visits() => Reader::Command,
        Command::Ingest(_) | Command::Replay(_) | Command::Vectors(_) => Reader::Pool,
        _ => Reader::Nobody,
    }
}

/// Refuses flags that this command does not read.
pub(super) fn check(command: &Command, context: &Context) -> anyhow::Result<()> {
    if reader(command) == Reader::Nobody { refuse(context) } else { Ok(()) }
}

/// Refuses flags that only workers read.
pub(super) fn refuse(context: &Context) -> anyhow::Result<()> {
    let origins = context.loaded.origins.iter();
    let mut set = origins.filter(|(key, origin)| origin.starts_with("--set ") && is_of_workers(key));
    let Some((key, origin)) = set.next() else { return Ok(()) };
    let value = context.loaded.values.get(key);
    let text = value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    anyhow::bail!(
        "{origin} has no effect here: running workers have a configuration of their own. {}",
        instead(key, &text.unwrap_or_default())
    )
}

fn is_of_workers(key: &str) -> bool {
    ["sources.", "worker.", "fetch."].iter().any(|begin| key.starts_with(begin)) || key == "inbox"
}

/// Returns what has the effect.
fn instead(key: &str, value: &str) -> String {
    match key.split('.').collect::<Vec<_>>().as_slice() {
        ["sources", slug, "rate"] => format!("Use `oim-etl sources rate {slug} {value}`"),
        ["sources", slug, "enabled"] if value == "false" => format!("Use `oim-etl sources pause {slug}`"),
        ["sources", slug, "enabled"] => format!("Use `oim-etl sources resume {slug}`"),
        _ => format!(
            "Set `{key}` in oim-etl.toml or {} where the workers start, and restart them",
            variable(key)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_of_workers_names_what_has_the_effect() {
        for (key, value, says) in [
            ("sources.fne.rate", "5/s", "Use `oim-etl sources rate fne 5/s`"),
            ("sources.fne.enabled", "false", "Use `oim-etl sources pause fne`"),
            ("sources.fne.enabled", "true", "Use `oim-etl sources resume fne`"),
            ("sources.fne.via", "http://a", "OIM_ETL_SOURCES__FNE__VIA where the workers start"),
            ("worker.concurrency", "4", "OIM_ETL_WORKER__CONCURRENCY where the workers start"),
        ] {
            assert!(is_of_workers(key) && instead(key, value).contains(says), "{}", instead(key, value));
        }
        assert!(
            !is_of_workers("data_dir") && !is_of_workers("sources_dir") && !is_of_workers("alerts.webhook")
        );
    }
}
