//! Addresses, as they are sent and as they are shown.

use url::Url;

/// The address without a user and without a fragment: neither is for the partner, and both would reach the archive.
pub(crate) fn bare(url: &Url) -> Url {
    let mut bare = url.clone();
    bare.set_fragment(None);
    // An address of a web scheme takes both; of another scheme it is refused before it is sent.
    let _ = bare.set_username("");
    let _ = bare.set_password(None);
    bare
}

/// The address as errors and logs show it: without its query, which may hold a secret, and without a user.
pub(crate) fn named(url: &Url) -> String {
    format!("{}://{}{}", url.scheme(), host(url), url.path())
}

/// Host and, where it is not the scheme's own, port: the `Host` header of RFC 9110, 7.2.
pub(crate) fn host(url: &Url) -> String {
    let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
    format!("{}{port}", url.host_str().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_user_nor_query_is_shown() {
        let url: Url = "https://me:hunter2@api.fnecm.org:8443/v2/offres?key=hunter2#hunter2".parse().unwrap();
        assert_eq!(named(&url), "https://api.fnecm.org:8443/v2/offres");
        assert_eq!(bare(&url).as_str(), "https://api.fnecm.org:8443/v2/offres?key=hunter2");
    }
}
