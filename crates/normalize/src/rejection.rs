//! Rejections: a reason without contacts, and the rejected record.

use domain::{Reason, Rejection, contacts::Contacts};
use serde_json::Value;

use crate::contacts::take_contacts;

/// Returns a rejection. Its words appear in tables and messages, so contacts are taken out of them. The record keeps its contacts.
pub fn reject(mut reason: Reason, external_id: Option<String>, record: Value) -> Rejection {
    if let Some(words) = reason.prose_mut() {
        *words = take_contacts(&mut Contacts::default(), std::mem::take(words), &|_| false);
    }
    Rejection::with_clean_reason(reason, external_id, record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_masked_in_prose_alone() {
        let record = Value::from("Douala, 699 00 11 22");
        let masked = reject(Reason::UnknownPlace("Douala, 699 00 11 22".into()), None, record.clone());
        assert_eq!(masked.reason, Reason::UnknownPlace("Douala, [téléphone]".into()));
        assert_eq!(masked.record, record);
        let identity = Reason::RepeatedIdentity("699001122".into());
        assert_eq!(reject(identity.clone(), None, Value::Null).reason, identity);
    }
}
