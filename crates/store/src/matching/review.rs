//! Pairs on which a person decides.

use chrono::{DateTime, Utc};
use dedupe::Decisions;
use domain::OpportunityId;
use serde::Serialize;
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::{WHAT, request_matching};
use crate::{Store, StoreError, actions::record, error::Doing as _};

/// A pair that may be one opportunity.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct DoubtedPair {
    /// The two rows.
    pub rows: [DoubtedSide; 2],
    /// The score of the pair. Above 0 it is more likely one opportunity than not.
    pub score: f32,
    /// The evidence, the heaviest first.
    pub why: String,
    /// When it was found.
    pub at: DateTime<Utc>,
}

/// Where a page of pairs ends. Its text is opaque to callers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PairCursor {
    /// The score of the last pair.
    pub score: f32,
    /// Its rows.
    pub ids: [Uuid; 2],
}

impl DoubtedPair {
    /// Returns where a page ends that this pair is the last of.
    #[must_use]
    pub fn cursor(&self) -> PairCursor {
        let [one, other] = &self.rows;
        PairCursor { score: self.score, ids: [one.id, other.id] }
    }
}

impl std::fmt::Display for PairCursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let [one, other] = self.ids;
        // The bits, because a decimal number might be another one.
        write!(f, "{:08x}-{}-{}", self.score.to_bits(), one.simple(), other.simple())
    }
}

impl std::str::FromStr for PairCursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.split('-');
        let mut next = || parts.next().ok_or(());
        let score = f32::from_bits(u32::from_str_radix(next()?, 16).map_err(drop)?);
        let ids = [Uuid::parse_str(next()?).map_err(drop)?, Uuid::parse_str(next()?).map_err(drop)?];
        (score.is_finite() && next().is_err()).then_some(Self { score, ids }).ok_or(())
    }
}

/// A row of a pair.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
#[allow(missing_docs, reason = "columns of `api.opportunities`")]
pub struct DoubtedSide {
    pub id: Uuid,
    pub source: String,
    pub external_id: String,
    pub title: String,
    pub organization: Option<String>,
    pub url: Option<String>,
}

impl Store {
    /// Returns pairs with an open row on which nobody decided, the most likely first, at most `limit` behind `after`.
    pub async fn doubted_pairs(
        &self,
        after: Option<PairCursor>,
        limit: i64,
    ) -> Result<Vec<DoubtedPair>, StoreError> {
        let (score, [one, other]) = after.map_or((None, [Uuid::nil(); 2]), |at| (Some(at.score), at.ids));
        let rows = sqlx::query!(
            r#"SELECT d.score, d.why, d.at, a.id AS a_id, a.source AS a_source, a.external_id AS a_external, a.title AS a_title,
                      a.organization AS a_organization, a.url AS a_url, b.id AS b_id, b.source AS b_source, b.external_id AS b_external,
                      b.title AS b_title, b.organization AS b_organization, b.url AS b_url
                 FROM ingest.match_doubts d JOIN ingest.opportunities a ON a.id = d.one JOIN ingest.opportunities b ON b.id = d.other
                 LEFT JOIN ingest.clusters ca ON ca.opportunity = d.one LEFT JOIN ingest.clusters cb ON cb.opportunity = d.other
                WHERE 'open' IN (a.status, b.status) AND (ca.cluster = cb.cluster) IS NOT TRUE
                  AND NOT EXISTS (SELECT FROM ingest.match_decisions m WHERE m.one = d.one AND m.other = d.other)
                  AND ($2::real IS NULL OR d.score < $2 OR d.score = $2 AND (d.one, d.other) > ($3::uuid, $4::uuid))
                ORDER BY d.score DESC, d.one, d.other LIMIT $1"#,
            limit,
            score,
            one,
            other
        )
        .fetch_all(&self.pool)
        .await
        .doing("list doubted pairs")?;
        let pairs = rows.into_iter().map(|row| DoubtedPair {
            rows: [
                DoubtedSide {
                    id: row.a_id,
                    source: row.a_source,
                    external_id: row.a_external,
                    title: row.a_title,
                    organization: row.a_organization,
                    url: row.a_url,
                },
                DoubtedSide {
                    id: row.b_id,
                    source: row.b_source,
                    external_id: row.b_external,
                    title: row.b_title,
                    organization: row.b_organization,
                    url: row.b_url,
                },
            ],
            score: row.score,
            why: row.why,
            at: row.at,
        });
        Ok(pairs.collect())
    }

    /// Returns how many pairs wait for a decision.
    pub async fn doubted_total(&self) -> Result<i64, StoreError> {
        sqlx::query_scalar!(
            r#"SELECT count(*) AS "count!" FROM ingest.match_doubts d
                 JOIN ingest.opportunities a ON a.id = d.one JOIN ingest.opportunities b ON b.id = d.other
                 LEFT JOIN ingest.clusters ca ON ca.opportunity = d.one LEFT JOIN ingest.clusters cb ON cb.opportunity = d.other
                WHERE 'open' IN (a.status, b.status) AND (ca.cluster = cb.cluster) IS NOT TRUE
                  AND NOT EXISTS (SELECT FROM ingest.match_decisions m WHERE m.one = d.one AND m.other = d.other)"#
        )
        .fetch_one(&self.pool)
        .await
        .doing("count the pairs that may be one opportunity")
    }

    /// Records what somebody decided on a pair, and requests that both rows are matched again. Fails if both are the same row.
    pub async fn decide_pair(
        &self,
        a: OpportunityId,
        b: OpportunityId,
        same: bool,
        by: &str,
    ) -> Result<(), StoreError> {
        let doing = "record a decision on a pair";
        if a == b {
            return Err(StoreError::Refused {
                message: "both name the same opportunity".to_owned(),
                hint: None,
            });
        }
        let (one, other) = (a.min(b).uuid(), a.max(b).uuid());
        let mut tx = self.pool.begin().await.doing(doing)?;
        sqlx::query!(
            "INSERT INTO ingest.match_decisions (one, other, same, decided_by) VALUES ($1, $2, $3, $4)
             ON CONFLICT (one, other) DO UPDATE SET same = excluded.same, decided_by = excluded.decided_by, at = now()",
            one,
            other,
            same,
            by
        )
        .execute(&mut *tx)
        .await
        .doing(doing)?;
        sqlx::query!("INSERT INTO ingest.to_match (opportunities) VALUES (ARRAY[$1::uuid, $2])", one, other)
            .execute(&mut *tx)
            .await
            .doing(doing)?;
        request_matching(&mut tx).await?;
        record(&mut tx, by, if same { "same" } else { "different" }, &format!("{one} {other}"), None).await?;
        tx.commit().await.doing(doing)
    }
}

/// A decision on a pair.
#[derive(Debug, Clone)]
pub struct PairDecision {
    /// The ids and titles of the two rows.
    pub rows: [(Uuid, String); 2],
    /// Whether they are one opportunity.
    pub same: bool,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A decision as it is stored: the two rows with their titles, whether they are one, who and when.
type Decided = (Uuid, String, Uuid, String, bool, String, DateTime<Utc>);

impl Store {
    /// Returns the newest decisions on pairs.
    pub async fn pair_decisions(&self, limit: i64) -> Result<Vec<PairDecision>, StoreError> {
        let rows: Vec<Decided> = sqlx::query_as(
            "SELECT m.one, a.title, m.other, b.title, m.same, m.decided_by, m.at
               FROM ingest.match_decisions m JOIN ingest.opportunities a ON a.id = m.one JOIN ingest.opportunities b ON b.id = m.other
              ORDER BY m.at DESC LIMIT $1",
        )
        .bind(limit)
        .fetch_all(&self.pool)
        .await
        .doing("list the decisions on pairs")?;
        let shown = rows.into_iter().map(|(one, title, other, other_title, same, by, at)| PairDecision {
            rows: [(one, title), (other, other_title)],
            same,
            by,
            at,
        });
        Ok(shown.collect())
    }

    /// Takes the decision on a pair back: the rules count again. Returns whether there was one.
    pub async fn undecide_pair(
        &self,
        a: OpportunityId,
        b: OpportunityId,
        by: &str,
    ) -> Result<bool, StoreError> {
        let doing = "take back the decision on a pair";
        let (one, other) = (a.min(b).uuid(), a.max(b).uuid());
        let mut tx = self.pool.begin().await.doing(doing)?;
        let gone = sqlx::query("DELETE FROM ingest.match_decisions WHERE one = $1 AND other = $2");
        let gone = gone.bind(one).bind(other).execute(&mut *tx).await.doing(doing)?.rows_affected() > 0;
        if gone {
            let again =
                sqlx::query("INSERT INTO ingest.to_match (opportunities) VALUES (ARRAY[$1::uuid, $2])");
            again.bind(one).bind(other).execute(&mut *tx).await.doing(doing)?;
            request_matching(&mut tx).await?;
            record(&mut tx, by, "undecide", &format!("{one} {other}"), None).await?;
        }
        tx.commit().await.doing(doing)?;
        Ok(gone)
    }
}

/// Returns the pairs of the rows on which somebody decided that they are the same.
pub(super) async fn decided_pairs(
    tx: &mut Transaction<'_, Postgres>,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let rows = sqlx::query!(
        "SELECT one, other FROM ingest.match_decisions WHERE same AND (one = ANY ($1) OR other = ANY ($1))",
        ids
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(rows.into_iter().map(|row| (row.one, row.other)).collect())
}

/// Returns what people decided on pairs among the rows.
pub(super) async fn decisions(
    tx: &mut Transaction<'_, Postgres>,
    ids: &[Uuid],
) -> Result<Decisions, StoreError> {
    let rows = sqlx::query!(
        "SELECT one, other, same FROM ingest.match_decisions WHERE one = ANY ($1) AND other = ANY ($1)",
        ids
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let mut decisions = Decisions::default();
    for row in rows {
        decisions.add(row.one.into(), row.other.into(), row.same);
    }
    Ok(decisions)
}

/// Replaces the doubts on the changed rows.
pub(super) async fn write_doubts(
    tx: &mut Transaction<'_, Postgres>,
    changed: &[Uuid],
    doubts: &[(Uuid, Uuid, f64, String)],
) -> Result<(), StoreError> {
    sqlx::query!("DELETE FROM ingest.match_doubts WHERE one = ANY ($1) OR other = ANY ($1)", changed)
        .execute(&mut **tx)
        .await
        .doing(WHAT)?;
    let (one, other): (Vec<Uuid>, Vec<Uuid>) = doubts.iter().map(|(one, other, ..)| (*one, *other)).unzip();
    let (score, why): (Vec<f64>, Vec<String>) =
        doubts.iter().map(|(_, _, score, why)| (*score, why.clone())).unzip();
    sqlx::query!(
        "INSERT INTO ingest.match_doubts (one, other, score, why)
         SELECT u.one, u.other, u.score::real, u.why FROM unnest($1::uuid[], $2::uuid[], $3::float8[], $4::text[]) AS u(one, other, score, why)
         ON CONFLICT (one, other) DO UPDATE SET score = excluded.score, why = excluded.why, at = now()",
        &one,
        &other,
        &score,
        &why
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing(WHAT)
}
