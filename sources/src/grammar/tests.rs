use crate::{Catalog, SpecFile};

const RIGHT: &str = r#"name = "New"
base_url = "https://api.new.cm"
rate = "5/s"

[streams.jobs]
kind = "job"
request = { path = "/jobs" }
records = ".items[]"

[streams.jobs.fields]
external_id = ".id"
title = ".title"
"#;

fn refusal(text: &str) -> String {
    let file = SpecFile { name: "new.toml".to_owned(), text: text.to_owned() };
    Catalog::load(vec![file]).map_or_else(|errors| errors.to_string(), |_| "passed".to_owned())
}

fn with(from: &str, to: &str) -> String {
    assert!(RIGHT.contains(from), "{from}");
    refusal(&RIGHT.replace(from, to))
}

#[test]
fn the_built_in_partners_are_right() {
    let slugs: Vec<String> = Catalog::builtin().unwrap().iter().map(|spec| spec.slug.to_string()).collect();
    let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/partners")).unwrap();
    let files = folder
        .map(|file| file.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "toml"));
    let mut names: Vec<String> =
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    assert_eq!(slugs, names);
    assert_eq!(refusal(RIGHT), "passed");
}

#[test]
fn errors_name_their_place_and_what_to_do() {
    for (from, to, said) in [
        ("base_url", "base_urll", "new.toml:2:1: unknown key `base_urll`; did you mean `base_url`?"),
        ("records = ", "recods = ", "new.toml:8:1: unknown key `recods`; did you mean `records`?"),
        ("rate = \"5/s\"\n", "", "new.toml:1:1: missing field `rate`"),
        (
            "\"5/s\"",
            "\"quick\"",
            "new.toml:3:8: \"quick\" is not a rate: write for example `30/min`, `10/s`, `500/h` or `50/5s`",
        ),
        (
            "https://api.new.cm",
            "api.new.cm",
            "new.toml:2:12: `base_url` \"api.new.cm\" is not an address: write https://HOST",
        ),
        (
            "https://api.new.cm",
            "file:///etc/passwd",
            "new.toml:2:12: `base_url` \"file:///etc/passwd\" is not an address: write https://HOST",
        ),
        ("\"/jobs\"", "\"jobs\"", "new.toml:7:20: `path` must begin with a slash"),
        ("\"job\"", "\"jobs\"", "new.toml:6:8: unknown word `jobs`; did you mean `job`?"),
        ("title = ", "titel = ", "new.toml:12:1: `titel` is not a field; did you mean `title`?"),
        (
            "\".items[]\"",
            "\".items[\"",
            "new.toml:8:11: `records`: `.items[` is neither a path like `.a.b[0]` nor a jq expression",
        ),
        (
            "\".title\"",
            "\"repeat(.)\"",
            "new.toml:12:9: `repeat` is not allowed in an expression: it may never end, or is not jq",
        ),
        ("\".title\"", "{ css = \"h3\" }", "new.toml:12:9: `css` is for HTML; this is JSON or XML"),
        ("\".title\"", "{ pth = \".t\" }", "new.toml:12:11: unknown key `pth`; did you mean `path`?"),
        (
            "\".title\"",
            "{ path = \".t\", regex = \"a+\" }",
            "new.toml:12:9: `a+` needs exactly one group: what is in ( ) counts",
        ),
        ("[streams.jobs]", "[streams.Jobs]", "new.toml:10:10: missing field `kind`"),
        (
            "name = \"New\"",
            "name = \" \"",
            "new.toml:1:8: `name` is empty: write the partner's name for people",
        ),
    ] {
        let got = with(from, to);
        let first = got.lines().next().unwrap();
        if said.contains("missing field `kind`") {
            assert!(first.contains("missing field"), "{from} → {to}: {first}");
        } else {
            assert!(got.lines().any(|line| line == said), "{from} → {to}\n got: {got}\nwant: {said}");
        }
    }
}

#[test]
fn promises_are_checked() {
    for (from, to, said) in [
        (
            "name = \"New\"",
            "name = \"New\"\nquiet_hours = \"22-6\"",
            "new.toml:2:15: `quiet_hours`: \"22-6\" are not hours: write for example `22:00-06:00`, on the clock of Douala",
        ),
        (
            "name = \"New\"",
            "name = \"New\"\nquiet_hours = [\"06:00-20:00\", \"20:00-06:00\"]",
            "new.toml:2:15: `quiet_hours` cover the whole day: the source would never be visited",
        ),
        (
            "name = \"New\"",
            "name = \"New\"\ntdm_agreement = \"oui\"",
            "new.toml:2:17: `tdm_agreement` says in words who agreed, and when: \"Mme Abena, rédaction, 2 mai 2026\"",
        ),
        (
            "name = \"New\"",
            "name = \"New\"\ndaily_requests = 0",
            "new.toml:2:18: `daily_requests` is 0: leave the source out with `sources.SLUG.enabled = false` instead",
        ),
    ] {
        assert_eq!(with(from, to), said);
    }
    let list = "[streams.jobs.detail]\nlink = \".url\"\nrevisit = ";
    for (bounds, said) in [
        ("{ most = \"2h\" }", "passed"),
        ("{ least = \"10d\" }", "passed"),
        (
            "{ least = \"soon\" }",
            "new.toml:16:11: `least` is not a span of time: write for example `30min`, `6h` or `7d`",
        ),
        (
            "{ least = \"2d\", most = \"1d\" }",
            "new.toml:16:11: `revisit` from 2d to 1d: `least` is more than nothing and not above `most`, and `most` is a year at most",
        ),
    ] {
        assert_eq!(refusal(&format!("{RIGHT}\n{list}{bounds}\n")), said);
    }
}

#[test]
fn several_errors_are_reported_at_once() {
    let text = RIGHT
        .replace("title = \".title\"", "titel = \".title\"\nplaze = \".p\"")
        .replace("\"/jobs\"", "\"jobs\"");
    assert_eq!(refusal(&text).lines().count(), 4, "{}", refusal(&text));
}

#[test]
fn a_set_with_one_wrong_file_is_refused_as_a_whole() {
    let wrong = SpecFile { name: "zzz.toml".to_owned(), text: "name = 1".to_owned() };
    let right = SpecFile { name: "new.toml".to_owned(), text: RIGHT.to_owned() };
    assert!(Catalog::builtin().unwrap().overlay(vec![right, wrong]).is_err());
}

#[test]
fn a_file_name_that_is_not_a_slug_is_refused() {
    let file = SpecFile { name: "My Partner.toml".to_owned(), text: RIGHT.to_owned() };
    assert!(Catalog::load(vec![file]).unwrap_err().to_string().contains("the file's name is the slug"));
}

#[test]
fn a_secret_in_the_file_is_refused_and_not_repeated() {
    let text = "name='n'\nbase_url='https://a.cm'\nrate='1/s'\nauth={kind='api_key',header='X-Key',key='s3cret-8'}\n[streams.offres]\nkind='job'\nrequest={path='/'}\nrecords='.[]'\n\
         [streams.offres.fields]\nexternal_id='.id'\ntitle={css='h1'}\n";
    let said = Catalog::load(vec![SpecFile { name: "a-b.toml".to_owned(), text: text.to_owned() }])
        .unwrap_err()
        .to_string();
    assert!(said.contains("key = \"A_B_KEY\"") && !said.contains("s3cret"), "{said}");
    // An invalid form is reported once, and not also as missing.
    assert!(!said.contains("is required and has no form"), "{said}");
}
