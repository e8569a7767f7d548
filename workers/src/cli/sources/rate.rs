//! `oim-etl sources rate`

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use domain::{Rate, SourceSlug};
use store::SourceState;

use super::control::{again, reason, tell};
use crate::{
    app,
    cli::{
        Context, Outcome,
        common::{current_user, find_known},
    },
    lang::{chosen, say},
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
    /// Set it although it is faster than the source file promises the partner
    #[arg(long, requires = "rate")]
    force: bool,
    /// Say why, for those who find another rate
    #[arg(long, value_name = "TEXT", requires = "rate", value_parser = reason)]
    reason: Option<String>,
}

impl SetRate {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let (slug, before) = find_known(&store, &self.source).await?;
        let is_asked = self.rate.is_some() || self.reset;
        let is_faster = self.rate.zip(before.file_rate.as_deref().and_then(|rate| rate.parse::<Rate>().ok()));
        let is_faster = is_faster.filter(|(rate, promised)| rate.per_second() > promised.per_second());
        if let Some((rate, promised)) = is_faster.filter(|_| !self.force) {
            anyhow::bail!(
                "{rate} is faster than the source file of {slug} promises the partner ({promised}); `--force` sets it all the same"
            );
        }
        if is_asked {
            store.set_rate_because(&slug, &current_user(), self.rate, self.reason.as_deref()).await?;
        }
        let now = again(&store, &slug).await?;
        tell(context, &now, is_asked && before.rate != now.rate, &line(&slug, &now))?;
        if let Some((_, promised)) = is_faster {
            ui::note(&say!(
                "{slug}  c'est plus vite que son fichier ne promet au partenaire ({promised})",
                "{slug}  this is faster than its source file promises the partner ({promised})"
            ));
        }
        Ok(Outcome::Good)
    }
}

/// Returns the rate of a source, and what limits its visits beside it.
fn line(slug: &SourceSlug, state: &SourceState) -> String {
    let limits = limits_line(state).map(|limits| format!("\n{slug}  {limits}")).unwrap_or_default();
    format!("{slug}  {}{limits}", rate_line(state))
}

/// Returns what the source file promises beside the rate, how much of it is left, and when the next request may leave if that is not
/// now; `None` if there is nothing to say.
pub(in crate::cli) fn limits_line(state: &SourceState) -> Option<String> {
    let mut said = Vec::new();
    if !state.quiet_hours.is_empty() {
        let hours = state.quiet_hours.join(chosen().say(" et ", " and "));
        said.push(say!("aucune entre {hours}", "none between {hours}"));
    }
    if let Some(most) = state.daily_requests {
        let used = state.requests_today;
        said.push(say!("{used} requêtes sur {most} aujourd'hui", "{used} of {most} requests used today"));
    }
    if let Some(next) = state.next_request.filter(|_| is_resting(state)) {
        said.push(say!("la prochaine {}", "the next one at {}", douala(next)));
    }
    (!said.is_empty()).then(|| said.join("; "))
}

/// Whether the source file lets nothing be requested now.
pub(in crate::cli) fn is_resting(state: &SourceState) -> bool {
    state.held.is_none() && (state.quiet_until.is_some() || state.is_used_up())
}

/// Returns a moment on the clock of Douala, which is one hour ahead of UTC all year.
fn douala(at: DateTime<Utc>) -> String {
    let format = chosen().say("le %d/%m à %H:%M à Douala", "%a %d %b %H:%M in Douala");
    (at + TimeDelta::hours(1)).format(format).to_string()
}

/// Returns the rate in force, and where it is from.
pub(in crate::cli) fn rate_line(state: &SourceState) -> String {
    let promised = state.file_rate.as_deref().unwrap_or(chosen().say("pas encore connu", "not known yet"));
    let slowed = slowed(state).map(|slowed| format!("; {slowed}")).unwrap_or_default();
    match (&state.rate, &state.rate_by) {
        (Some(rate), Some(by)) => {
            let why = state.rate_why.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            say!(
                "{rate} au lieu de {promised}, mis par {by} {}{why}{slowed}",
                "{rate} instead of {promised}, set by {by} {}{why}{slowed}",
                ago(state.rate_at)
            )
        }
        _ => say!(
            "{promised}, comme le dit le fichier de la source{slowed}",
            "{promised}, as its source file says{slowed}"
        ),
    }
}

/// Returns how much of the rate is used while the source is overloaded or slow; `None` if all of it is.
pub(in crate::cli) fn slowed(state: &SourceState) -> Option<String> {
    let rate = state.rate_in_force()?.parse::<Rate>().ok().filter(|_| state.share < 1.0)?;
    let held = rate.per_second() * 60.0 * state.share;
    let latency = match (state.latency, state.usual_latency) {
        (Some(now), Some(usual)) => say!(
            " (elle répond en {now:.1} s, d'habitude {usual:.1} s)",
            " (it answers within {now:.1} s, usually {usual:.1} s)"
        ),
        _ => String::new(),
    };
    Some(say!(
        "ralentie à {held:.1}/min par sa façon de répondre{latency}",
        "slowed to {held:.1}/min by how it answers{latency}"
    ))
}
