//! Parses the archive of a source again, by its current source file: what a replay would publish. Nothing is written.

use std::sync::Arc;

use domain::Rejection;
use sources::Spec;
use store::{KnownDrafts, PagePreview, Replayed, Store};

use crate::{
    app,
    archive::Archive,
    config::Config,
    pipeline::{normalize, parse},
};

/// What a replay of the archive would publish.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// What would be published, by page.
    pub(crate) pages: Vec<PagePreview>,
    /// What would be refused.
    pub(crate) rejections: Vec<Rejection>,
    /// Pages that cannot be trusted.
    pub(crate) alarms: Vec<String>,
}

/// Parses the archived pages that a replay parses.
pub(crate) async fn read_again(
    config: &Config,
    store: &Store,
    spec: &Arc<Spec>,
    which: Replayed<'_>,
) -> anyhow::Result<Read> {
    let archive = Archive::open(&app::archive_place(config))?;
    let mut all = Read::default();
    for page in store.archive_of(&spec.slug, which).await? {
        let (Some(key), Some(sha256)) = (page.archive_key.as_deref(), page.sha256.as_deref()) else {
            continue;
        };
        let body = archive.read(key, sha256).await?;
        let read = parse::read(spec, &page, &body)?;
        let reading = normalize::normalize(spec, &page, read, &KnownDrafts::new())?;
        let fetched_at = page.fetched_at.unwrap_or_default();
        all.pages.push(PagePreview { fetched_at, opportunities: reading.opportunities });
        all.rejections.extend(reading.rejections);
        all.alarms.extend(reading.alarm.map(|alarm| format!("{}: {alarm}", page.url)));
    }
    Ok(all)
}
