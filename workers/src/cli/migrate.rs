//! `oim-etl migrate`

use clap::Args;
use store::Schema;

use super::{Context, Outcome};
use crate::{
    app,
    lang::{self, say},
    registry::{self, Base, Brings},
    ui,
};

/// Create or migrate the tables of the database, and grant rights to the roles that read it
#[derive(Debug, Args)]
#[command(
    after_help = "No other command changes the tables, and no worker does unless `database.migrate_on_start` is true.\n\
    Run it again after an administrator has created a role: it repairs what is missing."
)]
pub(super) struct Migrate {}

impl Migrate {
    #[allow(clippy::unused_self, reason = "the shape of every command")]
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let config = context.config();
        let store = app::reach(config, 2).await?;
        let before = store.schema().await?;
        store.migrate().await?;
        let base = Base::load(config)?;
        // Where workers are alive, their source files count.
        if store.queue().workers().await?.is_empty() {
            registry::bring(config, &store, &base, Brings::Guest).await?;
            let files = registry::in_force(config, &store, &base).await?;
            store.add_sources(&app::rows(config, &files.catalog)).await?;
        }
        let sources = store.source_states().await?.len();
        let missing = if let Schema::Behind { missing } = before { missing } else { 0 };
        if context.is_json() {
            ui::json(&serde_json::json!({ "migrations_applied": missing, "sources": sources }))?;
        } else if let Schema::Ahead { newest, known } = before {
            ui::line(&say!(
                "la base de données est d'un programme plus récent (migration {newest}, celui-ci connaît {known}): rien à migrer",
                "the database is of a newer program (migration {newest}, this one knows {known}): nothing to migrate"
            ));
        } else {
            let s = lang::s(i64::try_from(missing).unwrap_or(i64::MAX));
            ui::line(&say!(
                "la base de données est à cette version ({missing} migration{s} appliquée{s}), {sources} sources enregistrées",
                "database is at this version ({missing} migrations applied), {sources} sources registered"
            ));
        }
        Ok(Outcome::Good)
    }
}
