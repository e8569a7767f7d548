//! The checks of each source on each kind of day, and their table.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
};

use super::kinds::{Keeps, Kind};
use crate::support::portals::{
    Rows, Run,
    world::{Row, Shape},
};

/// The result of one source on one kind of day.
pub(crate) struct Verdict {
    pub(crate) day: String,
    pub(crate) source: String,
    pub(crate) run: Run,
    /// What does not hold: the expected and the seen.
    pub(crate) faults: Vec<String>,
}

impl Verdict {
    pub(crate) fn new(day: &str, shape: &Shape, run: &Run) -> Self {
        Self { day: day.to_owned(), source: shape.slug.clone(), run: run.clone(), faults: Vec::new() }
    }

    /// Judges a bad day: whether its run says what it is.
    pub(crate) fn bad(kind: &Kind, shape: &Shape, run: &Run) -> Self {
        let mut verdict = Self::new(kind.name, shape, run);
        let is_believed = run.state == "complete";
        if !(["held", "partial"].contains(&run.state.as_str()) || is_believed && kind.may_be_harmless) {
            verdict.faults.push(format!("expected held or partial, seen {}", run.state));
        }
        let message = run.message.to_lowercase();
        if !is_believed && !kind.words.iter().any(|word| message.contains(word)) {
            verdict.faults.push(format!("expected a message with one of {:?}", kind.words));
        }
        verdict
    }

    /// Checks that `seen` is still as it was before; `what` names it.
    pub(crate) fn keeps(&mut self, kind: &Kind, what: &str, evening: &Rows, seen: &Rows, truth: &[Row]) {
        let true_ids = ids(truth);
        let changed = if kind.keeps == Keeps::Known && self.run.state == "partial" {
            // New rows may be served if they are true.
            differences(evening, seen, |id| evening.contains_key(id) || !true_ids.contains(id))
        } else if kind.may_be_harmless && self.run.state == "complete" {
            // A second walk closes what is no longer offered.
            let is_closed = |id: &str| seen.get(id).is_some_and(|row| row["status"] != "open");
            differences(evening, seen, |id| true_ids.contains(id) || !is_closed(id))
        } else {
            differences(evening, seen, |_| true)
        };
        let fault = |changed| format!("{what}: expected as the evening before, seen {changed}");
        self.faults.extend(changed.map(fault));
    }

    /// Judges the good day after it.
    pub(crate) fn recovers(&mut self, run: &Run, expected: &Rows, seen: &Rows, truth: &[Row]) {
        if run.state != "complete" {
            self.faults
                .push(format!("the good day after: expected complete, seen {}: {}", run.state, run.message));
        }
        let true_ids = ids(truth);
        let wrong = differences(expected, seen, |id| true_ids.contains(id));
        self.faults.extend(wrong.map(|what| format!("the good day after: expected the truth, seen {what}")));
    }
}

pub(crate) fn ids(rows: &[Row]) -> BTreeSet<&str> {
    rows.iter().map(|row| row.id.as_str()).collect()
}

/// Describes how rows differ from the expected ones, counted by column, with an example. Returns `None` if they do not differ.
pub(crate) fn differences(expected: &Rows, seen: &Rows, counts: impl Fn(&str) -> bool) -> Option<String> {
    let mut kinds: BTreeMap<String, (usize, String)> = BTreeMap::new();
    let all: BTreeSet<&String> = expected.keys().chain(seen.keys()).collect();
    for id in all.into_iter().filter(|id| counts(id)) {
        let (what, example) = match (expected.get(id), seen.get(id)) {
            (Some(_), None) => ("missing".to_owned(), id.clone()),
            (None, Some(row)) => (format!("unexpected, {}", row["status"]), format!("{id} {}", row["title"])),
            (Some(was), Some(is)) => {
                let fields = was.as_object().unwrap();
                let differing = |name: &&String| was[name.as_str()] != is[name.as_str()];
                // A difference in status explains the one in its reason.
                let status = "status".to_owned();
                let Some(name) = [&status].into_iter().chain(fields.keys()).find(differing) else { continue };
                (name.clone(), format!("{id} {} -> {}", was[name], is[name]))
            }
            (None, None) => continue,
        };
        let entry = kinds.entry(what).or_insert((0, example));
        entry.0 += 1;
    }
    let told = kinds.iter().map(|(what, (count, example))| format!("{count} × {what} ({example})"));
    (!kinds.is_empty()).then(|| told.collect::<Vec<_>>().join(", "))
}

/// Returns one line for each result, and below it what does not hold.
fn table(verdicts: &[Verdict]) -> String {
    let mut table = String::new();
    for Verdict { day, source, run, faults } in verdicts {
        let mark = if faults.is_empty() { "ok  " } else { "FAIL" };
        let (state, closed) = (&run.state, run.closed);
        let message: String = run.message.chars().take(160).collect();
        let _ = writeln!(table, "{mark} {day:<32} {source:<16} {state:<11} {closed:>3} closed  {message}");
        for fault in faults {
            let _ = writeln!(table, "       {}", fault.chars().take(400).collect::<String>());
        }
    }
    table
}

/// Fails the test if anything does not hold, and prints the table of all results.
pub(crate) fn judge(verdicts: &[Verdict]) {
    let failed = verdicts.iter().filter(|verdict| !verdict.faults.is_empty()).count();
    assert!(failed == 0, "{failed} of {} source-days do not hold\n{}", verdicts.len(), table(verdicts));
}
