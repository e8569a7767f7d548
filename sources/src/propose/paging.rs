//! How a list of JSON or XML continues: a link, a header, a cursor, or the parameters of the very request.

use serde_json::Value;
use url::Url;

use super::{
    tree::{literal, step},
    words::split,
};
use crate::Page;

/// Deepest nesting in which a document is searched: `.data.offers.pageInfo.endCursor`.
const DEEP: usize = 5;
/// Parameters that number pages, that give the first record, and that give their number.
pub(super) const NUMBERS: [&str; 10] =
    ["page", "p", "pg", "paged", "pagina", "page_num", "pageno", "num_page", "pagenumber", "page_number"];
const OFFSETS: [&str; 8] =
    ["offset", "start", "skip", "from", "startindex", "start_index", "first_result", "debut"];
const SIZES: [&str; 16] = [
    "limit",
    "size",
    "per_page",
    "perpage",
    "page_size",
    "pagesize",
    "results_per_page",
    "rows",
    "count",
    "max",
    "take",
    "top",
    "nb",
    "first",
    "items_per_page",
    "limite",
];

/// A single value outside of lists: its path, its key in lower case, and itself.
struct Leaf<'v> {
    path: String,
    key: String,
    value: &'v Value,
}

/// What an answer tells of its pages.
pub(super) struct Asked<'a> {
    pub(super) page: &'a Page<'a>,
    /// Whether the address is known: a file has none.
    pub(super) url: Option<&'a Url>,
    /// Records on the page.
    pub(super) shown: usize,
}

/// Returns the line of a source file that says how a list continues.
pub(super) fn line(document: &Value, asked: &Asked<'_>) -> Option<String> {
    let mut leaves = Vec::new();
    scalars("", document, DEEP, &mut leaves);
    let found = total(&leaves, asked.shown);
    let total = found.as_ref().map(|(_, path)| path.clone());
    let told = |least: u64| {
        let known = found.as_ref().filter(|(number, _)| *number >= least);
        known.map(|(_, path)| format!(", total = {}", literal(path))).unwrap_or_default()
    };
    // Beside a link, a number that is not higher than what the page shows may be that of the page.
    let with_total = told(u64::try_from(asked.shown).unwrap_or(u64::MAX).saturating_add(1));
    if let Some(path) = rel_next("", document, DEEP).or_else(|| next_link(&leaves)) {
        return Some(format!("pages = {{ kind = \"next_link\", link = {}{with_total} }}", literal(&path)));
    }
    if links_by_header(asked.page) {
        return Some(format!("pages = {{ kind = \"link_header\"{with_total} }}"));
    }
    if let Some(line) = cursor(&leaves, asked, &with_total) {
        return Some(line);
    }
    by_query(asked, &told(0)).or_else(|| by_words(&leaves, asked, total.as_deref()))
}

/// Returns whether the answer names a next page in its `Link` header.
pub(super) fn links_by_header(page: &Page<'_>) -> bool {
    page.lines("link").any(|line| {
        let line = line.to_ascii_lowercase();
        ["rel=\"next\"", "rel=next", "rel='next'"].iter().any(|sign| line.contains(sign))
    })
}

/// Returns the path of the total: not of the number of pages, nor of what is on this one.
fn total(leaves: &[Leaf<'_>], shown: usize) -> Option<(u64, String)> {
    let rank = |leaf: &Leaf<'_>| {
        let words = split(&leaf.path);
        let any = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
        // `totalPages`, `pageCount`, `per_page`
        let own = split(&leaf.key_words());
        if own
            .iter()
            .any(|word| matches!(word.as_str(), "page" | "pages" | "per" | "size" | "offset" | "limit"))
        {
            return None;
        }
        let number = match leaf.value {
            Value::Number(number) => number.as_u64(),
            Value::String(words) => words.trim().parse().ok(),
            _ => None,
        }?;
        let shown = u64::try_from(shown).unwrap_or(u64::MAX);
        if number < shown {
            return None;
        }
        if any(&["total", "totals", "totalresults", "totalelements", "totalitems", "totalcount"]) {
            Some((0, number))
        } else if any(&["count", "found", "hits", "nombre", "nb", "numfound"]) {
            (number > shown).then_some((1, number))
        } else {
            None
        }
    };
    let ranked = leaves.iter().filter_map(|leaf| Some((rank(leaf)?, leaf)));
    let best = ranked.min_by_key(|((rank, _), leaf)| (*rank, leaf.path.len()));
    best.map(|((_, number), leaf)| (number, leaf.path.clone()))
}

impl Leaf<'_> {
    /// Returns the key as it is written, for its words.
    fn key_words(&self) -> String {
        self.path.rsplit(['.', '"']).find(|part| !part.is_empty()).unwrap_or(&self.key).to_owned()
    }
}

/// Returns the path of a link whose relation is "next": `{"rel": "next", "href": …}`, `<link rel="next" href="…"/>`.
fn rel_next(path: &str, value: &Value, deep: usize) -> Option<String> {
    let map = value.as_object().filter(|_| deep > 0)?;
    for (key, below) in map {
        let here = format!("{path}{}", step(key));
        let local = key.rsplit_once(':').map_or(key.as_str(), |(_, local)| local);
        if matches!(local, "link" | "links" | "_links") {
            for (rel, href) in [("@rel", "@href"), ("rel", "href"), ("rel", "url"), ("rel", "uri")] {
                let is_next = |item: &Value| {
                    item.get(rel).and_then(Value::as_str) == Some("next") && item.get(href).is_some()
                };
                let is_rel = |item: &Value| item.get(rel).is_some() && item.get(href).is_some();
                match below {
                    Value::Array(items) if items.iter().any(is_next) => {
                        return Some(format!("{here}[] | select(.{rel} == \"next\") | .{href}"));
                    }
                    Value::Object(_) if is_rel(below) && is_next(below) => {
                        return Some(format!("{here}[] | select(.{rel} == \"next\") | .{href}"));
                    }
                    _ => (),
                }
            }
        }
        if let Some(found) = rel_next(&here, below, deep - 1) {
            return Some(found);
        }
    }
    None
}

/// Returns the path of a value that is the address of the next page, or null on the last one.
fn next_link(leaves: &[Leaf<'_>]) -> Option<String> {
    let is_named = |leaf: &&Leaf<'_>| {
        let words = split(&leaf.path);
        let is_next =
            words.iter().any(|word| matches!(word.as_str(), "next" | "suivant" | "suivante" | "nextlink"));
        is_next
            && !words
                .iter()
                .any(|word| matches!(word.as_str(), "cursor" | "token" | "has" | "number" | "offset"))
    };
    let is_url = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| text.starts_with("http") || text.starts_with('/') || text.starts_with('?'))
    };
    let found = leaves.iter().filter(is_named).find(|leaf| is_url(leaf.value));
    // The last page names no next one.
    let is_last = |leaf: &&Leaf<'_>| {
        leaf.value.is_null()
            && ["next", "next_page_url", "next_url", "nextlink", "next_link", "suivant"]
                .contains(&leaf.key.as_str())
    };
    found.or_else(|| leaves.iter().find(is_last)).map(|leaf| leaf.path.clone())
}

/// Returns the line for a cursor.
fn cursor(leaves: &[Leaf<'_>], asked: &Asked<'_>, with_total: &str) -> Option<String> {
    let is_cursor = |leaf: &&Leaf<'_>| {
        let signs =
            ["cursor", "pagetoken", "page_token", "continuation", "scroll_id", "nexttoken", "next_token"];
        let back = ["start", "prev", "before", "previous"];
        (leaf.key == "after" || signs.iter().any(|sign| leaf.key.contains(sign)))
            && !back.iter().any(|sign| leaf.key.contains(sign))
            && leaf.value.as_str().is_some_and(|text| !text.is_empty())
    };
    let leaf = leaves.iter().find(is_cursor)?;
    let above = leaf.path.rsplit_once('.').map_or("", |(above, _)| above);
    let more = leaves.iter().find(|more| {
        let key = more.key.replace('_', "");
        more.value.is_boolean()
            && matches!(key.as_str(), "hasnextpage" | "hasmore" | "hasnext" | "more")
            && more.path.rsplit_once('.').map_or("", |(above, _)| above) == above
    });
    // A last page may have a cursor too: what it says beside it counts.
    let path = match more.filter(|_| !above.is_empty()) {
        Some(more) => {
            let key = more.path.strip_prefix(above).unwrap_or_default();
            let own = leaf.path.strip_prefix(above).unwrap_or_default();
            format!("{above} | select({key} == true) | {own}")
        }
        None => leaf.path.clone(),
    };
    let query: Vec<String> = asked
        .url
        .map(|url| url.query_pairs().map(|(name, _)| name.into_owned()).collect())
        .unwrap_or_default();
    let known = query
        .iter()
        .find(|name| ["after", "cursor", "page_token", "pageToken", "token"].contains(&name.as_str()));
    let trimmed = leaf.key.trim_start_matches("next").trim_start_matches('_').to_owned();
    let param = match known {
        Some(name) => name.clone(),
        None if matches!(leaf.key.as_str(), "endcursor" | "end_cursor") => "after".to_owned(),
        None => trimmed,
    };
    let guessed = if known.is_some() { "" } else { "   # the parameter is guessed" };
    Some(format!(
        "pages = {{ kind = \"cursor\", param = {param:?}, cursor = {}{with_total} }}{guessed}",
        literal(&path)
    ))
}

/// Returns the line for parameters of the request that was made: `?offset=0&limit=10`, `?page=1&per_page=20`.
fn by_query(asked: &Asked<'_>, with_total: &str) -> Option<String> {
    let pairs: Vec<(String, String)> = asked.url?.query_pairs().into_owned().collect();
    let find = |known: &[&str]| {
        let is_known = |name: &str| known.contains(&name.to_lowercase().trim_start_matches('$'));
        pairs.iter().find(|(name, value)| is_known(name) && value.parse::<u64>().is_ok())
    };
    let number = |pair: &(String, String)| pair.1.parse::<u64>().unwrap_or(0);
    let size = find(&SIZES).filter(|size| (1..=10_000).contains(&number(size)));
    if let (Some((offset, _)), Some((limit, value))) = (find(&OFFSETS), size) {
        return Some(format!(
            "pages = {{ kind = \"offset\", offset = {offset:?}, limit = {limit:?}, size = {value}{with_total} }}"
        ));
    }
    let page = find(&NUMBERS)?;
    let first = number(page).min(1);
    let sized = match size {
        Some((name, value)) => format!(", size = {value}, size_param = {name:?}"),
        None if with_total.is_empty() && asked.shown > 1 => format!(", size = {}", asked.shown.min(10_000)),
        None => String::new(),
    };
    Some(format!("pages = {{ kind = \"number\", param = {:?}, first = {first}{sized}{with_total} }}", page.0))
}

/// Returns the line for what the answer says of itself: `number` and `totalPages`, `offset` and `limit`, a total alone.
fn by_words(leaves: &[Leaf<'_>], asked: &Asked<'_>, total: Option<&str>) -> Option<String> {
    let number =
        |names: &[&str]| leaves.iter().find(|leaf| names.contains(&leaf.key.as_str()) && leaf.value.is_u64());
    let value = |leaf: &Leaf<'_>| leaf.value.as_u64().unwrap_or(0);
    let with_total = total.map(|path| format!(", total = {}", literal(path))).unwrap_or_default();
    let guessed = "   # the parameters are guessed";
    if let (Some(offset), Some(limit)) =
        (number(&OFFSETS), number(&SIZES).filter(|size| (1..=10_000).contains(&value(size))))
    {
        return Some(format!(
            "pages = {{ kind = \"offset\", offset = {:?}, limit = {:?}, size = {}{with_total} }}{guessed}",
            offset.key,
            limit.key,
            value(limit)
        ));
    }
    let at =
        number(&["page", "number", "current_page", "currentpage", "page_number", "pagenumber", "pageindex"]);
    let pages = number(&[
        "totalpages",
        "total_pages",
        "pages",
        "last_page",
        "lastpage",
        "pagecount",
        "page_count",
        "nbpages",
    ]);
    let has_more = leaves.iter().any(|leaf| {
        leaf.value.is_boolean()
            && ["last", "hasmore", "has_more", "has_next", "hasnext"].contains(&leaf.key.as_str())
    });
    if let Some(at) = at.filter(|at| value(at) <= 1 && (pages.is_some() || has_more || total.is_some())) {
        let size = asked.shown.clamp(1, 10_000);
        let sized = if with_total.is_empty() { format!(", size = {size}") } else { String::new() };
        return Some(format!(
            "pages = {{ kind = \"number\", param = \"page\", first = {}{sized}{with_total} }}{guessed}",
            value(at)
        ));
    }
    let path = total?;
    Some(format!(
        "# pages = {{ kind = \"number\", param = \"page\", first = 1, total = {} }}   # the answer names a total; which parameter asks for the next page?",
        literal(path)
    ))
}

/// Returns the single values outside of lists.
fn scalars<'v>(path: &str, value: &'v Value, deep: usize, found: &mut Vec<Leaf<'v>>) {
    let Some(map) = value.as_object().filter(|_| deep > 0) else { return };
    for (key, below) in map {
        let path = format!("{path}{}", step(key));
        match below {
            Value::Object(_) => scalars(&path, below, deep - 1, found),
            Value::Array(_) => (),
            _ => found.push(Leaf { path, key: key.trim_start_matches('@').to_lowercase(), value: below }),
        }
    }
}
