//! `oim-etl dead`: jobs that were given up.

use std::time::Duration;

use clap::{Args, Subcommand};
use store::{DeadRow, Retried, Store, WhichDead};

use super::{
    Context, Outcome,
    common::{age, current_user, find_known},
};
use crate::{
    app,
    lang::{self, chosen, say},
    ui::{self, Column, Table, ago},
};

/// List jobs that were given up, and retry or discard them
#[derive(Debug, Args)]
pub(super) struct Dead {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List dead letters, newest first, with their reasons
    List {
        #[command(flatten)]
        filter: Filter,
        /// Show at most this many
        #[arg(long, short = 'n', default_value_t = 20, value_parser = clap::value_parser!(i64).range(1..))]
        limit: i64,
    },
    /// Show a dead letter: the job, its page and its run
    Show {
        /// Number of the dead letter
        id: String,
    },
    /// Do the work of dead letters again, after their cause is mended
    #[command(after_help = RETRY)]
    Retry(Chosen),
    /// Remove dead letters: their pages stay failed, and the next run of the source may bring them anew
    Discard(Chosen),
}

const RETRY: &str = "\
While the run is under way, its job is queued again. Of a run that has ended, the pages become a run of their own (mode `pages`),\n\
which fetches and parses them alone; a crawl becomes a new run that asks for the same.";

/// Which dead letters.
#[derive(Debug, Args)]
struct Filter {
    /// Only those of this source
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    /// Only those whose reason contains this text
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Only those given up longer ago, such as 30min, 12h or 7d
    #[arg(long, value_name = "AGE", value_parser = age)]
    older_than: Option<Duration>,
}

#[derive(Debug, Args)]
struct Chosen {
    /// Numbers of the dead letters
    ids: Vec<String>,
    #[command(flatten)]
    filter: Filter,
    /// Take all of them
    #[arg(long, conflicts_with_all = ["ids", "source", "reason", "older_than"])]
    all: bool,
}

impl Filter {
    async fn which(&self, store: &Store) -> anyhow::Result<WhichDead> {
        let source = match &self.source {
            Some(word) => Some(find_known(store, word).await?.0),
            None => None,
        };
        Ok(WhichDead { ids: Vec::new(), source, reason: self.reason.clone(), older_than: self.older_than })
    }
}

impl Chosen {
    async fn which(&self, store: &Store) -> anyhow::Result<WhichDead> {
        let Filter { source, reason, older_than } = &self.filter;
        anyhow::ensure!(
            self.all || !self.ids.is_empty() || source.is_some() || reason.is_some() || older_than.is_some(),
            "say which dead letters: their ids, --source, --reason, --older-than, or --all"
        );
        let mut which = self.filter.which(store).await?;
        for word in &self.ids {
            which.ids.push(find(store, word).await?);
        }
        Ok(which)
    }
}

/// Returns the dead letter with this number. A number is whole: one that is gone names no other that begins with it.
async fn find(store: &Store, word: &str) -> anyhow::Result<i64> {
    let near = store.dead_like(word).await?;
    match *near {
        [id] if id.to_string() == word => Ok(id),
        [] => anyhow::bail!("there is no dead letter {word}; list them with `oim-etl dead list`"),
        _ => {
            let near = near.iter().map(i64::to_string).collect::<Vec<_>>().join(", ");
            anyhow::bail!("there is no dead letter {word}; these numbers begin with it: {near}")
        }
    }
}

impl Dead {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        match self.what {
            What::List { filter, limit } => {
                list(&context, &store, &filter.which(&store).await?, limit).await?;
            }
            What::Show { id } => show(&context, &store, find(&store, &id).await?).await?,
            What::Retry(which) => {
                let retried = store.retry_dead(&which.which(&store).await?, &current_user()).await?;
                tell_retried(&context, &retried)?;
            }
            What::Discard(which) => {
                let discarded = store.discard_dead(&which.which(&store).await?, &current_user()).await?;
                if context.is_json() {
                    ui::json(&serde_json::json!({ "discarded": discarded }))?;
                } else if discarded == 0 {
                    ui::line(chosen().say(
                        "aucune tâche abandonnée ne convient: rien à écarter",
                        "no dead letter fits: there is nothing to discard",
                    ));
                } else {
                    let s = lang::s(i64::try_from(discarded).unwrap_or(i64::MAX));
                    ui::line(&say!("{} écartée{s}", "{} discarded", counted(discarded)));
                }
            }
        }
        Ok(Outcome::Good)
    }
}

fn counted(letters: u64) -> String {
    match letters {
        1 => chosen().say("1 tâche abandonnée", "1 dead letter").to_owned(),
        _ => say!("{letters} tâches abandonnées", "{letters} dead letters"),
    }
}

/// Columns of the list.
pub(super) const COLUMNS: [Column; 7] = [
    Column::word("id", 0).fr("numéro"),
    Column::word("source", 0),
    Column::word("job", 1).fr("tâche"),
    Column::word("died", 2).fr("abandonnée"),
    Column::number("tries", 4).fr("essais"),
    Column::word("run", 5).fr("collecte"),
    Column::text("reason", 0).fr("raison"),
];

async fn list(context: &Context, store: &Store, which: &WhichDead, limit: i64) -> anyhow::Result<()> {
    let (rows, all) = store.dead(which, None, limit).await?;
    if context.is_json() {
        return ui::json(&rows);
    }
    if rows.is_empty() {
        ui::note(chosen().say("aucune tâche abandonnée ne convient", "no dead letter fits"));
        return Ok(());
    }
    let mut table = Table::new(&COLUMNS);
    for row in &rows {
        table.row([
            row.id.to_string(),
            row.source.clone().unwrap_or_else(|| "-".to_owned()),
            row.kind.clone(),
            ago(Some(row.died_at)),
            row.attempts.to_string(),
            row.run.map_or_else(|| "-".to_owned(), |run| run.to_string()),
            chosen().phrase(&row.reason),
        ]);
    }
    table.print();
    let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    if all > shown {
        ui::note(&say!(
            "{shown} sur {all}; davantage avec -n {all}",
            "{shown} of {all}; see more with -n {all}"
        ));
    }
    ui::note(chosen().say(
        "quand la cause est réparée:  oim-etl dead retry NUMÉRO, --source SOURCE, --reason TEXTE ou --all",
        "when the cause is mended:  oim-etl dead retry ID, --source SOURCE, --reason TEXT or --all",
    ));
    Ok(())
}

async fn show(context: &Context, store: &Store, id: i64) -> anyhow::Result<()> {
    let (rows, _) = store.dead(&WhichDead { ids: vec![id], ..WhichDead::default() }, None, 1).await?;
    let Some(row) = rows.first() else { anyhow::bail!("there is no dead letter {id} any more") };
    if context.is_json() {
        return ui::json(row);
    }
    let DeadRow { kind, lane, payload, attempts, reason, source, run, page, url, .. } = row;
    ui::line(&say!("abandonnée   {id}", "dead letter  {id}"));
    ui::line(&say!(
        "tâche        {kind} {payload} dans {lane}, essayée {attempts} fois",
        "job          {kind} {payload} in {lane}, tried {attempts} times"
    ));
    ui::line(&say!(
        "en file      {}, {}",
        "enqueued     {}, {}",
        ui::moment(row.created_at),
        ago(Some(row.created_at))
    ));
    ui::line(&say!(
        "abandon      {}, {}",
        "given up     {}, {}",
        ui::moment(row.died_at),
        ago(Some(row.died_at))
    ));
    ui::line(&say!("raison       {}", "reason       {}", chosen().phrase(reason)));
    if let Some(source) = source {
        ui::line(&format!("source       {source}"));
    }
    if let (Some(page), Some(url)) = (page, url) {
        ui::line(&format!("page         {page}  {url}"));
    }
    if let Some(run) = run {
        let run = store.run((*run).into()).await?;
        ui::line(&say!(
            "collecte     {}  {}, {} pages échouées",
            "run          {}  {}, {} pages failed",
            run.id,
            ui::state(run.outcome),
            run.pages_failed
        ));
    }
    ui::line(&say!(
        "\nla reprendre:  oim-etl dead retry {id}\nou l'écarter:  oim-etl dead discard {id}",
        "\nretry it:    oim-etl dead retry {id}\nor not:      oim-etl dead discard {id}"
    ));
    Ok(())
}

fn tell_retried(context: &Context, retried: &Retried) -> anyhow::Result<()> {
    if context.is_json() {
        let runs: Vec<_> = retried
            .runs
            .iter()
            .map(|(run, source)| serde_json::json!({"run": run, "source": source}))
            .collect();
        return ui::json(&serde_json::json!({
            "letters": retried.letters, "jobs": retried.jobs, "runs": runs, "moot": retried.moot
        }));
    }
    if retried.letters == 0 {
        ui::line(chosen().say(
            "aucune tâche abandonnée ne convient: rien à reprendre",
            "no dead letter fits: there is nothing to retry",
        ));
        return Ok(());
    }
    let letters = counted(u64::try_from(retried.letters).unwrap_or(u64::MAX));
    let s = lang::s(i64::try_from(retried.letters).unwrap_or(i64::MAX));
    ui::line(&say!("{letters} reprise{s}", "{letters} retried"));
    if retried.jobs > 0 {
        let (jobs, s) = (retried.jobs, lang::s(i64::try_from(retried.jobs).unwrap_or(i64::MAX)));
        ui::line(&say!(
            "en file         {jobs} tâche{s}, dans leurs collectes",
            "queued again  {jobs} jobs, in the runs that they are of"
        ));
    }
    for (run, source) in &retried.runs {
        ui::line(&say!(
            "collecte        {run} de {source} le fait; suivez-la avec `oim-etl runs show {run}`",
            "run           {run} of {source} does it; follow it with `oim-etl runs show {run}`"
        ));
    }
    if retried.moot > 0 {
        ui::line(&say!(
            "laissées        {}: leur page ou leur collecte n'est plus là",
            "left out      {}: their page or run is no longer stored",
            retried.moot
        ));
    }
    Ok(())
}
