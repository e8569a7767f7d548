//! Files that people and partners write for programs.

use chrono::{DateTime, TimeDelta, Utc};
use schedules::Timetable;
use sources::{Catalog, SpecFile};
use url::Url;

/// A robots.txt. It allows itself, whatever it says.
pub(crate) fn robots(bytes: &[u8]) {
    let allowed = |path: &str| {
        let url = Url::parse("https://www.exemple.cm").and_then(|url| url.join(path));
        url.is_ok_and(|url| fetch::robots_allow(bytes, "oim-etl/0.1", &url))
    };
    assert!(allowed("/robots.txt"), "robots.txt forbids itself");
    let _: bool = allowed("/offres/7?page=2&tri=%C3%A9");
}

/// A source file. What is loaded is loaded again in the same version.
pub(crate) fn source_file(bytes: &[u8]) {
    let load = || {
        let text = String::from_utf8_lossy(bytes).into_owned();
        Catalog::load(vec![SpecFile { name: "exemple.toml".to_owned(), text }])
    };
    match (load(), load()) {
        (Ok(once), Ok(again)) => assert_eq!(once.versions(), again.versions()),
        (Err(errors), Err(_)) => assert!(!errors.to_string().is_empty(), "refused without a reason"),
        _ => panic!("a source file is valid now and then"),
    }
}

/// A timetable, and what is due by it.
pub(crate) fn timetable(bytes: &[u8]) {
    let from: DateTime<Utc> = DateTime::UNIX_EPOCH + TimeDelta::days(20_777);
    let Ok(timetable) = Timetable::parse("timetable.toml", &String::from_utf8_lossy(bytes)) else { return };
    for entry in &timetable.entries {
        let ticks = entry.upcoming(from, 3);
        assert!(ticks.iter().all(|tick| *tick > from) && ticks.is_sorted(), "{entry:?} is due at {ticks:?}");
    }
}

/// Returns the built-in timetable.
pub(crate) fn timetables() -> Vec<Vec<u8>> {
    vec![include_bytes!("../../schedules/timetable.toml").to_vec()]
}
