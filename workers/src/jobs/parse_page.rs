//! Parses one archived page: bytes to records, drafts, opportunities and rows.

use anyhow::Context as _;
use queue::Lease;

use super::{Job, JobError, PageArgs};
use crate::{
    app::{App, read_by},
    pipeline,
};

/// Parses one archived page: bytes to records, drafts, opportunities and rows.
pub(crate) struct ParsePage;

impl Job for ParsePage {
    const NAME: &'static str = "parse_page";
    type Args = PageArgs;

    #[tracing::instrument(skip_all, fields(page = args.page, source, run))]
    async fn run(app: &App, lease: Lease, args: Self::Args) -> Result<(), JobError> {
        let page = app.batches.pages.ask(args.page).await?;
        tracing::Span::current().record("source", &page.source).record("run", page.run.to_string());
        let spec = app.spec(&page.source).map_err(JobError::Discard)?;
        let read_by = read_by(&spec);
        if pipeline::parse::is_large(&page) {
            let mut commit = app.store.commit_parts(lease, &page, &read_by);
            let mut parts = pipeline::parse::in_parts(app, spec, page.clone()).await?;
            let last = loop {
                match parts.next(&app.store, lease).await? {
                    pipeline::parse::Part::Next(reading) => {
                        pipeline::stage::part(&mut commit, &page, reading).await?;
                    }
                    pipeline::parse::Part::Last(reading) => break reading,
                }
            };
            return Ok(pipeline::stage::last_part(commit, &page, last).await?);
        }
        let bytes = page.bytes.and_then(|bytes| u64::try_from(bytes).ok()).unwrap_or(0);
        // The place is held until the page is committed.
        let place = app.room.admit(bytes).await?;
        let body = pipeline::archive::read(app, &page).await?;
        let reading = pipeline::parse::drafts(app, &place, &spec, &page, body).await?;
        let reading = reading.context("the reading of the page broke off")?;
        Ok(pipeline::stage::page(app, lease, (page, None), reading, read_by).await?)
    }
}
