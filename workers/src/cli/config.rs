//! `oim-etl config`

use clap::Args;

use super::{Context, Outcome};
use crate::{
    config::{markdown, settings},
    lang::{Lang, chosen},
    ui::{self, Column, Table},
    words,
};

/// Show each configuration key, its value, and what set it
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Print the reference page of all keys instead, as Markdown
    #[arg(long)]
    markdown: bool,
}

impl Show {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        if self.markdown {
            ui::line(markdown().trim_end());
            return Ok(Outcome::Good);
        }
        let settings = settings(&context.loaded);
        if context.is_json() {
            ui::json(&settings)?;
            return Ok(Outcome::Good);
        }
        let mut table = Table::new(&[
            Column::word("key", 0).fr("clé"),
            Column::text("value", 1).fr("valeur"),
            Column::word("set by", 2).fr("mise par"),
            Column::text("what it is", 3).fr("ce que c'est"),
        ]);
        for setting in settings {
            let french = if chosen() == Lang::Fr { words::help_in_french(&setting.help) } else { None };
            let help = french.unwrap_or(setting.help);
            table.row([setting.key, setting.value, setting.origin, help]);
        }
        table.print();
        ui::note(chosen().say(
            "\nChaque clé se met aussi dans l'environnement: worker.concurrency est OIM_ETL_WORKER__CONCURRENCY.",
            "\nEvery key can also be set in the environment: worker.concurrency is OIM_ETL_WORKER__CONCURRENCY.",
        ));
        Ok(Outcome::Good)
    }
}
