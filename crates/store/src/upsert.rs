//! The bulk path into `ingest.opportunities`.
//!
//! A digest pre-check finds what really changed; only those rows are sent, as arrays, in one statement a
//! batch. Unchanged content costs a read and no write (docs/decisions/0004-bulk-path.md).

use std::collections::HashMap;

use chrono::{DateTime, FixedOffset, NaiveDate, Utc};
use domain::{Opportunity, RunId};
use serde_json::{Value, json};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use crate::{Store, StoreError, rejections::storable};

/// Rows sent in one statement: above this the arrays grow and the speed no longer does.
const BATCH: usize = 1_000;

/// Seconds Africa/Douala is ahead of UTC, all year.
const DOUALA: i32 = 3_600;

/// Where rows come from.
#[derive(Debug)]
pub struct Origin {
    /// The run that reads them.
    pub run: RunId,
    /// The page they stood on.
    pub page: Option<i64>,
    /// When that page was fetched.
    pub fetched_at: DateTime<Utc>,
}

impl Origin {
    /// The day of the fetch, where the partners are.
    fn day(&self) -> NaiveDate {
        let here =
            FixedOffset::east_opt(DOUALA).map(|zone| self.fetched_at.with_timezone(&zone).date_naive());
        here.unwrap_or_else(|| self.fetched_at.date_naive())
    }
}

fn doing() -> impl FnOnce(sqlx::Error) -> StoreError {
    StoreError::doing("load the opportunities")
}

impl Store {
    /// Loads opportunities outside a run's page: what the bulk benchmark measures.
    pub async fn load(
        &self,
        origin: &Origin,
        opportunities: &[Opportunity],
    ) -> Result<(usize, usize), StoreError> {
        let mut tx = self.pool.begin().await.map_err(doing())?;
        let counts = upsert(&mut tx, origin, opportunities).await?;
        tx.commit().await.map_err(doing())?;
        Ok(counts)
    }
}

/// Loads what is new or changed; answers how many of each. Ids must not repeat within one call.
pub(crate) async fn upsert(
    tx: &mut Transaction<'_, Postgres>,
    origin: &Origin,
    opportunities: &[Opportunity],
) -> Result<(usize, usize), StoreError> {
    let (mut created, mut changed) = (0, 0);
    for batch in opportunities.chunks(BATCH) {
        let mut rows = different(tx, origin, batch).await?;
        if rows.is_empty() {
            continue;
        }
        // One order for all transactions: two that load the same rows then wait for, and never deadlock on, each other.
        rows.sort_by_key(|row| row.id);
        for was_new in send(tx, origin, &rows).await? {
            if was_new {
                created += 1;
            } else {
                changed += 1;
            }
        }
    }
    Ok((created, changed))
}

/// The rows whose digest or status is not the stored one.
async fn different<'a>(
    tx: &mut Transaction<'_, Postgres>,
    origin: &Origin,
    batch: &'a [Opportunity],
) -> Result<Vec<&'a Opportunity>, StoreError> {
    let ids: Vec<Uuid> = batch.iter().map(|row| row.id.uuid()).collect();
    let stored = sqlx::query!(
        "SELECT id, fingerprint, status = 'open' AS \"open!\", content_at FROM ingest.opportunities WHERE id = ANY ($1)",
        &ids
    )
    .fetch_all(&mut **tx)
    .await
    .map_err(doing())?;
    let stored: HashMap<Uuid, _> = stored.into_iter().map(|row| (row.id, row)).collect();
    let day = origin.day();
    Ok(batch
        .iter()
        .filter(|row| {
            stored.get(&row.id.uuid()).is_none_or(|known| {
                let same = known.fingerprint == row.fingerprint.as_bytes()
                    && known.open == closed_why(row, day).is_none();
                !same && known.content_at <= origin.fetched_at
            })
        })
        .collect())
}

/// Why a row is closed as it is read: by the partner's word, or because its last day is over.
fn closed_why(row: &Opportunity, day: NaiveDate) -> Option<&'static str> {
    if row.is_closed { Some("partner") } else { row.closes_on.filter(|last| *last < day).map(|_| "date") }
}

/// Values of a list column as one text: arrays of arrays cannot be unnested.
fn joined<T: AsRef<str>>(values: impl IntoIterator<Item = T>) -> String {
    values.into_iter().map(|value| storable(value.as_ref())).collect::<Vec<_>>().join("\u{1f}")
}

#[derive(Default)]
struct Columns {
    id: Vec<Uuid>,
    stream: Vec<String>,
    external_id: Vec<String>,
    kind: Vec<String>,
    title: Vec<String>,
    url: Vec<Option<String>>,
    organization: Vec<Option<String>>,
    description: Vec<Option<String>>,
    places: Vec<Value>,
    countries: Vec<String>,
    regions: Vec<String>,
    localities: Vec<String>,
    pay_min: Vec<Option<i64>>,
    pay_max: Vec<Option<i64>>,
    pay_currency: Vec<Option<String>>,
    pay_period: Vec<Option<String>>,
    pay_basis: Vec<Option<String>>,
    pay_text: Vec<Option<String>>,
    contracts: Vec<String>,
    posted_at: Vec<Option<DateTime<Utc>>>,
    closes_on: Vec<Option<NaiveDate>>,
    positions: Vec<Option<i32>>,
    education: Vec<Option<String>>,
    experience: Vec<Option<String>>,
    language: Vec<Option<String>>,
    experience_months: Vec<Option<i16>>,
    working_time: Vec<String>,
    occupation: Vec<Option<String>>,
    sector: Vec<Option<String>>,
    audiences: Vec<String>,
    remote: Vec<bool>,
    emails: Vec<String>,
    phones: Vec<String>,
    quality: Vec<i16>,
    quality_parts: Vec<Value>,
    description_html: Vec<Option<String>>,
    terms: Vec<Option<Value>>,
    fingerprint: Vec<Vec<u8>>,
    closed_why: Vec<Option<String>>,
}

impl Columns {
    fn push(&mut self, row: &Opportunity, day: NaiveDate) {
        let text = |value: &Option<String>| value.as_deref().map(storable).filter(|value| !value.is_empty());
        self.id.push(row.id.uuid());
        self.stream.push(row.stream.to_string());
        self.external_id.push(storable(&row.external_id));
        self.kind.push(row.kind.as_str().to_owned());
        self.title.push(storable(&row.title));
        self.url.push(text(&row.url));
        self.organization.push(text(&row.organization));
        self.description.push(text(&row.description));
        self.push_places(row);
        self.push_pay(row);
        self.contracts.push(joined(row.contracts.iter().map(|contract| contract.as_str())));
        self.posted_at.push(row.posted_at);
        self.closes_on.push(row.closes_on);
        self.positions.push(row.positions.and_then(|n| i32::try_from(n).ok()));
        self.education.push(row.education.map(|level| level.as_str().to_owned()));
        self.experience.push(text(&row.experience));
        self.language.push(row.language.map(|language| language.as_str().to_owned()));
        self.experience_months.push(row.experience_months.and_then(|months| i16::try_from(months).ok()));
        self.working_time.push(joined(row.working_time.iter().map(|time| time.as_str())));
        self.occupation.push(row.occupation.clone());
        self.sector.push(row.sector.clone());
        self.audiences.push(joined(row.audiences.iter().map(|audience| audience.as_str())));
        self.remote.push(row.remote);
        self.emails.push(joined(&row.contacts.emails));
        self.phones.push(joined(&row.contacts.phones));
        self.quality.push(row.quality.score.into());
        self.quality_parts.push(json!({ "missing": row.quality.missing, "doubts": row.quality.doubts }));
        self.fingerprint.push(row.fingerprint.as_bytes().to_vec());
        self.closed_why.push(closed_why(row, day).map(str::to_owned));
        self.description_html.push(text(&row.description_html));
        self.terms.push(terms(row));
    }

    fn push_places(&mut self, row: &Opportunity) {
        let distinct = |mut values: Vec<String>| {
            values.sort();
            values.dedup();
            joined(values)
        };
        let places = &row.places;
        self.places.push(serde_json::to_value(places).unwrap_or_else(|_| Value::Array(Vec::new())));
        self.countries.push(distinct(places.iter().map(|p| p.country.clone()).collect()));
        self.regions
            .push(distinct(places.iter().filter_map(|p| p.region.map(|r| r.code().to_owned())).collect()));
        self.localities.push(distinct(places.iter().filter_map(|p| p.locality.clone()).collect()));
    }

    fn push_pay(&mut self, row: &Opportunity) {
        let pay = row.pay.as_ref().filter(|pay| pay.min.is_some() || pay.max.is_some());
        self.pay_min.push(pay.and_then(|pay| pay.min));
        self.pay_max.push(pay.and_then(|pay| pay.max));
        self.pay_currency.push(pay.map(|pay| pay.currency.as_str().to_owned()));
        self.pay_period.push(pay.and_then(|pay| pay.period).map(|period| period.as_str().to_owned()));
        self.pay_basis.push(pay.and_then(|pay| pay.basis).map(|basis| basis.as_str().to_owned()));
        self.pay_text.push(row.pay_text.as_deref().map(storable));
    }
}

/// What a loan costs and how long things last: few rows have it, so it travels as one value.
fn terms(row: &Opportunity) -> Option<Value> {
    let (interest, fees, duration) = (row.interest.as_ref(), row.fees.as_ref(), row.duration.as_ref());
    let texts = [&row.interest_text, &row.fees_text, &row.duration_text];
    let none = interest.is_none() && fees.is_none() && duration.is_none() && row.starts_on.is_none();
    if none && texts.iter().all(|text| text.is_none()) {
        return None;
    }
    let [interest_text, fees_text, duration_text] = texts.map(|text| text.as_deref().map(storable));
    Some(json!({
        "interest_min": interest.and_then(|rate| rate.min), "interest_max": interest.and_then(|rate| rate.max),
        "interest_period": interest.map(|rate| rate.period), "interest_tax": interest.and_then(|rate| rate.tax),
        "interest_text": interest_text,
        "fees_percent": fees.and_then(|fees| fees.percent), "fees_amount": fees.and_then(|fees| fees.amount),
        "fees_currency": fees.and_then(|fees| fees.currency), "fees_text": fees_text,
        "duration_min": duration.and_then(|length| length.min), "duration_max": duration.and_then(|length| length.max),
        "duration_text": duration_text, "starts_on": row.starts_on,
    }))
}

/// Sends rows; answers for each row that was written whether it was new.
async fn send(
    tx: &mut Transaction<'_, Postgres>,
    origin: &Origin,
    rows: &[&Opportunity],
) -> Result<Vec<bool>, StoreError> {
    let Some(source) = rows.first().map(|row| row.source.to_string()) else { return Ok(Vec::new()) };
    let mut c = Columns::default();
    for row in rows {
        c.push(row, origin.day());
    }
    sqlx::query_file_scalar!(
        "src/upsert.sql",
        source,
        origin.run.uuid(),
        origin.page,
        origin.fetched_at,
        &c.id,
        &c.stream,
        &c.external_id,
        &c.kind,
        &c.title,
        &c.url as &[Option<String>],
        &c.organization as &[Option<String>],
        &c.description as &[Option<String>],
        &c.places,
        &c.countries,
        &c.regions,
        &c.localities,
        &c.pay_min as &[Option<i64>],
        &c.pay_max as &[Option<i64>],
        &c.pay_currency as &[Option<String>],
        &c.pay_period as &[Option<String>],
        &c.pay_basis as &[Option<String>],
        &c.pay_text as &[Option<String>],
        &c.contracts,
        &c.posted_at as &[Option<DateTime<Utc>>],
        &c.closes_on as &[Option<NaiveDate>],
        &c.positions as &[Option<i32>],
        &c.education as &[Option<String>],
        &c.experience as &[Option<String>],
        &c.language as &[Option<String>],
        &c.experience_months as &[Option<i16>],
        &c.working_time,
        &c.occupation as &[Option<String>],
        &c.sector as &[Option<String>],
        &c.audiences,
        &c.remote,
        &c.emails,
        &c.phones,
        &c.quality,
        &c.quality_parts,
        &c.description_html as &[Option<String>],
        &c.terms as &[Option<Value>],
        &c.fingerprint,
        &c.closed_why as &[Option<String>]
    )
    .fetch_all(&mut **tx)
    .await
    .map_err(doing())
}
