//! `oim-etl sources list`

use serde::Serialize;
use sources::Catalog;

use crate::{
    app,
    cli::{Context, Outcome},
    partner,
    ui::{self, Column, Table},
};

#[derive(Debug, Serialize)]
struct Row {
    slug: String,
    name: String,
    rate: String,
    streams: Vec<String>,
    base_url: String,
    enabled: bool,
    /// The environment variables that it needs and that are not set.
    missing: Vec<String>,
}

/// The columns of the list.
pub(in crate::cli) const COLUMNS: [Column; 6] = [
    Column::word("source", 0),
    Column::text("name", 3),
    Column::number("rate", 2),
    Column::text("streams", 4),
    Column::text("address", 5),
    Column::text("needs", 1),
];

/// Lists the sources, and the credentials that are missing.
pub(super) fn run(context: &Context, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let rows: Vec<Row> = catalog
        .iter()
        .map(|spec| Row {
            slug: spec.slug.to_string(),
            name: spec.name.clone(),
            rate: partner::rate(context.config(), spec).to_string(),
            streams: spec.streams.iter().map(|stream| stream.name.to_string()).collect(),
            base_url: spec.base_url.to_string(),
            enabled: app::is_enabled(context.config(), &spec.slug),
            missing: partner::credential_names(spec)
                .into_iter()
                .filter(|name| std::env::var_os(name).is_none_or(|value| value.is_empty()))
                .collect(),
        })
        .collect();
    if context.is_json() {
        ui::json(&rows)?;
        return Ok(Outcome::Good);
    }
    let mut table = Table::new(&COLUMNS);
    for row in rows {
        let needs = if !row.enabled {
            "disabled here".to_owned()
        } else if row.missing.is_empty() {
            "-".to_owned()
        } else {
            format!("{} (not set)", row.missing.join(", "))
        };
        table.row([row.slug, row.name, row.rate, row.streams.join(", "), row.base_url, needs]);
    }
    table.print();
    Ok(Outcome::Good)
}
