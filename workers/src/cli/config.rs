//! `oim-etl config`

use clap::Args;

use super::{Context, Outcome};
use crate::{
    config::settings,
    ui::{self, Align, Table},
};

/// Shows each key in effect, where it was set, and the variable that sets it.
#[derive(Debug, Args)]
pub(super) struct Show {}

impl Show {
    #[allow(clippy::unused_self, reason = "the shape of every command")]
    pub(super) fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let settings = settings(&context.loaded);
        if context.is_json() {
            ui::json(&settings)?;
            return Ok(Outcome::Good);
        }
        let columns = [
            ("key", Align::Left),
            ("value", Align::Left),
            ("set by", Align::Left),
            ("what it is", Align::Left),
        ];
        let mut table = Table::new(&columns);
        for setting in settings {
            table.row([setting.key, setting.value, setting.origin, setting.help]);
        }
        ui::line(&table.render());
        ui::note(
            "\nEach key is also read from the environment: worker.concurrency is OIM_ETL_WORKER__CONCURRENCY.",
        );
        Ok(Outcome::Good)
    }
}
