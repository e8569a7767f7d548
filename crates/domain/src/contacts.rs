//! How to reach people.

use serde::{Deserialize, Serialize};

/// Addresses and numbers of one post, without repeats, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contacts {
    /// Addresses of e-mail, in lower case.
    pub emails: Vec<String>,
    /// Numbers in the form of ITU-T E.164: `+237` and nine digits.
    pub phones: Vec<String>,
}

impl Contacts {
    /// Whether none was found.
    pub fn is_empty(&self) -> bool {
        self.emails.is_empty() && self.phones.is_empty()
    }
}
