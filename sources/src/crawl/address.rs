//! Addresses and bodies of requests: placeholders and paging parameters.

use std::fmt::Write as _;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::Value;
use url::Url;

use super::{PageRequest, RequestBody};
use crate::grammar::{Body, RequestTemplate};

/// A request, taken apart: address, body, headers.
pub(super) type Parts = (Url, Option<RequestBody>, Vec<(String, String)>);

/// The request of a template.
pub(super) fn first(base: &Url, template: &RequestTemplate, since: Option<DateTime<Utc>>) -> Option<Parts> {
    // A base with a path is a folder: `/v1` below `https://host/api` is `https://host/api/v1`.
    let folder = base.path().trim_end_matches('/');
    let mut url = base.join(&format!("{folder}{}", filled(&template.path, since)?)).ok()?;
    for (name, value) in &template.query {
        if let Some(value) = filled(value, since) {
            url.query_pairs_mut().append_pair(name, &value);
        }
    }
    let body = template.body.as_ref().map(|body| match body {
        Body::Json(value) => RequestBody::Json(filled_json(value.clone(), since).unwrap_or(Value::Null)),
        Body::Form(pairs) => RequestBody::Form(
            pairs.iter().filter_map(|(name, value)| Some((name.clone(), filled(value, since)?))).collect(),
        ),
    });
    Some((url, body, template.headers.clone()))
}

/// The same request with other paging parameters: in the body of a POST, else in the query.
pub(super) fn changed((url, body, headers): Parts, change: &[(&str, String)]) -> Parts {
    let mut parts = (url, body);
    for (name, value) in change {
        parts = match parts {
            (url, None) => (with(&url, name, value), None),
            (url, Some(body)) => (url, Some(body_with(body, name, value))),
        };
    }
    (parts.0, parts.1, headers)
}

/// The text with `{since}` and `{since:FORMAT}` filled in; `None` where they stand for nothing.
fn filled(text: &str, since: Option<DateTime<Utc>>) -> Option<String> {
    let Some((before, rest)) = text.split_once("{since") else { return Some(text.to_owned()) };
    let (inside, after) = rest.split_once('}')?;
    let since = since?;
    let said = match inside.strip_prefix(':') {
        None => since.to_rfc3339_opts(SecondsFormat::Secs, true),
        Some(format) => {
            let mut said = String::new();
            // A format chrono does not know fails to print, and the partner is asked without the bound.
            write!(said, "{}", since.format(format)).ok()?;
            said
        }
    };
    Some(format!("{before}{said}{after}"))
}

fn filled_json(value: Value, since: Option<DateTime<Utc>>) -> Option<Value> {
    Some(match value {
        Value::String(text) => Value::String(filled(&text, since)?),
        Value::Array(items) => items.into_iter().filter_map(|item| filled_json(item, since)).collect(),
        Value::Object(map) => {
            map.into_iter().filter_map(|(key, value)| Some((key, filled_json(value, since)?))).collect()
        }
        other => other,
    })
}

/// The address with one query parameter set.
fn with(url: &Url, name: &str, value: &str) -> Url {
    let kept: Vec<(String, String)> = url
        .query_pairs()
        .filter(|(known, _)| known != name)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let mut url = url.clone();
    url.query_pairs_mut().clear().extend_pairs(kept).append_pair(name, value);
    url
}

/// The value of a paging parameter in a request.
pub(super) fn value(asked: &PageRequest, name: &str) -> Option<String> {
    match &asked.body {
        None => asked.url.query_pairs().find(|(known, _)| known == name).map(|(_, value)| value.into_owned()),
        Some(RequestBody::Form(pairs)) => {
            pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone())
        }
        Some(RequestBody::Json(document)) => {
            match name.split('.').try_fold(document, |here, key| here.get(key))? {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            }
        }
    }
}

/// The body with one value set; `filter.page` is the `page` of `filter`.
fn body_with(body: RequestBody, name: &str, value: &str) -> RequestBody {
    match body {
        RequestBody::Form(mut pairs) => {
            pairs.retain(|(known, _)| known != name);
            pairs.push((name.to_owned(), value.to_owned()));
            RequestBody::Form(pairs)
        }
        RequestBody::Json(mut document) => {
            let mut here = &mut document;
            for key in name.split('.') {
                if !here.is_object() {
                    *here = Value::Object(serde_json::Map::new());
                }
                let Value::Object(map) = here else { break };
                here = map.entry(key).or_insert(Value::Null);
            }
            *here = value.parse::<u64>().map_or_else(|_| Value::String(value.to_owned()), Value::from);
            RequestBody::Json(document)
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn since_is_printed_as_the_partner_wants_it() {
        let at = Some("2026-11-03T09:12:00Z".parse().unwrap());
        assert_eq!(filled("{since}", at).as_deref(), Some("2026-11-03T09:12:00Z"));
        assert_eq!(filled("gt:{since:%d/%m/%Y}!", at).as_deref(), Some("gt:03/11/2026!"));
        assert_eq!(filled("x{since}", None), None);
        assert_eq!(filled("plain", None).as_deref(), Some("plain"));
        assert_eq!(filled_json(json!({"a": "{since}", "b": 1}), None), Some(json!({"b": 1})));
    }

    #[test]
    fn paging_is_set_where_the_parameters_are() {
        let body = RequestBody::Json(json!({"filter": {"q": 1}}));
        assert_eq!(
            body_with(body, "filter.page", "2"),
            RequestBody::Json(json!({"filter": {"q": 1, "page": 2}}))
        );
        let body = RequestBody::Form(vec![("page".into(), "1".into()), ("q".into(), "x".into())]);
        let RequestBody::Form(pairs) = body_with(body, "page", "2") else { panic!() };
        assert_eq!(pairs, [("q".to_owned(), "x".to_owned()), ("page".to_owned(), "2".to_owned())]);
        assert_eq!(
            with(&"https://a.cm/?p=1&q=x".parse().unwrap(), "p", "2").as_str(),
            "https://a.cm/?q=x&p=2"
        );
    }
}
