//! The addresses that a portal prints beside every post. They belong to the portal, not to who offers.

use domain::RunId;
use sqlx::{Postgres, Transaction};

use crate::{StoreError, error::Doing as _};

/// Fewest open posts that show an address of the portal.
const FEWEST_POSTS: i64 = 10;
/// Smallest share of the open posts that show it.
const SMALLEST_SHARE: f64 = 0.8;
/// Fewest organizations among those posts. The address beside the posts of one organization is its own.
const FEWEST_ORGANIZATIONS: i64 = 3;

/// Learns the addresses that the source of a run, if it relays others, prints beside most of its open posts. Forgets those
/// that no longer qualify.
pub(crate) async fn learn_house_contacts(
    tx: &mut Transaction<'_, Postgres>,
    run: RunId,
) -> Result<(), StoreError> {
    sqlx::query!(
        "WITH source AS (SELECT s.slug, s.offers_itself FROM ingest.sources s JOIN ingest.runs r ON r.source = s.slug WHERE r.id = $1),
              open AS (SELECT o.id, o.organization, o.emails || o.phones AS contacts
                         FROM ingest.opportunities o
                        WHERE o.source = (SELECT slug FROM source WHERE NOT offers_itself) AND o.status = 'open'),
              house AS (SELECT c.contact FROM open, unnest(open.contacts) AS c(contact) GROUP BY c.contact
                        HAVING count(*) >= $2 AND count(*) >= $3::float8 * (SELECT count(*) FROM open)
                           AND count(DISTINCT open.organization) >= $4),
              gone AS (DELETE FROM ingest.house_contacts h USING source s
                        WHERE h.source = s.slug AND h.contact NOT IN (SELECT contact FROM house))
         INSERT INTO ingest.house_contacts (source, contact) SELECT s.slug, h.contact FROM source s, house h ON CONFLICT DO NOTHING",
        run.uuid(),
        FEWEST_POSTS,
        SMALLEST_SHARE,
        FEWEST_ORGANIZATIONS
    )
    .execute(&mut **tx)
    .await
    .map(drop)
    .doing("learn the addresses of a portal")
}
