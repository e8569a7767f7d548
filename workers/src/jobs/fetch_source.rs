//! Crawls the streams of a source page by page, and archives each page before it requests the next.

use anyhow::Context as _;
use queue::Lease;
use sources::{Spec, Stream};
use store::{Archived, FileRef, Mode, NewListPage, Replayed, RunRow, StreamWalk};
use url::Url;

use super::{Job, JobError, RunArgs};
use crate::{
    app::{App, read_by},
    archive::unhex,
    pipeline::crawl::{self, Crawler},
};

/// Crawls the streams of a source page by page, and archives each page before it requests the next.
pub(crate) struct FetchSource;

impl Job for FetchSource {
    const NAME: &'static str = "fetch_source";
    const WAITS: bool = true;
    type Args = RunArgs;

    #[tracing::instrument(skip_all, fields(run = %args.run))]
    async fn run(app: &App, lease: Lease, args: Self::Args) -> Result<(), JobError> {
        let row = app.store.run(args.run).await?;
        // A file that was put in force a moment ago is the one that this run is asked for by.
        if let Err(error) = app.follow_registry().await {
            tracing::warn!(why = format!("{error:#}"), "could not look for changed source files");
        }
        let spec = app.spec(&row.source).map_err(JobError::Discard)?;
        let row = app.store.begin_run(args.run, &spec.version).await?;
        if row.mode == Mode::Replay {
            return copy_archive(app, lease, &spec, &row).await;
        }
        if row.mode == Mode::Pages {
            return Ok(app.store.open_pages(lease, row.id).await?);
        }
        if let Some(file) = &row.file {
            return enter_file(app, lease, &spec, &row, file).await;
        }
        let partner = app.partner_for_job(&spec)?;
        let mut crawler = Crawler {
            app,
            lease,
            row: &row,
            spec: &spec,
            partner: &partner,
            taken: 0,
            is_repeated: lease.is_repeated(),
        };
        let mut walks = Vec::new();
        for stream in spec.streams.iter().filter(|stream| stream.is_fetched()) {
            walks.extend(crawl::crawl(&mut crawler, stream).await?);
        }
        cover_feeds(&spec, &mut walks);
        let retired = if covers_all(&spec, &walks) {
            // Everything was requested. Rows of a stream that the source file no longer has are missing too, unless they were seen.
            let named: Vec<String> = spec.streams.iter().map(|stream| stream.name.to_string()).collect();
            app.store.retired_streams(&spec.slug, &named).await?
        } else {
            Vec::new()
        };
        app.store.end_walk(lease, args.run, &walks, &retired).await?;
        Ok(())
    }
}

/// Gives a replay the archived pages that it parses, unless an earlier attempt has done that.
async fn copy_archive(app: &App, lease: Lease, spec: &Spec, row: &RunRow) -> Result<(), JobError> {
    if row.pages > 0 {
        return Ok(app.store.end_walk(lease, row.id, &[], &[]).await?);
    }
    let read_by = read_by(spec);
    let which = match row.replay_of {
        Some(run) => Replayed::Run(run),
        None if row.only_stale => Replayed::Stale { read_by: &read_by },
        None => Replayed::Newest,
    };
    let pages = app.store.replay_pages(lease, row.id, which).await?;
    // It is not an error if no row is stale any more.
    if pages == 0 && !row.only_stale {
        let why = format!("nothing of {} is archived; ingest it first", row.source);
        return Err(JobError::Discard(anyhow::anyhow!(why)));
    }
    Ok(app.store.end_walk(lease, row.id, &[], &[]).await?)
}

/// Returns whether the stream was seen as a whole.
fn covers(walks: &[StreamWalk], stream: &Stream) -> bool {
    walks.iter().any(|walk| walk.covers && walk.stream == stream.name.as_str())
}

/// Lets feeds of the newest records count as covered if the whole list of the same kind is: what that list lacks is gone.
fn cover_feeds(spec: &Spec, walks: &mut [StreamWalk]) {
    let of_list = |feed: &Stream| {
        let mut lists = spec.streams.iter().filter(|list| list.kind == feed.kind && !list.partial);
        lists.any(|list| covers(walks, list))
    };
    let feeds: Vec<&str> = spec
        .streams
        .iter()
        .filter(|feed| feed.partial && of_list(feed))
        .map(|feed| feed.name.as_str())
        .collect();
    for walk in walks.iter_mut().filter(|walk| feeds.contains(&walk.stream.as_str())) {
        walk.covers = true;
    }
}

/// Returns whether every list was seen as a whole.
fn covers_all(spec: &Spec, walks: &[StreamWalk]) -> bool {
    spec.streams.iter().all(|stream| stream.partial || covers(walks, stream))
}

/// Inserts the file of a run as its only page.
async fn enter_file(
    app: &App,
    lease: Lease,
    spec: &Spec,
    row: &RunRow,
    file: &FileRef,
) -> Result<(), JobError> {
    let archived = Archived {
        status: 200,
        headers: Vec::new(),
        archive_key: file.key.clone(),
        sha256: unhex(&file.sha256).context("the digest of the file")?,
        bytes: file.bytes,
        fetched_at: row.created_at,
        requests: 0,
        etag: None,
        last_modified: None,
    };
    let mut url = Url::parse("file:///").context("an address for the file")?;
    url.set_path(&file.name);
    let page = NewListPage {
        run: row.id,
        source: &spec.slug,
        stream: &file.stream,
        ordinal: 0,
        url: url.as_str(),
        request: serde_json::json!({}),
        take: row.record_limit,
        is_file: true,
        shown: &[],
        promised: None,
        read_by: &read_by(spec),
        archived: &archived,
    };
    app.store.list_page_archived(lease, &page).await?;
    let walk = StreamWalk::of_file(&file.stream, file.complete);
    app.store.end_walk(lease, row.id, &[walk], &[]).await?;
    Ok(())
}
