use super::*;

#[test]
fn how_a_visitor_came_is_no_content() {
    for (given, kept) in [
        ("/offre/7?utm_source=x&id=7&UTM_Medium=y", "/offre/7?id=7"),
        ("/offre/7?PHPSESSID=4f", "/offre/7"),
        ("voir https://a.cm/o?id=7&amp;sid=4&amp;x=1 ou b", "voir https://a.cm/o?id=7&x=1 ou b"),
        ("/o;jsessionid=1A2B/7?x=1", "/o/7?x=1"),
        ("<a href=\"/o?gclid=é1\">Été ?</a> a & b; c", "<a href=\"/o\">Été ?</a> a & b; c"),
        ("/o?utm_a=1&utm_b=2&id=7#part", "/o?id=7#part"),
        ("/o?inside=1&utm=2", "/o?inside=1&utm=2"),
        ("Quel est le sid=4 ?", "Quel est le sid=4 ?"),
    ] {
        assert_eq!(content(given), kept, "{given}");
    }
}

#[test]
fn many_marks_take_linear_time() {
    let long = "?".repeat(1 << 20);
    assert_eq!(content(&long).len(), long.len());
    let long = "&sid=".repeat(1 << 18);
    assert_eq!(content(&long), "");
}
