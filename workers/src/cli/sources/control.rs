//! `oim-etl sources pause` and `resume`

use clap::Args;
use domain::SourceSlug;
use serde_json::json;
use store::{SourceState, Store};

use crate::{
    app,
    cli::{
        Context, Outcome,
        common::{current_user, find_known},
    },
    lang::{chosen, say},
    ui::{self, ago},
};

/// Stop all requests to a source, for the whole pool, until it is resumed
#[derive(Debug, Args)]
#[command(
    after_help = "It holds from the next request of any worker on, also for jobs that are queued already. They wait as they are:\n\
    none is lost, and none counts as failed. The timetable skips the ticks of a paused source. Replays and files still run."
)]
pub(super) struct Pause {
    /// Slug of the source
    source: String,
    /// Say why, for those who find it paused
    #[arg(long, value_name = "TEXT", value_parser = reason)]
    reason: Option<String>,
}

/// Let a paused source be visited again
#[derive(Debug, Args)]
pub(super) struct Resume {
    /// Slug of the source
    source: String,
}

/// Forget a source without a file, jobs and opportunities, with its runs
#[derive(Debug, Args)]
pub(super) struct Forget {
    /// Slug of the source
    source: String,
}

impl Forget {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let (slug, _) = find_known(&store, &self.source).await?;
        store.forget_source(&slug, &current_user()).await?;
        if context.is_json() {
            ui::json(&json!({ "source": slug, "forgotten": true }))?;
        } else {
            ui::line(&say!("{slug} est oubliée", "{slug} is forgotten"));
        }
        Ok(Outcome::Good)
    }
}

/// Longest reason that is stored, in characters.
const LONGEST: usize = 500;

pub(super) fn reason(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("it is empty".to_owned()),
        1..=LONGEST => Ok(text.to_owned()),
        _ => Err(format!("it is longer than {LONGEST} characters")),
    }
}

impl Pause {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let (slug, before) = find_known(&store, &self.source).await?;
        let is_new = store.pause_source(&slug, &current_user(), self.reason.as_deref()).await?;
        let now = again(&store, &slug).await?;
        let waiting = counted(now.visits_waiting);
        let done = if is_new {
            say!(
                "{slug} est en pause: rien ne lui est plus demandé; {waiting}",
                "{slug} is paused: nothing more is requested from it; {waiting}"
            )
        } else {
            let since = ago(before.paused_at);
            let by = before.paused_by.as_deref().unwrap_or(chosen().say("quelqu'un", "somebody"));
            let why = match &self.reason {
                Some(reason) => say!("; la raison est maintenant: {reason}", "; the reason is now: {reason}"),
                None => now.paused_why.as_ref().map(|why| format!(": {why}")).unwrap_or_default(),
            };
            say!(
                "{slug} était déjà en pause, par {by}, {since}{why}; {waiting}",
                "{slug} was paused already, by {by}, {since}{why}; {waiting}"
            )
        };
        let end = chosen().say("la reprendre", "resume it");
        tell(context, &now, is_new, &format!("{done}\n{end}:  oim-etl sources resume {slug}"))?;
        Ok(Outcome::Good)
    }
}

impl Resume {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let (slug, _) = find_known(&store, &self.source).await?;
        let was_paused = store.resume_source(&slug, &current_user()).await?;
        let now = again(&store, &slug).await?;
        let done = if was_paused {
            let waiting = counted(now.visits_waiting);
            say!(
                "{slug} est reprise; {}",
                "{slug} is resumed; {}",
                waiting
                    .replace(" attendent", " continuent")
                    .replace(" attend", " continue")
                    .replace(" wait", " continue")
            )
        } else {
            say!(
                "{slug} n'est pas en pause: il n'y a rien à reprendre",
                "{slug} is not paused: there is nothing to resume"
            )
        };
        tell(context, &now, was_paused, &done)?;
        if let Some(why) = &now.held {
            let why = chosen().phrase(why);
            ui::note(&say!(
                "{slug}  n'est toujours pas visitée: {why}",
                "{slug}  is still not visited: {why}"
            ));
            return Ok(Outcome::Wrong);
        }
        Ok(Outcome::Good)
    }
}

/// Returns the source as it is now.
pub(super) async fn again(store: &Store, slug: &SourceSlug) -> anyhow::Result<SourceState> {
    Ok(find_known(store, slug.as_str()).await?.1)
}

fn counted(jobs: i64) -> String {
    match jobs {
        1 => chosen().say("1 tâche attend", "1 job waits").to_owned(),
        _ => say!("{jobs} tâches attendent", "{jobs} jobs wait"),
    }
}

/// Reports what was done, to people or to programs.
pub(super) fn tell(
    context: &Context,
    state: &SourceState,
    is_changed: bool,
    done: &str,
) -> anyhow::Result<()> {
    if context.is_json() {
        ui::json(&json!({ "changed": is_changed, "state": state.word(), "source": state }))?;
    } else {
        ui::line(done);
    }
    Ok(())
}
