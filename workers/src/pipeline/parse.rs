//! Stage 4: an archived page becomes drafts.

use anyhow::Context as _;
use opportunity::StreamName;
use sources::{Page, Reading, Role, Spec};
use store::PageRow;

/// Reads a page by its spec. Pure but for the failure of a stored value.
pub(crate) fn read(spec: &Spec, page: &PageRow, body: &[u8]) -> anyhow::Result<Reading> {
    let stream = StreamName::new(&page.stream).with_context(|| format!("page {}", page.id))?;
    let url = page.url.parse().with_context(|| format!("address of page {}", page.id))?;
    let headers = headers(page);
    let is_list = page.role == "list";
    let promised = page.request.get("promised").and_then(serde_json::Value::as_bool).unwrap_or(false);
    Ok(spec.read(&Page {
        stream: &stream,
        role: if is_list { Role::List } else { Role::Detail },
        expected: is_list && (page.ordinal == 0 || promised),
        url: &url,
        status: page.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200),
        headers: &headers,
        body,
        card: (!is_list).then_some(&page.request),
    }))
}

/// The headers that were kept with the page.
pub(crate) fn headers(page: &PageRow) -> Vec<(String, String)> {
    page.headers.clone().and_then(|headers| serde_json::from_value(headers).ok()).unwrap_or_default()
}
