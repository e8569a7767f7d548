//! Contact details.

use serde::{Deserialize, Serialize};

/// The contact details of one opportunity, without repeats, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// E-mail addresses, in lower case.
    pub emails: Vec<String>,
    /// Phone numbers in the format of ITU-T E.164: `+237` and nine digits.
    pub phones: Vec<String>,
}

impl Contacts {
    /// Returns whether there are none.
    pub fn is_empty(&self) -> bool {
        self.emails.is_empty() && self.phones.is_empty()
    }
}
