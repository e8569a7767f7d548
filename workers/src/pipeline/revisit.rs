//! Stage 2: what tells whether a detail page is worth another request.

use std::{collections::BTreeMap, fmt::Write as _};

use domain::StreamName;
use normalize::address::{content, without_campaign};
use serde_json::Value;
use sources::Spec;
use store::{PageRow, Visit};
use url::Url;

use crate::archive::digest;

/// Describes a visit to the detail page of a record.
pub(crate) fn visit(spec: &Spec, stream: &StreamName, url: &Url, card: &Value) -> Visit {
    let mut plain = url.clone();
    without_campaign(&mut plain);
    plain.set_fragment(None);
    let revisit = spec.stream(stream).and_then(sources::Stream::revisit).unwrap_or_default();
    Visit { url: plain.into(), card: card_digest(card), revisit }
}

/// The same for a stored page.
pub(crate) fn of_page(spec: &Spec, page: &PageRow) -> anyhow::Result<Visit> {
    Ok(visit(spec, &StreamName::new(&page.stream)?, &page.url.parse()?, &page.request))
}

/// Returns a digest of what a list record says. The parameters of campaigns and sessions in its links say nothing of it; the
/// identifier is taken as it is.
fn card_digest(card: &Value) -> [u8; 32] {
    let Some(fields) = card.as_object() else { return digest(card.to_string().as_bytes()) };
    // The database returns them in another order.
    let fields: BTreeMap<&String, &Value> = fields.iter().collect();
    let mut text = String::new();
    for (field, words) in fields {
        let words = match words {
            Value::String(words) if field == "external_id" => words.clone(),
            Value::String(words) => content(words).into_owned(),
            other => other.to_string(),
        };
        // Lengths keep two fields from passing for one.
        let _ = writeln!(text, "{}:{field}={}:{words}", field.len(), words.len());
    }
    digest(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_list_record_is_what_it_says_and_not_how_its_visitor_came() {
        let card =
            |url: &str, id: &str| card_digest(&json!({ "external_id": id, "url": url, "title": "Soudeur" }));
        let plain = card("/offre/7?p=1", "7");
        assert_eq!(card("/offre/7?p=1&utm_source=liste", "7"), plain);
        assert_eq!(card("/offre/7?PHPSESSID=41&p=1", "7"), plain);
        assert_ne!(card("/offre/7?p=2", "7"), plain);
        assert_ne!(card("/offre/7?p=1", "8"), plain);
        assert_ne!(card("/offre/7", "?sid=1"), card("/offre/7", "?sid=2"), "an identifier is taken as it is");
        let turned = json!({ "url": "/offre/7?p=1", "title": "Soudeur", "external_id": "7" });
        assert_eq!(card_digest(&turned), plain, "whatever the order");
        assert_ne!(card_digest(&json!({"a": "b", "c": "d"})), card_digest(&json!({"a": "b\n1:c=1:d"})));
    }
}
