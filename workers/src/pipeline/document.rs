//! What an opportunity is in an index: the text that is embedded, its categories, and the payload that a hit is shown from.

use normalize::search::{Facts, categories};
use store::IndexRow;
use vectors::{Document, Payload};

/// Returns the document of a row. Put together otherwise, its text needs another `vectors::TEMPLATE`.
pub(crate) fn document(row: &IndexRow) -> Document {
    let places = row.places.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
    let text =
        Document::text_of(&row.title, row.organization.as_deref(), &places, row.description.as_deref());
    Document {
        id: row.id,
        text,
        categories: categories(&facts(row)),
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
            sector: row.sector.clone(),
            occupation: row.occupation.clone(),
            audiences: row.audiences.clone(),
            education: row.education.clone(),
            working_time: row.working_time.clone(),
            amount_kind: row.amount_kind.clone(),
            cluster: row.cluster.to_string(),
            canonical: row.canonical,
            closes_on: row.closes_on,
            ends_on: row.ends_on,
            open_until: row.kind.open_until(row.closes_on, row.ends_on),
            url: row.url.clone(),
        },
    }
}

fn facts(row: &IndexRow) -> Facts<'_> {
    Facts {
        kind: row.kind,
        title: &row.title,
        description: row.description.as_deref(),
        occupation: row.occupation.as_deref(),
        sector: row.sector.as_deref(),
        audiences: &row.audiences,
        contracts: &row.contracts,
        working_time: &row.working_time,
        education: row.education.as_deref(),
        places: &row.places,
        remote: row.remote,
        prices: [row.amount_text.as_deref(), row.fees_text.as_deref()],
    }
}
