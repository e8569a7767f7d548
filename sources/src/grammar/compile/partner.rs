//! Compiles a source file as a whole.

use std::collections::BTreeMap;

use domain::{QuietHours, SourceSlug};
use schedules::{Entry, Mode};
use serde_spanned::Spanned;
use url::Url;

use super::stream;
use crate::{
    Auth, Spec, Stream,
    grammar::{Diagnostics, raw},
};

/// Compiles a source file; errors are added to `diagnostics`.
pub(crate) fn partner(
    slug: &SourceSlug,
    version: String,
    raw: raw::Partner,
    diagnostics: &mut Diagnostics,
) -> Option<Spec> {
    if raw.name.get_ref().trim().is_empty() {
        diagnostics.add(raw.name.span().start, "`name` is empty: write the partner's name for people");
    }
    let base_url = base(&raw.base_url, diagnostics);
    let country = country(raw.country.as_ref(), diagnostics);
    if raw.streams.get_ref().is_empty() {
        diagnostics.add(raw.streams.span().start, "there is no stream: write at least one [streams.NAME]");
    }
    let is_portal = |stream: &raw::Stream| {
        matches!(stream.format, raw::Format::Html | raw::Format::Sitemap) || stream.detail.is_some()
    };
    let quiet_hours = quiet_hours(raw.quiet_hours.as_ref(), diagnostics);
    promises(&raw, diagnostics);
    let schedule = schedule(slug, raw.schedule.as_ref(), diagnostics);
    let any_portal = raw.streams.get_ref().values().any(is_portal);
    let mut named = raw.streams.into_inner();
    same_pages(&mut named, diagnostics);
    let streams: Vec<Stream> =
        named.into_iter().filter_map(|(name, raw)| stream::compile(&name, raw, diagnostics)).collect();
    let base_url = base_url?;
    let mut hosts: Vec<String> = base_url.host_str().map(str::to_owned).into_iter().collect();
    hosts.extend(raw.hosts.iter().map(|host| host.get_ref().to_lowercase()));
    let auth = match raw.auth {
        None => None,
        Some(auth) => credentials(auth, &base_url, &mut hosts, diagnostics),
    };
    if auth.iter().flat_map(Auth::variables).any(|name| !is_variable(&name)) {
        // The value is not repeated: it may be the secret itself.
        let why = format!(
            "`auth` names environment variables, as in key = \"{}_KEY\"; a secret does not belong in a file",
            slug.as_str().to_uppercase().replace('-', "_")
        );
        diagnostics.add(0, why);
    }
    Some(Spec {
        slug: slug.clone(),
        name: raw.name.into_inner(),
        base_url,
        hosts,
        rate: raw.rate,
        robots: raw.robots.unwrap_or(any_portal),
        tdm_agreement: raw.tdm_agreement.map(Spanned::into_inner),
        country,
        quiet_hours,
        daily_requests: raw.daily_requests.map(Spanned::into_inner),
        schedule,
        offers_itself: raw.offers_itself,
        auth,
        streams,
        version,
    })
}

/// Checks what the file promises beside the rate.
fn promises(raw: &raw::Partner, diagnostics: &mut Diagnostics) {
    if let Some(none) = raw.daily_requests.as_ref().filter(|daily| *daily.get_ref() == 0) {
        let why = "`daily_requests` is 0: leave the source out with `sources.SLUG.enabled = false` instead";
        diagnostics.add(none.span().start, why);
    }
    let too_short = |words: &&Spanned<String>| words.get_ref().trim().chars().count() < 10;
    if let Some(agreement) = raw.tdm_agreement.as_ref().filter(too_short) {
        let why = "`tdm_agreement` says in words who agreed, and when: \"Mme Abena, rédaction, 2 mai 2026\"";
        diagnostics.add(agreement.span().start, why);
    }
}

/// The hours in which the file leaves the partner alone.
fn quiet_hours(written: Option<&Spanned<raw::Hours>>, diagnostics: &mut Diagnostics) -> Vec<QuietHours> {
    let Some(written) = written else { return Vec::new() };
    let windows = match written.get_ref() {
        raw::Hours::One(window) => std::slice::from_ref(window),
        raw::Hours::Many(windows) => windows,
    };
    let mut hours: Vec<QuietHours> = Vec::new();
    for window in windows {
        match window.parse() {
            Ok(window) => hours.push(window),
            Err(error) => diagnostics.add(written.span().start, format!("`quiet_hours`: {error}")),
        }
    }
    if QuietHours::cover_the_day(&hours) {
        diagnostics.add(
            written.span().start,
            "`quiet_hours` cover the whole day: the source would never be visited",
        );
    }
    hours
}

/// The entries of the timetable that the file describes.
fn schedule(
    slug: &SourceSlug,
    written: Option<&Spanned<raw::Schedule>>,
    diagnostics: &mut Diagnostics,
) -> Vec<Entry> {
    let Some(written) = written else { return Vec::new() };
    let lines = match written.get_ref() {
        raw::Schedule::Incremental(cron) => [(Mode::Incremental, Some(cron)), (Mode::Full, None)],
        raw::Schedule::Modes(modes) => {
            [(Mode::Incremental, modes.incremental.as_ref()), (Mode::Full, modes.full.as_ref())]
        }
    };
    if lines.iter().all(|(_, cron)| cron.is_none()) {
        diagnostics
            .add(written.span().start, "`schedule` is empty: write a cron line, such as \"7 */2 * * *\"");
    }
    let mut entries = Vec::new();
    for (mode, cron) in lines {
        match cron.map(|cron| Entry::of_source(slug, mode, cron)) {
            Some(Ok(entry)) => entries.push(entry),
            Some(Err(error)) => diagnostics.add(written.span().start, format!("`schedule`: {error}")),
            None => (),
        }
    }
    entries
}

/// Copies format, fields and revisits into details that are `like` those of another stream.
fn same_pages(streams: &mut BTreeMap<Spanned<String>, raw::Stream>, diagnostics: &mut Diagnostics) {
    let own = |stream: &raw::Stream| {
        let detail = stream.detail.as_ref().filter(|detail| detail.like.is_none())?;
        Some((detail.format_in(stream.format), detail.fields.clone(), detail.revisit.clone()))
    };
    let known: Vec<(String, _)> =
        streams.iter().filter_map(|(name, stream)| Some((name.get_ref().clone(), own(stream)?))).collect();
    for detail in streams.values_mut().filter_map(|stream| stream.detail.as_mut()) {
        let Some(like) = &detail.like else { continue };
        if let Some((_, (format, fields, revisit))) = known.iter().find(|(name, _)| name == like.get_ref()) {
            detail.format = Some(*format);
            let own = std::mem::replace(&mut detail.fields, fields.clone());
            detail.fields.extend(own);
            detail.revisit = detail.revisit.take().or_else(|| revisit.clone());
        } else {
            let why =
                format!("`like` {:?} is not a stream of this file with its own detail page", like.get_ref());
            diagnostics.add(like.span().start, why);
        }
    }
}

fn base(written: &Spanned<String>, diagnostics: &mut Diagnostics) -> Option<Url> {
    let url = Url::parse(written.get_ref())
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    if url.is_none() {
        diagnostics.add(
            written.span().start,
            format!("`base_url` {:?} is not an address: write https://HOST", written.get_ref()),
        );
    }
    url
}

fn country(written: Option<&Spanned<String>>, diagnostics: &mut Diagnostics) -> String {
    let Some(written) = written else { return "CM".to_owned() };
    let code = written.get_ref();
    if code.len() != 2 || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
        diagnostics.add(
            written.span().start,
            format!("`country` {code:?} is not an ISO 3166-1 alpha-2 code such as \"CM\""),
        );
    }
    code.clone()
}

/// Returns whether it is written like the name of an environment variable (POSIX.1-2017, 8.1).
fn is_variable(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') && name.chars().all(is_part)
}

fn credentials(
    raw: raw::Auth,
    base: &Url,
    hosts: &mut Vec<String>,
    diagnostics: &mut Diagnostics,
) -> Option<Auth> {
    Some(match raw {
        raw::Auth::Oauth2 { token_url, scope, id, secret } => {
            let Ok(token_url) = base.join(&token_url) else {
                diagnostics.add(0, format!("`token_url` {token_url:?} is not an address"));
                return None;
            };
            let host = token_url.host_str().unwrap_or_default().to_owned();
            if !hosts.contains(&host) {
                hosts.push(host);
            }
            Auth::OAuth2 { token_url, scope, id, secret }
        }
        raw::Auth::ApiKey { header: Some(header), query: None, key } => Auth::ApiKey { header, key },
        raw::Auth::ApiKey { header: None, query: Some(query), key } => Auth::QueryKey { param: query, key },
        raw::Auth::ApiKey { .. } => {
            diagnostics.add(0, "`auth`: an API key needs one of `header` and `query`");
            return None;
        }
        raw::Auth::Basic { user, password } => Auth::Basic { user, password },
        raw::Auth::Bearer { token } => Auth::Bearer { token },
    })
}
