//! Walks the streams of a source, page by page, archiving each before the next is asked for.

use store::{Mode, queue::Lease};

use super::{OfRun, Stopped};
use crate::{
    engine::Engine,
    pipeline::fetch::{self, Walk},
};

/// Stored name.
pub(crate) const NAME: &str = "fetch_source";

/// Runs the job.
#[tracing::instrument(skip_all, fields(run = %of.run))]
pub(crate) async fn run(engine: &Engine, lease: Lease, of: OfRun) -> Result<(), Stopped> {
    let row = engine.store.run(of.run).await?;
    let spec = engine.spec(&row.source).map_err(Stopped::Hopeless)?;
    let row = engine.store.begin_run(of.run, &spec.version).await?;
    if let (Mode::Replay, Some(earlier)) = (row.mode, row.replay_of) {
        engine.store.replay_pages(lease, of.run, earlier).await?;
        engine.store.end_walk(lease, of.run, false, None).await?;
        return Ok(());
    }
    let partner = engine.partner(&spec).map_err(Stopped::Hopeless)?;
    let mut walk = Walk {
        engine,
        lease,
        row: &row,
        spec: &spec,
        partner: &partner,
        taken: 0,
        shortfall: None,
        before: None,
    };
    let mut covers_all = true;
    for stream in &spec.streams {
        covers_all &= fetch::walk(&mut walk, stream).await?;
    }
    let shortfall = walk.shortfall;
    engine.store.end_walk(lease, of.run, covers_all, shortfall.as_deref()).await?;
    Ok(())
}
