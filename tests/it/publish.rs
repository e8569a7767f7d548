//! Write, audit, publish: nothing is served before the audit, and what was published can be undone.

use std::time::Duration;

use domain::{Fingerprint, RunId, SourceSlug};
use serde_json::{Value, json};
use store::{Mode, Reading, RunRequest, RunState, Store};

use crate::support::{
    opportunities::{fresh, opportunity},
    runs::{
        begin, commit_next, employers, end_crawl, enter_list_page, next, one_employer, open, read, request,
        run, slices, with_a_history,
    },
};

/// Returns all served columns of all rows, and the requests to the index.
async fn served(store: &Store) -> Value {
    let sql = "SELECT jsonb_build_array(
                 (SELECT jsonb_agg(to_jsonb(o) - ARRAY['updated_at', 'changed_run', 'missed_by'] ORDER BY o.external_id)
                    FROM ingest.opportunities o),
                 (SELECT jsonb_agg(b.opportunity ORDER BY b.opportunity) FROM ingest.outbox b))";
    sqlx::query_scalar(sql).fetch_one(store.pool()).await.unwrap()
}

async fn staged(store: &Store) -> i64 {
    sqlx::query_scalar("SELECT count(*) FROM ingest.staged").fetch_one(store.pool()).await.unwrap()
}

#[tokio::test]
async fn what_is_read_is_served_by_the_end_of_the_run_alone() {
    let store = fresh().await;
    let (id, close) = read(&store, &["1", "2"], true, |_| ()).await;
    assert_eq!((open(&store).await.len(), staged(&store).await), (0, 2), "served before it was judged");
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Complete);
    assert_eq!((open(&store).await.len(), staged(&store).await), (2, 0));
    let row = store.run(id).await.unwrap();
    assert_eq!((row.created, row.unchanged, row.published_at.is_some()), (2, 0, true));
}

#[tokio::test]
async fn a_held_run_changes_nothing_and_tells_what_publishing_would_do() {
    let (store, ids) = with_a_history().await;
    let before = served(&store).await;
    let id = run(&store, &slices(&ids)[..19], true, one_employer).await;
    let row = store.run(id).await.unwrap();
    assert_eq!((row.state, row.changed, row.closed), (RunState::Held, 19, 0));
    assert!(row.doubts.iter().any(|doubt| doubt.contains("organization")), "{:?}", row.doubts);
    assert_eq!(served(&store).await, before);
    let preview = store.preview_run(id).await.unwrap();
    assert_eq!((preview.tally.changed, preview.fields["organization"], preview.missing.len()), (19, 19, 1));
    let change = preview.changed.iter().find(|change| change.external_id == "7").unwrap();
    assert_eq!(change.fields["organization"], json!({"from": "Atelier 7", "to": "Portail"}));
    // Publishing does what the preview announced.
    assert_eq!(store.publish_run(id, "ada").await.unwrap(), (0, 19, 1));
    let portals = "SELECT count(*) FROM api.opportunities WHERE organization = 'Portail' AND status = 'open'";
    let portals: i64 = sqlx::query_scalar(portals).fetch_one(store.pool()).await.unwrap();
    assert_eq!((portals, open(&store).await.len(), staged(&store).await), (19, 19, 0));
}

#[tokio::test]
async fn a_discarded_run_leaves_nothing_and_the_next_is_judged_afresh() {
    let (store, ids) = with_a_history().await;
    let before = served(&store).await;
    let id = run(&store, &slices(&ids), true, one_employer).await;
    store.discard_run(id, "ada").await.unwrap();
    assert_eq!((served(&store).await, staged(&store).await), (before, 0));
    let next = run(&store, &slices(&ids), true, employers).await;
    let row = store.run(next).await.unwrap();
    assert_eq!((row.state, row.unchanged), (RunState::Complete, 20));
}

#[tokio::test]
async fn a_revert_gives_back_what_a_run_changed_closed_opened_and_created() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    run(&store, &["1", "2"], true, |_| ()).await;
    sqlx::query("DELETE FROM ingest.outbox").execute(store.pool()).await.unwrap();
    let before = served(&store).await;
    // It changes 1, closes 2, opens 3 again and creates 4.
    let bad = run(&store, &["1", "3", "4"], true, |reading| {
        reading.opportunities[0] = opportunity("1", "Voir l'offre", Some("2099-01-31"));
        reading.opportunities[0].description_html = Some("<p>Autre chose.</p>".to_owned());
        reading.opportunities[0].fingerprint = Fingerprint::of(&reading.opportunities[0]);
    })
    .await;
    assert_eq!(open(&store).await, ["1", "3", "4"]);
    let reverted = store.revert_run(bad, "ada").await.unwrap();
    assert_eq!((reverted.restored, reverted.closed, reverted.left.len()), (3, 1, 0));
    let rows = served(&store).await;
    let first_three: Vec<_> = rows[0].as_array().unwrap().iter().take(3).cloned().collect();
    assert_eq!(Value::from(first_three), before[0]);
    assert_eq!((&rows[0][3]["status"], &rows[0][3]["closed_why"]), (&json!("closed"), &json!("reverted")));
    assert_eq!(rows[1].as_array().unwrap().len(), 4, "each of them needs its point updated");
    let (of, by) = (store.run(bad).await.unwrap(), store.run(reverted.run).await.unwrap());
    assert!(of.message.unwrap().starts_with("reverted by ada"), "the run says so");
    assert_eq!((by.revert_of, by.state), (Some(bad), RunState::Complete));
    assert!(store.revert_run(bad, "ada").await.unwrap_err().to_string().contains("reverted already"));
}

#[tokio::test]
async fn a_revert_leaves_what_a_later_run_changed() {
    let store = fresh().await;
    run(&store, &["1", "2"], true, |_| ()).await;
    let retitled = |title: &'static str| {
        move |reading: &mut Reading| reading.opportunities[0] = opportunity("1", title, None)
    };
    let bad = run(&store, &["1", "2"], true, retitled("Voir l'offre")).await;
    run(&store, &["1", "2"], true, retitled("Soudeur TIG")).await;
    let reverted = store.revert_run(bad, "ada").await.unwrap();
    assert_eq!((reverted.restored, reverted.left.len()), (0, 1));
    assert_eq!(
        (reverted.left[0].external_id.as_str(), reverted.left[0].title.as_str()),
        ("1", "Soudeur TIG")
    );
}

#[tokio::test]
async fn a_revert_has_the_next_incremental_run_ask_again() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    run(&store, &["1"], true, |_| ()).await;
    let before = store.complete_to(&source, "offres").await.unwrap();
    let bad =
        run(&store, &["1"], true, |reading| reading.opportunities[0] = opportunity("1", "Bad", None)).await;
    assert!(store.complete_to(&source, "offres").await.unwrap() > before);
    store.revert_run(bad, "ada").await.unwrap();
    assert_eq!(store.complete_to(&source, "offres").await.unwrap(), before);
}

#[tokio::test]
async fn a_crash_of_the_database_costs_a_second_parsing_and_no_row() {
    let store = fresh().await;
    let (id, close) = read(&store, &["1", "2"], true, |_| ()).await;
    // What PostgreSQL does to an unlogged table when it starts after a crash.
    sqlx::query("TRUNCATE ingest.staged").execute(store.pool()).await.unwrap();
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Running);
    assert_eq!(open(&store).await.len(), 0);
    commit_next(&store, &["1", "2"], |_| ()).await;
    let close = next(&store, "finish_run").await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Complete);
    let row = store.run(id).await.unwrap();
    assert_eq!((open(&store).await.len(), row.seen, row.created), (2, 2, 2));
}

#[tokio::test]
async fn a_row_that_cannot_be_stored_holds_its_run_and_not_the_next_one() {
    let store = fresh().await;
    let (id, close) = read(&store, &["1", "2"], true, |_| ()).await;
    sqlx::query("UPDATE ingest.staged SET title = '' WHERE external_id = '2'")
        .execute(store.pool())
        .await
        .unwrap();
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Held);
    assert_eq!(open(&store).await.len(), 0, "nothing of it is served");
    let row = store.run(id).await.unwrap();
    let message = row.message.unwrap();
    let wrong: uuid::Uuid = sqlx::query_scalar("SELECT id FROM ingest.staged WHERE title = ''")
        .fetch_one(store.pool())
        .await
        .unwrap();
    let why =
        format!("opportunity {wrong} cannot be stored: it breaks the constraint opportunities_title_check");
    assert!(message.contains(&why) && message.contains("; nothing of it is served"), "{message}");
    assert!(store.publish_run(id, "ada").await.is_err());
    let next = run(&store, &["1", "2"], true, |_| ()).await;
    assert_eq!((store.run(next).await.unwrap().state, open(&store).await.len()), (RunState::Complete, 2));
}

#[tokio::test]
async fn a_large_run_is_published_in_batches_and_counts_each_row_once() {
    let store = fresh().await;
    let ids: Vec<String> = (0..9_000).map(|id| id.to_string()).collect();
    let (id, close) = read(&store, &slices(&ids), true, |_| ()).await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Complete);
    let transactions: i64 = sqlx::query_scalar("SELECT count(DISTINCT xmin::text) FROM ingest.opportunities")
        .fetch_one(store.pool())
        .await
        .unwrap();
    let row = store.run(id).await.unwrap();
    assert_eq!((open(&store).await.len(), row.seen, row.created, row.changed), (9_000, 9_000, 9_000, 0));
    assert_eq!(transactions, 3, "one transaction a batch");
    let waiting: (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM ingest.outbox), (SELECT count(*) FROM ingest.staged),
                (SELECT count(DISTINCT id) FROM ingest.to_match, unnest(opportunities) id)",
    )
    .fetch_one(store.pool())
    .await
    .unwrap();
    assert_eq!(waiting, (9_000, 0, 9_000));
}

#[tokio::test]
async fn a_held_run_whose_staged_rows_are_lost_says_how_to_get_them_back() {
    let (store, ids) = with_a_history().await;
    let id = run(&store, &slices(&ids), true, one_employer).await;
    sqlx::query("TRUNCATE ingest.staged").execute(store.pool()).await.unwrap();
    let refused = store.publish_run(id, "ada").await.unwrap_err().to_string();
    assert!(refused.contains(&format!("oim-etl replay fne --run {id}")), "{refused}");
}

/// A run under way whose first page is parsed and published by a checkpoint, and whose crawl ends then.
async fn half_read(store: &Store, spoil: impl FnOnce(&mut Reading), shows: &[&str]) -> RunId {
    let (id, crawl) = begin(store).await;
    enter_list_page(store, crawl, id, 0).await;
    commit_next(store, shows, spoil).await;
    store.request_checkpoints(Duration::ZERO).await.unwrap();
    let checkpoint = next(store, "publish_new").await;
    store.publish_new(checkpoint.lease, id).await.unwrap();
    end_crawl(store, crawl, id, true).await;
    id
}

#[tokio::test]
async fn a_long_run_serves_what_is_new_at_its_checkpoints_and_the_rest_at_its_end() {
    let (store, ids) = with_a_history().await;
    let mut shows = slices(&ids);
    shows.push("new");
    let edited = |reading: &mut Reading| {
        employers(reading);
        reading.opportunities[0].title = "Soudeur TIG".to_owned();
        reading.opportunities[0].fingerprint = Fingerprint::of(&reading.opportunities[0]);
    };
    let id = half_read(&store, edited, &shows).await;
    assert_eq!(
        (open(&store).await.len(), staged(&store).await),
        (21, 1),
        "the change waits, the new one does not"
    );
    let close = next(&store, "finish_run").await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Complete);
    let row = store.run(id).await.unwrap();
    assert_eq!((row.seen, row.created, row.changed, row.unchanged), (21, 1, 1, 19));
}

#[tokio::test]
async fn a_checkpoint_publishes_nothing_of_a_doubted_run_and_a_discard_takes_the_rest_back() {
    let (store, ids) = with_a_history().await;
    let before = served(&store).await;
    let mut shows = slices(&ids);
    shows.push("new");
    let id = half_read(&store, one_employer, &shows).await;
    assert_eq!(served(&store).await, before);
    let close = next(&store, "finish_run").await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Held);
    assert_eq!(served(&store).await, before);
}

#[tokio::test]
async fn who_asks_for_more_than_the_active_run_does_waits_for_it() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    let asks = |mode| request(&source, mode);
    let first = store.request_run(&asks(Mode::Incremental)).await.unwrap();
    assert!(!store.request_run(&asks(Mode::Incremental)).await.unwrap().is_new, "the active one does it");
    let full = store.request_run(&asks(Mode::Full)).await.unwrap();
    assert!(full.is_new);
    assert_eq!(store.request_run(&asks(Mode::Full)).await.unwrap().run, full.run, "one waits, not two");
    let limited = RunRequest { limit: Some(5), ..asks(Mode::Incremental) };
    assert!(!store.request_run(&limited).await.unwrap().is_new, "the active one does more than that");
    let replay = store.request_run(&asks(Mode::Replay)).await.unwrap();
    let states = async || -> Vec<RunState> {
        let mut states = Vec::new();
        for id in [first.run, full.run, replay.run] {
            states.push(store.run(id).await.unwrap().state);
        }
        states
    };
    assert_eq!(states().await, [RunState::Queued, RunState::Waiting, RunState::Waiting]);
    for expected in [
        [RunState::Complete, RunState::Queued, RunState::Waiting],
        [RunState::Complete, RunState::Complete, RunState::Queued],
    ] {
        let walk = next(&store, "fetch_source").await;
        let id: RunId = walk.payload["run"].as_str().unwrap().parse().unwrap();
        store.begin_run(id, &"0".repeat(64)).await.unwrap();
        store.end_walk(walk.lease, id, &[], &[]).await.unwrap();
        let close = next(&store, "finish_run").await;
        store.finish_run(close.lease, id).await.unwrap();
        assert_eq!(states().await, expected);
    }
}

#[tokio::test]
async fn a_run_that_is_given_up_or_ended_by_hand_lets_the_next_one_start() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    for is_by_hand in [false, true] {
        let active = store.request_run(&request(&source, Mode::Incremental)).await.unwrap().run;
        let waiting = store.request_run(&request(&source, Mode::Full)).await.unwrap().run;
        assert_eq!(store.run(waiting).await.unwrap().state, RunState::Waiting);
        let walk = next(&store, "fetch_source").await;
        if is_by_hand {
            store.queue().job_done(walk.lease).await.unwrap();
            sqlx::query("UPDATE ingest.runs SET state = 'failed', finished_at = now() WHERE id = $1")
                .bind(active.uuid())
                .execute(store.pool())
                .await
                .unwrap();
            store.reap().await.unwrap();
        } else {
            store.discard_job(walk.lease, "the partner is gone").await.unwrap();
        }
        assert_eq!(store.run(active).await.unwrap().state, RunState::Failed);
        assert_eq!(store.run(waiting).await.unwrap().state, RunState::Queued);
        let walk = next(&store, "fetch_source").await;
        assert_eq!(walk.payload["run"], json!(waiting));
        store.discard_job(walk.lease, "the partner is gone").await.unwrap();
    }
}

#[tokio::test]
async fn a_list_that_may_shift_closes_what_two_walks_miss() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    let shifting = async |shows: &[&str]| {
        let (id, close) = read(&store, shows, true, |_| ()).await;
        sqlx::query("UPDATE ingest.walks SET is_snapshot = false").execute(store.pool()).await.unwrap();
        store.finish_run(close.lease, id).await.unwrap();
        store.run(id).await.unwrap().closed
    };
    assert_eq!(
        (shifting(&["1", "2"]).await, open(&store).await.len()),
        (0, 3),
        "it may have slipped through"
    );
    assert_eq!(shifting(&["1", "2", "3"]).await, 0);
    assert_eq!((shifting(&["1", "2"]).await, open(&store).await.len()), (0, 3), "it was there in between");
    assert_eq!((shifting(&["1", "2"]).await, open(&store).await), (1, vec!["1".to_owned(), "2".to_owned()]));
}

#[tokio::test]
async fn what_a_reverted_walk_missed_is_not_half_proven() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    let shifting = async |shows: &[&str]| {
        let (id, close) = read(&store, shows, true, |_| ()).await;
        sqlx::query("UPDATE ingest.walks SET is_snapshot = false").execute(store.pool()).await.unwrap();
        store.finish_run(close.lease, id).await.unwrap();
        id
    };
    let bad = shifting(&["1", "2"]).await;
    store.revert_run(bad, "ada").await.unwrap();
    shifting(&["1", "2"]).await;
    assert_eq!(open(&store).await, ["1", "2", "3"], "one walk that is believed has missed it");
    shifting(&["1", "2"]).await;
    assert_eq!(open(&store).await, ["1", "2"]);
}

#[tokio::test]
async fn two_bad_runs_are_reverted_one_after_the_other() {
    let store = fresh().await;
    run(&store, &["1", "2"], true, |_| ()).await;
    let before = served(&store).await[0].clone();
    let retitled = |title: &'static str| {
        move |reading: &mut Reading| reading.opportunities[0] = opportunity("1", title, None)
    };
    let first = run(&store, &["1", "2", "3"], true, retitled("Voir l'offre")).await;
    let second = run(&store, &["1", "2", "3"], true, retitled("Cliquez ici")).await;
    assert_eq!(store.revert_run(second, "ada").await.unwrap().restored, 1);
    let reverted = store.revert_run(first, "ada").await.unwrap();
    assert_eq!((reverted.restored, reverted.closed, reverted.left.len()), (1, 1, 0));
    let rows = served(&store).await;
    assert_eq!((&rows[0][0], &rows[0][1]), (&before[0], &before[1]));
    assert_eq!(open(&store).await, ["1", "2"]);
}

#[tokio::test]
async fn an_old_held_part_does_not_replace_what_a_newer_run_confirmed() {
    let (store, ids) = with_a_history().await;
    let shows = slices(&ids);
    let held = run(&store, &shows, false, one_employer).await;
    assert_eq!(store.run(held).await.unwrap().state, RunState::Held);
    run(&store, &shows, true, employers).await;
    let before = served(&store).await;
    assert_eq!(store.publish_run(held, "ada").await.unwrap(), (0, 0, 0));
    assert_eq!(served(&store).await, before);
}

#[tokio::test]
async fn nothing_is_decided_while_a_run_of_the_source_is_under_way() {
    let (store, ids) = with_a_history().await;
    let held = run(&store, &slices(&ids), true, one_employer).await;
    let source: SourceSlug = "fne".parse().unwrap();
    let active = store.request_run(&request(&source, Mode::Full)).await.unwrap().run;
    let refused = store.publish_run(held, "ada").await.unwrap_err().to_string();
    assert!(refused.contains(&format!("run {active} of fne is under way")), "{refused}");
}
