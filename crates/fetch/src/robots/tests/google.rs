//! The cases of `robots_test.cc` of Google's robots.txt parser, transcribed into Rust: <https://github.com/google/robotstxt>
//! at 22b355f, Copyright 2019 Google LLC, Apache License 2.0 (`LICENSE-APACHE`). Each test has the name it has there.
//! Addresses are given from their path on.

use super::{
    super::line::{Key, lines},
    agree,
};

#[test]
fn google_only_system_test() {
    agree("", &[("FooBot", "/", true), ("", "/", true)]);
    agree("user-agent: FooBot\ndisallow: /\n", &[("", "/", true), ("FooBot", "/", false)]);
}

#[test]
fn line_syntax_line() {
    agree("user-agent: FooBot\ndisallow: /\n", &[("FooBot", "/x/y", false)]);
    agree("foo: FooBot\nbar: /\n", &[("FooBot", "/x/y", true)]);
    agree("user-agent FooBot\ndisallow /\n", &[("FooBot", "/x/y", false)]);
}

#[test]
fn line_syntax_groups() {
    agree(
        "allow: /foo/bar/\n\nuser-agent: FooBot\ndisallow: /\nallow: /x/\nuser-agent: BarBot\ndisallow: /\nallow: /y/\n\n\nallow: /w/\nuser-agent: BazBot\n\nuser-agent: FooBot\nallow: /z/\ndisallow: /\n",
        &[
            ("FooBot", "/x/b", true),
            ("FooBot", "/z/d", true),
            ("FooBot", "/y/c", false),
            ("BarBot", "/y/c", true),
            ("BarBot", "/w/a", true),
            ("BarBot", "/z/d", false),
            ("BazBot", "/z/d", true),
            ("FooBot", "/foo/bar/", false),
            ("BarBot", "/foo/bar/", false),
            ("BazBot", "/foo/bar/", false),
        ],
    );
}

#[test]
fn line_syntax_groups_other_rules() {
    agree(
        "User-agent: BarBot\nSitemap: https://foo.bar/sitemap\nUser-agent: *\nDisallow: /\n",
        &[("FooBot", "/", false), ("BarBot", "/", false)],
    );
    agree(
        "User-agent: FooBot\nInvalid-Unknown-Line: unknown\nUser-agent: *\nDisallow: /\n",
        &[("FooBot", "/", false), ("BarBot", "/", false)],
    );
}

#[test]
fn rep_line_names_case_insensitive() {
    agree(
        "USER-AGENT: FooBot\nALLOW: /x/\nDISALLOW: /\n",
        &[("FooBot", "/x/y", true), ("FooBot", "/a/b", false)],
    );
    agree(
        "user-agent: FooBot\nallow: /x/\ndisallow: /\n",
        &[("FooBot", "/x/y", true), ("FooBot", "/a/b", false)],
    );
    agree(
        "uSeR-aGeNt: FooBot\nAlLoW: /x/\ndIsAlLoW: /\n",
        &[("FooBot", "/x/y", true), ("FooBot", "/a/b", false)],
    );
}

#[test]
fn user_agent_value_case_insensitive() {
    agree(
        "User-Agent: FOO BAR\nAllow: /x/\nDisallow: /\n",
        &[("Foo", "/x/y", true), ("Foo", "/a/b", false), ("foo", "/x/y", true), ("foo", "/a/b", false)],
    );
    agree(
        "User-Agent: foo bar\nAllow: /x/\nDisallow: /\n",
        &[("Foo", "/x/y", true), ("Foo", "/a/b", false), ("foo", "/x/y", true), ("foo", "/a/b", false)],
    );
    agree(
        "User-Agent: FoO bAr\nAllow: /x/\nDisallow: /\n",
        &[("Foo", "/x/y", true), ("Foo", "/a/b", false), ("foo", "/x/y", true), ("foo", "/a/b", false)],
    );
}

#[test]
fn google_only_accept_user_agent_up_to_first_space() {
    agree(
        "User-Agent: *\nDisallow: /\nUser-Agent: Foo Bar\nAllow: /x/\nDisallow: /\n",
        &[("Foo", "/x/y", true), ("Foo Bar", "/x/y", false)],
    );
}

#[test]
fn global_groups_secondary() {
    agree("", &[("FooBot", "/x/y", true)]);
    agree(
        "user-agent: *\nallow: /\nuser-agent: FooBot\ndisallow: /\n",
        &[("FooBot", "/x/y", false), ("BarBot", "/x/y", true)],
    );
    agree(
        "user-agent: FooBot\nallow: /\nuser-agent: BarBot\ndisallow: /\nuser-agent: BazBot\ndisallow: /\n",
        &[("QuxBot", "/x/y", true)],
    );
}

#[test]
fn allow_disallow_value_case_sensitive() {
    agree("user-agent: FooBot\ndisallow: /x/\n", &[("FooBot", "/x/y", false)]);
    agree("user-agent: FooBot\ndisallow: /X/\n", &[("FooBot", "/x/y", true)]);
}

#[test]
fn longest_match() {
    agree("user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/\n", &[("FooBot", "/x/page.html", false)]);
    agree(
        "user-agent: FooBot\nallow: /x/page.html\ndisallow: /x/\n",
        &[("FooBot", "/x/page.html", true), ("FooBot", "/x/", false)],
    );
    agree("user-agent: FooBot\ndisallow: \nallow: \n", &[("FooBot", "/x/page.html", true)]);
    agree("user-agent: FooBot\ndisallow: /\nallow: /\n", &[("FooBot", "/x/page.html", true)]);
    agree(
        "user-agent: FooBot\ndisallow: /x\nallow: /x/\n",
        &[("FooBot", "/x", false), ("FooBot", "/x/", true)],
    );
    agree(
        "user-agent: FooBot\ndisallow: /x/page.html\nallow: /x/page.html\n",
        &[("FooBot", "/x/page.html", true)],
    );
    agree(
        "user-agent: FooBot\nallow: /page\ndisallow: /*.html\n",
        &[("FooBot", "/page.html", false), ("FooBot", "/page", true)],
    );
    agree(
        "user-agent: FooBot\nallow: /x/page.\ndisallow: /*.html\n",
        &[("FooBot", "/x/page.html", true), ("FooBot", "/x/y.html", false)],
    );
    agree(
        "User-agent: *\nDisallow: /x/\nUser-agent: FooBot\nDisallow: /y/\n",
        &[("FooBot", "/x/page", true), ("FooBot", "/y/page", false)],
    );
}

#[test]
fn encoding() {
    agree(
        "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar?qux=taz&baz=http://foo.bar?tar&par\n",
        &[("FooBot", "/foo/bar?qux=taz&baz=http://foo.bar?tar&par", true)],
    );
    agree(
        "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/ツ\n",
        &[("FooBot", "/foo/bar/%E3%83%84", true), ("FooBot", "/foo/bar/ツ", false)],
    );
    agree(
        "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%E3%83%84\n",
        &[("FooBot", "/foo/bar/%E3%83%84", true), ("FooBot", "/foo/bar/ツ", false)],
    );
    agree(
        "User-agent: FooBot\nDisallow: /\nAllow: /foo/bar/%62%61%7A\n",
        &[("FooBot", "/foo/bar/baz", false), ("FooBot", "/foo/bar/%62%61%7A", true)],
    );
}

#[test]
fn special_characters() {
    agree(
        "User-agent: FooBot\nDisallow: /foo/bar/quz\nAllow: /foo/*/qux\n",
        &[
            ("FooBot", "/foo/bar/quz", false),
            ("FooBot", "/foo/quz", true),
            ("FooBot", "/foo//quz", true),
            ("FooBot", "/foo/bax/quz", true),
        ],
    );
    agree(
        "User-agent: FooBot\nDisallow: /foo/bar$\nAllow: /foo/bar/qux\n",
        &[
            ("FooBot", "/foo/bar", false),
            ("FooBot", "/foo/bar/qux", true),
            ("FooBot", "/foo/bar/", true),
            ("FooBot", "/foo/bar/baz", true),
        ],
    );
    agree(
        "User-agent: FooBot\n# Disallow: /\nDisallow: /foo/quz#qux\nAllow: /\n",
        &[("FooBot", "/foo/bar", true), ("FooBot", "/foo/quz", false)],
    );
}

#[test]
fn google_only_index_html_is_directory() {
    agree(
        "User-Agent: *\nAllow: /allowed-slash/index.html\nDisallow: /\n",
        &[
            ("foobot", "/allowed-slash/", true),
            ("foobot", "/allowed-slash/index.htm", false),
            ("foobot", "/allowed-slash/index.html", true),
            ("foobot", "/anyother-url", false),
        ],
    );
}

#[test]
fn google_only_documentation_checks() {
    agree(
        "user-agent: FooBot\ndisallow: /\nallow: /fish\n",
        &[
            ("FooBot", "/bar", false),
            ("FooBot", "/fish", true),
            ("FooBot", "/fish.html", true),
            ("FooBot", "/fish/salmon.html", true),
            ("FooBot", "/fishheads", true),
            ("FooBot", "/fishheads/yummy.html", true),
            ("FooBot", "/fish.html?id=anything", true),
            ("FooBot", "/Fish.asp", false),
            ("FooBot", "/catfish", false),
            ("FooBot", "/?id=fish", false),
        ],
    );
    agree(
        "user-agent: FooBot\ndisallow: /\nallow: /fish*\n",
        &[
            ("FooBot", "/bar", false),
            ("FooBot", "/fish", true),
            ("FooBot", "/fish.html", true),
            ("FooBot", "/fish/salmon.html", true),
            ("FooBot", "/fishheads", true),
            ("FooBot", "/fishheads/yummy.html", true),
            ("FooBot", "/fish.html?id=anything", true),
            ("FooBot", "/Fish.bar", false),
            ("FooBot", "/catfish", false),
            ("FooBot", "/?id=fish", false),
        ],
    );
    agree(
        "user-agent: FooBot\ndisallow: /\nallow: /fish/\n",
        &[
            ("FooBot", "/bar", false),
            ("FooBot", "/fish/", true),
            ("FooBot", "/fish/salmon", true),
            ("FooBot", "/fish/?salmon", true),
            ("FooBot", "/fish/salmon.html", true),
            ("FooBot", "/fish/?id=anything", true),
            ("FooBot", "/fish", false),
            ("FooBot", "/fish.html", false),
            ("FooBot", "/Fish/Salmon.html", false),
        ],
    );
    agree(
        "user-agent: FooBot\ndisallow: /\nallow: /*.php\n",
        &[
            ("FooBot", "/bar", false),
            ("FooBot", "/filename.php", true),
            ("FooBot", "/folder/filename.php", true),
            ("FooBot", "/folder/filename.php?parameters", true),
            ("FooBot", "//folder/any.php.file.html", true),
            ("FooBot", "/filename.php/", true),
            ("FooBot", "/index?f=filename.php/", true),
            ("FooBot", "/php/", false),
            ("FooBot", "/index?php", false),
            ("FooBot", "/windows.PHP", false),
        ],
    );
    agree(
        "user-agent: FooBot\ndisallow: /\nallow: /*.php$\n",
        &[
            ("FooBot", "/bar", false),
            ("FooBot", "/filename.php", true),
            ("FooBot", "/folder/filename.php", true),
            ("FooBot", "/filename.php?parameters", false),
            ("FooBot", "/filename.php/", false),
            ("FooBot", "/filename.php5", false),
            ("FooBot", "/php/", false),
            ("FooBot", "/filename?php", false),
            ("FooBot", "/aaaphpaaa", false),
            ("FooBot", "//windows.PHP", false),
        ],
    );
    agree(
        "user-agent: FooBot\ndisallow: /\nallow: /fish*.php\n",
        &[
            ("FooBot", "/bar", false),
            ("FooBot", "/fish.php", true),
            ("FooBot", "/fishheads/catfish.php?parameters", true),
            ("FooBot", "/Fish.PHP", false),
        ],
    );
    agree("user-agent: FooBot\nallow: /p\ndisallow: /\n", &[("FooBot", "/page", true)]);
    agree("user-agent: FooBot\nallow: /folder\ndisallow: /folder\n", &[("FooBot", "/folder/page", true)]);
    agree("user-agent: FooBot\nallow: /page\ndisallow: /*.htm\n", &[("FooBot", "/page.htm", false)]);
    agree(
        "user-agent: FooBot\nallow: /$\ndisallow: /\n",
        &[("FooBot", "/", true), ("FooBot", "/page.html", false)],
    );
}

#[test]
fn google_only_line_too_long() {
    const LONGEST: usize = 2_083 * 8;
    let filled = |key: &str, letter: &str| format!("/x/{}", letter.repeat(LONGEST - 3 - key.len() + 1 - 3));
    let line = filled("disallow: ", "a");
    let file = format!("user-agent: FooBot\ndisallow: {line}/qux\n");
    agree(&file, &[("FooBot", "/fux", true), ("FooBot", &format!("{line}/fux"), false)]);
    let (a, b) = (filled("allow: ", "a"), filled("allow: ", "b"));
    let file = format!("user-agent: FooBot\ndisallow: /\nallow: {a}/qux\nallow: {b}/qux\n");
    agree(
        &file,
        &[
            ("FooBot", "/", false),
            ("FooBot", &format!("{a}/qux"), true),
            ("FooBot", &format!("{b}/fux"), true),
        ],
    );
}

/// Directives that are known, and others.
fn counted(file: &[u8]) -> (usize, usize) {
    let (known, others): (Vec<Key>, Vec<Key>) =
        lines(file).map(|(key, _)| key).partition(|&key| key != Key::Other);
    (known.len(), others.len())
}

#[test]
fn lines_numbers_are_counted_correctly() {
    for file in [
        "User-Agent: foo\nAllow: /some/path\nUser-Agent: bar\n\n\nDisallow: /\n",
        "User-Agent: foo\r\nAllow: /some/path\r\nUser-Agent: bar\r\n\r\n\r\nDisallow: /\r\n",
        "User-Agent: foo\rAllow: /some/path\rUser-Agent: bar\r\r\rDisallow: /\r",
        "User-Agent: foo\nAllow: /some/path\nUser-Agent: bar\n\n\nDisallow: /",
        "User-Agent: foo\nAllow: /some/path\r\nUser-Agent: bar\n\r\n\nDisallow: /",
    ] {
        assert_eq!(counted(file.as_bytes()), (4, 0), "{file:?}");
    }
}

#[test]
fn utf8_byte_order_mark_is_skipped() {
    let (agent, rule) = (b"User-Agent: foo\n", b"Allow: /AnyValue\n");
    for (mark, found) in
        [(&b"\xEF\xBB\xBF"[..], (2, 0)), (b"\xEF\xBB", (2, 0)), (b"\xEF", (2, 0)), (b"\xEF\x11\xBF", (1, 1))]
    {
        assert_eq!(counted(&[mark, agent, rule].concat()), found, "{mark:?}");
    }
    assert_eq!(counted(&[&agent[..], b"\xEF\xBB\xBF", rule].concat()), (1, 1), "in the middle");
}

#[test]
fn non_standard_line_example_sitemap() {
    let (groups, sitemap) = (
        "User-Agent: foo\nAllow: /some/path\nUser-Agent: bar\n\n\n",
        "Sitemap: http://foo.bar/sitemap.xml\n",
    );
    for file in [format!("{groups}{sitemap}"), format!("{sitemap}{groups}")] {
        let found: Vec<&[u8]> =
            lines(file.as_bytes()).filter(|&(key, _)| key == Key::Sitemap).map(|(_, value)| value).collect();
        assert_eq!(found, [b"http://foo.bar/sitemap.xml"]);
    }
}
