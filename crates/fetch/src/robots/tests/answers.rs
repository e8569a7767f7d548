//! What an answer of a host allows.

use std::time::Duration;

use url::Url;

use crate::robots::{LONGEST_DELAY, Rules};

const FILE: &[u8] =
    b"User-agent: *\nCrawl-delay: 1.5\nDisallow: /admin\n\nUser-agent: oim-etl\nCrawl-delay: 3\nDisallow: /private\n";

fn url(path: &str) -> Url {
    format!("https://www.x.cm{path}").parse().unwrap()
}

fn delay(file: &str) -> Option<Duration> {
    Rules::of(200, "oim-etl", file.as_bytes()).delay()
}

#[test]
fn the_group_of_our_name_is_ours() {
    let rules = Rules::of(200, "oim-etl/0.1 (+https://x)", FILE);
    assert!(
        rules.allow(&url("/admin"))
            && !rules.allow(&url("/private/1"))
            && rules.allow(&url("/offres?page=2"))
    );
    assert_eq!(rules.delay(), Some(Duration::from_secs(3)));
    let others = Rules::of(200, "somebody", FILE);
    assert!(!others.allow(&url("/admin")) && others.delay() == Some(Duration::from_millis(1500)));
}

#[test]
fn a_status_decides_first() {
    let allowed = |status| Rules::of(status, "oim-etl", b"User-agent: *\nDisallow: /\n").allow(&url("/a"));
    assert!([204, 200].map(allowed) == [false; 2], "the file counts");
    assert!([400, 401, 403, 404, 410, 451].map(allowed) == [true; 6], "there is no file");
    assert!([408, 429, 500, 502, 503, 504, 599].map(allowed) == [false; 7], "nothing is allowed for now");
}

#[test]
fn a_delay_is_read_in_all_its_forms() {
    for (value, millis) in [
        ("2", 2_000),
        ("0.5", 500),
        (".5", 500),
        ("1,5", 1_500),
        ("10 s", 10_000),
        ("3 # why", 3_000),
        ("7.", 7_000),
    ] {
        let file = format!("User-agent: *\nCrawl-delay: {value}\n");
        assert_eq!(delay(&file), Some(Duration::from_millis(millis)), "{value}");
    }
    for nothing in ["0", "-7", "", "soon", "1.2.3", "NaN", "inf", "0.0"] {
        assert_eq!(delay(&format!("User-agent: *\nCrawl-delay: {nothing}\n")), None, "{nothing}");
    }
    for long in ["86400", "99999999999999999999999999"] {
        assert_eq!(delay(&format!("User-agent: *\nCrawl-delay: {long}\n")), Some(LONGEST_DELAY), "{long}");
    }
}

#[test]
fn the_longest_delay_of_our_groups_counts() {
    let merged = "User-agent: oim-etl\nCrawl-delay: 2\nDisallow: /a\n\nUser-agent: oim-etl/1\nCrawl-delay: 4\nDisallow: /b\n";
    assert_eq!(delay(merged), Some(Duration::from_secs(4)));
    let of_another = "User-agent: bingbot\nCrawl-delay: 20\n\nUser-agent: *\nDisallow: /a\n";
    assert_eq!(delay(of_another), None, "who is named behind a delay does not have it");
    let ours_has_none = "User-agent: *\nCrawl-delay: 20\nDisallow: /a\n\nUser-agent: oim-etl\nDisallow: /b\n";
    assert_eq!(delay(ours_has_none), None);
}

#[test]
fn the_half_line_at_the_cut_is_not_obeyed() {
    let mut cut = b"User-agent: *\nDisallow: /admin\n".to_vec();
    cut.resize((500 << 10) - 18, b'#');
    cut.extend_from_slice(b"\nDisallow: /offres-closed\n");
    cut.truncate(500 << 10);
    assert!(cut.ends_with(b"\nDisallow: /offres"), "half a line");
    let rules = Rules::of(200, "oim-etl", &cut);
    assert!(!rules.allow(&url("/admin")) && rules.allow(&url("/offres")));
}
