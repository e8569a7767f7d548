//! What the list of opportunities is asked for. A value that cannot be used is left out, and the page says so.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use domain::SourceSlug;
use maud::{Markup, html};
use store::Status;

use super::lang::Lang;
use crate::{
    http::v1::opportunities::OpportunitiesAsk,
    search::{Ask, misspelt},
};

/// What can be asked for.
const KEYS: [&str; 12] = [
    "q",
    "kind",
    "source",
    "region",
    "town",
    "language",
    "status",
    "closes",
    "closes_from",
    "closes_to",
    "order",
    "after",
];
/// When opportunities close: the keys of `Holdings::closing`.
pub(super) const CLOSING: [&str; 4] = ["week", "month", "later", "none"];
/// Longest text that is searched for, in characters.
const LONGEST: usize = 200;

/// What is asked for, by key.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    given: BTreeMap<&'static str, String>,
    /// What could not be used, in words.
    pub(super) ignored: Vec<Markup>,
}

impl Wanted {
    /// Reads the query of an address.
    pub(super) fn of(lang: Lang, query: &str, known: &[SourceSlug]) -> Self {
        let mut wanted = Self::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim().to_owned();
            match KEYS.iter().find(|known| **known == key) {
                Some(_) if value.is_empty() => (),
                Some(known) => drop(wanted.given.insert(known, value)),
                None => wanted.ignored.push(
                    html! { (lang.say("Ce filtre n'existe pas: ", "There is no such filter: ")) q { (key) } },
                ),
            }
        }
        wanted.check(lang, known);
        wanted
    }

    /// Leaves out what nothing can have.
    fn check(&mut self, lang: Lang, known: &[SourceSlug]) {
        let source = self.get("source").to_owned();
        if !source.is_empty() && !known.iter().any(|slug| slug.as_str() == source) {
            self.given.remove("source");
            self.ignored.push(no_source(lang, &source, known));
        }
        for key in ["kind", "region", "language", "town"] {
            let of = |name: &str| Some(self.get(key).to_owned()).filter(|_| key == name);
            let ask = Ask {
                kind: of("kind"),
                region: of("region"),
                language: of("language"),
                town: of("town"),
                ..Ask::default()
            };
            if let Err(mistake) = ask.filter() {
                self.refuse(lang, key, &lang.phrase(&mistake.to_string()));
            }
        }
        let is_one = |value: &str, of: &[&str]| value.is_empty() || of.contains(&value);
        for (key, of) in [
            ("status", &["open", "closed", "all"][..]),
            ("closes", &CLOSING),
            ("order", &["closes", "changed"]),
        ] {
            if !is_one(self.get(key), of) {
                self.refuse(lang, key, &of.join(", "));
            }
        }
        for key in ["closes_from", "closes_to"] {
            if !self.get(key).is_empty() && self.day(key).is_none() {
                self.refuse(
                    lang,
                    key,
                    lang.say(
                        "ce n'est pas une date, comme 2026-11-30",
                        "this is not a date, such as 2026-11-30",
                    ),
                );
            }
        }
        if self.day("closes_from").zip(self.day("closes_to")).is_some_and(|(from, to)| from > to) {
            self.refuse(
                lang,
                "closes_to",
                lang.say("ce jour est avant le premier", "this day is before the first one"),
            );
        }
        if self.get("q").chars().count() > LONGEST {
            self.refuse(lang, "q", lang.say("le texte est trop long", "the text is too long"));
        }
        if let Some((town, near)) = misspelt(Some(self.get("town"))) {
            let there = self.address(&[("town", near)]);
            self.ignored.push(html! { q { (town) } ": " (lang.say("vouliez-vous dire ", "did you mean ")) a href=(there) { (near) } (lang.say(" ?", "?")) });
        }
    }

    /// Leaves out a value, with the reason.
    fn refuse(&mut self, lang: Lang, key: &'static str, why: &str) {
        let value = self.given.remove(key).unwrap_or_default();
        self.ignored.push(html! { (lang.say("Ce filtre n'est pas utilisé: ", "This filter is not used: ")) (key) " = " q { (value) } " (" (why) ")" });
    }

    /// Returns what is asked for; an empty text if nothing is.
    pub(super) fn get(&self, key: &str) -> &str {
        self.given.get(key).map_or("", String::as_str)
    }

    /// Returns the day of a filter.
    pub(super) fn day(&self, key: &str) -> Option<NaiveDate> {
        day(self.get(key))
    }

    /// Whether the list begins with what closes first: if that is asked for, or if a closing day is and no other order.
    pub(super) fn by_closing(&self) -> bool {
        let has_day = ["closes", "closes_from", "closes_to"].iter().any(|key| !self.get(key).is_empty());
        match self.get("order") {
            "" => has_day,
            order => order == "closes",
        }
    }

    /// Returns the same as the API has it. `today` is what weeks and months count from.
    pub(super) fn ask(&self, today: NaiveDate) -> OpportunitiesAsk {
        let some = |key: &str| self.given.get(key).cloned();
        let status = match self.get("status") {
            "all" => None,
            "closed" => Some(Status::Closed),
            _ => Some(Status::Open),
        };
        let after = |days| today.checked_add_days(Days::new(days));
        let (from, to) = match self.get("closes") {
            "week" => (None, after(6)),
            "month" => (after(7), after(30)),
            "later" => (after(31), None),
            _ => (None, None),
        };
        OpportunitiesAsk {
            status,
            q: some("q"),
            kind: some("kind"),
            source: some("source"),
            region: some("region"),
            town: some("town"),
            language: some("language"),
            closes_from: self.day("closes_from").or(from),
            closes_to: self.day("closes_to").or(to),
            ..OpportunitiesAsk::default()
        }
    }

    /// Returns the address of this list with other values.
    pub(super) fn address(&self, other: &[(&'static str, &str)]) -> String {
        let mut values: BTreeMap<&str, &str> =
            self.given.iter().map(|(key, value)| (*key, value.as_str())).collect();
        values.remove("after");
        values.extend(other.iter().copied());
        values.retain(|_, value| !value.is_empty());
        format!(
            "/opportunities?{}",
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(values).finish()
        )
    }
}

/// Returns that there is no such source, with the nearest one.
pub(super) fn no_source(lang: Lang, word: &str, known: &[SourceSlug]) -> Markup {
    html! {
        (lang.say("Il n'y a pas de source ", "There is no source ")) q { (word) }
        @if let Some(near) = sources::nearest(known, word) { "; " (lang.say("vouliez-vous dire ", "did you mean ")) a href={ "?source=" (near) } { (near) } (lang.say(" ?", "?")) }
    }
}

/// Returns a day, written as 2026-11-30 or 30/11/2026.
pub(super) fn day(text: &str) -> Option<NaiveDate> {
    ["%Y-%m-%d", "%d/%m/%Y"].iter().find_map(|format| NaiveDate::parse_from_str(text, format).ok())
}
