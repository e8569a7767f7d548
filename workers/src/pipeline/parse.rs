//! Stage 4: an archived page becomes drafts.

use std::{
    io::{self, BufReader, Read},
    ops::ControlFlow,
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use domain::StreamName;
use queue::{Lease, QueueError};
use serde_json::Value;
use sources::{Page, PageRequest, Reading, Response, Role, Spec};
use store::{KnownDrafts, PageRole, PageRow, Store};
use tokio::sync::mpsc;
use url::Url;

use crate::{app::App, archive::Unpacked, room::Admitted};

/// An archived page as its row describes it: everything but the bytes.
pub(crate) struct StoredPage {
    stream: StreamName,
    url: Url,
    status: u16,
    headers: Vec<(String, String)>,
    kind: StoredKind,
}

enum StoredKind {
    List(Box<PageRequest>),
    /// A detail page, with its list record.
    Detail(Value),
    File,
}

impl StoredPage {
    /// Parses the row. Fails on a stored value that this program does not write.
    pub(crate) fn of(row: &PageRow) -> anyhow::Result<Self> {
        let stream = StreamName::new(&row.stream).with_context(|| format!("page {}", row.id))?;
        let url = row.url.parse().with_context(|| format!("address of page {}", row.id))?;
        let kind = match row.role {
            PageRole::List => {
                let request = serde_json::from_value(row.request.clone());
                StoredKind::List(request.with_context(|| format!("request of page {}", row.id))?)
            }
            PageRole::Detail => StoredKind::Detail(row.request.clone()),
            PageRole::File => StoredKind::File,
        };
        let headers = row.headers.clone().and_then(|headers| serde_json::from_value(headers).ok());
        let status = row.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200);
        Ok(Self { stream, url, status, headers: headers.unwrap_or_default(), kind })
    }

    /// Returns the page with its bytes, or without any if they are read as a stream.
    pub(crate) fn page<'a>(&'a self, body: &'a [u8]) -> Page<'a> {
        let response = Response { status: self.status, headers: &self.headers, body };
        match &self.kind {
            StoredKind::List(request) => request.page(response),
            StoredKind::Detail(list_record) => Page::detail(&self.stream, &self.url, list_record, response),
            StoredKind::File => Page::new(&self.stream, Role::File, &self.url, response),
        }
    }
}

/// Parses a page by its source file. This is pure, and fails only on a wrong stored value.
pub(crate) fn read(spec: &Spec, row: &PageRow, body: &[u8]) -> anyhow::Result<Reading> {
    Ok(spec.read(&StoredPage::of(row)?.page(body)))
}

/// Parses and normalizes a whole page, away from the runtime's threads. `None`: the parser panicked.
pub(crate) async fn drafts(
    app: &App,
    place: &Admitted,
    spec: &Arc<Spec>,
    page: &PageRow,
    body: Bytes,
) -> anyhow::Result<Option<store::Reading>> {
    let (reader, about) = (Arc::clone(spec), page.clone());
    let Some(reading) = place.work(move || read(&reader, &about, &body)).await? else { return Ok(None) };
    let reading = reading?;
    let known = super::normalize::known(&app.store, spec, &reading).await?;
    let (reader, about) = (Arc::clone(spec), page.clone());
    let normalize = move || super::normalize::normalize(&reader, &about, reading, &known);
    place.work(normalize).await?.transpose()
}

/// The largest page that is parsed whole, in bytes. A larger one is parsed as a stream and committed in parts.
const WHOLE: i64 = 4 << 20;
/// The number of records in a part: a transaction of a tenth of a second.
const PART: usize = 4_000;

/// Time between two looks whether the page is still ours to parse.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Returns whether a page is parsed in parts. A run with a limit is not, because it counts the records of a whole page.
pub(crate) fn is_large(page: &PageRow) -> bool {
    page.bytes.is_some_and(|bytes| bytes > WHOLE) && page.take.is_none()
}

/// A part of a large page, normalized.
pub(crate) enum Part {
    /// Some of its records. More follow.
    Next(store::Reading),
    /// The remaining records, and the notes on the page.
    Last(store::Reading),
}

/// The parts of a large page. They are parsed and normalized on a thread of their own while earlier parts are committed.
pub(crate) struct Parts {
    parts: mpsc::Receiver<anyhow::Result<Part>>,
}

impl Parts {
    /// Returns the next part. Fails if the job is another's by then, or its run was cancelled: a page may have no part for minutes, and
    /// nobody needs it then.
    pub(crate) async fn next(&mut self, store: &Store, lease: Lease) -> anyhow::Result<Part> {
        loop {
            match tokio::time::timeout(LOOK_EVERY, self.parts.recv()).await {
                Ok(part) => return part.context("the reading of the page broke off")?,
                Err(_) if store.holds(lease).await? => (),
                Err(_) => return Err(QueueError::Fenced(lease.job()).into()),
            }
        }
    }
}

/// Starts to parse a large page.
pub(crate) async fn in_parts(app: &App, spec: Arc<Spec>, page: PageRow) -> anyhow::Result<Parts> {
    let input = super::archive::open(app, &page).await?;
    let place = app.room.admit_streamed().await?;
    let known = app.store.known_drafts_of(&spec.slug, &page.stream).await?;
    // One part waits while another is committed, so memory stays the same, however large the page is.
    let (sender, parts) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        let last = read_parts((&spec, &known), &page, input, &sender);
        // If nobody waits any more, the job has ended.
        let _ = sender.blocking_send(last.map(Part::Last));
        drop(place);
    });
    Ok(Parts { parts })
}

/// An input that ends as soon as nobody waits for what is made of it.
struct Wanted<'a, R> {
    input: R,
    sender: &'a mpsc::Sender<anyhow::Result<Part>>,
}

impl<R: Read> Read for Wanted<'_, R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.sender.is_closed() {
            return Err(io::Error::other("nobody waits for the page any more"));
        }
        self.input.read(out)
    }
}

fn read_parts(
    (spec, known): (&Spec, &KnownDrafts),
    page: &PageRow,
    input: Unpacked,
    sender: &mpsc::Sender<anyhow::Result<Part>>,
) -> anyhow::Result<store::Reading> {
    let stored = StoredPage::of(page)?;
    let about = stored.page(&[]);
    let mut input = BufReader::with_capacity(256 << 10, Wanted { input, sender });
    let mut failed = None;
    let last = spec.read_stream(&about, &mut input, PART, &mut |reading| {
        let part = super::normalize::normalize(spec, page, reading, known);
        let sent = part.map(|part| sender.blocking_send(Ok(Part::Next(part))));
        match sent {
            Ok(Ok(())) => ControlFlow::Continue(()),
            Ok(Err(_)) => ControlFlow::Break(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    // Bytes that the parser did not need still count for the digest.
    io::copy(&mut input, &mut io::sink()).context("the rest of the page")?;
    input.into_inner().input.verified()?;
    super::normalize::normalize(spec, page, last, known)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn row(role: PageRole, request: Value) -> PageRow {
        PageRow {
            id: 7,
            run: uuid::Uuid::nil().into(),
            source: "camerjob".to_owned(),
            mode: store::Mode::Full,
            stream: "offres".to_owned(),
            role,
            ordinal: 3,
            url: "https://camerjob.com/job/1".to_owned(),
            request,
            take: None,
            state: store::PageState::Archived,
            status: Some(200),
            headers: None,
            archive_key: None,
            sha256: None,
            bytes: Some(WHOLE + 1),
            parts: 0,
            replaces_newer: false,
            fetched_at: None,
        }
    }

    #[test]
    fn a_page_that_nobody_waits_for_is_read_no_further() {
        let (sender, parts) = mpsc::channel(1);
        let mut input = Wanted { input: io::repeat(b'x'), sender: &sender };
        let mut read = || input.read(&mut [0; 64]);
        assert_eq!(read().unwrap(), 64);
        drop(parts);
        assert!(read().is_err());
    }

    #[test]
    fn a_detail_page_read_in_parts_keeps_what_its_list_said() {
        let row = row(PageRole::Detail, json!({"title": "Soudeur"}));
        assert!(is_large(&row));
        let stored = StoredPage::of(&row).unwrap();
        assert!(format!("{:?}", stored.page(&[])).contains("Soudeur"));
    }

    #[test]
    fn a_stored_request_that_this_program_does_not_write_is_an_error() {
        let error = StoredPage::of(&row(PageRole::List, json!({"ordinal": "first"}))).err().unwrap();
        assert!(error.to_string().contains("page 7"), "{error:#}");
    }
}
