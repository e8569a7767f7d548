//! Whom we ask, and as whom.

use std::fmt;

use opportunity::{Rate, SourceSlug};
use url::Url;

/// A secret. It cannot be printed; whoever needs it says so by calling [`Secret::expose`].
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(secret: String) -> Self {
        Self(secret)
    }

    /// The secret itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// How we show who we are.
#[derive(Debug, Clone)]
pub enum Credentials {
    /// OAuth 2.0 client credentials grant (RFC 6749, 4.4).
    OAuth2 {
        /// Where tokens are given.
        token_url: Url,
        /// What is asked for.
        scope: Option<String>,
        /// Our name there.
        id: String,
        /// Our secret there.
        secret: Secret,
    },
    /// A key in a header.
    ApiKey {
        /// Name of the header.
        header: String,
        /// The key.
        key: Secret,
    },
    /// HTTP Basic (RFC 7617).
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: Secret,
    },
    /// A fixed bearer token (RFC 6750).
    Bearer(Secret),
}

/// A partner's server.
#[derive(Debug, Clone)]
pub struct Partner {
    /// Its key: of the budget, of caches, of logs.
    pub slug: SourceSlug,
    /// Where it lives.
    pub base_url: Url,
    /// Hosts that are its own; requests and redirects stay within them.
    pub hosts: Vec<String>,
    /// The promise.
    pub rate: Rate,
    /// Whether robots.txt is asked and obeyed.
    pub robots: bool,
    /// Who we are there.
    pub credentials: Option<Credentials>,
    /// A gateway all requests go through: URLs and the `Host` header stay the partner's, the connection goes here.
    pub via: Option<Url>,
}

impl Partner {
    /// Whether the address is the partner's own.
    pub(crate) fn owns(&self, url: &Url) -> bool {
        let web = matches!(url.scheme(), "http" | "https");
        web && url.host_str().is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
    }

    /// Where the connection for `url` goes.
    pub(crate) fn route(&self, url: &Url) -> Url {
        let mut routed = url.clone();
        if let Some(via) = &self.via {
            // A URL of a web scheme takes any host and port of another one.
            let _ = routed.set_scheme(via.scheme());
            let _ = routed.set_host(via.host_str());
            let _ = routed.set_port(via.port());
        }
        routed
    }
}
