//! Why a timetable is refused, with the place in its file.

use std::{fmt, ops::Range};

use domain::BadName;

use crate::UnknownMode;

/// Why one field of a cron line is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadField {
    /// A word that this field does not know.
    #[error("{0:?} is neither a number, a three-letter name nor `*`")]
    Word(String),
    /// A number outside the field's range.
    #[error("{number} is outside {first}-{last}")]
    Outside {
        /// The number as written.
        number: String,
        /// The field's lowest number.
        first: u32,
        /// The field's highest number.
        last: u32,
    },
    /// A range whose end comes before its beginning.
    #[error("the range {0} runs backwards")]
    Backwards(String),
    /// `5/15`: dialects disagree on what it means, and crontab(5) does not have it.
    #[error("the step of {start}/{step} has no range: write {start}-{last}/{step}")]
    LoneStep {
        /// The part before the slash.
        start: String,
        /// The part after it.
        step: String,
        /// The field's highest number.
        last: u32,
    },
    /// A step of 0, or one that is larger than the range.
    #[error("the step {step} is not in 1-{last}")]
    Step {
        /// The step as written.
        step: String,
        /// The field's highest number.
        last: u32,
    },
}

/// Why a cron line is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadCron {
    /// Not five fields.
    #[error("a cron line has 5 fields (minute, hour, day of month, month, day of week), this one has {0}")]
    Fields(usize),
    /// One field is wrong.
    #[error("{field}: {reason}")]
    Field {
        /// The field's name (`hour`).
        field: &'static str,
        /// What is wrong with it.
        reason: BadField,
        /// Its place in the cron line, in bytes.
        span: Range<usize>,
    },
    /// A day that is on no calendar, such as 30 February.
    #[error("no calendar has such a day: it would never fire")]
    Never,
}

/// What is wrong at one place of a timetable.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Flaw {
    /// The file is not TOML from here on.
    #[error("{0}")]
    Syntax(String),
    /// A second entry or key of the same name.
    #[error("`{0}` is defined twice")]
    DuplicateName(String),
    /// A key that timetables do not have.
    #[error("unknown key `{key}`{}", hint(.nearest.as_ref()))]
    UnknownKey {
        /// The key as written.
        key: String,
        /// The known key that looks most like it.
        nearest: Option<String>,
    },
    /// An entry without a required key.
    #[error("`{entry}` has no `{key}`")]
    Missing {
        /// The entry's name.
        entry: String,
        /// The key.
        key: &'static str,
    },
    /// A value of the wrong TOML type.
    #[error("`{key}` takes a {wanted}, found {found}")]
    Type {
        /// The key.
        key: String,
        /// The expected type.
        wanted: &'static str,
        /// The type found.
        found: &'static str,
    },
    /// An invalid name of an entry or a source.
    #[error(transparent)]
    Name(BadName),
    /// An unknown mode.
    #[error(transparent)]
    Mode(UnknownMode),
    /// A zone that the IANA time zone database does not have.
    #[error("unknown time zone \"{zone}\"{}", hint(.nearest.as_ref()))]
    Zone {
        /// The zone as written.
        zone: String,
        /// The known zone that looks most like it.
        nearest: Option<String>,
    },
    /// An invalid cron line.
    #[error(transparent)]
    Cron(BadCron),
}

fn hint(nearest: Option<&String>) -> String {
    nearest.map(|known| format!(", did you mean `{known}`?")).unwrap_or_default()
}

/// A [`Flaw`] and its place: `timetable.toml:12:9: unknown key ...`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}:{column}: {flaw}")]
pub struct TimetableError {
    /// The file's name, as it was given.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub flaw: Flaw,
}

/// Everything that is wrong with a timetable, in the order of the file; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TimetableErrors(pub Vec<TimetableError>);

impl fmt::Display for TimetableErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (line, error) in self.0.iter().enumerate() {
            write!(f, "{}{error}", if line == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for TimetableErrors {}
