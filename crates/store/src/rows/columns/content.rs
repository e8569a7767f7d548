//! The table of the columns of content.
use super::{Column, Shape, column, of};
use domain::{
    Field::{
        ClosesAt, Contract, Description, Duration, Education, EndsAt, Experience, Fees, Interest, Language,
        Organization, Place, Positions, PostedAt, Salary, Sector, StartsAt, Title, Url, WorkingTime,
    },
    Opportunity,
};
use serde_json::json;

/// Columns of content, in the order in which rows are sent.
pub(crate) static CONTENT: [Column; 47] = [
    column("kind", Shape::Unaudited, |row, to| to.text(row.kind.as_str())),
    of(Title, "title", Shape::Text, |row, to| to.text(&row.title)),
    of(Url, "url", Shape::Text, |row, to| to.maybe_text(row.url.as_deref())),
    of(Organization, "organization", Shape::Text, |row, to| to.maybe_text(row.organization.as_deref())),
    of(Description, "description", Shape::Text, |row, to| to.maybe_text(row.description.as_deref())),
    of(Description, "description_html", Shape::Unaudited, |row, to| {
        to.maybe_text(row.description_html.as_deref());
    }),
    of(Language, "languages", Shape::Texts, |row, to| to.texts(row.languages.iter().map(|l| l.as_str()))),
    of(Place, "places", Shape::Json, |row, to| to.json(json!(row.places))),
    of(Place, "countries", Shape::Unaudited, |row, to| {
        to.texts(distinct(row.places.iter().map(|place| place.country.as_str())));
    }),
    of(Place, "regions", Shape::Unaudited, |row, to| {
        to.texts(distinct(
            row.places.iter().filter_map(|place| place.region.as_ref()).map(domain::places::Region::code),
        ));
    }),
    of(Place, "localities", Shape::Unaudited, |row, to| {
        to.texts(distinct(row.places.iter().filter_map(|place| place.locality.as_deref())));
    }),
    of(Place, "remote", Shape::Unaudited, |row, to| to.truth(row.remote)),
    of(Description, "emails", Shape::Texts, |row, to| to.texts(&row.contacts.emails)),
    of(Description, "phones", Shape::Texts, |row, to| to.texts(&row.contacts.phones)),
    of(PostedAt, "posted_at", Shape::Unaudited, |row, to| to.instant(row.posted_at)),
    of(ClosesAt, "closes_on", Shape::Day, |row, to| to.day(row.closes_on)),
    of(EndsAt, "ends_on", Shape::Day, |row, to| to.day(row.ends_on)),
    of(StartsAt, "starts_on", Shape::Day, |row, to| to.day(row.starts_on)),
    of(Duration, "duration_min", Shape::Number, |row, to| to.decimal(months(row).0, 2)),
    of(Duration, "duration_max", Shape::Unaudited, |row, to| to.decimal(months(row).1, 2)),
    of(Duration, "duration_text", Shape::Text, |row, to| to.maybe_text(row.duration_text.as_deref())),
    of(Positions, "positions", Shape::Number, |row, to| to.number::<i32, _>(row.positions)),
    of(Contract, "contracts", Shape::Texts, |row, to| to.texts(row.contracts.iter().map(|c| c.as_str()))),
    of(WorkingTime, "working_time", Shape::Texts, |row, to| {
        to.texts(row.working_time.iter().map(|t| t.as_str()));
    }),
    of(Education, "education", Shape::Text, |row, to| {
        to.maybe_text(row.education.map(domain::vocabulary::Education::as_str));
    }),
    of(Experience, "experience", Shape::Text, |row, to| to.maybe_text(row.experience.as_deref())),
    of(Experience, "experience_months", Shape::Number, |row, to| {
        to.number::<i16, _>(row.experience_months);
    }),
    of(Title, "occupation", Shape::Unaudited, |row, to| to.maybe_text(row.occupation.as_deref())),
    of(Sector, "sector", Shape::Unaudited, |row, to| to.maybe_text(row.sector.as_deref())),
    of(Description, "audiences", Shape::Texts, |row, to| to.texts(row.audiences.iter().map(|a| a.as_str()))),
    of(Salary, "amount_kind", Shape::Unaudited, |row, to| {
        to.maybe_text(amount(row).map(|amount| amount.kind.as_str()));
    }),
    of(Salary, "amount_min", Shape::Number, |row, to| {
        to.decimal(amount(row).and_then(|amount| amount.min), 2);
    }),
    of(Salary, "amount_max", Shape::Number, |row, to| {
        to.decimal(amount(row).and_then(|amount| amount.max), 2);
    }),
    of(Salary, "amount_currency", Shape::Text, |row, to| {
        to.maybe_text(amount(row).map(|amount| amount.currency.as_str()));
    }),
    of(Salary, "amount_period", Shape::Text, |row, to| {
        to.maybe_text(amount(row).and_then(|amount| amount.period).map(domain::money::Period::as_str));
    }),
    of(Salary, "amount_basis", Shape::Text, |row, to| {
        to.maybe_text(amount(row).and_then(|amount| amount.basis).map(domain::money::Basis::as_str));
    }),
    // The amounts beside it are compared: other words for the same ones change nothing.
    of(Salary, "amount_text", Shape::Unaudited, |row, to| to.maybe_text(row.amount_text.as_deref())),
    of(Interest, "interest_min", Shape::Number, |row, to| {
        to.decimal(row.interest.as_ref().and_then(|i| i.min), 3);
    }),
    of(Interest, "interest_max", Shape::Number, |row, to| {
        to.decimal(row.interest.as_ref().and_then(|i| i.max), 3);
    }),
    of(Interest, "interest_period", Shape::Text, |row, to| {
        to.maybe_text(row.interest.as_ref().map(|interest| interest.period.as_str()));
    }),
    of(Interest, "interest_tax", Shape::Number, |row, to| {
        to.decimal(row.interest.as_ref().and_then(|i| i.tax), 3);
    }),
    of(Interest, "interest_text", Shape::Text, |row, to| to.maybe_text(row.interest_text.as_deref())),
    of(Fees, "fees_percent", Shape::Number, |row, to| {
        to.decimal(row.fees.as_ref().and_then(|f| f.percent), 3);
    }),
    of(Fees, "fees_amount", Shape::Number, |row, to| to.decimal(row.fees.as_ref().and_then(|f| f.amount), 2)),
    of(Fees, "fees_currency", Shape::Text, |row, to| {
        to.maybe_text(row.fees.as_ref().and_then(|fees| fees.currency).map(domain::money::Currency::as_str));
    }),
    of(Fees, "fees_text", Shape::Text, |row, to| to.maybe_text(row.fees_text.as_deref())),
    column("quality_parts", Shape::Unaudited, |row, to| {
        to.json(json!({ "missing": row.quality.missing, "doubts": row.quality.doubts }));
    }),
];

fn amount(row: &Opportunity) -> Option<&domain::money::Amount> {
    row.amount.as_ref().filter(|amount| amount.min.is_some() || amount.max.is_some())
}

fn months(row: &Opportunity) -> (Option<i64>, Option<i64>) {
    row.duration
        .as_ref()
        .map_or((None, None), |length| (length.min.map(i64::from), length.max.map(i64::from)))
}

fn distinct<'a>(values: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut values: Vec<&str> = values.collect();
    values.sort_unstable();
    values.dedup();
    values
}
