//! Compares a run with earlier runs of its source.

use super::{
    measure::Measures,
    statistics::{chance, median, swing},
};

/// Number of earlier runs considered.
pub(super) const HISTORY: i64 = 10;
/// With fewer earlier runs than this, wider limits apply.
const ENOUGH: usize = 3;
/// Number of usual deviations that are still plausible. Of normally distributed values, one in ten thousand lies
/// farther out.
const SWINGS: f64 = 4.0;
/// The least deviation of a count, as a share of it, that any source may have.
const LEAST_SWING: f64 = 0.1;
/// Without history, a complete run with less than this share of the open opportunities is not plausible.
const PLAUSIBLE_SHARE: f64 = 0.5;
/// A share of fewer records than this means nothing.
const FEW: f64 = 3.0;
/// Smaller streams may lose half of their records on a normal day.
const GUARDED_FROM: f64 = 10.0;

/// What a run shows of a stream, as counts and measures.
#[derive(Debug, Clone, Default)]
pub(super) struct Shown {
    pub(super) stream: String,
    /// Whether the run requested everything, so that what it does not show is missing.
    pub(super) is_whole: bool,
    /// Records parsed.
    pub(super) seen: f64,
    /// Records that became rows.
    pub(super) valid: f64,
    /// How many of those are known.
    pub(super) known: f64,
    /// Records rejected without an identity.
    pub(super) unidentified: f64,
    /// Rows that were open before the run and still are.
    pub(super) open_before: f64,
    /// How many of those the run shows, in any stream.
    pub(super) kept: f64,
    /// Open opportunities that the list shows and whose own pages are gone.
    pub(super) gone: f64,
    pub(super) measures: Measures,
}

/// Returns what is not plausible about a run; empty if everything is.
pub(super) fn findings(now: &Shown, past: &[Shown]) -> Vec<String> {
    if now.seen > 0.0 && now.valid == 0.0 && (now.is_whole || now.seen >= 5.0) {
        return vec![format!("none of {} records is usable", now.seen)];
    }
    let mut found: Vec<String> = Vec::new();
    if now.is_whole {
        found.extend(emptied(now));
        found.extend(unidentified(now, past));
    }
    // Rejected records are missing too, and the reason of the rejection explains more than the number of records left.
    found.extend(ranked(now, past, true));
    if now.is_whole {
        found.extend(volume(now, past));
        found.extend(overlap(now, past));
    }
    found.extend(ranked(now, past, false));
    found
}

/// Returns the findings of the measures, farthest out first: a field that vanished has also changed.
fn ranked(now: &Shown, past: &[Shown], of_rejections: bool) -> Vec<String> {
    let mut found: Vec<(f64, String)> = Vec::new();
    for kind in KINDS {
        for (name, value) in &now.measures {
            if (kind.is_of)(name) && name.starts_with("rejected") == of_rejections {
                found.extend(kind.finding(now, past, name, *value));
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0));
    found.into_iter().map(|(_, why)| why).collect()
}

fn emptied(now: &Shown) -> Option<String> {
    (now.seen == 0.0 && now.open_before > now.kept)
        .then(|| format!("it shows nothing while {} opportunities are open", now.open_before))
}

fn unidentified(now: &Shown, past: &[Shown]) -> Option<String> {
    let usual = median(past.iter().map(|shown| shown.unidentified)).unwrap_or(0.0);
    (now.unidentified > usual && now.valid < now.open_before).then(|| {
        format!("{} records have no identity and may be any of those that are missing", now.unidentified)
    })
}

/// Finds far fewer records than the source usually shows.
fn volume(now: &Shown, past: &[Shown]) -> Option<String> {
    if past.len() < ENOUGH {
        let shown = now.valid.max(now.kept);
        let shrunk = now.open_before >= GUARDED_FROM && shown < PLAUSIBLE_SHARE * now.open_before;
        return shrunk
            .then(|| format!("{shown} usable records while {} opportunities are open", now.open_before));
    }
    let counts: Vec<f64> = past.iter().map(|shown| shown.valid).collect();
    let usual = median(counts.iter().copied())?;
    let least = usual - SWINGS * swing(&counts, usual).max(LEAST_SWING * usual);
    (usual >= GUARDED_FROM && now.valid < least).then(|| {
        format!(
            "{} usable records, where {usual:.0} are usual and at least {:.0} plausible",
            now.valid,
            least.max(0.0)
        )
    })
}

/// Finds that few known identifiers are shown again: it is another list, or the same one with new numbers.
fn overlap(now: &Shown, past: &[Shown]) -> Option<String> {
    let share =
        |shown: &Shown| (shown.open_before > 0.0).then(|| (shown.kept + shown.gone) / shown.open_before);
    let again = share(now)?;
    let before: Vec<f64> = past.iter().filter_map(share).collect();
    let usual = median(before.iter().copied()).unwrap_or(1.0);
    let least = if before.len() < ENOUGH { 0.5 } else { 0.4 };
    let counted: f64 = past.iter().map(|shown| shown.open_before).sum();
    let by_chance = SWINGS * chance(usual, counted, now.open_before);
    let allowed = (SWINGS * swing(&before, usual)).max(by_chance).max(least);
    (now.open_before >= FEW && again < usual - allowed).then(|| {
        format!(
            "only {} of {} known identifiers are shown again, where {:.0} % are usual: is it the same list?",
            now.kept + now.gone,
            now.open_before,
            100.0 * usual
        )
    })
}

/// A kind of measure, and its limits.
struct Kind {
    is_of: fn(&str) -> bool,
    /// The usual value when earlier runs give none; `None`: then nothing is checked.
    usual: Option<f64>,
    /// Whether it needs earlier runs: the first file of a source that was crawled before differs a lot in wording.
    needs_past: bool,
    /// 1: too high is a finding; -1: too low is; 0: both are.
    direction: f64,
    /// The change that any source may have, with a history and without one.
    least: [f64; 2],
    /// Number of records that the share of this name is based on; `None` if the measure is not a share.
    of: Option<fn(&Shown, name: &str) -> f64>,
    tell: fn(name: &str, now: f64, usual: f64, shown: &Shown) -> String,
}

fn valid(shown: &Shown, _: &str) -> f64 {
    shown.valid
}

fn known(shown: &Shown, _: &str) -> f64 {
    shown.known
}

fn seen(shown: &Shown, _: &str) -> f64 {
    shown.seen
}

/// Returns how many records have the field of `different …` and `one …` at all: of two organizations among 40 records, one
/// more or less says nothing.
fn filled(shown: &Shown, name: &str) -> f64 {
    let share = shown.measures.get(&format!("{} filled", field(name))).copied().unwrap_or(1.0);
    share * shown.valid
}

/// Returns about how many known records have the field of `… changed`: all have `records`.
fn known_with(shown: &Shown, name: &str) -> f64 {
    let share = shown.measures.get(&format!("{} filled", field(name))).copied().unwrap_or(1.0);
    (share * shown.known).round()
}

fn percent(share: f64) -> f64 {
    100.0 * share
}

/// Returns the field of a measure such as `organization filled` or `different organization`.
fn field(name: &str) -> &str {
    name.split_once(' ').map_or(name, |(first, rest)| match first {
        "different" | "one" => rest,
        field => field,
    })
}

/// The share of known records that would change a field.
const CHANGED: Kind = Kind {
    is_of: |name| name.ends_with(" changed"),
    usual: Some(0.0),
    needs_past: true,
    direction: 1.0,
    least: [0.2, 0.5],
    of: Some(known_with),
    tell: |name, now, usual, shown| {
        format!(
            "{} would change in {:.0} % of {:.0} known records, where {:.0} % is usual",
            field(name),
            percent(now),
            known_with(shown, name),
            percent(usual)
        )
    },
};

static KINDS: &[Kind] = &[
    Kind {
        is_of: |name| name.ends_with(" shift"),
        usual: Some(0.0),
        needs_past: false,
        direction: 0.0,
        least: [0.7, 0.7],
        of: None,
        tell: |name, now, _, shown| moved(field(name), now, &format!("of {} known records", shown.known)),
    },
    Kind {
        is_of: |name| name.ends_with(" filled"),
        usual: None,
        needs_past: false,
        direction: -1.0,
        least: [0.3, 1.0],
        of: Some(valid),
        tell: |name, now, usual, _| {
            format!("{}: {:.0} %, where {:.0} % are usual", field(name), percent(now), percent(usual))
        },
    },
    Kind {
        is_of: |name| name.ends_with(" lost"),
        usual: Some(0.0),
        needs_past: false,
        direction: 1.0,
        least: [0.1, 0.5],
        of: Some(known),
        tell: |name, now, _, shown| {
            format!("{} would be lost in {:.0} % of {} known records", field(name), percent(now), shown.known)
        },
    },
    Kind {
        is_of: |name| name.starts_with("different "),
        usual: None,
        needs_past: false,
        direction: -1.0,
        least: [0.3, 1.0],
        of: Some(filled),
        tell: |name, now, usual, _| {
            format!(
                "different {}: {:.0} %, where {:.0} % are usual",
                field(name),
                percent(now),
                percent(usual)
            )
        },
    },
    Kind {
        is_of: |name| name.starts_with("one "),
        usual: None,
        needs_past: false,
        direction: 1.0,
        least: [0.3, 1.0],
        of: Some(filled),
        tell: |name, now, usual, _| {
            format!(
                "{}: one value stands in {:.0} % of the records, where {:.0} % are usual",
                field(name),
                percent(now),
                percent(usual)
            )
        },
    },
    Kind {
        is_of: |name| {
            // One day is given to a whole call, or to all courses of a term.
            let is_day = ["closes_on", "starts_on", "ends_on"].iter().any(|day| name.starts_with(day));
            name.ends_with(" alike") && !is_day
        },
        usual: Some(0.0),
        needs_past: false,
        direction: 1.0,
        least: [0.1, 0.5],
        of: Some(known),
        tell: |name, now, _, shown| {
            format!(
                "{} would get one and the same value in {:.0} % of {} known records",
                field(name),
                percent(now),
                shown.known
            )
        },
    },
    // Another title is most often another record. Half as many are doubted as of what partners edit.
    Kind { is_of: |name| name == "title changed", least: [0.1, 0.5], ..CHANGED },
    // Several small faults at once: each of them alone is less than what partners edit.
    Kind { is_of: |name| name == "records changed", least: [0.25, 0.6], ..CHANGED },
    Kind {
        is_of: |name| name.ends_with(" changed") && !["title changed", "records changed"].contains(&name),
        ..CHANGED
    },
    Kind {
        is_of: |name| name.ends_with(" median"),
        usual: None,
        needs_past: false,
        direction: 0.0,
        least: [1.2, 100.0],
        of: None,
        tell: |name, now, usual, _| moved(field(name), now - usual, "beside earlier runs"),
    },
    Kind {
        is_of: |name| name == "closing",
        usual: Some(0.0),
        needs_past: false,
        direction: 1.0,
        least: [0.4, 0.5],
        of: Some(known),
        tell: |_, now, _, _| {
            format!("{:.0} % of the open opportunities would close by what they say", percent(now))
        },
    },
    Kind {
        is_of: |name| name == "withdrawn",
        usual: Some(0.0),
        needs_past: false,
        direction: 1.0,
        least: [0.2, 0.5],
        of: Some(known),
        tell: |_, now, _, _| {
            format!(
                "{:.0} % of the open opportunities would close, because the partner says so",
                percent(now)
            )
        },
    },
    Kind {
        is_of: |name| name == "reopening",
        usual: Some(0.0),
        needs_past: false,
        direction: 1.0,
        least: [0.05, 0.5],
        of: Some(valid),
        tell: |_, now, _, _| {
            format!(
                "{:.0} % of the records would reopen what was gone: is it an old copy of the list, or was an earlier one cut?",
                percent(now)
            )
        },
    },
    Kind {
        is_of: |name| name == "rejected of known",
        usual: Some(0.0),
        needs_past: false,
        direction: 1.0,
        least: [0.1, 0.3],
        of: Some(seen),
        tell: |_, now, _, _| {
            format!("{:.0} % of the open opportunities that it shows are rejected now", percent(now))
        },
    },
    Kind {
        is_of: |name| name == "rejected" || name.starts_with("rejected: "),
        usual: Some(0.0),
        needs_past: false,
        direction: 1.0,
        least: [0.3, 1.0],
        of: Some(seen),
        tell: |name, now, usual, _| {
            let why = name.strip_prefix("rejected: ").map(|why| format!(" ({})", why.replace('_', " ")));
            format!(
                "{:.0} % of the records are rejected{}, where {:.0} % are usual",
                percent(now),
                why.unwrap_or_default(),
                percent(usual)
            )
        },
    },
];

/// Describes how a magnitude moved: by a factor for numbers, by days for dates.
fn moved(field: &str, by: f64, whose: &str) -> String {
    if field.ends_with("_on") {
        format!("{field} would move by {by:+.0} days (median {whose})")
    } else {
        format!("{field} would be {:.2} times as high (median {whose})", by.exp())
    }
}

/// Days that a date may move, per unit that a logarithm may move.
const DAYS: f64 = 60.0;

impl Kind {
    /// Returns how far out a measure lies, in multiples of its limit, and its description; `None` if it is plausible.
    fn finding(&self, now: &Shown, past: &[Shown], name: &str, value: f64) -> Option<(f64, String)> {
        let before: Vec<f64> = past.iter().filter_map(|shown| shown.measures.get(name).copied()).collect();
        let usual =
            median(before.iter().copied()).or(self.usual.filter(|_| !self.needs_past || !past.is_empty()))?;
        // Known rows that stay as they are, or move less than they used to, are not in doubt: that an operator once published a change of
        // all amounts makes no habit of it.
        let typical = usual;
        let usual =
            if name.ends_with(" shift") { value.clamp(usual.min(0.0), usual.max(0.0)) } else { usual };
        let [least, without_history] = self.least;
        let least = if before.len() < ENOUGH { without_history } else { least };
        let unit = if field(name).ends_with("_on") && self.of.is_none() { DAYS } else { 1.0 };
        let farthest = before.iter().map(|value| (value - typical).abs()).fold(0.0, f64::max);
        let mut allowed = (SWINGS * swing(&before, typical)).max(farthest).max(least * unit);
        if let Some(of) = self.of {
            let records = of(now, name);
            if records < FEW || (value - usual).abs() * records < FEW {
                return None;
            }
            let counted: f64 = past.iter().map(|shown| of(shown, name)).sum();
            allowed = allowed.max(SWINGS * chance(usual, counted, records));
        } else if now.known.max(now.valid) < FEW {
            return None;
        }
        let distance = value - usual;
        let doubted = if self.direction == 0.0 { distance.abs() } else { distance * self.direction };
        let is_the_only_one =
            name.starts_with("one ") && is_suddenly_all(value, usual, farthest, filled(now, name));
        let is_found = doubted > allowed || is_the_only_one;
        is_found.then(|| (doubted / allowed, (self.tell)(name, value, usual, now)))
    }
}

/// Returns whether one value suddenly fills every record, where chance would do that less than once in a thousand runs.
fn is_suddenly_all(value: f64, usual: f64, farthest: f64, records: f64) -> bool {
    value >= 1.0 && usual + farthest < 1.0 && usual.powf(records) < 0.001
}

#[cfg(test)]
mod tests;
