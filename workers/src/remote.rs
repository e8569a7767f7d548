//! Asking a worker of ours over its API: what a command does when another process holds the embedded index.

use std::time::Duration;

use anyhow::Context as _;
use vectors::Hit;

/// A worker on the same machine answers at once or is not well.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Searches through the API of the worker at `address`.
#[allow(clippy::disallowed_methods, reason = "our own worker is no partner: no rate, no robots")]
pub(crate) async fn search(address: &str, query: &[(&str, String)]) -> anyhow::Result<Vec<Hit>> {
    let url = format!("http://{address}/v1/search");
    let client = reqwest::Client::builder().timeout(TIMEOUT).build()?;
    let what = || format!("could not ask the worker at {address}, which holds the vector index");
    let answer = client
        .get(url)
        .query(query)
        .send()
        .await
        .with_context(what)?
        .error_for_status()
        .with_context(what)?;
    answer.json().await.with_context(what)
}
