//! `oim-etl runs`

mod show;

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use store::{RunOutcome, RunRow, Store, WhichRuns};

use super::{
    Context, Outcome,
    common::{current_user, find_known, find_run, passed},
};
use crate::{
    app,
    lang::{Lang, chosen, say},
    ui::{self, Column, Table, ago},
};

/// List runs, newest first, look at one, and decide on it
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Runs {
    #[command(subcommand)]
    what: Option<What>,
    /// Show only runs of this source
    source: Option<String>,
    /// The same as an option
    #[arg(long = "source", id = "of_source", value_name = "SOURCE", conflicts_with = "source")]
    of_source: Option<String>,
    /// Show only runs in this state: waiting, queued, running, closing, complete, partial, held (waiting for a decision), failed, cancelled, discarded or reverted
    #[arg(long, value_name = "STATE", value_parser = state, value_delimiter = ',')]
    state: Vec<RunOutcome>,
    /// Show only runs requested since then, such as 2026-11-01, 2026-11-01T08:00:00Z or 12h
    #[arg(long, value_name = "DATE|AGE", value_parser = passed)]
    since: Option<DateTime<Utc>>,
    /// Show at most this many runs
    #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..))]
    limit: i64,
}

/// Reads a state: its code, or how a table in French calls it. Another word is an error that names the nearest one.
fn state(word: &str) -> Result<RunOutcome, String> {
    let french = || {
        RunOutcome::ALL.iter().copied().find(|state| ui::state_in(Lang::Fr, *state) == word.to_lowercase())
    };
    word.parse::<RunOutcome>().ok().or_else(french).ok_or_else(|| {
        let known: Vec<&str> = RunOutcome::ALL.iter().map(|state| state.as_str()).collect();
        let near = sources::nearest(&known, word).map(|near| format!("; did you mean {near}?"));
        format!("there is no such state{} (known: {})", near.unwrap_or_default(), known.join(", "))
    })
}

#[derive(Debug, Subcommand)]
enum What {
    /// Show a run: what it did, or what publishing it would do
    Show(show::Show),
    /// Publish a held run, and close what it proves gone
    Publish {
        /// Id of the run, or how it begins
        run: String,
    },
    /// Discard a held run, and close what its checkpoints created
    Discard {
        /// Id of the run, or how it begins
        run: String,
    },
    /// Cancel a run that has not ended: nothing more is requested, nothing of it is published
    Cancel {
        /// Id of the run, or how it begins
        run: String,
    },
    /// Undo a published run: what it created, changed and closed
    Revert {
        /// Id of the run, or how it begins
        run: String,
    },
}

impl What {
    /// Returns the word that names the run.
    fn word(&self) -> &str {
        match self {
            Self::Show(show) => &show.run,
            Self::Publish { run } | Self::Discard { run } | Self::Cancel { run } | Self::Revert { run } => {
                run
            }
        }
    }

    async fn run(&self, context: &Context, store: &Store) -> anyhow::Result<Outcome> {
        let by = current_user();
        let run = find_run(store, self.word()).await?;
        match self {
            Self::Show(show) => return show.run(context, store, run).await,
            Self::Publish { .. } => {
                let (created, changed, closed) = store.publish_run(run, &by).await?;
                let done = say!(
                    "la collecte {run} est publiée: {created} nouvelles, {changed} changées, {closed} fermées",
                    "run {run} is published: {created} new, {changed} changed, {closed} closed"
                );
                tell(
                    context,
                    &done,
                    &serde_json::json!({ "created": created, "changed": changed, "closed": closed }),
                )?;
            }
            Self::Discard { .. } => {
                store.discard_run(run, &by).await?;
                tell(
                    context,
                    &say!(
                        "la collecte {run} est rejetée: rien d'elle n'est servi",
                        "run {run} is discarded: nothing of it is served"
                    ),
                    &serde_json::json!({}),
                )?;
            }
            Self::Cancel { .. } => {
                store.cancel_run(run, &by).await?;
                let done = say!(
                    "la collecte {run} est arrêtée: plus rien n'est demandé pour elle",
                    "run {run} is cancelled: nothing more is requested for it"
                );
                tell(context, &done, &serde_json::json!({}))?;
            }
            Self::Revert { .. } => {
                let reverted = store.revert_run(run, &by).await?;
                tell(context, &show::reverted(run, &reverted), &serde_json::to_value(&reverted)?)?;
            }
        }
        Ok(Outcome::Good)
    }
}

/// Prints what was done, as a line or as JSON.
fn tell(context: &Context, done: &str, with: &serde_json::Value) -> anyhow::Result<()> {
    if context.is_json() {
        ui::json(&serde_json::json!({ "done": done, "result": with }))?;
    } else {
        ui::line(done);
    }
    Ok(())
}

impl Runs {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        if let Some(what) = &self.what {
            return what.run(&context, &store).await;
        }
        let source = match self.source.as_ref().or(self.of_source.as_ref()) {
            Some(word) => Some(find_known(&store, word).await?.0),
            None => None,
        };
        let is_all = source.is_none() && self.state.is_empty() && self.since.is_none();
        let sources = source.iter().map(ToString::to_string).collect();
        let which = WhichRuns { sources, states: self.state.clone(), since: self.since };
        let (runs, _) = store.runs_where(&which, None, self.limit).await?;
        if context.is_json() {
            ui::json(&runs)?;
            return Ok(Outcome::Good);
        }
        if runs.is_empty() {
            ui::note(if is_all {
                chosen().say(
                    "encore aucune collecte; commencez par `oim-etl ingest --all`",
                    "no run yet; begin with `oim-etl ingest --all`",
                )
            } else {
                chosen().say("aucune collecte ne convient", "no run fits")
            });
            return Ok(Outcome::Good);
        }
        table(&runs).print();
        for run in runs.iter().filter(|run| run.message.is_some()) {
            let message = chosen().phrase(run.message.as_deref().unwrap_or_default());
            ui::note(&format!("{} {}: {message}", run.source, run.id));
        }
        Ok(Outcome::Good)
    }
}

/// The columns of the list. Ids come last. A run that needs a decision has its id below the table.
pub(super) const COLUMNS: [Column; 13] = [
    Column::word("run", 10).fr("collecte"),
    Column::word("source", 0),
    Column::word("mode", 8),
    Column::word("by", 9).fr("par"),
    Column::word("state", 0).fr("état"),
    Column::word("asked", 3).fr("demandée"),
    Column::number("pages", 7),
    Column::number("seen", 2).fr("vues"),
    Column::number("new", 1).fr("nouvelles"),
    Column::number("changed", 4).fr("changées"),
    Column::number("unchanged", 6).fr("inchangées"),
    Column::number("rejected", 2).fr("refusées"),
    Column::number("closed", 5).fr("fermées"),
];

fn table(runs: &[RunRow]) -> Table {
    let mut table = Table::new(&COLUMNS);
    for run in runs {
        table.row([
            run.id.to_string(),
            run.source.clone(),
            run.mode.to_string(),
            run.trigger.to_string(),
            ui::state(run.outcome),
            ago(Some(run.created_at)),
            run.pages.to_string(),
            run.seen.to_string(),
            run.created.to_string(),
            run.changed.to_string(),
            run.unchanged.to_string(),
            run.rejected.to_string(),
            run.closed.to_string(),
        ]);
    }
    table
}
