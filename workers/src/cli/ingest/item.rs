//! `oim-etl ingest SOURCE/ID`: one opportunity again.

use store::{Item, Store, StoreError, Trigger};
use uuid::Uuid;

use super::{Context, Line};
use crate::{
    cli::common::{PoolSources, current_user, nearest},
    lang::say,
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
        let state = known.find_visitable(context, &item.source)?;
        let entered = store.request_item(&item, Trigger::Cli, &current_user()).await?;
        if !entered.is_new {
            ui::note(&say!(
                "{}: la collecte {} le fait déjà; suivie",
                "{}: run {} is already at it; following it",
                item.url,
                entered.run
            ));
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
