//! Whom we ask, and as whom.

use std::fmt;

use domain::{Rate, SourceSlug};
use secrecy::SecretString;
use url::Url;

use crate::{
    FetchError,
    address::{host, named},
    guard,
};

/// How we show who we are. Shown to the origin of [`Partner::base_url`] alone, and to the token endpoint.
#[derive(Clone)]
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
        secret: SecretString,
    },
    /// A key in a header.
    ApiKey {
        /// Name of the header.
        header: String,
        /// The key.
        key: SecretString,
    },
    /// A key in the query. It is added when a request is sent: addresses that are kept or told are without it.
    QueryKey {
        /// Name of the parameter.
        param: String,
        /// The key.
        key: SecretString,
    },
    /// HTTP Basic (RFC 7617).
    Basic {
        /// User name.
        user: String,
        /// Password.
        password: SecretString,
    },
    /// A fixed bearer token (RFC 6750).
    Bearer(SecretString),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OAuth2 { token_url, id, .. } => write!(f, "OAuth2 {id:?} at {}", named(token_url)),
            Self::ApiKey { header, .. } => write!(f, "ApiKey in {header:?}"),
            Self::QueryKey { param, .. } => write!(f, "QueryKey in {param:?}"),
            Self::Basic { user, .. } => write!(f, "Basic {user:?}"),
            Self::Bearer(_) => f.write_str("Bearer"),
        }
    }
}

/// A partner's server.
#[derive(Clone)]
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
    /// Whether pages that it reserves against text and data mining are left alone, because no agreement allows to read them.
    pub reserves: bool,
    /// Who we are there.
    pub credentials: Option<Credentials>,
    /// A gateway all requests go through: URLs and the `Host` header stay the partner's, the connection goes here.
    pub via: Option<Url>,
}

impl fmt::Debug for Partner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Partner")
            .field("slug", &self.slug.as_str())
            .field("base_url", &named(&self.base_url))
            .field("hosts", &self.hosts)
            .field("rate", &self.rate)
            .field("robots", &self.robots)
            .field("reserves", &self.reserves)
            .field("credentials", &self.credentials)
            .field("via", &self.via.as_ref().map(named))
            .finish()
    }
}

impl Partner {
    /// Returns the host of its base address, and the port if that is not the usual one.
    pub fn host(&self) -> String {
        host(&self.base_url)
    }

    /// Refuses an address that is not the partner's own, and one that leads into our network.
    pub(crate) fn admit(&self, url: &Url) -> Result<(), FetchError> {
        let (address, source_slug) = (named(url), self.slug.to_string());
        if !self.owns(url) {
            Err(FetchError::OffHost { url: address, source_slug })
        } else if self.via.is_none() && !guard::is_public_literal(url) {
            Err(FetchError::Private { url: address, source_slug })
        } else {
            Ok(())
        }
    }

    fn owns(&self, url: &Url) -> bool {
        let web = matches!(url.scheme(), "http" | "https");
        web && url.host_str().is_some_and(|host| self.hosts.iter().any(|own| own.eq_ignore_ascii_case(host)))
    }

    /// Whether our credentials may be sent there: to the API's own origin, and never in clear text where that is not.
    pub(crate) fn trusts(&self, url: &Url) -> bool {
        let base = &self.base_url;
        let secure = url.scheme() == base.scheme() || url.scheme() == "https";
        let same_port = url.port() == base.port();
        secure && same_port && url.host_str() == base.host_str()
    }

    /// An address without our key, which a redirect may repeat.
    pub(crate) fn without_key(&self, url: &Url) -> Url {
        let Some(Credentials::QueryKey { param, .. }) = &self.credentials else { return url.clone() };
        if !url.query_pairs().any(|(name, _)| name == param.as_str()) {
            return url.clone();
        }
        let others: Vec<(String, String)> =
            url.query_pairs().into_owned().filter(|(name, _)| name != param).collect();
        let mut bare = url.clone();
        bare.set_query(None);
        if !others.is_empty() {
            bare.query_pairs_mut().extend_pairs(others);
        }
        bare
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

#[cfg(test)]
mod tests {
    use super::*;

    fn partner(credentials: Option<Credentials>) -> Partner {
        Partner {
            slug: SourceSlug::new("fne").unwrap(),
            base_url: "https://api.fnecm.org".parse().unwrap(),
            hosts: vec!["api.fnecm.org".to_owned(), "www.fnecm.org".to_owned()],
            rate: "1/s".parse().unwrap(),
            robots: false,
            reserves: true,
            credentials,
            via: None,
        }
    }

    #[test]
    fn an_address_that_repeats_our_key_is_kept_without_it() {
        let key = Credentials::QueryKey { param: "key".to_owned(), key: "hunter2".to_owned().into() };
        let kept = |url: &str| partner(Some(key.clone())).without_key(&url.parse().unwrap()).to_string();
        assert_eq!(kept("https://api.fnecm.org/a?key=hunter2"), "https://api.fnecm.org/a");
        assert_eq!(kept("https://api.fnecm.org/a?p=2&key=hunter2"), "https://api.fnecm.org/a?p=2");
        assert_eq!(kept("https://api.fnecm.org/a?p=a%20b"), "https://api.fnecm.org/a?p=a%20b");
    }

    #[test]
    fn credentials_are_for_the_base_alone() {
        let partner = partner(None);
        let trusted = |url: &str| partner.trusts(&url.parse().unwrap());
        assert!(trusted("https://api.fnecm.org/v2/offres"));
        for other in ["http://api.fnecm.org/", "https://www.fnecm.org/", "https://api.fnecm.org:8443/"] {
            assert!(!trusted(other), "{other}");
            assert!(partner.admit(&other.parse().unwrap()).is_ok(), "{other}");
        }
        for foreign in ["https://fnecm.org/", "https://api.fnecm.org.evil.example/", "ftp://api.fnecm.org/"] {
            assert!(partner.admit(&foreign.parse().unwrap()).is_err(), "{foreign}");
        }
    }
}
