//! `/v1/digest`

use axum::{
    Json,
    extract::State,
    http::header,
    response::{IntoResponse as _, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    alerts::Digest,
    http::{Problem, Surroundings, auth::Reader, extract::Asked},
    lang::Lang,
};

/// Longest time that a digest is about, in days: earlier history may be pruned.
const LONGEST: i64 = 366;

/// About which time, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DigestAsk {
    /// When it begins, at most 366 days ago; 24 hours ago where it is left out.
    since: Option<DateTime<Utc>>,
    /// Its language: `fr` or `en`; that of `alerts.language` where it is left out.
    #[param(inline)]
    lang: Option<Lang>,
    /// `json`, or `text`, which is what people get as a message; `json` where it is left out.
    #[serde(default)]
    #[param(inline)]
    format: Format,
}

/// How to write it.
#[derive(Debug, Default, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Format {
    /// Figures for programs, with the text.
    #[default]
    Json,
    /// The text alone.
    Text,
}

/// What a time brought.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DigestShown {
    /// Its first line.
    title: String,
    /// The rest, as people get it: problems first.
    text: String,
    #[serde(flatten)]
    digest: Digest,
}

/// Returns the digest of a time that ends now.
pub(crate) async fn gather(here: &Surroundings, since: DateTime<Utc>) -> Result<Digest, Problem> {
    let (app, now) = (&here.app, here.app.clock.now());
    let digest = Digest::gather(&app.store, &app.config, &app.catalog(), since, now).await;
    digest.map_err(|error| match error.downcast::<store::StoreError>() {
        Ok(error) => error.into(),
        Err(error) => Problem::internal(&error),
    })
}

/// Show what a day brought: problems first, then what is new, changed and closed, and what comes next
///
/// Workers send it each day at `alerts.digest_at`. Scope: read.
#[utoipa::path(get, path = "/v1/digest", tag = "service", params(DigestAsk),
    responses((status = 200, description = "The digest", content((DigestShown = "application/json"), (String = "text/plain; charset=utf-8")))))]
pub(crate) async fn digest(
    State(here): State<Surroundings>,
    _: Reader,
    Asked(ask): Asked<DigestAsk>,
) -> Result<Response, Problem> {
    let now = here.app.clock.now();
    let since = ask.since.unwrap_or(now - TimeDelta::days(1));
    if since > now || now - since > TimeDelta::days(LONGEST) {
        return Err(Problem::impossible(format!("since must lie in the past, at most {LONGEST} days ago")));
    }
    let digest = gather(&here, since).await?;
    let message = digest.message(ask.lang.unwrap_or(here.app.config.alerts.language));
    Ok(match ask.format {
        Format::Json => {
            Json(DigestShown { title: message.title, text: message.text, digest }).into_response()
        }
        Format::Text => {
            let body = format!("{}\n\n{}\n", message.title, message.text);
            ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], body).into_response()
        }
    })
}
