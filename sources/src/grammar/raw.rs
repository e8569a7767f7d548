//! The file as written.

use std::collections::BTreeMap;

use opportunity::{Kind, Rate};
use serde::Deserialize;
use serde_spanned::Spanned;

use super::form::RawForm;

/// A partner file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Partner {
    pub(super) name: Spanned<String>,
    pub(super) base_url: Spanned<String>,
    #[serde(default)]
    pub(super) hosts: Vec<Spanned<String>>,
    pub(super) rate: Rate,
    pub(super) robots: Option<bool>,
    pub(super) country: Option<Spanned<String>>,
    pub(super) auth: Option<Auth>,
    pub(super) streams: Spanned<BTreeMap<Spanned<String>, Stream>>,
}

/// `auth = { kind = … }`
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Auth {
    Oauth2 { token_url: String, scope: Option<String>, id: String, secret: String },
    ApiKey { header: String, key: String },
    Basic { user: String, password: String },
    Bearer { token: String },
}

/// `[streams.NAME]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Stream {
    pub(super) kind: Kind,
    #[serde(default)]
    pub(super) format: Format,
    pub(super) request: Request,
    #[serde(default)]
    pub(super) pages: Pages,
    pub(super) records: Spanned<String>,
    pub(super) required: Option<Vec<Spanned<String>>>,
    pub(super) fields: BTreeMap<Spanned<String>, Spanned<RawForm>>,
    pub(super) detail: Option<Detail>,
}

/// `format = "html"`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Format {
    #[default]
    Json,
    Html,
}

/// `request = { path = …, query = { … }, headers = { … } }`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Request {
    pub(super) path: Spanned<String>,
    #[serde(default)]
    pub(super) query: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
}

/// `pages = { kind = … }`
#[derive(Debug, Default, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Pages {
    #[default]
    Single,
    Number {
        param: String,
        #[serde(default)]
        first: u64,
        size: Option<u64>,
        next: Option<String>,
    },
    Range {
        param: String,
        size: u64,
    },
    Offset {
        offset: String,
        limit: String,
        size: u64,
    },
    NextLink {
        link: String,
    },
}

/// `[streams.NAME.detail]`
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Detail {
    pub(super) link: Spanned<RawForm>,
    pub(super) format: Option<Format>,
    pub(super) fields: BTreeMap<Spanned<String>, Spanned<RawForm>>,
}
