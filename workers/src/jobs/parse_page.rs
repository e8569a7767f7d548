//! Reads one archived page: records, drafts, opportunities, rows.

use store::queue::Lease;

use super::{OfPage, Stopped};
use crate::{engine::Engine, pipeline};

/// Stored name.
pub(crate) const NAME: &str = "parse_page";

/// Runs the job.
#[tracing::instrument(skip_all, fields(page = of.page, source, run))]
pub(crate) async fn run(engine: &Engine, lease: Lease, of: OfPage) -> Result<(), Stopped> {
    let page = engine.store.page(of.page).await?;
    tracing::Span::current().record("source", &page.source).record("run", page.run.to_string());
    let spec = engine.spec(&page.source).map_err(Stopped::Hopeless)?;
    let body = pipeline::archive::read(engine, &page).await?;
    let reading = pipeline::parse::read(&spec, &page, &body)?;
    let reading = pipeline::normalize::normalize(&spec, &page, reading)?;
    let alarm = reading.alarm.clone();
    let tally = engine.store.commit_reading(lease, &page, reading).await?;
    pipeline::upsert::count(&page.source, tally);
    if let Some(alarm) = alarm {
        tracing::error!(
            url = page.url,
            alarm,
            "the page cannot be believed; nothing of its run will be closed"
        );
    } else {
        tracing::debug!(?tally, "read");
    }
    Ok(())
}
