//! JSON, or what is nearly JSON.

use serde_json::Value;

/// Deepest nesting mended: the JSON reader refuses deeper documents anyway.
const DEEPEST: usize = 120;

/// The document in a text that is almost JSON, and a note on each repair. `None` if it stays unreadable.
pub(super) fn json(text: &str) -> Option<(Value, String)> {
    let bare = unwrapped(text);
    if let Ok(value) = serde_json::from_str(bare) {
        return Some((value, said(&["what stood around it"])));
    }
    let read = |text: &str| {
        let (mended, done) = Mender::run(text);
        serde_json::from_str(&mended).ok().map(|value| (value, said(&done)))
    };
    read(bare).or_else(|| {
        let decoded = html_escape::decode_html_entities(bare);
        let read_plain = || serde_json::from_str(&decoded).ok().map(|value| (value, said(&["entities"])));
        if decoded == bare { None } else { read_plain().or_else(|| read(&decoded)) }
    })
}

fn said(done: &[&str]) -> String {
    format!("mended JSON: {}", done.join(", "))
}

/// Without the comments, CDATA marks and semicolons around it: `// <![CDATA[`, `<!--//--><![CDATA[//><!--`, `/* … */`.
fn unwrapped(text: &str) -> &str {
    let mut bare = text;
    while let Some(rest) = unwrapped_before(bare) {
        bare = rest;
    }
    while let Some(rest) = unwrapped_behind(bare) {
        bare = rest;
    }
    bare
}

/// Without the first thing before a document; `None` where there is none.
fn unwrapped_before(text: &str) -> Option<&str> {
    let bare = text.trim_start_matches(is_blank);
    if bare.len() < text.len() {
        return Some(bare);
    }
    let marks = ["<![CDATA[", "<!--", "-->", ">"];
    if let Some(rest) = marks.iter().find_map(|mark| bare.strip_prefix(mark)) {
        return Some(rest);
    }
    if let Some(comment) = bare.strip_prefix("/*") {
        return comment.split_once("*/").map(|(_, rest)| rest);
    }
    let line = bare.strip_prefix("//")?;
    // A mark after the slashes is for readers of XML or HTML; anything else is a comment to the end of its line.
    let is_mark = ["<!", "-->", ">", "]]>"].iter().any(|mark| line.trim_start().starts_with(mark));
    if is_mark { Some(line) } else { line.split_once(['\n', '\r']).map(|(_, rest)| rest) }
}

/// Without the last thing behind a document; `None` where there is none.
fn unwrapped_behind(text: &str) -> Option<&str> {
    let bare = text.trim_end_matches(|c| is_blank(c) || c == ';');
    if bare.len() < text.len() {
        return Some(bare);
    }
    if let Some(rest) = ["]]>", "<!", "-->", "<!--", "//"].iter().find_map(|mark| bare.strip_suffix(mark)) {
        return Some(rest);
    }
    if let Some(comment) = bare.strip_suffix("*/") {
        return comment.rsplit_once("/*").map(|(rest, _)| rest);
    }
    // A comment on the last line, behind the brackets of the document.
    let begin = bare.rfind(['\n', '\r'])?;
    let (rest, last) = bare.split_at_checked(begin)?;
    last.trim_start().starts_with("//").then_some(rest)
}

fn is_blank(c: char) -> bool {
    c.is_whitespace() || c == '\u{feff}'
}

/// Goes through the text once; strings are kept, what stands between them is put right.
struct Mender<'t> {
    rest: std::iter::Peekable<std::str::Chars<'t>>,
    out: String,
    /// Brackets that are open.
    open: Vec<char>,
    /// Whether a value just ended, so that another one needs a comma.
    ended: bool,
    /// Where the last string begins in `out`.
    string_at: usize,
    done: Vec<&'static str>,
}

impl<'t> Mender<'t> {
    fn run(text: &'t str) -> (String, Vec<&'static str>) {
        let mut mender = Self {
            rest: text.chars().peekable(),
            out: String::with_capacity(text.len() + 64),
            open: Vec::new(),
            ended: false,
            string_at: 0,
            done: Vec::new(),
        };
        while let Some(c) = mender.rest.next() {
            mender.sign(c);
        }
        (mender.out, mender.done)
    }

    fn did(&mut self, what: &'static str) {
        if !self.done.contains(&what) {
            self.done.push(what);
        }
    }

    fn sign(&mut self, c: char) {
        match c {
            '"' => {
                self.separated();
                self.string_at = self.out.len();
                self.string();
                self.ended = true;
            }
            '{' | '[' => {
                self.separated();
                if self.open.len() < DEEPEST {
                    self.open.push(c);
                }
                self.out.push(c);
                self.ended = false;
            }
            '}' | ']' => self.close(c),
            ',' => self.comma(),
            '/' if matches!(self.rest.peek(), Some('/' | '*')) => self.comment(),
            ':' => {
                self.key();
                self.out.push(c);
                self.ended = false;
            }
            c if c.is_whitespace() => self.out.push(c),
            c => {
                if !self
                    .out
                    .ends_with(|before: char| before.is_alphanumeric() || matches!(before, '.' | '-' | '+'))
                {
                    self.separated();
                }
                self.out.push(c);
                self.ended = true;
            }
        }
    }

    /// Puts the comma that is missing between two values.
    fn separated(&mut self) {
        if self.ended && !self.open.is_empty() {
            self.out.push(',');
            self.did("missing commas");
        }
        self.ended = false;
    }

    /// A key among the items of a list belongs to the object around it: the list was not closed before.
    fn key(&mut self) {
        while let [.., '{', '['] = self.open.as_slice() {
            let before = self.out.get(..self.string_at).unwrap_or_default().trim_end();
            let Some(comma) = before.strip_suffix(',').map(str::len) else { return };
            self.out.insert(comma, ']');
            self.string_at += 1;
            self.open.pop();
            self.did("lists that were not closed");
        }
    }

    fn string(&mut self) {
        self.out.push('"');
        while let Some(c) = self.rest.next() {
            match c {
                '"' => break,
                '\\' => match self.rest.next() {
                    Some(next @ ('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u')) => {
                        self.out.extend(['\\', next]);
                    }
                    Some(next) => {
                        self.did("wrong escapes");
                        self.out.push(next);
                    }
                    None => (),
                },
                '\n' | '\r' | '\t' => {
                    self.did("line breaks and tabs within strings");
                    self.out.push_str(match c {
                        '\n' => "\\n",
                        '\r' => "\\r",
                        _ => "\\t",
                    });
                }
                c if c.is_control() => {
                    self.did("control characters");
                    self.out.push(' ');
                }
                c => self.out.push(c),
            }
        }
        self.out.push('"');
    }

    /// A comma, unless nothing follows it.
    fn comma(&mut self) {
        while self.rest.peek().is_some_and(|next| next.is_whitespace()) {
            self.rest.next();
        }
        if matches!(self.rest.peek(), Some(']' | '}' | ',') | None) {
            self.did("trailing commas");
        } else {
            self.out.push(',');
            self.ended = false;
        }
    }

    /// A bracket, and before it those that were forgotten.
    fn close(&mut self, c: char) {
        let partner = if c == '}' { '{' } else { '[' };
        if !self.open.contains(&partner) {
            self.did("brackets that close nothing");
            return;
        }
        while let Some(open) = self.open.pop() {
            if open == partner {
                break;
            }
            self.did("brackets that were not closed");
            self.out.push(if open == '{' { '}' } else { ']' });
        }
        self.out.push(c);
        self.ended = true;
    }

    fn comment(&mut self) {
        self.did("comments");
        let block = self.rest.next() == Some('*');
        let mut before = ' ';
        for c in self.rest.by_ref() {
            if (block && before == '*' && c == '/') || (!block && c == '\n') {
                break;
            }
            before = c;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_nearly_json_is_mended_and_said() {
        for (text, value, done) in [
            ("{\"a\": \"x\ny\tz\"}", json!({"a": "x\ny\tz"}), "line breaks and tabs within strings"),
            ("{\"a\": [1, 2,], }", json!({"a": [1, 2]}), "trailing commas"),
            (
                "{\"a\": 1 \"b\": -2.5e3 \"c\": true}",
                json!({"a": 1, "b": -2500.0, "c": true}),
                "missing commas",
            ),
            ("[{\"a\": 1]", json!([{"a": 1}]), "brackets that were not closed"),
            ("{\"a\": 1}}", json!({"a": 1}), "brackets that close nothing"),
            (
                "{\"a\": [{\"b\": 1}, \"c\": 2}",
                json!({"a": [{"b": 1}], "c": 2}),
                "lists that were not closed",
            ),
            ("{ // first\n \"a\": 1 /* one */ }", json!({"a": 1}), "comments"),
            ("{&quot;a&quot;: 1}", json!({"a": 1}), "entities"),
            ("{\"a\": \"d\\'oeuvre\"}", json!({"a": "d'oeuvre"}), "wrong escapes"),
            ("<!-- {\"a\": 1}; -->", json!({"a": 1}), "what stood around it"),
            ("//<![CDATA[\n{\"a\": 1}\n//]]>", json!({"a": 1}), "what stood around it"),
            ("// <![CDATA[\n[1]\n// ]]>", json!([1]), "what stood around it"),
            ("//<![CDATA[{\"a\": 1}//]]>", json!({"a": 1}), "what stood around it"),
            ("/*<![CDATA[*/\n{\"a\": 1}\n/*]]>*/", json!({"a": 1}), "what stood around it"),
            ("<!--//--><![CDATA[//><!--\n{\"a\": 1}\n//--><!]]>", json!({"a": 1}), "what stood around it"),
            ("<![CDATA[{\"a\": 1}]]>", json!({"a": 1}), "what stood around it"),
            (
                "// offre [1]\n// du jour\n{\"a\": \"// b\"}\n// fin",
                json!({"a": "// b"}),
                "what stood around it",
            ),
            ("/* offre */ /* {x} */ {\"a\": 1} /* fin */ ;", json!({"a": 1}), "what stood around it"),
            (
                "\u{feff} <!--\r\n{\"a\": \"<!-- b -->\"}\r\n-->",
                json!({"a": "<!-- b -->"}),
                "what stood around it",
            ),
        ] {
            let (got, said) = json(text).unwrap_or_else(|| panic!("{text}"));
            assert_eq!((got, said), (value, format!("mended JSON: {done}")), "{text}");
        }
    }

    #[test]
    fn what_breaks_off_stays_unreadable() {
        for text in ["{\"a\": [1, 2", "{\"a\"", "", "<html>", "[1, 2"] {
            assert_eq!(json(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[\\[\\]{}\",:/*a1 \\\\\n]{0,80}") {
            let _ = json(&text);
        }
    }
}
