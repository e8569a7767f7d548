//! The outbox: what commits with a row is embedded once in each index, however often a worker dies.

use std::time::Duration;

use domain::OpportunityId;
use queue::{Lease, WorkerId};
use serde_json::json;
use store::{Became, Claimed, Store, Target, TargetId, Verified};

use crate::support::{
    opportunities::{fresh, noon, opportunity, origin},
    runs,
};

const HOLD: Duration = Duration::from_mins(1);
/// A worker that was given its model just now.
const GIVEN: Duration = Duration::ZERO;
/// The target that waits for the first index.
const FIRST: TargetId = TargetId(0);

/// Claims an embedding job. What an earlier job has claimed stays its own while it lives.
async fn job(store: &Store) -> Lease {
    sqlx::query("UPDATE queue.lanes SET max_running = 9").execute(store.pool()).await.unwrap();
    sqlx::query("SELECT queue.enqueue('embed_opportunities', 'embed:0', '{\"target\": 0}')")
        .execute(store.pool())
        .await
        .unwrap();
    let kinds = ["embed_opportunities".to_owned()];
    let jobs = store.queue().claim(WorkerId::new(), &kinds, None, 1, None, HOLD).await.unwrap();
    jobs[0].lease
}

async fn claim(store: &Store, lease: Lease) -> Vec<Claimed> {
    store.claim_outbox(lease, FIRST, 64, &[]).await.unwrap()
}

/// What became of claims that succeeded.
fn done(claimed: &[Claimed]) -> Vec<(Claimed, Became)> {
    let became = |one: &Claimed| match (one.open, one.indexed) {
        (true, false) => Became::Point(json!({})),
        (true, true) => Became::Unchanged,
        (false, _) => Became::Withdrawn,
    };
    claimed.iter().map(|one| (one.clone(), became(one))).collect()
}

async fn embed(store: &Store) -> Vec<Claimed> {
    let lease = job(store).await;
    let claimed = claim(store, lease).await;
    store.finish_outbox(lease, FIRST, &done(&claimed)).await.unwrap();
    store.queue().job_done(lease).await.unwrap();
    claimed
}

fn target(name: &str) -> Target {
    Target {
        name: name.to_owned(),
        place: name.to_owned(),
        model: "m".to_owned(),
        dimensions: 4,
        collection: "c".to_owned(),
        model_name: "m".to_owned(),
        digest: None,
        before: Some("unknown:c:m".to_owned()),
    }
}

#[tokio::test]
async fn a_row_is_claimed_once_and_finished_once() {
    let store = fresh().await;
    store
        .load(&origin(noon()), &[opportunity("1", "Soudeur", None), opportunity("2", "Maçon", None)])
        .await
        .unwrap();
    let (first, second) = (job(&store).await, job(&store).await);
    let claimed = claim(&store, first).await;
    assert_eq!(claimed.len(), 2);
    assert!(claim(&store, second).await.is_empty(), "two jobs embed the same");
    store.finish_outbox(first, FIRST, &done(&claimed)).await.unwrap();
    let overview = store.overview(0).await.unwrap();
    assert_eq!((overview.outbox, overview.indexed), (0, 2));
}

#[tokio::test]
async fn the_claim_of_a_dead_worker_is_anybodys_again_and_its_writes_are_older() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    let (dead, living) = (job(&store).await, job(&store).await);
    let late = claim(&store, dead).await;
    assert!(claim(&store, living).await.is_empty());
    store.queue().job_done(dead).await.unwrap();
    let claimed = claim(&store, living).await;
    assert!(claimed[0].write > late[0].write, "an index keeps the greater write");
    assert!(!store.holds(dead).await.unwrap() && store.holds(living).await.unwrap());
    let refused = store.finish_outbox(dead, FIRST, &done(&late)).await.unwrap_err();
    assert!(refused.is_fenced(), "{refused}");
    assert_eq!(store.overview(0).await.unwrap().indexed, 0, "the ledger of a fenced worker is written");
}

#[tokio::test]
async fn a_change_during_the_embedding_is_not_lost() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    let lease = job(&store).await;
    let old = claim(&store, lease).await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur TIG", None)]).await.unwrap();
    store.finish_outbox(lease, FIRST, &done(&old)).await.unwrap();
    let new = claim(&store, job(&store).await).await;
    assert_eq!(new.len(), 1, "the newer request went with the older work");
    assert_eq!((new[0].row.title.as_str(), new[0].indexed), ("Soudeur TIG", false));
}

/// Such as a cluster that becomes another one between the claim and the end of a write.
#[tokio::test]
async fn a_point_that_is_requested_again_meanwhile_counts_once_for_its_run() {
    let store = fresh().await;
    let run = runs::run(&store, &["1", "2"], true, |_| ()).await;
    let lease = job(&store).await;
    let claimed = claim(&store, lease).await;
    store.request_points(FIRST, &[claimed[0].row.id]).await.unwrap();
    store.finish_outbox(lease, FIRST, &done(&claimed)).await.unwrap();
    store.queue().job_done(lease).await.unwrap();
    let again = embed(&store).await;
    assert_eq!((again.len(), again[0].run, again[0].indexed), (1, None, true));
    store.request_points(FIRST, &[again[0].row.id]).await.unwrap();
    assert!(!embed(&store).await[0].indexed);
    let embedded = store.runs(None, 9).await.unwrap().iter().find(|found| found.id == run).unwrap().embedded;
    assert_eq!(embedded, 2);
}

#[tokio::test]
async fn a_change_and_its_undoing_need_no_embedding() {
    let store = fresh().await;
    let row = opportunity("1", "Soudeur", None);
    store.load(&origin(noon()), std::slice::from_ref(&row)).await.unwrap();
    embed(&store).await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur TIG", None)]).await.unwrap();
    store.load(&origin(noon()), &[row]).await.unwrap();
    let claimed = claim(&store, job(&store).await).await;
    assert!(claimed[0].indexed, "the ledger knows this content");
}

#[tokio::test]
async fn what_is_requested_again_is_embedded_again_and_writes_count_on() {
    let store = fresh().await;
    let row = opportunity("1", "Soudeur", None);
    store.load(&origin(noon()), std::slice::from_ref(&row)).await.unwrap();
    embed(&store).await;
    store.request_points(FIRST, &[row.id]).await.unwrap();
    let claimed = embed(&store).await;
    assert_eq!((claimed.len(), claimed[0].indexed), (1, false));
    // The index holds a point of a write that the restored database has never counted to.
    store.raise_writes(1_000_000).await.unwrap();
    store.raise_writes(5).await.unwrap();
    store.request_points(FIRST, &[row.id]).await.unwrap();
    assert!(embed(&store).await[0].write > 1_000_000);
}

#[tokio::test]
async fn each_index_has_an_outbox_and_a_ledger_of_its_own() {
    let store = fresh().await;
    let row = opportunity("1", "Soudeur", None);
    store.load(&origin(noon()), std::slice::from_ref(&row)).await.unwrap();
    assert_eq!(store.register_target(&target("a")).await.unwrap(), FIRST, "the first takes what has waited");
    embed(&store).await;
    let other = store.register_target(&target("b")).await.unwrap();
    assert_ne!(other, FIRST);
    assert_eq!(store.register_target(&target("b")).await.unwrap(), other);
    assert_eq!(store.register_target(&target("a")).await.unwrap(), FIRST);
    // What was there before is found by a comparison; what changes from now on is requested of both.
    assert_eq!(store.settled_after(other, None, 9).await.unwrap(), [row.id]);
    store.load(&origin(noon()), &[opportunity("1", "Soudeur TIG", None)]).await.unwrap();
    let lease = job(&store).await;
    for (which, indexed) in [(FIRST, 1), (other, 0)] {
        let claimed = store.claim_outbox(lease, which, 9, &[]).await.unwrap();
        assert_eq!(claimed.len(), 1, "{which:?}");
        let states = store.targets().await.unwrap();
        assert_eq!(states.iter().find(|state| state.target == which).unwrap().indexed, indexed);
    }
    // A worker that knows one index claims no job of the other.
    let ended: Vec<OpportunityId> = store.settled_after(other, None, 9).await.unwrap();
    assert!(ended.is_empty());
    store.queue().job_done(lease).await.unwrap();
    sqlx::query("DELETE FROM queue.jobs").execute(store.pool()).await.unwrap();
    sqlx::query("SELECT ingest.request_embedding()").execute(store.pool()).await.unwrap();
    let kinds = ["embed_opportunities".to_owned()];
    let mine =
        store.queue().claim(WorkerId::new(), &kinds, Some(&[other.subject()]), 9, None, HOLD).await.unwrap();
    let lanes: Vec<&str> = mine.iter().map(|job| job.lane.as_str()).collect();
    assert_eq!(lanes, [other.lanes()[0].as_str()]);
}

#[tokio::test]
async fn a_model_that_never_answered_is_forgotten_once_another_is_there() {
    let store = fresh().await;
    let names = ["a", "unknown:c:typo", "unknown:c:mine", "unknown:other:typo"];
    for name in names {
        store.register_target(&target(name)).await.unwrap();
    }
    let left = async || -> Vec<String> {
        store.targets().await.unwrap().into_iter().filter_map(|state| state.name).collect()
    };
    assert!(store.forget_unknown("unknown:c:", "mine").await.unwrap().is_empty(), "a worker asks it still");
    sqlx::query("UPDATE ingest.targets SET seen_at = now() - interval '2 minutes'")
        .execute(store.pool())
        .await
        .unwrap();
    assert_eq!(store.forget_unknown("unknown:c:", "mine").await.unwrap(), ["unknown:c:typo"]);
    let mut left = left().await;
    left.sort();
    assert_eq!(left, ["a", "unknown:c:mine", "unknown:other:typo"]);
}

#[tokio::test]
async fn an_index_that_nobody_keeps_is_forgotten_with_its_ledger() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    store.register_target(&target("a")).await.unwrap();
    embed(&store).await;
    let other = store.register_target(&target("b")).await.unwrap();
    sqlx::query("UPDATE ingest.targets SET seen_at = now() - interval '15 days' WHERE id = 0")
        .execute(store.pool())
        .await
        .unwrap();
    assert_eq!(store.forget_targets(14).await.unwrap(), ["a"]);
    let left: Vec<TargetId> = store.targets().await.unwrap().iter().map(|state| state.target).collect();
    assert_eq!(left, [other]);
    assert_eq!(store.overview(0).await.unwrap().indexed, 0);
    let again = store.register_target(&target("a")).await.unwrap();
    assert_ne!(again, other);
    assert_eq!(store.settled_after(again, None, 9).await.unwrap().len(), 1, "it is filled anew");
}

#[tokio::test]
async fn an_outage_is_one_job_that_waits_whatever_else_asks() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    let lease = job(&store).await;
    claim(&store, lease).await;
    let pause = Duration::from_hours(1);
    assert_eq!(store.postpone_embedding(lease, FIRST, "answered 503", pause).await.unwrap(), 1);
    for _ in 0..40 {
        sqlx::query("SELECT ingest.request_embedding()").execute(store.pool()).await.unwrap();
    }
    let waiting: Vec<bool> = sqlx::query_scalar(
        "SELECT run_at > now() + interval '50 minutes' FROM queue.jobs WHERE kind = 'embed_opportunities'",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    assert_eq!(waiting, [true], "one job, and not before the pause ends");
    let state = store.targets().await.unwrap().remove(0);
    assert_eq!((state.failures, state.failure.as_deref()), (1, Some("answered 503")));
    assert!(store.postpone_embedding(lease, FIRST, "again", pause).await.unwrap_err().is_fenced());
    // Who was enqueued before asks nobody either.
    let early = job(&store).await;
    assert!(store.wait_for_probe(early, FIRST).await.unwrap());
    sqlx::query("UPDATE ingest.targets SET retry_at = now()").execute(store.pool()).await.unwrap();
    let claimed = embed(&store).await;
    assert_eq!(claimed.len(), 1);
    assert_eq!(store.targets().await.unwrap()[0].failures, 0, "what works again is not failing");
}

#[tokio::test]
async fn a_text_that_is_refused_is_listed_and_tried_again_when_it_changes() {
    let store = fresh().await;
    let row = opportunity("1", "Soudeur", None);
    store.load(&origin(noon()), std::slice::from_ref(&row)).await.unwrap();
    embed(&store).await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur TIG", None)]).await.unwrap();
    let lease = job(&store).await;
    let claimed = claim(&store, lease).await;
    let refused = (claimed[0].clone(), Became::SetAside("answered 400".to_owned(), json!({})));
    store.finish_outbox(lease, FIRST, &[refused]).await.unwrap();
    let aside = store.set_aside(FIRST, 9).await.unwrap();
    assert_eq!((aside[0].opportunity, aside[0].reason.as_str()), (row.id, "answered 400"));
    let state = store.targets().await.unwrap().remove(0);
    assert_eq!((state.indexed, state.outbox, state.set_aside), (1, 0, 1), "it has a point without a vector");
    assert_eq!(store.settled_after(FIRST, None, 9).await.unwrap(), [row.id]);
    let lease = job(&store).await;
    store.retry_now(FIRST).await.unwrap();
    assert!(!claim(&store, lease).await[0].indexed, "an operator's retry embeds it");
    store.load(&origin(noon()), &[opportunity("1", "Soudeur MIG", None)]).await.unwrap();
    embed(&store).await;
    assert!(store.set_aside(FIRST, 9).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_night_verifies_each_index_once_however_many_workers_watch() {
    let store = fresh().await;
    store.register_target(&target("a")).await.unwrap();
    let other = store.register_target(&target("b")).await.unwrap();
    let tick = store.last_tick("index:verify").await.unwrap() + chrono::TimeDelta::hours(1);
    let fired =
        futures::future::join_all((0..5).map(|_| store.fire_verification("index:verify", tick))).await;
    assert_eq!(fired.into_iter().filter(|fired| *fired.as_ref().unwrap()).count(), 1);
    let lanes: Vec<String> =
        sqlx::query_scalar("SELECT lane FROM queue.jobs WHERE kind = 'verify_index' ORDER BY lane")
            .fetch_all(store.pool())
            .await
            .unwrap();
    assert_eq!(lanes, [FIRST.lanes()[1].clone(), other.lanes()[1].clone()]);
    let id = store.request_verification(other, false).await.unwrap();
    assert!(!store.verification_repairs(id).await.unwrap());
    assert!(matches!(store.verified(id).await.unwrap(), Verified::Waiting));
    store.end_verification(id, Ok(&json!({"points": 3}))).await.unwrap();
    let Verified::Report(report) = store.verified(id).await.unwrap() else { panic!("it has ended") };
    let state = store.targets().await.unwrap().into_iter().find(|state| state.target == other).unwrap();
    assert_eq!((&report["points"], state.report), (&json!(3), Some(report.clone())));
    store.end_verification(id, Err("down")).await.unwrap();
    assert!(matches!(store.verified(id).await.unwrap(), Verified::Failed(why) if why == "down"));
}

#[tokio::test]
async fn an_index_is_served_when_it_is_filled_unless_an_operator_chose_another() {
    let store = fresh().await;
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    let unknown = Target { name: "unknown:c:m".to_owned(), ..target("a") };
    assert_eq!(store.register_target(&unknown).await.unwrap(), FIRST);
    assert_eq!(store.register_target(&target("a")).await.unwrap(), FIRST, "once it has answered, it is that");
    assert!(store.follow(FIRST, GIVEN).await.unwrap(), "the first one, whatever is in it");
    embed(&store).await;
    let other = store.register_target(&target("b")).await.unwrap();
    assert!(!store.follow(other, GIVEN).await.unwrap(), "it is empty");
    let served = async || store.served("c").await.unwrap().unwrap();
    assert_eq!((served().await.target, served().await.is_pinned), (FIRST, false));
    sqlx::query("INSERT INTO ingest.embeddings (target, opportunity, model, fingerprint, version, seal) SELECT $1, opportunity, model, fingerprint, version, seal FROM ingest.embeddings")
        .bind(other.0)
        .execute(store.pool())
        .await
        .unwrap();
    store.serve(FIRST, true, true).await.unwrap();
    assert!(!store.follow(other, GIVEN).await.unwrap(), "an operator chose the first one");
    store.unpin(FIRST).await.unwrap();
    assert!(store.follow(other, GIVEN).await.unwrap() && !store.follow(other, GIVEN).await.unwrap());
    // A worker that was given the first model before that, and continues, follows when the other one may have ended.
    let earlier = Duration::from_hours(1);
    assert!(!store.follow(FIRST, earlier).await.unwrap(), "two workers take turns");
    sqlx::query("UPDATE ingest.served SET since = now() - interval '61 s'")
        .execute(store.pool())
        .await
        .unwrap();
    assert!(store.follow(FIRST, earlier).await.unwrap() && store.follow(other, GIVEN).await.unwrap());
    assert!(!store.drop_target(other).await.unwrap(), "it is served");
    assert!(store.drop_target(FIRST).await.unwrap());
    assert_eq!(store.targets().await.unwrap().len(), 1);
}

#[tokio::test]
async fn vectors_are_kept_by_model_and_text_and_go_when_nobody_uses_them() {
    let store = fresh().await;
    let (one, other) = ([1_u8; 16], [2_u8; 16]);
    store.cache_vectors("m", &[(one, &[0.6, 0.8]), (one, &[0.6, 0.8]), (other, &[1.0, 0.0])]).await.unwrap();
    let found = store.cached_vectors("m", &[one, [3; 16]]).await.unwrap();
    assert!((found[&one][1] - 0.8).abs() < 1e-4 && found.len() == 1, "{found:?}");
    assert!(store.cached_vectors("another", &[one]).await.unwrap().is_empty());
    // An index holds the second text.
    store.load(&origin(noon()), &[opportunity("1", "Soudeur", None)]).await.unwrap();
    embed(&store).await;
    for sql in [
        "UPDATE ingest.vector_cache SET used_at = now() - interval '91 days'",
        "UPDATE ingest.embeddings SET seal = '{\"text\": \"02020202020202020202020202020202\"}'",
    ] {
        sqlx::query(sql).execute(store.pool()).await.unwrap();
    }
    assert_eq!(store.prune_vectors().await.unwrap(), 1);
    assert_eq!(store.cached_vectors("m", &[one, other]).await.unwrap().len(), 1);
}
