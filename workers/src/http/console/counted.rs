//! The counts of what is held, kept for a while: counting reads every open row.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use store::Holdings;
use tokio::{sync::Mutex, time::timeout};

use crate::http::{Problem, Surroundings};

/// How old counts may be before new ones are made.
const FRESH: Duration = Duration::from_mins(1);
/// How long a visitor waits for new ones before the old ones are shown, with their age.
const PATIENCE: Duration = Duration::from_millis(30);

/// The counts of what is held, as they last were.
#[derive(Debug, Clone, Default)]
pub(in crate::http) struct Counted(Arc<Mutex<Option<Counts>>>);

/// Counts, and when they were made.
#[derive(Debug, Clone)]
pub(in crate::http) struct Counts {
    pub(super) held: Arc<Holdings>,
    made_at: Instant,
    /// When new ones were last begun.
    begun_at: Instant,
}

impl Counts {
    /// Returns how old they are, in seconds, if a reader should know.
    pub(super) fn age(&self) -> Option<u64> {
        let age = self.made_at.elapsed();
        (age > 2 * FRESH).then_some(age.as_secs())
    }
}

impl Counted {
    /// Returns the counts. Only where there are none yet, or where nothing was held, the reader waits for new ones.
    pub(in crate::http) async fn get(&self, here: &Surroundings) -> Result<Counts, Problem> {
        let mut last = self.0.lock().await;
        // Where nothing was held, the first load changes everything.
        let Some(old) = last.as_mut().filter(|counts| counts.held.total > 0) else {
            let counts = count(here).await?;
            *last = Some(counts.clone());
            return Ok(counts);
        };
        let counts = old.clone();
        if old.begun_at.elapsed() <= FRESH {
            return Ok(counts);
        }
        // Others do not count as well meanwhile.
        old.begun_at = Instant::now();
        drop(last);
        let (cell, here) = (Arc::clone(&self.0), here.clone());
        let counting = tokio::spawn(async move {
            let new = count(&here).await?;
            *cell.lock().await = Some(new.clone());
            Ok::<_, Problem>(new)
        });
        match timeout(PATIENCE, counting).await {
            Ok(Ok(Ok(new))) => Ok(new),
            _ => Ok(counts),
        }
    }
}

async fn count(here: &Surroundings) -> Result<Counts, Problem> {
    let begun_at = Instant::now();
    let held = Arc::new(here.app.store.holdings().await?);
    Ok(Counts { held, made_at: Instant::now(), begun_at })
}
