//! Is everything fresh, and what waits for a person? The first lines of `oim-etl status` about the sources.

use chrono::Utc;
use domain::RunId;
use store::{RunOutcome, RunRow, Store, WhichRuns};

use crate::{
    cli::Context,
    http::{SourceShown, sources_shown},
    lang::{chosen, say},
    registry, scheduler,
    ui::{self, ago},
};

/// Held runs that are listed. More of them wait for one decision, most of the time.
const MOST: i64 = 10;
/// Characters of an id that name a run.
const SHORT: usize = 8;

/// Shows how many sources are fresh, each that is late, each whose newest run went wrong, and each run that waits for a decision.
pub(super) async fn show(context: &Context, store: &Store) -> anyhow::Result<()> {
    let timetable = registry::for_command(&context.loaded, store)
        .await
        .and_then(|files| scheduler::timetable(context.config(), &files.catalog))
        .or_else(|_| scheduler::own(context.config()))?;
    let sources = sources_shown(store, &timetable, Utc::now()).await?;
    let on: Vec<&SourceShown> = sources.iter().filter(|source| source.state == "on").collect();
    let late: Vec<&&SourceShown> = on.iter().filter(|source| source.is_late).collect();
    let never: Vec<&str> = on
        .iter()
        .filter(|source| source.freshness.complete_at.is_none() && !source.is_late)
        .map(|source| source.source.slug.as_str())
        .collect();
    if !on.is_empty() {
        ui::line(&say!(
            "à jour         {} sources en service sur {}",
            "fresh          {} of {} sources that are on",
            on.len() - late.len() - never.len(),
            on.len()
        ));
    }
    if !never.is_empty() {
        let never = never.join(", ");
        ui::line(&say!(
            "jamais         encore aucune collecte complète: {never}",
            "never          no complete run yet: {never}"
        ));
    }
    for source in late {
        show_late(source);
    }
    for source in &on {
        if let (Some(RunOutcome::Failed | RunOutcome::Partial), Some(run)) =
            (source.freshness.last_state, source.freshness.last_run)
        {
            show_run(&store.run(run).await?);
        }
    }
    let which = WhichRuns { states: vec![RunOutcome::Held], ..WhichRuns::default() };
    let (held, all) = store.runs_where(&which, None, MOST).await?;
    held.iter().for_each(show_run);
    if all > MOST {
        ui::line(&say!(
            "               {all} attendent une décision: `oim-etl runs --state held`",
            "               {all} wait for a decision: `oim-etl runs --state held`"
        ));
    }
    Ok(())
}

fn show_late(shown: &SourceShown) {
    let newest = match shown.freshness.complete_at {
        Some(at) => say!("dernière collecte complète {}", "last complete run {}", ago(Some(at))),
        None => chosen().say("pas encore de collecte complète", "no complete run yet").to_owned(),
    };
    let next = shown.next_tick.map_or(String::new(), |tick| {
        let tick = tick.with_timezone(&chrono_tz::Africa::Douala).format("%Y-%m-%d %H:%M");
        say!(", prochaine visite {tick} (Douala)", ", next visit {tick} (Douala)")
    });
    ui::line(&say!(
        "en retard      {}: {newest}{next}",
        "late           {}: {newest}{next}",
        shown.source.slug
    ));
}

/// Shows a run that failed, came in part or waits for a decision.
fn show_run(run: &RunRow) {
    // What to do stands at the end of the line.
    let message = run.message.as_deref().and_then(|why| why.split(". Look at it").next());
    let why = message.map_or(String::new(), |why| format!(": {}", chosen().phrase(why)));
    ui::line(&format!(
        "{:14} {} {}, {}{why}; `{} runs show {}`",
        ui::state(run.outcome),
        run.source,
        short(run.id),
        ago(Some(run.created_at)),
        ui::program(),
        short(run.id)
    ));
}

/// The beginning of an id, which commands take for the whole.
fn short(run: RunId) -> String {
    run.to_string().chars().take(SHORT).collect()
}
