//! Fetches and archives one detail page.

use opportunity::{Reason, Rejection};
use store::queue::Lease;

use super::{OfPage, Stopped};
use crate::{
    engine::{self, Engine},
    pipeline,
};

/// Stored name.
pub(crate) const NAME: &str = "fetch_page";

/// Runs the job.
#[tracing::instrument(skip_all, fields(page = of.page, source, run))]
pub(crate) async fn run(engine: &Engine, lease: Lease, of: OfPage) -> Result<(), Stopped> {
    let page = engine.store.page(of.page).await?;
    tracing::Span::current().record("source", &page.source).record("run", page.run.to_string());
    let spec = engine.spec(&page.source).map_err(Stopped::Hopeless)?;
    let partner = engine.partner(&spec).map_err(Stopped::Hopeless)?;
    let url = page
        .url
        .parse()
        .map_err(|error| Stopped::Hopeless(anyhow::Error::new(error).context(page.url.clone())))?;
    let request = pipeline::fetch::Wanted {
        url: &url,
        headers: &[],
        body: None,
        key: pipeline::archive::detail_key(&page),
    };
    match pipeline::fetch::fetch(engine, &partner, request).await {
        Ok(archived) => {
            engine.store.detail_archived(lease, &page, &archived, &engine::read_by(&spec)).await?;
        }
        Err(pipeline::fetch::Failure::Gone(status)) => {
            let external_id = spec.card_identity(&page.request);
            let reason = Reason::DetailUnavailable(format!("{} answered {status}", page.url));
            engine
                .store
                .detail_gone(lease, &page, Rejection { reason, external_id, record: page.request.clone() })
                .await?;
        }
        Err(pipeline::fetch::Failure::Stopped(stopped)) => return Err(stopped),
    }
    Ok(())
}
