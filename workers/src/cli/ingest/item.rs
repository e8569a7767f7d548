//! `oim-etl ingest SOURCE/ID`: one opportunity again.

use domain::SourceSlug;
use store::{Item, Store, StoreError};
use uuid::Uuid;

use super::{Context, Line};
use crate::{
    cli::common::{PoolSources, current_user, find_known},
    ui,
};

/// Returns whether a word names a single opportunity. A slug has no slash, and is not a UUID.
pub(super) fn is_item(word: &str) -> bool {
    word.contains('/') || word.parse::<Uuid>().is_ok()
}

/// Requests the page of each opportunity.
pub(super) async fn request(
    context: &Context,
    store: &Store,
    known: &PoolSources,
    words: &[&String],
) -> anyhow::Result<Vec<Line>> {
    let mut items = Vec::new();
    // All are found before the first is requested.
    for word in words {
        items.push(find(store, word).await?);
    }
    let mut lines = Vec::new();
    for item in items {
        let state = known.find(context, &item.source)?;
        let entered = store.request_item(&item, &current_user()).await?;
        if !entered.is_new {
            ui::note(&format!("{}: run {} is already at it; following it", item.url, entered.run));
        }
        let rate = state.rate_in_force().unwrap_or_default().parse()?;
        lines.push(Line { run: entered.run, source: item.source, rate });
    }
    Ok(lines)
}

/// Finds an opportunity, or says which one may have been meant.
async fn find(store: &Store, word: &str) -> anyhow::Result<Item> {
    match store.find_item(word).await {
        Err(StoreError::Missing(what)) => Err(nearest(store, word, &what).await?),
        found => Ok(found?),
    }
}

/// The error about a word that names nothing: with the nearest source, or the nearest identifier of the source.
pub(in crate::cli) async fn nearest(store: &Store, word: &str, what: &str) -> anyhow::Result<anyhow::Error> {
    let Some((source, id)) = word.split_once('/').filter(|(source, _)| SourceSlug::new(source).is_ok()) else {
        return Ok(anyhow::anyhow!("there is no {what}"));
    };
    let (slug, _) = match find_known(store, source).await {
        Ok(known) => known,
        Err(error) => return Ok(error),
    };
    let known = store.identifiers_like(&slug, id).await?;
    let near = sources::nearest(&known, id)
        .map(|near| format!("; did you mean {slug}/{near}?"))
        .unwrap_or_default();
    Ok(anyhow::anyhow!("there is no {what}{near}"))
}
