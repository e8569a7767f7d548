//! Walks the streams of a source, page by page, archiving each before the next is asked for.

use anyhow::Context as _;
use queue::Lease;
use sources::{Spec, Trail};
use store::{Archived, FileRef, Mode, NewListPage, RunRow};
use url::Url;

use super::{Job, JobError, RunArgs};
use crate::{
    app::{App, read_by},
    archive::unhex,
    pipeline::fetch::{self, Walk},
};

/// Walks the streams of a source, page by page, archiving each before the next is asked for.
pub(crate) struct FetchSource;

impl Job for FetchSource {
    const NAME: &'static str = "fetch_source";
    type Args = RunArgs;

    #[tracing::instrument(skip_all, fields(run = %args.run))]
    async fn run(app: &App, lease: Lease, args: Self::Args) -> Result<(), JobError> {
        let row = app.store.run(args.run).await?;
        let spec = app.spec(&row.source).map_err(JobError::Discard)?;
        let row = app.store.begin_run(args.run, &spec.version).await?;
        if let (Mode::Replay, Some(earlier)) = (row.mode, row.replay_of) {
            app.store.replay_pages(lease, args.run, earlier).await?;
            app.store.end_walk(lease, args.run, &[], None).await?;
            return Ok(());
        }
        if let Some(file) = &row.file {
            return enter_file(app, lease, &spec, &row, file).await;
        }
        let partner = app.partner(&spec).map_err(JobError::Discard)?;
        let mut walk = Walk {
            app,
            lease,
            row: &row,
            spec: &spec,
            partner: &partner,
            taken: 0,
            shortfall: None,
            trail: Trail::default(),
        };
        let mut covers = Vec::new();
        for stream in spec.streams.iter().filter(|stream| stream.is_fetched()) {
            if fetch::walk(&mut walk, stream).await? {
                covers.push(stream.name.to_string());
            }
        }
        let shortfall = walk.shortfall;
        // A feed of the newest shows what a list of the same kind shows too: what the whole list lacks is missing from both.
        let feeds = spec.streams.iter().filter(|stream| stream.partial);
        let with_list = feeds.filter(|feed| {
            spec.streams.iter().any(|list| list.kind == feed.kind && covers.contains(&list.name.to_string()))
        });
        let feeds: Vec<String> = with_list.map(|feed| feed.name.to_string()).collect();
        covers.extend(feeds);
        if spec.streams.iter().all(|stream| stream.partial || covers.contains(&stream.name.to_string())) {
            // Everything was asked for: what stands under a name the spec no longer has is missing too, unless it was seen.
            let named: Vec<String> = spec.streams.iter().map(|stream| stream.name.to_string()).collect();
            covers.extend(app.store.retired_streams(&spec.slug, &named).await?);
        }
        app.store.end_walk(lease, args.run, &covers, shortfall.as_deref()).await?;
        Ok(())
    }
}

/// Enters the file a run is of as its one page.
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
        shown: None,
        read_by: &read_by(spec),
        archived: &archived,
    };
    app.store.list_page_archived(lease, &page).await?;
    let covers: Vec<String> = file.complete.then(|| file.stream.clone()).into_iter().collect();
    app.store.end_walk(lease, row.id, &covers, None).await?;
    Ok(())
}
