//! `oim-etl rejections`

use clap::Args;
use domain::{RunId, SourceSlug};
use store::DoubtedRow;

use super::{Context, Outcome};
use crate::{
    app,
    ui::{self, Column, Table},
};

/// List rejected records of the newest run that has any, or opportunities with warnings
#[derive(Debug, Args)]
pub(super) struct Rejections {
    /// Show only records of this source
    source: Option<SourceSlug>,
    /// Show only records of this run
    #[arg(long)]
    run: Option<RunId>,
    /// Show loaded opportunities that have warnings
    #[arg(long)]
    doubted: bool,
    /// Show at most this many rows
    #[arg(long, short = 'n', default_value_t = 50)]
    limit: i64,
}

impl Rejections {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        if self.doubted {
            let rows = store.doubted(self.source.as_ref(), self.run, self.limit.max(1)).await?;
            return doubted(&rows, context.is_json());
        }
        let rows = store.rejections(self.source.as_ref(), self.run, self.limit.max(1)).await?;
        if context.is_json() {
            ui::json(&rows)?;
            return Ok(Outcome::Good);
        }
        let mut table = Table::new(&[
            Column::word("source", 1),
            Column::word("id", 0),
            Column::word("reason", 0),
            Column::text("words", 2),
            Column::text("page", 3),
        ]);
        for row in &rows {
            table.row([
                row.source.clone(),
                row.external_id.clone().unwrap_or_else(|| "-".to_owned()),
                row.code.replace('_', " "),
                row.detail.clone().unwrap_or_default(),
                row.url.clone(),
            ]);
        }
        if rows.is_empty() {
            ui::note("no rejections");
        } else {
            table.print();
            ui::note(
                "\nFor whole records, use --output json. After fixing the source file: oim-etl replay SLUG",
            );
        }
        Ok(Outcome::Good)
    }
}

fn doubted(rows: &[DoubtedRow], is_json: bool) -> anyhow::Result<Outcome> {
    if is_json {
        ui::json(&rows)?;
        return Ok(Outcome::Good);
    }
    let mut table = Table::new(&[
        Column::word("source", 1),
        Column::word("id", 0),
        Column::word("status", 3),
        Column::word("warning", 0),
        Column::text("title", 2),
    ]);
    for row in rows {
        table.row([
            row.source.clone(),
            row.external_id.clone(),
            row.status.to_string(),
            row.doubt.replace('_', " "),
            row.title.clone(),
        ]);
    }
    if rows.is_empty() {
        ui::note("no warnings");
    } else {
        table.print();
        ui::note("\nFor the partner's words and the result: oim-etl explain SOURCE/ID");
    }
    Ok(Outcome::Good)
}
