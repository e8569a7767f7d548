//! The budget of requests that all workers share: slots of each source, and turns of hosts that fail.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use fetch::{BudgetError, HostFailure, Pace, Permit, Ticket, Turn, Why};
use store::{AnswerNoted, Failing, HostFailed, HostTurn, Slot, SlotWanted, Store};

use crate::{app::App, batches::Batches};

/// The budget of one request of a caller, with all that follows from it: robots.txt, tokens, redirects and retries.
#[derive(Debug)]
pub(crate) struct PoolBudget {
    store: Store,
    batches: Arc<Batches>,
    source: String,
    failing: Mutex<Option<(String, Failing)>>,
}

impl PoolBudget {
    /// Returns the budget for a request to this source.
    pub(crate) fn new(app: &App, source: &str) -> Self {
        let (store, batches) = (app.store.clone(), Arc::clone(&app.batches));
        Self { store, batches, source: source.to_owned(), failing: Mutex::new(None) }
    }

    /// Returns the host that failed or rests, if one did.
    pub(crate) fn failing(&self) -> Option<(String, Failing)> {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn note(&self, failing: Option<(&str, Failing)>) {
        let failing = failing.map(|(host, failing)| (host.to_owned(), failing));
        *self.failing.lock().unwrap_or_else(PoisonError::into_inner) = failing;
    }
}

/// Shows which rate the source file allows and which one is held, for Prometheus.
fn rates(source: &str, allowed: Duration, held: Duration) {
    for (name, interval) in [("oim_rate_allowed_per_second", allowed), ("oim_rate_held_per_second", held)] {
        if !interval.is_zero() {
            metrics::gauge!(name, "source" => source.to_owned()).set(1.0 / interval.as_secs_f64());
        }
    }
}

#[async_trait]
impl fetch::Budget for PoolBudget {
    async fn reserve(&self, key: &str, pace: Pace, max_wait: Duration) -> Result<Permit, BudgetError> {
        let Pace { interval, at_least } = pace;
        let wanted = SlotWanted { key: key.to_owned(), interval, at_least, max_wait };
        Ok(match self.batches.slots.ask(wanted).await.map_err(BudgetError::new)? {
            Slot::Reserved { wait, interval, ticket } => {
                rates(key, pace.spacing(), interval);
                Permit::Unless(wait, Ticket { number: ticket, interval })
            }
            Slot::TooFar(wait) => Permit::TooLong(wait),
            Slot::Resting { wait, is_quiet } => {
                Permit::Resting(wait, if is_quiet { Why::Quiet } else { Why::Daily })
            }
            Slot::Held(why) => Permit::Refused(why),
        })
    }

    async fn stands(&self, key: &str, ticket: Ticket) -> Result<bool, BudgetError> {
        self.store.slot_stands(key, ticket.number).await.map_err(BudgetError::new)
    }

    async fn measured(&self, key: &str, latency: Duration, is_overload: bool) -> Result<(), BudgetError> {
        let answer = AnswerNoted { key: key.to_owned(), latency, is_overload };
        self.batches.answers.ask(answer).await.map_err(BudgetError::new)
    }

    async fn hold(&self, key: &str, pause: Duration) -> Result<(), BudgetError> {
        self.store.hold_slots(key, pause).await.map_err(BudgetError::new)
    }

    async fn turn(&self, host: &str, lease: Duration) -> Result<Turn, BudgetError> {
        if !self.batches.hosts.ask(host.to_owned()).await.map_err(BudgetError::new)? {
            return Ok(Turn::Free);
        }
        Ok(match self.store.host_turn(host, lease).await.map_err(BudgetError::new)? {
            HostTurn::Free => Turn::Free,
            HostTurn::Watched(_) => Turn::Watched { is_probe: false },
            HostTurn::Probe(failing) => {
                tracing::info!(source = %self.source, host, failures = failing.failures, "asking whether the host answers again");
                Turn::Watched { is_probe: true }
            }
            HostTurn::Rests(failing) => {
                self.note(Some((host, failing)));
                Turn::Rests(failing.rest)
            }
        })
    }

    async fn failed(&self, host: &str, failure: HostFailure) -> Result<bool, BudgetError> {
        let HostFailure { why, is_probe, counts } = failure;
        let failed = HostFailed { source: &self.source, why: &why, is_probe, counts };
        let failing =
            self.store.host_failed(host, failed, fastrand::f64()).await.map_err(BudgetError::new)?;
        if failing.rests() {
            let rest_seconds = failing.rest.as_secs();
            tracing::warn!(source = %self.source, host, why, is_probe, rest_seconds, "the host does not answer and rests");
        }
        self.note(Some((host, failing)));
        Ok(failing.rests())
    }

    async fn answered(&self, host: &str) -> Result<(), BudgetError> {
        self.note(None);
        self.store.host_answered(host, &self.source).await.map_err(BudgetError::new)
    }
}
