//! Stage 4: an archived page becomes drafts.

use std::{io::BufReader, ops::ControlFlow, sync::Arc};

use anyhow::Context as _;
use domain::StreamName;
use sources::{Page, Reading, Role, Spec};
use store::PageRow;
use tokio::sync::mpsc;

use crate::{archive::Unpacked, engine::Engine};

/// Reads a page by its spec. Pure but for the failure of a stored value.
pub(crate) fn read(spec: &Spec, page: &PageRow, body: &[u8]) -> anyhow::Result<Reading> {
    let stream = StreamName::new(&page.stream).with_context(|| format!("page {}", page.id))?;
    let url = page.url.parse().with_context(|| format!("address of page {}", page.id))?;
    let headers = headers(page);
    let role = role(page);
    let is_list = role == Role::List;
    let promised = page.request.get("promised").and_then(serde_json::Value::as_bool).unwrap_or(false);
    Ok(spec.read(&Page {
        stream: &stream,
        role,
        expected: role == Role::File || is_list && (page.ordinal == 0 || promised),
        url: &url,
        status: page.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200),
        headers: &headers,
        body,
        card: (role == Role::Detail).then_some(&page.request),
    }))
}

/// What a page is, by its stored word.
pub(crate) fn role(page: &PageRow) -> Role {
    match page.role.as_str() {
        "list" => Role::List,
        "file" => Role::File,
        _ => Role::Detail,
    }
}

/// The headers that were kept with the page.
pub(crate) fn headers(page: &PageRow) -> Vec<(String, String)> {
    page.headers.clone().and_then(|headers| serde_json::from_value(headers).ok()).unwrap_or_default()
}

/// Largest page read whole, in bytes: above it, it is read as it comes and committed in parts.
const WHOLE: i64 = 4 << 20;
/// Records of a part: a transaction of a tenth of a second.
const PART: usize = 4_000;

/// Whether a page is read in parts. A run with a limit counts records of a whole page.
pub(crate) fn is_large(page: &PageRow) -> bool {
    page.bytes.is_some_and(|bytes| bytes > WHOLE) && page.take.is_none()
}

/// A part of a large page, normalized.
pub(crate) enum Part {
    /// Some of its records; more follow.
    Next(store::Reading),
    /// What is left, and what is to be said of the page.
    Last(store::Reading),
}

/// The parts of a large page, read and normalized on a thread of their own while the ones before are committed.
pub(crate) struct Parts {
    parts: mpsc::Receiver<anyhow::Result<Part>>,
}

impl Parts {
    /// The next part.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Part> {
        self.parts.recv().await.context("the reading of the page broke off")?
    }
}

/// Begins to read a large page.
pub(crate) async fn in_parts(engine: &Engine, spec: Arc<Spec>, page: PageRow) -> anyhow::Result<Parts> {
    let input = super::archive::open(engine, &page).await?;
    // One part waits while one is committed: what is held stays the same, however large the page.
    let (sender, parts) = mpsc::channel(1);
    tokio::task::spawn_blocking(move || {
        let last = read_parts(&spec, &page, input, &sender);
        // Where nobody waits any more, the job has ended.
        let _ = sender.blocking_send(last.map(Part::Last));
    });
    Ok(Parts { parts })
}

fn read_parts(
    spec: &Spec,
    page: &PageRow,
    input: Unpacked,
    sender: &mpsc::Sender<anyhow::Result<Part>>,
) -> anyhow::Result<store::Reading> {
    let stream = StreamName::new(&page.stream).with_context(|| format!("page {}", page.id))?;
    let url = page.url.parse().with_context(|| format!("address of page {}", page.id))?;
    let headers = headers(page);
    let about = Page {
        stream: &stream,
        role: role(page),
        expected: page.ordinal == 0,
        url: &url,
        status: page.status.and_then(|status| u16::try_from(status).ok()).unwrap_or(200),
        headers: &headers,
        body: &[],
        card: None,
    };
    let mut input = BufReader::with_capacity(256 << 10, input);
    let mut failed = None;
    let last = spec.read_stream(&about, &mut input, PART, &mut |reading| {
        let part = super::normalize::normalize(spec, page, reading);
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
    // What the reader did not want of it still counts for its digest.
    std::io::copy(&mut input, &mut std::io::sink()).context("the rest of the page")?;
    input.into_inner().verified()?;
    super::normalize::normalize(spec, page, last)
}
