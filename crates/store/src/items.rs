//! One opportunity again: its own page is fetched in a run of its own, beside whatever else is under way.

use domain::{OpportunityId, SourceSlug};
use uuid::Uuid;

use crate::{Entered, Mode, Store, StoreError, Trigger, actions::record, error::Doing as _};

/// The action that failed, for the errors of this file.
const WHAT: &str = "request an item";
/// Jobs of an item come before every other one of their lanes.
const PRIORITY: i32 = 30;
/// Most identifiers that are compared with one that nobody knows.
const NEAR: i64 = 20_000;

/// An opportunity or a rejected record that has a page of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// The newest stored visit to that page.
    pub page: i64,
    /// Its source.
    pub source: String,
    /// The address of the page.
    pub url: String,
}

impl Store {
    /// Finds the page of an opportunity or of a rejected record: by the id of the opportunity, by an address, or by
    /// `SOURCE/IDENTIFIER`. Fails if nobody knows it, or if its source shows it in a list only.
    pub async fn find_item(&self, words: &str) -> Result<Item, StoreError> {
        let named = named(words);
        let id = words
            .parse::<Uuid>()
            .ok()
            .or_else(|| named.as_ref().map(|(source, id)| OpportunityId::of(source, id).uuid()));
        let found = sqlx::query!(
            r#"SELECT o.source, p.id AS "page?", p.url AS "url?"
                 FROM ingest.opportunities o LEFT JOIN LATERAL (
                      SELECT own.id, own.url FROM ingest.pages own WHERE own.id = o.page AND own.role = 'detail') p ON true
                WHERE o.id = $1 OR o.url = $2 ORDER BY (o.status = 'open') DESC, o.updated_at DESC LIMIT 1"#,
            id,
            words
        )
        .fetch_optional(&self.pool)
        .await
        .doing(WHAT)?;
        let of_row = match &found {
            Some(row) => row.page.zip(row.url.clone()).map(|(page, url)| (page, row.source.clone(), url)),
            None => None,
        };
        let page = match of_row {
            Some(found) => Some(found),
            None => self.visited_page(words, named.as_ref()).await?,
        };
        match (page, found) {
            (Some((page, source, url)), _) => Ok(Item { page, source, url }),
            (None, Some(row)) => Err(StoreError::Refused {
                message: format!("{words} has no page of its own: {} shows it in a list", row.source),
                hint: Some(format!("Ask for the list: `oim-etl ingest {}`", row.source)),
            }),
            (None, None) => Err(StoreError::Missing(format!(
                "opportunity and no rejected record {words:?}: name an id, the address of its page, or SOURCE/IDENTIFIER"
            ))),
        }
    }

    /// Returns the newest page that a rejected record has of its own, or that was visited at an address.
    async fn visited_page(
        &self,
        words: &str,
        named: Option<&(SourceSlug, String)>,
    ) -> Result<Option<(i64, String, String)>, StoreError> {
        let row = sqlx::query!(
            r#"SELECT f.id AS "id!", f.source AS "source!", f.url AS "url!" FROM (
                 SELECT p.id, x.source, p.url FROM ingest.rejections x JOIN ingest.pages p ON p.id = x.page AND p.role = 'detail'
                  WHERE x.source = $1 AND x.external_id = $2
                 UNION ALL
                 SELECT p.id, v.source, p.url
                   FROM ingest.streams s JOIN ingest.visits v ON v.source = s.source AND v.stream = s.stream AND v.url = $3
                   JOIN ingest.pages p ON p.id = v.page AND p.role = 'detail') f
                ORDER BY f.id DESC LIMIT 1"#,
            named.map(|(source, _)| source.as_str()),
            named.map(|(_, id)| id.as_str()),
            words
        )
        .fetch_optional(&self.pool)
        .await
        .doing(WHAT)?;
        Ok(row.map(|row| (row.id, row.source, row.url)))
    }

    /// Requests the page of an item, or returns the run that is at it already. Its jobs have a lane of their own, so that they wait
    /// for no other job of the source. The run closes nothing but the item itself, if its page is gone.
    ///
    /// Fails if the source is paused or switched off.
    pub async fn request_item(&self, item: &Item, trigger: Trigger, by: &str) -> Result<Entered, StoreError> {
        let mut tx = self.pool.begin().await.doing(WHAT)?;
        // One at a time: of two that ask for the same, the second sees the run of the first.
        let held = sqlx::query_scalar!(
            "SELECT ingest.why_held(s) FROM ingest.sources s WHERE s.slug = $1 FOR NO KEY UPDATE",
            item.source
        )
        .fetch_one(&mut *tx)
        .await
        .doing(WHAT)?;
        if let Some(message) = held {
            return Err(StoreError::Refused {
                message,
                hint: Some(format!("`oim-etl sources show {}` says more", item.source)),
            });
        }
        let active = sqlx::query_scalar!(
            "SELECT r.id FROM ingest.runs r JOIN ingest.pages p ON p.run = r.id
              WHERE r.source = $1 AND r.mode = 'item' AND r.finished_at IS NULL AND p.url = $2 LIMIT 1",
            item.source,
            item.url
        )
        .fetch_optional(&mut *tx)
        .await
        .doing(WHAT)?;
        if let Some(run) = active {
            return Ok(Entered { run: run.into(), is_new: false });
        }
        let run = sqlx::query_scalar!(
            "WITH entered AS (
               INSERT INTO ingest.runs (source, mode, trigger, requested_by, state, walked, started_at, spec_version)
               SELECT slug, $2, $3, $4, 'running', true, now(), spec_version FROM ingest.sources WHERE slug = $1 RETURNING id)
             INSERT INTO ingest.pages (run, stream, role, ordinal, url, request, state)
             SELECT e.id, p.stream, p.role, 0, p.url, p.request, 'wanted' FROM entered e, ingest.pages p WHERE p.id = $5
             RETURNING run",
            item.source,
            Mode::Item.as_str(),
            trigger.as_str(),
            by,
            item.page
        )
        .fetch_one(&mut *tx)
        .await
        .doing(WHAT)?;
        sqlx::query!(
            "SELECT queue.enqueue('fetch_page', 'item:' || $1, jsonb_build_object('page', p.id), 'fetch_page:' || p.id, $3)
               FROM ingest.pages p WHERE p.run = $2",
            item.source,
            run,
            PRIORITY
        )
        .execute(&mut *tx)
        .await
        .doing(WHAT)?;
        let detail = format!("{} (run {run})", item.url);
        record(&mut tx, by, "ingest", &item.source, Some(&detail)).await?;
        tx.commit().await.doing(WHAT)?;
        Ok(Entered { run: run.into(), is_new: true })
    }

    /// Returns identifiers of a source that are about as long as one that nobody knows, to find the one that was meant.
    pub async fn identifiers_like(&self, source: &SourceSlug, id: &str) -> Result<Vec<String>, StoreError> {
        sqlx::query_scalar!(
            "SELECT external_id FROM ingest.opportunities
              WHERE source = $1 AND length(external_id) BETWEEN length($2::text) - 1 AND length($2::text) + 1 LIMIT $3",
            source.as_str(),
            id,
            NEAR
        )
        .fetch_all(&self.pool)
        .await
        .doing(WHAT)
    }
}

/// Returns source and identifier of `SOURCE/IDENTIFIER`.
pub(crate) fn named(words: &str) -> Option<(SourceSlug, String)> {
    let (source, id) = words.split_once('/')?;
    Some((SourceSlug::new(source).ok()?, id.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identifier_may_hold_a_slash_and_an_address_names_no_source() {
        let (source, id) = named("fne/a/b").unwrap();
        assert_eq!((source.as_str(), &*id), ("fne", "a/b"));
        assert!(named("https://fne.cm/1").is_none() && named("fne").is_none());
    }
}
