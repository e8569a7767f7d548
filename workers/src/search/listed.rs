//! Filters without a text: all that passes, soonest closing first. The database answers, no index is needed.

use domain::OpportunityId;
use store::{Filters, Status, Store};
use vectors::{Filter, Hit};

use super::{Ask, Mistake};
use crate::pipeline::document::document;

/// What passes the filters.
pub(crate) struct Listed {
    /// The first of it.
    pub(crate) hits: Vec<Hit>,
    /// How many pass in all.
    pub(crate) total: i64,
}

/// Returns what is open and passes the filters, each opportunity once; `None` if a text or a likeness is asked for.
pub(crate) async fn listed(store: &Store, ask: &Ask) -> anyhow::Result<Option<Listed>> {
    if ask.q.is_some() || ask.like.is_some() {
        return Ok(None);
    }
    let filter = ask.filter()?;
    if filter == Filter::default() {
        let why = "give a text, an opportunity to be similar to, or a filter";
        return Err(Mistake(why.to_owned()).into());
    }
    if ask.explain {
        return Err(Mistake("only a search for a text has scores to explain".to_owned()).into());
    }
    let limit = i64::try_from(ask.limit())?;
    let filters = stored(filter, ask);
    let (rows, total) =
        tokio::try_join!(store.closing_rows(&filters, None, limit), store.served_total(&filters))?;
    let mut hits = Vec::new();
    for id in rows.iter().map(|row| OpportunityId::from(row.id)) {
        if let Some(row) = store.index_row(id).await? {
            hits.push(Hit { id, score: 1.0, payload: document(&row).payload, parts: None });
        }
    }
    Ok(Some(Listed { hits, total }))
}

fn stored(filter: Filter, ask: &Ask) -> Filters {
    Filters {
        status: Some(Status::Open),
        // Of a cluster that somebody names, the members are meant.
        canonical: filter.canonical.or(ask.cluster.is_none().then_some(true)),
        kinds: filter.kinds,
        sources: filter.sources,
        streams: filter.streams,
        regions: filter.regions,
        localities: filter.localities,
        contracts: filter.contracts,
        working_time: filter.working_time,
        languages: filter.languages,
        sectors: filter.sectors,
        occupations: filter.occupations,
        audiences: filter.audiences,
        education: filter.education,
        organizations: filter.organizations,
        amount_kinds: filter.amount_kinds,
        closes_from: filter.closes.from,
        closes_to: filter.closes.to,
        ends_from: filter.ends.from,
        ends_to: filter.ends.to,
        cluster: ask.cluster,
        ..Filters::default()
    }
}
