//! The indexes that this process keeps in step: that of the configured model, the one that searches go to, and those that an operator
//! wants kept besides.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::{Duration, Instant},
};

use store::{Store, TargetId, TargetState};
use vectors::{Depth, Model};

use crate::{
    config::Config,
    observe::error_chain,
    pipeline::index::Kept,
    vector::{self, FIRST_PATIENCE, LOADING_PATIENCE, Vectors},
    verify,
};

/// Time between two questions to the embedder which model it has.
const ASK_EVERY: Duration = Duration::from_secs(30);

/// The open indexes.
#[derive(Default)]
pub(crate) struct Indexes {
    open: RwLock<Arc<Open>>,
    /// What this process knows between two looks.
    seen: Mutex<Seen>,
}

/// What is open now.
#[derive(Default, Clone)]
struct Open {
    kept: Vec<Kept>,
    /// The one that searches go to, if it is open here.
    served: Option<TargetId>,
    /// The one of the configured model.
    configured: Option<TargetId>,
    /// Why an index could not be opened.
    failure: Option<String>,
}

#[derive(Default)]
struct Seen {
    asked: Option<Instant>,
    /// Whether the embedder was asked before, whatever it answered.
    has_tried: bool,
    /// The index whose alias was seen to, and when.
    alias: Option<(TargetId, Instant)>,
    /// The index of the configured model, and since when it is that.
    given: Option<(TargetId, Instant)>,
    /// Kept indexes that cannot be opened, which were reported.
    reported: HashSet<TargetId>,
}

impl Indexes {
    fn now(&self) -> Arc<Open> {
        Arc::clone(&self.open.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn change(&self, change: impl FnOnce(&mut Open)) {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        change(Arc::make_mut(&mut open));
    }

    fn seen<T>(&self, with: impl FnOnce(&mut Seen) -> T) -> T {
        with(&mut self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Returns all open indexes.
    pub(crate) fn all(&self) -> Vec<Kept> {
        self.now().kept.clone()
    }

    /// Returns the index with this number, if it is open.
    pub(crate) fn of(&self, target: TargetId) -> Option<Kept> {
        self.now().kept.iter().find(|kept| kept.target == target).cloned()
    }

    /// Returns the index that searches go to; where that is not open here, that of the configured model, or any.
    pub(crate) fn served(&self) -> Option<Kept> {
        let open = self.now();
        let of = |target: Option<TargetId>| open.kept.iter().find(|kept| Some(kept.target) == target);
        of(open.served).or_else(|| of(open.configured)).or_else(|| open.kept.first()).cloned()
    }

    /// Returns the index that the database names as the served one now, if it is open here. The last look may be older.
    pub(crate) async fn served_now(&self, config: &Config, store: &Store) -> anyhow::Result<Option<Kept>> {
        let served = store.served(&vector::collection(config)).await?;
        Ok(served.and_then(|served| self.of(served.target)))
    }

    /// Returns why an index could not be opened, if it could not.
    pub(crate) fn failure(&self) -> Option<String> {
        self.now().failure.clone()
    }

    /// Opens what is to be open, closes what is not, and lets the index of the configured model be served once it is filled. Returns
    /// the indexes that were opened now. An error is about the configured one.
    pub(crate) async fn look(&self, config: &Config, store: &Store) -> anyhow::Result<Vec<Kept>> {
        let collection = vector::collection(config);
        let mut opened = Vec::new();
        let configured = self.open_configured(config, store).await;
        let failure = configured.as_ref().err().map(error_chain);
        self.change(|open| open.failure.clone_from(&failure));
        if let Ok(Some(kept)) = &configured {
            opened.push(kept.clone());
        }
        let wanted = store.wanted_targets(&collection).await?;
        for target in &wanted {
            opened.extend(self.open_wanted(config, store, target).await?);
        }
        let wanted: Vec<TargetId> = wanted.iter().map(|target| target.target).collect();
        self.change(|open| {
            let configured = open.configured;
            open.kept.retain(|kept| wanted.contains(&kept.target) || Some(kept.target) == configured);
        });
        self.follow(config, store, &collection).await?;
        configured.map(|_| opened)
    }

    /// Opens the index of the configured model unless it is open. Returns it if it was opened now.
    async fn open_configured(&self, config: &Config, store: &Store) -> anyhow::Result<Option<Kept>> {
        let is_recent = |seen: &mut Seen| seen.asked.is_some_and(|asked| asked.elapsed() < ASK_EVERY);
        if self.now().configured.is_some() && self.seen(is_recent) {
            return Ok(None);
        }
        // A worker that starts does not wait long; the next look may.
        let has_tried = self.seen(|seen| std::mem::replace(&mut seen.has_tried, true));
        let patience = if has_tried { LOADING_PATIENCE } else { FIRST_PATIENCE };
        let model = match vector::model_now(config, store, patience).await {
            Ok(model) => model,
            Err(error) => {
                if self.now().configured.is_none() && crate::app::is_passing(&error) {
                    let target = store.register_target(&vector::unknown(config)?).await?;
                    store.note_index(target, Some(&error_chain(&error))).await?;
                }
                return Err(error);
            }
        };
        self.seen(|seen| seen.asked = Some(Instant::now()));
        let label = model.label();
        let open = self.now().kept.iter().find(|kept| kept.vectors.label() == label).map(|kept| kept.target);
        if let Some(target) = open {
            self.change(|open| open.configured = Some(target));
            return Ok(None);
        }
        for name in store.forget_unknown(&vector::unknown_names(config), &model.name).await? {
            tracing::info!(index = name, "another model is configured instead of one that never answered");
        }
        let planned = vector::planned(config, &model);
        let opened = self.open(config, store, model).await;
        if let Some(planned) = planned {
            let target = store.register_target(&planned).await?;
            let failure = opened.as_ref().err().map(error_chain);
            if failure.is_some() || self.failure().is_some() {
                store.note_index(target, failure.as_deref()).await?;
            }
        }
        let opened = opened?;
        if let Some(kept) = &opened {
            self.change(|open| open.configured = Some(kept.target));
        }
        Ok(opened)
    }

    /// Opens an index that is served or kept unless it is open. One that cannot be opened now is tried again.
    async fn open_wanted(
        &self,
        config: &Config,
        store: &Store,
        target: &TargetState,
    ) -> anyhow::Result<Option<Kept>> {
        if self.of(target.target).is_some() {
            return Ok(None);
        }
        // Made by another release, or elsewhere.
        let Some(model) = vector::model_of(target) else { return Ok(None) };
        let is_here = config.qdrant_url.is_some() || vector::embedded_name(config, &model) == target.name;
        if !is_here {
            return Ok(None);
        }
        match self.open(config, store, model).await {
            Ok(opened) => Ok(opened),
            Err(error) => {
                if self.seen(|seen| seen.reported.insert(target.target)) {
                    let why = error_chain(&error);
                    tracing::warn!(
                        why,
                        index = target.name,
                        "cannot open an index that is to be kept in step"
                    );
                }
                Ok(None)
            }
        }
    }

    /// Opens the index of a model and brings it into step with the database. `None`: another process holds it.
    async fn open(&self, config: &Config, store: &Store, model: Model) -> anyhow::Result<Option<Kept>> {
        let Some(vectors) = Vectors::open(config, model).await? else { return Ok(None) };
        let target = store.register_target(&vectors.target(config)).await?;
        let kept = Kept { vectors: Arc::new(vectors), target };
        let report = verify::compare(store, &kept, Depth::Payloads, true).await?;
        report.log(true);
        self.seen(|seen| seen.reported.remove(&target));
        self.change(|open| open.kept.push(kept.clone()));
        Ok(Some(kept))
    }

    /// How long the index of the configured model has been that.
    fn given(&self, configured: TargetId) -> Duration {
        self.seen(|seen| {
            let given = seen.given.filter(|(target, _)| *target == configured);
            let (_, since) = *seen.given.insert(given.unwrap_or_else(|| (configured, Instant::now())));
            since.elapsed()
        })
    }

    /// Sees to which index is served, and that its alias names it.
    async fn follow(&self, config: &Config, store: &Store, collection: &str) -> anyhow::Result<()> {
        if let Some(configured) = self.now().configured
            && self.now().served != Some(configured)
            && store.follow(configured, self.given(configured)).await?
        {
            tracing::info!(
                index = configured.0,
                "searches go to the index of the configured model from now on"
            );
        }
        let served = store.served(collection).await?;
        if let Some(served) =
            served.filter(|served| served.is_pinned && Some(served.target) == self.now().configured)
        {
            store.unpin(served.target).await?;
        }
        let served = served.map(|served| served.target);
        let here = served.and_then(|target| self.of(target));
        let shown = here.as_ref().map(|kept| kept.target);
        self.change(|open| open.served = shown);
        // Looked at again now and then: another worker may have moved it late.
        let is_seen_to = |seen: &mut Seen, target| {
            seen.alias.is_some_and(|(seen, at)| seen == target && at.elapsed() < ASK_EVERY)
        };
        let Some(kept) = here.filter(|kept| !self.seen(|seen| is_seen_to(seen, kept.target))) else {
            return Ok(());
        };
        match kept.vectors.index.serve(&config.qdrant_collection).await {
            Ok(()) => self.seen(|seen| seen.alias = Some((kept.target, Instant::now()))),
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot let the alias name the served index"
                );
            }
        }
        Ok(())
    }
}
