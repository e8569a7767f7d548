//! `oim-etl status`

mod attention;

use ::queue::WorkerRow;
use ::vectors::Key;
use clap::Args;
use domain::SourceSlug;
use store::{
    Alert, ChannelState, FailingHost, FileInForce, Overview, RefusedFiles, SourceState, Stale, Store,
    WhichDead,
};

use super::{
    Context, Outcome,
    sources::{described, is_resting, limits_line, rate_line, slowed},
    vectors,
};
use crate::{
    alerts, app,
    clock::off_by,
    lang::{self, chosen, say},
    registry,
    ui::{self, Column, Table, ago},
    vector::Vectors,
};

/// Most alerts that are shown.
const MOST_ALERTS: i64 = 50;

/// Show workers, the queue, dead letters, alerts and counts
#[derive(Debug, Args)]
pub(super) struct Status {
    /// Show at most this many dead letters
    #[arg(long, default_value_t = 10)]
    dead: i64,
    /// List the ids of the points in the index too
    #[arg(long)]
    points: bool,
}

impl Status {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let overview = store.overview(self.dead.max(0)).await?;
        let sources = store.source_states().await?;
        let stale = stale(&context, &store).await?;
        let applied: Vec<FileInForce> =
            store.files_in_force().await?.into_iter().filter(registry::is_other).collect();
        let refused = store.refused_files().await?;
        let (wrong, channels) = (store.alerts(false, MOST_ALERTS).await?, store.channel_states().await?);
        let points = if self.points { Some(points(&context).await?) } else { None };
        if context.is_json() {
            let mut all = serde_json::to_value(&overview)?;
            if let Some(map) = all.as_object_mut() {
                map.insert("sources".to_owned(), serde_json::to_value(&sources)?);
                map.insert("stale".to_owned(), serde_json::to_value(&stale)?);
                map.insert("applied_files".to_owned(), serde_json::to_value(&applied)?);
                map.insert("refused_files".to_owned(), serde_json::to_value(&refused)?);
                map.insert("alerts".to_owned(), serde_json::to_value(&wrong)?);
                map.insert("messages".to_owned(), serde_json::to_value(&channels)?);
                if let Some(points) = points {
                    map.insert("points".to_owned(), serde_json::to_value(points)?);
                }
            }
            ui::json(&all)?;
        } else {
            show(&overview);
            attention::show(&context, &store).await?;
            for alert in &wrong {
                show_alert(alert);
            }
            sources.iter().for_each(show_source);
            stale.iter().for_each(show_stale);
            refused.iter().for_each(show_refused);
            applied.iter().for_each(show_applied);
            channels.iter().for_each(show_channel);
            show_dead(&store, self.dead.max(0)).await?;
            points.iter().flatten().for_each(|id| ui::line(&format!("point          {id}")));
        }
        Ok(Outcome::Good)
    }
}

/// Returns the sources with rows that an older source file or older rules have produced. An invalid source file does not keep
/// the rest of the status from being shown.
async fn stale(context: &Context, store: &Store) -> anyhow::Result<Vec<Stale>> {
    match registry::for_command(&context.loaded, store).await {
        Ok(files) => {
            let versions = files.catalog.iter().map(|spec| (spec.slug.clone(), app::read_by(spec)));
            Ok(store.stale(&versions.collect::<Vec<(SourceSlug, String)>>()).await?)
        }
        Err(error) => {
            ui::note(&say!(
                "les fiches lues par des règles d'avant ne sont pas comptées: {error:#}",
                "rows that older rules have read are not counted: {error:#}"
            ));
            Ok(Vec::new())
        }
    }
}

/// Shows a source only where something of it is not as its source file says.
fn show_source(state: &SourceState) {
    let slug = &state.slug;
    if state.held.is_some() {
        let word = match state.word() {
            "paused" => chosen().say("en pause", "paused"),
            "off" => chosen().say("hors service", "off"),
            word => word,
        };
        ui::line(&format!("{word:14} {slug}: {}{}", described(state), waiting(state)));
    }
    if is_resting(state)
        && let Some(limits) = limits_line(state)
    {
        ui::line(&say!(
            "au repos       {slug}: {limits}{}",
            "resting        {slug}: {limits}{}",
            waiting(state)
        ));
    }
    if state.rate.is_none()
        && let Some(slowed) = slowed(state)
    {
        ui::line(&say!(
            "ralentie       {slug}: {} permis, {slowed}",
            "slowed         {slug}: {} allowed, {slowed}",
            state.rate_in_force().unwrap_or("?")
        ));
    }
    if state.rate.is_some() {
        ui::line(&say!("débit          {slug}: {}", "rate           {slug}: {}", rate_line(state)));
    }
}

fn waiting(state: &SourceState) -> String {
    if state.visits_waiting > 0 {
        match state.visits_waiting {
            1 => chosen().text("  (1 tâche attend)", "  (1 job waits)"),
            several => say!("  ({several} tâches attendent)", "  ({several} jobs wait)"),
        }
    } else {
        String::new()
    }
}

fn show_host(FailingHost { host, source, failures, since, next_try, why }: &FailingHost) {
    let (since, next_try) = (ui::moment(*since), ui::moment(*next_try));
    let why = chosen().phrase(why);
    ui::line(&say!(
        "hôte           {host}: ne répond plus depuis {since} ({failures} échecs de suite, source {source}), prochain essai à {next_try}: {why}",
        "host           {host}: has not answered since {since} ({failures} failures in a row, source {source}), next try at {next_try}: {why}"
    ));
}

fn show_refused(refused: &RefusedFiles) {
    let RefusedFiles { host, pid, why, at } = refused;
    ui::line(&say!(
        "fichiers       refusés par le worker {host} pid {pid} {}: {why}",
        "source files   refused by the worker {host} pid {pid} {}: {why}",
        ago(Some(*at))
    ));
}

fn show_applied(file: &FileInForce) {
    ui::line(&say!(
        "fichier        {}: {}",
        "file           {}: {}",
        file.version.source,
        registry::origin(file)
    ));
}

fn show_alert(alert: &Alert) {
    let silenced = if alert.is_silenced { chosen().say("  (en sourdine)", "  (silenced)") } else { "" };
    let title = alerts::text::title(chosen(), alert);
    ui::line(&say!(
        "alerte         {title}, depuis {}{silenced}",
        "alert          {title}, since {}{silenced}",
        ago(Some(alert.began_at))
    ));
}

/// Shows a channel only where messages do not arrive.
fn show_channel(state: &ChannelState) {
    let ChannelState { channel, waiting, given_up, error, .. } = state;
    if let Some(error) = error {
        ui::line(&say!(
            "messages       {channel}: {waiting} attendent, {given_up} abandonnés: {error}; les workers réessaient",
            "messages       {channel}: {waiting} wait, {given_up} were given up: {error}; workers try again"
        ));
    }
}

fn show_stale(Stale { source, rows, .. }: &Stale) {
    let were = if *rows == 1 { "1 row was".to_owned() } else { format!("{rows} rows were") };
    let lues = if *rows == 1 { "1 fiche lue".to_owned() } else { format!("{rows} fiches lues") };
    ui::line(&say!(
        "périmées       {source}: {lues} par un fichier ou des règles d'avant: `oim-etl replay {source} --stale`",
        "stale          {source}: {were} read by an older file or older rules: `oim-etl replay {source} --stale`"
    ));
}

/// Returns the ids of all points, in order.
async fn points(context: &Context) -> anyhow::Result<Vec<Key>> {
    let store = app::connect(context.config(), 1).await?;
    let vectors = Vectors::open_served(context.config(), &store).await?;
    let Some(vectors) = vectors else {
        anyhow::bail!("another process holds the embedded index; try again when it has ended")
    };
    vectors.keys().await
}

/// The columns of the queue.
pub(super) const COLUMNS: [Column; 7] = [
    Column::word("job", 0).fr("tâche"),
    Column::word("lane", 2).fr("file"),
    Column::number("ready", 0).fr("prêtes"),
    Column::number("later", 3).fr("plus tard"),
    Column::number("running", 1).fr("en cours"),
    Column::number("oldest", 4).fr("la plus ancienne"),
    Column::text("last error", 5).fr("dernière erreur"),
];

fn show_worker(worker: &WorkerRow) {
    let http = worker.http_address.as_deref().map_or(String::new(), |http| format!("  http://{http}"));
    let index = if worker.indexes { chosen().say("  tient l'index", "  holds the index") } else { "" };
    let clock = worker.clock_off.map_or(String::new(), |seconds| {
        say!(
            "  ne prend pas de travail: son horloge se trompe ({})",
            "  takes no work: its clock is {}",
            off_by(seconds)
        )
    });
    ui::line(&say!(
        "worker         {} pid {}  démarré {}{http}{index}{clock}",
        "worker         {} pid {}  since {}{http}{index}{clock}",
        worker.host,
        worker.pid,
        ago(Some(worker.started_at))
    ));
}

fn show(overview: &Overview) {
    let Overview { open, closed, indexed, outbox, .. } = overview;
    ui::line(&say!(
        "opportunités   {open} ouvertes, {closed} fermées; {indexed} indexées, {outbox} en attente",
        "opportunities  {open} open, {closed} closed; {indexed} indexed, {outbox} pending"
    ));
    overview.targets.iter().for_each(vectors::show);
    if overview.workers.is_empty() {
        ui::line(chosen().say(
            "workers        aucun ne vit; démarrez-en un avec `oim-etl worker`",
            "workers        none alive; start one with `oim-etl worker`",
        ));
    }
    overview.workers.iter().for_each(show_worker);
    overview.hosts.iter().for_each(show_host);
    if !overview.queue.is_empty() {
        let mut table = Table::new(&COLUMNS);
        for depth in &overview.queue {
            table.row([
                depth.kind.clone(),
                depth.lane.clone(),
                depth.ready.to_string(),
                depth.later.to_string(),
                depth.running.to_string(),
                format!("{:.0} s", depth.oldest_seconds),
                depth.last_error.as_deref().map(|why| chosen().phrase(why)).unwrap_or_default(),
            ]);
        }
        ui::line("");
        table.print();
        ui::line("");
    }
}

/// Shows the newest dead letters, what they are about, and how many there are.
async fn show_dead(store: &Store, most: i64) -> anyhow::Result<()> {
    let (letters, all) = store.dead(&WhichDead::default(), None, most).await?;
    for letter in &letters {
        let about = letter.url.as_ref().or(letter.source.as_ref()).unwrap_or(&letter.kind);
        let (attempts, s) = (letter.attempts, lang::s(letter.attempts));
        ui::line(&say!(
            "abandonnée     {} {about}, après {attempts} essai{s}, {}: {}",
            "dead letter    {} {about}, after {attempts} attempts, {}: {}",
            letter.id,
            ago(Some(letter.died_at)),
            chosen().phrase(&letter.reason)
        ));
    }
    if all > 0 {
        ui::line(&say!(
            "               {all} en tout; quand leur cause est réparée: `oim-etl dead retry --all`, ou `oim-etl dead list`",
            "               {all} in all; when their cause is mended: `oim-etl dead retry --all`, or `oim-etl dead list`"
        ));
    }
    Ok(())
}
