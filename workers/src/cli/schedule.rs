//! `oim-etl schedule`

use chrono::Utc;
use clap::{Args, Subcommand};
use serde_json::json;

use super::{Context, Outcome, common::usable};
use crate::{
    scheduler,
    ui::{self, Column, Table},
};

/// Show the timetable
#[derive(Debug, Args)]
pub(super) struct Schedule {
    #[command(subcommand)]
    what: What,
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
        let catalog = usable(&context, &[])?;
        let mut timetable = scheduler::timetable(context.config(), &catalog)?;
        timetable.entries.retain(|entry| app::is_enabled(context.config(), &entry.source));
        let orphans: Vec<_> =
            timetable.entries.iter().filter(|entry| catalog.get(&entry.source).is_none()).collect();
        for entry in &orphans {
            ui::note(&format!(
                "timetable: entry {} names source {}, which has no source file",
                entry.name, entry.source
            ));
        }
        for slug in scheduler::unvisited(&timetable, &catalog) {
            if app::is_enabled(context.config(), slug) {
                ui::note(&format!("nobody visits {slug}: {}", scheduler::HOW_TO_VISIT));
            }
        }
        let outcome = if orphans.is_empty() { Outcome::Good } else { Outcome::Wrong };
        match self.what {
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
        Column::word("entry", 0),
        Column::word("source", 1),
        Column::word("mode", 2),
        Column::word("cron", 0),
        Column::word("zone", 3),
    ]);
    for entry in &timetable.entries {
        table.row([
            entry.name.to_string(),
            entry.source.to_string(),
            entry.mode.as_str().to_owned(),
            entry.cron.clone(),
            entry.zone.name().to_owned(),
        ]);
    }
    table.print();
    Ok(())
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
        Column::word("when", 0),
        Column::word("source", 0),
        Column::word("mode", 1),
        Column::word("entry", 2),
    ]);
    for (at, entry) in ticks {
        let local = at.with_timezone(&entry.zone).format("%a %d %b %H:%M %Z").to_string();
        table.row([local, entry.source.to_string(), entry.mode.as_str().to_owned(), entry.name.to_string()]);
    }
    table.print();
    Ok(())
}
