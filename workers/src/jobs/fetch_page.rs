//! Fetches and archives one detail page.

use std::sync::Arc;

use bytes::Bytes;
use domain::Reason;
use queue::Lease;
use sources::Spec;
use store::{Archived, PageRow};

use super::{Job, JobError, PageArgs};
use crate::{
    app::{self, App},
    pipeline,
};

/// Fetches and archives one detail page.
pub(crate) struct FetchPage;

impl Job for FetchPage {
    const NAME: &'static str = "fetch_page";
    const WAITS: bool = true;
    type Args = PageArgs;

    #[tracing::instrument(skip_all, fields(page = args.page, source, run))]
    async fn run(app: &App, lease: Lease, args: Self::Args) -> Result<(), JobError> {
        let page = app.batches.pages.ask(args.page).await?;
        tracing::Span::current().record("source", &page.source).record("run", page.run.to_string());
        let spec = app.spec(&page.source).map_err(JobError::Discard)?;
        let partner = app.partner_for_job(&spec)?;
        let url = page
            .url
            .parse()
            .map_err(|error| JobError::Discard(anyhow::Error::new(error).context(page.url.clone())))?;
        let request = pipeline::fetch::Wanted {
            url: &url,
            headers: &[],
            body: None,
            key: pipeline::archive::detail_key(&page),
            waited: lease.waited(),
            is_repeated: lease.is_repeated(),
        };
        match pipeline::fetch::fetch(app, &partner, request).await {
            Ok((archived, _)) if let Some(address) = anothers(app, &page, &archived).await? => {
                let why = format!("{}: its page leads to {address}", page.url);
                gone(app, lease, &spec, &page, archived.status, why).await?;
            }
            Ok((archived, body)) => {
                let _permit = app.permits.work().await?;
                arrived(app, lease, &spec, page, archived, body).await?;
            }
            Err(pipeline::fetch::Failure::Gone(status)) => {
                gone(app, lease, &spec, &page, status, format!("{} answered {status}", page.url)).await?;
            }
            Err(pipeline::fetch::Failure::Job(error)) => return Err(error),
        }
        Ok(())
    }
}

/// Returns where redirects led, if that is the page of another record of the run.
async fn anothers(app: &App, page: &PageRow, archived: &Archived) -> Result<Option<String>, JobError> {
    let Some((_, address)) = archived.headers.iter().find(|(name, _)| name == "content-location") else {
        return Ok(None);
    };
    Ok(app.store.is_anothers_page(page, address).await?.then(|| address.clone()))
}

/// Stores that the page does not show its record.
async fn gone(
    app: &App,
    lease: Lease,
    spec: &Spec,
    page: &PageRow,
    status: u16,
    why: String,
) -> Result<(), JobError> {
    let external_id = spec.card_identity(&page.request);
    let rejection = normalize::reject(Reason::DetailUnavailable(why), external_id, page.request.clone());
    let visit = pipeline::revisit::of_page(spec, page)?;
    Ok(app.store.detail_gone(lease, page, (status, &visit), rejection).await?)
}

/// Inserts the page. An answer that came now is parsed at once, and committed in the transaction that inserts the page. An answer
/// that an earlier visit archived, or on which the parser panics, is parsed by a job of its own.
async fn arrived(
    app: &App,
    lease: Lease,
    spec: &Arc<Spec>,
    page: PageRow,
    archived: Archived,
    body: Option<Bytes>,
) -> Result<(), JobError> {
    let read_by = app::read_by(spec);
    let visit = pipeline::revisit::of_page(spec, &page)?;
    let fresh = body.filter(|body| {
        i64::try_from(body.len())
            .is_ok_and(|bytes| !pipeline::parse::is_large(&PageRow { bytes: Some(bytes), ..page.clone() }))
    });
    let Some(body) = fresh else {
        return Ok(app.store.detail_archived(lease, (&page, &archived), &visit, &read_by).await?);
    };
    let page = page.with(&archived);
    let place = app.room.admit(u64::try_from(body.len()).unwrap_or(u64::MAX)).await?;
    let Some(reading) = pipeline::parse::drafts(app, &place, spec, &page, body).await? else {
        return Ok(app.store.detail_archived(lease, (&page, &archived), &visit, &read_by).await?);
    };
    Ok(pipeline::stage::page(app, lease, (page, Some(archived)), reading, read_by).await?)
}
