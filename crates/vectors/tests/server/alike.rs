//! What every server must do alike: the stub, and the real one of `QDRANT_URL` (with `QDRANT_API_KEY`) where that is set. Its collections
//! get names of their own, and go at the end.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use qdrant_client::{Qdrant, qdrant::CountPointsBuilder};
use url::Url;
use vectors::{Index as _, Options, Quantization, ServerIndex, index_name};

use crate::{
    fake::Fake,
    support::{ads, behaves, fill},
};

/// Switches of the alias while it is read.
const SWITCHES: usize = 20;

/// A server, and the name that a test may use on it.
struct Place {
    url: Url,
    key: Option<String>,
    name: String,
}

impl Place {
    async fn all(test: &str) -> Vec<Self> {
        let (_, url) = Fake::start(None).await;
        let mut places = vec![Self { url, key: None, name: "opportunities".to_owned() }];
        if let Ok(url) = std::env::var("QDRANT_URL") {
            let name = format!("oim-test-{test}-{}", std::process::id());
            let key = std::env::var("QDRANT_API_KEY").ok().filter(|key| !key.is_empty());
            places.push(Self { url: url.parse().unwrap(), key, name });
        }
        places
    }

    async fn index(&self, options: Options, model: &str) -> ServerIndex {
        let key = self.key.as_deref();
        ServerIndex::connect_with(options, &self.url, key, &self.name, model, 1_024).await.unwrap()
    }

    async fn clean(&self, models: &[&str]) {
        for model in models {
            let name = index_name(&self.name, model, 1_024);
            ServerIndex::remove(&self.url, self.key.as_deref(), &name).await.unwrap();
        }
    }
}

#[tokio::test]
async fn every_server_keeps_finds_filters_withdraws() {
    for place in Place::all("behaves").await {
        place.clean(&["toy-2"]).await;
        behaves(&place.index(Options::default(), "toy-2").await).await;
        place.clean(&["toy-2"]).await;
    }
}

/// In strict mode a server refuses whatever filter has no index: it is the server that says that all have one.
#[tokio::test]
async fn every_server_does_the_same_in_strict_mode_with_small_copies_of_vectors() {
    for place in Place::all("strict").await {
        place.clean(&["toy-2"]).await;
        let quantization = Quantization::Scalar;
        let options =
            Options { shards: Some(2), on_disk: true, quantization, strict: true, ..Options::default() };
        behaves(&place.index(options, "toy-2").await).await;
        place.clean(&["toy-2"]).await;
    }
}

/// A rebuild beside a reader of the alias: it finds the one collection or the other, never none, and never half.
#[tokio::test(flavor = "multi_thread")]
async fn every_server_switches_the_alias_without_a_gap() {
    for place in Place::all("alias").await {
        place.clean(&["old", "new"]).await;
        let (old, new) =
            (place.index(Options::default(), "old").await, place.index(Options::default(), "new").await);
        fill(&old, &ads()).await;
        fill(&new, &ads()[..5]).await;
        let alias = format!("{}-served", place.name);
        old.serve(&alias).await.unwrap();
        let reader = Qdrant::from_url(place.url.as_str().trim_end_matches('/')).skip_compatibility_check();
        let reader = reader.api_key(place.key.clone()).build().unwrap();
        let ends = Arc::new(AtomicBool::new(false));
        let (read, is_ended) = (alias.clone(), Arc::clone(&ends));
        let reading = tokio::spawn(async move {
            let mut seen = Vec::new();
            while !is_ended.load(Ordering::Relaxed) {
                let counted = reader.count(CountPointsBuilder::new(&read).exact(true)).await;
                seen.push(counted.map(|counted| counted.result.unwrap().count));
            }
            seen
        });
        for at in 0..SWITCHES {
            let next = if at % 2 == 0 { &new } else { &old };
            next.serve(&alias).await.unwrap();
        }
        ends.store(true, Ordering::Relaxed);
        let seen = reading.await.unwrap();
        assert!(seen.iter().all(|one| matches!(one, Ok(22 | 5))), "{seen:?}");
        assert!(!seen.is_empty());
        place.clean(&["old", "new"]).await;
    }
}
