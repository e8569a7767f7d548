//! Errors of the API: RFC 9457, without any inner detail.

use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, Uri, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use store::StoreError;

use super::Surroundings;

/// An error, as `application/problem+json`.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct Problem {
    /// Always `about:blank`: the status says what kind of problem it is.
    r#type: &'static str,
    /// The name of the status.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is wrong, and what to do.
    detail: String,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            r#type: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.into(),
        }
    }

    /// What was sent cannot be understood.
    pub(crate) fn bad(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// What was sent is understood, and cannot be.
    pub(crate) fn impossible(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// What was asked for does not exist.
    pub(crate) fn missing(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Something of ours failed: logged whole, reported in one sentence.
    pub(crate) fn internal(error: &anyhow::Error) -> Self {
        tracing::error!(error = format!("{error:#}"), "an API request failed");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the request could not be served; the log of the worker says why",
        )
    }

    pub(crate) fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(_) => Self::missing(error.to_string()),
            StoreError::Pruned { .. } => Self::new(StatusCode::GONE, error.to_string()),
            StoreError::Refused { .. } => Self::new(StatusCode::CONFLICT, error.to_string()),
            error if error.is_away() => {
                tracing::warn!(error = format!("{:#}", anyhow::Error::from(error)), "an API request failed");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "the database does not answer; try again soon")
            }
            error => Self::internal(&error.into()),
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status();
        let body = serde_json::to_string(&self).unwrap_or_default();
        let mut response =
            (status, [(header::CONTENT_TYPE, "application/problem+json")], body).into_response();
        if status == StatusCode::UNAUTHORIZED {
            let challenge = axum::http::HeaderValue::from_static("Bearer realm=\"oim-etl\"");
            response.headers_mut().insert(header::WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// No such path: a page for a browser, and a problem for everybody else.
pub(crate) async fn no_path(State(here): State<Surroundings>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if is_for_people(&parts.uri, &parts.headers) {
        return super::console::missing(&here, &mut parts).await;
    }
    Problem::missing("there is nothing at this path; GET /v1/openapi.json lists what there is")
        .into_response()
}

/// The path exists, and not with this method.
pub(crate) async fn no_method(State(here): State<Surroundings>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    let detail = "this path has other methods: see the header Allow";
    let problem = Problem::new(StatusCode::METHOD_NOT_ALLOWED, detail);
    if is_for_people(&parts.uri, &parts.headers) {
        return super::console::no_form(&here, &mut parts, &problem).await;
    }
    problem.into_response()
}

/// Whether a browser asks for a page.
fn is_for_people(uri: &Uri, headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.contains("text/html") && !uri.path().starts_with("/v1/")
}

/// Refuses addresses with a NUL: PostgreSQL stores none in a text, so nothing can match it.
pub(crate) async fn without_nul(request: Request, next: Next) -> Response {
    if request.uri().to_string().contains("%00") {
        return Problem::impossible("the address has a NUL character (%00), which no text can hold")
            .into_response();
    }
    next.run(request).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_that_is_no_longer_kept_is_gone() {
        let problem = Problem::from(StoreError::Pruned { after: 4, head: 90 });
        assert_eq!(problem.status(), StatusCode::GONE);
        assert!(problem.detail().contains("continue after 90"), "{}", problem.detail());
    }
}
