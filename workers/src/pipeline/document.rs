//! What an opportunity is in an index: the text that is embedded, and the payload that a hit is shown from.

use chrono::{Datelike as _, NaiveDate};
use store::IndexRow;
use vectors::{Document, Payload};

/// Returns the document of a row. Put together otherwise, its text needs another `vectors::TEMPLATE`.
pub(crate) fn document(row: &IndexRow) -> Document {
    let places = row.places.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let parts = [
        Some(row.title.as_str()),
        row.organization.as_deref(),
        Some(places.as_str()),
        row.description.as_deref(),
    ];
    let number = |day: NaiveDate| i64::from(day.num_days_from_ce());
    let text = parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n");
    Document {
        id: row.id,
        text,
        payload: Payload {
            source: row.source.clone(),
            stream: row.stream.clone(),
            kind: row.kind.as_str().to_owned(),
            title: row.title.clone(),
            organization: row.organization.clone(),
            place: places,
            regions: row.regions.clone(),
            localities: row.localities.clone(),
            contracts: row.contracts.clone(),
            languages: row.languages.clone(),
            closes_on: row.closes_on.map(number),
            ends_on: row.ends_on.map(number),
            open_until: row.kind.open_until(row.closes_on, row.ends_on).map(number),
            url: row.url.clone(),
        },
    }
}
