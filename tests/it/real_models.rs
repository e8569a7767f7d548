//! Two real multilingual models, where `tests/ollama.py` serves them (`OIM_MODELS_URL`): filling, a change from one to the other, searching
//! by meaning, and comparing.

use serde_json::Value;

use crate::support::{Road, count, wait_until};

const E5: &str = "multilingual-e5-small";
const USE: &str = "use-multilingual";

/// Searches until the model answers in time: on a busy machine it may not.
async fn kinds(road: &Road, question: &str) -> Vec<Value> {
    let mut hits = Value::Null;
    wait_until("a search goes by meaning", async || {
        let found = road.bin(&["search", question, "--limit", "3", "--output", "json"]).run().await.expect(0);
        hits = found.json();
        !found.err.contains("degraded")
    })
    .await;
    hits.as_array().unwrap().iter().map(|hit| hit["payload"]["kind"].clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr, reason = "a test that is skipped says why")]
async fn real_models_fill_their_indexes_and_find_what_is_meant() {
    let Ok(url) = std::env::var("OIM_MODELS_URL") else {
        eprintln!("skipped: OIM_MODELS_URL names no server of tests/ollama.py");
        return;
    };
    let mut road = Road::new().await;
    road.settings.extend([format!("ollama_url={url}"), format!("ollama_model={E5}")]);
    let store = road.database.store().await;
    // On a machine that is busy with other tests, a text takes seconds.
    road.bin(&["ingest", "camccul", "--limit", "12"]).run().await;
    for (model, dimensions) in [(E5, 384), (USE, 512)] {
        road.bin(&["vectors", "rebuild", "--model", model]).run().await.expect(0);
        let served = store.targets().await.unwrap().into_iter().find(|target| target.is_served).unwrap();
        assert_eq!((served.model_name.as_deref(), served.dimensions), (Some(model), Some(dimensions)));
        assert!(served.digest.is_some() && served.indexed > 5 && served.set_aside == 0, "{served:?}");
        let loans = kinds(&road, "je voudrais emprunter de l'argent pour acheter une moto-taxi").await;
        assert!(loans.contains(&"microfinance".into()), "{model}: {loans:?}");
        let verified = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
        assert_eq!(count(&verified, "total"), 0, "{model}: {verified}");
    }
}
