//! How much of a source a visit requests.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How much of a source a visit requests. Serialized, it is the stored word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// What is new since the last complete run, if the partner supports such a request.
    Incremental,
    /// The whole list. Only a full run can prove that an opportunity is gone.
    Full,
}

impl Mode {
    /// Both modes.
    pub const ALL: [Self; 2] = [Self::Incremental, Self::Full];

    /// The stored word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Incremental => "incremental",
            Self::Full => "full",
        }
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that is not a mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a mode: use \"incremental\" or \"full\"")]
pub struct UnknownMode(String);

impl FromStr for Mode {
    type Err = UnknownMode;
    fn from_str(word: &str) -> Result<Self, UnknownMode> {
        Self::ALL.into_iter().find(|mode| mode.as_str() == word).ok_or_else(|| UnknownMode(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stored_word_is_the_serialized_one() -> Result<(), Box<dyn std::error::Error>> {
        for mode in Mode::ALL {
            assert_eq!(serde_json::to_value(mode)?, mode.as_str());
            assert_eq!(mode.as_str().parse::<Mode>()?, mode);
        }
        assert!("Full".parse::<Mode>().is_err());
        Ok(())
    }
}
