//! `/v1/alerts` and `/v1/silences`

use axum::{Json, extract::State, http::StatusCode};
use domain::SourceSlug;
use serde::{Deserialize, Serialize};
use store::{Alert, ChannelState, Silence};
use utoipa::{IntoParams, ToSchema};

use super::{known_source, sources::reason};
use crate::{
    alerts::text,
    http::{
        Problem, Surroundings,
        auth::{Operator, Reader},
        extract::{Asked, At, Sent},
    },
};

/// Most alerts in one answer.
const MOST: i64 = 200;
/// Longest silence, in minutes: 30 days.
const LONGEST: u32 = 30 * 24 * 60;
/// Stands for every source.
pub(crate) const ALL: &str = "all";

/// Something that is wrong.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertShown {
    #[serde(flatten)]
    alert: Alert,
    /// What is wrong, in the language of `alerts.language`.
    title: String,
    /// What to do.
    advice: String,
}

/// What is wrong, what is silenced, and whether messages arrive.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertsShown {
    /// What is wrong now, the newest first; behind it what was, if that was asked for.
    alerts: Vec<AlertShown>,
    /// What is not reported for a while.
    silences: Vec<Silence>,
    /// How the messages of each channel are.
    messages: Vec<ChannelState>,
}

/// Which alerts.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlertsAsk {
    /// Whether to list what was wrong too.
    #[serde(default)]
    past: bool,
}

/// List what is wrong now, the silences, and how messages arrive
///
/// At most 200 alerts. Scope: read.
#[utoipa::path(get, path = "/v1/alerts", tag = "service", params(AlertsAsk), responses((status = 200, description = "What is wrong", body = AlertsShown)))]
pub(crate) async fn list(
    State(here): State<Surroundings>,
    _: Reader,
    Asked(ask): Asked<AlertsAsk>,
) -> Result<Json<AlertsShown>, Problem> {
    let (store, language) = (&here.app.store, here.app.config.alerts.language);
    let alerts = store.alerts(ask.past, MOST).await?.into_iter();
    let alerts = alerts.map(|alert| AlertShown {
        title: text::title(language, &alert),
        advice: text::advice(language, &alert),
        alert,
    });
    Ok(Json(AlertsShown {
        alerts: alerts.collect(),
        silences: store.silences().await?,
        messages: store.channel_states().await?,
    }))
}

/// What is not to be reported for a while.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SilenceAsk {
    /// The source, or `all`.
    source: String,
    /// For how many minutes: 1 to 43200, which is 30 days.
    #[schema(minimum = 1, maximum = 43_200)]
    minutes: u32,
    /// For those who miss an alert.
    #[schema(min_length = 1, max_length = 500, pattern = r"\S")]
    reason: String,
}

/// Keep back what would be reported, during maintenance
///
/// What is still wrong when it ends is reported then. A silence of the same source is replaced. Scope: operate.
#[utoipa::path(post, path = "/v1/silences", tag = "service", request_body = SilenceAsk,
    responses((status = 201, description = "The silence", body = Silence)))]
pub(crate) async fn silence(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    Sent(ask): Sent<SilenceAsk>,
) -> Result<(StatusCode, Json<Silence>), Problem> {
    let source = of(&here, &ask.source).await?;
    if !(1..=LONGEST).contains(&ask.minutes) {
        return Err(Problem::bad(format!("minutes is {}; it must be 1 to {LONGEST}", ask.minutes)));
    }
    let seconds = f64::from(ask.minutes) * 60.0;
    let silence = here.app.store.silence(source.as_ref(), seconds, &who.by(), reason(&ask.reason)?).await?;
    Ok((StatusCode::CREATED, Json(silence)))
}

/// End a silence before its time
///
/// Scope: operate.
#[utoipa::path(delete, path = "/v1/silences/{source}", tag = "service", params(("source" = String, Path, description = "The source, or `all`")),
    responses((status = 204, description = "It is ended")))]
pub(crate) async fn unsilence(
    State(here): State<Surroundings>,
    Operator(who): Operator,
    At(source): At<String>,
) -> Result<StatusCode, Problem> {
    let slug = of(&here, &source).await?;
    if here.app.store.end_silence(slug.as_ref(), &who.by()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::missing(format!("{source} is not silenced: GET /v1/alerts lists the silences")))
    }
}

async fn of(here: &Surroundings, word: &str) -> Result<Option<SourceSlug>, Problem> {
    if word == ALL { Ok(None) } else { Ok(Some(known_source(here, word).await?.0)) }
}
