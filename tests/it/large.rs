//! Pages of the console and answers of the API read what they show, however much there is beside it. Rows are counted, not time.

use chrono::NaiveDate;
use domain::RunId;
use store::{ClosingCursor, Cursor, Filters, Status, Store};

use crate::support::Database;

/// 20,000 opportunities as long as real ones, nine tenths of them open, all of one run; a tenth stands behind another row of its cluster, 40 have a warning.
const ROWS: [&str; 6] = [
    "SET session_replication_role = replica",
    "INSERT INTO ingest.sources (slug, name, spec_version) VALUES ('large', 'Large', encode(sha256('v'), 'hex'))",
    "INSERT INTO ingest.runs (id, source, mode, trigger, requested_by, state, finished_at)
     VALUES ('00000000-0000-4000-8000-000000000001', 'large', 'full', 'cli', 'test', 'complete', now())",
    "INSERT INTO ingest.opportunities (id, source, stream, external_id, fingerprint, first_run, changed_run, content_at, updated_at, kind, title, description,
            languages, places, countries, regions, localities, contracts, closes_on, status, closed_why, quality_parts)
     SELECT gen_random_uuid(), 'large', 'offres', 'x' || n, sha256(n::text::bytea), r.id, r.id, now(), now() - n * interval '1 minute',
            (ARRAY['job', 'training', 'agr', 'microfinance'])[1 + n % 4], 'Titre ' || n, repeat('des mots ', 120), '{fr}', '[]', '{CM}',
            ARRAY[(ARRAY['CM-CE', 'CM-LT', 'CM-NO', 'CM-OU', 'CM-SU'])[1 + n % 5]], CASE WHEN n % 5 = 1 THEN '{Douala}' WHEN n % 997 = 2 THEN '{Poli}' ELSE '{}' END::text[], '{}',
            CASE WHEN n % 3 > 0 THEN date '2026-01-01' + n % 80 END,
            CASE WHEN n % 10 = 0 THEN 'closed' ELSE 'open' END, CASE WHEN n % 10 = 0 THEN 'absent' END,
            CASE WHEN n % 500 = 1 THEN '{\"doubts\": [\"place_disagrees\"]}' ELSE '{\"doubts\": []}' END::jsonb
       FROM generate_series(1, 20000) n, ingest.runs r",
    "INSERT INTO ingest.clusters (opportunity, cluster, canonical)
     SELECT id, id, row_number() OVER (ORDER BY id) % 2 = 0 FROM ingest.opportunities WHERE status = 'open' LIMIT 4000",
    "VACUUM (ANALYZE)",
];

/// Rows of opportunities that the one connection of `store` has read so far; what an index alone answers is none.
async fn rows_read(store: &Store) -> i64 {
    sqlx::query("SELECT pg_stat_force_next_flush()").execute(store.pool()).await.unwrap();
    let read = "SELECT seq_tup_read + idx_tup_fetch FROM pg_stat_user_tables WHERE schemaname = 'ingest' AND relname = 'opportunities'";
    sqlx::query_scalar(read).fetch_one(store.pool()).await.unwrap()
}

#[tokio::test]
async fn lists_and_totals_read_the_rows_that_they_show() {
    let database = Database::new().await;
    let store = Store::connect(&database.url(), 1).await.unwrap();
    for statement in ROWS {
        sqlx::query(statement).execute(store.pool()).await.unwrap();
    }
    let run: RunId = "00000000-0000-4000-8000-000000000001".parse().unwrap();
    let open = Filters { status: Some(Status::Open), canonical: Some(true), ..Filters::default() };
    let narrow = |kinds: &[&str], regions: &[&str], sources: &[&str]| {
        let of = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Filters { kinds: of(kinds), regions: of(regions), sources: of(sources), ..open.clone() }
    };
    // The API lists closed ones too, unless it is asked not to.
    let of_any_status = Filters { status: None, ..narrow(&["job"], &["CM-LT"], &[]) };
    let mut before = rows_read(&store).await;
    for (what, filters, total) in [
        ("all", open.clone(), 16_000),
        ("a kind and a region", narrow(&["job"], &["CM-LT"], &[]), 0),
        ("a region", narrow(&[], &["CM-LT"], &[]), 0),
        ("a kind and a region, open or closed", of_any_status, 0),
        ("a source", narrow(&[], &[], &["large"]), 16_000),
    ] {
        let (rows, found) = store.served_rows(&filters, None, 20).await.unwrap();
        assert_eq!(rows.len(), 20, "{what}");
        assert!(if total == 0 { found > 100 } else { found == total }, "{what}: {found}");
        let after = rows_read(&store).await;
        assert!(after - before < 200, "{what}: {} rows were read for 20", after - before);
        before = after;
    }
    let held = store.holdings().await.unwrap();
    for (what, filters) in [
        ("a kind and a region", narrow(&["job"], &["CM-LT"], &[])),
        ("a region", narrow(&[], &["CM-LT"], &[])),
        ("a source", narrow(&[], &[], &["large"])),
        ("nothing", narrow(&[], &["CM-ES"], &[])),
    ] {
        let (all, total) = store.served_rows(&filters, None, 30).await.unwrap();
        assert_eq!(held.passing(&filters, None), Some(total), "{what}");
        let counting = rows_read(&store).await;
        let rows = store.served_in_order(&filters, None, 20).await.unwrap();
        assert_eq!(rows, all[..rows.len()], "{what}");
        let after = rows_read(&store).await;
        assert!(after - counting < 100, "{what}: {} rows were read for 20", after - counting);
        if let Some(last) = rows.last() {
            let next = Cursor { at: last.updated_at, id: last.id };
            let next = store.served_in_order(&filters, Some(next), 10).await.unwrap();
            assert_eq!(next, all[20..], "{what}");
        }
    }
    closing(&store, &open).await;
    before = rows_read(&store).await;
    assert_eq!(held.passing(&Filters { remote: Some(true), ..open.clone() }, None), None);
    let overview = store.overview(10).await.unwrap();
    assert_eq!((overview.open, overview.closed), (18_000, 2_000));
    let changes = store.changes_of(run, 5).await.unwrap();
    assert_eq!(changes.len(), 5);
    let doubts = store.doubt_counts(run).await.unwrap();
    assert_eq!(doubts.iter().map(|doubt| doubt.count).sum::<i64>(), 40);
    let after = rows_read(&store).await;
    assert!(after - before < 200, "figures and a run: {} rows were read", after - before);
}

/// What closes first, and in a town, is found by an index, and counted no further than to a thousand.
async fn closing(store: &Store, open: &Filters) {
    let day = |day: u32| NaiveDate::from_ymd_opt(2026, 1, day);
    let of = |town: &str| Filters { localities: vec![town.to_owned()], ..open.clone() };
    let mut before = rows_read(store).await;
    for (what, filters, total) in [
        ("all", open.clone(), 1_001),
        ("two days", Filters { closes_from: day(3), closes_to: day(4), ..open.clone() }, 0),
        ("a large town", of("Douala"), 1_001),
        ("a small town", of("Poli"), 0),
        ("a small town, three weeks", Filters { closes_to: day(21), ..of("Poli") }, 0),
        ("no day", Filters { has_closing_day: Some(false), ..open.clone() }, 1_001),
    ] {
        let mut rows = store.closing_rows(&filters, None, 5).await.unwrap();
        let after = rows.last().map(|row| ClosingCursor { day: row.closes_on, id: row.id });
        rows.extend(store.closing_rows(&filters, after, 5).await.unwrap());
        let found = store.served_up_to(&filters, 1_001).await.unwrap();
        let read = rows_read(store).await - before;
        assert!(read < 700, "{what}: {read} rows were read for 10");
        let once = store.closing_rows(&filters, None, 10).await.unwrap();
        assert_eq!(rows, once, "{what}: two pages are not one of twice the size");
        assert!(once.is_sorted_by_key(|row| (row.closes_on.is_none(), row.closes_on, row.id)), "{what}");
        let all = store.served_total(&filters).await.unwrap();
        assert_eq!(found, all.min(1_001), "{what}");
        assert!(total == 0 || found == total, "{what}: {found}");
        before = rows_read(store).await;
    }
}
