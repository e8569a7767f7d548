//! `auth = { kind = … }`

use schemars::JsonSchema;
use serde::Deserialize;

/// Who we are at the partner's: `auth = { kind = … }`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Auth {
    /// OAuth 2.0 client credentials (RFC 6749, 4.4); the token is renewed before it ends.
    Oauth2 {
        /// Where tokens are given, absolute or below `base_url`.
        token_url: String,
        /// What is asked for.
        scope: Option<String>,
        /// Variable that holds our name there.
        id: String,
        /// Variable that holds our secret.
        secret: String,
    },
    /// A key in a header, or in the query where a partner knows no better.
    ApiKey {
        /// Name of the header.
        header: Option<String>,
        /// Name of the query parameter. It is added when the request is sent and stands in no log and no archive.
        query: Option<String>,
        /// Variable that holds the key.
        key: String,
    },
    /// HTTP Basic (RFC 7617).
    Basic {
        /// Variable that holds the user.
        user: String,
        /// Variable that holds the password.
        password: String,
    },
    /// A fixed bearer token (RFC 6750).
    Bearer {
        /// Variable that holds the token.
        token: String,
    },
}
