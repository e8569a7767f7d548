//! Tokens of API and console, and the sessions of the console. Of a secret, only its SHA-256 comes here.

use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::{Scope, Store, StoreError, actions::record, error::Doing as _};

/// SHA-256 of a secret.
pub type Digest = [u8; 32];

/// A token, without its secret.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub struct TokenRow {
    /// The person or service that has it.
    pub name: String,
    /// What it allows.
    pub scope: Scope,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// Who created it.
    pub created_by: String,
    /// When it was last used, to the hour.
    pub used_at: Option<DateTime<Utc>>,
    /// When it was revoked.
    pub revoked_at: Option<DateTime<Utc>>,
    /// Who revoked it.
    pub revoked_by: Option<String>,
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "look up a token";

impl Store {
    /// Stores a token. Fails if one of this name is valid.
    pub async fn create_token(
        &self,
        name: &str,
        scope: Scope,
        hash: &Digest,
        by: &str,
    ) -> Result<(), StoreError> {
        let what = "create a token";
        let mut tx = self.pool.begin().await.doing(what)?;
        let created = sqlx::query!(
            "INSERT INTO ingest.tokens (name, hash, scope, created_by) VALUES ($1, $2, $3, $4)
             ON CONFLICT (name) WHERE revoked_at IS NULL DO NOTHING",
            name,
            &hash[..],
            scope.as_str(),
            by
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        if created.rows_affected() == 0 {
            return Err(StoreError::Refused {
                message: format!("there is a token {name:?} already"),
                hint: Some(format!("Revoke it with `oim-etl tokens revoke {name}`, or choose another name")),
            });
        }
        record(&mut tx, by, "create_token", name, Some(scope.as_str())).await?;
        tx.commit().await.doing(what)
    }

    /// Revokes the valid token of this name, and with it its sessions. Fails if there is none.
    pub async fn revoke_token(&self, name: &str, by: &str) -> Result<(), StoreError> {
        let what = "revoke a token";
        let mut tx = self.pool.begin().await.doing(what)?;
        let revoked = sqlx::query!(
            "UPDATE ingest.tokens SET revoked_at = now(), revoked_by = $2 WHERE name = $1 AND revoked_at IS NULL",
            name,
            by
        )
        .execute(&mut *tx)
        .await
        .doing(what)?;
        if revoked.rows_affected() == 0 {
            return Err(StoreError::Missing(format!(
                "valid token {name:?}: `oim-etl tokens list` lists them"
            )));
        }
        record(&mut tx, by, "revoke_token", name, None).await?;
        tx.commit().await.doing(what)
    }

    /// Returns all tokens, the valid ones first.
    pub async fn tokens(&self) -> Result<Vec<TokenRow>, StoreError> {
        sqlx::query_as!(
            TokenRow,
            r#"SELECT name, scope AS "scope: Scope", created_at, created_by, used_at, revoked_at, revoked_by
                 FROM ingest.tokens ORDER BY revoked_at IS NOT NULL, name, id DESC"#
        )
        .fetch_all(&self.pool)
        .await
        .doing("list the tokens")
    }

    /// Returns name and scope of the valid token with this digest, and notes that it was used.
    pub async fn token_of(&self, hash: &Digest) -> Result<Option<(String, Scope)>, StoreError> {
        let found = sqlx::query!(
            r#"SELECT id, name, scope AS "scope: Scope", coalesce(used_at < now() - interval '1 hour', true) AS "is_old!"
                 FROM ingest.tokens WHERE hash = $1 AND revoked_at IS NULL"#,
            &hash[..]
        )
        .fetch_optional(&self.pool)
        .await
        .doing(WHAT)?;
        let Some(found) = found else { return Ok(None) };
        if found.is_old {
            sqlx::query!("UPDATE ingest.tokens SET used_at = now() WHERE id = $1", found.id)
                .execute(&self.pool)
                .await
                .doing(WHAT)?;
        }
        Ok(Some((found.name, found.scope)))
    }

    /// Starts a session of the token with this digest, and removes those that are over.
    pub async fn start_session(
        &self,
        hash: &Digest,
        token: &Digest,
        lasts: Duration,
    ) -> Result<(), StoreError> {
        sqlx::query!(
            "WITH over AS (DELETE FROM ingest.sessions WHERE expires_at < now())
             INSERT INTO ingest.sessions (hash, token_hash, expires_at) VALUES ($1, $2, now() + make_interval(secs => $3))",
            &hash[..],
            &token[..],
            lasts.as_secs_f64()
        )
        .execute(&self.pool)
        .await
        .map(drop)
        .doing("start a session")
    }

    /// Returns the digest of the token whose session this is, unless the session is over.
    pub async fn session(&self, hash: &Digest) -> Result<Option<Digest>, StoreError> {
        let found = sqlx::query_scalar!(
            "SELECT token_hash FROM ingest.sessions WHERE hash = $1 AND expires_at > now()",
            &hash[..]
        )
        .fetch_optional(&self.pool)
        .await
        .doing("look up a session")?;
        Ok(found.and_then(|hash| hash.try_into().ok()))
    }

    /// Ends a session.
    pub async fn end_session(&self, hash: &Digest) -> Result<(), StoreError> {
        sqlx::query!("DELETE FROM ingest.sessions WHERE hash = $1", &hash[..])
            .execute(&self.pool)
            .await
            .map(drop)
            .doing("end a session")
    }
}
