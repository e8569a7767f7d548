//! Many invented sources at once: one database, and one command a day for all of them.

pub(crate) mod site;
pub(crate) mod world;

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use replay::{Behavior, CannedResponse, MockServer, Options};
use serde_json::Value;

use self::{
    site::{Day, answers, spec},
    world::Shape,
};
use crate::support::{Database, Road};

/// The served rows of one source, by external id.
pub(crate) type Rows = BTreeMap<String, Value>;
/// The served rows of each source.
pub(crate) type Served = BTreeMap<String, Rows>;

/// How the run of a source ended.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) state: String,
    pub(crate) message: String,
    pub(crate) closed: i64,
}

/// Replayed sources, and the database into which they are loaded.
pub(crate) struct Portals {
    pub(crate) road: Road,
    /// The folder of the archive.
    pub(crate) archive: PathBuf,
    pub(crate) replay: MockServer,
    pub(crate) shapes: Vec<Shape>,
}

impl Portals {
    /// Serves the sources for this database. With `archive`, raw answers go to the archive that the database knows already.
    pub(crate) async fn on(database: Database, shapes: &[Shape], archive: Option<PathBuf>) -> Self {
        let quick = Behavior { throttle_every: None, crawl_delay: 0.0, ..Behavior::default() };
        let mut road = Road::on(database.without_jit().await, quick, "200/s").await;
        for shape in shapes {
            let answers = road.data().join("answers").join(&shape.slug);
            std::fs::create_dir_all(&answers).unwrap();
            std::fs::create_dir_all(road.data().join("specs")).unwrap();
            let behavior =
                format!("host = \"{}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n", shape.host());
            std::fs::write(answers.join("behavior.toml"), behavior).unwrap();
            std::fs::write(road.data().join(format!("specs/{}.toml", shape.slug)), spec(shape)).unwrap();
        }
        let folder = Some(road.data().join("answers"));
        let options = Options { addr: ([127, 0, 0, 1], 0).into(), behavior: quick, folder };
        let replay = MockServer::start(options).await.unwrap();
        road.settings.push(format!("sources_dir={}", road.data().join("specs").display()));
        let archive = archive.unwrap_or_else(|| road.data().join("data/archive"));
        road.settings.push(format!("archive={}", archive.display()));
        for shape in shapes {
            road.settings.push(format!("sources.{}.via={}", shape.slug, replay.url()));
            road.settings.push(format!("sources.{}.rate=500/s", shape.slug));
        }
        Self { road, archive, replay, shapes: shapes.to_vec() }
    }

    /// Returns the same sources on a copy of this database, which nobody may use meanwhile.
    pub(crate) async fn copy(&self) -> Self {
        let data = self.road.data().join("data");
        let copy = Self::on(self.road.database.copy().await, &self.shapes, Some(self.archive.clone())).await;
        // Without its index, everything would be embedded again.
        copy_folder(&data.join("vectors"), &copy.road.data().join("data/vectors"));
        copy
    }

    /// Changes the source file of one source.
    pub(crate) fn rewrite(&self, shape: &Shape, change: impl FnOnce(String) -> String) {
        let path = self.road.data().join(format!("specs/{}.toml", shape.slug));
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, change(text)).unwrap();
    }

    /// Shows a day of one source.
    pub(crate) fn show(&self, shape: &Shape, day: &Day) {
        self.replay.restore(&shape.host());
        for (target, answer) in answers(shape, day) {
            self.replay.replace(&shape.host(), &target, answer);
        }
    }

    /// Sets another answer for one address of a source.
    pub(crate) fn answer(&self, shape: &Shape, target: &str, status: u16) {
        let answer = CannedResponse { status, headers: Vec::new(), body: "non".into() };
        self.replay.replace(&shape.host(), target, answer);
    }

    /// Loads a day of the given sources.
    pub(crate) async fn ingest(&self, sources: &[&Shape]) -> BTreeMap<String, Run> {
        let slugs = sources.iter().map(|shape| shape.slug.as_str());
        let args: Vec<&str> = ["ingest", "--full", "--output", "json"].into_iter().chain(slugs).collect();
        let ended = self.road.bin(&args).run().await;
        assert!([0, 1].contains(&ended.code), "{}: {}", ended.code, ended.err);
        let runs = ended.json();
        let told = |run: &Value| {
            let word = |key: &str| run[key].as_str().unwrap_or_default().to_owned();
            let ended = Run {
                state: word("state"),
                message: word("message"),
                closed: run["closed"].as_i64().unwrap_or_default(),
            };
            (word("source"), ended)
        };
        runs.as_array().unwrap().iter().map(told).collect()
    }

    /// Returns content and status of what is served, without times, runs and clusters.
    pub(crate) async fn served(&self) -> Served {
        self.rows(
            "SELECT source, external_id,
                    to_jsonb(o) - '{created_at,updated_at,cluster,canonical,quality,quality_parts}'::text[]
               FROM api.opportunities o",
        )
        .await
    }

    /// Returns what is in the vector index and since when, and the outbox.
    pub(crate) async fn embedded(&self) -> Served {
        self.rows(
            "SELECT o.source, o.external_id,
                    jsonb_build_object('embedded', e.fingerprint, 'at', e.embedded_at, 'waiting', b.version)
               FROM ingest.opportunities o
               LEFT JOIN ingest.embeddings e ON e.opportunity = o.id
               LEFT JOIN ingest.outbox b ON b.opportunity = o.id",
        )
        .await
    }

    async fn rows(&self, query: &'static str) -> Served {
        let store = self.road.database.store().await;
        let rows: Vec<(String, String, Value)> = sqlx::query_as(query).fetch_all(store.pool()).await.unwrap();
        store.close().await;
        let mut served: Served = self.shapes.iter().map(|shape| (shape.slug.clone(), Rows::new())).collect();
        for (source, id, row) in rows {
            served.entry(source).or_default().insert(id, row);
        }
        served
    }
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let (entry, kind) = entry.map(|entry| (entry.path(), entry.file_type().unwrap())).unwrap();
        let target = to.join(entry.file_name().unwrap());
        if kind.is_dir() {
            copy_folder(&entry, &target);
        } else {
            std::fs::copy(&entry, &target).unwrap();
        }
    }
}
