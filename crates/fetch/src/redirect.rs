//! Where a redirect leads, if we follow it.

use url::Url;

use crate::{
    FetchError, Partner,
    address::{bare, named},
};

/// Redirects followed of one request; RFC 9309, 2.3.1.2 asks for five of robots.txt.
pub(crate) const HOPS: usize = 5;

/// Whether a status leads elsewhere (RFC 9110, 15.4); 304 does not.
pub(crate) fn leads_on(status: u16) -> bool {
    matches!(status, 301 | 302 | 303 | 307 | 308)
}

/// The next address: one of the partner's own, and not in clear text where the last one was not. A gateway's connection
/// is what the configuration made it, whatever scheme the partner names.
pub(crate) fn target(
    partner: &Partner,
    from: &Url,
    status: u16,
    location: Option<&str>,
) -> Result<Url, FetchError> {
    let to = location.and_then(|location| from.join(location).ok());
    let to = to.ok_or_else(|| FetchError::Nowhere { url: named(from), status })?;
    partner.admit(&to)?;
    if from.scheme() == "https" && to.scheme() == "http" && partner.via.is_none() {
        return Err(FetchError::ClearText { url: named(&to), source_slug: partner.slug.to_string() });
    }
    Ok(bare(&to))
}

#[cfg(test)]
mod tests {
    use domain::SourceSlug;

    use super::*;

    fn led(location: &str) -> Result<String, FetchError> {
        let partner = Partner {
            slug: SourceSlug::new("fne").unwrap(),
            base_url: "https://api.fnecm.org".parse().unwrap(),
            hosts: vec!["api.fnecm.org".to_owned(), "www.fnecm.org".to_owned()],
            rate: "1/s".parse().unwrap(),
            robots: false,
            reserves: true,
            credentials: None,
            via: None,
        };
        let from = "https://api.fnecm.org/v2/offres?range=0-149".parse().unwrap();
        target(&partner, &from, 302, Some(location)).map(String::from)
    }

    #[test]
    fn a_redirect_is_followed_among_the_partners_hosts() {
        assert_eq!(led("?range=0-9").unwrap(), "https://api.fnecm.org/v2/offres?range=0-9");
        assert_eq!(led("//WWW.fnecm.org/x#part").unwrap(), "https://www.fnecm.org/x");
        assert_eq!(led("https://me:pw@api.fnecm.org/x").unwrap(), "https://api.fnecm.org/x");
    }

    #[test]
    fn other_hosts_schemes_and_clear_text_are_refused() {
        for refused in [
            "https://evil.example/",
            "https://api.fnecm.org@evil.example/",
            "file:///etc/passwd",
            "data:text/html,x",
        ] {
            assert!(matches!(led(refused), Err(FetchError::OffHost { .. })), "{refused}");
        }
        assert!(matches!(led("http://api.fnecm.org/"), Err(FetchError::ClearText { .. })));
        assert!(matches!(led("https://"), Err(FetchError::Nowhere { status: 302, .. })));
    }
}
