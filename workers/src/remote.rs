//! Requests to the API of a worker of ours, which a command sends when another process holds the embedded index.

use std::time::Duration;

use anyhow::Context as _;

use crate::{http::DEGRADED, search::Ask, vector::Found};

/// A worker on the same machine answers at once, or something is wrong with it.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Searches through the API of the worker at `address`.
#[allow(
    clippy::disallowed_methods,
    reason = "our own worker is not a partner: it has no rate and no robots.txt"
)]
pub(crate) async fn search(address: &str, ask: &Ask) -> anyhow::Result<Found> {
    let url = format!("http://{address}/v1/search");
    let client = reqwest::Client::builder().timeout(TIMEOUT).build()?;
    let what = || format!("Failed to ask the worker at {address}, which holds the vector index");
    let answer = client.get(url).query(ask).send().await.with_context(what)?;
    if [reqwest::StatusCode::BAD_REQUEST, reqwest::StatusCode::UNPROCESSABLE_ENTITY]
        .contains(&answer.status())
    {
        let problem: serde_json::Value = answer.json().await.with_context(what)?;
        let detail = problem.get("detail").and_then(serde_json::Value::as_str);
        anyhow::bail!("{}", detail.unwrap_or("the worker does not understand the search"));
    }
    let answer = answer.error_for_status().with_context(what)?;
    let degraded = answer.headers().get(DEGRADED).and_then(|why| why.to_str().ok()).map(str::to_owned);
    let hits = answer.json().await.with_context(what)?;
    Ok(Found { hits, degraded })
}
