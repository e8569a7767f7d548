//! Workers that reserve slots of one rate while it changes, is suspended and is used up. No two requests are closer than the rate allows,
//! and no part of it is wasted.

use fastrand::Rng;
use sqlx::{AssertSqlSafe, PgPool};

use super::{STEPS, seeds};
use crate::support::Database;

/// A slot that was given: when, and the spacing in force then. Microseconds of the simulated clock.
#[derive(Debug, Clone, Copy)]
struct Given {
    at: i64,
    spacing: i64,
}

struct Simulation {
    pool: PgPool,
    /// Microseconds that have passed without anybody waiting.
    passed: i64,
    given: Vec<Given>,
    /// The end of the pause that the partner asked for.
    rests_until: i64,
    /// Whether the last slots were void: the next one keeps its distance from what has left.
    is_void: bool,
}

impl Simulation {
    async fn number(&self, of: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT {of}"))).fetch_one(&self.pool).await.unwrap()
    }

    async fn now(&self) -> i64 {
        self.number("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint").await + self.passed
    }

    async fn pass(&mut self, micros: i64) {
        self.passed += micros;
        let pass = format!(
            "UPDATE ingest.rate_budget SET next_slot = next_slot - interval '{micros} us', asked_until = asked_until - interval '{micros} us'"
        );
        sqlx::raw_sql(AssertSqlSafe(pass)).execute(&self.pool).await.unwrap();
    }

    async fn reserve(&mut self, seconds: f64, patience: f64) {
        let before = self.now().await;
        let (wait, stub): (Option<f64>, Option<i32>) =
            sqlx::query_as("SELECT wait, stub FROM ingest.reserve_slot('simulated', $1, 0, $2)")
                .bind(seconds)
                .bind(patience)
                .fetch_one(&self.pool)
                .await
                .unwrap();
        #[allow(clippy::cast_possible_truncation, reason = "some seconds in microseconds")]
        let spacing = (seconds * 1e6).round() as i64;
        let (taken, last) = self.given.last().map_or((0, 0), |last| (last.at + last.spacing, last.spacing));
        // From when on a slot is free, unless those before are void.
        let free = taken.max(self.rests_until) + (spacing - last).max(0);
        if stub.is_none() || wait.unwrap() < 0.0 {
            assert!(self.is_void || free > before, "a slot was refused although none was taken");
            return;
        }
        let at = self
            .number("(extract(epoch FROM next_slot - make_interval(secs => spacing)) * 1000000)::bigint FROM ingest.rate_budget")
            .await
            + self.passed;
        let after = self.now().await;
        assert!(at >= before.max(self.rests_until) - 2, "a slot lies in the past, or in a pause");
        if let Some(last) = self.given.last() {
            let needed = if self.is_void { spacing } else { spacing.max(last.spacing) };
            let apart = at - last.at;
            assert!(apart >= needed - 2, "{apart} us after the last one, instead of {needed}");
            assert!(
                self.is_void || at <= free.max(after),
                "a part of the rate is wasted: {at}, free at {free}, now {after}"
            );
        }
        self.given.push(Given { at, spacing });
        self.is_void = false;
    }

    /// The rate is changed: slots that have not left are void.
    async fn void(&mut self) {
        sqlx::raw_sql("SELECT ingest.void_slots('simulated')").execute(&self.pool).await.unwrap();
        let now = self.now().await;
        self.given.retain(|given| given.at <= now);
        self.is_void = true;
    }

    async fn rest(&mut self, seconds: u32) {
        let rest = format!("SELECT ingest.hold_slots('simulated', {seconds})");
        sqlx::raw_sql(AssertSqlSafe(rest)).execute(&self.pool).await.unwrap();
        self.rests_until =
            self.number("(extract(epoch FROM asked_until) * 1000000)::bigint FROM ingest.rate_budget").await
                + self.passed;
    }
}

#[tokio::test]
async fn a_rate_is_kept_and_used_however_it_changes() {
    let store = Database::new().await.store().await;
    for seed in seeds() {
        println!("seed {seed}");
        let mut rng = Rng::with_seed(seed);
        sqlx::raw_sql("TRUNCATE ingest.rate_budget").execute(store.pool()).await.unwrap();
        let pool = store.pool().clone();
        let mut simulation =
            Simulation { pool, passed: 0, given: Vec::new(), rests_until: 0, is_void: false };
        let mut seconds = 2.0;
        for _ in 0..STEPS {
            match rng.u8(..12) {
                0 => {
                    seconds = [0.5, 2.0, 6.0, 10.0][rng.usize(..4)];
                    simulation.void().await;
                }
                // The file of a worker changes before that of another.
                1 => seconds = [0.5, 2.0, 6.0, 10.0][rng.usize(..4)],
                2 => simulation.rest(rng.u32(1..30)).await,
                3..=5 => simulation.pass(rng.i64(1..20_000_000)).await,
                _ => simulation.reserve(seconds, [0.0, 5.0, 600.0][rng.usize(..3)]).await,
            }
        }
        assert!(!simulation.given.is_empty(), "no slot was given");
    }
}
