use proptest::prelude::*;

use super::*;

fn flaws(text: &str) -> Vec<String> {
    let errors = Timetable::parse("t.toml", text).unwrap_err();
    errors.to_string().lines().map(str::to_owned).collect()
}

#[test]
fn the_builtin_timetable_is_sound() {
    let timetable = Timetable::builtin().unwrap_or_else(|errors| panic!("{errors}"));
    let names: Vec<_> = timetable.entries.iter().map(|entry| entry.name.as_str()).collect();
    let sources: std::collections::BTreeSet<_> =
        timetable.entries.iter().map(|entry| entry.source.as_str()).collect();
    assert_eq!(sources.len(), 7, "{names:?}");
    assert!(timetable.entries.iter().all(|entry| entry.zone == Douala));
    // Every source is sometimes visited in full: nothing else closes what is gone.
    for entry in &timetable.entries {
        assert!(
            timetable.entries.iter().any(|other| other.source == entry.source && other.mode == Mode::Full)
        );
    }
    let in_a_day = |name| {
        let ticks = timetable.get(name).unwrap().upcoming("2026-09-01T23:30:00Z".parse().unwrap(), 20);
        ticks
            .iter()
            .filter(|tick| **tick < "2026-09-02T23:30:00Z".parse::<chrono::DateTime<chrono::Utc>>().unwrap())
            .count()
    };
    assert_eq!((in_a_day("fne-recent"), in_a_day("emploicameroun-recent")), (12, 4));
}

#[test]
fn the_index_is_verified_by_a_line_of_its_own() {
    let at = |time: &str| time.parse::<chrono::DateTime<chrono::Utc>>().unwrap();
    let nightly = Timetable::builtin().unwrap().verify.unwrap();
    // 04:25 in Douala is 03:25 UTC. Three nights without a worker are one verification.
    assert_eq!(
        nightly.due(at("2026-09-01T12:00:00Z"), at("2026-09-04T12:00:00Z")),
        Some(at("2026-09-04T03:25:00Z"))
    );
    assert_eq!(nightly.due(at("2026-09-04T03:25:00Z"), at("2026-09-04T12:00:00Z")), None);
    let own = Timetable::parse("t.toml", "zone = 'UTC'\nverify = '0 1 * * 0'").unwrap().verify.unwrap();
    assert_eq!((own.cron.as_str(), own.zone.name()), ("0 1 * * 0", "UTC"));
    assert_eq!(Timetable::parse("t.toml", "").unwrap().verify, None);
    assert!(Timetable::builtin().unwrap().prune.is_some());
    let own = Timetable::parse("t.toml", "prune = '0 1 * * *'").unwrap();
    assert_eq!((own.verify, own.prune.map(|clock| clock.cron)), (None, Some("0 1 * * *".to_owned())));
    for (wrong, place) in [("verify = 7", "t.toml:1:"), ("verify = '0 25 * * *'", "t.toml:1:13")] {
        let flaws = flaws(wrong);
        assert!(flaws.len() == 1 && flaws[0].starts_with(place), "{flaws:?}");
    }
}

#[test]
fn an_empty_timetable_is_one() {
    assert_eq!(Timetable::parse("t.toml", "").map(|timetable| timetable.entries), Ok(vec![]));
}

#[test]
fn an_entry_is_printed_as_its_facts() -> Result<(), Box<dyn std::error::Error>> {
    let timetable = Timetable::builtin()?;
    let json = serde_json::to_value(timetable.get("fne-full"))?;
    let facts = serde_json::json!({
        "name": "fne-full", "source": "fne", "mode": "full", "cron": "0 2 * * 0", "zone": "Africa/Douala",
    });
    assert_eq!(json, facts);
    Ok(())
}

#[test]
fn every_flaw_is_told_with_its_place() {
    let text = r#"
zone = "Africa/Duala"
zones = 1
[entries.a]
source = "FNE"
mode = "fully"
cron = "0 25 * * *"
[entries.fne-full]
crom = "0 2 * * *"
mode = 7
  [entries.fne-night]
source = "fne"
mode = "full"
cron = "0 2 * *"
zone = "Middle/Earth"
"#;
    let told = [
        "t.toml:2:8: unknown time zone \"Africa/Duala\", did you mean `Africa/Douala`?",
        "t.toml:3:1: unknown key `zones`, did you mean `zone`?",
        "t.toml:4:10: \"a\" is not a name: use 2 to 40 of a-z, 0-9, `_`, `-`, beginning with a letter",
        "t.toml:5:10: \"FNE\" is not a name: use 2 to 40 of a-z, 0-9, `_`, `-`, beginning with a letter",
        "t.toml:6:8: \"fully\" is not a mode: use \"incremental\" or \"full\"",
        "t.toml:7:11: hour: 25 is outside 0-23",
        "t.toml:8:10: `fne-full` has no `source`",
        "t.toml:8:10: `fne-full` has no `cron`",
        "t.toml:9:1: unknown key `crom`, did you mean `cron`?",
        "t.toml:10:8: `mode` takes a string, found integer",
        "t.toml:14:8: a cron line has 5 fields (minute, hour, day of month, month, day of week), this one has 4",
        "t.toml:15:8: unknown time zone \"Middle/Earth\"",
    ];
    assert_eq!(flaws(text), told);
}

#[test]
fn what_is_not_toml_is_told_with_its_place() {
    assert_eq!(flaws("# é\nzone = \"é\" x")[0].split(": ").next(), Some("t.toml:2:12"));
    assert_eq!(flaws("entries = 3"), ["t.toml:1:11: `entries` takes a table, found integer"]);
    assert_eq!(flaws("entries.ab = 3"), ["t.toml:1:14: `ab` takes a table, found integer"]);
}

#[test]
fn a_name_is_given_once() {
    let entry = "[entries.fne-full]\nsource = \"fne\"\nmode = \"full\"\ncron = \"0 2 * * 0\"\n";
    assert_eq!(flaws(&entry.repeat(2)), ["t.toml:5:10: `fne-full` is defined twice"]);
    assert_eq!(flaws("zone = 'UTC'\nzone = 'UTC'"), ["t.toml:2:1: `zone` is defined twice"]);
}

#[test]
fn a_cron_field_is_pointed_at_only_where_the_string_is_written_as_it_reads() {
    let entry = |cron: &str| format!("[entries.ab]\nsource = \"fne\"\nmode = \"full\"\ncron = {cron}");
    assert_eq!(flaws(&entry("'0 2 * 0 *'")), ["t.toml:4:15: month: 0 is outside 1-12"]);
    assert_eq!(flaws(&entry(r#""0\t2 * 0 *""#)), ["t.toml:4:8: month: 0 is outside 1-12"]);
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "([a-z=.\\[\\]\"'\\n #0-9\u{e9}]|entries|zone|cron|\"\"\"|\\[entries\\.ab\\]\\n){0,60}") {
        if let Err(errors) = Timetable::parse("t.toml", &text) {
            prop_assert!(!errors.0.is_empty());
            prop_assert!(errors.0.iter().all(|error| error.line <= text.split('\n').count()));
        }
    }
}

#[test]
fn the_timetable_overrides_what_source_files_describe_mode_by_mode() {
    let fne = SourceSlug::new("fne").unwrap();
    let table = Timetable::parse(
        "t.toml",
        "[entries.mine]\nsource = \"fne\"\nmode = \"full\"\ncron = \"0 3 * * 0\"\n",
    )
    .unwrap();
    let described =
        [Mode::Incremental, Mode::Full].map(|mode| Entry::of_source(&fne, mode, "7 */2 * * *").unwrap());
    let both = table.over(&described);
    let names: Vec<&str> = both.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["mine", "fne-incremental"]);
    assert_eq!(both.get("mine").unwrap().cron, "0 3 * * 0");
    assert!(Entry::of_source(&fne, Mode::Full, "@daily").is_err());
}
