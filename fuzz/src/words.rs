//! A partner's words.

use chrono::{DateTime, Datelike as _, TimeDelta, Utc};
use domain::{
    Draft, Kind,
    money::{AmountKind, Currency},
};
use normalize::{
    Context,
    dates::{read_day, read_first_day, read_instant},
    duration::read_duration,
    money::{read_amount, read_fees, read_interest},
    places::read_places,
};

/// The moment at which everything is fetched.
fn fetched_at() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_777)
}

/// Bytes outside UTF-8 are replaced, as by the decoders.
fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A date in any notation. A day is one that a calendar of people can show.
pub(crate) fn dates(bytes: &[u8]) {
    let words = text(bytes);
    let days = [read_day(&words, fetched_at()), read_first_day(&words, fetched_at())];
    for day in days.into_iter().flatten().flatten() {
        assert!((1900..=2200).contains(&day.year()), "{words:?} is {day}");
    }
    if let Ok(Some(at)) = read_instant(&words, fetched_at()) {
        assert!((1900..=2200).contains(&at.year()), "{words:?} is {at}");
    }
}

/// An amount of each kind, a rate, fees and a duration. The lower bound is not above the upper one.
pub(crate) fn money(bytes: &[u8]) {
    let words = text(bytes);
    for kind in AmountKind::ALL {
        if let Ok(Some(amount)) = read_amount(&words, *kind, Currency::Xaf) {
            let (min, max) = (amount.min, amount.max);
            assert!(min.or(max).is_some(), "{words:?} is an amount without bounds");
            assert!(min.zip(max).is_none_or(|(min, max)| min <= max), "{words:?} is {amount:?}");
            assert!(min.into_iter().chain(max).all(|bound| bound >= 0), "{words:?} is {amount:?}");
        }
    }
    let _: (Result<_, _>, Option<_>, Option<_>) =
        (read_interest(&words), read_fees(&words, Currency::Xaf), read_duration(&words));
}

/// Places at home and abroad. Each has a name.
pub(crate) fn places(bytes: &[u8]) {
    let words = text(bytes);
    for country in ["CM", "GA", "FR"] {
        let Ok(found) = read_places(&words, country) else { continue };
        for place in found.places {
            assert!(!place.to_string().trim().is_empty(), "{words:?} is a place without a name");
        }
    }
}

/// A record: its kind by the first byte, then lines of FIELD=WORDS. It gives a row that the database takes, or a refusal.
pub(crate) fn record(bytes: &[u8]) {
    let Some((first, rest)) = bytes.split_first() else { return };
    let Some(kind) = Kind::ALL.get(usize::from(*first) % Kind::ALL.len()) else { return };
    let words = text(rest);
    let mut draft = Draft::new(*kind, serde_json::json!({"words": words}));
    for (name, words) in words.split('\n').filter_map(|line| line.split_once('=')) {
        draft.field_mut(name).into_iter().for_each(|field| *field = Some(words.to_owned()));
    }
    let (Ok(source), Ok(stream)) = ("fuzz".parse(), "offres".parse()) else { return };
    let context = Context {
        source,
        stream,
        country: "CM".to_owned(),
        hosts: vec!["exemple.cm".to_owned()],
        fetched_at: fetched_at(),
    };
    let again = normalize::normalize(draft.clone(), &context);
    if let Ok(row) = normalize::normalize(draft, &context) {
        assert!((1..=300).contains(&row.title.chars().count()), "{words:?} has the title {:?}", row.title);
        assert!(row.description.as_ref().is_none_or(|text| (1..=20_000).contains(&text.chars().count())));
        assert!(row.positions.is_none_or(|count| count > 0), "{words:?} has {:?} positions", row.positions);
        assert!(row.url.as_ref().is_none_or(|url| url.starts_with("http")), "{words:?} has {:?}", row.url);
        assert!(
            again.is_ok_and(|again| again.fingerprint == row.fingerprint),
            "{words:?} is read in two ways"
        );
    }
}
