//! `/v1/opportunities` and `/v1/changes`

use axum::{Json, extract::State};
use chrono::{DateTime, NaiveDate, Utc};
use domain::OpportunityId;
use serde::{Deserialize, Serialize};
use store::{Cursor, Duplicate, FeedEntry, Filters, ServedRow, Status, Step};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Page, all_known};
use crate::{
    http::{
        Problem, Surroundings,
        auth::Reader,
        extract::{Asked, At, after, each, rows},
    },
    search::Ask,
};

/// Which opportunities. Values of one filter are separated by commas; one of them suffices.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct OpportunitiesAsk {
    /// `open` or `closed`; both where it is left out.
    #[param(inline)]
    pub(crate) status: Option<Status>,
    /// Only rows that stand for their cluster. `false`: also their duplicates. True where it is left out.
    pub(crate) canonical: Option<bool>,
    /// Text in title or organization.
    #[param(min_length = 1, max_length = 200)]
    pub(crate) q: Option<String>,
    /// Kinds: job, training, agr, microfinance.
    pub(crate) kind: Option<String>,
    /// Sources, by slug.
    pub(crate) source: Option<String>,
    /// Streams.
    pub(crate) stream: Option<String>,
    /// Countries (ISO 3166-1 alpha-2).
    pub(crate) country: Option<String>,
    /// Regions, by name or ISO 3166-2 code.
    pub(crate) region: Option<String>,
    /// Towns.
    pub(crate) town: Option<String>,
    /// Contracts.
    pub(crate) contract: Option<String>,
    /// Working times.
    pub(crate) working_time: Option<String>,
    /// Languages of the text: en, fr.
    pub(crate) language: Option<String>,
    /// Sectors.
    pub(crate) sector: Option<String>,
    /// Occupations, by ISCO-08 code of four digits.
    pub(crate) occupation: Option<String>,
    /// Audiences.
    pub(crate) audience: Option<String>,
    /// Levels of education.
    pub(crate) education: Option<String>,
    /// Organizations, by their whole names.
    pub(crate) organization: Option<String>,
    /// Whether the work can be done from anywhere.
    pub(crate) remote: Option<bool>,
    /// What closes on this day or later.
    pub(crate) closes_from: Option<NaiveDate>,
    /// What closes on this day or earlier.
    pub(crate) closes_to: Option<NaiveDate>,
    /// What ends on this day or later.
    pub(crate) ends_from: Option<NaiveDate>,
    /// What ends on this day or earlier.
    pub(crate) ends_to: Option<NaiveDate>,
    /// What changed at this time or later. To keep a copy, follow /v1/changes instead.
    pub(crate) updated_since: Option<DateTime<Utc>>,
    /// What has at least this quality.
    #[param(minimum = 0, maximum = 100)]
    pub(crate) quality_from: Option<u8>,
    /// The members of this cluster; with `canonical=false`.
    pub(crate) cluster: Option<Uuid>,
    /// What `next` of the page before said.
    pub(crate) after: Option<String>,
    /// Rows of a page: 1 to 100; 20 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    pub(crate) limit: Option<u16>,
}

impl OpportunitiesAsk {
    /// Returns the filters as they are stored. Values that no opportunity can have are refused.
    pub(crate) fn filters(&self) -> Result<Filters, Problem> {
        let refused = |mistake: crate::search::Mistake| Problem::impossible(mistake.to_string());
        let known = self.as_of_search().filter().map_err(refused)?;
        if self.quality_from.is_some_and(|quality| quality > 100) {
            return Err(Problem::bad("quality_from must be 0 to 100"));
        }
        if self.q.as_deref().is_some_and(|text| text.is_empty() || text.chars().count() > 200) {
            return Err(Problem::bad("q must have 1 to 200 characters"));
        }
        Ok(Filters {
            status: self.status,
            canonical: self.canonical.unwrap_or(true).then_some(true),
            text: self.q.clone(),
            kinds: known.kinds,
            sources: known.sources,
            streams: known.streams,
            countries: each("country", self.country.as_deref())?,
            regions: known.regions,
            localities: known.localities,
            contracts: known.contracts,
            working_time: known.working_time,
            languages: known.languages,
            sectors: known.sectors,
            occupations: known.occupations,
            audiences: known.audiences,
            education: known.education,
            organizations: known.organizations,
            remote: self.remote,
            closes_from: known.closes.from,
            closes_to: known.closes.to,
            has_closing_day: None,
            ends_from: known.ends.from,
            ends_to: known.ends.to,
            amount_kinds: known.amount_kinds,
            updated_since: self.updated_since,
            quality_from: self.quality_from.map(i16::from),
            cluster: self.cluster,
            among: None,
        })
    }

    /// The same filters as a search has them, so that both read values alike.
    fn as_of_search(&self) -> Ask {
        Ask {
            kind: self.kind.clone(),
            source: self.source.clone(),
            stream: self.stream.clone(),
            region: self.region.clone(),
            town: self.town.clone(),
            contract: self.contract.clone(),
            language: self.language.clone(),
            sector: self.sector.clone(),
            occupation: self.occupation.clone(),
            audience: self.audience.clone(),
            education: self.education.clone(),
            working_time: self.working_time.clone(),
            organization: self.organization.clone(),
            closes_from: self.closes_from,
            closes_to: self.closes_to,
            ends_from: self.ends_from,
            ends_to: self.ends_to,
            ..Ask::default()
        }
    }
}

/// List opportunities, the last changed first
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/opportunities", tag = "opportunities", params(OpportunitiesAsk),
    responses((status = 200, description = "Opportunities", body = Page<ServedRow>)))]
pub(crate) async fn list(
    State(here): State<Surroundings>,
    _: Reader,
    Asked(ask): Asked<OpportunitiesAsk>,
) -> Result<Json<Page<ServedRow>>, Problem> {
    let limit = rows(ask.limit)?;
    let filters = ask.filters()?;
    all_known(&here, &filters.sources).await?;
    let (found, total) = here.app.store.served_rows(&filters, after(ask.after.as_deref())?, limit).await?;
    Ok(Json(Page::of(found, total, limit, cursor)))
}

/// Returns where the page behind an opportunity begins.
pub(crate) fn cursor(row: &ServedRow) -> String {
    Cursor { at: row.updated_at, id: row.id }.to_string()
}

/// An opportunity with its history.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpportunityShown {
    /// The opportunity.
    opportunity: ServedRow,
    /// The run that last changed it.
    run: Uuid,
    /// What happened to it, oldest first.
    history: Vec<Step>,
    /// The other rows of its cluster.
    duplicates: Vec<Duplicate>,
    /// Whether the vector index holds its current content.
    is_indexed: bool,
}

/// Show an opportunity with its history and its duplicates
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/opportunities/{id}", tag = "opportunities",
    params(("id" = Uuid, Path, description = "The opportunity")), responses((status = 200, description = "The opportunity", body = OpportunityShown)))]
pub(crate) async fn show(
    State(here): State<Surroundings>,
    _: Reader,
    At(id): At<OpportunityId>,
) -> Result<Json<OpportunityShown>, Problem> {
    let missing = || Problem::missing(format!("there is no opportunity {id}"));
    let opportunity = here.app.store.served_one(id).await?.ok_or_else(missing)?;
    let life = here.app.store.life(id).await?;
    Ok(Json(OpportunityShown {
        opportunity,
        run: life.run,
        history: life.steps,
        duplicates: life.twins,
        is_indexed: life.indexed,
    }))
}

/// Where to read the feed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ChangesAsk {
    /// The last position that you have; 0 where it is left out: from the beginning.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// Most entries: 1 to 100; 20 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// A page of the feed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Changes {
    /// What changed, oldest first. An opportunity is here once, as it is now.
    items: Vec<FeedEntry>,
    /// Ask next for what comes after it.
    next: i64,
    /// The position of the newest change. Where `next` is this one, you have everything.
    head: i64,
}

/// Follow the changes: what is new, changed, closed, or has another cluster or canonical row
///
/// Positions only grow, in the order in which the changes were committed: polling misses nothing. Changes are kept for
/// `retention.feed_days` (90, and 7 at least). A reader whose position is no longer kept gets 410, which says where to continue after
/// reading everything again. Scope: read.
#[utoipa::path(get, path = "/v1/changes", tag = "opportunities", params(ChangesAsk), 
    responses((status = 200, description = "Changes", body = Changes), (status = 410, description = "The changes after this position are no longer kept", body = Problem)))]
pub(crate) async fn changes(
    State(here): State<Surroundings>,
    _: Reader,
    Asked(ask): Asked<ChangesAsk>,
) -> Result<Json<Changes>, Problem> {
    let limit = rows(ask.limit)?;
    let after = ask.after.unwrap_or(0);
    if after < 0 {
        return Err(Problem::bad("after must be a position: 0 or more"));
    }
    let (items, head) = here.app.store.feed(after, limit).await?;
    let next = items.last().map_or(after, |entry| entry.position);
    Ok(Json(Changes { items, next, head }))
}
