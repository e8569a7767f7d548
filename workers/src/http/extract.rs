//! What a request carries: path, query and body. A mistake in it is a [`Problem`].

use axum::{
    extract::{FromRequest, FromRequestParts, Path, Query, Request},
    http::{StatusCode, request::Parts},
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Problem;

/// Rows of a list where no number is asked for.
const ROWS: u16 = 20;
/// Most rows of a list.
pub(crate) const MOST_ROWS: u16 = 100;

/// The parameters of the path.
pub(crate) struct At<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for At<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let given = Path::<T>::from_request_parts(parts, state).await;
        given.map(|Path(value)| Self(value)).map_err(|error| Problem::new(error.status(), error.body_text()))
    }
}

/// The parameters of the query.
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let given = Query::<T>::from_request_parts(parts, state).await;
        given.map(|Query(value)| Self(value)).map_err(|error| Problem::new(error.status(), error.body_text()))
    }
}

/// A JSON body.
pub(crate) struct Sent<T>(pub(crate) T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Sent<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let kind = request.headers().get("content-type").and_then(|value| value.to_str().ok());
        let is_json = kind
            .is_some_and(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "application/json"));
        if !is_json {
            let detail = "send JSON, with the header `content-type: application/json`";
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|error| Problem::new(error.status(), error.body_text()))?;
        // PostgreSQL stores no NUL in a text.
        if bytes.windows(6).any(|six| six == br"\u0000") {
            return Err(Problem::impossible(
                r"the body has a NUL character (\u0000), which no text can hold",
            ));
        }
        let mut value: Value =
            serde_json::from_slice(&bytes).map_err(|error| Problem::bad(format!("the body: {error}")))?;
        whole(&mut value);
        T::deserialize(value).map(Self).map_err(|error| Problem::bad(format!("the body: {error}")))
    }
}

/// Makes `7.0` to `7`: JSON has a single type of numbers, and to its schema both are integers.
fn whole(value: &mut Value) {
    /// Beyond it, not every whole number has a float of its own.
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    match value {
        Value::Array(items) => items.iter_mut().for_each(whole),
        Value::Object(fields) => fields.values_mut().for_each(whole),
        Value::Number(number) if number.is_f64() => {
            let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() <= LARGEST);
            #[allow(clippy::cast_possible_truncation, reason = "it is whole, and within the range")]
            if let Some(float) = float {
                *value = (float as i64).into();
            }
        }
        _ => (),
    }
}

/// Returns how many rows to serve. A number outside 1 to [`MOST_ROWS`] is refused.
pub(crate) fn rows(limit: Option<u16>) -> Result<i64, Problem> {
    match limit.unwrap_or(ROWS) {
        limit @ 1..=MOST_ROWS => Ok(limit.into()),
        limit => Err(Problem::bad(format!("limit is {limit}; it must be 1 to {MOST_ROWS}"))),
    }
}

/// Returns where a page of a list begins: what `next` of the page before said.
pub(crate) fn after<T: std::str::FromStr>(cursor: Option<&str>) -> Result<Option<T>, Problem> {
    let parse = |text: &str| {
        text.parse().map_err(|_| Problem::impossible("after is not what `next` of another page said"))
    };
    cursor.map(parse).transpose()
}

/// Returns the values of a filter that are separated by commas.
pub(crate) fn each<T: std::str::FromStr>(what: &str, values: Option<&str>) -> Result<Vec<T>, Problem> {
    let words = values.unwrap_or_default().split(',').map(str::trim).filter(|word| !word.is_empty());
    let parse = |word: &str| {
        word.parse()
            .map_err(|_| Problem::impossible(format!("there is no {what} {word:?}: GET /v1/vocabularies")))
    };
    words.map(parse).collect()
}
