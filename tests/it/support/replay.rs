//! Everything around the binary: a database, a data folder, replayed partners, and the settings that join them.

use std::path::Path;

use replay::{Behavior, CannedResponse, MockServer, Options};
use tempfile::TempDir;

use super::{Bin, Database};

/// Replays the partners without delays on a free port.
pub(crate) async fn replayed(behavior: Behavior) -> MockServer {
    MockServer::start(Options { addr: ([127, 0, 0, 1], 0).into(), behavior, folder: None }).await.unwrap()
}

/// Returns an answer with this page.
pub(crate) fn html(page: &str) -> CannedResponse {
    CannedResponse {
        status: 200,
        headers: vec![("content-type".into(), "text/html; charset=utf-8".into())],
        body: page.to_owned().into(),
    }
}

/// A whole pipeline for one test.
pub(crate) struct Road {
    /// Its database.
    pub(crate) database: Database,
    /// Its partners.
    pub(crate) replay: MockServer,
    /// Its data folder.
    pub(crate) folder: TempDir,
    /// The rate of each partner.
    pub(crate) rate: String,
    /// More settings for each command.
    pub(crate) settings: Vec<String>,
}

impl Road {
    /// A pipeline whose partners allow 200 requests a second and never throttle.
    pub(crate) async fn new() -> Self {
        Self::with(Behavior { throttle_every: None, crawl_delay: 0.0, ..Behavior::default() }, "200/s").await
    }

    /// A pipeline with this behavior and this rate of each partner.
    pub(crate) async fn with(behavior: Behavior, rate: &str) -> Self {
        Self::on(Database::new().await, behavior, rate).await
    }

    /// A pipeline on that database.
    pub(crate) async fn on(database: Database, behavior: Behavior, rate: &str) -> Self {
        let folder = tempfile::Builder::new().prefix("oim-road-").tempdir().unwrap();
        let replay = replayed(behavior).await;
        Self { database, replay, folder, rate: rate.to_owned(), settings: Vec::new() }
    }

    /// Returns the folder of this test.
    pub(crate) fn data(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a file below the folder of this test, and returns its path.
    pub(crate) fn put(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.data().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Returns the binary with the settings of this pipeline.
    pub(crate) fn bin(&self, args: &[&str]) -> Bin {
        let mut sets = vec![format!("data_dir={}", self.data().join("data").display())];
        for partner in replay::partners() {
            sets.push(format!("sources.{}.via={}", partner.slug, self.replay.url()));
            sets.push(format!("sources.{}.rate={}", partner.slug, self.rate));
        }
        sets.extend(self.settings.iter().cloned());
        // What is of sources and workers belongs to workers: a command refuses it as a flag where it has no effect.
        let (of_sources, sets): (Vec<String>, Vec<String>) = sets
            .into_iter()
            .partition(|set| ["sources.", "worker.", "fetch."].iter().any(|begin| set.starts_with(begin)));
        let flags: Vec<String> = sets.into_iter().flat_map(|set| ["--set".to_owned(), set]).collect();
        let all: Vec<&str> = args.iter().copied().chain(flags.iter().map(String::as_str)).collect();
        let bin =
            Bin::new(self.data(), &all).env("DATABASE_URL", &self.database.url()).env("OIM_ETL_LOG", "warn");
        let bin = of_sources.iter().fold(bin, |bin, set| {
            let (key, value) = set.split_once('=').unwrap();
            bin.env(&format!("OIM_ETL_{}", key.replace('.', "__").to_uppercase()), value)
        });
        replay::credentials().iter().fold(bin, |bin, (name, value)| bin.env(name, value))
    }
}

/// A pipeline with one more partner, which consists of a source file and recorded answers.
pub(crate) async fn with_partner(
    slug: &str,
    spec: &str,
    behavior: &str,
    answers: &[(&str, &str)],
) -> (Road, MockServer) {
    let mut road = Road::new().await;
    road.put(&format!("specs/{slug}.toml"), spec);
    road.put(&format!("answers/{slug}/behavior.toml"), behavior);
    for (name, text) in answers {
        road.put(&format!("answers/{slug}/{name}"), text);
    }
    let behavior = Behavior { crawl_delay: 0.0, ..Behavior::default() };
    let folder = Some(road.data().join("answers"));
    let replay =
        MockServer::start(Options { addr: ([127, 0, 0, 1], 0).into(), behavior, folder }).await.unwrap();
    road.settings.push(format!("sources_dir={}", road.data().join("specs").display()));
    road.settings.push(format!("sources.{slug}.via={}", replay.url()));
    road.settings.push(format!("sources.{slug}.rate=200/s"));
    (road, replay)
}
