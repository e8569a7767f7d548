//! `oim-etl digest`

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use store::Notice;

use super::{Context, Outcome, common::passed};
use crate::{
    alerts::{Channels, Digest},
    app,
    lang::{chosen, say},
    registry, ui,
};

/// Show what a day brought: problems first, then what is new, changed and closed, what waits for a decision, and what comes next
#[derive(Debug, Args)]
#[command(
    after_help = "Workers send it each day at `alerts.digest_at`, to the webhook and the addresses of `[alerts]`."
)]
pub(super) struct DigestCommand {
    /// Begin at this day, instant or age, such as 7d [default: 24h]
    #[arg(long, value_parser = passed)]
    since: Option<DateTime<Utc>>,
    /// Send it too
    #[arg(long)]
    send: bool,
}

impl DigestCommand {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let config = context.config();
        let store = app::connect(config, 2).await?;
        let files = registry::for_command(&context.loaded, &store).await?;
        let now = store.now().await?;
        let since = self.since.unwrap_or(now - TimeDelta::days(1));
        let digest = Digest::gather(&store, config, &files.catalog, since, now).await?;
        // A language that somebody asked for counts before that of what is sent.
        let is_asked = context.loaded.origins.contains_key("lang");
        let message = digest.message(if is_asked { chosen() } else { config.alerts.language });
        if context.is_json() {
            ui::json(&digest)?;
        } else {
            ui::line(&format!("{}\n", ui::strong(&message.title)));
            ui::line(&message.text);
        }
        if !self.send {
            return Ok(Outcome::Good);
        }
        let channels = Channels::of(&config.alerts)?;
        anyhow::ensure!(!channels.all().is_empty(), super::alerts::no_channel());
        let ids = store.enter_message(Notice::Digest, &channels.all(), &message).await?;
        let mut outcome = Outcome::Good;
        for (channel, sent) in channels.deliver(&store, Some(&ids)).await? {
            match sent {
                Ok(()) => ui::note(&say!("envoyé par {channel}", "sent by {channel}")),
                Err(why) => {
                    ui::note(&say!(
                        "pas envoyé par {channel}: {why}; les workers réessaient",
                        "not sent by {channel}: {why}; workers try again"
                    ));
                    outcome = Outcome::Wrong;
                }
            }
        }
        Ok(outcome)
    }
}
