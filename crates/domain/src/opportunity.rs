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

/// One opportunity, ours: what enters PostgreSQL. Every value was read by a rule or is absent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Opportunity {
    /// Derived from source and external id; also the id of its point in the vector index.
    pub id: OpportunityId,
    /// The partner.
    pub source: SourceSlug,
    /// The list of the partner it stood in.
    pub stream: StreamName,
    /// The partner's own identifier.
    pub external_id: String,
    /// What it is.
    pub kind: Kind,
    /// Heading: plain text, one line, never empty, at most 300 characters.
    pub title: String,
    /// Absolute `http(s)` address of the page a person can read.
    pub url: Option<String>,
    /// Who offers; absent where the partner hides it or prints a placeholder.
    pub organization: Option<String>,
    /// Body: plain text, paragraphs separated by newlines, at most 20,000 characters.
    pub description: Option<String>,
    /// The same as a safe subset of HTML, where the partner gave markup; see `normalize::text`.
    pub description_html: Option<String>,
    /// Where. More than one for "Douala & Yaoundé".
    pub places: Vec<Place>,
    /// Whether the work can be done from anywhere.
    pub remote: bool,
    /// What is earned, paid, lent or granted, where a number is given.
    pub amount: Option<Amount>,
    /// The partner's own words on the amount.
    pub amount_text: Option<String>,
    /// Interest: of a loan what is paid for it, of a savings product what it earns.
    pub interest: Option<Interest>,
    /// The partner's own words on interest.
    pub interest_text: Option<String>,
    /// Fees of a loan.
    pub fees: Option<Fees>,
    /// The partner's own words on fees.
    pub fees_text: Option<String>,
    /// How long the loan, the training or the contract lasts.
    pub duration: Option<Duration>,
    /// The partner's own words on that.
    pub duration_text: Option<String>,
    /// Contracts offered, without repeats, in the order of [`Contract`].
    pub contracts: Vec<Contract>,
    /// When it was published. Not content: portals re-date posts.
    pub posted_at: Option<DateTime<Utc>>,
    /// Day the training or the work begins, in Africa/Douala.
    pub starts_on: Option<NaiveDate>,
    /// Last day to answer, in Africa/Douala.
    pub closes_on: Option<NaiveDate>,
    /// Whether the partner says that it is no longer to be had.
    pub is_closed: bool,
    /// Number of places offered, at least 1.
    pub positions: Option<u32>,
    /// Lowest education asked for.
    pub education: Option<Education>,
    /// The partner's words on experience, as one line.
    pub experience: Option<String>,
    /// The same in months, where the words tell; 0 where beginners are welcome.
    pub experience_months: Option<u16>,
    /// How the work lies in the week.
    pub working_time: Vec<WorkingTime>,
    /// ISCO-08 unit group the title names, of jobs and trainings.
    pub occupation: Option<String>,
    /// Sector, a word of ours within a section of ISIC rev. 4.
    pub sector: Option<String>,
    /// Whom it is for, where it says so.
    pub audiences: Vec<Audience>,
    /// Languages of the text, without repeats, in the order of [`Language`]: as the partner names them, else as the text reads. Empty
    /// where they are unknown.
    pub languages: Vec<Language>,
    /// How to reach who offers. Not in the text, the views or the vectors.
    pub contacts: Contacts,
    /// How much of it can be relied on. Not content.
    pub quality: Quality,
    /// Digest of the content; dates and counters of the portal are left out of it.
    pub fingerprint: Fingerprint,
    /// Digest of the draft it was read from, where that is known. Not content.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub draft: Option<DraftDigest>,
}
