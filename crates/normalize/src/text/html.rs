//! The HTML of a description, reduced to a small subset that is safe to show.
//!
//! Nothing in it can run, load or link: no attributes, so no addresses, no styles and no scripts.

mod subset;
mod tags;

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::Builder;
use regex::{Captures, Regex};

use super::{
    boilerplate::is_boilerplate,
    clean_line,
    plain::{decoded, shown},
    push_folded,
};
use crate::patterns;
use tags::Tag;

/// Longest HTML, in characters: three times the plain text.
const LONGEST: usize = 60_000;

/// Elements of the subset: headings, paragraphs, lists and emphasis.
const KEPT: [&str; 15] =
    ["p", "br", "ul", "ol", "li", "b", "strong", "i", "em", "h1", "h2", "h3", "h4", "h5", "h6"];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(HashSet::from(KEPT))
        .clean_content_tags(HashSet::from(["script", "style"]))
        .strip_comments(true);
    cleaner
});

patterns! {
    /// A tag of HTML. "a < b" and "<requis>" are text.
    static TAG: Regex =
        r"(?i)</?(?:p|br|div|ul|ol|li|b|i|em|strong|span|h[1-6]|table|tr|td|a|font|u)(?:\s[^<>]*|/)?>";

    /// Breaks, which mean nothing before the end of a block.
    static BREAKS: Regex = r"(?:<br>\s*)+";

    static BLOCK_END: Regex = r"^</(?:p|li|h[1-6])>";

    static EMPTY: Regex =
        r"<(?:p|li|ul|ol|b|strong|i|em|h[1-6])>(?:\s|&nbsp;|<br>)*</(?:p|li|ul|ol|b|strong|i|em|h[1-6])>";

    static TWICE: Regex = r"&(?:amp;)+(#?[0-9A-Za-z]{2,8};)";
}

/// Most tags that are parsed, and most references. A description with more is kept as plain text only: the parser copies a
/// text at each reference in it.
const MANY_TAGS: usize = 4_000;
/// Deepest nesting. Nobody writes deeper, and viewers walk it recursively.
const DEEPEST: usize = 40;

/// Returns the safe subset of a description with markup. `mask` takes the contacts out of a text. If a contact appears only without the
/// markup, there is no HTML and the plain text alone is kept. `kept` is the plain text without the lines of portals.
pub(crate) fn safe_subset(body: &str, kept: &str, mask: &mut dyn FnMut(String) -> String) -> Option<String> {
    if !body.contains('<') && !body.contains('&') {
        return None;
    }
    let body = decoded(body, |text| TAG.is_match(text))?;
    let count = |mark| body.bytes().filter(|byte| *byte == mark).count();
    if count(b'<') > MANY_TAGS || count(b'&') > MANY_TAGS {
        return None;
    }
    let bare = tags::bare(&body)?;
    let mut clean = subset::of_well_formed(&bare).unwrap_or_else(|| CLEANER.clean(&bare).to_string());
    // "r&amp;eacute;gulateur" was escaped twice. It stays a reference, so that nothing becomes a tag.
    if clean.contains("&amp;") {
        clean = TWICE.replace_all(&clean, "&$1").into_owned();
    }
    let mut html = without_boilerplate(&mask(clean), kept)?;
    // Removing an empty element may leave its parent empty. Nobody nests them deeper than this.
    for _ in 0..4 {
        if !tags::may_have_empty(&html) {
            break;
        }
        let next = EMPTY.replace_all(&without_last_breaks(&html), "").into_owned();
        if next.len() == html.len() {
            break;
        }
        html = next;
    }
    let html = html.trim();
    let seen = seen(html);
    // Tags, lines or references may split a phone number.
    let mut joined = String::with_capacity(seen.len());
    for line in seen.lines() {
        let begin = joined.len();
        joined.push_str(if begin == 0 { "" } else { " " });
        let words = joined.len();
        push_folded(&mut joined, line);
        if joined.len() == words {
            joined.truncate(begin);
        }
    }
    let is_clean = [joined, seen.clone()].into_iter().all(|text| mask(text.clone()) == text);
    let is_fit = depth(html) <= DEEPEST && html.chars().count() <= LONGEST;
    (is_clean && is_fit && !seen.trim().is_empty()).then(|| html.to_owned())
}

/// Returns the text that a browser shows: tags removed once, references resolved once.
fn seen(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut from = 0;
    for (tag, begin, end) in tags::tags(html) {
        text.push_str(html.get(from..begin).unwrap_or_default());
        if tag == Tag::Edge {
            text.push('\n');
        }
        from = end;
    }
    text.push_str(html.get(from..).unwrap_or_default());
    let text = if text.contains('&') { html_escape::decode_html_entities(&text).into_owned() } else { text };
    shown(&text)
}

/// Removes breaks before the end of a block. Each run of breaks is looked at once, however long it is.
fn without_last_breaks(html: &str) -> Cow<'_, str> {
    BREAKS.replace_all(html, |run: &Captures<'_>| {
        let run = run.get(0);
        let rest = run.and_then(|run| html.get(run.end()..)).unwrap_or_default();
        let kept = run.filter(|_| !BLOCK_END.is_match(rest));
        kept.map_or("", |run| run.as_str()).to_owned()
    })
}

/// Returns the depth of nesting.
fn depth(html: &str) -> usize {
    let (mut now, mut most) = (0_usize, 0);
    for tag in html.split('<').skip(1) {
        if tag.starts_with('/') {
            now = now.saturating_sub(1);
        } else if !tag.starts_with("br") {
            now += 1;
            most = most.max(now);
        }
    }
    most
}

/// Removes the text of lines that a portal adds to every post. The markup around it stays. Lines of `kept` are known to be none.
fn without_boilerplate(html: &str, kept: &str) -> Option<String> {
    let mut kept = kept.lines().filter(|line| !line.is_empty()).peekable();
    let mut is_boilerplate = |line: &str| kept.next_if_eq(&line).is_none() && is_boilerplate(line);
    let mut out = String::with_capacity(html.len());
    let mut from = 0;
    let edges = tags::tags(html).filter(|(tag, ..)| *tag == Tag::Edge).map(|(_, begin, end)| (begin, end));
    for (begin, end) in edges.chain([(html.len(), html.len())]) {
        let line = html.get(from..begin)?;
        if is_boilerplate(&clean_line(line)) {
            let inner = tags::tags(line).filter(|(tag, ..)| *tag == Tag::Inner);
            inner.for_each(|(_, begin, end)| out.push_str(line.get(begin..end).unwrap_or_default()));
        } else {
            out.push_str(line);
        }
        out.push_str(html.get(begin..end)?);
        from = end;
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use domain::contacts::Contacts;
    use proptest::prelude::*;

    use super::*;
    use crate::contacts::take_contacts;

    fn subset(body: &str) -> Option<String> {
        let mut contacts = Contacts::default();
        safe_subset(body, "", &mut |text| take_contacts(&mut contacts, text, &|_| false))
    }

    #[test]
    fn a_small_subset_is_kept_and_nothing_runs() {
        for (body, kept) in [
            ("Un soudeur, sans balise. a < b", None),
            ("<p>Un</p>", Some("<p>Un</p>")),
            (
                "<p>r&amp;amp;eacute;gulateur &amp;lt;b&amp;gt; R&amp;D</p>",
                Some("<p>r&eacute;gulateur &lt;b&gt; R&amp;D</p>"),
            ),
            ("<div>Un</div><div>Deux</div>", Some("<p>Un</p><p>Deux</p>")),
            ("&lt;p&gt;Un &amp;amp; deux&lt;/p&gt;", Some("<p>Un &amp; deux</p>")),
            (
                "<h3 onclick=\"x()\">Missions</h3><ul><li style='a'>Souder</li><li></li></ul><script>alert(1)</script>",
                Some("<h3>Missions</h3><ul><li>Souder</li></ul>"),
            ),
            (
                "<p><a href=\"javascript:alert(1)\">Lire</a> <img src=x onerror=alert(1)> le <b>poste</p>",
                Some("<p>Lire  le <b>poste</b></p>"),
            ),
            ("<svg><p><style><g title=\"</style><img src=x onerror=alert(1)>\">", None),
            ("<p>CV à rh@chantier.cm, tél. 699 00 11 22</p>", Some("<p>CV à [e-mail], tél. [téléphone]</p>")),
            // A number that appears only in a browser counts too.
            ("<p>Bonjour &lt;Tel: 699&nbsp;00&nbsp;11&nbsp;22, mail&gt; fin</p>", None),
            ("<table><tr><td>699</td><td>00</td><td>11</td><td>22</td></tr></table>", None),
            ("<p>Contact</p><p>rh@</p><p>firm.cm</p>", None),
            ("<p>Bonjour &lt;noscript&gt; 699<b> 00 11</b> 22</p>", None),
            // It is a number only without the tags, so the plain text alone is kept.
            ("<p>tél. 699 00 <b>11 22</b></p>", None),
            ("<p>Souder.</p><p><b>Partager sur Facebook</b></p>", Some("<p>Souder.</p>")),
            ("<p><br></p><div> </div>", None),
        ] {
            assert_eq!(subset(body).as_deref(), kept, "{body}");
        }
    }

    #[test]
    fn a_body_of_references_is_not_parsed() {
        assert_eq!(subset(&format!("<p>{}</p>", "&amp;".repeat(MANY_TAGS + 1))), None);
        assert_eq!(subset("<p>a &amp;amp;amp;lt; b<br> <br></p>").unwrap(), "<p>a &lt; b</p>");
    }

    #[test]
    fn a_body_made_to_grow_is_not_parsed() {
        let mut formats = String::new();
        for n in 0..3_000 {
            let _ = write!(formats, "<b x={n}>");
        }
        let kept = subset(&format!("<p>{formats}{}", "<p>z".repeat(900)));
        assert!(kept.is_none_or(|html| html.len() < 60_000));
        assert_eq!(subset(&format!("<p>{}", "<b x='<'>".repeat(500))), None);
        assert_eq!(subset(&"<ul><li>".repeat(50_000)), None);
        assert_eq!(subset(&format!("{}a", "<ul><li>".repeat(100))), None, "too deep");
    }

    patterns! {
        static SAYING: Regex = r"<(/?[A-Za-z][A-Za-z0-9]*)(?:[\s/][^<>]*)?>";
        static STILL_SAYING: Regex = r"<[A-Za-z][A-Za-z0-9]*[\s/]";
        static BLOCK: Regex =
            r"(?i)<(/?)(?:div|section|article|header|footer|tr|td|th|dt|dd|table|blockquote|pre)(?:\s[^<>]*)?>";
        static EDGE: Regex = r"</?(?:p|li|ul|ol|h[1-6])>|<br>";
        static INNER: Regex = r"</?(?:b|strong|i|em)>";
    }

    proptest! {
        #[test]
        fn what_needs_no_parser_is_what_a_parser_makes_of_it(
            body in "(<(p|b|i|em|strong|ul|ol|li|h2|h3|br)>|</(p|b|i|em|strong|ul|ol|li|h2|h3|br)>|<p><b>|</b></p>|<ul><li>|</li><li>|</li></ul>|<p>a</p>|<h2>a</h2>|&(amp|lt|gt|nbsp|eacute|quot|rsquo|copy|#39|x);|[a-zé >\u{a0}&\n\r]{0,3}){0,16}"
        ) {
            if let Some(html) = subset::of_well_formed(&body) {
                prop_assert_eq!(html, CLEANER.clean(&body).to_string());
            }
        }

        #[test]
        fn tags_are_found_as_the_patterns_find_them(
            body in "(</?(p|DIV|Td|b|br|li|h1|strong|x1|pre|prez|h7)([ /\u{a0}][a-z=\"/ ]{0,4})?>|</?(p|b|div)[ /x]?|<|>|<br>|&nbsp;|[a-z \n<>/]{0,3}){0,14}"
        ) {
            let bare = SAYING.replace_all(&body, "<$1>");
            let apart = (!STILL_SAYING.is_match(&bare)).then(|| BLOCK.replace_all(&bare, "<${1}p>").into_owned());
            prop_assert_eq!(tags::bare(&body), apart);
            let ends = |regex: &Regex| regex.find_iter(&body).map(|hit| (hit.start(), hit.end())).collect::<Vec<_>>();
            let found = |kind: Tag| tags::tags(&body).filter(|(tag, ..)| *tag == kind).map(|(_, begin, end)| (begin, end)).collect::<Vec<_>>();
            prop_assert_eq!(ends(&EDGE), found(Tag::Edge));
            prop_assert_eq!(ends(&INNER), found(Tag::Inner));
            prop_assert!(!EMPTY.is_match(&body) || tags::may_have_empty(&body));
        }

        #[test]
        fn no_attribute_and_no_other_element_is_left(
            body in "(<(p|b|script|img|a|svg|math|style|li|iframe)( (on[a-z]{2}|href|src|style)=[\"']?[a-z:(]{0,6}[\"']?)?>|&lt;|</(p|b|style|script)>|<!--|-->|[a-z ]{0,4}){0,20}"
        ) {
            if let Some(html) = subset(&body) {
                for tag in html.split('<').skip(1) {
                    let name = tag.split('>').next().unwrap_or_default().trim_start_matches('/');
                    prop_assert!(KEPT.contains(&name), "{name:?} in {html:?}");
                }
            }
        }
    }
}
