//! Rows with what is compared of them.

use std::collections::{HashMap, HashSet};

use dedupe::{House, Member, Sketch};
use sqlx::{Postgres, Transaction};
use uuid::Uuid;

use super::WHAT;
use crate::{StoreError, error::Doing as _};

/// Posts from which it is learned what a source adds to every one.
const SAMPLE: i64 = 200;

/// Rows whose quality differs by at most this much count as equally complete; a first-party source then becomes
/// canonical.
const ABOUT_EQUAL: i64 = 10;
/// The row that stands for its cluster keeps its place against one that is better by less.
const KEEPS: i64 = 3;

/// What each source adds to its posts, as far as it was learned.
#[derive(Debug, Default)]
pub struct Houses {
    of: HashMap<String, Learned>,
}

#[derive(Debug, Default)]
struct Learned {
    house: House,
    /// Changed rows of the source since then, and when to learn again.
    rows: usize,
    again_at: usize,
}

impl Houses {
    /// Learns what the sources of the changed rows add to their posts, again whenever their rows doubled. `changed` is how many rows
    /// of each source changed.
    pub(super) async fn learn(
        &mut self,
        tx: &mut Transaction<'_, Postgres>,
        changed: &HashMap<String, usize>,
    ) -> Result<(), StoreError> {
        for (source, rows) in changed {
            let learned = self.of.entry(source.clone()).or_default();
            learned.rows += rows;
            if learned.rows >= learned.again_at {
                learned.again_at = learned.rows * 2;
                learned.house = learned_of(tx, source).await?;
            }
        }
        Ok(())
    }
}

async fn learned_of(tx: &mut Transaction<'_, Postgres>, source: &str) -> Result<House, StoreError> {
    let rows = sqlx::query_scalar!(
        "SELECT s.sketch FROM ingest.opportunities o JOIN ingest.sketches s ON s.opportunity = o.id
          WHERE o.source = $1 LIMIT $2",
        source,
        SAMPLE
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let sketches: Vec<Sketch> = rows.iter().filter_map(|bytes| Sketch::from_bytes(bytes)).collect();
    Ok(House::of(&sketches))
}

/// Loads rows with their stored sketches, without what their sources add to every post. Closed rows take part, since a post that comes up
/// again may follow a closed one; they stand for a cluster only if all are closed.
pub(super) async fn load(
    tx: &mut Transaction<'_, Postgres>,
    ids: &[Uuid],
    houses: &mut Houses,
) -> Result<Vec<Member>, StoreError> {
    let rows = sqlx::query!(
        r#"SELECT o.id, o.source, o.status = 'open' AS "is_open!", offers_itself, coalesce(o.quality, 0) AS "quality!", s.length, s.sketch,
                  coalesce(c.canonical, false) AS "canonical!"
             FROM ingest.sketches s JOIN ingest.opportunities o ON o.id = s.opportunity JOIN ingest.sources ON slug = o.source
             LEFT JOIN ingest.clusters c ON c.opportunity = o.id
            WHERE s.opportunity = ANY ($1) AND o.closed_why IS DISTINCT FROM 'reverted' ORDER BY o.id"#,
        ids
    )
    .fetch_all(&mut **tx)
    .await
    .doing(WHAT)?;
    let sources: HashSet<&str> = rows.iter().map(|row| row.source.as_str()).collect();
    for source in sources {
        if !houses.of.contains_key(source) {
            let house = learned_of(tx, source).await?;
            houses.of.insert(source.to_owned(), Learned { house, ..Learned::default() });
        }
    }
    let members = rows.iter().filter_map(|row| {
        let mut sketch = Sketch::from_bytes(&row.sketch)?;
        if let Some(learned) = houses.of.get(&row.source) {
            learned.house.leave(&mut sketch);
        }
        // Open rows first, then by quality, with a bonus for first-party sources; between equals, the longer description wins.
        let bonus = if row.offers_itself { ABOUT_EQUAL } else { 0 } + if row.canonical { KEEPS } else { 0 };
        let quality = i64::from(row.quality) + bonus + if row.is_open { 1_000 } else { 0 };
        Some(Member { id: row.id.into(), weight: quality * 100_000 + i64::from(row.length), sketch })
    });
    Ok(members.collect())
}
