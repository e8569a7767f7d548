//! The polite client.

mod exchange;
mod permitted;
mod reserved;
mod send;
mod signed;

use std::{sync::Arc, time::Duration};

use crate::{
    Answer, Budget, FetchError, Partner, Request, body::Room, guard::PublicOnly,
    process_limiter::ProcessLimiter, robots, tdm, token::Tokens,
};
use exchange::Exchange;

/// Limits of a client.
#[derive(Debug, Clone)]
pub struct Settings {
    /// How requests identify themselves: `product/version (+contact)`. The product is the name robots.txt knows us by.
    pub user_agent: String,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest silence of a partner, before its answer or within it.
    pub idle_timeout: Duration,
    /// Longest time for one answer.
    pub request_timeout: Duration,
    /// Largest body, decompressed, in bytes.
    pub max_body: u64,
    /// Largest body a partner may declare, in bytes.
    pub max_wire: u64,
    /// Bytes that all large bodies in hand may have together, at least one of the largest.
    pub max_in_hand: u64,
    /// Tries of one request.
    pub max_attempts: u32,
    /// Longest pause between two tries, where the partner names none.
    pub max_backoff: Duration,
    /// Longest wait for a slot or a Retry-After in place; a longer one is the caller's.
    pub max_wait: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            user_agent: concat!("oim-etl/", env!("CARGO_PKG_VERSION")).to_owned(),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(20),
            request_timeout: Duration::from_secs(30),
            max_body: 64 << 20,
            max_wire: 64 << 20,
            max_in_hand: 64 << 20,
            max_attempts: 4,
            max_backoff: Duration::from_secs(8),
            max_wait: Duration::from_secs(10),
        }
    }
}

/// The client of a process. Cheap to clone; clones share connections, tokens and robots rules.
#[derive(Debug, Clone)]
pub struct Client(Arc<Shared>);

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    /// For partners on the open internet: names resolve to public addresses only.
    pub(crate) open: reqwest::Client,
    /// For gateways the configuration names.
    pub(crate) gateway: reqwest::Client,
    pub(crate) robots: robots::Known,
    pub(crate) tdm: tdm::Known,
    pub(crate) tokens: Tokens,
    pub(crate) process_limiter: ProcessLimiter,
    pub(crate) room: Room,
}

impl Client {
    /// Makes a client.
    pub fn new(settings: Settings) -> Result<Self, FetchError> {
        // One TLS provider a process; a second installation is the same one.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = || {
            reqwest::Client::builder()
                .user_agent(&settings.user_agent)
                .connect_timeout(settings.connect_timeout)
                .read_timeout(settings.idle_timeout)
                .timeout(settings.request_timeout)
                .redirect(reqwest::redirect::Policy::none())
                // What is sent again takes a slot again: no layer below does so by itself.
                .retry(reqwest::retry::never())
                .referer(false)
        };
        let open =
            builder().dns_resolver(Arc::new(PublicOnly)).tls_info(true).build().map_err(FetchError::Setup)?;
        // The gateway is the way: a proxy of the environment would be a second one.
        let gateway = builder().no_proxy().build().map_err(FetchError::Setup)?;
        let (robots, tokens, process_limiter) =
            (robots::Known::default(), Tokens::default(), ProcessLimiter::default());
        let room = Room::new(settings.max_in_hand.max(settings.max_body));
        let tdm = tdm::Known::default();
        Ok(Self(Arc::new(Shared { settings, open, gateway, robots, tdm, tokens, process_limiter, room })))
    }

    /// Gets an answer, politely: robots.txt first, a slot of the budget for each request, tries again where it may help.
    pub async fn fetch(
        &self,
        partner: &Partner,
        request: &Request,
        budget: &dyn Budget,
    ) -> Result<Answer, FetchError> {
        Exchange::new(&self.0, partner, budget).get(request).await
    }
}
