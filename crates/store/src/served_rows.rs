//! Opportunities as other services read them: the rows of `api.opportunities`, by filters, page by page.

use chrono::{DateTime, NaiveDate, TimeZone as _, Utc};
use domain::{Kind, OpportunityId};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sqlx::{Postgres, QueryBuilder, Row as _, postgres::PgRow};
use uuid::Uuid;

use crate::{Status, Store, StoreError, error::Doing as _};

/// A place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = Place)]
pub struct ServedPlace {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// ISO 3166-2.
    pub region: Option<String>,
    /// Town, in Cameroon in French spelling.
    pub locality: Option<String>,
}

/// An opportunity as it is served. `docs/DATA_DICTIONARY.md` says what each field is and where it comes from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Opportunity)]
#[allow(missing_docs, reason = "the columns of api.opportunities, documented in docs/DATA_DICTIONARY.md")]
pub struct ServedRow {
    pub id: Uuid,
    pub source: String,
    pub stream: String,
    pub external_id: String,
    pub kind: String,
    pub title: String,
    pub url: Option<String>,
    pub organization: Option<String>,
    pub description: Option<String>,
    /// HTML that is safe to show: no attribute, no script.
    pub description_html: Option<String>,
    pub places: Vec<ServedPlace>,
    pub countries: Vec<String>,
    pub regions: Vec<String>,
    pub localities: Vec<String>,
    pub remote: bool,
    pub contracts: Vec<String>,
    pub working_time: Vec<String>,
    pub education: Option<String>,
    pub experience: Option<String>,
    pub experience_months: Option<i16>,
    pub occupation: Option<String>,
    pub sector: Option<String>,
    pub audiences: Vec<String>,
    pub languages: Vec<String>,
    pub positions: Option<i32>,
    pub posted_at: Option<DateTime<Utc>>,
    pub starts_on: Option<NaiveDate>,
    pub closes_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub duration_min: Option<f64>,
    pub duration_max: Option<f64>,
    pub duration_text: Option<String>,
    pub amount_kind: Option<String>,
    pub amount_min: Option<f64>,
    pub amount_max: Option<f64>,
    pub amount_currency: Option<String>,
    pub amount_period: Option<String>,
    pub amount_basis: Option<String>,
    pub amount_text: Option<String>,
    pub interest_min: Option<f64>,
    pub interest_max: Option<f64>,
    pub interest_period: Option<String>,
    pub interest_tax: Option<f64>,
    pub interest_text: Option<String>,
    pub fees_percent: Option<f64>,
    pub fees_amount: Option<f64>,
    pub fees_currency: Option<String>,
    pub fees_text: Option<String>,
    pub status: Status,
    pub closed_why: Option<String>,
    pub quality: Option<i16>,
    pub quality_parts: Value,
    /// The same for all rows that are one opportunity.
    pub cluster: Uuid,
    /// Whether the row stands for its cluster. Show these alone.
    pub canonical: bool,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl ServedRow {
    /// Reads a row of the view.
    pub(crate) fn of(row: &Value) -> Result<Self, StoreError> {
        crate::error::stored_json("api.opportunities", row)
    }
}

/// Which opportunities to list. Values of one filter are alternatives; an empty filter lets everything pass.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(missing_docs, reason = "each is the column of api.opportunities of that name")]
pub struct Filters {
    pub status: Option<Status>,
    /// Only rows that stand for their cluster, or only others.
    pub canonical: Option<bool>,
    /// Text that title or organization contain, in any case.
    pub text: Option<String>,
    pub kinds: Vec<String>,
    pub sources: Vec<String>,
    pub streams: Vec<String>,
    pub countries: Vec<String>,
    pub regions: Vec<String>,
    pub localities: Vec<String>,
    pub contracts: Vec<String>,
    pub working_time: Vec<String>,
    pub languages: Vec<String>,
    pub sectors: Vec<String>,
    pub occupations: Vec<String>,
    pub audiences: Vec<String>,
    pub education: Vec<String>,
    pub organizations: Vec<String>,
    pub remote: Option<bool>,
    pub closes_from: Option<NaiveDate>,
    pub closes_to: Option<NaiveDate>,
    /// Only rows with a closing day, or only those without.
    pub has_closing_day: Option<bool>,
    pub ends_from: Option<NaiveDate>,
    pub ends_to: Option<NaiveDate>,
    pub amount_kinds: Vec<String>,
    pub updated_since: Option<DateTime<Utc>>,
    pub quality_from: Option<i16>,
    pub cluster: Option<Uuid>,
    /// Only these rows.
    pub among: Option<Vec<Uuid>>,
}

impl Filters {
    /// Whether more is asked for than a state, and rows that stand for their cluster.
    pub fn is_narrow(&self) -> bool {
        let broad = Self { status: self.status, canonical: self.canonical, ..Self::default() };
        *self != broad
    }

    /// Whether the index that the list is ordered by has all that is asked for: `opportunities_listed`.
    pub fn is_listed(&self) -> bool {
        let listed = Self {
            kinds: self.kinds.clone(),
            sources: self.sources.clone(),
            regions: self.regions.clone(),
            languages: self.languages.clone(),
            status: self.status,
            canonical: self.canonical,
            ..Self::default()
        };
        *self == listed
    }
}

/// Where a page of a list ends: the next one begins behind it. Its text is opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// The time by which the list is ordered.
    pub at: DateTime<Utc>,
    /// The row.
    pub id: Uuid,
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.at.timestamp_micros(), self.id.simple())
    }
}

impl std::str::FromStr for Cursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (at, id) = text.rsplit_once('-').ok_or(())?;
        Ok(Self { at: stored_moment(at)?, id: Uuid::parse_str(id).map_err(drop)? })
    }
}

/// Parses microseconds since 1970, as cursors carry them.
pub(crate) fn stored_moment(micros: &str) -> Result<DateTime<Utc>, ()> {
    let at = micros.parse().ok().and_then(|micros| Utc.timestamp_micros(micros).single()).ok_or(())?;
    // PostgreSQL has no year beyond.
    (1..=9999).contains(&chrono::Datelike::year(&at)).then_some(at).ok_or(())
}

/// The action that failed, for the errors of this file.
pub(crate) const WHAT: &str = "list opportunities";

/// The beginning of a query that finds rows, and then reads those of the page alone.
const FOUND: &str = "SELECT (SELECT to_jsonb(v) FROM api.opportunities v WHERE v.id = h.id) AS row FROM (SELECT v.id, v.updated_at";

impl Store {
    /// Returns opportunities that pass the filters, the last changed first, at most `limit` behind `after`, and how many pass in all.
    pub async fn served_rows(
        &self,
        filters: &Filters,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<(Vec<ServedRow>, i64), StoreError> {
        if !filters.is_narrow() {
            return tokio::try_join!(self.served_in_order(filters, after, limit), self.served_total(filters));
        }
        // What passes is looked up first, and counted on the way. In the order of the list, a few rows that pass may stand behind
        // all others.
        let mut query = select("WITH hits AS MATERIALIZED (SELECT v.id, v.updated_at", filters);
        query.push(
            ") SELECT (SELECT count(*) FROM hits) AS total, (SELECT to_jsonb(v) FROM api.opportunities v WHERE v.id = h.id) AS row
                FROM (SELECT v.id, v.updated_at FROM hits v WHERE true",
        );
        behind(&mut query, after);
        query.push(" ORDER BY v.updated_at DESC, v.id DESC LIMIT ").push_bind(limit);
        query.push(") h ORDER BY h.updated_at DESC, h.id DESC");
        let rows = query.build().fetch_all(&self.pool).await.doing(WHAT)?;
        let total = match rows.first() {
            Some(row) => row.try_get("total").doing(WHAT)?,
            None => self.served_total(filters).await?,
        };
        Ok((read(&rows)?, total))
    }

    /// Returns the same rows in the order of an index, without counting.
    pub async fn served_in_order(
        &self,
        filters: &Filters,
        after: Option<Cursor>,
        limit: i64,
    ) -> Result<Vec<ServedRow>, StoreError> {
        let is_by_kind = filters.is_narrow() && filters.is_listed();
        let mut query = if is_by_kind { first_of_kinds(filters) } else { select(FOUND, filters) };
        behind(&mut query, after);
        query.push(" ORDER BY v.updated_at DESC, v.id DESC LIMIT ").push_bind(limit);
        if is_by_kind {
            query.push(") h ORDER BY h.updated_at DESC, h.id DESC LIMIT ").push_bind(limit);
        }
        query.push(") h ORDER BY h.updated_at DESC, h.id DESC");
        read(&query.build().fetch_all(&self.pool).await.doing(WHAT)?)
    }

    /// Returns how many opportunities pass the filters.
    pub async fn served_total(&self, filters: &Filters) -> Result<i64, StoreError> {
        let counted = select("SELECT count(*) AS count", filters).build().fetch_one(&self.pool).await;
        counted.and_then(|row| row.try_get("count")).doing(WHAT)
    }

    /// Returns an opportunity; `None` if there is none with this id.
    pub async fn served_one(&self, id: OpportunityId) -> Result<Option<ServedRow>, StoreError> {
        let row = sqlx::query_scalar!(
            r#"SELECT to_jsonb(v) AS "row!" FROM api.opportunities v WHERE v.id = $1"#,
            id.uuid()
        )
        .fetch_optional(&self.pool)
        .await
        .doing(WHAT)?;
        row.map(|row| ServedRow::of(&row)).transpose()
    }
}

/// Returns the beginning of a query on the first rows of each kind that pass, and of these the first. The index of the list is by kind,
/// and says all that is asked for: rows that do not pass are not read.
fn first_of_kinds(filters: &Filters) -> QueryBuilder<Postgres> {
    let is_asked = |kind: &&str| filters.kinds.is_empty() || filters.kinds.iter().any(|asked| asked == kind);
    let kinds: Vec<String> =
        Kind::ALL.iter().map(|kind| kind.as_str()).filter(is_asked).map(|kind| format!("'{kind}'")).collect();
    let head = format!(
        "SELECT (SELECT to_jsonb(v) FROM api.opportunities v WHERE v.id = h.id) AS row FROM (SELECT h.id, h.updated_at
           FROM unnest(ARRAY[{}]::text[]) k (kind), LATERAL (SELECT v.id, v.updated_at",
        kinds.join(", ")
    );
    let mut query = select(&head, &Filters { kinds: Vec::new(), ..filters.clone() });
    query.push(" AND v.kind = k.kind");
    query
}

/// Adds the condition that a row stands behind another one in the list.
fn behind(query: &mut QueryBuilder<Postgres>, after: Option<Cursor>) {
    if let Some(after) = after {
        query.push(" AND (v.updated_at, v.id) < (").push_bind(after.at).push(", ");
        query.push_bind(after.id).push(")");
    }
}

pub(crate) fn read(rows: &[PgRow]) -> Result<Vec<ServedRow>, StoreError> {
    rows.iter().map(|row| ServedRow::of(&row.try_get::<Value, _>("row").doing(WHAT)?)).collect()
}

/// Returns a query on the rows that pass the filters. Only what is asked for becomes a condition: one statement with every condition
/// would have a plan that fits none of them.
pub(crate) fn select(head: &str, filters: &Filters) -> QueryBuilder<Postgres> {
    let mut query = QueryBuilder::new(head);
    query.push(" FROM api.opportunities v WHERE true");
    for (column, values) in [
        ("kind", &filters.kinds),
        ("source", &filters.sources),
        ("stream", &filters.streams),
        ("sector", &filters.sectors),
        ("occupation", &filters.occupations),
        ("education", &filters.education),
        ("amount_kind", &filters.amount_kinds),
    ] {
        if !values.is_empty() {
            query.push(format!(" AND v.{column} = ANY (")).push_bind(values.clone()).push(")");
        }
    }
    for (column, values) in [
        ("countries", &filters.countries),
        ("regions", &filters.regions),
        ("localities", &filters.localities),
        ("contracts", &filters.contracts),
        ("working_time", &filters.working_time),
        ("languages", &filters.languages),
        ("audiences", &filters.audiences),
    ] {
        if !values.is_empty() {
            query.push(format!(" AND v.{column} && ")).push_bind(values.clone());
        }
    }
    single(&mut query, filters);
    query
}

/// Adds the conditions with a single value.
fn single(query: &mut QueryBuilder<Postgres>, filters: &Filters) {
    if let Some(status) = filters.status {
        // A literal: indexes hold open rows only, and a parameter would hide that it is one of these.
        query.push(match status {
            Status::Open => " AND v.status = 'open'",
            Status::Closed => " AND v.status = 'closed'",
        });
    }
    if let Some(canonical) = filters.canonical {
        query.push(" AND v.canonical = ").push_bind(canonical);
    }
    if let Some(text) = &filters.text {
        query.push(" AND position(lower(").push_bind(text.clone());
        query.push(") IN lower(v.title || ' ' || coalesce(v.organization, ''))) > 0");
    }
    if !filters.organizations.is_empty() {
        let names: Vec<String> = filters.organizations.iter().map(|name| name.to_lowercase()).collect();
        query.push(" AND lower(v.organization) = ANY (").push_bind(names).push(")");
    }
    if let Some(remote) = filters.remote {
        query.push(" AND v.remote = ").push_bind(remote);
    }
    for (condition, day) in [
        ("closes_on >=", filters.closes_from),
        ("closes_on <=", filters.closes_to),
        ("ends_on >=", filters.ends_from),
        ("ends_on <=", filters.ends_to),
    ] {
        if let Some(day) = day {
            query.push(format!(" AND v.{condition} ")).push_bind(day);
        }
    }
    if let Some(has_day) = filters.has_closing_day {
        query.push(if has_day { " AND v.closes_on IS NOT NULL" } else { " AND v.closes_on IS NULL" });
    }
    if let Some(since) = filters.updated_since {
        query.push(" AND v.updated_at >= ").push_bind(since);
    }
    if let Some(quality) = filters.quality_from {
        query.push(" AND v.quality >= ").push_bind(quality);
    }
    if let Some(ids) = &filters.among {
        query.push(" AND v.id = ANY (").push_bind(ids.clone()).push(")");
    }
    if let Some(cluster) = filters.cluster {
        query.push(" AND v.cluster = ").push_bind(cluster);
    }
}
