//! Absence is not deletion: what it takes to close.

use std::time::Instant;

use domain::{Reason, RunId, SourceSlug};
use queue::{Job, WorkerId};
use serde_json::json;
use store::{Archived, Mode, NewListPage, Reading, RunRequest, RunState, Store, StreamWalk, Trigger};

use crate::{
    group::commit,
    support::{Held, wait_until},
    upsert::{fresh, noon, opportunity},
};

pub(crate) fn request(source: &SourceSlug, mode: Mode) -> RunRequest {
    RunRequest {
        source: source.clone(),
        mode,
        trigger: Trigger::Cli,
        since: None,
        limit: None,
        idempotency_key: None,
        requested_by: "test".to_owned(),
        replay_of: None,
        only_stale: false,
        file: None,
    }
}

pub(crate) async fn next(store: &Store, kind: &str) -> Job {
    let jobs = store
        .queue()
        .claim(WorkerId::new(), &[kind.to_owned()], 1, std::time::Duration::from_secs(30))
        .await
        .unwrap();
    jobs.into_iter().next().unwrap_or_else(|| panic!("no {kind} waits"))
}

pub(crate) fn archived() -> Archived {
    Archived {
        status: 200,
        headers: Vec::new(),
        archive_key: "k".to_owned(),
        sha256: [0; 32],
        bytes: 2,
        fetched_at: noon(),
        requests: 1,
        etag: None,
        last_modified: None,
    }
}

/// A run of one page that shows the given ids, through the store's own steps.
pub(crate) async fn run(
    store: &Store,
    shows: &[&str],
    covers_all: bool,
    spoil: impl FnOnce(&mut Reading),
) -> RunId {
    let (run, close) = read(store, shows, covers_all, spoil).await;
    store.finish_run(close.lease, run).await.unwrap();
    run
}

/// The same up to its closing.
pub(crate) async fn read(
    store: &Store,
    shows: &[&str],
    covers_all: bool,
    spoil: impl FnOnce(&mut Reading),
) -> (RunId, Job) {
    let source: SourceSlug = "fne".parse().unwrap();
    let run = store.request_run(&request(&source, Mode::Full)).await.unwrap().run;
    let walk = next(store, "fetch_source").await;
    store.begin_run(run, &"0".repeat(64)).await.unwrap();
    let kept = archived();
    let page = NewListPage {
        run,
        source: &source,
        stream: "offres",
        ordinal: 0,
        url: "https://api.fnecm.org/",
        request: json!({}),
        take: None,
        is_file: false,
        shown: &[],
        promised: None,
        read_by: "test",
        archived: &kept,
    };
    store.list_page_archived(walk.lease, &page).await.unwrap();
    store.end_walk(walk.lease, run, &[StreamWalk::of_file("offres", covers_all)], &[]).await.unwrap();
    let parse = next(store, "parse_page").await;
    let row = store.page(parse.payload["page"].as_i64().unwrap()).await.unwrap();
    let mut reading = Reading {
        opportunities: shows.iter().map(|id| opportunity(id, "Soudeur", None)).collect(),
        ..Reading::default()
    };
    spoil(&mut reading);
    commit(store, parse.lease, row, reading).await;
    (run, next(store, "finish_run").await)
}

pub(crate) async fn open(store: &Store) -> Vec<String> {
    sqlx::query_scalar("SELECT external_id FROM ingest.opportunities WHERE status = 'open' ORDER BY 1")
        .fetch_all(store.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_complete_run_closes_what_it_no_longer_shows_and_requests_the_withdrawal() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    for table in ["ingest.outbox", "queue.jobs"] {
        sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(store.pool()).await.unwrap();
    }
    let id = run(&store, &["1", "2"], true, |_| ()).await;
    let row = store.run(id).await.unwrap();
    assert_eq!((row.state, row.closed, row.unchanged), (RunState::Complete, 1, 2));
    assert_eq!(open(&store).await, ["1", "2"]);
    let asked: Vec<String> = sqlx::query_scalar(
        "SELECT o.external_id FROM ingest.outbox b JOIN ingest.opportunities o ON o.id = b.opportunity",
    )
    .fetch_all(store.pool())
    .await
    .unwrap();
    assert_eq!(asked, ["3"]);
    // And another row may have to stand for what it was one with.
    let called: Vec<String> = sqlx::query_scalar("SELECT kind FROM queue.jobs ORDER BY kind")
        .fetch_all(store.pool())
        .await
        .unwrap();
    assert_eq!(called, ["embed_opportunities", "match_duplicates"]);
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    assert_eq!(open(&store).await, ["1", "2", "3"], "what is shown again opens again");
}

#[tokio::test]
async fn the_partners_word_closes_and_opens_again() {
    let store = fresh().await;
    let state = async || -> Vec<(String, Option<String>)> {
        sqlx::query_as("SELECT status, closed_why FROM api.opportunities ORDER BY external_id")
            .fetch_all(store.pool())
            .await
            .unwrap()
    };
    let closed = |reading: &mut Reading| reading.opportunities[0].is_closed = true;
    run(&store, &["1", "2"], true, |_| ()).await;
    run(&store, &["1", "2"], true, closed).await;
    let open = ("open".to_owned(), None);
    assert_eq!(state().await, [("closed".to_owned(), Some("partner".to_owned())), open.clone()]);
    run(&store, &["1", "2"], true, |_| ()).await;
    assert_eq!(state().await, [open.clone(), open]);
    let told: Vec<String> = sqlx::query_scalar("SELECT what FROM ingest.changes ORDER BY id")
        .fetch_all(store.pool())
        .await
        .unwrap();
    assert_eq!(told, ["closed", "reopened"]);
}

#[tokio::test]
async fn the_address_a_portal_prints_beside_every_post_is_nobodys() {
    let store = fresh().await;
    let ids: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let shows: Vec<&str> = ids.iter().map(String::as_str).collect();
    let with_mails = |reading: &mut Reading| {
        employers(reading);
        for (at, row) in reading.opportunities.iter_mut().enumerate() {
            row.contacts.emails = vec!["portail@exemple.cm".to_owned()];
            if at % 2 == 0 {
                row.contacts.emails.push(format!("atelier{at}@exemple.cm"));
            }
            row.fingerprint = domain::Fingerprint::of(row);
        }
    };
    run(&store, &shows, true, with_mails).await;
    let mails = async || -> Vec<String> {
        sqlx::query_scalar("SELECT unnest(emails) FROM api.contacts").fetch_all(store.pool()).await.unwrap()
    };
    let kept = mails().await;
    assert_eq!((kept.len(), kept.contains(&"portail@exemple.cm".to_owned())), (10, false), "{kept:?}");
    // Who offers itself is reached by the one address beside all of it.
    sqlx::query("UPDATE ingest.sources SET offers_itself = true").execute(store.pool()).await.unwrap();
    run(&store, &shows, true, with_mails).await;
    assert_eq!(mails().await.len(), 30);
}

#[tokio::test]
async fn an_incremental_run_closes_nothing() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    let id = run(&store, &["1"], false, |_| ()).await;
    assert_eq!(store.run(id).await.unwrap().state, RunState::Complete);
    assert_eq!(open(&store).await.len(), 3);
}

#[tokio::test]
async fn a_refused_record_is_not_an_absent_one() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    let reason = Reason::UnknownPlace("Wallonie".to_owned());
    let refused = normalize::reject(reason, Some("3".to_owned()), json!({}));
    run(&store, &["1", "2"], true, |reading| reading.rejections.push(refused)).await;
    assert_eq!(open(&store).await.len(), 3);
}

#[tokio::test]
async fn an_alarm_makes_the_run_partial_and_closes_nothing() {
    let store = fresh().await;
    run(&store, &["1", "2", "3"], true, |_| ()).await;
    let id = run(&store, &[], true, |reading| reading.alarm = Some("a challenge page".to_owned())).await;
    let row = store.run(id).await.unwrap();
    assert_eq!(row.state, RunState::Partial);
    assert!(row.message.unwrap().contains("a challenge page"));
    assert_eq!(open(&store).await.len(), 3);
}

#[tokio::test]
async fn an_implausible_run_is_held_and_closes_nothing() {
    let store = fresh().await;
    let ids: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    run(&store, &all, true, |_| ()).await;
    for shows in [&all[..0], &all[..9]] {
        let id = run(&store, shows, true, |_| ()).await;
        assert_eq!(store.run(id).await.unwrap().state, RunState::Held);
        assert_eq!(open(&store).await.len(), 20);
    }
    run(&store, &all[..12], true, |_| ()).await;
    assert_eq!(open(&store).await.len(), 12);
}

/// Three ordinary runs of twenty posts by different employers.
pub(crate) async fn with_a_history() -> (Held, Vec<String>) {
    let store = fresh().await;
    let ids: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    let shows: Vec<&str> = ids.iter().map(String::as_str).collect();
    for _ in 0..3 {
        run(&store, &shows, true, employers).await;
    }
    (store, ids)
}

type Spoil<'a> = &'a dyn Fn(&mut Reading);

pub(crate) fn employers(reading: &mut Reading) {
    for (at, row) in reading.opportunities.iter_mut().enumerate() {
        row.organization = Some(format!("Atelier {at}"));
        row.closes_on = Some("2099-01-31".parse().unwrap());
        row.fingerprint = domain::Fingerprint::of(row);
    }
}

#[tokio::test]
async fn a_source_is_held_to_its_own_history() {
    let (store, ids) = with_a_history().await;
    let shows: Vec<&str> = ids.iter().map(String::as_str).collect();
    let one_employer = |reading: &mut Reading| {
        employers(reading);
        for row in &mut reading.opportunities {
            row.organization = Some("Portail".to_owned());
            row.fingerprint = domain::Fingerprint::of(row);
        }
    };
    let no_dates = |reading: &mut Reading| {
        employers(reading);
        for row in &mut reading.opportunities {
            row.closes_on = None;
            row.fingerprint = domain::Fingerprint::of(row);
        }
    };
    // Nineteen of twenty stand there, so that the volume alone is plausible and one could close.
    let no_terms = |reading: &mut Reading| {
        employers(reading);
        for row in &mut reading.opportunities {
            (row.interest, row.interest_text) = (None, None);
            row.fingerprint = domain::Fingerprint::of(row);
        }
    };
    let cases: [(Spoil<'_>, &str); 3] = [
        (&no_terms, "interest_max: 0 %, where 100 % are usual"),
        (&one_employer, "different organization: 5 %, where 100 % are usual"),
        (&no_dates, "closes_on: 0 %, where 100 % are usual"),
    ];
    for (spoil, sign) in cases {
        let id = run(&store, &shows[..19], true, spoil).await;
        let row = store.run(id).await.unwrap();
        assert_eq!(row.state, RunState::Held);
        assert!(row.message.as_deref().unwrap().contains(sign), "{:?}", row.message);
        assert_eq!(open(&store).await.len(), 20);
    }
    let id = run(&store, &shows[..19], true, employers).await;
    assert_eq!((store.run(id).await.unwrap().state, open(&store).await.len()), (RunState::Complete, 19));
}

#[tokio::test]
async fn records_without_an_identity_may_be_those_that_are_missing() {
    let (store, ids) = with_a_history().await;
    let shows: Vec<&str> = ids.iter().map(String::as_str).collect();
    let id = run(&store, &shows[..17], true, |reading| {
        employers(reading);
        let nobody = normalize::reject(Reason::NoIdentity, None, json!({}));
        reading.rejections = vec![nobody.clone(), nobody.clone(), nobody];
    })
    .await;
    let row = store.run(id).await.unwrap();
    assert_eq!(row.state, RunState::Held);
    assert!(row.message.unwrap().contains("3 records have no identity"));
    assert_eq!(open(&store).await.len(), 20);
}

#[tokio::test]
async fn an_operator_publishes_or_discards_a_held_run_once() {
    let (store, ids) = with_a_history().await;
    let shows: Vec<&str> = ids.iter().map(String::as_str).collect();
    let first = run(&store, &shows[..5], true, employers).await;
    let second = run(&store, &shows[..6], true, employers).await;
    store.discard_run(first, "ada").await.unwrap();
    assert!(store.publish_run(first, "ada").await.unwrap_err().to_string().contains("was discarded already"));
    assert_eq!(open(&store).await.len(), 20);
    assert_eq!(store.publish_run(second, "ada").await.unwrap(), (0, 0, 14));
    let row = store.run(second).await.unwrap();
    assert_eq!((row.state, row.closed, open(&store).await.len()), (RunState::Complete, 14, 6));
    assert!(
        row.message.unwrap().starts_with("published by ada; it was doubted: stream offres: 6 usable records")
    );
    // What is older than a complete run knows less than that one.
    let third = run(&store, &[], true, |_| ()).await;
    run(&store, &shows[..6], true, employers).await;
    assert!(store.publish_run(third, "ada").await.unwrap_err().to_string().contains("a newer run"));
    assert!(store.publish_run(second, "ada").await.unwrap_err().to_string().contains("published already"));
}

#[tokio::test]
async fn only_a_complete_run_moves_the_cursor() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    run(&store, &["1"], true, |reading| reading.alarm = Some("unreadable".to_owned())).await;
    assert_eq!(store.complete_to(&source, "offres").await.unwrap(), None);
    let id = run(&store, &["1"], true, |_| ()).await;
    assert_eq!(store.complete_to(&source, "offres").await.unwrap(), store.run(id).await.unwrap().started_at);
}

#[tokio::test]
async fn a_page_given_up_fails_its_run_and_nothing_waits_for_ever() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    let id = store.request_run(&request(&source, Mode::Full)).await.unwrap().run;
    let walk = next(&store, "fetch_source").await;
    store.begin_run(id, &"0".repeat(64)).await.unwrap();
    let kept = archived();
    let page = NewListPage {
        run: id,
        source: &source,
        stream: "offres",
        ordinal: 0,
        url: "https://x/",
        request: json!({}),
        take: None,
        is_file: false,
        shown: &[],
        promised: None,
        read_by: "test",
        archived: &kept,
    };
    store.list_page_archived(walk.lease, &page).await.unwrap();
    store.end_walk(walk.lease, id, &[StreamWalk::of_file("offres", true)], &[]).await.unwrap();
    let parse = next(&store, "parse_page").await;
    store.discard_job(parse.lease, "the archive lost it").await.unwrap();
    let close = next(&store, "finish_run").await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Partial);
    assert_eq!(store.run(id).await.unwrap().message.as_deref(), Some("https://x/: the archive lost it"));
}

#[tokio::test]
async fn who_dies_after_the_last_page_leaves_the_end_of_the_run_to_the_others() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    let id = store.request_run(&request(&source, Mode::Full)).await.unwrap().run;
    let walk = next(&store, "fetch_source").await;
    store.begin_run(id, &"0".repeat(64)).await.unwrap();
    store.end_walk(walk.lease, id, &[StreamWalk::of_file("offres", true)], &[]).await.unwrap();
    let close = next(&store, "finish_run").await;
    store.queue().job_done(close.lease).await.unwrap();
    // As its row stands when the last page is committed and nobody has said so yet.
    sqlx::query("UPDATE ingest.runs SET state = 'running'").execute(store.pool()).await.unwrap();
    store.reap().await.unwrap();
    let close = next(&store, "finish_run").await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Complete);
}

#[tokio::test]
async fn a_walk_given_up_fails_its_run() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    let id = store.request_run(&request(&source, Mode::Full)).await.unwrap().run;
    let walk = next(&store, "fetch_source").await;
    store.discard_job(walk.lease, "the partner is gone").await.unwrap();
    let row = store.run(id).await.unwrap();
    assert_eq!((row.state, row.message.as_deref()), (RunState::Failed, Some("the partner is gone")));
    assert!(
        store.request_run(&request(&source, Mode::Full)).await.unwrap().is_new,
        "a failed run blocks its source"
    );
}

/// Records of the test below: enough that comparing each with each takes many times as long as loading them.
const MANY: usize = 20_000;

#[tokio::test(flavor = "multi_thread")]
async fn closing_costs_a_part_of_loading_also_in_a_database_that_was_never_analysed() {
    let store = fresh().await;
    for table in ["opportunities", "pages", "runs", "rejections"] {
        let off = format!("ALTER TABLE ingest.{table} SET (autovacuum_enabled = false)");
        sqlx::query(sqlx::AssertSqlSafe(off)).execute(store.pool()).await.unwrap();
    }
    let ids: Vec<String> = (0..MANY).map(|n| n.to_string()).collect();
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let begun = Instant::now();
    let (first, close) = read(&store, &all, true, |_| ()).await;
    let loading = begun.elapsed();
    store.finish_run(close.lease, first).await.unwrap();
    let (second, close) = read(&store, &all[1..], true, |_| ()).await;
    let begun = Instant::now();
    assert_eq!(store.finish_run(close.lease, second).await.unwrap(), RunState::Complete);
    let closing = begun.elapsed();
    assert_eq!(store.run(second).await.unwrap().closed, 1);
    assert!(closing < loading, "closing took {closing:?}, loading {loading:?}");
}

#[tokio::test]
async fn a_run_ends_when_its_closing_has_ended() {
    let store = fresh().await;
    let (id, close) = read(&store, &["1"], true, |_| ()).await;
    let begun: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(store.pool()).await.unwrap();
    // As long as the run's row is locked, its closing goes on.
    let mut locked = store.pool().begin().await.unwrap();
    sqlx::query("SELECT FROM ingest.runs FOR UPDATE").execute(&mut *locked).await.unwrap();
    let closer = store.clone();
    let closing = tokio::spawn(async move { closer.finish_run(close.lease, id).await.unwrap() });
    wait_until("the closing waits", async || {
        let waits = "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock')";
        sqlx::query_scalar(waits).fetch_one(store.pool()).await.unwrap()
    })
    .await;
    let released: chrono::DateTime<chrono::Utc> =
        sqlx::query_scalar("SELECT clock_timestamp()").fetch_one(store.pool()).await.unwrap();
    locked.commit().await.unwrap();
    closing.await.unwrap();
    let ended = store.run(id).await.unwrap().finished_at.unwrap();
    assert!(ended >= released && released > begun, "{begun} {released} {ended}");
}

/// A complete run that asked for what is newer than `since`; the cursor after it.
async fn cursor_after(
    store: &Store,
    since: Option<chrono::DateTime<chrono::Utc>>,
) -> chrono::DateTime<chrono::Utc> {
    let source: SourceSlug = "fne".parse().unwrap();
    let asked = RunRequest { since, ..request(&source, Mode::Incremental) };
    let id = store.request_run(&asked).await.unwrap().run;
    let walk = next(store, "fetch_source").await;
    store.begin_run(id, &"0".repeat(64)).await.unwrap();
    store.end_walk(walk.lease, id, &[], &[]).await.unwrap();
    let close = next(store, "finish_run").await;
    assert_eq!(store.finish_run(close.lease, id).await.unwrap(), RunState::Complete);
    store.complete_to(&source, "offres").await.unwrap().unwrap()
}

#[tokio::test]
async fn a_cursor_moves_only_where_the_window_began_at_or_before_it() {
    let store = fresh().await;
    let first = cursor_after(&store, None).await;
    let hour = chrono::TimeDelta::hours(1);
    sqlx::query("UPDATE ingest.streams SET complete_to = complete_to - interval '3 days'")
        .execute(store.pool())
        .await
        .unwrap();
    let behind = first - chrono::TimeDelta::days(3);
    assert_eq!(cursor_after(&store, Some(first - hour)).await, behind, "three days were not asked for");
    assert!(cursor_after(&store, Some(behind - hour)).await > first, "nothing was left out");
}

#[tokio::test]
async fn what_is_newer_than_the_future_is_not_asked_for() {
    let store = fresh().await;
    let source: SourceSlug = "fne".parse().unwrap();
    let tomorrow = chrono::Utc::now() + chrono::TimeDelta::days(1);
    let asked = RunRequest { since: Some(tomorrow), ..request(&source, Mode::Incremental) };
    let refused = store.request_run(&asked).await.unwrap_err();
    assert!(refused.to_string().contains("lies in the future"), "{refused}");
    let by_sql =
        sqlx::query("SELECT api.request_ingest('fne', 'incremental', since => now() + interval '1 day')");
    let refused = by_sql.execute(store.pool()).await.unwrap_err();
    assert!(refused.to_string().contains("lies in the future"), "{refused}");
}
