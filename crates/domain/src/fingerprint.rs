//! The digest of an opportunity's content.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::Opportunity;

/// SHA-256 over what an opportunity says. Two readings with the same fingerprint say the same; publication dates and
/// other counters of the portal are left out, so a re-dated post is unchanged.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of content not yet known: replaced by [`Fingerprint::of`] before anybody sees it.
    pub const UNKNOWN: Self = Self([0; 32]);

    /// The digest of an opportunity.
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
                &opportunity.description_html,
            ),
        );
        // JSON of a tuple: every value is delimited, so none can be shifted into its neighbour.
        let json = serde_json::to_vec(&content).unwrap_or_default();
        digest.update(&json);
        Self(digest.finalize().into())
    }

    /// The digest as stored.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A stored digest; `None` unless it has 32 bytes.
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
