//! How often each field comes through.

use domain::{Draft, Opportunity};
use sources::Spec;

/// Of each field a partner file maps, in percent of the rows: how many have a value.
pub(super) fn filled(spec: &Spec, rows: &[Opportunity]) -> Vec<(&'static str, usize)> {
    let mapped: Vec<&str> = spec.streams.iter().flat_map(sources::Stream::mapped).collect();
    let percent = |field: &'static str| {
        let has = rows.iter().filter(|row| has(row, field)).count();
        (field, (100 * has).checked_div(rows.len()).unwrap_or(0))
    };
    Draft::FIELDS.into_iter().filter(|field| mapped.contains(field)).map(percent).collect()
}

/// Fields that a stream maps and none of its rows has: a path or a selector that finds nothing.
pub(super) fn unfilled(spec: &Spec, rows: &[Opportunity]) -> Vec<String> {
    let mut told = Vec::new();
    for stream in &spec.streams {
        let own: Vec<&Opportunity> = rows.iter().filter(|row| row.stream == stream.name).collect();
        if own.is_empty() {
            continue;
        }
        let empty = |field: &&str| !own.iter().any(|row| has(row, field));
        let fields: Vec<&str> = stream.mapped().into_iter().filter(empty).collect();
        if !fields.is_empty() {
            told.push(format!(
                "stream {}: mapped, and without a value in all {}: {}",
                stream.name,
                own.len(),
                fields.join(", ")
            ));
        }
    }
    told
}

/// The same on one line; what every row has goes without saying.
pub(super) fn shown(filled: &[(&'static str, usize)]) -> String {
    let told = filled.iter().filter(|(field, _)| !["external_id", "title"].contains(field));
    told.map(|(field, percent)| format!("{field} {percent}")).collect::<Vec<_>>().join(" · ")
}

/// Whether a field came through as a value.
fn has(row: &Opportunity, field: &str) -> bool {
    match field {
        "url" => row.url.is_some(),
        "organization" => row.organization.is_some(),
        "description" => row.description.is_some(),
        "place" => !row.places.is_empty(),
        "salary" => row.amount_text.is_some(),
        "interest" => row.interest.is_some(),
        "fees" => row.fees.is_some(),
        "duration" => row.duration.is_some(),
        "starts_at" => row.starts_on.is_some(),
        "sector" => row.sector.is_some(),
        "contract" => !row.contracts.is_empty(),
        "posted_at" => row.posted_at.is_some(),
        "closes_at" => row.closes_on.is_some(),
        "positions" => row.positions.is_some(),
        "education" => row.education.is_some(),
        "experience" => row.experience.is_some(),
        "language" => !row.languages.is_empty(),
        _ => true,
    }
}
