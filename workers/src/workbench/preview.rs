//! A crawl that archives and writes nothing: pages are fetched, parsed and normalized, and the result is shown.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::{Opportunity, Reason, Rejection};
use fetch::{Client, LocalBudget, Partner, Request};
use normalize::Context;
use sources::{Follow, Page, PageRequest, Reading, RequestBody, Response, Spec, Stream, Walked, Window};
use url::Url;

use crate::pipeline::normalize::describe;

/// What a run of a source would load.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// What would be loaded.
    pub(crate) opportunities: Vec<Opportunity>,
    /// What would be refused.
    pub(crate) rejections: Vec<Rejection>,
    /// Pages that cannot be trusted, and lists that were not fetched.
    pub(crate) alarms: Vec<String>,
    /// Notes on the pages, and how many pages each is about.
    pub(crate) notes: BTreeMap<String, usize>,
    /// How many records were seen.
    pub(crate) records: usize,
    /// The answers themselves, if they are kept.
    pub(crate) tapes: Vec<Tape>,
}

/// A request and its answer.
#[derive(Debug)]
pub(crate) struct Tape {
    /// The address of the request.
    pub(crate) url: Url,
    /// The body of a POST.
    pub(crate) sent: Option<String>,
    /// The answer.
    pub(crate) answer: fetch::Answer,
}

/// What to preview.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ask {
    /// Stop after so many records of each stream.
    pub(crate) limit: usize,
    /// Request only what is newer.
    pub(crate) since: Option<DateTime<Utc>>,
    /// Whether to keep the answers.
    pub(crate) tapes: bool,
    /// Whether the partner is a replay of recordings, which may end anywhere.
    pub(crate) recorded: bool,
}

impl Preview {
    /// Returns the notes in words: "6 pages: mended JSON: trailing commas".
    pub(crate) fn noted(&self) -> Vec<String> {
        let say = |(note, pages): (&String, &usize)| {
            if *pages == 1 { format!("1 page: {note}") } else { format!("{pages} pages: {note}") }
        };
        self.notes.iter().map(say).collect()
    }
}

struct Previewer<'a> {
    client: &'a Client,
    partner: &'a Partner,
    spec: &'a Spec,
    budget: LocalBudget,
    ask: Ask,
    so_far: Preview,
    /// The number of records and rejections before the current stream.
    before: usize,
}

/// Crawls each stream of the source up to `limit` records. A stream that cannot be fetched becomes an alarm, and the others are
/// still crawled.
pub(crate) async fn preview(
    client: &Client,
    partner: &Partner,
    spec: &Spec,
    ask: Ask,
) -> anyhow::Result<Preview> {
    let budget = LocalBudget::new();
    let mut previewer =
        Previewer { client, partner, spec, budget, ask, so_far: Preview::default(), before: 0 };
    for stream in &spec.streams {
        previewer.before = previewer.so_far.opportunities.len() + previewer.so_far.rejections.len();
        let Some(mut crawl) = spec.crawl(&stream.name, &Window { since: ask.since }) else { continue };
        while let Some(request) = crawl.ask().filter(|_| previewer.left() > 0) {
            let answer = match previewer.get(&request.url, &request.headers, request.body.as_ref()).await {
                Ok(answer) => answer,
                Err(error) => {
                    previewer.ended(stream, &request, &error);
                    break;
                }
            };
            let page = request.page(response(&answer));
            previewer.read(stream, &page, answer.fetched_at).await?;
            crawl.answered(&request, &page);
        }
        previewer.judge(crawl.walked());
    }
    Ok(previewer.so_far)
}

fn response(answer: &fetch::Answer) -> Response<'_> {
    Response { status: answer.status, headers: &answer.headers, body: &answer.body }
}

impl Previewer<'_> {
    fn left(&self) -> usize {
        let taken = self.so_far.opportunities.len() + self.so_far.rejections.len() - self.before;
        self.ask.limit.saturating_sub(taken)
    }

    /// Returns how many records and rejections there may be after the current stream.
    fn most(&self) -> usize {
        self.before.saturating_add(self.ask.limit)
    }

    /// Adds a note if the ending does not prove the list whole, so that a run would close nothing. Recordings may end anywhere.
    fn judge(&mut self, walked: Option<&Walked>) {
        if let Some(why) = walked.filter(|_| !self.ask.recorded).and_then(|walked| walked.proof().err()) {
            *self.so_far.notes.entry(why.to_string()).or_default() += 1;
        }
    }

    /// Reports a list page that cannot be fetched.
    fn ended(&mut self, stream: &Stream, request: &PageRequest, error: &anyhow::Error) {
        let gone = error.downcast_ref::<fetch::FetchError>().and_then(fetch::FetchError::gone);
        if self.ask.recorded && gone.is_some() && request.ordinal > 0 {
            let note = format!("stream {}: the recordings end before its next page", stream.name);
            *self.so_far.notes.entry(note).or_default() += 1;
        } else {
            self.so_far.alarms.push(format!("stream {}: {error:#}", stream.name));
        }
    }

    async fn get(
        &mut self,
        url: &Url,
        headers: &[(String, String)],
        body: Option<&RequestBody>,
    ) -> anyhow::Result<fetch::Answer> {
        let body = body.map(crate::pipeline::fetch::encoded);
        let request = Request { url: url.clone(), headers: headers.to_vec(), validators: None, body };
        let answer = self.client.fetch(self.partner, &request, &self.budget).await?;
        if self.ask.tapes {
            let sent = request.body.map(|body| String::from_utf8_lossy(&body.bytes).into_owned());
            self.so_far.tapes.push(Tape { url: url.clone(), sent, answer: answer.clone() });
        }
        Ok(answer)
    }

    async fn read(
        &mut self,
        stream: &Stream,
        page: &Page<'_>,
        fetched_at: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let mut reading = self.spec.read(page);
        let follow = std::mem::take(&mut reading.follow);
        let most = self.most();
        keep(&mut self.so_far, self.spec, page, reading, fetched_at, most);
        for follow in follow {
            if self.left() == 0 {
                break;
            }
            match self.get(&follow.url, &[], None).await {
                Ok(answer) => {
                    let detail = Page::detail(&stream.name, &follow.url, &follow.card, response(&answer));
                    let reading = self.spec.read(&detail);
                    keep(&mut self.so_far, self.spec, &detail, reading, answer.fetched_at, most);
                }
                Err(error) => self.missing(&follow, &error),
            }
        }
        Ok(())
    }
}

impl Previewer<'_> {
    /// Rejects the record of a detail page that is gone. Any other failure becomes an alarm.
    fn missing(&mut self, follow: &Follow, error: &anyhow::Error) {
        let Some(status) = error.downcast_ref::<fetch::FetchError>().and_then(fetch::FetchError::gone) else {
            self.so_far.alarms.push(format!("{}: {error:#}", follow.url));
            return;
        };
        if self.ask.recorded {
            *self.so_far.notes.entry("the page of a record was not recorded".to_owned()).or_default() += 1;
            return;
        }
        self.so_far.records += 1;
        let reason = Reason::DetailUnavailable(format!("{} answered {status}", follow.url));
        let external_id = self.spec.card_identity(&follow.card);
        self.so_far.rejections.push(normalize::reject(reason, external_id, follow.card.clone()));
    }
}

/// Adds what a page would load, up to `limit` records in total.
pub(crate) fn keep(
    so_far: &mut Preview,
    spec: &Spec,
    page: &Page<'_>,
    reading: Reading,
    fetched_at: DateTime<Utc>,
    limit: usize,
) {
    so_far.records += reading.drafts.len() + reading.rejected.len();
    so_far.alarms.extend(reading.alarm.map(|alarm| format!("{}: {}", page.url, describe(alarm))));
    for note in reading.notes {
        *so_far.notes.entry(note).or_default() += 1;
    }
    let left = |so_far: &Preview| limit.saturating_sub(so_far.opportunities.len() + so_far.rejections.len());
    so_far.rejections.extend(reading.rejected.into_iter().take(left(so_far)));
    let context = Context {
        source: spec.slug.clone(),
        stream: page.stream.clone(),
        country: spec.country.clone(),
        hosts: spec.hosts.clone(),
        fetched_at,
    };
    for draft in reading.drafts.into_iter().take(left(so_far)) {
        match normalize::normalize(draft, &context) {
            Ok(opportunity) => so_far.opportunities.push(opportunity),
            Err(rejection) => so_far.rejections.push(rejection),
        }
    }
}
