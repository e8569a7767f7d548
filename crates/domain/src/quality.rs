//! How far an opportunity can be relied on.

use serde::{Deserialize, Serialize};

use crate::coded::coded;

/// The quality of an opportunity.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quality {
    /// 0 to 100: the sum of the weights of its parts, minus ten for each doubt.
    pub score: u8,
    /// Parts that are missing.
    pub missing: Vec<Part>,
    /// What in it does not fit together.
    pub doubts: Vec<Doubt>,
}

coded! {
    /// A part that a good opportunity has.
    Part {
        /// Who offers it.
        Organization = "organization",
        /// A town, or the statement that the work is remote.
        Place = "place",
        /// A body that is long enough.
        Description = "description",
        /// A date of publication, a closing date, or the day it ends.
        Date = "date",
        /// What is earned, paid, lent or granted.
        Amount = "amount",
        /// Contract or education asked for.
        Terms = "terms",
        /// A page to read, or a contact.
        Way = "way",
    }
}

coded! {
    /// A warning: something that does not fit together.
    Doubt {
        /// Published after it was fetched.
        FromTheFuture = "from_the_future",
        /// It closes before it was published.
        ClosedBeforePosted = "closed_before_posted",
        /// It closes in more than two years, and it is not a program.
        ClosesFarAway = "closes_far_away",
        /// The title has a few letters only, or is long and in capitals.
        OddTitle = "odd_title",
        /// A letter of the title, the employer or the text was not in the encoding of the page, and is shown as U+FFFD.
        LostLetters = "lost_letters",
        /// An amount below or above all that is paid for its period in its currency: "11,88 € par an".
        OddAmount = "odd_amount",
        /// The words on an amount or a rate can be read in two ways: a range from high to low was turned round, or the groups of a number
        /// are broken ("75 00 FCFA") and no amount is stored.
        UnclearAmount = "unclear_amount",
        /// The partner's field names another place than the text, whose place counts.
        PlaceDisagrees = "place_disagrees",
        /// No rule can parse the words on when it begins.
        UnreadableStart = "unreadable_start",
        /// The words on when it ends, or until when to answer, name no day: "mi-2028", "sous 10 jours" without a publication.
        UnreadableEnd = "unreadable_end",
        /// An interest rate without its period.
        InterestWithoutPeriod = "interest_without_period",
    }
}
