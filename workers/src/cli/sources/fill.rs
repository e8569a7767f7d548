//! How often each field has a value.

use domain::{Field, Opportunity};
use sources::Spec;

/// Returns the percentage of rows that have a value, for each field that a source file maps.
pub(super) fn filled(spec: &Spec, rows: &[Opportunity]) -> Vec<(Field, usize)> {
    let mapped: Vec<&str> = spec.streams.iter().flat_map(sources::Stream::mapped).collect();
    let percent = |field: Field| {
        let has = rows.iter().filter(|row| has(row, field)).count();
        (field, (100 * has).checked_div(rows.len()).unwrap_or(0))
    };
    Field::ALL.into_iter().filter(|field| mapped.contains(&field.as_str())).map(percent).collect()
}

/// Returns the fields that a stream maps and none of its rows has, because a path or selector finds nothing.
pub(super) fn unfilled(spec: &Spec, rows: &[Opportunity]) -> Vec<String> {
    let mut told = Vec::new();
    for stream in &spec.streams {
        let own: Vec<&Opportunity> = rows.iter().filter(|row| row.stream == stream.name).collect();
        if own.is_empty() {
            continue;
        }
        let is_empty = |field: &Field| !own.iter().any(|row| has(row, *field));
        let fields = stream.mapped().into_iter().filter_map(Field::of).filter(is_empty);
        let fields: Vec<&str> = fields.map(Field::as_str).collect();
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

/// Most places of a record that is believed to be one.
const PLACES: usize = 4;
/// Most names in one, apart by a comma or a semicolon.
const NAMES: usize = 3;

/// Returns a warning where one record has many values for one field: `records` then names what holds the records.
pub(super) fn many(rows: &[Opportunity]) -> Vec<String> {
    let [row, rest @ ..] = rows else { return Vec::new() };
    let apart = |words: &str| words.split([',', ';']).filter(|part| !part.trim().is_empty()).count();
    let counts = [
        (Field::Place, row.places.len(), PLACES),
        (Field::Organization, row.organization.as_deref().map_or(0, apart), NAMES),
    ];
    // A list of several records is one, whatever some of them hold.
    let told = counts.into_iter().filter(|(_, count, most)| rest.is_empty() && count > most);
    told.map(|(field, count, _)| {
        format!(
            "the one record has {count} values of {}: does `records` name the element that repeats, and not what holds it?",
            field.as_str()
        )
    })
    .collect()
}

/// Formats the same on one line, without the fields that each row has.
pub(super) fn shown(filled: &[(Field, usize)]) -> String {
    let told = filled.iter().filter(|(field, _)| !matches!(field, Field::ExternalId | Field::Title));
    told.map(|(field, percent)| format!("{} {percent}", field.as_str())).collect::<Vec<_>>().join(" · ")
}

/// Returns whether an opportunity has a value of a field.
fn has(row: &Opportunity, field: Field) -> bool {
    match field {
        Field::Url => row.url.is_some(),
        Field::Organization => row.organization.is_some(),
        Field::Description => row.description.is_some(),
        Field::Place => !row.places.is_empty(),
        Field::Salary => row.amount_text.is_some(),
        Field::Interest => row.interest.is_some(),
        Field::Fees => row.fees.is_some(),
        Field::Duration => row.duration.is_some(),
        Field::StartsAt => row.starts_on.is_some(),
        Field::Sector => row.sector.is_some(),
        Field::WorkingTime => !row.working_time.is_empty(),
        Field::Contract => !row.contracts.is_empty(),
        Field::PostedAt => row.posted_at.is_some(),
        Field::ClosesAt => row.closes_on.is_some(),
        Field::EndsAt => row.ends_on.is_some(),
        Field::Positions => row.positions.is_some(),
        Field::Education => row.education.is_some(),
        Field::Experience => row.experience.is_some(),
        Field::Language => !row.languages.is_empty(),
        // A row without identity or title is rejected, a country shows in places, and a status in rows that are closed.
        Field::ExternalId | Field::Title | Field::Country | Field::Status => true,
    }
}
