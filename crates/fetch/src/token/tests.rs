use super::*;

fn read(body: &str) -> Result<Token, FetchError> {
    Token::read(body.as_bytes(), "https://api.fnecm.org/token")
}

#[test]
fn a_token_is_renewed_before_it_ends() {
    for (expires_in, at_least, at_most) in [
        ("300", 260, 270),
        ("20", 9, 10),
        ("0", 0, 0),
        ("-5", 560, 570),
        ("null", 560, 570),
        ("\"300\"", 260, 270),
        ("\" 300.5 \"", 260, 271),
        ("\"soon\"", 560, 570),
        ("{}", 560, 570),
        ("true", 560, 570),
    ] {
        let token = read(&format!(r#"{{"access_token":"a","expires_in":{expires_in}}}"#)).unwrap();
        let left = token.until.saturating_duration_since(Instant::now());
        let within = Duration::from_secs(at_least)..=Duration::from_secs(at_most);
        assert!(within.contains(&left), "{expires_in}: {left:?}");
    }
}

#[test]
fn a_life_of_any_length_is_bounded() {
    let token = read(r#"{"access_token":"a","expires_in":1e19}"#).unwrap();
    assert!(token.until.saturating_duration_since(Instant::now()) < LONGEST);
}

#[test]
fn what_is_no_bearer_token_is_refused_without_its_words() {
    for wrong in [
        "",
        "[]",
        "hunter2",
        r#"{"error":"hunter2"}"#,
        r#"{"access_token":""}"#,
        r#"{"access_token":"hunter2 hunter2"}"#,
        r#"{"access_token":"hunter2\n"}"#,
        r#"{"access_token":"hunter2","token_type":"mac"}"#,
    ] {
        let refused = read(wrong).unwrap_err();
        assert!(matches!(refused, FetchError::BadToken { .. }), "{wrong}");
        assert!(!format!("{refused} {refused:?}").contains("hunter2"), "{refused:?}");
    }
}
