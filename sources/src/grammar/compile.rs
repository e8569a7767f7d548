//! From the file as written to what the reader works with.

mod forms;

use std::collections::BTreeMap;

use opportunity::{Draft, SourceSlug, StreamName};
use serde_spanned::Spanned;
use url::Url;

use super::{Wrongs, form::RawForm, raw};
use crate::{Auth, Spec, Stream, expr::Expr};

pub(crate) use forms::{Css, Form, Get, Link};

/// The request of a list.
#[derive(Debug, Clone)]
pub(crate) struct RequestTemplate {
    pub(crate) path: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
}

/// How a list is paged.
#[derive(Debug, Clone)]
pub(crate) enum Pages {
    Single,
    Number { param: String, first: u64, size: Option<u64>, next: Option<Link> },
    Range { param: String, size: u64 },
    Offset { offset: String, limit: String, size: u64 },
    NextLink { link: Link },
}

/// Where records stand.
#[derive(Debug, Clone)]
pub(crate) enum Reader {
    Json(Expr),
    Html(Css),
}

/// Forms of our fields; of each, the alternatives in order.
pub(crate) type Fields = Vec<(&'static str, Vec<Form>)>;

/// The page of a record.
#[derive(Debug, Clone)]
pub(crate) struct Detail {
    pub(crate) link: Vec<Form>,
    pub(crate) is_html: bool,
    pub(crate) fields: Fields,
}

/// Compiles a partner; what is wrong is added to `wrongs`.
pub(super) fn partner(
    slug: &SourceSlug,
    version: String,
    raw: raw::Partner,
    wrongs: &mut Wrongs,
) -> Option<Spec> {
    if raw.name.get_ref().trim().is_empty() {
        wrongs.add(raw.name.span().start, "`name` is empty: write the partner's name for people");
    }
    let base_url = base(&raw.base_url, wrongs);
    let country = country(raw.country.as_ref(), wrongs);
    if raw.streams.get_ref().is_empty() {
        wrongs.add(raw.streams.span().start, "there is no stream: write at least one [streams.NAME]");
    }
    let any_html = raw.streams.get_ref().values().any(|stream| stream.format == raw::Format::Html);
    let streams: Vec<Stream> =
        raw.streams.into_inner().into_iter().filter_map(|(name, raw)| stream(&name, raw, wrongs)).collect();
    let base_url = base_url?;
    let mut hosts: Vec<String> = base_url.host_str().map(str::to_owned).into_iter().collect();
    hosts.extend(raw.hosts.iter().map(|host| host.get_ref().to_lowercase()));
    let auth = match raw.auth {
        None => None,
        Some(auth) => credentials(auth, &base_url, &mut hosts, wrongs),
    };
    Some(Spec {
        slug: slug.clone(),
        name: raw.name.into_inner(),
        base_url,
        hosts,
        rate: raw.rate,
        robots: raw.robots.unwrap_or(any_html),
        country,
        auth,
        streams,
        version,
    })
}

fn base(written: &Spanned<String>, wrongs: &mut Wrongs) -> Option<Url> {
    let url = Url::parse(written.get_ref())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if url.is_none() {
        wrongs.add(
            written.span().start,
            format!("`base_url` {:?} is no address: write https://HOST", written.get_ref()),
        );
    }
    url
}

fn country(written: Option<&Spanned<String>>, wrongs: &mut Wrongs) -> String {
    let Some(written) = written else { return "CM".to_owned() };
    let code = written.get_ref();
    if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        wrongs.add(
            written.span().start,
            format!("`country` {code:?} is no ISO 3166-1 alpha-2 code such as \"CM\""),
        );
    }
    code.clone()
}

fn credentials(raw: raw::Auth, base: &Url, hosts: &mut Vec<String>, wrongs: &mut Wrongs) -> Option<Auth> {
    Some(match raw {
        raw::Auth::Oauth2 { token_url, scope, id, secret } => {
            let Ok(token_url) = base.join(&token_url) else {
                wrongs.add(0, format!("`token_url` {token_url:?} is no address"));
                return None;
            };
            let host = token_url.host_str().unwrap_or_default().to_owned();
            if !hosts.contains(&host) {
                hosts.push(host);
            }
            Auth::OAuth2 { token_url, scope, id, secret }
        }
        raw::Auth::ApiKey { header, key } => Auth::ApiKey { header, key },
        raw::Auth::Basic { user, password } => Auth::Basic { user, password },
        raw::Auth::Bearer { token } => Auth::Bearer { token },
    })
}

fn stream(name: &Spanned<String>, raw: raw::Stream, wrongs: &mut Wrongs) -> Option<Stream> {
    let stream_name = StreamName::new(name.get_ref())
        .map_err(|error| wrongs.add(name.span().start, error.to_string()))
        .ok();
    let is_html = raw.format == raw::Format::Html;
    if !raw.request.path.get_ref().starts_with('/') {
        wrongs.add(raw.request.path.span().start, "`path` begins with a slash");
    }
    let reader = reader(&raw.records, is_html, wrongs);
    let fields = fields(raw.fields, is_html, wrongs);
    let pages = pages(raw.pages, is_html, raw.records.span().start, wrongs);
    let detail = raw.detail.and_then(|detail| self::detail(detail, is_html, wrongs));
    let required = required(raw.required, &fields, detail.as_ref(), raw.records.span().start, wrongs);
    Some(Stream {
        name: stream_name?,
        kind: raw.kind,
        request: RequestTemplate {
            path: raw.request.path.into_inner(),
            query: raw.request.query.into_iter().collect(),
            headers: raw.request.headers.into_iter().collect(),
        },
        pages: pages?,
        reader: reader?,
        fields,
        detail,
        required,
    })
}

fn reader(records: &Spanned<String>, is_html: bool, wrongs: &mut Wrongs) -> Option<Reader> {
    let read = if is_html {
        Css::read(records.get_ref()).map(Reader::Html)
    } else {
        Expr::read(records.get_ref()).map(Reader::Json)
    };
    read.map_err(|reason| wrongs.add(records.span().start, format!("`records`: {reason}"))).ok()
}

fn pages(raw: raw::Pages, is_html: bool, byte: usize, wrongs: &mut Wrongs) -> Option<Pages> {
    let sized = |size: u64, wrongs: &mut Wrongs| {
        if !(1..=10_000).contains(&size) {
            wrongs.add(byte, format!("`pages.size` {size} is not between 1 and 10000"));
        }
    };
    let link = |text: &str, wrongs: &mut Wrongs| {
        let read = if is_html { Css::read(text).map(Link::Css) } else { Expr::read(text).map(Link::Json) };
        read.map_err(|reason| wrongs.add(byte, format!("`pages`: {reason}"))).ok()
    };
    Some(match raw {
        raw::Pages::Single => Pages::Single,
        raw::Pages::Number { param, first, size, next } => {
            let next = match next {
                Some(next) => Some(link(&next, wrongs)?),
                None => None,
            };
            Pages::Number { param, first, size, next }
        }
        raw::Pages::Range { param, size } => {
            sized(size, wrongs);
            Pages::Range { param, size }
        }
        raw::Pages::Offset { offset, limit, size } => {
            sized(size, wrongs);
            Pages::Offset { offset, limit, size }
        }
        raw::Pages::NextLink { link: to } => Pages::NextLink { link: link(&to, wrongs)? },
    })
}

fn detail(raw: raw::Detail, list_is_html: bool, wrongs: &mut Wrongs) -> Option<Detail> {
    let is_html = raw.format.map_or(list_is_html, |format| format == raw::Format::Html);
    let mut link = forms::compile(&raw.link, list_is_html, wrongs)?;
    for form in &mut link {
        // A link of an HTML record is where its anchor leads, unless said otherwise.
        if let Get::Css { attr: attr @ None, .. } = &mut form.get {
            *attr = Some("href".to_owned());
        }
    }
    Some(Detail { link, is_html, fields: fields(raw.fields, is_html, wrongs) })
}

fn fields(raw: BTreeMap<Spanned<String>, Spanned<RawForm>>, is_html: bool, wrongs: &mut Wrongs) -> Fields {
    let mut fields = Vec::new();
    for (name, form) in raw {
        let Some(known) = known(&name, wrongs) else { continue };
        fields.extend(forms::compile(&form, is_html, wrongs).map(|forms| (known, forms)));
    }
    fields
}

/// Our field of that name.
fn known(name: &Spanned<String>, wrongs: &mut Wrongs) -> Option<&'static str> {
    let found = Draft::FIELDS.iter().find(|field| **field == name.get_ref().as_str());
    if found.is_none() {
        let likeness = |field: &&&str| strsim::jaro_winkler(name.get_ref(), field);
        let nearest = Draft::FIELDS.iter().max_by(|left, right| likeness(left).total_cmp(&likeness(right)));
        let nearest =
            nearest.filter(|field| likeness(field) > 0.7).map(|field| format!("; did you mean `{field}`?"));
        let rest = nearest.unwrap_or_else(|| format!("; ours are {}", Draft::FIELDS.join(", ")));
        wrongs.add(name.span().start, format!("`{}` is no field of ours{rest}", name.get_ref()));
    }
    found.copied()
}

fn required(
    raw: Option<Vec<Spanned<String>>>,
    fields: &Fields,
    detail: Option<&Detail>,
    byte: usize,
    wrongs: &mut Wrongs,
) -> Vec<&'static str> {
    let named = raw.map(|names| names.iter().filter_map(|name| known(name, wrongs)).collect::<Vec<_>>());
    let required = named.unwrap_or_else(|| vec!["external_id", "title"]);
    let mapped = |name: &str| {
        fields.iter().chain(detail.iter().flat_map(|d| &d.fields)).any(|(field, _)| *field == name)
    };
    for name in &required {
        if !mapped(name) {
            wrongs.add(
                byte,
                format!("`{name}` is required and has no form: add it to the fields of the stream"),
            );
        }
    }
    required
}
