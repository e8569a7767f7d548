//! `oim-etl schedule`

use chrono::Utc;
use clap::{Args, Subcommand};
use domain::SourceSlug;
use serde_json::json;

use super::{Context, Outcome};
use crate::{
    app,
    lang::{chosen, say},
    registry::{self, Base},
    scheduler,
    ui::{self, Column, Table},
};

/// Show the timetable [default: list]
#[derive(Debug, Args)]
pub(super) struct Schedule {
    /// Default: `list`.
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the entries with their cron expressions
    List,
    /// List the next ticks, soonest first
    Next {
        /// Show at most this many ticks
        #[arg(long, short = 'n', default_value_t = 10)]
        count: usize,
    },
}

impl Schedule {
    pub(super) fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let (base, refused) = Base::usable(context.config())?;
        registry::note_refused(&refused);
        let catalog = base.into_catalog();
        let mut timetable = scheduler::timetable(context.config(), &catalog)?;
        timetable.entries.retain(|entry| app::is_enabled(context.config(), &entry.source));
        let is_orphan = |slug: &SourceSlug| {
            catalog.get(slug).is_none() && refused.iter().all(|refused| refused.slug != slug.as_str())
        };
        let orphans: Vec<_> = timetable.entries.iter().filter(|entry| is_orphan(&entry.source)).collect();
        for entry in &orphans {
            ui::note(&say!(
                "calendrier: l'entrée {} nomme la source {}, qui n'a pas de fichier",
                "timetable: entry {} names source {}, which has no source file",
                entry.name,
                entry.source
            ));
        }
        for slug in scheduler::unvisited(&timetable, &catalog) {
            if app::is_enabled(context.config(), slug) {
                let how = chosen().phrase(scheduler::HOW_TO_VISIT);
                ui::note(&say!("personne ne visite {slug}: {how}", "nobody visits {slug}: {how}"));
            }
        }
        let outcome = if orphans.is_empty() && refused.is_empty() { Outcome::Good } else { Outcome::Wrong };
        match self.what.unwrap_or(What::List) {
            What::List => list(context, &timetable)?,
            What::Next { count } => next(context, &timetable, count)?,
        }
        Ok(outcome)
    }
}

fn list(context: &Context, timetable: &schedules::Timetable) -> anyhow::Result<()> {
    if context.is_json() {
        let rows: Vec<_> = timetable.entries.iter().map(|e| json!({"entry": e.name.to_string(), "source": e.source, "mode": e.mode.as_str(), "cron": e.cron.clone(), "zone": e.zone.name()})).collect();
        return ui::json(&rows);
    }
    let mut table = Table::new(&[
        Column::word("entry", 0).fr("entrée"),
        Column::word("source", 1),
        Column::word("mode", 2),
        Column::word("cron", 0),
        Column::word("zone", 3).fr("fuseau"),
    ]);
    for entry in &timetable.entries {
        table.row([
            entry.name.to_string(),
            entry.source.to_string(),
            mode(entry.mode.as_str()).to_owned(),
            entry.cron.clone(),
            entry.zone.name().to_owned(),
        ]);
    }
    table.print();
    Ok(())
}

/// Returns a mode: its code, or what it is called in French.
fn mode(code: &str) -> &str {
    chosen().say(chosen().word("run_modes", code), code)
}

fn next(context: &Context, timetable: &schedules::Timetable, count: usize) -> anyhow::Result<()> {
    let now = Utc::now();
    let mut ticks: Vec<_> = timetable
        .entries
        .iter()
        .flat_map(|entry| entry.upcoming(now, count).into_iter().map(move |at| (at, entry)))
        .collect();
    ticks.sort_by_key(|(at, _)| *at);
    ticks.truncate(count);
    if context.is_json() {
        let rows: Vec<_> = ticks.iter().map(|(at, e)| json!({"at": at, "entry": e.name.to_string(), "source": e.source, "mode": e.mode.as_str()})).collect();
        return ui::json(&rows);
    }
    let mut table = Table::new(&[
        Column::word("when", 0).fr("quand"),
        Column::word("source", 0),
        Column::word("mode", 1),
        Column::word("entry", 2).fr("entrée"),
    ]);
    for (at, entry) in ticks {
        let local =
            at.with_timezone(&entry.zone).format(chosen().say("%d/%m %H:%M", "%a %d %b %H:%M")).to_string();
        let local = format!("{local} {}", entry.zone.name());
        table.row([
            local,
            entry.source.to_string(),
            mode(entry.mode.as_str()).to_owned(),
            entry.name.to_string(),
        ]);
    }
    table.print();
    Ok(())
}
