//! Tags as they are written, found without a parser.

/// Blocks outside the subset. They become paragraphs, so that their lines stay separate.
const BLOCKS: [&str; 13] = [
    "div",
    "section",
    "article",
    "header",
    "footer",
    "tr",
    "td",
    "th",
    "dt",
    "dd",
    "table",
    "blockquote",
    "pre",
];

/// Returns a text whose tags have no attributes and whose blocks are paragraphs. `None`: a tag with attributes is never closed, and
/// elements that differ only in attributes make a parser build a tree far larger than the page.
pub(super) fn bare(body: &str) -> Option<String> {
    let mut out = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let inner = tag.get(1..)?;
        let (slash, inner) = inner.strip_prefix('/').map_or(("", inner), |inner| ("/", inner));
        let name = inner
            .find(|c: char| !c.is_ascii_alphanumeric())
            .map_or(inner, |end| inner.get(..end).unwrap_or_default());
        let behind = inner.get(name.len()..)?;
        let is_name = name.starts_with(|c: char| c.is_ascii_alphabetic());
        let says = is_name && behind.starts_with(|c: char| c == '/' || c.is_whitespace());
        let end = if says { behind.find(['<', '>']) } else { Some(0) };
        let after = end.and_then(|end| behind.get(end..)?.strip_prefix('>')).filter(|_| is_name);
        if let Some(after) = after {
            let is_block = BLOCKS.iter().any(|block| block.eq_ignore_ascii_case(name));
            out.push('<');
            out.push_str(slash);
            out.push_str(if is_block { "p" } else { name });
            out.push('>');
            rest = after;
        } else if says && slash.is_empty() {
            return None;
        } else {
            out.push('<');
            rest = tag.get(1..)?;
        }
    }
    out.push_str(rest);
    Some(out)
}

/// What a tag of the subset does to the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tag {
    /// It ends a line.
    Edge,
    /// It stands within a line.
    Inner,
}

/// Returns the tag of the subset that a text begins with, and its length.
pub(super) fn tag(text: &str) -> Option<(Tag, usize)> {
    let inner = text.strip_prefix('<')?;
    // The longest is "</strong>".
    let end = inner.bytes().take(8).position(|byte| byte == b'>')?;
    let written = inner.get(..end)?;
    let tag = match written.strip_prefix('/').unwrap_or(written) {
        "p" | "li" | "ul" | "ol" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => Tag::Edge,
        "br" if !written.starts_with('/') => Tag::Edge,
        "b" | "strong" | "i" | "em" => Tag::Inner,
        _ => return None,
    };
    Some((tag, end + 2))
}

/// Returns the tags of the subset in a text: each with its beginning and its end.
pub(super) fn tags(text: &str) -> impl Iterator<Item = (Tag, usize, usize)> {
    text.match_indices('<').filter_map(|(at, _)| {
        let (tag, long) = tag(text.get(at..)?)?;
        Some((tag, at, at + long))
    })
}

/// Returns whether an element may be empty, or end in a line break.
pub(super) fn may_have_empty(html: &str) -> bool {
    let mut was_end = false;
    html.bytes().enumerate().any(|(at, byte)| {
        if byte == b'<' {
            was_end = html.as_bytes().get(at + 1) == Some(&b'/');
        }
        if byte != b'>' || was_end {
            return false;
        }
        let mut rest = html.get(at + 1..).unwrap_or_default().trim_start();
        while let Some(after) = rest.strip_prefix("&nbsp;").or_else(|| rest.strip_prefix("<br>")) {
            rest = after.trim_start();
        }
        rest.starts_with("</")
    })
}
