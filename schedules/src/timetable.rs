//! The file of the timetable: the built-in `timetable.toml`, or an operator's own.

use std::{borrow::Cow, ops::Range};

use chrono_tz::{Africa::Douala, TZ_VARIANTS, Tz};
use domain::SourceSlug;
use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use crate::{
    BadCron, Clock, Entry, EntryName, Flaw, Mode, TimetableError, TimetableErrors, expression::Expression,
};

/// The zone of an entry if neither the entry nor its file names one.
const HOME: Tz = Douala;

/// The name of the built-in timetable in messages.
const BUILTIN: &str = "timetable.toml";

/// When each source is visited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timetable {
    /// The entries in the order of the file, each with a name of its own.
    pub entries: Vec<Entry>,
    /// When workers verify the vector index; `None`: never by the clock.
    pub verify: Option<Clock>,
    /// When workers remove what is no longer needed; `None`: never by the clock.
    pub prune: Option<Clock>,
}

impl Timetable {
    /// Returns the timetable that is compiled into this program.
    pub fn builtin() -> Result<Self, TimetableErrors> {
        Self::parse(BUILTIN, include_str!("../timetable.toml"))
    }

    /// Parses the text of a timetable; `file` names it in messages. All flaws are reported; if the text is not TOML, only
    /// the first is, because what follows it means nothing.
    pub fn parse(file: &str, text: &str) -> Result<Self, TimetableErrors> {
        let mut reader = Reader { file, text, errors: Vec::new() };
        let (entries, [verify, prune]) = match DeTable::parse(text) {
            Ok(root) => reader.timetable(root.get_ref()),
            Err(error) => {
                let end = text.len()..text.len();
                reader.flaw(&error.span().unwrap_or(end), syntax_flaw(text, &error));
                (Vec::new(), [None, None])
            }
        };
        let mut errors = reader.errors;
        errors.sort_by_key(|error| (error.line, error.column));
        if errors.is_empty() { Ok(Self { entries, verify, prune }) } else { Err(TimetableErrors(errors)) }
    }

    /// Adds the entries that source files describe. Where an entry of this timetable visits the same source in the same mode,
    /// it takes their place.
    #[must_use]
    pub fn over<'e>(mut self, described: impl IntoIterator<Item = &'e Entry>) -> Self {
        let own: Vec<(SourceSlug, Mode)> =
            self.entries.iter().map(|entry| (entry.source.clone(), entry.mode)).collect();
        let added = described
            .into_iter()
            .filter(|entry| !own.iter().any(|(source, mode)| *source == entry.source && *mode == entry.mode));
        self.entries.extend(added.cloned());
        self
    }

    /// Returns the entry of this name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name.as_str() == name)
    }
}

/// Checks the parsed file and records every flaw with its place.
struct Reader<'a> {
    file: &'a str,
    text: &'a str,
    errors: Vec<TimetableError>,
}

impl Reader<'_> {
    fn timetable(&mut self, root: &DeTable<'_>) -> (Vec<Entry>, [Option<Clock>; 2]) {
        self.only_known(root, &["zone", "verify", "prune", "entries"]);
        let home = root.get("zone").map_or(Some(HOME), |zone| self.value("zone", zone, read_zone));
        let clocks = ["verify", "prune"]
            .map(|key| root.get(key).and_then(|cron| self.value(key, cron, |word| read_clock(word, home))));
        (self.entries(root, home), clocks)
    }

    fn entries(&mut self, root: &DeTable<'_>, home: Option<Tz>) -> Vec<Entry> {
        let Some(entries) = root.get("entries") else { return Vec::new() };
        let Some(table) = self.table("entries", entries) else { return Vec::new() };
        let mut named: Vec<_> = table.iter().collect();
        named.sort_by_key(|(name, _)| name.span().start);
        // Without a home zone, the entries are still checked for flaws.
        let home = home.unwrap_or(HOME);
        named.into_iter().filter_map(|(name, value)| self.entry(name, value, home)).collect()
    }

    fn entry(
        &mut self,
        key: &Spanned<Cow<'_, str>>,
        value: &Spanned<DeValue<'_>>,
        home: Tz,
    ) -> Option<Entry> {
        let table = self.table(key.get_ref(), value)?;
        self.only_known(table, &["source", "mode", "cron", "zone"]);
        let name = EntryName::new(key.get_ref()).map_err(|error| self.flaw(&key.span(), Flaw::Name(error)));
        let source = self.required(key, table, "source", |word| SourceSlug::new(word).map_err(Flaw::Name));
        let mode = self.required(key, table, "mode", |word| word.parse::<Mode>().map_err(Flaw::Mode));
        let cron = self.required(key, table, "cron", |word| {
            Expression::read(word).map(|expression| (word.to_owned(), expression)).map_err(Flaw::Cron)
        });
        let zone = table.get("zone").map_or(Some(home), |zone| self.value("zone", zone, read_zone));
        // Only now, after each value was checked and its flaw recorded.
        let (cron, expression) = cron?;
        Some(Entry { name: name.ok()?, source: source?, mode: mode?, cron, zone: zone?, expression })
    }

    fn required<T>(
        &mut self,
        entry: &Spanned<Cow<'_, str>>,
        table: &DeTable<'_>,
        key: &'static str,
        read: impl FnOnce(&str) -> Result<T, Flaw>,
    ) -> Option<T> {
        let Some(value) = table.get(key) else {
            self.flaw(&entry.span(), Flaw::Missing { entry: entry.get_ref().to_string(), key });
            return None;
        };
        self.value(key, value, read)
    }

    fn value<T>(
        &mut self,
        key: &str,
        value: &Spanned<DeValue<'_>>,
        read: impl FnOnce(&str) -> Result<T, Flaw>,
    ) -> Option<T> {
        let Some(word) = value.get_ref().as_str() else {
            self.wrong_type(key, "string", value);
            return None;
        };
        read(word).map_err(|flaw| self.flaw(&self.place(value.span(), word, &flaw), flaw)).ok()
    }

    fn table<'v>(&mut self, key: &str, value: &'v Spanned<DeValue<'_>>) -> Option<&'v DeTable<'v>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(key, "table", value);
        }
        table
    }

    fn only_known(&mut self, table: &DeTable<'_>, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let nearest = nearest(key.get_ref(), known.iter().copied());
            self.flaw(&key.span(), Flaw::UnknownKey { key: key.get_ref().to_string(), nearest });
        }
    }

    fn wrong_type(&mut self, key: &str, wanted: &'static str, value: &Spanned<DeValue<'_>>) {
        let found = value.get_ref().type_str();
        self.flaw(&value.span(), Flaw::Type { key: key.to_owned(), wanted, found });
    }

    /// Returns the place of a flaw in a value: that of the cron field within the string, if the string has no escapes.
    fn place(&self, value: Range<usize>, word: &str, flaw: &Flaw) -> Range<usize> {
        let Flaw::Cron(BadCron::Field { span, .. }) = flaw else { return value };
        let inside = value.start + 1;
        let as_written = self.text.get(inside..inside + word.len()) == Some(word);
        if as_written { inside + span.start..inside + span.end } else { value }
    }

    fn flaw(&mut self, span: &Range<usize>, flaw: Flaw) {
        let before = self.text.get(..span.start).unwrap_or(self.text);
        let (lines, rest) =
            before.rsplit_once('\n').map_or((0, before), |(lines, rest)| (lines.split('\n').count(), rest));
        let (line, column) = (lines + 1, rest.chars().count() + 1);
        self.errors.push(TimetableError { file: self.file.to_owned(), line, column, flaw });
    }
}

/// Returns TOML's own message, or the name of a key or table that is defined twice.
fn syntax_flaw(text: &str, error: &toml::de::Error) -> Flaw {
    let place = error.span().and_then(|span| text.get(span)).unwrap_or_default();
    match error.message() {
        "duplicate key" => Flaw::DuplicateName(place.trim_matches(['"', '\'']).to_owned()),
        words => Flaw::Syntax(words.to_owned()),
    }
}

fn read_clock(word: &str, zone: Option<Tz>) -> Result<Clock, Flaw> {
    let expression = Expression::read(word).map_err(Flaw::Cron)?;
    Ok(Clock { cron: word.to_owned(), zone: zone.unwrap_or(HOME), expression })
}

fn read_zone(word: &str) -> Result<Tz, Flaw> {
    word.parse().map_err(|_| Flaw::Zone {
        zone: word.to_owned(),
        nearest: nearest(word, TZ_VARIANTS.iter().map(|zone| zone.name())),
    })
}

/// Returns the known word that `word` was probably meant to be: at most a third of it differs.
fn nearest<'w>(word: &str, known: impl Iterator<Item = &'w str>) -> Option<String> {
    let lower = word.to_lowercase();
    let near = |known: &'w str| (strsim::osa_distance(&lower, &known.to_lowercase()), known);
    let (distance, known) = known.map(near).min_by_key(|(distance, _)| *distance)?;
    (distance <= known.len().div_ceil(3)).then(|| known.to_owned())
}

#[cfg(test)]
#[path = "tests/timetable.rs"]
mod tests;
