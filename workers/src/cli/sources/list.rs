//! `oim-etl sources list`

use std::collections::BTreeMap;

use serde::Serialize;
use sources::Spec;
use store::{AlertKind, SourceState};

use crate::{
    app,
    cli::{Context, Outcome},
    config::Config,
    lang::{chosen, say},
    partner, registry,
    ui::{self, Column, Table},
};

#[derive(Debug, Serialize)]
struct Row {
    slug: String,
    name: String,
    rate: String,
    streams: Vec<String>,
    base_url: String,
    /// `on`, `paused` or `off`, as the pool has it; without a database, as the configuration here has it.
    state: &'static str,
    enabled: bool,
    /// The environment variables that it needs and that are not set.
    missing: Vec<String>,
}

/// The columns of the list.
pub(in crate::cli) const COLUMNS: [Column; 7] = [
    Column::word("source", 0),
    Column::word("state", 0).fr("état"),
    Column::text("name", 3).fr("nom"),
    Column::number("rate", 2).fr("débit"),
    Column::text("streams", 4).fr("flux"),
    Column::text("address", 5).fr("adresse"),
    Column::text("needs", 1).fr("secrets"),
];

/// Lists the sources, and the credentials that are missing.
pub(super) async fn run(context: &Context) -> anyhow::Result<Outcome> {
    let files = registry::where_possible(&context.loaded).await?;
    let catalog = &files.catalog;
    let Pool { states, has_worker, missing } = pool(context).await;
    // Workers know what is missing where they run; the environment here says nothing about theirs.
    let missing_of = |spec: &Spec| {
        if has_worker {
            missing.get(spec.slug.as_str()).cloned().unwrap_or_default()
        } else {
            partner::missing(spec, &partner::environment).map_or_else(Vec::new, |missing| missing.names)
        }
    };
    let state_of = |spec: &Spec| states.iter().find(|state| state.slug == spec.slug.as_str());
    let rows: Vec<Row> = catalog
        .iter()
        .map(|spec| Row {
            slug: spec.slug.to_string(),
            name: spec.name.clone(),
            state: match (state_of(spec), app::is_enabled(context.config(), &spec.slug)) {
                (Some(state), _) => state.word(),
                (None, true) => "on",
                (None, false) => "off",
            },
            rate: state_of(spec)
                .and_then(|state| state.rate_in_force().map(str::to_owned))
                .unwrap_or_else(|| partner::rate(context.config(), spec).to_string()),
            streams: spec.streams.iter().map(|stream| stream.name.to_string()).collect(),
            base_url: spec.base_url.to_string(),
            enabled: app::is_enabled(context.config(), &spec.slug),
            missing: missing_of(spec),
        })
        .collect();
    if context.is_json() {
        ui::json(&rows)?;
        return Ok(Outcome::Good);
    }
    let mut table = Table::new(&COLUMNS);
    for row in rows {
        let needs = if !row.enabled {
            chosen().say("hors service ici", "disabled here").to_owned()
        } else if row.missing.is_empty() {
            "-".to_owned()
        } else {
            say!("{} (manque)", "{} (not set)", row.missing.join(", "))
        };
        table.row([
            row.slug,
            chosen().say(chosen().word("source_states", row.state), row.state).to_lowercase(),
            row.name,
            row.rate,
            row.streams.join(", "),
            row.base_url,
            needs,
        ]);
    }
    table.print();
    files.note_applied();
    Ok(Outcome::Good)
}

/// What the pool knows.
#[derive(Default)]
struct Pool {
    states: Vec<SourceState>,
    has_worker: bool,
    /// The variables that sources lack where the workers run, as their last look for alerts found.
    missing: BTreeMap<String, Vec<String>>,
}

/// Returns what the pool knows; nothing where no database answers, with a note that says so.
async fn pool(context: &Context) -> Pool {
    let config = context.config();
    let is_private = config.database_url().is_ok_and(|url| url == "private");
    // A list does not create a database.
    if config.database_url().is_err() || is_private && !config.data_dir.join("postgres").exists() {
        return Pool::default();
    }
    ask(config).await.unwrap_or_else(|error| {
        ui::note(&say!(
            "état et débit sont ceux de cette configuration, car ceux des workers ne sont pas connus: {error:#}",
            "state and rate are those of this configuration, because the pool's are not known: {error:#}"
        ));
        Pool::default()
    })
}

async fn ask(config: &Config) -> anyhow::Result<Pool> {
    let store = app::connect(config, 1).await?;
    let secrets =
        store.alerts(false, 1_000).await?.into_iter().filter(|alert| alert.kind == AlertKind::Secret);
    let names = |facts: &serde_json::Value| {
        facts.get("names").and_then(|names| serde_json::from_value(names.clone()).ok()).unwrap_or_default()
    };
    Ok(Pool {
        states: store.source_states().await?,
        has_worker: !store.queue().workers().await?.is_empty(),
        missing: secrets.map(|alert| (alert.subject, names(&alert.facts))).collect(),
    })
}
