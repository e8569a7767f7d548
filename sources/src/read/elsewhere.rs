//! Where redirects led from a record's page: to the record under another address, or to another page.

use normalize::text::fold;
use url::{Url, form_urlencoded};

/// Names of pages that tell of an error or ask for something first, folded.
const OTHER: [&str; 18] = [
    "404",
    "410",
    "connexion",
    "consent",
    "cookie",
    "erreur",
    "error",
    "expir",
    "offre expir",
    "annonce expir",
    "gone",
    "introuvable",
    "login",
    "not found",
    "notfound",
    "page introuvable",
    "signin",
    "sign in",
];

/// Returns whether the address that answered is another page than the one that was asked for. It is the record's own page
/// if it repeats the record's identifier, the name at the end of the address, or all of its numbers.
pub(super) fn is_another_page(asked: &Url, answered: &Url, external_id: Option<&str>) -> bool {
    if asked == answered {
        return false;
    }
    let parts = parts(answered);
    if parts.is_empty() {
        // The front page of the site.
        return has_identity(asked);
    }
    let tells = |url: &Url| segments(url).iter().any(|name| OTHER.iter().any(|sign| name.starts_with(sign)));
    if tells(answered) && !segments(answered).ends_with(&segments(asked)) {
        return true;
    }
    let is_known = |name: &str| parts.iter().any(|part| part == name);
    if external_id.map(fold).is_some_and(|id| !id.is_empty() && is_known(&id)) {
        return false;
    }
    let Some(name) = identity(asked) else { return false };
    if is_known(&name) {
        return false;
    }
    // "123-soudeur" and "123-soudeur-confirme": the number is the record.
    let numbers = numbers(&name);
    let theirs: Vec<String> = parts.iter().flat_map(|part| self::numbers(part)).collect();
    numbers.is_empty() || !numbers.iter().all(|number| theirs.contains(number))
}

fn has_identity(url: &Url) -> bool {
    identity(url).is_some()
}

/// Returns the part of an address that says which record it is: its last value, or the last name of its path.
fn identity(url: &Url) -> Option<String> {
    let values = url.query_pairs().map(|(_, value)| fold(&value));
    let numbered = values.filter(|value| value.bytes().any(|byte| byte.is_ascii_digit())).last();
    numbered.or_else(|| segments(url).pop())
}

/// Returns the names and values of an address, folded.
fn parts(url: &Url) -> Vec<String> {
    let mut parts = segments(url);
    // The address of a page to return to is not this page's.
    let values = url.query_pairs().filter(|(_, value)| !value.contains('/'));
    parts.extend(values.map(|(_, value)| fold(&value)).filter(|value| !value.is_empty()));
    parts
}

/// Returns the names of a path, folded, without endings such as `.html`.
fn segments(url: &Url) -> Vec<String> {
    let decoded = |segment: &str| {
        let written = segment.replace('+', "%2B").replace('=', "%3D").replace('&', "%26");
        let (name, _) = form_urlencoded::parse(written.as_bytes()).next()?;
        Some(name.into_owned())
    };
    let name = |segment: String| {
        let bare = segment.split(';').next().unwrap_or_default();
        let bare = match bare.rsplit_once('.') {
            Some((stem, "html" | "htm" | "php" | "asp" | "aspx" | "jsp" | "xhtml")) => stem,
            _ => bare,
        };
        fold(bare)
    };
    url.path().split('/').filter_map(decoded).map(name).filter(|name| !name.is_empty()).collect()
}

/// Returns the runs of digits in a name.
fn numbers(name: &str) -> Vec<String> {
    let runs = name.split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
    runs.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests;
