//! Requests with our name under them.

use reqwest::{RequestBuilder, header};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::{exchange::Exchange, send::Raw};
use crate::{
    Credentials, FetchError, Partner, Request,
    address::named,
    body::Cap,
    token::{self, Token},
};

impl Exchange<'_> {
    /// Sends with our credentials; a token that is refused is renewed once. Another host than the API's own, though the
    /// partner's, gets neither credentials nor the spec's headers.
    pub(super) async fn signed(&mut self, url: &Url, request: &Request) -> Result<Raw, FetchError> {
        let cap = Cap::Refuse(self.shared.settings.max_body);
        if !self.partner.trusts(url) {
            return self.send(url, cap, |client, to| conditional(begun(client, to, request), request)).await;
        }
        let partner = self.partner;
        let mut refused = None;
        loop {
            let token = self.token(refused.as_ref()).await?;
            let build = |client: &reqwest::Client, to| {
                sign(
                    headers(conditional(begun(client, to, request), request), request),
                    partner,
                    token.as_ref(),
                )
            };
            let raw = self.send(url, cap, build).await?;
            match raw.status {
                401 if token.is_some() && refused.is_none() => refused = token,
                401 | 403 if partner.credentials.is_some() => return Err(refusal(partner, url, raw.status)),
                _ => return Ok(raw),
            }
        }
    }

    /// The partner's access token: known, or asked for while others wait for it.
    async fn token(&mut self, refused: Option<&SecretString>) -> Result<Option<SecretString>, FetchError> {
        let partner = self.partner;
        let Some(Credentials::OAuth2 { token_url, scope, id, secret }) = &partner.credentials else {
            return Ok(None);
        };
        let slot = self.shared.tokens.slot(partner);
        let mut held = slot.lock().await;
        if let Some(known) = token::usable(held.as_ref(), refused) {
            return Ok(Some(known));
        }
        let mut form = vec![
            ("grant_type", "client_credentials"),
            ("client_id", id),
            ("client_secret", secret.expose_secret()),
        ];
        form.extend(scope.as_deref().map(|scope| ("scope", scope)));
        let build = |client: &reqwest::Client, to| client.post(to).form(&form);
        let raw = self.send(token_url, Cap::Refuse(token::MAX), build).await?;
        match raw.status {
            200..=299 => (),
            400 | 401 | 403 => return Err(refusal(partner, token_url, raw.status)),
            status => return Err(FetchError::Status { url: named(token_url), status }),
        }
        let token = Token::read(&raw.body, &named(token_url))?;
        let value = token.value.clone();
        *held = Some(token);
        Ok(Some(value))
    }
}

fn refusal(partner: &Partner, url: &Url, status: u16) -> FetchError {
    FetchError::Refused { url: named(url), status, source_slug: partner.slug.to_string() }
}

/// A GET, or a POST where the request has a body.
fn begun(client: &reqwest::Client, to: Url, request: &Request) -> RequestBuilder {
    match &request.body {
        None => client.get(to),
        Some(body) => client.post(to).header(header::CONTENT_TYPE, body.media_type).body(body.bytes.clone()),
    }
}

fn conditional(mut built: RequestBuilder, request: &Request) -> RequestBuilder {
    if let Some(known) = &request.validators {
        if let Some(etag) = &known.etag {
            built = built.header(header::IF_NONE_MATCH, etag);
        }
        if let Some(date) = &known.last_modified {
            built = built.header(header::IF_MODIFIED_SINCE, date);
        }
    }
    built
}

fn headers(built: RequestBuilder, request: &Request) -> RequestBuilder {
    request.headers.iter().fold(built, |built, (name, value)| built.header(name, value))
}

/// Adds our credentials; values are marked as secrets, so that no layer below prints them.
fn sign(built: RequestBuilder, partner: &Partner, token: Option<&SecretString>) -> RequestBuilder {
    match (&partner.credentials, token) {
        (Some(Credentials::OAuth2 { .. }), Some(token)) | (Some(Credentials::Bearer(token)), _) => {
            built.bearer_auth(token.expose_secret())
        }
        (Some(Credentials::Basic { user, password }), _) => {
            built.basic_auth(user, Some(password.expose_secret()))
        }
        (Some(Credentials::ApiKey { header, key }), _) => {
            match header::HeaderValue::from_str(key.expose_secret()) {
                Ok(mut value) => {
                    value.set_sensitive(true);
                    built.header(header, value)
                }
                // Fails when the request is built: a request without its key must not be sent.
                Err(_) => built.header(header, key.expose_secret()),
            }
        }
        (Some(Credentials::QueryKey { param, key }), _) => {
            built.query(&[(param.as_str(), key.expose_secret())])
        }
        (None | Some(Credentials::OAuth2 { .. }), _) => built,
    }
}
