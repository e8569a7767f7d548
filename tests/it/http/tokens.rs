//! `oim-etl tokens`, and what the database has of a token.

use crate::support::Road;

#[tokio::test]
async fn a_token_is_shown_once_stored_as_a_digest_and_revoked_by_name() {
    let road = Road::new().await;
    let run = async |args: &[&str], code| road.bin(args).run().await.expect(code);
    run(&["migrate"], 0).await;
    let made = run(&["tokens", "create", "awa", "--scope", "operate"], 0).await;
    let token = made.out.trim();
    assert!(
        token.starts_with("oim_") && token.len() == 68 && !made.err.contains(token),
        "{} {}",
        made.out,
        made.err
    );
    let store = road.database.store().await;
    let (stored, whole): (bool, String) = sqlx::query_as(
        "SELECT hash = sha256(convert_to($1, 'UTF8')), t::text FROM ingest.tokens t WHERE name = 'awa'",
    )
    .bind(token)
    .fetch_one(store.pool())
    .await
    .unwrap();
    assert!(stored && !whole.contains(&token[4..]), "{whole}");
    assert!(run(&["tokens", "create", "awa"], 2).await.err.contains("there is a token \"awa\" already"));
    assert!(run(&["tokens", "create", "Awa B"], 2).await.err.contains("small letters"));
    assert!(run(&["tokens", "create", "eve", "--scope", "root"], 2).await.err.contains("root"));
    let list = run(&["tokens", "list", "-o", "json"], 0).await.json();
    assert_eq!(
        (list[0]["name"].as_str(), list[0]["scope"].as_str()),
        (Some("awa"), Some("operate")),
        "{list}"
    );
    run(&["tokens", "revoke", "awa"], 0).await;
    assert!(run(&["tokens", "revoke", "awa"], 2).await.err.contains("there is no valid token \"awa\""));
    assert!(run(&["tokens", "list"], 0).await.out.contains("operate"));
    run(&["tokens", "create", "awa"], 0).await;
    let (actions, total) = store.actions(None, 10).await.unwrap();
    let done: Vec<&str> = actions.iter().map(|action| action.action.as_str()).collect();
    assert_eq!((done, total), (vec!["create_token", "revoke_token", "create_token"], 3));
}
