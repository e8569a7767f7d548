//! The words of a partner from which an opportunity was read: its page in the archive, parsed again.

use anyhow::Context as _;
use domain::Draft;
use serde_json::Value;
use sources::Catalog;
use store::{OpportunityHistory, PageRow};

use crate::{archive::Archive, pipeline};

/// Returns the record of the archived page, parsed by the current source file.
pub(crate) async fn partner_words(
    catalog: &Catalog,
    archive: &Archive,
    life: &OpportunityHistory,
    page: &PageRow,
) -> anyhow::Result<Draft> {
    let slug = page.source.parse()?;
    let spec = catalog.get(&slug).with_context(|| format!("there is no source file for {slug}"))?;
    let wanted = life.row.get("external_id").and_then(Value::as_str).unwrap_or_default();
    let (key, sha256) =
        page.archive_key.as_deref().zip(page.sha256.as_deref()).context("its page was not archived")?;
    let body = archive.read(key, sha256).await?;
    let reading = pipeline::parse::read(spec, page, &body)?;
    let own = |draft: &Draft| draft.external_id.as_deref().map(str::trim) == Some(wanted);
    let found = reading.drafts.into_iter().find(own);
    found.context("the current source file no longer finds the record on its page")
}
