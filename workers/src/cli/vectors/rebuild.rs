//! Replaces the index that is served by another one.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ::vectors::{Depth, Model, VectorError};
use anyhow::Context as _;
use serde_json::json;
use store::{
    Store, TargetId, TargetState,
    failpoint::{Step, step},
};

use super::{Context, LOOK_EVERY, Outcome, is_alive, print, state, written};
use crate::{
    app,
    config::Config,
    pipeline::index::Kept,
    ui,
    vector::{self, FIRST_PATIENCE, LOADING_PATIENCE, Vectors},
    verify,
};

/// Longest wait until a worker has closed an index that is dropped: it looks every 2 seconds, and ends its job first.
const CLOSING: Duration = Duration::from_mins(2);

/// Fills the index of a model beside the one that is served, verifies it, and lets searches go to it.
pub(super) async fn rebuild(context: &Context, model: Option<&str>) -> anyhow::Result<Outcome> {
    let config = context.config();
    let store = app::open_store(config).await?;
    let model = vector::model_by_name(config, &store, model, LOADING_PATIENCE).await?;
    let (target, is_ours) = prepared(context, &store, &model).await?;
    let served = store.served(&vector::collection(config)).await?;
    let is_served = served.is_some_and(|served| served.target == target);
    if is_served && is_filled(&store, target).await? {
        // Whoever let it be served may have died before the alias followed.
        follow(config, &model).await?;
        ui::note(&format!(
            "index {} of {} is served already; `oim-etl vectors repair` heals it",
            target.0,
            model.label()
        ));
        return Ok(Outcome::Good);
    }
    // The first index of all is served while it is filled.
    let served = served.filter(|_| !is_served);
    let report = match written(context, target, is_ours, true).await? {
        Ok(report) => report,
        Err(why) => {
            let meanwhile = if served.is_some() { "; searches still go to the old one" } else { "" };
            ui::note(&format!(
                "index {} is not filled yet: {why}{meanwhile}; `oim-etl vectors rebuild` continues",
                target.0
            ));
            return Ok(Outcome::Wrong);
        }
    };
    if report.total() > 0 {
        print(&report, false);
        ui::note(&format!("index {} is not served, because it differs; run the command again", target.0));
        return Ok(Outcome::Wrong);
    }
    switch(context, &store, target, &model).await?;
    if context.is_json() {
        ui::json(
            &json!({"index": target, "model": model.label(), "before": served.map(|served| served.target), "report": report}),
        )?;
        return Ok(Outcome::Good);
    }
    print(&report, false);
    ui::line(&format!("served         index {} of {}", target.0, model.label()));
    if let Some(old) = served {
        ui::line(&format!(
            "kept           index {old}: `oim-etl vectors use {old}` serves it again, `oim-etl vectors drop {old}` removes it",
            old = old.target.0
        ));
    }
    Ok(Outcome::Good)
}

/// Whether nothing is requested of an index.
async fn is_filled(store: &Store, target: TargetId) -> anyhow::Result<bool> {
    Ok(state(store, target).await?.is_none_or(|state| state.outbox == 0))
}

/// Makes the index of a model, and requests what is missing in it. Returns its number, and whether it is a folder that nobody else has
/// open. Where a worker has it, that keeps it in step already.
async fn prepared(context: &Context, store: &Store, model: &Model) -> anyhow::Result<(TargetId, bool)> {
    let config = context.config();
    let Some(vectors) = Vectors::open(config, model.clone()).await? else {
        let name = vector::embedded_name(config, model);
        let known = store.targets().await?.into_iter().find(|target| target.name == name && name.is_some());
        let target = known.context(
            "another process holds this index, and no worker keeps it; try again when it has ended",
        )?;
        store.keep_target(target.target).await?;
        return Ok((target.target, false));
    };
    let target = store.register_target(&vectors.target(config)).await?;
    store.keep_target(target).await?;
    let kept = Kept { vectors: Arc::new(vectors), target };
    verify::compare(store, &kept, Depth::Payloads, true).await?;
    Ok((target, config.qdrant_url.is_none()))
}

/// Lets searches go to an index, and keeps the one before.
async fn switch(context: &Context, store: &Store, target: TargetId, model: &Model) -> anyhow::Result<()> {
    let config = context.config();
    store.serve(target, true, true).await?;
    step(Step::MoveAlias, Box::pin(follow(config, model))).await
}

/// Lets the alias on a server name the index of a model. A folder has none.
async fn follow(config: &Config, model: &Model) -> anyhow::Result<()> {
    if config.qdrant_url.is_some()
        && let Some(vectors) = Vectors::open(config, model.clone()).await?
    {
        vectors.index.serve(&config.qdrant_collection).await?;
    }
    Ok(())
}

/// Lets searches go to another index that is kept in step.
pub(super) async fn serve(context: &Context, target: TargetId) -> anyhow::Result<Outcome> {
    let store = app::open_store(context.config()).await?;
    let (found, model) = known(context, &store, target).await?;
    if found.outbox > 0 || found.failures > 0 {
        anyhow::bail!(
            "index {} is not complete: {} changes wait for it; `oim-etl vectors rebuild --model {}` fills it",
            target.0,
            found.outbox,
            model.name
        );
    }
    switch(context, &store, target, &model).await?;
    ui::line(&format!("served         index {} of {}", target.0, model.label()));
    Ok(Outcome::Good)
}

/// Removes an index that is not served, with all its points.
pub(super) async fn drop(context: &Context, target: TargetId) -> anyhow::Result<Outcome> {
    let config = context.config();
    let store = app::open_store(config).await?;
    let (_, model) = known(context, &store, target).await?;
    let configured = vector::model_now(config, &store, FIRST_PATIENCE).await.map(|model| model.label());
    if configured.is_ok_and(|label| label == model.label()) && is_alive(&store).await? {
        anyhow::bail!(
            "index {} is that of the configured model, and workers would fill it again; configure another model first",
            target.0
        );
    }
    if !store.drop_target(target).await? {
        anyhow::bail!("index {} is served; `oim-etl vectors use` another one first", target.0);
    }
    let begun = Instant::now();
    loop {
        match vector::remove(config, &model).await {
            Ok(()) => break,
            Err(error) if is_locked(&error) && begun.elapsed() < CLOSING => {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            Err(error) => {
                return Err(
                    error.context("the database has forgotten the index, and its files are still there")
                );
            }
        }
    }
    ui::line(&format!("dropped        index {} of {}", target.0, model.label()));
    Ok(Outcome::Good)
}

fn is_locked(error: &anyhow::Error) -> bool {
    matches!(error.downcast_ref::<VectorError>(), Some(VectorError::Locked { .. }))
}

/// Returns an index of this configuration with its model.
async fn known(context: &Context, store: &Store, target: TargetId) -> anyhow::Result<(TargetState, Model)> {
    let found = state(store, target).await?;
    let found = found
        .with_context(|| format!("there is no index {}; `oim-etl vectors list` shows them", target.0))?;
    let collection = vector::collection(context.config());
    let model = vector::model_of(&found).filter(|_| found.collection.as_deref() == Some(&collection));
    let model = model.with_context(|| {
        format!(
            "index {} is of another release or another place; use the configuration that made it",
            target.0
        )
    })?;
    Ok((found, model))
}
