//! `oim-etl ingest SLUG --file`

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use chrono::Utc;
use domain::{SourceSlug, StreamName};
use sources::{Catalog, Page, Response, Role, Spec};
use store::{RunRequest, Trigger};
use url::Url;

use super::{Ingest, follow, print_enqueued};
use crate::{
    app,
    archive::Archive,
    cli::{
        Context, Outcome,
        common::{PoolSources, current_user},
        sources::print,
    },
    incoming::Incoming,
    partner::{self, Access},
    ui::Line,
    workbench::preview::{Preview, keep},
};

/// A file that the command line names: a local one, or a fetched one.
struct Given {
    path: PathBuf,
    name: String,
    /// Keeps a fetched file until it is archived.
    _fetched: Option<tempfile::NamedTempFile>,
}

/// Loads the file and follows its run.
pub(super) async fn run(
    ask: Ingest,
    context: Context,
    catalog: Catalog,
    slug: SourceSlug,
) -> anyhow::Result<Outcome> {
    let spec = catalog.get(&slug).context("the source vanished")?;
    let file = ask.file.as_deref().unwrap_or_default();
    let given = fetched(&context, spec, file).await?;
    let incoming = Incoming {
        path: &given.path,
        name: &given.name,
        stream: ask.stream.as_deref(),
        complete: ask.complete.then_some(true),
    };
    let stream = incoming.stream_of(spec).map_err(|error| error.context(format!("Failed to load {file}")))?;
    if ask.dry_run {
        return dry(&context, spec, &stream.name, &given, ask.limit);
    }
    let store = app::open_store(context.config()).await?;
    let known = PoolSources::of(&context, &store, catalog.clone()).await?;
    known.find(&context, slug.as_str())?;
    let archive = Archive::open(&app::archive_place(context.config()))?;
    let request =
        RunRequest { limit: ask.limit, ..RunRequest::new(slug.clone(), Trigger::Cli, current_user()) };
    let (entered, _) = incoming.enter((&store, &archive), spec, request).await?;
    anyhow::ensure!(
        entered.is_new,
        "run {} of {slug} is active, and a source has one run at a time; ask again when it has ended",
        entered.run
    );
    let rate = partner::rate(context.config(), spec);
    let lines = vec![Line { run: entered.run, source: slug.to_string(), rate }];
    if ask.no_wait { print_enqueued(&context, &lines) } else { follow(context, store, lines).await }
}

/// Returns the file. If an address names it, fetches it at the partner's rate, whatever its host is.
async fn fetched(context: &Context, spec: &Spec, file: &str) -> anyhow::Result<Given> {
    let Some(url) = Url::parse(file).ok().filter(|url| matches!(url.scheme(), "http" | "https")) else {
        let path = PathBuf::from(file);
        let is_file = std::fs::metadata(&path).with_context(|| format!("Failed to open {file}"))?.is_file();
        anyhow::ensure!(is_file, "{file} is a folder: name one file");
        return Ok(Given { name: name_of(&path), path, _fetched: None });
    };
    let mut partner =
        Access::WithCredentials(spec, &partner::environment).partner(context.config()).or_else(|error| {
            // A file on another host does not get the partner's credentials.
            if partner_hosts(spec, &url) {
                Err(error)
            } else {
                Access::Anonymous(spec).partner(context.config())
            }
        })?;
    partner.hosts.extend(url.host_str().map(str::to_owned));
    let request = fetch::Request { url: url.clone(), headers: Vec::new(), validators: None, body: None };
    let client = partner::client(context.config())?;
    let answer = client.fetch(&partner, &request, &fetch::LocalBudget::new()).await?;
    let temporary = tempfile::NamedTempFile::new().context("a place for the file")?;
    std::fs::write(temporary.path(), &answer.body).context("a place for the file")?;
    Ok(Given {
        name: name_of(Path::new(url.path())),
        path: temporary.path().to_owned(),
        _fetched: Some(temporary),
    })
}

fn partner_hosts(spec: &Spec, url: &Url) -> bool {
    url.host_str().is_some_and(|host| spec.hosts.iter().any(|own| own == host))
}

fn name_of(path: &Path) -> String {
    path.file_name().map_or_else(|| "file".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Prints what the file would load, without writing.
fn dry(
    context: &Context,
    spec: &Spec,
    stream: &StreamName,
    given: &Given,
    limit: Option<i32>,
) -> anyhow::Result<Outcome> {
    let body =
        std::fs::read(&given.path).with_context(|| format!("Failed to read {}", given.path.display()))?;
    let mut url = Url::parse("file:///").context("an address for the file")?;
    url.set_path(&given.name);
    let page = Page::new(stream, Role::File, &url, Response::of_body(&body));
    let reading = spec.read(&page);
    let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
    let mut preview = Preview::default();
    keep(&mut preview, spec, &page, reading, Utc::now(), limit);
    print(context, spec, preview)
}
