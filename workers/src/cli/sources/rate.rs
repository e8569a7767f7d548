//! `oim-etl sources rate`

use clap::Args;
use domain::Rate;
use store::SourceState;

use super::control::{again, tell};
use crate::{
    app,
    cli::{
        Context, Outcome,
        common::{current_user, find_known},
    },
    ui::{self, ago},
};

/// Set the rate of a source for the whole pool, instead of the one of its source file
#[derive(Debug, Args)]
#[command(
    after_help = "It holds from the next request of any worker on, until `--reset`. The Crawl-delay of robots.txt stays a limit."
)]
pub(super) struct SetRate {
    /// Slug of the source
    source: String,
    /// Visit it at this rate, such as 10/min [default: show the rate]
    #[arg(conflicts_with = "reset")]
    rate: Option<Rate>,
    /// Return to the rate of its source file
    #[arg(long)]
    reset: bool,
}

impl SetRate {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let (slug, before) = find_known(&store, &self.source).await?;
        let is_asked = self.rate.is_some() || self.reset;
        if is_asked {
            store.set_rate(&slug, &current_user(), self.rate).await?;
        }
        let now = again(&store, &slug).await?;
        tell(context, &now, is_asked && before.rate != now.rate, &format!("{slug}  {}", rate_line(&now)))?;
        if let Some(rate) = self.rate
            && let Some(promised) = now.file_rate.as_deref().and_then(|rate| rate.parse::<Rate>().ok())
            && rate.per_second() > promised.per_second()
        {
            ui::note(&format!(
                "{slug}  this is faster than its source file promises the partner ({promised})"
            ));
        }
        Ok(Outcome::Good)
    }
}

/// Returns the rate in force, and where it is from.
pub(in crate::cli) fn rate_line(state: &SourceState) -> String {
    let promised = state.file_rate.as_deref().unwrap_or("not known yet");
    match (&state.rate, &state.rate_by) {
        (Some(rate), Some(by)) => {
            format!("{rate} instead of {promised}, set by {by} {}", ago(state.rate_at))
        }
        _ => format!("{promised}, as its source file says"),
    }
}
