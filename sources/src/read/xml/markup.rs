//! Markup within an element: Atom's `type="xhtml"`, and HTML that was not escaped.

/// Elements of HTML that a text has. Names that feeds use for fields (`title`, `link`, `address`, `summary`) are not among them.
const NAMES: [&str; 42] = [
    "a",
    "article",
    "b",
    "blockquote",
    "br",
    "center",
    "cite",
    "dd",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "li",
    "mark",
    "ol",
    "p",
    "pre",
    "s",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
];
/// Those within a line.
const INLINE: [&str; 16] = [
    "a", "b", "cite", "em", "font", "i", "mark", "s", "small", "span", "strong", "sub", "sup", "tt", "u",
    "img",
];

/// Returns whether an element is markup of a text.
pub(super) fn is_markup(local: &str) -> bool {
    NAMES.iter().any(|name| name.eq_ignore_ascii_case(local))
}

/// The text of an element, and its markup if it has any.
#[derive(Debug, Default)]
pub(super) struct Words {
    pub(super) text: String,
    html: Option<String>,
}

impl Words {
    pub(super) fn push(&mut self, text: &str) {
        self.text.push_str(text);
        if let Some(html) = &mut self.html {
            html_escape::encode_text_to_string(text, html);
        }
    }

    pub(super) fn open(&mut self, local: &str) {
        self.tag(local, "<");
    }

    pub(super) fn close(&mut self, local: &str) {
        self.tag(local, "</");
    }

    fn tag(&mut self, local: &str, begin: &str) {
        let html = self.html.get_or_insert_with(|| html_escape::encode_text(&self.text).into_owned());
        html.push_str(begin);
        html.push_str(&local.to_ascii_lowercase());
        html.push('>');
        if !INLINE.iter().any(|name| name.eq_ignore_ascii_case(local)) {
            self.text.push(' ');
        }
    }

    /// Returns the markup, if there is any.
    pub(super) fn markup(&mut self) -> Option<String> {
        self.html.take()
    }
}
