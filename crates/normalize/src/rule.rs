//! Which rules parse a field.

use domain::Field;

/// Returns the rules that parse a field: modules of this crate, each with its documentation and its table of cases.
#[must_use]
pub fn rule(field: Field) -> &'static str {
    match field {
        Field::Title => "text, vocabulary: occupation",
        Field::Description => "text, contacts, vocabulary: audience",
        Field::Organization => "text, placeholders are none",
        Field::Place => "places; the text's own where it states one",
        Field::Salary | Field::Interest | Field::Fees => "money",
        Field::Duration => "duration",
        Field::PostedAt | Field::StartsAt | Field::EndsAt | Field::ClosesAt => "dates",
        Field::Contract
        | Field::WorkingTime
        | Field::Education
        | Field::Experience
        | Field::Language
        | Field::Sector => "vocabulary",
        Field::Status => "status",
        Field::ExternalId | Field::Url | Field::Country | Field::Positions => "mapped as given",
    }
}
