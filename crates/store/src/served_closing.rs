//! Opportunities in the order in which they close, and how many there are, counted no further than people need.

use std::{fmt, str::FromStr};

use chrono::NaiveDate;
use sqlx::Row as _;
use uuid::Uuid;

use crate::{
    Filters, ServedRow, Store, StoreError,
    error::Doing as _,
    served_rows::{WHAT, read, select},
};

/// Where a page of what closes first ends: the next one begins behind it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClosingCursor {
    /// The closing day of its last row. Rows without one come last.
    pub day: Option<NaiveDate>,
    /// That row.
    pub id: Uuid,
}

impl fmt::Display for ClosingCursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let day = self.day.map_or_else(|| "none".to_owned(), |day| day.to_string());
        write!(f, "{day}_{}", self.id.simple())
    }
}

impl FromStr for ClosingCursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (day, id) = text.split_once('_').ok_or(())?;
        let day = if day == "none" { None } else { Some(day.parse().map_err(drop)?) };
        Ok(Self { day, id: Uuid::parse_str(id).map_err(drop)? })
    }
}

impl Store {
    /// Returns opportunities that pass the filters, those that close first at the top, at most `limit` behind `after`.
    pub async fn closing_rows(
        &self,
        filters: &Filters,
        after: Option<ClosingCursor>,
        limit: i64,
    ) -> Result<Vec<ServedRow>, StoreError> {
        let mut rows = Vec::new();
        if after.is_none_or(|after| after.day.is_some()) {
            rows = self.of_day(filters, true, after, limit).await?;
        }
        let left = limit - i64::try_from(rows.len()).unwrap_or(limit);
        if left > 0 {
            let after = after.filter(|after| after.day.is_none());
            rows.extend(self.of_day(filters, false, after, left).await?);
        }
        Ok(rows)
    }

    /// Returns a part of that list: the rows with a closing day, or those without. A condition on both would read all in front.
    async fn of_day(
        &self,
        filters: &Filters,
        has_day: bool,
        after: Option<ClosingCursor>,
        limit: i64,
    ) -> Result<Vec<ServedRow>, StoreError> {
        let mut query = select(
            "SELECT (SELECT to_jsonb(v) FROM api.opportunities v WHERE v.id = h.id) AS row FROM (SELECT v.id, v.closes_on",
            filters,
        );
        query.push(if has_day { " AND v.closes_on IS NOT NULL" } else { " AND v.closes_on IS NULL" });
        match after {
            Some(ClosingCursor { day: Some(day), id }) => {
                query.push(" AND (v.closes_on, v.id) > (").push_bind(day).push(", ").push_bind(id).push(")");
            }
            Some(ClosingCursor { day: None, id }) => {
                query.push(" AND v.id > ").push_bind(id);
            }
            None => (),
        }
        query.push(" ORDER BY v.closes_on, v.id LIMIT ").push_bind(limit);
        query.push(") h ORDER BY h.closes_on, h.id");
        read(&query.build().fetch_all(&self.pool).await.doing(WHAT)?)
    }

    /// Returns how many opportunities pass the filters; `most` if there are more.
    pub async fn served_up_to(&self, filters: &Filters, most: i64) -> Result<i64, StoreError> {
        let mut query = select("SELECT count(*) AS count FROM (SELECT 1", filters);
        query.push(" LIMIT ").push_bind(most).push(") counted");
        let counted = query.build().fetch_one(&self.pool).await;
        counted.and_then(|row| row.try_get("count")).doing(WHAT)
    }
}
