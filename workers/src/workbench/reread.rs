//! Parses the archive of a source again, by its current source file: what a replay would publish. Nothing is written.

use std::{collections::HashMap, sync::Arc};

use domain::Rejection;
use sources::Spec;
use store::{KnownDrafts, PagePreview, PageRole, PageRow, Reading, Replayed, Store};

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
    let mut all = Read::default();
    read_each(config, store, spec, which, |page, reading| {
        let fetched_at = page.fetched_at.unwrap_or_default();
        all.pages.push(PagePreview { fetched_at, opportunities: reading.opportunities });
        all.rejections.extend(reading.rejections);
        all.alarms.extend(reading.alarm.map(|alarm| format!("{}: {alarm}", page.url)));
        true
    })
    .await?;
    all.pages.sort_by_key(|page| page.fetched_at);
    Ok(all)
}

/// Parses the archived pages that a replay parses, one after the other, until `take` returns false.
pub(crate) async fn read_each(
    config: &Config,
    store: &Store,
    spec: &Arc<Spec>,
    which: Replayed<'_>,
    mut take: impl FnMut(&PageRow, Reading) -> bool,
) -> anyhow::Result<()> {
    let archive = Archive::open(&app::archive_place(config))?;
    // As in a replay: a detail page is read beside the list record of now.
    let (details, lists): (Vec<PageRow>, Vec<PageRow>) = store
        .archive_of(&spec.slug, which)
        .await?
        .into_iter()
        .partition(|page| page.role == PageRole::Detail);
    let mut cards = HashMap::new();
    for page in lists.into_iter().chain(details) {
        let (Some(key), Some(sha256)) = (page.archive_key.as_deref(), page.sha256.as_deref()) else {
            continue;
        };
        let body = archive.read(key, sha256).await?;
        let card =
            cards.get(&(page.stream.clone(), page.url.clone())).filter(|_| page.role == PageRole::Detail);
        let page = PageRow { request: card.unwrap_or(&page.request).clone(), ..page };
        let read = parse::read(spec, &page, &body)?;
        let mut reading = normalize::normalize(spec, &page, read, &KnownDrafts::new())?;
        let wanted = std::mem::take(&mut reading.wanted);
        cards.extend(wanted.into_iter().map(|wanted| ((page.stream.clone(), wanted.url), wanted.card)));
        if !take(&page, reading) {
            break;
        }
    }
    Ok(())
}
