//! The archive of a run, parsed again by the source file as it is now: what a replay would load. Nothing is written.

use std::sync::Arc;

use domain::{Opportunity, Rejection, RunId};
use sources::Spec;
use store::Store;

use crate::{
    app,
    archive::Archive,
    config::Config,
    pipeline::{normalize, parse},
};

/// What the archive gives.
#[derive(Debug, Default)]
pub(crate) struct Read {
    /// What would be loaded.
    pub(crate) opportunities: Vec<Opportunity>,
    /// What would be refused.
    pub(crate) rejections: Vec<Rejection>,
    /// Pages that could not be believed.
    pub(crate) alarms: Vec<String>,
}

/// Reads every archived page of the run.
pub(crate) async fn read_again(
    config: &Config,
    store: &Store,
    spec: &Arc<Spec>,
    run: RunId,
) -> anyhow::Result<Read> {
    let archive = Archive::open(&app::archive_place(config))?;
    let mut all = Read::default();
    for page in store.archived_pages(run).await? {
        let (Some(key), Some(sha256)) = (page.archive_key.as_deref(), page.sha256.as_deref()) else {
            continue;
        };
        let body = archive.read(key, sha256).await?;
        let read = parse::read(spec, &page, &body)?;
        let reading = normalize::normalize(spec, &page, read)?;
        all.opportunities.extend(reading.opportunities);
        all.rejections.extend(reading.rejections);
        all.alarms.extend(reading.alarm.map(|alarm| format!("{}: {alarm}", page.url)));
    }
    Ok(all)
}
