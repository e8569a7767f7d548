//! Every path of the OpenAPI document, for its happy and its error answers.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::world::{HOSTILE, World, json as read};

/// A request of an operation that succeeds: method, path in the document, path to ask, body, status.
type Good = (&'static str, &'static str, String, Option<Value>, u16);

/// One good request of each operation, in an order in which each succeeds.
#[allow(clippy::too_many_lines, reason = "it is a table")]
fn good(world: &World) -> Vec<Good> {
    let (held, complete, dead, pair) = (&world.held, &world.complete, world.dead, &world.pair);
    let get = |path: &'static str, asked: String| ("get", path, asked, None, 200);
    vec![
        get("/v1/openapi.json", "/v1/openapi.json".into()),
        get("/v1/vocabularies", "/v1/vocabularies".into()),
        get("/v1/status", "/v1/status".into()),
        get("/v1/schedules", "/v1/schedules".into()),
        get("/v1/digest", "/v1/digest?lang=fr".into()),
        get("/v1/search", "/v1/search?q=soudeur&limit=3".into()),
        get("/v1/runs", "/v1/runs?state=held,complete&source=fne&since=2020-01-01T00:00:00Z&limit=1".into()),
        get("/v1/runs/{id}", format!("/v1/runs/{held}")),
        get("/v1/sources", "/v1/sources".into()),
        get("/v1/sources/{slug}", "/v1/sources/fne".into()),
        get("/v1/opportunities", "/v1/opportunities?kind=job&source=fne&status=open&limit=2".into()),
        get("/v1/opportunities/{id}", format!("/v1/opportunities/{}", pair[0])),
        get("/v1/changes", "/v1/changes?after=0&limit=5".into()),
        get("/v1/rejections", "/v1/rejections?source=fne&limit=2".into()),
        get("/v1/dead-letters", "/v1/dead-letters?limit=2".into()),
        get("/v1/dead-letters/{id}", format!("/v1/dead-letters/{dead}")),
        get("/v1/duplicates", "/v1/duplicates".into()),
        get("/v1/tokens", "/v1/tokens".into()),
        ("post", "/v1/tokens", "/v1/tokens".into(), Some(json!({ "name": "site", "scope": "read" })), 201),
        ("delete", "/v1/tokens/{name}", "/v1/tokens/site".into(), None, 204),
        (
            "post",
            "/v1/sources/{slug}/pause",
            "/v1/sources/mc2/pause".into(),
            Some(json!({ "reason": "entretien" })),
            200,
        ),
        ("post", "/v1/sources/{slug}/resume", "/v1/sources/mc2/resume".into(), None, 200),
        (
            "put",
            "/v1/sources/{slug}/rate",
            "/v1/sources/mc2/rate".into(),
            Some(json!({ "rate": "10/min" })),
            200,
        ),
        get("/v1/sources/{slug}/file", "/v1/sources/mc2/file".into()),
        (
            "put",
            "/v1/sources/{slug}/file",
            "/v1/sources/mc2/file".into(),
            Some(
                json!({ "file": include_str!("../../../sources/partners/mc2.toml").replace("name = ", "# ours\nname = ") }),
            ),
            200,
        ),
        get("/v1/sources/{slug}/versions", "/v1/sources/mc2/versions?limit=5".into()),
        ("post", "/v1/sources/{slug}/rollback", "/v1/sources/mc2/rollback".into(), Some(json!({})), 200),
        get("/v1/alerts", "/v1/alerts?past=true".into()),
        (
            "post",
            "/v1/silences",
            "/v1/silences".into(),
            Some(json!({ "source": "mc2", "minutes": 30, "reason": "entretien" })),
            201,
        ),
        ("delete", "/v1/silences/{source}", "/v1/silences/mc2".into(), None, 204),
        (
            "post",
            "/v1/duplicates",
            "/v1/duplicates".into(),
            Some(json!({ "one": pair[0], "other": pair[1], "same": false })),
            204,
        ),
        (
            "post",
            "/v1/dead-letters/retry",
            "/v1/dead-letters/retry".into(),
            Some(json!({ "ids": [dead] })),
            200,
        ),
        (
            "post",
            "/v1/dead-letters/discard",
            "/v1/dead-letters/discard".into(),
            Some(json!({ "all": true })),
            200,
        ),
        ("post", "/v1/runs/{id}/discard", format!("/v1/runs/{held}/discard"), None, 200),
        ("post", "/v1/runs/{id}/revert", format!("/v1/runs/{complete}/revert"), None, 200),
        (
            "post",
            "/v1/ingest",
            "/v1/ingest".into(),
            Some(json!({ "source": "fne", "idempotency_key": "k" })),
            202,
        ),
        ("post", "/v1/sources/{slug}/replay", "/v1/sources/fne/replay".into(), Some(json!({})), 202),
        get("/v1/actions", "/v1/actions?limit=100".into()),
    ]
}

/// A file of FNE by which no record has an identity.
pub(super) fn blind() -> String {
    let file = include_str!("../../../sources/partners/fne.toml");
    let blind = file.replace("\nexternal_id = ", "\nexternal_id = '.nowhere'\n# external_id = ");
    assert_ne!(blind, file);
    blind
}

/// Requests that are refused, each with its status.
fn bad(world: &World) -> Vec<(&'static str, String, Option<Value>, u16)> {
    let nobody = "00000000-0000-4000-8000-000000000000";
    let complete = &world.complete;
    vec![
        ("get", "/v1/nothing".into(), None, 404),
        ("delete", "/v1/runs".into(), None, 405),
        ("get", "/v1/runs?limit=0".into(), None, 400),
        ("get", "/v1/runs?limit=101".into(), None, 400),
        ("get", "/v1/runs?colour=red".into(), None, 400),
        ("get", "/v1/runs?state=happy".into(), None, 422),
        ("get", "/v1/runs?source=fnee".into(), None, 404),
        ("get", "/v1/runs?after=nonsense".into(), None, 422),
        ("get", "/v1/runs/7".into(), None, 400),
        ("get", format!("/v1/runs/{nobody}"), None, 404),
        ("post", format!("/v1/runs/{complete}/publish"), None, 409),
        ("post", format!("/v1/runs/{complete}/cancel"), None, 409),
        ("get", "/v1/sources/fnee".into(), None, 404),
        ("post", "/v1/sources/fne/pause".into(), Some(json!({ "reason": " " })), 400),
        ("put", "/v1/sources/fne/rate".into(), Some(json!({ "rate": "viele" })), 422),
        ("put", "/v1/sources/fne/file".into(), Some(json!({ "file": "name = 1" })), 422),
        // It finds nothing of what the archive has shown.
        ("put", "/v1/sources/fne/file".into(), Some(json!({ "file": blind() })), 422),
        ("post", "/v1/sources/fne/rollback".into(), Some(json!({ "version": "ffffffff" })), 404),
        ("post", "/v1/sources/fne/rollback".into(), Some(json!({ "version": "%" })), 400),
        ("post", "/v1/silences".into(), Some(json!({ "source": "fne", "minutes": 0, "reason": "x" })), 400),
        ("delete", "/v1/silences/fne".into(), None, 404),
        ("get", "/v1/opportunities?region=Atlantis".into(), None, 422),
        ("get", "/v1/opportunities?closes_from=2026-12-02&closes_to=2026-12-01".into(), None, 422),
        ("get", "/v1/opportunities?q=%00".into(), None, 422),
        ("get", format!("/v1/opportunities/{nobody}"), None, 404),
        ("get", "/v1/changes?after=-1".into(), None, 400),
        ("get", "/v1/search?q=x&limit=101".into(), None, 400),
        ("get", "/v1/search?limit=5".into(), None, 422),
        ("get", "/v1/rejections?code=colour".into(), None, 422),
        ("get", "/v1/dead-letters/1".into(), None, 404),
        ("post", "/v1/dead-letters/retry".into(), Some(json!({})), 422),
        ("post", "/v1/duplicates".into(), Some(json!({ "one": nobody, "other": nobody, "same": true })), 404),
        ("post", "/v1/tokens".into(), Some(json!({ "name": "Awa", "scope": "read" })), 400),
        ("post", "/v1/tokens".into(), Some(json!({ "name": "read", "scope": "read" })), 409),
        ("delete", "/v1/tokens/nobody".into(), None, 404),
        (
            "post",
            "/v1/ingest".into(),
            Some(json!({ "source": "fne", "idempotency_key": "k".repeat(20_000) })),
            413,
        ),
        ("post", "/v1/ingest".into(), None, 415),
        ("get", "/v1/digest?since=2999-01-01T00:00:00Z".into(), None, 422),
        ("get", "/v1/digest?lang=de".into(), None, 400),
        ("post", "/v1/items".into(), Some(json!({ "item": "fne/nothing" })), 404),
        ("post", "/v1/items".into(), Some(json!({ "item": world.pair[0] })), 422),
        ("post", "/v1/items".into(), Some(json!({ "item": "" })), 400),
        ("post", "/v1/sources/fne/replay".into(), Some(json!({ "stale": true })), 409),
        ("post", "/v1/sources/mc2/replay".into(), Some(json!({ "run": complete })), 422),
        ("post", "/v1/sources/mc2/replay".into(), Some(json!({ "run": nobody })), 404),
        ("delete", "/v1/sources/fne".into(), None, 409),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_path_of_the_document_answers_as_it_says() {
    let world = World::new().await;
    let admin = world.tokens[2].as_str();
    let document = world.get("/v1/openapi.json").await;
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"), "{}", document["openapi"]);
    feed_and_lists(&world).await;
    for (method, path, body, status) in bad(&world) {
        let answer = world.ask(method, &path, Some(admin), body.as_ref()).send().await.unwrap();
        assert_eq!(answer.status(), status, "{method} {path}");
        if status == 405 {
            assert!(answer.headers().contains_key("allow"));
        }
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{method} {path}");
        let problem = read(answer).await;
        assert_eq!(
            (&problem["type"], &problem["status"]),
            (&json!("about:blank"), &json!(status)),
            "{problem}"
        );
        assert!(
            problem["title"].is_string() && problem["detail"].as_str().is_some_and(|text| !text.is_empty()),
            "{problem}"
        );
    }
    let mut asked = BTreeSet::new();
    for (method, path, at, body, status) in good(&world) {
        refused_without_right(&world, method, path, &at, body.as_ref()).await;
        let answer = world.ask(method, &at, Some(admin), body.as_ref()).send().await.unwrap();
        let (got, text) = (answer.status(), answer.text().await.unwrap());
        assert_eq!(got, status, "{method} {at}: {text}");
        assert!(!text.contains("let-me-in") && !text.contains(&world.tokens[0]), "{at} shows a token");
        asked.insert((method.to_owned(), path.to_owned()));
    }
    assert_eq!(asked, documented(&document));
    let done = world.get("/v1/actions?limit=100").await;
    for action in [
        "create_token",
        "revoke_token",
        "pause",
        "resume",
        "rate",
        "apply_file",
        "rollback_file",
        "silence",
        "unsilence",
        "different",
        "retry_dead",
        "discard_dead",
        "discard",
        "revert",
        "ingest",
    ] {
        let by_api =
            |row: &Value| row["action"] == action && row["by"] == "token admin" && row["at"].is_string();
        assert!(done["items"].as_array().unwrap().iter().any(by_api), "{action} is not in {done}");
    }
    world.end().await;
}

/// Returns the operations of the document, without those that are only refused here: nothing can be published, cancelled or forgotten, and
/// FNE has no pages of single opportunities.
fn documented(document: &Value) -> BTreeSet<(String, String)> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, item)| {
        item.as_object().unwrap().keys().map(move |method| (method.clone(), path.clone()))
    });
    let is_asked = |(method, path): &(String, String)| {
        let forgets = method == "delete" && path == "/v1/sources/{slug}";
        !["/publish", "/cancel", "/items"].iter().any(|end| path.ends_with(end)) && !forgets
    };
    all.filter(is_asked).collect()
}

/// Asks without a token, with a wrong one, and with one whose scope is too small.
async fn refused_without_right(world: &World, method: &str, path: &str, at: &str, body: Option<&Value>) {
    let is_open = ["/v1/openapi.json", "/v1/vocabularies", "/v1/search"].contains(&path);
    let [reader, operator, _] = &world.tokens;
    let wrong = "oim_0000";
    let ask = async |token| world.ask(method, at, token, body).send().await.unwrap();
    for token in [None, Some(wrong)] {
        let answer = ask(token).await;
        assert_eq!(answer.status() == 401, !is_open, "{method} {at} with {token:?}: {}", answer.status());
        assert_eq!(answer.headers().contains_key("www-authenticate"), !is_open);
    }
    if method != "get" {
        assert_eq!(ask(Some(reader)).await.status(), 403, "{method} {at} by a reader");
    }
    let changes_file = method != "get" && (path.ends_with("/file") || path.ends_with("/rollback"));
    if path.starts_with("/v1/tokens") || changes_file {
        assert_eq!(ask(Some(operator)).await.status(), 403, "{method} {at} by an operator");
    }
}

/// What the lists hold, page by page.
async fn feed_and_lists(world: &World) {
    let (mut ids, mut after, mut pages) = (BTreeSet::new(), String::new(), 0);
    let total = loop {
        let page = world.get(&format!("/v1/opportunities?source=fne&status=open&limit=100{after}")).await;
        ids.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()),
        );
        pages += 1;
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => break page["total"].as_u64().unwrap(),
        }
    };
    assert!(pages > 2 && ids.len() as u64 == total, "{} rows on {pages} pages of {total}", ids.len());
    let run = world.get(&format!("/v1/runs/{}", world.held)).await;
    assert_eq!((&run["state"], &run["source"]), (&json!("held"), &json!("fne")));
    assert!(run["would_be"]["closed"].as_u64().unwrap() > 100, "{}", run["would_be"]);
    assert!(run["would_be"]["changed_examples"].to_string().contains("& Cie"), "{}", run["would_be"]);
    let runs = world.get("/v1/runs?limit=1").await;
    assert_eq!((runs["total"].as_u64(), runs["items"].as_array().unwrap().len()), (Some(2), 1));
    let older = world.get(&format!("/v1/runs?limit=1&after={}", runs["next"].as_str().unwrap())).await;
    assert_eq!(older["items"][0]["id"], world.complete.as_str());
    let shown = world.get(&format!("/v1/opportunities/{}", world.pair[0])).await;
    assert_eq!(shown["opportunity"]["title"], HOSTILE);
    assert_eq!(shown["history"][0]["fields"]["title"]["to"], HOSTILE);
    let refused = world.get("/v1/rejections?source=fne").await;
    assert!(refused["total"].as_u64().unwrap() > 0 && !refused["items"][0]["record"].is_null());
    let reader =
        world.ask("get", "/v1/rejections?source=fne", Some(&world.tokens[0]), None).send().await.unwrap();
    assert!(read(reader).await["items"][0]["record"].is_null(), "a reader sees the partner's record");
    // The token of the configuration, and the scheme in any case.
    for header in ["bearer let-me-in", "BEARER  let-me-in"] {
        let answer =
            world.ask("get", "/v1/tokens", None, None).header("authorization", header).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{header}");
    }
    let digest = world.get("/v1/digest?since=2026-01-01T00:00:00Z&lang=fr").await;
    let said = digest["text"].as_str().unwrap();
    assert!(
        said.contains("Collecte retenue de fne") && digest["figures"]["held"][0]["source"] == "fne",
        "{digest}"
    );
    let text = world
        .ask("get", "/v1/digest?lang=en&format=text", Some(&world.tokens[0]), None)
        .send()
        .await
        .unwrap();
    assert_eq!(text.headers()["content-type"], "text/plain; charset=utf-8");
    assert!(text.text().await.unwrap().contains("Held run of fne"));
    let words = world.get("/v1/vocabularies").await;
    assert!(
        words["rejections"]
            .as_array()
            .unwrap()
            .iter()
            .any(|word| word["code"] == "unknown_place" && word["fr"] != word["en"])
    );
}
