//! Search through the whole program, by words and categories.

use serde_json::{Value, json};

use crate::support::{Road, client, terminate, wait_until};

async fn found(road: &Road, args: &[&str]) -> Vec<Value> {
    let all = [&["search", "--output", "json"], args].concat();
    road.bin(&all).run().await.expect(0).json().as_array().unwrap().clone()
}

fn titles(hits: &[Value]) -> Vec<String> {
    hits.iter().map(|hit| hit["payload"]["title"].as_str().unwrap().to_lowercase()).collect()
}

/// Whether every hit has one of the values in a field of its payload.
fn all_have(hits: &[Value], field: &str, values: &[&str]) -> bool {
    let has = |value: &Value| value.as_str().is_some_and(|value| values.contains(&value));
    hits.iter().all(|hit| match &hit["payload"][field] {
        Value::Array(list) => list.iter().any(has),
        one => has(one),
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_finds_its_trade_in_any_language_and_its_need() {
    let road = Road::new().await;
    for source in ["fne", "mc2", "minefop"] {
        road.bin(&["ingest", source]).run().await;
    }
    let welders = found(&road, &["I sabi weld, I di find work for Douala"]).await;
    assert!(titles(&welders)[0].contains("soud") || titles(&welders)[0].contains("weld"), "{welders:?}");
    assert!(all_have(&welders[..1], "kind", &["job"]), "{welders:?}");
    let loans = found(&road, &["how I fit get okada on credit", "--limit", "3"]).await;
    assert_eq!((loans.len(), all_have(&loans[..1], "kind", &["microfinance"])), (3, true), "{loans:?}");
    let courses = found(&road, &["je veux apprendre la couture"]).await;
    assert!(all_have(&courses[..3], "kind", &["training"]), "{courses:?}");
    // Words that nothing has are not answered with whatever is a job; beside a word that something has, they do no harm.
    let nothing = road.bin(&["search", "zzzz qqqq"]).run().await.expect(0);
    assert!(
        nothing.out.is_empty() && nothing.err.contains("nothing found for \"zzzz qqqq\""),
        "{} {}",
        nothing.out,
        nothing.err
    );
    assert!(titles(&found(&road, &["soudeur zzzz"]).await)[0].contains("soud"));
    assert!(all_have(&found(&road, &["emploi"]).await, "kind", &["job"]));
}

#[tokio::test(flavor = "multi_thread")]
async fn hits_are_filtered_explained_and_dated_on_the_command_line_and_over_http() {
    let road = Road::new().await;
    road.bin(&["ingest", "fne"]).run().await;
    let south = found(&road, &["soudeur", "--region", "littoral,CM-SU", "--kind", "job"]).await;
    assert!(!south.is_empty() && all_have(&south, "regions", &["CM-LT", "CM-SU"]), "{south:?}");
    let closing = found(&road, &["soudeur", "--closes-from", "2020-01-01", "--limit", "50"]).await;
    let is_date = |hit: &Value| hit["payload"]["closes_on"].as_str().is_some_and(|day| day.len() == 10);
    assert!(!closing.is_empty() && closing.iter().all(is_date), "{closing:?}");
    let soonest = found(&road, &["--kind", "emploi", "-n", "30"]).await;
    let days: Vec<&str> = soonest.iter().filter_map(|hit| hit["payload"]["closes_on"].as_str()).collect();
    assert!(days.len() > 2 && days.is_sorted() && all_have(&soonest, "kind", &["job"]), "{soonest:?}");
    let some = road.bin(&["search", "--region", "littoral", "-n", "1"]).run().await.expect(0);
    assert!(some.err.contains("1 of ") && some.err.contains("open opportunities"), "{}", some.err);
    for (args, word) in [
        (&[][..], "give a text, an opportunity to be similar to, or a filter"),
        (&["soudeur", "--kind", "jobs"], "use one of job, training"),
        (&["soudeur", "--region", "Atlantis"], "CM-LT"),
        (&["--like", "fne/NOBODY"], "there is none of this name"),
        (&["--like", "fne"], "write it as SOURCE/ID"),
    ] {
        let refused = road.bin(&[&["search"], args].concat()).run().await.expect(2);
        assert!(refused.err.contains(word), "{}", refused.err);
    }
    let explained = found(&road, &["soudeur à Douala", "--explain", "--limit", "5"]).await;
    for hit in &explained {
        let parts = hit["parts"].as_array().unwrap();
        let sum: f64 = parts.iter().map(|part| part["score"].as_f64().unwrap()).sum();
        assert!((sum - hit["score"].as_f64().unwrap()).abs() < 0.01, "{hit}");
    }
    assert!(explained[0]["parts"].to_string().contains("topic:welding"), "{explained:?}");
    let text = road.bin(&["search", "soudeur à Douala", "--explain", "-n", "1"]).run().await.expect(0);
    assert!(text.out.contains(" + ") && text.out.contains("town:Douala"), "{}", text.out);
    assert!(text.err.contains("by words and categories"), "{}", text.err);
    let like = like(&road).await;
    let similar = found(&road, &["--like", &like, "--limit", "5"]).await;
    assert!(similar.len() == 5 && titles(&similar).iter().any(|title| title.contains("soud")), "{similar:?}");
    assert!(
        similar.iter().all(|hit| hit["id"] != explained[0]["id"]),
        "an opportunity is not similar to itself"
    );
    over_http(&road, &similar, &like).await;
}

/// Returns `SOURCE/ID` of the best welder.
async fn like(road: &Road) -> String {
    let best = found(road, &["soudeur à Douala", "--limit", "1"]).await;
    let id = best[0]["id"].as_str().unwrap().to_owned();
    sqlx::query_scalar("SELECT source || '/' || external_id FROM ingest.opportunities WHERE id = $1::uuid")
        .bind(id)
        .fetch_one(road.database.store().await.pool())
        .await
        .unwrap()
}

/// The worker answers the same, and so does a command that asks it because it holds the index.
async fn over_http(road: &Road, similar: &[Value], like: &str) {
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    let address = async || store.queue().workers().await.unwrap().into_iter().find(|worker| worker.indexes);
    wait_until("a worker holds the index", async || address().await.is_some()).await;
    let address = address().await.unwrap().http_address.unwrap();
    let ask = async |query: &[(&str, &str)]| {
        let answer = client().get(format!("http://{address}/v1/search")).query(query).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<Value>().await.unwrap())
    };
    assert_eq!(ask(&[("like", like), ("limit", "5")]).await, (200, json!(similar)));
    assert_eq!(found(road, &["--like", like, "--limit", "5"]).await, similar, "the command asks the worker");
    let (status, body) = ask(&[("q", "soudeur"), ("explain", "true"), ("closes_from", "2020-01-01")]).await;
    assert_eq!(status, 200);
    assert!(body[0]["parts"].is_array() && body[0]["payload"]["closes_on"].is_string(), "{body}");
    let (status, body) = ask(&[("kind", "job"), ("limit", "3")]).await;
    assert_eq!((status, body.as_array().map(Vec::len)), (200, Some(3)), "{body}");
    for query in [&[("q", "soudeur"), ("region", "Atlantis")][..], &[("q", " ")], &[]] {
        let (status, body) = ask(query).await;
        assert_eq!(status, 422, "{body}");
    }
    terminate(&mut worker).await;
}
