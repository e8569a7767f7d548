//! Figures for people: how fresh each source is, and what its runs of the last days did.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

use crate::{Mode, RunOutcome, Store, StoreError, error::Doing as _};

/// What the runs of a source did on a day. New, changed and closed is what was published: what a held run would do is served to nobody.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[allow(missing_docs, reason = "the columns of ingest.runs, documented in migrations/0002_ingest.sql")]
pub struct DayOfRuns {
    /// The day, in Douala.
    pub day: NaiveDate,
    pub runs: i64,
    pub seen: i64,
    pub created: i64,
    pub changed: i64,
    pub closed: i64,
    pub rejected: i64,
}

/// How fresh a source is.
#[derive(Debug, Clone, Default, Serialize, utoipa::ToSchema)]
pub struct Freshness {
    /// End of its last complete visit.
    pub complete_at: Option<DateTime<Utc>>,
    /// Since when the registry knows it.
    pub known_since: Option<DateTime<Utc>>,
    /// Its newest held run that waits for a decision, however many runs came after it.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub held_run: Option<domain::RunId>,
    /// How its newest visit stands: a run other than a replay, a revert, or one opportunity again.
    pub last_state: Option<RunOutcome>,
    /// Id of that run.
    #[schema(value_type = Option<uuid::Uuid>)]
    pub last_run: Option<domain::RunId>,
    /// When that was requested.
    pub last_at: Option<DateTime<Utc>>,
    /// What it says about itself.
    pub last_message: Option<String>,
    /// The days of the last thirty on which a run ended, oldest first.
    pub days: Vec<DayOfRuns>,
}

impl Store {
    /// Returns how fresh each source is, by slug.
    pub async fn freshness(&self) -> Result<BTreeMap<String, Freshness>, StoreError> {
        let what = "measure how fresh the sources are";
        let mut all = BTreeMap::<String, Freshness>::new();
        let newest = sqlx::query!(
            r#"SELECT s.slug, c.complete_at, n.id AS "id?", n.outcome AS "state?: RunOutcome", n.created_at AS "created_at?",
                      n.message AS "message?",
                      (SELECT h.id FROM ingest.runs h WHERE h.source = s.slug AND h.state = 'held' AND h.decision IS NULL
                        ORDER BY h.created_at DESC LIMIT 1) AS held, (SELECT min(f.at) FROM ingest.source_files f WHERE f.source = s.slug) AS known_since
                 FROM ingest.sources s JOIN api.sources c ON c.slug = s.slug
                 LEFT JOIN LATERAL (SELECT r.id, ingest.outcome(r.state, r.decision, r.message) AS outcome, r.created_at, r.message
                                      FROM ingest.runs r WHERE r.source = s.slug AND r.mode NOT IN ('item', 'replay', 'revert')
                                     ORDER BY r.created_at DESC LIMIT 1) n ON true"#
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        for row in newest {
            let fresh = Freshness {
                complete_at: row.complete_at,
                known_since: row.known_since,
                held_run: row.held.map(Into::into),
                last_state: row.state,
                last_run: row.id.map(Into::into),
                last_at: row.created_at,
                last_message: row.message,
                days: Vec::new(),
            };
            all.insert(row.slug, fresh);
        }
        let days = sqlx::query!(
            r#"SELECT source, (finished_at AT TIME ZONE 'Africa/Douala')::date AS "day!", count(*) AS "runs!", sum(seen) AS "seen!",
                      coalesce(sum(created) FILTER (WHERE published_at IS NOT NULL), 0) AS "created!",
                      coalesce(sum(changed) FILTER (WHERE published_at IS NOT NULL), 0) AS "changed!",
                      coalesce(sum(closed) FILTER (WHERE published_at IS NOT NULL), 0) AS "closed!", sum(rejected) AS "rejected!"
                 FROM ingest.runs WHERE finished_at > now() - interval '30 days' AND mode <> $1
                GROUP BY 1, 2 ORDER BY 1, 2"#,
            Mode::Revert.as_str()
        )
        .fetch_all(&self.pool)
        .await
        .doing(what)?;
        for row in days {
            let day = DayOfRuns {
                day: row.day,
                runs: row.runs,
                seen: row.seen,
                created: row.created,
                changed: row.changed,
                closed: row.closed,
                rejected: row.rejected,
            };
            all.entry(row.source).or_default().days.push(day);
        }
        Ok(all)
    }

    /// Returns how many held runs wait for a decision, and how many jobs were given up.
    pub async fn waiting(&self) -> Result<(i64, i64), StoreError> {
        let counts = sqlx::query!(
            r#"SELECT (SELECT count(*) FROM ingest.runs WHERE state = 'held' AND decision IS NULL) AS "held!",
                      (SELECT count(*) FROM queue.dead_letters) AS "dead!""#
        )
        .fetch_one(&self.pool)
        .await
        .doing("count what waits for a person")?;
        Ok((counts.held, counts.dead))
    }
}
