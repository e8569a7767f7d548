//! The road without its end: fetched, read, normalized, shown. Nothing is archived and nothing written.

use chrono::{DateTime, Utc};
use fetch::{Client, LocalBudget, Partner, Request};
use opportunity::{Context, Opportunity, Rejection};
use sources::{Page, Role, Spec, Step, Stream, Window};
use url::Url;

/// What a source would give.
#[derive(Debug, Default)]
pub(crate) struct Preview {
    /// What would be loaded.
    pub(crate) opportunities: Vec<Opportunity>,
    /// What would be refused.
    pub(crate) rejections: Vec<Rejection>,
    /// Pages that could not be believed.
    pub(crate) alarms: Vec<String>,
}

struct Previewer<'a> {
    client: &'a Client,
    partner: &'a Partner,
    spec: &'a Spec,
    budget: LocalBudget,
    limit: usize,
    so_far: Preview,
}

/// Walks the source until `limit` records are read.
pub(crate) async fn preview(
    client: &Client,
    partner: &Partner,
    spec: &Spec,
    limit: usize,
    since: Option<DateTime<Utc>>,
) -> anyhow::Result<Preview> {
    let budget = LocalBudget::new();
    let mut previewer = Previewer { client, partner, spec, budget, limit, so_far: Preview::default() };
    for stream in &spec.streams {
        let mut before = None;
        let mut next = spec.first(&stream.name, &Window { since });
        while let Some(request) = next.take().filter(|_| previewer.left() > 0) {
            let answer = previewer.get(&request.url, &request.headers).await?;
            if before.replace(answer.body.clone()).is_some_and(|before| before == answer.body) {
                break;
            }
            let page = page(
                stream,
                &request.url,
                &answer,
                Role::List,
                request.ordinal == 0 || request.promised,
                None,
            );
            previewer.read(stream, &page, answer.fetched_at).await?;
            next = match spec.next(&request, &page) {
                Step::Next(request) => Some(request),
                Step::End(_) => None,
            };
        }
    }
    Ok(previewer.so_far)
}

fn page<'a>(
    stream: &'a Stream,
    url: &'a Url,
    answer: &'a fetch::Answer,
    role: Role,
    expected: bool,
    card: Option<&'a serde_json::Value>,
) -> Page<'a> {
    Page {
        stream: &stream.name,
        role,
        expected,
        url,
        status: answer.status,
        headers: &answer.headers,
        body: &answer.body,
        card,
    }
}

impl Previewer<'_> {
    fn left(&self) -> usize {
        self.limit.saturating_sub(self.so_far.opportunities.len() + self.so_far.rejections.len())
    }

    async fn get(&self, url: &Url, headers: &[(String, String)]) -> anyhow::Result<fetch::Answer> {
        let request = Request { url: url.clone(), headers: headers.to_vec(), validators: None };
        Ok(self.client.fetch(self.partner, &request, &self.budget).await?)
    }

    async fn read(
        &mut self,
        stream: &Stream,
        page: &Page<'_>,
        fetched_at: DateTime<Utc>,
    ) -> anyhow::Result<()> {
        let reading = self.spec.read(page);
        self.so_far.alarms.extend(reading.alarm.map(|alarm| format!("{}: {alarm:?}", page.url)));
        let left = self.left();
        self.so_far.rejections.extend(reading.rejected.into_iter().take(left));
        self.keep(stream, reading.drafts, fetched_at);
        for follow in reading.follow {
            if self.left() == 0 {
                break;
            }
            match self.get(&follow.url, &[]).await {
                Ok(answer) => {
                    let detail =
                        self::page(stream, &follow.url, &answer, Role::Detail, false, Some(&follow.card));
                    let reading = self.spec.read(&detail);
                    self.so_far.rejections.extend(reading.rejected);
                    self.keep(stream, reading.drafts, answer.fetched_at);
                }
                Err(error) => self.so_far.alarms.push(format!("{}: {error:#}", follow.url)),
            }
        }
        Ok(())
    }

    fn keep(&mut self, stream: &Stream, drafts: Vec<opportunity::Draft>, fetched_at: DateTime<Utc>) {
        let context = Context {
            source: self.spec.slug.clone(),
            stream: stream.name.clone(),
            country: self.spec.country.clone(),
            fetched_at,
        };
        for draft in drafts.into_iter().take(self.left()) {
            match opportunity::normalize(draft, &context) {
                Ok(opportunity) => self.so_far.opportunities.push(opportunity),
                Err(rejection) => self.so_far.rejections.push(rejection),
            }
        }
    }
}
