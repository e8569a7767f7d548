//! One request on the wire.

use bytes::Bytes;
use reqwest::{RequestBuilder, header::HeaderMap};
use url::Url;

use super::{exchange::Exchange, named};
use crate::{FetchError, Permit, body, guard};

/// An answer of any status, read to its end.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Raw {
    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }
}

impl Exchange<'_> {
    /// Takes a slot, sends, reads. `url` is the partner's own address; the connection may go through a gateway.
    pub(crate) async fn send(
        &mut self,
        url: &Url,
        max_body: u64,
        build: impl FnOnce(&reqwest::Client, Url) -> RequestBuilder + Send,
    ) -> Result<Raw, FetchError> {
        let partner = self.partner;
        if !partner.owns(url) || (partner.via.is_none() && !guard::is_public_literal(url)) {
            return Err(FetchError::OffHost { url: named(url), source_slug: partner.slug.to_string() });
        }
        self.take_slot().await?;
        self.requests += 1;
        let client = if partner.via.is_some() { &self.shared.gateway } else { &self.shared.open };
        let mut request = build(client, partner.route(url));
        if partner.via.is_some() {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            request = request.header("host", format!("{}{port}", url.host_str().unwrap_or_default()));
        }
        let begun = std::time::Instant::now();
        let answer = request.send().await.map_err(|cause| self.failed(url, cause))?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let limit = max_body.min(self.shared.settings.max_body);
        let body =
            body::read(answer, self.shared.settings.max_wire.min(limit), limit).await.map_err(|unread| {
                match unread {
                    body::Unread::TooLarge => FetchError::TooLarge { url: named(url), limit },
                    body::Unread::Broken(cause) => self.failed(url, cause),
                }
            })?;
        let elapsed_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(source = %partner.slug, url = named(url), status, bytes = body.len(), elapsed_ms, "answered");
        Ok(Raw { status, headers, body })
    }

    /// Waits for a slot of the pool's budget, or says when there is one.
    async fn take_slot(&self) -> Result<(), FetchError> {
        let slug = &self.partner.slug;
        let interval = self.partner.rate.interval().max(self.delay);
        self.shared.belt.ready(slug.as_str(), interval).await;
        let reserved = self.budget.reserve(slug.as_str(), interval, self.shared.settings.max_wait).await;
        match reserved.map_err(|cause| FetchError::Budget { source_slug: slug.to_string(), cause })? {
            Permit::After(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            Permit::TooLong(wait) => Err(self.later(wait, "the rate is used up")),
        }
    }

    fn failed(&self, url: &Url, cause: reqwest::Error) -> FetchError {
        // The cause's own text would repeat the address, query and all.
        let cause = cause.without_url();
        if cause.is_timeout() {
            return FetchError::Timeout { url: named(url), limit: self.shared.settings.request_timeout };
        }
        FetchError::Transport { url: named(url), cause }
    }
}
