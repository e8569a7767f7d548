//! How much of an opportunity can be relied on.

use serde::{Deserialize, Serialize};

use crate::coded::coded;

/// What speaks for an opportunity and what against it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// 0 to 100: what its parts weigh, less ten for each doubt.
    pub score: u8,
    /// Parts that are missing.
    pub missing: Vec<Part>,
    /// What does not fit together.
    pub doubts: Vec<Doubt>,
}

coded! {
    /// What a good opportunity has.
    Part {
        /// Somebody who offers.
        Organization = "organization",
        /// A town, or the word that it can be done from anywhere.
        Place = "place",
        /// A body of some length.
        Description = "description",
        /// A date: of publication, or to answer by.
        Date = "date",
        /// What is earned, paid, lent or granted.
        Amount = "amount",
        /// Contract or education asked for.
        Terms = "terms",
        /// A page to read, or somebody to write to.
        Way = "way",
    }
}

coded! {
    /// What makes one look twice.
    Doubt {
        /// Published after it was fetched.
        FromTheFuture = "from_the_future",
        /// Its last day lies before its publication.
        ClosedBeforePosted = "closed_before_posted",
        /// Its last day is more than two years off, and it is no programme.
        ClosesFarAway = "closes_far_away",
        /// The title is a few letters, or all capitals and long.
        OddTitle = "odd_title",
        /// A wage above any in Cameroon.
        OddAmount = "odd_amount",
        /// The partner's field for the place says another one than the text, which counts.
        PlaceDisagrees = "place_disagrees",
        /// Words on when it begins that no rule reads.
        UnreadableStart = "unreadable_start",
        /// A rate of interest without the time it is for.
        InterestWithoutPeriod = "interest_without_period",
    }
}
