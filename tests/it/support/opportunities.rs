//! A database with one source, and opportunities for it.

use chrono::{DateTime, Utc};
use domain::{Draft, Kind, Opportunity, RunId, SourceSlug, StreamName};
use normalize::{Context, normalize};
use serde_json::json;
use store::{Origin, SourceRow, Store};
use uuid::Uuid;

use super::{Database, Held};

/// A database of its own, with the source `fne`.
pub(crate) async fn fresh() -> Held {
    let store = Database::new().await.store().await;
    register(&store, "fne").await;
    store
}

/// Registers a source with one stream, `offres`.
pub(crate) async fn register(store: &Store, slug: &str) -> SourceSlug {
    let slug = SourceSlug::new(slug).unwrap();
    let row = SourceRow {
        slug: slug.clone(),
        name: slug.to_string(),
        spec_version: "0".repeat(64),
        offers_itself: false,
        quiet_hours: Vec::new(),
        daily_requests: None,
        rate: "1/s".parse().unwrap(),
        enabled: true,
        streams: vec!["offres".to_owned()],
        fetch_at_once: 4,
        read_at_once: 8,
    };
    store.register_sources(&[row]).await.unwrap();
    slug
}

/// A job offer, normalized from a draft with this id, title and closing date.
pub(crate) fn opportunity(id: &str, title: &str, closes: Option<&str>) -> Opportunity {
    let context = Context {
        source: "fne".parse().unwrap(),
        stream: StreamName::new("offres").unwrap(),
        country: "CM".to_owned(),
        hosts: Vec::new(),
        fetched_at: noon(),
    };
    let mut draft = Draft::new(Kind::Job, json!({ "id": id }));
    draft.external_id = Some(id.to_owned());
    draft.title = Some(title.to_owned());
    draft.place = Some("Douala".to_owned());
    draft.contract = Some("CDI".to_owned());
    draft.salary = Some("150 000 - 250 000 FCFA / mois".to_owned());
    draft.interest = Some("1,5 - 2 % par mois + TAF (10 %)".to_owned());
    draft.fees = Some("1 % + 5 000 FCFA".to_owned());
    draft.duration = Some("6 - 36 mois".to_owned());
    draft.starts_at = Some("15/01/2027".to_owned());
    draft.description = Some("<div>Souder.</div>".to_owned());
    draft.closes_at = closes.map(str::to_owned);
    normalize(draft, &context).unwrap()
}

/// The time at which every page was fetched.
pub(crate) fn noon() -> DateTime<Utc> {
    "2026-11-20T11:00:00Z".parse().unwrap()
}

/// Where a row comes from: a run without a page, at this time.
pub(crate) fn origin(at: DateTime<Utc>) -> Origin {
    Origin { run: RunId::from(Uuid::now_v7()), page: None, fetched_at: at, replaces_newer: false }
}
