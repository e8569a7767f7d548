//! `oim-etl prune`

use clap::Args;
use store::Pruned;

use super::{Context, Outcome};
use crate::{
    app,
    archive::Archive,
    lang::{chosen, say},
    pipeline::prune,
    ui::{self, Column, Table},
};

/// Remove old runs, pages, rejections, history, dead letters, feed, actions and answers that nothing needs
#[derive(Debug, Args)]
#[command(
    after_help = "Workers do this each night (`prune` in the timetable). `retention.*` says what is kept.\n\
    Kept whatever its age: held runs without a decision, the page of each opportunity, what `replay` would read, and what `runs revert` of\n\
    a kept run would put back, and source files in force. A reader of the feed that was away for longer than `retention.feed_days` gets\n\
    a 410 and reads everything again. An answer leaves the archive at the next pruning after its page, an hour later at least."
)]
pub(super) struct Prune {
    /// Count, and remove nothing
    #[arg(long)]
    dry_run: bool,
    /// Keep runs that ended in the last so many days, instead of `retention.days`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(1..=36_500))]
    days: Option<i32>,
    /// Keep so many runs of each source whatever their age, instead of `retention.runs`
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(1..))]
    runs: Option<i64>,
}

impl Prune {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let config = context.config();
        let store = app::connect(config, 2).await?;
        let mut keep = prune::retention(config);
        keep.days = self.days.unwrap_or(keep.days);
        keep.runs = self.runs.unwrap_or(keep.runs);
        let archive = Archive::open(&app::archive_place(config))?;
        let report = prune::prune(&store, (!self.dry_run).then_some(&archive), keep).await?;
        if context.is_json() {
            ui::json(&report)?;
            return Ok(Outcome::Good);
        }
        let lang = chosen();
        let (word, nothing) = if self.dry_run {
            (lang.say("serait ôté", "would be removed"), lang.say("ne serait ôté", "would be removed"))
        } else {
            (lang.say("a été ôté", "removed"), lang.say("n'a été ôté", "removed"))
        };
        if report.all == Pruned::default() && report.removed == 0 {
            ui::line(&say!(
                "rien {nothing}: tout a moins de {} jours, ou sert encore",
                "nothing {nothing}: everything is younger than {} days, or needed",
                keep.days
            ));
            return Ok(Outcome::Good);
        }
        if !report.sources.is_empty() {
            table(&report.sources).print();
        }
        ui::line(&say!(
            "ce qui {word}: {} collectes, {} pages, {} refus, {} changements, {} visites, {} tâches abandonnées, {} positions du flux, {} actions, {} notes",
            "{word}: {} runs, {} pages, {} rejections, {} changes, {} visits, {} dead letters, {} positions of the feed, {} actions, {} notes",
            report.all.runs,
            report.all.pages,
            report.all.rejections,
            report.all.changes,
            report.all.visits,
            report.all.dead_letters,
            report.all.feed,
            report.all.actions,
            report.all.notes
        ));
        ui::line(&say!(
            "archive: {} réponses ôtées, {} peuvent partir au prochain élagage",
            "archive: {} answers removed, {} can go at the next pruning",
            report.removed,
            report.all.answers
        ));
        Ok(Outcome::Good)
    }
}

fn table(sources: &[(String, Pruned)]) -> Table {
    let mut table = Table::new(&[
        Column::word("source", 0),
        Column::number("runs", 0).fr("collectes"),
        Column::number("pages", 0),
        Column::number("rejections", 0).fr("refus"),
        Column::number("changes", 0).fr("changements"),
        Column::number("visits", 0).fr("visites"),
        Column::number("answers", 0).fr("réponses"),
    ]);
    for (source, pruned) in sources {
        let counts =
            [pruned.runs, pruned.pages, pruned.rejections, pruned.changes, pruned.visits, pruned.answers];
        let [runs, pages, rejections, changes, visits, answers] = counts.map(|count| count.to_string());
        table.row([source.clone(), runs, pages, rejections, changes, visits, answers]);
    }
    table
}
