//! Who asks, and what they may do.

use axum::{
    extract::FromRequestParts,
    http::{StatusCode, request::Parts},
};
use secrecy::ExposeSecret as _;
use store::{Digest, Scope};
use subtle::ConstantTimeEq as _;

use super::{Problem, Surroundings};
use crate::tokens;

/// The name under which the token of the configuration acts.
const CONFIGURED: &str = "api_token";

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Who {
    /// The name of the token.
    pub(crate) name: String,
    /// What it allows.
    pub(crate) scope: Scope,
}

impl Who {
    /// Returns the author for the record of actions.
    pub(crate) fn by(&self) -> String {
        format!("token {}", self.name)
    }

    /// Fails unless the token allows this.
    pub(crate) fn must(&self, scope: Scope) -> Result<(), Problem> {
        if self.scope >= scope {
            return Ok(());
        }
        let detail = format!("the token {:?} has scope {}; this needs {scope}", self.name, self.scope);
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }
}

/// Returns who has the token with this digest. Digests are compared, in constant time: how long it takes tells nothing of a token.
pub(crate) async fn holder(here: &Surroundings, digest: &Digest) -> Result<Option<Who>, Problem> {
    // An empty one is a variable that nobody has filled in.
    if let Some(wanted) = &here.app.config.api_token
        && !wanted.expose_secret().is_empty()
        && bool::from(tokens::digest(wanted.expose_secret()).ct_eq(digest))
    {
        return Ok(Some(Who { name: CONFIGURED.to_owned(), scope: Scope::Admin }));
    }
    let found = here.app.store.token_of(digest).await?;
    Ok(found.map(|(name, scope)| Who { name, scope }))
}

/// Returns who sent the request, by its header `Authorization`.
async fn sender(parts: &Parts, here: &Surroundings) -> Result<Who, Problem> {
    let refused = |detail| Problem::new(StatusCode::UNAUTHORIZED, detail);
    let header = parts.headers.get("authorization").and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| {
        let (scheme, token) = value.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let token = token.ok_or_else(|| {
        refused("send `Authorization: Bearer TOKEN`; `oim-etl tokens create` makes a token")
    })?;
    let found = holder(here, &tokens::digest(token)).await?;
    found.ok_or_else(|| refused("this token is not valid: it is mistyped, or was revoked"))
}

/// Declares an extractor that lets requests pass whose token has a scope.
macro_rules! guards {
    ($($(#[$doc:meta])* $guard:ident: $scope:ident;)*) => {$(
        $(#[$doc])*
        pub(crate) struct $guard(pub(crate) Who);

        impl FromRequestParts<Surroundings> for $guard {
            type Rejection = Problem;
            async fn from_request_parts(parts: &mut Parts, here: &Surroundings) -> Result<Self, Problem> {
                let who = sender(parts, here).await?;
                who.must(Scope::$scope)?;
                Ok(Self(who))
            }
        }
    )*};
}

guards! {
    /// Somebody who may look.
    Reader: Read;
    /// Somebody who may act.
    Operator: Operate;
    /// Somebody who may give and take tokens.
    Admin: Admin;
}
