use super::*;

fn reserve(file: &str, path: &str) -> bool {
    let url = format!("https://a.cm{path}").parse().unwrap();
    Reservations::parse(file.as_bytes()).unwrap().reserve(&url)
}

#[test]
fn a_file_reserves_what_its_rules_match() {
    let file = r#"[{"location": "/offres/", "tdm-reservation": 1, "tdm-policy": "https://a.cm/policy.json"},
                   {"location": "/offres/libres", "tdm-reservation": 0},
                   {"location": "*.pdf$", "tdm-reservation": "1"},
                   {"location": "/", "tdm-reservation": 0}, {"location": 7}, "x", {}]"#;
    for (path, reserved) in [
        ("/offres/7", true),
        ("/offres/libres/7", true),
        ("/blog", false),
        ("/a/b.pdf", true),
        ("/a/b.pdf?x=1", false),
        ("/", false),
    ] {
        assert_eq!(reserve(file, path), reserved, "{path}");
    }
    let open_first =
        r#"[{"location": "/libre", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]"#;
    assert!(!reserve(open_first, "/libre/1") && reserve(open_first, "/1"));
    let all = "\u{feff}[{\"location\": \"\", \"tdm-reservation\": true}]";
    assert!(reserve(all, "/"));
}

#[test]
fn any_other_text_is_no_file() {
    for text in ["", "{}", "<html>", "[", "null"] {
        assert!(Reservations::parse(text.as_bytes()).is_none(), "{text}");
    }
    assert!(!reserve("[]", "/"));
    assert!(Reservations::parse("[".repeat(1 << 20).as_bytes()).is_none());
}

#[test]
fn the_header_reserves_with_a_one() {
    for (values, reserved) in [
        (vec!["1"], true),
        (vec![" 1 "], true),
        (vec!["0"], false),
        (vec!["0", "1"], true),
        (vec!["yes"], false),
        (vec![], false),
        (vec!["0, 1"], true),
    ] {
        assert_eq!(is_reserved(values.clone().into_iter()), reserved, "{values:?}");
    }
}
