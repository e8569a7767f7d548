//! How far an opportunity can be relied on.

mod amounts;

use chrono::{DateTime, TimeDelta, Utc};
use domain::{
    Kind, Opportunity,
    quality::{Doubt, Part, Quality},
};

/// Shortest description that counts, in characters.
const BODY: usize = 120;
/// The same for one that ends with its last sentence. A teaser ends in "…" or in the middle of a word.
const WHOLE: usize = 40;

/// Returns whether a description says what is offered.
fn is_described(text: &str) -> bool {
    let many = text.chars().count();
    let is_whole = || text.ends_with(['.', '!', '?']) && !text.ends_with("..") && text.contains(' ');
    many >= BODY || (many >= WHOLE && is_whole())
}

/// Scores an opportunity from a page that was fetched at that time. Doubts found while parsing are already in the row.
pub fn judge(row: &Opportunity, fetched_at: DateTime<Utc>) -> Quality {
    let parts = [
        (Part::Organization, 15, row.organization.is_some()),
        (
            Part::Place,
            20,
            row.remote || row.places.iter().any(|place| place.locality.is_some() || place.region.is_some()),
        ),
        (Part::Description, 25, row.description.as_deref().is_some_and(is_described)),
        (Part::Date, 15, row.closes_on.or(row.ends_on).is_some() || row.posted_at.is_some()),
        (Part::Amount, 10, row.amount.is_some() || row.interest.is_some()),
        (Part::Terms, 5, row.kind != Kind::Job || !row.contracts.is_empty() || row.education.is_some()),
        (Part::Way, 10, row.url.is_some() || !row.contacts.is_empty()),
    ];
    let mut doubts = doubts(row, fetched_at);
    doubts.extend(row.quality.doubts.iter().copied());
    let has: u8 = parts.iter().filter(|(.., has)| *has).map(|(_, weight, _)| weight).sum();
    let doubt = u8::try_from(doubts.len() * 10).unwrap_or(u8::MAX);
    Quality {
        score: has.saturating_sub(doubt),
        missing: parts.into_iter().filter(|(.., has)| !has).map(|(part, ..)| part).collect(),
        doubts,
    }
}

/// Returns whether bytes of the page were not in its encoding: they have become U+FFFD, here or at the partner.
fn lacks_letters(row: &Opportunity) -> bool {
    let texts = [Some(&row.title), row.organization.as_ref(), row.description.as_ref()];
    texts.into_iter().flatten().any(|text| text.contains(char::REPLACEMENT_CHARACTER))
}

fn doubts(row: &Opportunity, fetched_at: DateTime<Utc>) -> Vec<Doubt> {
    let letters = row.title.chars().filter(|c| c.is_alphabetic()).count();
    let capitals = row.title.chars().filter(|c| c.is_uppercase()).count();
    let posted = row.posted_at.map(|at| at.date_naive());
    [
        (Doubt::FromTheFuture, row.posted_at.is_some_and(|at| at > fetched_at + TimeDelta::days(2))),
        // A program stays published after its end.
        (
            Doubt::ClosedBeforePosted,
            row.kind != Kind::Agr && row.closes_on.zip(posted).is_some_and(|(last, first)| last < first),
        ),
        (
            Doubt::ClosesFarAway,
            // A program runs for years.
            row.kind != Kind::Agr
                && row.closes_on.is_some_and(|last| last > fetched_at.date_naive() + TimeDelta::days(730)),
        ),
        (Doubt::OddTitle, letters < 4 || (letters > 60 && capitals == letters)),
        (Doubt::LostLetters, lacks_letters(row)),
        (Doubt::OddAmount, row.amount.as_ref().is_some_and(amounts::is_odd)),
    ]
    .into_iter()
    .filter(|(_, holds)| *holds)
    .map(|(doubt, _)| doubt)
    .collect()
}
