//! `/v1/sources/{slug}/file`, its versions, and the way back to one

use axum::{Json, extract::State, http::StatusCode};
use domain::SourceSlug;
use serde::{Deserialize, Serialize};
use store::{FileInForce, FileVersion, NewFile};
use utoipa::{IntoParams, ToSchema};

use super::{Page, known_source};
use crate::{
    http::{
        Problem, Surroundings,
        auth::{Admin, Reader},
        extract::{Asked, At, Sent, rows},
    },
    lang::Lang,
    registry,
    workbench::losses::losses_in_time,
};

/// Largest body with a source file. The database takes as much of a file.
pub(crate) const MAX_BODY: usize = 300 << 10;

/// The source file in force.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FileShown {
    #[serde(flatten)]
    in_force: FileInForce,
    /// Its text, as TOML; null if no worker has the file any more.
    file: Option<String>,
    /// Whether the workers' own file is another one.
    differs: bool,
}

impl FileShown {
    fn of(mut in_force: FileInForce) -> Self {
        let file = in_force.file.take();
        Self { differs: in_force.differs_from_base(), in_force, file }
    }
}

async fn shown(here: &Surroundings, slug: &SourceSlug) -> Result<Json<FileShown>, Problem> {
    let files = here.app.store.files_in_force().await?;
    let found = files.into_iter().find(|file| file.version.source == slug.as_str());
    found
        .map(|file| Json(FileShown::of(file)))
        .ok_or_else(|| Problem::missing(format!("no worker has brought the file of source {slug} yet")))
}

/// Show the source file in force, and where it is from
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/sources/{slug}/file", tag = "sources", params(("slug" = String, Path, description = "The source")),
    responses((status = 200, description = "The file", body = FileShown)))]
pub(crate) async fn show(
    State(here): State<Surroundings>,
    _: Reader,
    At(slug): At<String>,
) -> Result<Json<FileShown>, Problem> {
    let (slug, _) = known_source(&here, &slug).await?;
    shown(&here, &slug).await
}

/// A source file to put in force.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FileAsk {
    /// Its text, as TOML: docs/PARTNER-FILES.md.
    #[schema(min_length = 1, max_length = 262_144)]
    file: String,
    /// Whether to put it in force although most opportunities of the archive would no longer be found.
    #[serde(default)]
    force: bool,
}

/// Put a source file in force for the whole pool
///
/// It is compiled first, and refused if it has an error, or if most opportunities of the archive would no longer be found (unless `force`).
/// Every worker follows within 10 s. A slug that is not known becomes a new source. Scope: admin.
#[utoipa::path(put, path = "/v1/sources/{slug}/file", tag = "sources", params(("slug" = String, Path, description = "The source")),
    request_body = FileAsk, responses((status = 200, description = "The file in force", body = FileShown)))]
pub(crate) async fn apply(
    State(here): State<Surroundings>,
    Admin(who): Admin,
    At(slug): At<String>,
    Sent(ask): Sent<FileAsk>,
) -> Result<Json<FileShown>, Problem> {
    let slug = SourceSlug::new(&slug).map_err(|error| Problem::impossible(error.to_string()))?;
    let store = &here.app.store;
    let new = registry::checked(&here.app.config, store, &slug, &ask.file, &who.by()).await;
    let new = new.map_err(refused)?;
    if !ask.force
        && let Some(lost) =
            losses_in_time(&here.app, &slug, &ask.file).await.map_err(|error| Problem::internal(&error))?
    {
        let why = lost.told(Lang::En, &slug);
        return Err(Problem::impossible(format!(
            "{why}; with \"force\": true it is put in force all the same"
        )));
    }
    store.apply_file(&new, "apply_file").await?;
    shown(&here, &slug).await
}

/// A file that cannot be used is the sender's mistake; a database that is away is not.
pub(crate) fn refused(error: anyhow::Error) -> Problem {
    match error.downcast::<store::StoreError>() {
        Ok(error) => error.into(),
        Err(error) => Problem::impossible(format!("{error:#}")),
    }
}

/// Which version to return to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RollbackAsk {
    /// How its digest begins; null: the one before the version in force.
    #[schema(pattern = "^[0-9a-f]{4,64}$")]
    version: Option<String>,
}

/// Put an earlier version of a source file in force again
///
/// Scope: admin.
#[utoipa::path(post, path = "/v1/sources/{slug}/rollback", tag = "sources", params(("slug" = String, Path, description = "The source")),
    request_body = RollbackAsk, responses((status = 200, description = "The file in force", body = FileShown)))]
pub(crate) async fn rollback(
    State(here): State<Surroundings>,
    Admin(who): Admin,
    At(slug): At<String>,
    Sent(ask): Sent<RollbackAsk>,
) -> Result<Json<FileShown>, Problem> {
    let (slug, _) = known_source(&here, &slug).await?;
    let version = ask.version.as_deref();
    let is_digest = |text: &str| {
        (4..=64).contains(&text.len()) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if version.is_some_and(|version| !is_digest(version)) {
        return Err(Problem::bad(
            "version is 4 to 64 of the characters 0-9 and a-f, as `versions` lists them",
        ));
    }
    let store = &here.app.store;
    let earlier = registry::earlier(&here.app.config, store, &slug, version, &who.by()).await;
    let new: Option<NewFile> = earlier.map_err(refused)?;
    let new = new.ok_or_else(|| Problem::missing(format!("{slug} has no such earlier version")))?;
    store.apply_file(&new, "rollback_file").await?;
    shown(&here, &slug).await
}

/// Forget a source without a file, jobs and opportunities, with its runs
///
/// Scope: admin.
#[utoipa::path(delete, path = "/v1/sources/{slug}", tag = "sources", params(("slug" = String, Path, description = "The source")),
    responses((status = 204, description = "It is forgotten")))]
pub(crate) async fn forget(
    State(here): State<Surroundings>,
    Admin(who): Admin,
    At(slug): At<String>,
) -> Result<StatusCode, Problem> {
    let (slug, _) = known_source(&here, &slug).await?;
    here.app.store.forget_source(&slug, &who.by()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many versions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VersionsAsk {
    /// Most versions: 1 to 100; 20 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// List the newest versions of a source file: when, from where, by whom, and what changed
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/sources/{slug}/versions", tag = "sources", params(("slug" = String, Path, description = "The source"), VersionsAsk),
    responses((status = 200, description = "Versions, newest first", body = Page<FileVersion>)))]
pub(crate) async fn versions(
    State(here): State<Surroundings>,
    _: Reader,
    At(slug): At<String>,
    Asked(ask): Asked<VersionsAsk>,
) -> Result<Json<Page<FileVersion>>, Problem> {
    let (slug, _) = known_source(&here, &slug).await?;
    Ok(Json(Page::whole(here.app.store.file_versions(&slug, rows(ask.limit)?).await?)))
}
