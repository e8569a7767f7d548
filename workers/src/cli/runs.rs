//! `oim-etl runs`

use clap::Args;
use opportunity::SourceSlug;
use store::RunRow;

use super::{Context, Outcome};
use crate::{
    engine,
    ui::{self, Align, Table, ago},
};

/// Lists runs, newest first.
#[derive(Debug, Args)]
pub(super) struct Runs {
    /// Only of this source
    source: Option<SourceSlug>,
    /// How many
    #[arg(long, short = 'n', default_value_t = 20)]
    limit: i64,
}

impl Runs {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = engine::connect(context.config(), 2).await?;
        let runs = store.runs(self.source.as_ref(), self.limit.max(1)).await?;
        if context.is_json() {
            ui::json(&runs)?;
            return Ok(Outcome::Good);
        }
        if runs.is_empty() {
            ui::note("no run yet; begin with `oim-etl ingest --all`");
            return Ok(Outcome::Good);
        }
        ui::line(&table(&runs).render());
        for run in runs.iter().filter(|run| run.message.is_some()) {
            ui::note(&format!("{} {}: {}", run.source, run.id, run.message.as_deref().unwrap_or_default()));
        }
        Ok(Outcome::Good)
    }
}

fn table(runs: &[RunRow]) -> Table {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("run", Left),
        ("source", Left),
        ("mode", Left),
        ("by", Left),
        ("state", Left),
        ("asked", Left),
        ("pages", Right),
        ("seen", Right),
        ("new", Right),
        ("changed", Right),
        ("unchanged", Right),
        ("rejected", Right),
        ("closed", Right),
    ]);
    for run in runs {
        table.row([
            run.id.to_string(),
            run.source.clone(),
            run.mode.to_string(),
            run.trigger.to_string(),
            run.state.to_string(),
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
