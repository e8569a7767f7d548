//! `auth = { kind = … }`

use schemars::JsonSchema;
use serde::Deserialize;

/// How `oim-etl` authenticates to the partner: `auth = { kind = … }`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Auth {
    /// OAuth 2.0 client credentials (RFC 6749, 4.4). The token is renewed before it expires.
    Oauth2 {
        /// Address of the token endpoint, absolute or below `base_url`.
        token_url: String,
        /// The scope to request.
        scope: Option<String>,
        /// Environment variable that holds the client id.
        id: String,
        /// Environment variable that holds the client secret.
        secret: String,
    },
    /// An API key, in a header or in the query. Set one of `header` and `query`.
    ApiKey {
        /// Name of the header.
        header: Option<String>,
        /// Name of the query parameter. It is added when the request is sent, and appears in no log and no archive.
        query: Option<String>,
        /// Environment variable that holds the key.
        key: String,
    },
    /// HTTP Basic (RFC 7617).
    Basic {
        /// Environment variable that holds the user name.
        user: String,
        /// Environment variable that holds the password.
        password: String,
    },
    /// A fixed bearer token (RFC 6750).
    Bearer {
        /// Environment variable that holds the token.
        token: String,
    },
}
