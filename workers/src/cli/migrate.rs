//! `oim-etl migrate`

use clap::Args;

use super::{Context, Outcome};
use crate::{app, ui};

/// Migrate the database to this version; workers do so when they start
#[derive(Debug, Args)]
pub(super) struct Migrate {}

impl Migrate {
    #[allow(clippy::unused_self, reason = "the shape of every command")]
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let config = context.config();
        let store = app::connect(config, 2).await?;
        let missing = store.missing_migrations().await?;
        store.migrate().await?;
        let catalog = app::catalog(config)?;
        // Where workers are alive, their source files count.
        if store.queue().workers().await?.is_empty() {
            store.add_sources(&app::rows(config, &catalog)).await?;
        }
        let sources = store.source_states().await?.len();
        if context.is_json() {
            ui::json(&serde_json::json!({ "migrations_applied": missing, "sources": sources }))?;
        } else {
            ui::line(&format!(
                "database is at this version ({missing} migrations applied), {sources} sources registered"
            ));
        }
        Ok(Outcome::Good)
    }
}
