//! Addresses without what says how a visitor came: parameters of campaigns and sessions.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use url::Url;

/// Parameters of campaigns and sessions: they say how a visitor came, not what the page shows. In lower case.
const CAMPAIGN: [&str; 24] = [
    "gclid",
    "gclsrc",
    "dclid",
    "gbraid",
    "wbraid",
    "fbclid",
    "msclkid",
    "yclid",
    "twclid",
    "ttclid",
    "igshid",
    "mc_cid",
    "mc_eid",
    "_ga",
    "_gl",
    "_hsenc",
    "_hsmi",
    "jsessionid",
    "phpsessid",
    "aspsessionid",
    "sessionid",
    "session_id",
    "cfid",
    "sid",
];

/// Takes the parameters of campaigns and sessions out of an address.
pub fn without_campaign(url: &mut Url) {
    let name =
        |part: &str| url::form_urlencoded::parse(part.as_bytes()).next().map(|(name, _)| name.into_owned());
    let is_kept = |part: &&str| !name(part).is_some_and(|name| is_campaign(&name));
    if let Some(query) = url.query() {
        let kept: Vec<&str> = query.split('&').filter(is_kept).collect();
        if kept.len() < query.split('&').count() {
            let kept = kept.join("&");
            url.set_query(Some(kept.as_str()).filter(|query| !query.is_empty()));
        }
    }
    // "/offre;jsessionid=1A2B"
    if url.path().contains(';') {
        let mut parts = url.path().split(';');
        let mut path = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (param, rest) =
                part.split_at_checked(part.find('/').unwrap_or(part.len())).unwrap_or((part, ""));
            if is_kept(&param) {
                path.push(';');
                path.push_str(param);
            }
            path.push_str(rest);
        }
        url.set_path(&path);
    }
}

/// Whether a parameter says how a visitor came.
fn is_campaign(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.starts_with("utm_") || name.starts_with("aspsessionid") || CAMPAIGN.contains(&name.as_str())
}

/// Returns words without the parameters of campaigns and sessions of the addresses in them, relative ones included. For
/// comparing what a partner says twice, not for requests.
pub fn content(words: &str) -> Cow<'_, str> {
    if !words.contains(['?', '&', ';']) {
        return Cow::Borrowed(words);
    }
    let mut kept = String::with_capacity(words.len());
    let mut rest = words;
    // Whether a parameter was cut right after the question mark: the next one then begins the query.
    let mut begins_query = false;
    while let Some(at) = rest.find(['?', '&', ';']) {
        let (before, from) = rest.split_at(at);
        kept.push_str(before);
        let mark = from.get(..1).unwrap_or_default();
        let after = from.get(1..).unwrap_or_default();
        let after = if mark == "&" { after.strip_prefix("amp;").unwrap_or(after) } else { after };
        begins_query &= before.is_empty() && mark == "&";
        if let Some(length) = campaign(after) {
            begins_query |= mark == "?";
            rest = after.get(length..).unwrap_or_default();
        } else {
            kept.push_str(if begins_query { "?" } else { mark });
            begins_query = false;
            rest = after;
        }
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// Returns the length of the parameter at the begin of `text`, in bytes, if it says how a visitor came.
fn campaign(text: &str) -> Option<usize> {
    // No parameter of the list has a longer name: the look ahead is bounded, however many marks a text has.
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let length = text.bytes().take(41).position(|byte| !is_name(byte))?;
    let name = text.get(..length)?;
    if !text.get(length..)?.starts_with('=') || !is_campaign(name) {
        return None;
    }
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, '&' | '#' | ';' | '?' | '/' | '"' | '\'' | '<' | '>' | ')')
    };
    Some(text.find(ends).unwrap_or(text.len()))
}
