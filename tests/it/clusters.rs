//! The same opportunity from several partners is one cluster, which is split when the rows are no longer the same.

use domain::{Draft, Kind, Opportunity};
use queue::WorkerId;
use store::{Houses, Origin, Store};

use crate::support::opportunities::{fresh, noon, register};

pub(crate) const TEXT: &str = "Le chantier recrute un soudeur pour la réparation de coques en acier. Douze mois, horaires de 7 h 30 à 16 h, prime de \
                    rendement de 15 000 FCFA. CV et copie du CAP au siège, zone portuaire.";

/// A welder's post as one partner publishes it.
pub(crate) fn post(source: &str, id: &str, place: &str, text: &str) -> Opportunity {
    let mut draft = Draft::new(Kind::Job, serde_json::Value::Null);
    for (name, value) in [
        ("external_id", id),
        ("title", "Soudeur à l'arc (H/F)"),
        ("organization", "Chantier Naval du Wouri"),
        ("place", place),
        ("closes_at", "2099-12-12"),
        ("description", text),
    ] {
        *draft.field_mut(name).unwrap() = Some(value.to_owned());
    }
    let context = normalize::Context {
        source: source.parse().unwrap(),
        stream: "offres".parse().unwrap(),
        country: "CM".to_owned(),
        hosts: Vec::new(),
        fetched_at: noon(),
    };
    normalize::normalize(draft, &context).unwrap()
}

pub(crate) async fn load(store: &Store, row: &Opportunity) {
    let origin =
        Origin { run: uuid::Uuid::now_v7().into(), page: None, fetched_at: noon(), replaces_newer: false };
    store.load(&origin, std::slice::from_ref(row)).await.unwrap();
    sqlx::query("SELECT queue.enqueue('match_duplicates', 'match', '{}', 'match_duplicates')")
        .execute(store.pool())
        .await
        .unwrap();
    let jobs = store
        .queue()
        .claim(
            WorkerId::new(),
            &["match_duplicates".to_owned()],
            None,
            1,
            None,
            std::time::Duration::from_secs(30),
        )
        .await
        .unwrap();
    let mut houses = Houses::default();
    while store.match_some(jobs[0].lease, &mut houses).await.unwrap() > 0 {}
    store.end_matching(jobs[0].lease).await.unwrap();
}

/// Returns the members of each cluster, and marks the canonical one.
async fn clusters(store: &Store) -> Vec<String> {
    sqlx::query_scalar(
        "SELECT string_agg(external_id || CASE WHEN canonical THEN '*' ELSE '' END, ' ' ORDER BY external_id)
           FROM api.opportunities WHERE status = 'open' GROUP BY cluster ORDER BY 1",
    )
    .fetch_all(store.pool())
    .await
    .unwrap()
}

/// Returns the rows whose points are requested.
async fn requested(store: &Store) -> Vec<String> {
    sqlx::query_scalar("SELECT external_id FROM ingest.outbox b JOIN ingest.opportunities o ON o.id = b.opportunity ORDER BY 1")
        .fetch_all(store.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn of_rows_about_as_complete_the_one_of_who_offers_stands_for_both() {
    let store = fresh().await;
    register(&store, "camerjob").await;
    // The portal's row is a little more complete.
    load(&store, &post("fne", "a", "Douala", TEXT)).await;
    load(&store, &post("camerjob", "b", "Douala", &format!("{TEXT} Merci."))).await;
    assert_eq!(clusters(&store).await, ["a b*"]);
    sqlx::query("UPDATE ingest.sources SET offers_itself = true WHERE slug = 'fne'")
        .execute(store.pool())
        .await
        .unwrap();
    load(&store, &post("fne", "a", "Douala", TEXT)).await;
    sqlx::query("SELECT ingest.request_match(array_agg(id)) FROM ingest.opportunities")
        .execute(store.pool())
        .await
        .unwrap();
    load(&store, &post("fne", "a", "Douala", TEXT)).await;
    assert_eq!(clusters(&store).await, ["a* b"]);
}

#[tokio::test]
async fn one_post_of_two_partners_is_one_cluster_until_it_changes() {
    let store = fresh().await;
    for source in ["camerjob", "emploicameroun"] {
        register(&store, source).await;
    }
    load(&store, &post("fne", "a", "Douala", TEXT)).await;
    load(&store, &post("camerjob", "b", "Douala, Littoral", &TEXT[..120])).await;
    load(&store, &post("emploicameroun", "c", "Kribi", TEXT)).await;
    assert_eq!(clusters(&store).await, ["a* b", "c*"]);
    sqlx::query("DELETE FROM ingest.outbox").execute(store.pool()).await.unwrap();
    // The third moves to the town of the first.
    load(&store, &post("emploicameroun", "c", "Douala", TEXT)).await;
    assert_eq!(clusters(&store).await, ["a* b c"]);
    assert_eq!(requested(&store).await, ["c"], "the place of the others is the same");
    sqlx::query("DELETE FROM ingest.outbox").execute(store.pool()).await.unwrap();
    // The first, which was canonical, moves to another town; the others stay together.
    load(&store, &post("fne", "a", "Garoua", TEXT)).await;
    assert_eq!(clusters(&store).await, ["a*", "b c*"]);
    assert_eq!(requested(&store).await, ["a", "b", "c"], "their payloads name the cluster");
    sqlx::query(
        "UPDATE ingest.opportunities SET status = 'closed', closed_why = 'absent' WHERE external_id = 'c'",
    )
    .execute(store.pool())
    .await
    .unwrap();
    load(&store, &post("fne", "a", "Garoua", TEXT)).await;
    assert_eq!(clusters(&store).await, ["a*", "b*"], "what is closed stands for nothing");
}

#[tokio::test]
async fn a_closed_posting_still_makes_the_next_one_a_repost() {
    let store = fresh().await;
    load(&store, &post("fne", "a", "Douala", TEXT)).await;
    sqlx::query("UPDATE ingest.opportunities SET status = 'closed', closed_why = 'absent'")
        .execute(store.pool())
        .await
        .unwrap();
    load(&store, &post("fne", "b", "Douala", TEXT)).await;
    let rows: Vec<(String, bool, i64)> = sqlx::query_as(
        "SELECT external_id, canonical, count(*) OVER (PARTITION BY cluster) FROM api.opportunities ORDER BY external_id",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    assert_eq!(rows, [("a".to_owned(), false, 2), ("b".to_owned(), true, 2)], "the open one stands for both");
}

#[tokio::test]
async fn a_decision_counts_before_the_rules_and_survives_a_new_match() {
    let store = fresh().await;
    register(&store, "camerjob").await;
    let (a, b) = (post("fne", "a", "Douala", TEXT), post("camerjob", "b", "Douala", TEXT));
    let other = post("camerjob", "c", "Kribi", TEXT);
    for row in [&a, &b, &other] {
        load(&store, row).await;
    }
    assert_eq!(clusters(&store).await, ["a* b", "c*"]);
    store.decide_pair(b.id, a.id, false, "ama").await.unwrap();
    store.decide_pair(a.id, other.id, true, "ama").await.unwrap();
    load(&store, &a).await;
    assert_eq!(clusters(&store).await, ["a* c", "b*"]);
    // All rows change, and are matched again.
    for (row, place) in [("a", "Douala"), ("b", "Douala"), ("c", "Kribi")] {
        let source = if row == "a" { "fne" } else { "camerjob" };
        load(&store, &post(source, row, place, &format!("{TEXT} Merci."))).await;
    }
    assert_eq!(clusters(&store).await, ["a* c", "b*"]);
    assert!(store.decide_pair(a.id, a.id, true, "ama").await.is_err());
}

#[tokio::test]
async fn a_pair_in_doubt_waits_for_a_person() {
    let store = fresh().await;
    register(&store, "camerjob").await;
    let bare = |source: &str, id: &str, title: &str, text: &str| {
        let mut draft = Draft::new(Kind::Job, serde_json::Value::Null);
        for (name, value) in
            [("external_id", id), ("title", title), ("organization", "Chantier Naval du Wouri")]
        {
            *draft.field_mut(name).unwrap() = Some(value.to_owned());
        }
        (draft.place, draft.description) = (Some("Douala".to_owned()), Some(text.to_owned()));
        let context = normalize::Context {
            source: source.parse().unwrap(),
            stream: "offres".parse().unwrap(),
            country: "CM".to_owned(),
            hosts: Vec::new(),
            fetched_at: noon(),
        };
        normalize::normalize(draft, &context).unwrap()
    };
    let texts = [
        "Vous entretenez les coques de nos navires, trois ans de pratique, dossier complet au siège de la zone portuaire.",
        "Pour nos ateliers, une personne sérieuse qui aide aux peintures de navires et aux échafaudages. Se présenter au siège, zone portuaire.",
    ];
    load(&store, &bare("fne", "a", "Soudeur naval", texts[0])).await;
    load(&store, &bare("camerjob", "b", "Ouvrier", texts[1])).await;
    let pairs = store.doubted_pairs(None, 10).await.unwrap();
    assert_eq!(clusters(&store).await, ["a*", "b*"]);
    assert_eq!(pairs.len(), 1, "{pairs:?}");
    assert!(pairs[0].why.contains("employer same"), "{}", pairs[0].why);
    let ids = pairs[0].rows.each_ref().map(|row| row.id.into());
    store.decide_pair(ids[0], ids[1], false, "ama").await.unwrap();
    assert!(store.doubted_pairs(None, 10).await.unwrap().is_empty());
}
