//! Stage 5: drafts become opportunities or rejections. A draft that was normalized before is not normalized again.

use anyhow::Context as _;
use domain::{Draft, Opportunity, OpportunityId, Rejection, StreamName};
use normalize::Context;
use rayon::prelude::*;
use sources::{Alarm, Spec};
use store::{KnownDrafts, PageRole, PageRow, Store, StoreError, Unchanged, Wanted};

use super::revisit;
use crate::app::read_by;

/// The drafts of a page that were normalized before.
pub(crate) async fn known(
    store: &Store,
    spec: &Spec,
    read: &sources::Reading,
) -> Result<KnownDrafts, StoreError> {
    let ids = read.drafts.iter().filter_map(|draft| normalize::identity(draft).ok());
    let ids: Vec<OpportunityId> = ids.map(|id| OpportunityId::of(&spec.slug, &id)).collect();
    if ids.is_empty() { Ok(KnownDrafts::new()) } else { store.known_drafts(&ids).await }
}

/// Normalizes what was parsed. The only clock is the page's fetch time, so a replay gives the same result.
pub(crate) fn normalize(
    spec: &Spec,
    page: &PageRow,
    read: sources::Reading,
    known: &KnownDrafts,
) -> anyhow::Result<store::Reading> {
    let context = Context {
        source: spec.slug.clone(),
        stream: StreamName::new(&page.stream)?,
        country: spec.country.clone(),
        hosts: spec.hosts.clone(),
        fetched_at: page.fetched_at.context("the page has no fetch time")?,
    };
    let mut reading = store::Reading {
        rejections: read.rejected,
        alarm: read.alarm.map(describe),
        notes: read.notes,
        ..Default::default()
    };
    // A run with a limit counts only part of its last page.
    let take = page.take.map_or(usize::MAX, |take| usize::try_from(take).unwrap_or(0));
    reading.rejections.truncate(take);
    let left = take - reading.rejections.len();
    let reader = read_by(spec);
    let drafts: Vec<Draft> = read.drafts.into_iter().take(left).collect();
    // With few records, a second thread costs more than it saves.
    let records: Vec<Record> = if drafts.len() < MANY {
        drafts.into_iter().map(|draft| record(draft, &context, &reader, known)).collect()
    } else {
        drafts.into_par_iter().map(|draft| record(draft, &context, &reader, known)).collect()
    };
    for record in records {
        match record {
            Record::Unchanged(unchanged) => reading.unchanged.push(unchanged),
            Record::Read(opportunity) => reading.opportunities.push(*opportunity),
            Record::Rejected(rejection) => reading.rejections.push(*rejection),
        }
    }
    let left = take - reading.rejections.len() - reading.opportunities.len() - reading.unchanged.len();
    reading.wanted = read
        .follow
        .into_iter()
        .take(left)
        .map(|follow| {
            let visit = revisit::visit(spec, &context.stream, &follow.url, &follow.card);
            Wanted { url: follow.url.into(), card: follow.card, visit }
        })
        .collect();
    if page.role == PageRole::Detail {
        reading.visit = Some(revisit::of_page(spec, page)?);
    }
    Ok(reading)
}

/// The number of records from which a second thread pays.
const MANY: usize = 500;

/// The outcome of a draft.
enum Record {
    Unchanged(Unchanged),
    Read(Box<Opportunity>),
    Rejected(Box<Rejection>),
}

fn record(draft: Draft, context: &Context, reader: &str, known: &KnownDrafts) -> Record {
    // Africa/Douala is one hour ahead of UTC all year.
    let day = (context.fetched_at + chrono::TimeDelta::hours(1)).date_naive();
    let digest = draft.digest(reader, day);
    if let Ok(external_id) = normalize::identity(&draft) {
        let id = OpportunityId::of(&context.source, &external_id);
        if let Some((_, fingerprint)) = known.get(&id).filter(|(known, _)| *known == digest) {
            return Record::Unchanged(Unchanged { id, external_id, fingerprint: *fingerprint });
        }
    }
    match normalize::normalize(draft, context) {
        Ok(opportunity) => Record::Read(Box::new(Opportunity { draft: Some(digest), ..opportunity })),
        Err(rejection) => Record::Rejected(Box::new(rejection)),
    }
}

/// Describes an alarm in words.
pub(crate) fn describe(alarm: Alarm) -> String {
    match alarm {
        Alarm::Unreadable(why) => format!("the page could not be read: {why}"),
        Alarm::Mended(what) => format!("what the page does not show may be there all the same: {what}"),
        Alarm::NoRecords => "the page answered 200 and shows no records; has its markup changed, or does it load them by script?".to_owned(),
        Alarm::Challenge(what) => format!("the partner shows a challenge page to visitors ({what})"),
    }
}
