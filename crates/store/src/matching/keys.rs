//! Sketches and keys of rows that changed, and the rows that share a key with them.

use std::collections::HashMap;

use chrono::{Datelike as _, NaiveDate};
use dedupe::{Listing, Sketch};
use domain::vocabulary::{Contract, Education, WorkingTime};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::WHAT;
use crate::{
    StoreError,
    error::Doing as _,
    index_rows::{places, stored_kind},
};

/// A key of a run of words that more rows share comes from a template, and says nothing about duplicates. The strong keys of those rows
/// still bring them together.
const CROWD: i32 = 40;
/// Rows before and after a row, by the day of their publication, that are compared for each strong key. A post that comes up again comes
/// soon.
const NEXT: i32 = 12;

/// Sketches of a batch, column by column.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    lengths: Vec<i32>,
    days: Vec<i32>,
    sketches: Vec<Vec<u8>>,
    /// The keys of all rows, with their row's day and id.
    keys: Vec<i64>,
    key_days: Vec<i32>,
    key_ids: Vec<Uuid>,
}

/// Makes and stores the sketches and keys of the rows. Returns how many of them each source has.
pub(super) async fn enter(
    tx: &mut Transaction<'_, Postgres>,
    changed: &[Uuid],
) -> Result<HashMap<String, usize>, StoreError> {
    let (columns, sources) = sketched(tx, changed).await?;
    sqlx::query!(
        "WITH gone AS (DELETE FROM ingest.sketches WHERE opportunity = ANY ($1) RETURNING opportunity, day, keys)
         DELETE FROM ingest.match_keys k USING gone, unnest(gone.keys) AS old(key)
          WHERE k.key = old.key AND k.day = gone.day AND k.opportunity = gone.opportunity",
        changed
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    sqlx::query!(
        "WITH keys AS MATERIALIZED (SELECT * FROM unnest($6::bigint[], $7::integer[], $8::uuid[]) AS k(key, day, id)),
              entered AS (INSERT INTO ingest.match_keys (key, day, opportunity) SELECT key, day, id FROM keys ORDER BY key ON CONFLICT DO NOTHING),
              lists AS MATERIALIZED (SELECT id, array_agg(key) AS list FROM keys GROUP BY id)
         INSERT INTO ingest.sketches (opportunity, version, length, day, keys, sketch)
         SELECT u.id, $5, u.length, u.day, coalesce(l.list, '{}'), u.sketch
           FROM unnest($1::uuid[], $2::integer[], $3::integer[], $4::bytea[]) AS u(id, length, day, sketch) LEFT JOIN lists l ON l.id = u.id",
        &columns.ids,
        &columns.lengths,
        &columns.days,
        &columns.sketches,
        i16::from(Sketch::VERSION),
        &columns.keys,
        &columns.key_days,
        &columns.key_ids
    )
    .execute(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(sources)
}

/// Makes the sketches and keys of the rows.
async fn sketched(
    tx: &mut Transaction<'_, Postgres>,
    ids: &[Uuid],
) -> Result<(Columns, HashMap<String, usize>), StoreError> {
    let rows = sqlx::query!(
        r#"SELECT id, source, kind, title, organization, description, places, education, experience_months, contracts, working_time,
                  occupation, emails, phones, starts_on, amount_period, coalesce(length(description), 0) AS "length!",
                  CASE kind WHEN 'agr' THEN coalesce(closes_on, ends_on) ELSE closes_on END AS closes_on,
                  (posted_at AT TIME ZONE 'Africa/Douala')::date AS posted_on, (created_at AT TIME ZONE 'Africa/Douala')::date AS "created_on!",
                  (coalesce(amount_min, amount_max) * 100)::bigint AS amount_min, (coalesce(amount_max, amount_min) * 100)::bigint AS amount_max
             FROM ingest.opportunities WHERE id = ANY ($1)"#,
        ids
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let (mut columns, mut sources) = (Columns::default(), HashMap::new());
    for row in rows {
        let places = places(&row.places)?;
        let codes = |words: &'_ [String]| words.iter().map(String::as_str).collect::<Vec<_>>().join(" ");
        let (contracts, times) = (codes(&row.contracts), codes(&row.working_time));
        let listing = Listing {
            source: &row.source,
            kind: stored_kind(&row.kind)?,
            title: &row.title,
            organization: row.organization.as_deref(),
            description: row.description.as_deref(),
            places: &places,
            amount: row.amount_min.zip(row.amount_max),
            amount_period: row.amount_period.as_deref(),
            education: row.education.as_deref().and_then(Education::of_code),
            experience_months: row.experience_months.and_then(|months| u16::try_from(months).ok()),
            contracts: &Contract::of_codes(&contracts.split(' ').collect::<Vec<_>>()),
            working_time: &WorkingTime::of_codes(&times.split(' ').collect::<Vec<_>>()),
            occupation: row.occupation.as_deref(),
            emails: &row.emails,
            phones: &row.phones,
            posted_on: row.posted_on,
            closes_on: row.closes_on,
            starts_on: row.starts_on,
        };
        let sketch = Sketch::of_listing(&listing);
        columns.add(row.id, row.length, row.posted_on.unwrap_or(row.created_on), &sketch);
        *sources.entry(row.source).or_default() += 1;
    }
    Ok((columns, sources))
}

impl Columns {
    fn add(&mut self, id: Uuid, length: i32, day: NaiveDate, sketch: &Sketch) {
        let day = day.num_days_from_ce();
        self.ids.push(id);
        self.lengths.push(length);
        self.days.push(day);
        self.sketches.push(sketch.to_bytes());
        for key in sketch.keys() {
            // PostgreSQL stores the 64 bits of a key as a `bigint`.
            self.keys.push(key.bits().cast_signed());
            self.key_days.push(day);
            self.key_ids.push(id);
        }
    }
}

/// Returns pairs of a changed row and another row that share a key: under a strong key those next in time, under another one all, if
/// they are few. The last bit of a key tells whether it is strong.
pub(super) async fn candidates(
    tx: &mut Transaction<'_, Postgres>,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Uuid)>, StoreError> {
    let rows = sqlx::query!(
        r#"WITH mine AS MATERIALIZED (SELECT s.opportunity, s.day, k.key FROM ingest.sketches s, unnest(s.keys) AS k(key) WHERE s.opportunity = ANY ($1))
           SELECT DISTINCT m.opportunity AS "one!", o.opportunity AS "other!"
             FROM mine m CROSS JOIN LATERAL (
                  (SELECT opportunity FROM ingest.match_keys k WHERE k.key = m.key AND k.day >= m.day ORDER BY k.day, k.opportunity LIMIT $2 + 1)
                  UNION ALL
                  (SELECT opportunity FROM ingest.match_keys k WHERE k.key = m.key AND k.day < m.day ORDER BY k.day DESC, k.opportunity DESC LIMIT $2)) o
            WHERE m.key & 1 = 1 AND m.opportunity <> o.opportunity
           UNION
           SELECT m.opportunity, o.opportunity
             FROM mine m CROSS JOIN LATERAL (
                  SELECT array_agg(opportunity) AS rows, count(*) AS many
                    FROM (SELECT opportunity FROM ingest.match_keys k WHERE k.key = m.key LIMIT $3 + 1) few) f
            CROSS JOIN LATERAL unnest(f.rows) AS o(opportunity)
            WHERE m.key & 1 = 0 AND f.many <= $3 AND m.opportunity <> o.opportunity"#,
        ids,
        NEXT,
        CROWD
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    Ok(rows.into_iter().map(|row| (row.one, row.other)).collect())
}
