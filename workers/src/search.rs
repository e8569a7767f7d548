//! Search: a question or an opportunity becomes a query, and what the index finds becomes what people see.

#[allow(clippy::large_stack_arrays, reason = "the macro of utoipa writes one")]
mod ask;
mod listed;

use std::collections::{HashMap, HashSet};

use domain::{OpportunityId, SourceSlug, term::Term};
use store::{Standing, Store};
use vectors::{Filter, Hit, Query};

use crate::{
    app::App,
    pipeline::document::document,
    vector::{Found, Vectors},
};
pub(crate) use ask::{Ask, misspelt};
pub(crate) use listed::{Listed, listed};

/// Hits that are asked of the index for each one to show: the others of a cluster are left out.
const SPARE: usize = 3;

/// A mistake in what was asked, as opposed to a failure of ours.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Mistake(pub(crate) String);

/// Searches the served index. `None`: this process holds none.
pub(crate) async fn search_served(app: &App, ask: &Ask) -> anyhow::Result<Option<Found>> {
    let Some(kept) = app.indexes.served() else { return Ok(None) };
    let error = match search(&kept.vectors, &app.store, ask).await {
        Ok(found) => return Ok(Some(found)),
        Err(error) if error.is::<Mistake>() => return Err(error),
        Err(error) => error,
    };
    // Another one may be served since the last look, and this one dropped.
    match app.indexes.served_now(&app.config, &app.store).await? {
        Some(now) if now.target != kept.target => search(&now.vectors, &app.store, ask).await.map(Some),
        _ => Err(error),
    }
}

/// Returns what is open and fits best, each opportunity once.
pub(crate) async fn search(vectors: &Vectors, store: &Store, ask: &Ask) -> anyhow::Result<Found> {
    let mut filter = ask.filter()?;
    filter.open_on = Some(store.now().await?.with_timezone(&chrono_tz::Africa::Douala).date_naive());
    let (terms, text) = match (&ask.like, &ask.q) {
        (Some(like), None) => {
            let (terms, text, others) = similar(store, like).await?;
            filter.but = others;
            (terms, text)
        }
        (None, Some(question)) => (normalize::search::asked(question), question.clone()),
        _ => return Err(Mistake("give either a text or an opportunity to be similar to".to_owned()).into()),
    };
    let (dense, degraded) = vectors.vector_of(&text).await;
    let limit = ask.limit();
    let query = Query { terms, dense, filter, limit: limit * SPARE, share: None, explain: ask.explain };
    let mut hits = vectors.find(query.clone()).await?;
    let ids: Vec<_> = hits.iter().map(|hit| hit.id).collect();
    let standing = store.standing(&ids).await?;
    hits.retain(|hit| standing.contains_key(&hit.id));
    let absent = absent(&standing);
    if !absent.is_empty() {
        let among = Filter { among: absent, ..query.filter.clone() };
        hits.extend(vectors.find(Query { filter: among, ..query }).await?);
    }
    Ok(Found { hits: once(hits, &standing, limit), degraded })
}

/// Returns the terms and the text of an opportunity, and the opportunities that are itself.
async fn similar(store: &Store, like: &str) -> anyhow::Result<(Vec<Term>, String, Vec<OpportunityId>)> {
    let mistake = |why: String| Mistake(format!("{like:?} is not an opportunity: {why}"));
    let (source, external_id) =
        like.split_once('/').ok_or_else(|| mistake("write it as SOURCE/ID".to_owned()))?;
    let source = SourceSlug::new(source).map_err(|error| mistake(error.to_string()))?;
    let id = OpportunityId::of(&source, external_id);
    let row = store.index_row(id).await?.ok_or_else(|| mistake("there is none of this name".to_owned()))?;
    let document = document(&row);
    let terms = normalize::search::like(&row.title, &document.categories);
    Ok((terms, document.text, store.cluster_of(id).await?))
}

/// Returns the canonical members of clusters whose other members alone were found.
fn absent(standing: &HashMap<OpportunityId, Standing>) -> Vec<OpportunityId> {
    let canonical = standing.values().filter_map(|standing| standing.canonical);
    let absent: HashSet<_> = canonical.filter(|id| !standing.contains_key(id)).collect();
    absent.into_iter().collect()
}

/// Returns the best hits with each cluster once: by its canonical member, or where that does not fit the filter, by its best member.
fn once(mut hits: Vec<Hit>, standing: &HashMap<OpportunityId, Standing>, limit: usize) -> Vec<Hit> {
    let found: HashSet<OpportunityId> = hits.iter().map(|hit| hit.id).collect();
    hits.sort_by(|left, right| right.score.total_cmp(&left.score).then(left.id.cmp(&right.id)));
    let mut shown = HashSet::new();
    hits.retain(|hit| {
        let Some(Standing { cluster, canonical }) = standing.get(&hit.id) else { return true };
        match canonical {
            Some(canonical) if found.contains(canonical) => hit.id == *canonical,
            _ => shown.insert(*cluster),
        }
    });
    hits.truncate(limit);
    hits
}

#[cfg(test)]
mod tests;
