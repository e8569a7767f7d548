//! Measures: what a run shows of a stream, in numbers.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::statistics::median;
use crate::rows::columns::{Column, Shape, audited};

/// Measures by name. Shares range from 0 to 1.
pub(super) type Measures = BTreeMap<String, f64>;

/// One record of a run: its audited columns as hashes and magnitudes, new and published.
pub(super) struct Record {
    /// Hashes of the new values.
    pub(super) now: Vec<Option<i32>>,
    pub(super) magnitudes: Vec<Option<f64>>,
    /// Whether it would be open.
    pub(super) is_open: bool,
    /// Whether the partner says that it is closed.
    pub(super) is_withdrawn: bool,
    /// The published row, if the record is known.
    pub(super) before: Option<Before>,
}

/// A published row.
pub(super) struct Before {
    pub(super) hashes: Vec<Option<i32>>,
    pub(super) magnitudes: Vec<Option<f64>>,
    pub(super) is_open: bool,
    /// Whether it was closed because its source no longer showed it, or by a revert.
    pub(super) is_gone: bool,
}

/// Running counts over the records of a stream.
#[derive(Default)]
pub(super) struct Stream {
    /// Records that became rows.
    pub(super) valid: usize,
    /// How many of those are known.
    pub(super) known: usize,
    closing: usize,
    /// How many of those close by the word of the partner.
    withdrawn: usize,
    /// Known records that change in other ways than a prolonged call does.
    changed: usize,
    reopening: usize,
    open_before: usize,
    fields: Vec<Field>,
    /// Digests of title, organization and place: how many records differ.
    different: HashSet<u64>,
    magnitudes: Vec<Magnitude>,
}

#[derive(Default)]
struct Field {
    filled: usize,
    values: HashMap<i32, usize>,
    /// Known records that have a value, now or before.
    met: usize,
    changed: usize,
    /// How many of those are days that move forward, as a prolonged call does.
    prolonged: usize,
    lost: usize,
    changed_to: HashMap<i32, usize>,
    changed_from: HashSet<i32>,
}

#[derive(Default)]
struct Magnitude {
    values: Vec<f64>,
    shifts: Vec<f64>,
}

/// The measure with the number of known records, which the shares of known records are based on.
pub(super) const KNOWN: &str = "known";

/// Columns that tell one record from another.
const IDENTIFYING: [&str; 3] = ["title", "organization", "places"];

impl Stream {
    /// Counts a record.
    pub(super) fn add(&mut self, record: &Record) {
        self.valid += 1;
        self.fields.resize_with(record.now.len().max(self.fields.len()), Field::default);
        self.magnitudes.resize_with(record.magnitudes.len().max(self.magnitudes.len()), Magnitude::default);
        for (field, now) in self.fields.iter_mut().zip(&record.now) {
            if let Some(value) = now {
                field.filled += 1;
                *field.values.entry(*value).or_default() += 1;
            }
        }
        for (magnitude, value) in self.magnitudes.iter_mut().zip(&record.magnitudes) {
            magnitude.values.extend(value);
        }
        let mut digest = DefaultHasher::new();
        for (column, now) in audited().zip(&record.now) {
            if IDENTIFYING.contains(&column.name) {
                now.hash(&mut digest);
            }
        }
        self.different.insert(digest.finish());
        if let Some(before) = &record.before {
            self.compare(record, before);
        }
    }

    fn compare(&mut self, record: &Record, before: &Before) {
        self.known += 1;
        if before.is_open {
            self.open_before += 1;
            self.closing += usize::from(!record.is_open);
            self.withdrawn += usize::from(record.is_withdrawn);
        }
        self.reopening += usize::from(before.is_gone && record.is_open);
        let pairs = || record.magnitudes.iter().zip(&before.magnitudes);
        let mut shifts = pairs().map(|(now, was)| Some((*now)? - (*was)?));
        let mut is_changed = false;
        let values = record.now.iter().zip(&before.hashes);
        for ((field, column), (now, was)) in self.fields.iter_mut().zip(audited()).zip(values) {
            let shift = if has_magnitude(column) { shifts.next().flatten() } else { None };
            is_changed |= field.compare((*now, *was), shift.filter(|_| column.shape == Shape::Day));
        }
        self.changed += usize::from(is_changed);
        for (magnitude, (now, was)) in self.magnitudes.iter_mut().zip(pairs()) {
            if let (Some(now), Some(was)) = (now, was) {
                magnitude.shifts.push(now - was);
            }
        }
    }

    /// Returns the measures. For each column: how often it is filled (`… filled`), how many different values it has
    /// (`different …`), and how frequent its most frequent value is (`one …`). Of the known records: how many change it
    /// (`… changed`, of those that have it), lose it (`… lost`) or get the same new value (`… alike`). Of its magnitude: the median (`…
    /// median`), and the median shift in known records (`… shift`).
    pub(super) fn measures(&self) -> Measures {
        let mut all = Measures::new();
        let (valid, known) = (share_of(self.valid), share_of(self.known));
        for (column, field) in audited().zip(&self.fields) {
            let name = column.name;
            all.insert(format!("{name} filled"), valid(field.filled));
            if field.filled > 0 {
                let most = field.values.values().copied().max().unwrap_or(0);
                let filled = share_of(field.filled);
                all.insert(format!("different {name}"), filled(field.values.len()));
                all.insert(format!("one {name}"), filled(most));
            }
            if self.known > 0 {
                all.insert(format!("{name} changed"), share_of(field.met)(field.doubtful()));
                all.insert(format!("{name} lost"), known(field.lost));
                all.insert(format!("{name} alike"), known(field.alike()));
            }
        }
        let with_magnitude = audited().filter(|column| has_magnitude(column));
        for (column, magnitude) in with_magnitude.zip(&self.magnitudes) {
            let name = column.name;
            let values = median(magnitude.values.iter().copied());
            let shift = median(magnitude.shifts.iter().copied());
            all.extend(values.map(|value| (format!("{name} median"), value)));
            all.extend(shift.map(|value| (format!("{name} shift"), value)));
        }
        if self.valid > 0 {
            all.insert("different records".to_owned(), valid(self.different.len()));
            all.insert("reopening".to_owned(), valid(self.reopening));
            all.insert(KNOWN.to_owned(), float(self.known));
        }
        if self.known > 0 {
            all.insert("records changed".to_owned(), known(self.changed));
        }
        if self.open_before > 0 {
            let open = share_of(self.open_before);
            all.insert("closing".to_owned(), open(self.closing));
            all.insert("withdrawn".to_owned(), open(self.withdrawn));
        }
        all
    }
}

/// The days by which a call is prolonged.
const PROLONGED: std::ops::RangeInclusive<f64> = 5.0..=45.0;

impl Field {
    /// Compares a value with the published one. `shift`: by how many days it moves, if it is a day. Returns whether it
    /// changes in another way than a prolonged call does.
    fn compare(&mut self, (now, was): (Option<i32>, Option<i32>), shift: Option<f64>) -> bool {
        self.met += usize::from(now.is_some() || was.is_some());
        if now == was {
            return false;
        }
        self.changed += 1;
        let is_prolonged = shift.is_some_and(|days| PROLONGED.contains(&days));
        self.prolonged += usize::from(is_prolonged);
        self.changed_from.extend(was);
        match now {
            Some(value) => *self.changed_to.entry(value).or_default() += 1,
            None => self.lost += 1,
        }
        !is_prolonged
    }

    /// Returns how many known records change it in a way that a partner does not prolong a call: nearly all move forward by some
    /// weeks, and to days as different as before.
    fn doubtful(&self) -> usize {
        let most = self.changed_to.values().copied().max().unwrap_or(0);
        let is_prolonged = self.prolonged * 10 >= self.changed * 9 && most * 2 < self.changed;
        if is_prolonged { self.changed - self.prolonged } else { self.changed }
    }

    /// Returns how many known records get the same value although they had different ones.
    fn alike(&self) -> usize {
        let most = self.changed_to.values().copied().max().unwrap_or(0);
        if self.changed_from.len() > 1 { most } else { 0 }
    }
}

/// Returns whether the audit compares the magnitude of a column.
pub(super) fn has_magnitude(column: &Column) -> bool {
    matches!(column.shape, Shape::Number | Shape::Day)
}

/// Returns a function that turns a count into its share of `all`.
pub(super) fn share_of(all: usize) -> impl Fn(usize) -> f64 {
    move |count| float(count) / float(all).max(1.0)
}

/// Converts a count for arithmetic. Exact up to 4 billion.
pub(super) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known records. In each, the first audited column that is a day moves from the first number to the second.
    fn moving(days: &[(i32, i32)], known: usize) -> Measures {
        let columns: Vec<&Column> = audited().collect();
        let at = columns.iter().position(|column| column.shape == Shape::Day).unwrap();
        let among = columns.iter().filter(|column| has_magnitude(column)).count();
        let magnitude = columns.iter().take(at).filter(|column| has_magnitude(column)).count();
        let values = |day: i32| {
            let (mut hashes, mut magnitudes) = (vec![Some(1); columns.len()], vec![None; among]);
            hashes[at] = Some(day);
            magnitudes[magnitude] = Some(f64::from(day));
            (hashes, magnitudes)
        };
        let mut stream = Stream::default();
        for n in 0..known {
            let (was, is) = days.get(n).copied().unwrap_or((7, 7));
            let ((hashes, was), (now, magnitudes)) = (values(was), values(is));
            let before = Before { hashes, magnitudes: was, is_open: true, is_gone: false };
            stream.add(&Record { now, magnitudes, is_open: true, is_withdrawn: false, before: Some(before) });
        }
        let name = columns[at].name;
        let share = |what: &str| stream.measures()[what];
        [
            ("day".to_owned(), share(&format!("{name} changed"))),
            ("records".to_owned(), share("records changed")),
        ]
        .into()
    }

    #[test]
    fn a_field_changes_among_the_known_records_that_have_it() {
        let mut field = Field::default();
        for (now, was) in [(Some(2), Some(1)), (None, Some(1)), (Some(1), Some(1)), (None, None)] {
            field.compare((now, was), None);
        }
        assert_eq!((field.met, field.changed, field.lost), (3, 2, 1));
    }

    #[test]
    fn a_prolonged_call_is_no_doubtful_change_and_one_day_for_all_is() {
        let prolonged: Vec<_> = (0..30).map(|n| (n, n + 14)).collect();
        assert!(moving(&prolonged, 100).values().all(|share| *share < 0.01));
        let one_day: Vec<_> = (0..30).map(|n| (n, 40)).collect();
        assert!((0.29..0.31).contains(&moving(&one_day, 100)["day"]));
        let both_ways: Vec<_> = (0..30).map(|n| (n * 3, (n * 37 % 30) * 3)).collect();
        assert!(moving(&both_ways, 100)["day"] > 0.2);
        let by_a_day: Vec<_> = (0..30).map(|n| (n, n + 1)).collect();
        assert!((0.29..0.31).contains(&moving(&by_a_day, 100)["records"]));
    }
}
