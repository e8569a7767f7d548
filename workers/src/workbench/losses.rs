//! What a source file would lose of the archive, before it is in force.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use domain::SourceSlug;
use sources::{Catalog, SpecFile};
use store::{Replayed, Store};

use super::reread::read_each;
use crate::{app::App, config::Config, lang::Lang};

/// Longest time for which somebody waits for an answer over HTTP.
const WAITED_FOR: Duration = Duration::from_secs(20);

/// What a file would lose of the archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Lost {
    /// Opportunities that the archive has shown.
    all: usize,
    /// How many of them it would no longer find.
    gone: usize,
    /// Records that it would reject.
    rejected: usize,
}

impl Lost {
    /// The sentence for people.
    pub(crate) fn told(self, lang: Lang, slug: &SourceSlug) -> String {
        let Self { all, gone, rejected } = self;
        lang.text(
            &format!(
                "{gone} des {all} opportunités de l'archive ne seraient plus trouvées, {rejected} fiches seraient refusées; voyez-les: oim-etl --sources DOSSIER sources diff {slug}"
            ),
            &format!(
                "{gone} of the {all} opportunities of the archive would no longer be found, {rejected} records would be rejected; see them: oim-etl --sources DIR sources diff {slug}"
            ),
        )
    }
}

/// Returns what would be lost if that is most of the opportunities that the archive has shown. Fails if the archive cannot be read, or
/// not within `limit`.
pub(crate) async fn losses(
    config: &Config,
    store: &Store,
    slug: &SourceSlug,
    text: &str,
    limit: Duration,
) -> anyhow::Result<Option<Lost>> {
    let catalog = Catalog::load(vec![SpecFile::of(slug, text)])?;
    let Some(spec) = catalog.get(slug) else { return Ok(None) };
    let mut shown = HashSet::new();
    for run in store.runs_of_archive(slug, None).await? {
        shown.extend(store.shown_by(run).await?);
    }
    if shown.is_empty() {
        return Ok(None);
    }
    let (begun, mut found, mut rejected) = (Instant::now(), HashSet::new(), 0);
    read_each(config, store, spec, Replayed::from(None), |_, reading| {
        found.extend(reading.opportunities.iter().map(|row| row.id));
        rejected += reading.rejections.len();
        begun.elapsed() < limit
    })
    .await?;
    anyhow::ensure!(begun.elapsed() < limit, "the archive is too large to be parsed while somebody waits");
    let (all, gone) = (shown.len(), shown.difference(&found).count());
    Ok((gone * 2 > all).then_some(Lost { all, gone, rejected }))
}

/// Does the same beside the threads that serve requests. `None` also where the archive cannot be read in time: the file is not to blame.
pub(crate) async fn losses_in_time(
    app: &Arc<App>,
    slug: &SourceSlug,
    text: &str,
) -> anyhow::Result<Option<Lost>> {
    let (app, slug, text) = (Arc::clone(app), slug.clone(), text.to_owned());
    let handle = tokio::runtime::Handle::current();
    let read = move || handle.block_on(losses(&app.config, &app.store, &slug, &text, WAITED_FOR));
    let lost = tokio::task::spawn_blocking(read).await.context("the archive was not parsed")?;
    Ok(lost.unwrap_or_else(|error| {
        tracing::warn!(why = format!("{error:#}"), "a source file was not tried on the archive");
        None
    }))
}
