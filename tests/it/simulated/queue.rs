//! Workers that claim, end, lose and forget jobs, stop, wake up late and die. Each job has its effect once, or is a dead letter; nobody ends
//! a job that another one has.

use std::{collections::BTreeSet, time::Duration};

use fastrand::Rng;
use queue::{Job, Lease, QueueError, WorkerId};
use serde_json::json;
use sqlx::AssertSqlSafe;

use super::{STEPS, seeds};
use crate::support::{Database, Held};

const HOLD: Duration = Duration::from_secs(30);
/// Lanes and how many of their jobs may run.
const LANES: [(&str, i32); 3] = [("read:a", 1), ("read:b", 2), ("read:c", 5)];

/// A worker, and the jobs that it believes to have.
struct Worker {
    id: WorkerId,
    hand: Vec<Job>,
}

struct Simulation {
    store: Held,
    rng: Rng,
    workers: Vec<Worker>,
    /// Claims of workers that died or forgot them. A write in flight may still arrive.
    late: Vec<Lease>,
    jobs: BTreeSet<i64>,
}

impl Simulation {
    async fn number(&self, of: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(format!("SELECT count(*) FROM {of}")))
            .fetch_one(self.store.pool())
            .await
            .unwrap()
    }

    async fn run(&self, statement: String) {
        sqlx::raw_sql(AssertSqlSafe(statement)).execute(self.store.pool()).await.unwrap();
    }

    async fn pass(&self, seconds: u32) {
        self.run(format!(
            "UPDATE queue.leases SET until = until - interval '{seconds} s';
             UPDATE queue.jobs SET run_at = run_at - interval '{seconds} s', claimed_at = claimed_at - interval '{seconds} s'"
        ))
        .await;
    }

    async fn enqueue(&mut self) {
        let (lane, _) = LANES[self.rng.usize(..LANES.len())];
        let key = self.rng.bool().then(|| format!("key {}", self.rng.u8(..3)));
        sqlx::query("SELECT queue.enqueue('parse_page', $1, $2, $3, $4)")
            .bind(lane)
            .bind(json!({}))
            .bind(key)
            .bind(self.rng.i32(0..3))
            .execute(self.store.pool())
            .await
            .unwrap();
        let all: Vec<i64> =
            sqlx::query_scalar("SELECT id FROM queue.jobs").fetch_all(self.store.pool()).await.unwrap();
        self.jobs.extend(all);
    }

    async fn claim(&mut self, worker: usize) {
        let (id, most) = (self.workers[worker].id, self.rng.i64(1..5));
        let claimed =
            self.store.queue().claim(id, &["parse_page".to_owned()], None, most, None, HOLD).await.unwrap();
        for (lane, max) in LANES {
            let running =
                self.number(&format!("queue.jobs WHERE state = 'running' AND lane = '{lane}'")).await;
            assert!(running <= i64::from(max), "{running} jobs of {lane} run");
        }
        for job in claimed {
            // The answer to a claim may be lost: the worker does not know that it has the job.
            if self.rng.u8(..10) == 0 {
                self.late.push(job.lease);
            } else {
                self.workers[worker].hand.push(job);
            }
        }
    }

    /// Ends a claim in some way. That works if, and only if, the claim is still the one in force.
    async fn end(&mut self, lease: Lease) {
        let is_ours = self
            .number(&format!("queue.jobs WHERE id = {} AND lease = '{}'", lease.job(), lease.token()))
            .await
            == 1;
        let (queue, pause) = (self.store.queue(), Duration::from_secs(self.rng.u64(..60)));
        let ended: Result<(), QueueError> = match self.rng.u8(..6) {
            0 => queue.job_again(lease, pause, "failed").await,
            1 => queue.job_snoozed(lease, pause, "not yet").await,
            2 => {
                let ended = self.store.discard_job(lease, "never").await;
                assert_eq!(ended.as_ref().err().is_some_and(store::StoreError::is_fenced), !is_ours);
                return;
            }
            _ => {
                let mut tx = self.store.pool().begin().await.unwrap();
                sqlx::query("INSERT INTO effects VALUES ($1)")
                    .bind(lease.job())
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                let settled = lease.settle(&mut tx).await;
                if settled.is_ok() {
                    tx.commit().await.unwrap();
                }
                settled
            }
        };
        assert_eq!(ended.err().is_some_and(|error| error.is_fenced()), !is_ours, "job {}", lease.job());
    }

    async fn step(&mut self) {
        let worker = self.rng.usize(..self.workers.len());
        match self.rng.u8(..14) {
            0..=2 => self.enqueue().await,
            3..=5 => self.claim(worker).await,
            6..=8 if !self.workers[worker].hand.is_empty() => {
                let job = self.workers[worker].hand.swap_remove(0);
                self.end(job.lease).await;
            }
            9 if !self.late.is_empty() => {
                let late = self.late.swap_remove(self.rng.usize(..self.late.len()));
                self.end(late).await;
            }
            10 => {
                let Worker { id, hand } = &self.workers[worker];
                let in_hand: Vec<i64> = hand.iter().map(|job| job.lease.job()).collect();
                self.store.queue().heartbeat(*id, &in_hand, HOLD).await.unwrap();
            }
            11 => {
                let dead = std::mem::replace(
                    &mut self.workers[worker],
                    Worker { id: WorkerId::new(), hand: Vec::new() },
                );
                self.late.extend(dead.hand.iter().map(|job| job.lease));
            }
            12 => drop(self.store.reap().await.unwrap()),
            _ => {
                let seconds = self.rng.u32(1..45);
                self.pass(seconds).await;
            }
        }
    }

    /// Lets one worker do what is left.
    async fn finish(&mut self) {
        for _ in 0..200 {
            self.pass(61).await;
            self.store.reap().await.unwrap();
            let worker = WorkerId::new();
            let left = self
                .store
                .queue()
                .claim(worker, &["parse_page".to_owned()], None, 100, None, HOLD)
                .await
                .unwrap();
            for job in left {
                self.end(job.lease).await;
            }
            if self.number("queue.jobs").await == 0 {
                break;
            }
        }
        let ended: Vec<i64> = sqlx::query_scalar(
            "SELECT job FROM effects UNION ALL SELECT id FROM queue.dead_letters ORDER BY 1",
        )
        .fetch_all(self.store.pool())
        .await
        .unwrap();
        assert_eq!(ended, self.jobs.iter().copied().collect::<Vec<_>>(), "each job ends once");
    }
}

#[tokio::test]
async fn each_job_ends_once_whatever_happens_to_its_workers() {
    let database = Database::new().await;
    let mut store = database.store().await;
    sqlx::raw_sql("CREATE TABLE effects (job bigint)").execute(store.pool()).await.unwrap();
    for (lane, max) in LANES {
        crate::queue::lane(&store, lane, max).await;
    }
    for seed in seeds() {
        println!("seed {seed}");
        let workers = (0..3).map(|_| Worker { id: WorkerId::new(), hand: Vec::new() }).collect();
        let (rng, late, jobs) = (Rng::with_seed(seed), Vec::new(), BTreeSet::new());
        let mut simulation = Simulation { store, rng, workers, late, jobs };
        for _ in 0..STEPS {
            simulation.step().await;
        }
        simulation.finish().await;
        simulation.run("TRUNCATE effects, queue.dead_letters, queue.leases".to_owned()).await;
        store = simulation.store;
    }
}
