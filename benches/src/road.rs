//! The whole pipeline without rate limits, next to what a user would otherwise take, in one run on one machine.
//!
//! A CSV of 100,000 rows by `ingest --file`, 50,000 records in JSON pages, 3,000 pages of a portal with JSON-LD: through the real
//! binary, a worker of its own, and PostgreSQL with fsync on; then by dlt and Scrapy, if `benches/peers/setup.sh` has installed them.
//! Seconds count from the request of a run to its end: fetched, archived, parsed, audited, published. Embedding and duplicate
//! detection are held back, because the peers have neither. Run it with `cargo build --release && cargo run --release -p benches --bin road [tables|portal]`.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

#[path = "road/process.rs"]
mod process;
#[path = "road/world.rs"]
mod world;

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use local_postgres::{Cluster, Durability, create_database};
use process::Spent;
use serde_json::Value;
use store::Store;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// What a tool took for a task.
struct Took {
    rows: i64,
    seconds: f64,
    peak_mb: f64,
    /// CPU seconds of the worker and of PostgreSQL; a peer has none here.
    spent: Option<(f64, f64)>,
    /// How long rows waited from their page's answer until they were served; a peer does not record it.
    waited: Option<store::ServedAfter>,
}

/// The pipeline: a worker, and requests to it.
struct Road {
    folder: PathBuf,
    database: String,
    store: Store,
    server: String,
    worker: Child,
    /// The folder of the PostgreSQL server.
    cluster: PathBuf,
}

impl Drop for Road {
    fn drop(&mut self) {
        let _ = self.worker.kill();
        let _ = self.worker.wait();
    }
}

fn binary() -> Outcome<PathBuf> {
    let path = std::env::current_exe()?.with_file_name("oim-etl");
    if path.is_file() {
        Ok(path)
    } else {
        Err(format!("{} is missing: run `cargo build --release`", path.display()).into())
    }
}

impl Road {
    async fn start(folder: &Path, database: &str, server: &str, cluster: &Cluster) -> Outcome<Self> {
        let specs = folder.join("specs");
        std::fs::create_dir_all(&specs)?;
        for (name, text) in world::SPECS {
            std::fs::write(specs.join(name), text)?;
        }
        let store = Store::connect(database, 2).await?;
        store.migrate().await?;
        // Embedding and duplicate detection are off, as the peers have neither.
        sqlx::query("ALTER TABLE queue.lanes DROP CONSTRAINT IF EXISTS lanes_max_running_check")
            .execute(store.pool())
            .await?;
        sqlx::query("UPDATE queue.lanes SET max_running = 0 WHERE lane = 'match' OR lane LIKE 'embed:%'")
            .execute(store.pool())
            .await?;
        let mut road = Self {
            folder: folder.to_owned(),
            database: database.to_owned(),
            store,
            server: server.to_owned(),
            worker: Command::new("true").spawn()?,
            cluster: cluster.folder().to_owned(),
        };
        let worker = road.command(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"])?.spawn()?;
        road.worker = worker;
        while road.store.queue().workers().await?.is_empty() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(road)
    }

    fn command(&self, args: &[&str]) -> Outcome<Command> {
        let mut command = Command::new(binary()?);
        command
            .args(args)
            .env("DATABASE_URL", &self.database)
            .env("OIM_ETL_LOG", "error")
            .current_dir(&self.folder);
        for set in [
            format!("data_dir={}", self.folder.join("data").display()),
            format!("sources_dir={}", self.folder.join("specs").display()),
            "worker.fetch_at_once=32".to_owned(),
            "worker.concurrency=32".to_owned(),
        ] {
            command.args(["--set", &set]);
        }
        for (name, _) in world::SPECS {
            let slug = name.trim_end_matches(".toml");
            command.args(["--set", &format!("sources.{slug}.via={}", self.server)]);
        }
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(command)
    }

    /// Requests a run and waits for its end. Its row says how long it took.
    async fn run(&self, args: &[&str]) -> Outcome<Took> {
        process::forget_peak(self.worker.id());
        let begun = Spent::now(self.worker.id(), &self.cluster);
        let asked = self.command(&[args, &["--no-wait", "--output", "json"]].concat())?.output()?;
        let told: Value = serde_json::from_slice(&asked.stdout)?;
        let run = told.pointer("/0/run").and_then(Value::as_str).ok_or("no run was created")?.parse()?;
        // The view with the counters reads every page of the run: fifty looks a second were a fifth of the time of PostgreSQL.
        while !self.has_ended(run).await? {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let row = self.store.run(run).await?;
        let end =
            row.finished_at.filter(|_| row.state == store::RunState::Complete).ok_or(format!("{row:?}"))?;
        let seconds = (end - row.created_at).as_seconds_f64();
        let spent = Spent::now(self.worker.id(), &self.cluster).since(begun);
        let peak_mb = process::peak_mb(self.worker.id());
        let waited = self.store.served_after(run).await?;
        Ok(Took { rows: i64::from(row.seen), seconds, peak_mb, spent: Some(spent), waited })
    }

    async fn has_ended(&self, run: domain::RunId) -> Outcome<bool> {
        let ended = sqlx::query_scalar("SELECT finished_at IS NOT NULL FROM ingest.runs WHERE id = $1")
            .bind(run.uuid())
            .fetch_one(self.store.pool())
            .await?;
        Ok(ended)
    }
}

/// Runs a peer, if it is installed, and returns the line of JSON that it prints.
fn peer(script: &str, args: &[&str], folder: &Path) -> Outcome<Option<Took>> {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let python =
        std::env::var_os("PEERS").map_or_else(|| top.join("target/peers"), PathBuf::from).join("bin/python");
    if !python.is_file() {
        return Ok(None);
    }
    let script = top.join("benches/peers").join(script);
    let ran = Command::new(python)
        .arg(&script)
        .args(args)
        .env("PEER_DIR", folder.join("peers"))
        .env("RUNTIME__DLTHUB_TELEMETRY", "false")
        .current_dir(folder)
        .output()?;
    if !ran.status.success() {
        // A crawl with errors does not count, whatever it prints.
        return Err(format!("{} failed\n{}", script.display(), String::from_utf8_lossy(&ran.stderr)).into());
    }
    let text = String::from_utf8_lossy(&ran.stdout).into_owned();
    let line = text.lines().last().unwrap_or_default();
    let told: Value = serde_json::from_str(line)
        .map_err(|_| format!("{text}\n{}", String::from_utf8_lossy(&ran.stderr)))?;
    let number = |key: &str| told.get(key).and_then(Value::as_f64).unwrap_or(0.0);
    #[allow(clippy::cast_possible_truncation, reason = "a count of rows")]
    let rows = number("rows") as i64;
    Ok(Some(Took {
        rows,
        seconds: number("seconds"),
        peak_mb: number("peak_rss_mb"),
        spent: None,
        waited: None,
    }))
}

fn line(job: &str, ours: &Took, peer: Option<&Took>) {
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let rate = |took: &Took| took.rows as f64 / took.seconds;
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let each = |seconds: f64| seconds * 1e6 / ours.rows as f64;
    let (worker, postgres) = ours.spent.unwrap_or_default();
    print!(
        "{job:38} {:>7.0}/s {:>5.0} MB {:>5.0} + {:>4.0} µs",
        rate(ours),
        ours.peak_mb,
        each(worker),
        each(postgres)
    );
    if let Some(waited) = &ours.waited {
        print!("  served after {:.1} s (95 %: {:.1})", waited.median, waited.p95);
    }
    match peer {
        None => println!("   the peer is not installed: benches/peers/setup.sh"),
        Some(peer) => println!(
            "   peer {:>7.0}/s {:>5.0} MB   × {:.1}",
            rate(peer),
            peer.peak_mb,
            rate(ours) / rate(peer)
        ),
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let folder = tempfile::Builder::new().prefix("oim-bench-").tempdir()?;
    let cluster = Cluster::start(folder.path(), Durability::Safe).await?;
    for name in ["bench", "peers"] {
        create_database(&cluster.url("postgres"), name).await?;
    }
    let world = world::World::start().await?;
    let road = Road::start(folder.path(), &cluster.url("bench"), &world.url, &cluster).await?;
    // dlt requires a password; the private cluster does not need one.
    let peers = cluster.url("peers").replace("postgres@", "postgres:unused@");
    println!(
        "{} rows of CSV, {} records in JSON pages, {} portal pages of {:.0} kB; PostgreSQL {}, fsync on; CPU of worker + PostgreSQL, a row\n",
        world::ROWS,
        world::RECORDS,
        world::POSTS,
        world::page_kb(),
        cluster.version()
    );
    let begun = Instant::now();
    let only = std::env::args().nth(1);
    let wanted = |job: &str| only.as_ref().is_none_or(|only| only == job);
    for (what, changed) in [("first load", 0), ("again, 3 in 100 changed", 3)] {
        if !wanted("tables") {
            break;
        }
        let path = folder.path().join("offres.csv");
        std::fs::write(&path, world::csv(changed))?;
        let path = path.to_string_lossy().into_owned();
        let ours = road.run(&["ingest", "liste", "--file", &path]).await?;
        line(
            &format!("CSV, {what}"),
            &ours,
            peer("dlt_load.py", &["csv", &path, &peers], folder.path())?.as_ref(),
        );
        world.change(changed);
        let ours = road.run(&["ingest", "api", "--full"]).await?;
        line(
            &format!("JSON pages, {what}"),
            &ours,
            peer("dlt_load.py", &["json", &world.url, &peers], folder.path())?.as_ref(),
        );
    }
    if !wanted("portal") {
        return Ok(());
    }
    let ours = road.run(&["ingest", "portail", "--full"]).await?;
    line(
        "portal pages, first visit",
        &ours,
        peer("scrapy_jobs.py", &[&world.url, &peers], folder.path())?.as_ref(),
    );
    let again = road.run(&["ingest", "portail", "--full"]).await?;
    line(
        "portal pages, again unchanged",
        &again,
        peer("scrapy_jobs.py", &[&world.url, &peers], folder.path())?.as_ref(),
    );
    println!("\n{:.0} s in all", begun.elapsed().as_secs_f64());
    Ok(())
}
