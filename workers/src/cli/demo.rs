//! `oim-etl demo`: the whole pipeline on one machine, without any setup.

pub(super) mod report;

use std::{path::PathBuf, sync::Arc, time::Instant};

use anyhow::Context as _;
use clap::Args;
use domain::{Rate, SourceSlug};
use local_postgres::{Cluster, Durability};
use replay::{Behavior, MockServer, Options};
use store::{Mode, RunRequest, Scope, Trigger};

use super::{Context, Outcome, asked_to_stop};
use crate::{
    app::{App, DEMO_DATABASE, Role},
    config::{Address, Config, Source},
    http::Server,
    lang::{chosen, say},
    observe,
    pipeline::trigger,
    queue::{Pool, Stop},
    tokens,
    ui::{self, Follower, Line},
    vector,
};

/// Run the whole pipeline on one machine, with replayed partners
///
/// Starts a private PostgreSQL and an embedded index, filled by the configured embedder (such as `OLLAMA_URL`) if it answers, replays recordings of the partners on loopback, ingests every
/// source with a real worker pool, and runs three searches.
#[derive(Debug, Args)]
#[command(
    after_help = "It replays recorded partners only: source files that you add with --sources are off. Try one on its partner:\n\
    `oim-etl --sources DIR sources preview SLUG`.\n\
    Run it again: it finds everything unchanged and embeds nothing.\n\
    To start over, remove the data folder, or name another one with --data. One demo at a time uses a folder."
)]
pub(super) struct Demo {
    /// Keep the data in this folder
    #[arg(long, value_name = "DIR", default_value = ".oim-etl/demo")]
    data: PathBuf,
    /// Keep everything running until Ctrl-C
    #[arg(long)]
    keep: bool,
    /// Serve console, API, health and metrics at this address; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:0")]
    http: std::net::SocketAddr,
}

/// The name of the demo's index.
const COLLECTION: &str = "demo";
/// The rate of the replayed partners. With their real rates, the demo would take minutes.
const DEMO_RATE: &str = "20/s";
/// The crawl delay of the replayed portal, in seconds: the same rate.
const CRAWL_DELAY: f64 = 0.05;
/// The replayed partners answer 429 once in so many requests, as real ones do.
const THROTTLE_EVERY: u32 = 40;

/// Everything that runs, in the order in which it is stopped.
struct Running {
    pool: Pool,
    server: Server,
    replay: MockServer,
    app: Arc<App>,
    cluster: Cluster,
}

impl Demo {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let mut config = context.config().clone();
        if std::env::var_os("OIM_ETL_LOG").is_none() && config.log == "info" {
            "error".clone_into(&mut config.log);
        }
        observe::logs(&config)?;
        let quiet = context.is_json();
        let stop = Stop::new();
        let mut showing = std::pin::pin!(self.show(config, quiet, stop.clone()));
        // Listen for signals first: one that comes while the server starts must still stop the server.
        tokio::select! {
            biased;
            _ = asked_to_stop() => stop.cancel(),
            ended = &mut showing => return ended,
        }
        // What runs is stopped in order. A second signal does not wait for it.
        tokio::select! {
            biased;
            _ = asked_to_stop() => (),
            ended = &mut showing => ended.map(drop)?,
        }
        ui::note(&say!(
            "\narrêté; ce qui a été chargé reste dans {}",
            "\nstopped; what was loaded is kept in {}",
            self.data.display()
        ));
        // With --keep, a signal is the normal end.
        Ok(if self.keep { Outcome::Good } else { Outcome::Wrong })
    }

    async fn show(&self, config: Config, quiet: bool, stop: Stop) -> anyhow::Result<Outcome> {
        let begun = Instant::now();
        let running = Box::pin(self.start(config, quiet, &stop)).await?;
        let lines = ask_all(&running.app).await?;
        let following = Follower::new(running.app.store.clone(), lines.clone(), quiet).until_done();
        let outcome = match stop.run_until_cancelled(following).await {
            Some(runs) => report::print(&running.app, &runs?, &lines, quiet, begun.elapsed()).await?,
            None => Outcome::Wrong,
        };
        let address = running.server.address();
        if self.keep && !stop.is_cancelled() {
            let token = console_token(&running.app).await?;
            ui::note(&say!(
                "\ntourne jusqu'à Ctrl-C\nconsole     http://{address}/   entrez avec {token}",
                "\nrunning until Ctrl-C\nconsole     http://{address}/   log in with {token}"
            ));
            ui::note(&say!(
                "API         http://{address}/v1/openapi.json, avec le même jeton",
                "API         http://{address}/v1/openapi.json, with the same token"
            ));
            let (url, data) = (running.cluster.url(DEMO_DATABASE), self.data.canonicalize()?);
            ui::note(&say!(
                "pour les autres commandes: export DATABASE_URL={} OIM_ETL_DATA_DIR={} OIM_ETL_QDRANT_COLLECTION={COLLECTION}",
                "for other commands: export DATABASE_URL={} OIM_ETL_DATA_DIR={} OIM_ETL_QDRANT_COLLECTION={COLLECTION}",
                ui::quoted(&url),
                ui::quoted(&data.display().to_string())
            ));
            stop.cancelled().await;
        }
        let is_asked = stop.is_cancelled();
        running.pool.stop().await?;
        running.server.stopped().await;
        running.replay.stop().await;
        running.app.store.close().await;
        let folder = running.cluster.folder().to_owned();
        drop(running.cluster);
        if !quiet && !is_asked {
            report::next_steps(&self.data, &folder);
        }
        Ok(outcome)
    }

    async fn start(&self, mut config: Config, quiet: bool, stop: &Stop) -> anyhow::Result<Running> {
        let told = |line: String| {
            if !quiet {
                ui::note(&line);
            }
        };
        std::fs::create_dir_all(&self.data)
            .with_context(|| format!("Failed to create the data folder {}", self.data.display()))?;
        let data = self.data.canonicalize()?;
        let cluster = Cluster::start(&data.join("postgres"), Durability::Safe).await?;
        told(format!(
            "{:11} {:50} {}",
            "postgres",
            say!("cluster privé, PostgreSQL {}", "private cluster, PostgreSQL {}", cluster.version()),
            cluster.folder().display()
        ));
        make_database(&cluster).await?;
        let behavior = Behavior {
            throttle_every: Some(THROTTLE_EVERY),
            crawl_delay: CRAWL_DELAY,
            ..Behavior::default()
        };
        let replay = MockServer::start(Options { addr: ([127, 0, 0, 1], 0).into(), behavior, folder: None })
            .await
            .context("Failed to replay the partners")?;
        report::not_replayed(&configure(&mut config, &data, &cluster, &replay)?);
        if let Err(why) = vector::answers(&config).await {
            let why = observe::error_chain(&why);
            told(say!(
                "embedder    mots et catégories seulement: {why}",
                "embedder    words and categories alone: {why}"
            ));
            (config.ollama_url, config.embedder_url) = (None, None);
        }
        let metrics = observe::metrics()?;
        let app = Box::pin(App::open(config, Role::Worker))
            .await?
            .with_credentials(&replay::credentials())
            .stopping_with(stop.clone());
        let app = Arc::new(app);
        let index = app.indexes.served().map_or_else(
            || chosen().text("tenu par un autre processus", "held by another process"),
            |kept| {
                let place = format!("{}, {}", kept.vectors.index.describe(), kept.vectors.label());
                chosen().phrase(&place)
            },
        );
        told(format!("{:11} {index:50} {}", "vectors", data.join("vectors").display()));
        let address = replay.url().trim_start_matches("http://").to_owned();
        told(format!(
            "{:11} {:50} {}\n",
            chosen().say("partenaires", "partners"),
            say!("rejoués sur {address}", "replayed on {address}"),
            say!("débits portés à {DEMO_RATE} pour la démo", "rates raised to {DEMO_RATE} for the demo")
        ));
        let server = Server::start(self.http, Arc::clone(&app), metrics, stop.clone()).await?;
        let pool = Pool::start(Arc::clone(&app), Some(&server.address().to_string()), stop.clone()).await?;
        Ok(Running { pool, server, replay, app, cluster })
    }
}

/// Sets the demo's own configuration: ordinary keys that anybody could set. Returns the sources that are off, because nothing of them is
/// recorded.
fn configure(
    config: &mut Config,
    data: &std::path::Path,
    cluster: &Cluster,
    replay: &MockServer,
) -> anyhow::Result<Vec<SourceSlug>> {
    config.database_url = Some(cluster.url(DEMO_DATABASE).into());
    config.database.migrate_on_start = true;
    data.clone_into(&mut config.data_dir);
    config.archive = None;
    config.qdrant_url = None;
    // An index of its own: a worker for real use in the same folder never serves what the demo found.
    COLLECTION.clone_into(&mut config.qdrant_collection);
    let rate: Rate = DEMO_RATE.parse()?;
    let catalog = crate::app::catalog(config)?;
    let replayed: Vec<&str> = replay::partners().iter().map(|partner| partner.slug).collect();
    let mut off = Vec::new();
    for spec in catalog.iter() {
        let known = replayed.contains(&spec.slug.as_str());
        if !known {
            off.push(spec.slug.clone());
        }
        let source =
            Source { rate: Some(rate), via: Some(Address(replay.url().parse()?)), enabled: Some(known) };
        config.sources.insert(spec.slug.clone(), source);
    }
    Ok(off)
}

/// Creates the demo's database on the private cluster, if it is missing.
async fn make_database(cluster: &Cluster) -> anyhow::Result<()> {
    local_postgres::create_database(&cluster.url("postgres"), DEMO_DATABASE).await?;
    Ok(())
}

/// Returns a new token of the demo's operator; the one of the demo before is void.
async fn console_token(app: &App) -> anyhow::Result<String> {
    const NAME: &str = "demo";
    if app.store.tokens().await?.iter().any(|token| token.name == NAME && token.revoked_at.is_none()) {
        app.store.revoke_token(NAME, NAME).await?;
    }
    let token = tokens::new_token()?;
    app.store.create_token(NAME, Scope::Admin, &tokens::digest(&token), NAME).await?;
    Ok(token)
}

/// Requests a full run of each source.
async fn ask_all(app: &App) -> anyhow::Result<Vec<Line>> {
    let mut lines = Vec::new();
    for spec in app.catalog().iter().filter(|spec| crate::app::is_enabled(&app.config, &spec.slug)) {
        let request =
            RunRequest { mode: Mode::Full, ..RunRequest::new(spec.slug.clone(), Trigger::Cli, "demo") };
        let entered = trigger::request(&app.store, &request).await?;
        let rate = app.partner(spec)?.rate;
        lines.push(Line { run: entered.run, source: spec.slug.to_string(), rate });
    }
    Ok(lines)
}
