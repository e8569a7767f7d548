//! The digest of an opportunity's content.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Opportunity;

/// SHA-256 of an opportunity's content. Equal fingerprints mean equal content. Publication dates and counters of the portal
/// are left out, so a post with a new date is unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// A placeholder, which [`Fingerprint::of`] replaces before the opportunity is used.
    pub const UNKNOWN: Self = Self([0; 32]);

    /// Returns the fingerprint of an opportunity.
    pub fn of(opportunity: &Opportunity) -> Self {
        let mut digest = Sha256::new();
        let content = (
            (
                opportunity.kind,
                &opportunity.title,
                &opportunity.url,
                &opportunity.organization,
                &opportunity.description,
            ),
            (&opportunity.places, &opportunity.amount, &opportunity.amount_text, &opportunity.contracts),
            (
                opportunity.closes_on,
                opportunity.positions,
                opportunity.education,
                &opportunity.experience,
                &opportunity.languages,
                opportunity.remote,
                &opportunity.contacts,
            ),
            (
                opportunity.experience_months,
                &opportunity.working_time,
                &opportunity.occupation,
                &opportunity.sector,
                &opportunity.audiences,
            ),
            (
                &opportunity.interest,
                &opportunity.interest_text,
                &opportunity.fees,
                &opportunity.fees_text,
                opportunity.duration,
                &opportunity.duration_text,
                opportunity.starts_on,
                opportunity.ends_on,
                &opportunity.description_html,
            ),
        );
        // JSON of a tuple delimits every value, so that two different rows never give the same bytes.
        let json = serde_json::to_vec(&content).unwrap_or_default();
        digest.update(&json);
        Self(digest.finalize().into())
    }

    /// Returns the bytes, as they are stored.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Returns the fingerprint with these bytes. `None` unless there are 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}

/// Text that is not 64 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a fingerprint: 64 hexadecimal digits are needed")]
pub struct BadFingerprint;

impl TryFrom<String> for Fingerprint {
    type Error = BadFingerprint;
    fn try_from(text: String) -> Result<Self, BadFingerprint> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map(|()| Self(bytes)).map_err(|_| BadFingerprint)
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}
