//! Access tokens of OAuth 2.0 (RFC 6749, 4.4), one a partner, asked for once by all who need it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::Value;

use crate::{FetchError, Partner};

/// Largest answer of a token endpoint.
pub(crate) const MAX: u64 = 64 << 10;
/// A token is renewed so long before it ends: a request under way must not outlive it.
const BEFORE_END: Duration = Duration::from_secs(30);
/// Lifetime of a token whose endpoint gives none.
const DEFAULT_LIFE: Duration = Duration::from_mins(10);

/// Longest life believed.
const LONGEST: Duration = Duration::from_hours(24);

/// A token and its end.
#[derive(Debug, Clone)]
pub(crate) struct Token {
    pub(crate) value: SecretString,
    until: Instant,
}

/// The answer of a token endpoint; other members are ignored.
#[derive(Deserialize)]
struct Given {
    access_token: String,
    token_type: Option<Value>,
    expires_in: Option<Value>,
}

/// A lifetime in seconds: a number, or one as text. Anything else says nothing.
fn life(expires_in: &Value) -> Option<Duration> {
    let seconds = match expires_in {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    Duration::try_from_secs_f64(seconds?).ok()
}

impl Token {
    /// Reads a token endpoint's answer.
    pub(crate) fn read(body: &[u8], url: &str) -> Result<Self, FetchError> {
        let bad = |why| FetchError::BadToken { url: url.to_owned(), why };
        let given: Given =
            serde_json::from_slice(body).map_err(|_| bad("the answer is not JSON with an `access_token`"))?;
        let bearer = given
            .token_type
            .as_ref()
            .and_then(Value::as_str)
            .is_none_or(|kind| kind.trim().eq_ignore_ascii_case("bearer"));
        let printable =
            !given.access_token.is_empty() && given.access_token.bytes().all(|byte| byte.is_ascii_graphic());
        if !bearer || !printable {
            return Err(bad("it is not a bearer token"));
        }
        let life = given.expires_in.as_ref().and_then(life);
        let life = life.unwrap_or(DEFAULT_LIFE).min(LONGEST);
        // A token that lives shorter than the margin is still used for half of its life.
        let margin = BEFORE_END.min(life / 2);
        Ok(Self { value: given.access_token.into(), until: Instant::now() + life.saturating_sub(margin) })
    }

    fn holds(&self) -> bool {
        Instant::now() < self.until
    }
}

/// The slot of one partner: locked while somebody asks, so that others wait for the same token.
pub(crate) type Slot = Arc<tokio::sync::Mutex<Option<Token>>>;

/// The tokens of all partners.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<HashMap<String, Slot>>);

impl Tokens {
    /// The slot of a partner.
    pub(crate) fn slot(&self, partner: &Partner) -> Slot {
        let mut slots = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(partner.slug.to_string()).or_default())
    }
}

/// The token of a slot, if it still holds and is not the one that was just refused.
pub(crate) fn usable(slot: Option<&Token>, refused: Option<&SecretString>) -> Option<SecretString> {
    let refused = refused.map(ExposeSecret::expose_secret);
    slot.filter(|token| token.holds() && Some(token.value.expose_secret()) != refused)
        .map(|token| token.value.clone())
}

#[cfg(test)]
mod tests;
