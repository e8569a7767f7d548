//! The normalized row.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

use crate::{
    DraftDigest, Fingerprint, Kind, OpportunityId, SourceSlug, StreamName,
    contacts::Contacts,
    duration::Duration,
    money::{Amount, Fees, Interest},
    places::Place,
    quality::Quality,
    vocabulary::{Audience, Contract, Education, Language, WorkingTime},
};

/// A normalized opportunity, as it is stored in PostgreSQL. A rule has parsed every value, or the value is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opportunity {
    /// Derived from source and external id. Also the id of its point in the vector index.
    pub id: OpportunityId,
    /// Its source.
    pub source: SourceSlug,
    /// The stream that it was found in.
    pub stream: StreamName,
    /// The partner's own identifier.
    pub external_id: String,
    /// Its kind.
    pub kind: Kind,
    /// Heading: plain text, one line, never empty, at most 300 characters.
    pub title: String,
    /// Absolute `http(s)` URL of the page that a person can read.
    pub url: Option<String>,
    /// Who offers it. Absent if the partner hides it or prints a placeholder.
    pub organization: Option<String>,
    /// Body: plain text, paragraphs separated by newlines, at most 20,000 characters.
    pub description: Option<String>,
    /// The body as a safe subset of HTML, if the partner gave markup (`normalize::text`).
    pub description_html: Option<String>,
    /// Where it is. "Douala & Yaoundé" gives two places.
    pub places: Vec<Place>,
    /// Whether the work can be done from anywhere.
    pub remote: bool,
    /// What is earned, paid, lent or granted, if a number is given.
    pub amount: Option<Amount>,
    /// The partner's own words on the amount.
    pub amount_text: Option<String>,
    /// Interest: what a loan costs, or what a savings product earns.
    pub interest: Option<Interest>,
    /// The partner's own words on interest.
    pub interest_text: Option<String>,
    /// Fees of a loan.
    pub fees: Option<Fees>,
    /// The partner's own words on fees.
    pub fees_text: Option<String>,
    /// How long the loan, the training or the contract lasts.
    pub duration: Option<Duration>,
    /// The partner's own words on the duration.
    pub duration_text: Option<String>,
    /// Contracts offered, without repeats, in the order of [`Contract`].
    pub contracts: Vec<Contract>,
    /// When it was published. This does not count as content, because portals update the dates of posts.
    pub posted_at: Option<DateTime<Utc>>,
    /// Day the training or the work begins, in Africa/Douala.
    pub starts_on: Option<NaiveDate>,
    /// Last day of the training, the project, the programme or the contract, in Africa/Douala.
    pub ends_on: Option<NaiveDate>,
    /// Last day to apply, in Africa/Douala.
    pub closes_on: Option<NaiveDate>,
    /// Whether the partner says that it is closed.
    pub is_closed: bool,
    /// Number of places offered, at least 1.
    pub positions: Option<u32>,
    /// Lowest education asked for.
    pub education: Option<Education>,
    /// The partner's words on experience, as one line.
    pub experience: Option<String>,
    /// Experience in months, if the words give it. 0 if beginners are welcome.
    pub experience_months: Option<u16>,
    /// The working time.
    pub working_time: Vec<WorkingTime>,
    /// ISCO-08 unit group that the title names. Jobs and trainings only.
    pub occupation: Option<String>,
    /// Sector: one of our words, each within a section of ISIC rev. 4.
    pub sector: Option<String>,
    /// Whom it is for, if it says so.
    pub audiences: Vec<Audience>,
    /// Languages of the text, without repeats, in the order of [`Language`]: as the partner names them, otherwise as detected
    /// in the text. Empty if unknown.
    pub languages: Vec<Language>,
    /// Contact details of who offers it. Not part of the texts, the vectors, or views other than `api.contacts`.
    pub contacts: Contacts,
    /// How far it can be relied on. This does not count as content.
    pub quality: Quality,
    /// Digest of the content, without dates and counters of the portal.
    pub fingerprint: Fingerprint,
    /// Digest of its draft, if known. This does not count as content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<DraftDigest>,
}
