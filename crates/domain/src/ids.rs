//! Names and identifiers. Each has its own type, so that a run cannot be taken for an opportunity.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Namespace of [`OpportunityId`]s (RFC 9562, version 5). Any constant works, as long as it never changes.
const OPPORTUNITY_NAMESPACE: Uuid = Uuid::from_u128(0x6f69_6d65_746c_5f6f_7070_6f72_7475_6e69);

/// An invalid name: empty, too long, or with characters other than `a-z`, `0-9`, `_` and `-`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a name: use 2 to 40 of a-z, 0-9, `_`, `-`, beginning with a letter")]
pub struct BadName(String);

fn checked(name: &str) -> Result<String, BadName> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase());
    if begins && (2..=40).contains(&name.len()) && name.chars().all(legal) {
        Ok(name.to_owned())
    } else {
        Err(BadName(name.chars().take(60).collect()))
    }
}

macro_rules! name {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $type(String);

        impl $type {
            /// Checks a name and wraps it.
            pub fn new(name: &str) -> Result<Self, BadName> {
                checked(name).map(Self)
            }

            /// Returns the name as written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }

        impl AsRef<str> for $type {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $type {
            type Err = BadName;
            fn from_str(name: &str) -> Result<Self, BadName> {
                Self::new(name)
            }
        }

        impl TryFrom<String> for $type {
            type Error = BadName;
            fn try_from(name: String) -> Result<Self, BadName> {
                Self::new(&name)
            }
        }

        impl From<$type> for String {
            fn from(name: $type) -> Self {
                name.0
            }
        }
    };
}

name! {
    /// The slug of a source: the name of its file in `sources/partners/` (`fne`, `emploicameroun`).
    SourceSlug
}

name! {
    /// The name of a stream: one list that a source publishes (`offres`, `formations`).
    StreamName
}

macro_rules! id {
    ($(#[$doc:meta])* $type:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $type(Uuid);

        impl $type {
            /// Returns the identifier as a UUID, for the database or the vector index.
            pub fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $type {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl FromStr for $type {
            type Err = uuid::Error;
            fn from_str(id: &str) -> Result<Self, uuid::Error> {
                id.parse().map(Self)
            }
        }
    };
}

id! {
    /// The identifier of a run: one ingest of one source.
    RunId
}

id! {
    /// The identifier of an opportunity, in PostgreSQL and in the vector index.
    OpportunityId
}

impl OpportunityId {
    /// Returns the identifier of a partner's record. A record has the same identifier forever and on every machine, so
    /// loading and indexing it again is harmless.
    pub fn of(source: &SourceSlug, external_id: &str) -> Self {
        let name = format!("{source}\u{1f}{external_id}");
        Self(Uuid::new_v5(&OPPORTUNITY_NAMESPACE, name.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_checked() {
        assert_eq!(SourceSlug::new("fne").map(String::from), Ok("fne".to_owned()));
        for bad in ["", "a", "Fne", "../etc", "1fne", "fne offres", "é"] {
            assert!(SourceSlug::new(bad).is_err(), "{bad:?} passed");
        }
    }

    #[test]
    fn identity_is_stable_and_separates_sources() -> Result<(), BadName> {
        let (fne, mc2) = (SourceSlug::new("fne")?, SourceSlug::new("mc2")?);
        assert_eq!(OpportunityId::of(&fne, "12").to_string(), OpportunityId::of(&fne, "12").to_string());
        assert_ne!(OpportunityId::of(&fne, "12"), OpportunityId::of(&mc2, "12"));
        assert_ne!(OpportunityId::of(&fne, "12"), OpportunityId::of(&fne, "13"));
        Ok(())
    }
}
