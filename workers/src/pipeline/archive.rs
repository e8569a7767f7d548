//! Stage 3: keys of the archive, and reading from it.

use bytes::Bytes;
use store::PageRow;

use crate::{
    app::App,
    archive::{Unpacked, digest},
};

/// Returns the key of a list page.
pub(crate) fn list_key(source: &str, run: domain::RunId, stream: &str, ordinal: u32) -> String {
    format!("{source}/{run}/{stream}-{ordinal:05}")
}

/// Returns the key of a detail page. It has the digest of the address; the label beside the body has the address itself.
pub(crate) fn detail_key(page: &PageRow) -> String {
    let name: String = hex::encode(digest(page.url.as_bytes())).chars().take(24).collect();
    format!("{}/{}/detail-{name}", page.source, page.run)
}

/// Returns the key of the second look at an opportunity.
pub(crate) fn again_key(source: &str, run: domain::RunId, opportunity: domain::OpportunityId) -> String {
    format!("{source}/{run}/again-{opportunity}")
}

/// Opens the body of an archived page, to be read as a stream.
pub(crate) async fn open(app: &App, page: &PageRow) -> anyhow::Result<Unpacked> {
    let missing = || anyhow::anyhow!("page {} was never archived", page.id);
    let key = page.archive_key.as_deref().ok_or_else(missing)?;
    let sha256 = page.sha256.as_deref().ok_or_else(missing)?;
    app.archive.open_body(key, sha256).await
}

/// Reads the body of an archived page.
pub(crate) async fn read(app: &App, page: &PageRow) -> anyhow::Result<Bytes> {
    let missing = || anyhow::anyhow!("page {} was never archived", page.id);
    let key = page.archive_key.as_deref().ok_or_else(missing)?;
    let sha256 = page.sha256.as_deref().ok_or_else(missing)?;
    app.archive.read(key, sha256).await
}
