//! Sorts records into drafts, detail pages to fetch, and rejections.

use std::collections::HashSet;

use domain::{Draft, Kind, Reason, Rejection};
use normalize::text::fold;
use serde_json::Value;
use url::Url;

use super::{absolute, address, elsewhere::is_another_page, pass::Found};
use crate::{Follow, Page, Reading, Role, Spec, Stream, grammar::KIND};

/// Longest address that is fetched.
pub(super) const LONGEST_URL: usize = 2_000;

/// Sorts the records of one page.
pub(super) struct Classifier<'a> {
    spec: &'a Spec,
    stream: &'a Stream,
    page: &'a Page<'a>,
    /// Where relative links start from.
    base: &'a Url,
    reading: Reading,
    followed: HashSet<Url>,
}

impl<'a> Classifier<'a> {
    pub(super) fn new(spec: &'a Spec, stream: &'a Stream, page: &'a Page<'a>, base: &'a Url) -> Self {
        Self { spec, stream, page, base, reading: Reading::default(), followed: HashSet::new() }
    }

    /// Records since the last batch.
    pub(super) fn len(&self) -> usize {
        let reading = &self.reading;
        reading.drafts.len() + reading.follow.len() + reading.rejected.len()
    }

    /// Returns what was sorted since the last batch.
    pub(super) fn batch(&mut self) -> Reading {
        let mut reading = std::mem::take(&mut self.reading);
        reading.records = reading.drafts.len() + reading.follow.len() + reading.rejected.len();
        reading
    }

    /// Returns what was sorted since the last batch, as the last one.
    pub(super) fn end(mut self) -> Reading {
        self.batch()
    }

    pub(super) fn take(&mut self, mut found: Found) {
        if self.page.role == Role::Detail {
            if let Some(rejection) = self.led_away().filter(|_| !self.has_its_title(&found)) {
                self.reading.rejected.push(rejection);
                return;
            }
            self.fill(&mut found);
        }
        if let Some(why) = found.words.refused() {
            let reason = Reason::NoOpportunity(why.to_owned());
            self.reading.rejected.push(refused(found, reason));
            return;
        }
        if let Some(failed) = found.words.failed() {
            let reason = Reason::UnreadableRecord(failed.to_owned());
            self.reading.rejected.push(refused(found, reason));
            return;
        }
        if self.page.role == Role::List && self.stream.detail.is_some() {
            match self.followable(&found) {
                // Featured posts appear both on top of the list and in it.
                Ok(url) if !self.followed.insert(url.clone()) => (),
                Ok(url) => self.reading.follow.push(Follow { url, card: found.words.to_json() }),
                Err(reason) => self.reading.rejected.push(refused(found, reason)),
            }
            return;
        }
        match self.draft(found) {
            Ok(draft) => self.reading.drafts.push(draft),
            Err(rejection) => self.reading.rejected.push(rejection),
        }
    }

    /// Refuses a detail page that redirects led to another page: its text is not the record's.
    pub(super) fn led_away(&self) -> Option<Rejection> {
        let address = self.page.address();
        let of_list = |field| self.page.card.and_then(|card| card.get(field)).and_then(Value::as_str);
        let external_id = of_list("external_id");
        if self.page.role != Role::Detail || !is_another_page(self.page.url, &address, external_id) {
            return None;
        }
        let reason = Reason::DetailUnavailable(format!("{}: its page leads to {address}", self.page.url));
        let record = self.page.card.cloned().unwrap_or(Value::Null);
        Some(normalize::reject(reason, external_id.map(str::to_owned), record))
    }

    /// Whether the page has the title that the list gives the record: then it is the record's, whatever its address.
    fn has_its_title(&self, found: &Found) -> bool {
        let listed = self.page.card.and_then(|card| card.get("title")).and_then(Value::as_str).map(fold);
        listed.is_some_and(|title| !title.is_empty() && found.words.get("title").map(fold) == Some(title))
    }

    /// The list record fills what the detail page leaves empty.
    fn fill(&self, found: &mut Found) {
        if let Some(card) = self.page.card.and_then(Value::as_object) {
            for (field, words) in card {
                if let Some(words) = words.as_str() {
                    found.words.fill(field, words);
                }
            }
        }
        found.record = found.words.to_json().into();
    }

    fn followable(&self, found: &Found) -> Result<Url, Reason> {
        let link = found.link.as_deref().ok_or_else(|| Reason::MissingField("link".to_owned()))?;
        let bad = || Reason::BadUrl(link.chars().take(200).collect());
        let url = absolute(self.base, link).ok_or_else(bad)?;
        let own = url.host_str().is_some_and(|host| self.spec.hosts.iter().any(|own| own == host));
        if own { Ok(url) } else { Err(bad()) }
    }

    fn draft(&self, found: Found) -> Result<Draft, Rejection> {
        for name in &self.stream.required {
            if found.words.get(name).is_none() {
                let reason = match *name {
                    "external_id" => Reason::NoIdentity,
                    "title" => Reason::NoTitle,
                    other => Reason::MissingField(other.to_owned()),
                };
                return Err(refused(found, reason));
            }
        }
        let kind = match found.words.get(KIND).map(kind_of).transpose() {
            Ok(kind) => kind,
            Err(reason) => return Err(refused(found, reason)),
        };
        let mut draft = Draft::new(kind.map_or(self.stream.kind, |(kind, _)| kind), found.record);
        for (name, words) in found.words.into_pairs() {
            // A relative address belongs to the partner.
            let words =
                if name == "url" { address(self.base, &words).map_or(words, Url::into) } else { words };
            if let Some(field) = draft.field_mut(name) {
                *field = Some(words);
            }
        }
        // An internship is a job, told by its contract.
        if let Some((_, Some(contract))) = kind {
            draft.contract = Some(contract.to_owned());
        }
        Ok(draft)
    }
}

/// Returns the kind that words name, with the contract that it implies. Notices are not opportunities: "tender" (an invitation to tender, for
/// firms) and "notice" (results, announcements).
fn kind_of(words: &str) -> Result<(Kind, Option<&'static str>), Reason> {
    let word = words.trim().to_lowercase();
    match word.as_str() {
        "internship" => Ok((Kind::Job, Some("internship"))),
        "tender" | "notice" => Err(Reason::NoOpportunity(word)),
        other => other
            .parse()
            .map(|kind| (kind, None))
            .map_err(|_| Reason::UnknownKind(words.chars().take(200).collect())),
    }
}

fn refused(found: Found, reason: Reason) -> Rejection {
    let external_id = found.words.get("external_id").map(str::to_owned);
    normalize::reject(reason, external_id, found.record.into_json())
}
