//! What RFC 9309 asks, section by section, asked under our own name.

use super::agree;
use crate::robots::Rules;

const US: &str = "oim-etl";

#[test]
fn s2_2_1_an_agent_line_with_more_than_the_token_counts() {
    for line in [
        "oim-etl",
        "OIM-ETL",
        "Oim-Etl",
        "oim-etl/0.1",
        "oim-etl/0.1 (+https://www.iom.int)",
        "oim-etl (compatible)",
        "oim-etl bot",
        "oim-etl;",
        "oim-etl*",
        "oim-etl # us",
        "\toim-etl\t",
    ] {
        let file = format!("User-agent: *\nDisallow: /a\n\nUser-agent: {line}\nDisallow: /b\n");
        agree(&file, &[(US, "/a", true), (US, "/b", false), ("other", "/a", false)]);
    }
    for line in ["oim", "oim-", "oim-etl-news", "oim-etl_x", "oim-etlx", "etl", "my oim-etl", "*oim-etl", ""]
    {
        let file = format!("User-agent: {line}\nDisallow: /b\n\nUser-agent: *\nDisallow: /a\n");
        agree(&file, &[(US, "/a", false), (US, "/b", true)]);
    }
    let file = "User-agent: *\nDisallow: /\n\nUser-agent: bot2.x/7\nAllow: /\n";
    agree(file, &[("bot2.x", "/", true), ("bo", "/", false)]);
}

#[test]
fn s2_2_1_groups_of_one_name_are_one() {
    let file = "User-agent: oim-etl\nDisallow: /a\n\nUser-agent: x\nDisallow: /c\n\nUser-Agent: OIM-ETL/2\nDisallow: /b\n";
    agree(file, &[(US, "/a", false), (US, "/b", false), (US, "/c", true)]);
    let file = "User-agent: *\nDisallow: /a\n\nUser-agent: x\nDisallow: /\n\nUser-agent: *\nDisallow: /b\nAllow: /b/c\n";
    agree(file, &[(US, "/a", false), (US, "/b", false), (US, "/b/c", true), (US, "/d", true)]);
}

#[test]
fn s2_2_1_agents_share_a_group() {
    let file = "User-agent: x\nUser-agent: oim-etl\n\n# both\nUser-agent: y\nDisallow: /a\n";
    agree(file, &[(US, "/a", false), ("x", "/a", false), ("y", "/a", false), ("z", "/a", true)]);
    let file = "User-agent: *\nUser-agent: oim-etl\nDisallow: /a\n\nUser-agent: *\nDisallow: /b\n";
    agree(file, &[(US, "/a", false), (US, "/b", true), ("z", "/b", false)]);
}

#[test]
fn s2_2_1_a_group_of_ours_without_rules_forbids_nothing() {
    for rules in ["", "Disallow:\n", "Allow: /\n", "Sitemap: https://x/\n"] {
        let file = format!("User-agent: *\nDisallow: /\n\nUser-agent: oim-etl\n{rules}");
        agree(&file, &[(US, "/a", true), ("z", "/a", false)]);
    }
    agree("Disallow: /\nUser-agent: x\nDisallow: /\n", &[(US, "/a", true)]);
}

#[test]
fn s2_2_2_the_longest_pattern_decides() {
    // The example of 5.2.
    let file = "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n";
    agree(
        file,
        &[("foobot", "/example/page/disallowed.gif", false), ("foobot", "/example/page/x.gif", true)],
    );
    for file in [
        "User-agent: *\nDisallow: /a\nAllow: /a/b\nDisallow: /a/b/c\n",
        "User-agent: *\nDisallow: /a/b/c\nAllow: /a/b\nDisallow: /a\n",
    ] {
        agree(file, &[(US, "/a", false), (US, "/a/b", true), (US, "/a/b/c", false), (US, "/b", true)]);
    }
    agree("User-agent: *\nDisallow: /a\nAllow: /a\n", &[(US, "/a", true)]);
    agree("User-agent: *\nDisallow: /A\n", &[(US, "/A", false), (US, "/a", true)]);
}

#[test]
fn s2_2_2_spellings_of_one_address_are_one() {
    // The table of 2.2.2.
    for (pattern, path) in [
        ("/foo/bar?baz=quz", "/foo/bar?baz=quz"),
        ("/foo/bar?baz=https://foo.bar", "/foo/bar?baz=https%3A%2F%2Ffoo.bar"),
        ("/foo/bar?baz=https%3A%2F%2Ffoo.bar", "/foo/bar?baz=https://foo.bar"),
        ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%E3%83%84", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%e3%83%84", "/foo/bar/%E3%83%84"),
        ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
        ("/foo/bar/baz", "/foo/bar/%62%61%7a"),
        ("/%7Euser/", "/~user/x"),
        ("/~user/", "/%7euser/x"),
        ("/a?u=x@y", "/a?u=x%40y"),
        ("/a(1)", "/a%281%29"),
    ] {
        agree(&format!("User-agent: *\nDisallow: {pattern}\n"), &[(US, path, false)]);
    }
    agree("User-agent: *\nDisallow: /a%2Fb\n", &[(US, "/a/b", true), (US, "/a%2fb", false)]);
    agree("User-agent: *\nDisallow: /\nAllow: /baz\n", &[(US, "/%62az", true)]);
    agree("User-agent: *\nDisallow: /\nAllow: /ö\n", &[(US, "/%c3%b6", true)]);
}

#[test]
fn s2_2_3_special_characters() {
    for (pattern, path, matches) in [
        ("/*.gif$", "/a/b.gif", true),
        ("/*.gif$", "/a/b.gif?x", false),
        ("/a*b*c", "/a1b2c3", true),
        ("/a*b*c", "/acb", false),
        ("/a**b", "/ab", true),
        ("*/a", "/x/a/y", true),
        ("*", "/x", true),
        ("*$", "/x", true),
        ("/$", "/", true),
        ("/$", "/a", false),
        ("$", "/", false),
        ("/a$b", "/a$b", true),
        ("/a$b", "/a%24b", true),
        ("/a$*", "/a$b", true),
        // Examples of 2.2.3: a special character that is meant literally.
        ("/path/file-with-a-%2A.html", "/path/file-with-a-*.html", true),
        ("/path/file-with-a-%2A.html", "/path/file-with-a-x.html", false),
        ("/path/foo-%24", "/path/foo-$", true),
        ("/path/foo-%24", "/path/foo-$bar", true),
        ("/*aa$", "/aaa", true),
        ("/*ab*ab$", "/ab", false),
        ("/*ab*ab$", "/abab", true),
    ] {
        agree(&format!("User-agent: *\nDisallow: {pattern}\n"), &[(US, path, !matches)]);
        agree(
            &format!("User-agent: *\nDisallow: /\nAllow: /{pattern}\n"),
            &[(US, &format!("/{path}"), matches)],
        );
    }
}

#[test]
fn s2_2_4_other_lines_end_no_group() {
    let file =
        "User-agent: oim-etl\nSitemap: https://x/\nCrawl-delay: 1\nHost: x\nUser-agent: x\nDisallow: /a\n";
    agree(file, &[(US, "/a", false), ("x", "/a", false)]);
}

#[test]
fn s2_2_2_the_file_itself_is_always_allowed() {
    let rules = Rules::of(200, US, b"User-agent: *\nDisallow: /\n");
    let allowed = |path: &str| rules.allow(&format!("https://www.x.cm{path}").parse().unwrap());
    assert!(allowed("/robots.txt") && !allowed("/robots.txt.bak") && !allowed("/a/robots.txt"));
}
