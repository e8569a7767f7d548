//! Stage 5: drafts become opportunities or refusals.

use anyhow::Context as _;
use domain::{Draft, StreamName};
use normalize::Context;
use sources::{Alarm, Spec};
use store::{PageRow, Wanted};

/// Normalizes what was read. The clock is the page's fetch time, so a replay gives the same answer.
pub(crate) fn normalize(
    spec: &Spec,
    page: &PageRow,
    read: sources::Reading,
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
    // A run with a limit counts only so many records of its last page.
    let take = page.take.map_or(usize::MAX, |take| usize::try_from(take).unwrap_or(0));
    reading.rejections.truncate(take);
    let left = take - reading.rejections.len();
    for draft in read.drafts.into_iter().take(left) {
        keep(&mut reading, draft, &context);
    }
    let left = take - reading.rejections.len() - reading.opportunities.len();
    reading.wanted = read
        .follow
        .into_iter()
        .take(left)
        .map(|follow| Wanted { url: follow.url.into(), card: follow.card })
        .collect();
    Ok(reading)
}

fn keep(reading: &mut store::Reading, draft: Draft, context: &Context) {
    match normalize::normalize(draft, context) {
        Ok(opportunity) => reading.opportunities.push(opportunity),
        Err(rejection) => reading.rejections.push(rejection),
    }
}

/// An alarm in words.
pub(crate) fn describe(alarm: Alarm) -> String {
    match alarm {
        Alarm::Unreadable(why) => format!("the page could not be read: {why}"),
        Alarm::NoRecords => "the page answered 200 and shows no records; has its markup changed, or does it load them by script?".to_owned(),
        Alarm::Challenge(what) => format!("the partner shows a challenge page to visitors ({what})"),
    }
}
