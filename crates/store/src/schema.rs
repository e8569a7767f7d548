//! Migrations, and whether this program can work with what a database has.

use sqlx::AssertSqlSafe;

use crate::{Store, StoreError, error::Doing as _};

/// The migrations, compiled into the binary, so that it brings the schema it was written for.
static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// Roles and rights. Unlike a migration, they are repeated: a role may be created by others, and later.
const ROLES: &str = include_str!("../../../migrations/roles.sql");
/// The roles that rights are granted to.
const ROLE_NAMES: [&str; 3] = ["oim_reader", "oim_trigger", "oim_contacts"];

/// The tables of a database beside those that this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Schema {
    /// It has all migrations of this program, and no others.
    Current,
    /// It lacks so many migrations.
    Behind {
        /// How many.
        missing: usize,
    },
    /// It has newer migrations, which leave everything that this program needs.
    Ahead {
        /// The newest migration of the database.
        newest: i64,
        /// The newest migration of this program.
        known: i64,
    },
}

/// The action that failed, for the errors of this file.
const WHAT: &str = "look for migrations";

impl Store {
    /// Applies the missing migrations, then creates roles and grants their rights. It is safe to call when nothing is missing,
    /// and by several processes at once. A database of a newer program is left as it is.
    ///
    /// Fails if roles are missing that this account may not create: the tables are complete then.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        if matches!(self.schema().await?, Schema::Ahead { .. }) {
            return Ok(());
        }
        MIGRATOR.run(&self.pool).await.map_err(StoreError::Migrate)?;
        sqlx::raw_sql(AssertSqlSafe(ROLES)).execute(&self.pool).await.doing("grant rights to roles")?;
        let names = ROLE_NAMES.map(str::to_owned);
        let missing: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM unnest($1::text[]) AS r (name) WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name)",
        )
        .bind(names.as_slice())
        .fetch_all(&self.pool)
        .await
        .doing("look for roles")?;
        if missing.is_empty() { Ok(()) } else { Err(StoreError::RolesMissing(missing)) }
    }

    /// Compares the migrations of the database with those of this program.
    ///
    /// Fails if the database has a newer one that takes away what this program needs.
    pub async fn schema(&self) -> Result<Schema, StoreError> {
        let numbers: Vec<i64> = MIGRATOR.iter().map(|one| one.version).collect();
        let applied = self.applied().await?;
        let missing = numbers.iter().filter(|number| !applied.contains(number)).count();
        if missing > 0 {
            return Ok(Schema::Behind { missing });
        }
        let known = numbers.iter().copied().max().unwrap_or(0);
        let newest = applied.iter().copied().max().unwrap_or(0);
        if newest <= known {
            return Ok(Schema::Current);
        }
        let needs: i64 = sqlx::query_scalar("SELECT needs FROM ingest.compatibility")
            .fetch_one(&self.pool)
            .await
            .doing(WHAT)?;
        if needs > known {
            return Err(StoreError::TooOld { newest, needs, known });
        }
        Ok(Schema::Ahead { newest, known })
    }

    /// Returns the numbers of the migrations that the database has.
    async fn applied(&self) -> Result<Vec<i64>, StoreError> {
        let is_there = sqlx::query_scalar::<_, bool>("SELECT to_regclass('_sqlx_migrations') IS NOT NULL");
        if !is_there.fetch_one(&self.pool).await.doing(WHAT)? {
            return Ok(Vec::new());
        }
        sqlx::query_scalar("SELECT version FROM _sqlx_migrations WHERE success")
            .fetch_all(&self.pool)
            .await
            .doing(WHAT)
    }
}
