//! Opportunities in the order in which they close.

use domain::OpportunityId;
use sqlx::Row as _;
use uuid::Uuid;

use crate::{Filters, Store, StoreError, error::Doing as _, served_rows::select};

/// The action that failed, for the errors of this file.
const WHAT: &str = "list what closes soonest";

impl Store {
    /// Returns the ids of opportunities that pass the filters, soonest closing first and those without a day last, at most `limit`, and
    /// how many pass in all. What closed by its day is left out, although the nightly work has not closed it yet.
    pub async fn closing_soonest(
        &self,
        filters: &Filters,
        limit: i64,
    ) -> Result<(Vec<OpportunityId>, i64), StoreError> {
        let head = "SELECT v.id, count(*) OVER () AS total";
        let mut query = select(head, filters);
        let until = "ingest.open_until(v.kind, v.closes_on, v.ends_on)";
        query.push(format!(
            " AND coalesce({until} >= (now() AT TIME ZONE 'Africa/Douala')::date, true)
              ORDER BY {until} ASC NULLS LAST, v.updated_at DESC, v.id LIMIT "
        ));
        let rows = query.push_bind(limit).build().fetch_all(&self.pool).await.doing(WHAT)?;
        let total = rows.first().map(|row| row.try_get("total")).transpose().doing(WHAT)?.unwrap_or_default();
        let ids = rows.iter().map(|row| row.try_get::<Uuid, _>("id").map(OpportunityId::from));
        Ok((ids.collect::<Result<_, _>>().doing(WHAT)?, total))
    }
}
