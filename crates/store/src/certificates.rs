//! Until when the TLS certificates of hosts are valid, as their answers showed them.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{Store, StoreError, error::Doing as _};

/// The certificate of a host.
#[derive(Debug, Clone, Serialize)]
pub struct Certificate {
    /// The host.
    pub host: String,
    /// A source that visits it.
    pub source: String,
    /// Until when it is valid.
    pub ends_at: DateTime<Utc>,
}

impl Store {
    /// Notes until when the certificate of a host is valid. It writes once a day, unless another certificate came.
    pub async fn see_certificate(
        &self,
        host: &str,
        source: &str,
        ends_at: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "INSERT INTO ingest.certificates AS c (host, source, ends_at) VALUES ($1, $2, $3)
             ON CONFLICT (host) DO UPDATE SET source = excluded.source, ends_at = excluded.ends_at, seen_at = now()
              WHERE c.ends_at <> excluded.ends_at OR c.seen_at < now() - interval '1 day'",
            host,
            source,
            ends_at
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("note the certificate of a host")
    }

    /// Returns the certificates of hosts seen in the last month that end within so many days, or have ended.
    pub async fn ending_certificates(&self, days: i32) -> Result<Vec<Certificate>, StoreError> {
        sqlx::query_as!(
            Certificate,
            "SELECT c.host, c.source, c.ends_at FROM ingest.certificates c JOIN ingest.sources s ON s.slug = c.source
              WHERE s.enabled AND c.ends_at < now() + make_interval(days => $1) AND c.seen_at > now() - interval '31 days' ORDER BY c.host",
            days
        )
        .fetch_all(&self.pool)
        .await
        .doing("look for certificates that end")
    }
}
