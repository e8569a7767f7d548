//! `/v1/tokens` and `/v1/actions`

use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use store::{ActionRow, Scope, TokenRow};
use utoipa::{IntoParams, ToSchema};

use super::Page;
use crate::{
    http::{
        Problem, Surroundings,
        auth::{Admin, Reader},
        extract::{Asked, At, Sent, after, rows},
    },
    tokens,
};

/// List the tokens, the valid ones first
///
/// Scope: admin.
#[utoipa::path(get, path = "/v1/tokens", tag = "tokens", responses((status = 200, description = "Tokens", body = Page<TokenRow>)))]
pub(crate) async fn list(
    State(here): State<Surroundings>,
    _: Admin,
) -> Result<Json<Page<TokenRow>>, Problem> {
    Ok(Json(Page::whole(here.app.store.tokens().await?)))
}

/// A token to create.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TokenAsk {
    /// The person or service that gets it: small letters, digits, dots, dashes, underscores.
    #[schema(pattern = "^[a-z0-9][a-z0-9._-]{0,39}$")]
    name: String,
    /// What it allows.
    scope: Scope,
}

/// A token that was created.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenCreated {
    /// Its name.
    name: String,
    /// What it allows.
    scope: Scope,
    /// The token. It is shown this once.
    token: String,
}

/// Whether a token can have this name.
pub(crate) fn is_name(name: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte);
    name.len() <= 40
        && name.bytes().all(is_inner)
        && name.bytes().next().is_some_and(|first| first.is_ascii_lowercase() || first.is_ascii_digit())
}

/// Create a token
///
/// Scope: admin.
#[utoipa::path(post, path = "/v1/tokens", tag = "tokens", request_body = TokenAsk, responses((status = 201, description = "The token", body = TokenCreated)))]
pub(crate) async fn create(
    State(here): State<Surroundings>,
    Admin(who): Admin,
    Sent(ask): Sent<TokenAsk>,
) -> Result<(StatusCode, Json<TokenCreated>), Problem> {
    if !is_name(&ask.name) {
        return Err(Problem::bad(
            "name must have 1 to 40 small letters, digits, dots, dashes or underscores, a letter or digit first",
        ));
    }
    let token = tokens::new_token().map_err(|error| Problem::internal(&error))?;
    here.app.store.create_token(&ask.name, ask.scope, &tokens::digest(&token), &who.by()).await?;
    Ok((StatusCode::CREATED, Json(TokenCreated { name: ask.name, scope: ask.scope, token })))
}

/// Revoke a token, and end its sessions
///
/// Scope: admin.
#[utoipa::path(delete, path = "/v1/tokens/{name}", tag = "tokens", params(("name" = String, Path, description = "Its name")),
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke(
    State(here): State<Surroundings>,
    Admin(who): Admin,
    At(name): At<String>,
) -> Result<StatusCode, Problem> {
    here.app.store.revoke_token(&name, &who.by()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Which actions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ActionsAsk {
    /// What `next` of the page before said.
    after: Option<String>,
    /// Rows of a page: 1 to 100; 20 where it is left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
}

/// List who did what, newest first, by command, API or console
///
/// Scope: read.
#[utoipa::path(get, path = "/v1/actions", tag = "service", params(ActionsAsk), responses((status = 200, description = "Actions", body = Page<ActionRow>)))]
pub(crate) async fn actions(
    State(here): State<Surroundings>,
    _: Reader,
    Asked(ask): Asked<ActionsAsk>,
) -> Result<Json<Page<ActionRow>>, Problem> {
    let limit = rows(ask.limit)?;
    let (items, total) = here.app.store.actions(after(ask.after.as_deref())?, limit).await?;
    Ok(Json(Page::of(items, total, limit, |row| row.id.to_string())))
}
