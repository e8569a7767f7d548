//! What a run shows of a stream, in numbers.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::statistics::median;
use crate::rows::columns::{Column, Shape, audited};

/// Measures by name. Shares lie from 0 to 1.
pub(super) type Measures = BTreeMap<String, f64>;

/// One record of a run: its audited columns as hashes and magnitudes, as they would be and as they are served.
pub(super) struct Record {
    /// Hashes as they would be served.
    pub(super) now: Vec<Option<i32>>,
    pub(super) magnitudes: Vec<Option<f64>>,
    /// Whether it would be served as open.
    pub(super) is_open: bool,
    /// How it is served, if it is known.
    pub(super) before: Option<Before>,
}

/// A record as it is served.
pub(super) struct Before {
    pub(super) hashes: Vec<Option<i32>>,
    pub(super) magnitudes: Vec<Option<f64>>,
    pub(super) is_open: bool,
    /// Whether it is closed because its source no longer showed it.
    pub(super) is_gone: bool,
}

/// The records of a stream, being counted.
#[derive(Default)]
pub(super) struct Stream {
    /// Records that became rows.
    pub(super) valid: usize,
    /// Of those, how many are known.
    pub(super) known: usize,
    closing: usize,
    reopening: usize,
    open_before: usize,
    fields: Vec<Field>,
    /// Different records, by title, employer and place.
    different: HashSet<u64>,
    magnitudes: Vec<Magnitude>,
}

#[derive(Default)]
struct Field {
    filled: usize,
    values: HashMap<i32, usize>,
    changed: usize,
    lost: usize,
    changed_to: HashMap<i32, usize>,
    changed_from: HashSet<i32>,
}

#[derive(Default)]
struct Magnitude {
    values: Vec<f64>,
    shifts: Vec<f64>,
}

/// The measure that says how many records were known: the shares of known records are counted on them.
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
        }
        self.reopening += usize::from(before.is_gone && record.is_open);
        for ((field, now), was) in self.fields.iter_mut().zip(&record.now).zip(&before.hashes) {
            if now == was {
                continue;
            }
            field.changed += 1;
            field.changed_from.extend(was);
            match now {
                Some(value) => *field.changed_to.entry(*value).or_default() += 1,
                None => field.lost += 1,
            }
        }
        let pairs = record.magnitudes.iter().zip(&before.magnitudes);
        for (magnitude, (now, was)) in self.magnitudes.iter_mut().zip(pairs) {
            if let (Some(now), Some(was)) = (now, was) {
                magnitude.shifts.push(now - was);
            }
        }
    }

    /// The measures: for each column how often it is filled (`… filled`), how many different values it has (`different …`), how
    /// often its most frequent value stands (`one …`); of the known records, how many change it (`… changed`), lose it
    /// (`… lost`) or get one and the same value (`… alike`); the median of its magnitude (`… median`) and how far the known
    /// records shift it (`… shift`).
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
                all.insert(format!("{name} changed"), known(field.changed));
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
        if self.open_before > 0 {
            all.insert("closing".to_owned(), share_of(self.open_before)(self.closing));
        }
        all
    }
}

impl Field {
    /// How many known records get one and the same value, where they had several.
    fn alike(&self) -> usize {
        let most = self.changed_to.values().copied().max().unwrap_or(0);
        if self.changed_from.len() > 1 { most } else { 0 }
    }
}

/// Whether the audit compares the magnitude of a column.
pub(super) fn has_magnitude(column: &Column) -> bool {
    matches!(column.shape, Shape::Number | Shape::Day)
}

/// A function from a count to its share of `all`.
pub(super) fn share_of(all: usize) -> impl Fn(usize) -> f64 {
    move |count| float(count) / float(all).max(1.0)
}

/// A count as a number to reckon with. Exact up to 4 billion.
pub(super) fn float(count: usize) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX))
}
