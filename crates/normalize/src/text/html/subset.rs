//! The subset of ordinary HTML, without a parser.
//!
//! Most bodies are well formed: elements of the subset, each closed in its turn. A parser returns such a body as it is, so it is not
//! asked. Every other body goes through `ammonia`.

/// References that stay as they are in serialized HTML.
const KEPT: [&str; 4] = ["amp", "lt", "gt", "nbsp"];
/// References of letters and marks that French texts have.
const RESOLVED: [(&str, char); 30] = [
    ("quot", '"'),
    ("eacute", 'é'),
    ("egrave", 'è'),
    ("ecirc", 'ê'),
    ("euml", 'ë'),
    ("agrave", 'à'),
    ("acirc", 'â'),
    ("ccedil", 'ç'),
    ("icirc", 'î'),
    ("iuml", 'ï'),
    ("ocirc", 'ô'),
    ("ugrave", 'ù'),
    ("ucirc", 'û'),
    ("Eacute", 'É'),
    ("Egrave", 'È'),
    ("Agrave", 'À'),
    ("Ccedil", 'Ç'),
    ("rsquo", '’'),
    ("lsquo", '‘'),
    ("laquo", '«'),
    ("raquo", '»'),
    ("ldquo", '“'),
    ("rdquo", '”'),
    ("ndash", '–'),
    ("mdash", '—'),
    ("hellip", '…'),
    ("bull", '•'),
    ("deg", '°'),
    ("oelig", 'œ'),
    ("euro", '€'),
];
/// Deepest nesting of what is serialized here.
const DEEPEST: usize = 60;

/// Returns what a parser and serializer of HTML make of a body without attributes; `None` unless that is certain.
pub(super) fn of_well_formed(body: &str) -> Option<String> {
    let mut out = String::with_capacity(body.len() + 16);
    let mut open: Vec<&str> = Vec::new();
    let mut rest = body;
    while let Some(at) = rest.find(['<', '&', '>', '\u{a0}', '\0', '\r']) {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        rest = match from.chars().next()? {
            '<' => element(&mut out, &mut open, from)?,
            '&' => reference(&mut out, from)?,
            '>' => {
                out.push_str("&gt;");
                from.get(1..)?
            }
            '\u{a0}' => {
                out.push_str("&nbsp;");
                from.get(2..)?
            }
            // A parser makes one line feed of each line end.
            '\r' => {
                out.push('\n');
                from.strip_prefix("\r\n").or_else(|| from.get(1..))?
            }
            // A parser replaces them.
            _ => return None,
        };
    }
    out.push_str(rest);
    open.is_empty().then_some(out)
}

/// Copies a tag and returns what follows it.
fn element<'t>(out: &mut String, open: &mut Vec<&'t str>, from: &'t str) -> Option<&'t str> {
    let end = from.bytes().take(9).position(|byte| byte == b'>')?;
    let (tag, rest) = from.split_at(end + 1);
    let written = tag.get(1..end)?;
    if let Some(name) = written.strip_prefix('/') {
        if open.pop()? != name {
            return None;
        }
    } else if written != "br" {
        if open.len() >= DEEPEST || !may_open(written, open) {
            return None;
        }
        open.push(written);
    }
    out.push_str(tag);
    Some(rest)
}

/// Returns whether an element may begin within these without closing one of them (WHATWG HTML, 13.2.6.4.7).
fn may_open(name: &str, open: &[&str]) -> bool {
    match name {
        "li" => open.last().is_some_and(|parent| matches!(*parent, "ul" | "ol")),
        "p" | "ul" | "ol" => !open.contains(&"p"),
        "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
            !open.iter().any(|parent| *parent == "p" || parent.starts_with('h'))
        }
        // The same element twice may be one of too many formats.
        "b" | "strong" | "i" | "em" => !open.contains(&name),
        _ => false,
    }
}

/// Copies a reference, resolved as in serialized HTML, and returns what follows it.
fn reference<'t>(out: &mut String, from: &'t str) -> Option<&'t str> {
    let end = from.bytes().take(8).position(|byte| byte == b';')?;
    let name = from.get(1..end)?;
    if KEPT.contains(&name) {
        out.push_str(from.get(..=end)?);
    } else {
        out.push(RESOLVED.iter().find(|(known, _)| *known == name)?.1);
    }
    from.get(end + 1..)
}
