//! Finds the opportunities that the list is asked for: by an index of the database, or by the vector index if there are words.

use maud::{Markup, html};
use store::{ClosingCursor, Cursor, Filters, Holdings, ServedRow};

use super::{lang::Lang, wanted::Wanted};
use crate::{
    http::{Problem, Surroundings, v1::opportunities::cursor},
    search::{self, Ask, Mistake},
};

/// Rows of a page.
const ROWS: i64 = 20;
/// Most hits of a search.
const HITS: u16 = 50;
/// Rows are counted up to here. Nobody reads a thousand, and counting all of them takes as long as reading them.
const MOST: i64 = 1_000;

/// How many opportunities there are.
pub(super) enum Total {
    /// So many.
    Exact(i64),
    /// More than that.
    More(i64),
    /// These fit the words best, and there may be more.
    Best(i64),
}

/// A page of what was found.
pub(super) struct Found {
    pub(super) rows: Vec<ServedRow>,
    pub(super) total: Total,
    /// Where the next page begins.
    pub(super) next: Option<String>,
    /// What could not be used, in words.
    pub(super) ignored: Option<Markup>,
}

/// Finds a page.
pub(super) async fn find(
    here: &Surroundings,
    lang: Lang,
    wanted: &Wanted,
    counts: &Holdings,
) -> Result<Found, Problem> {
    let today = here.app.clock.now().with_timezone(&chrono_tz::Africa::Douala).date_naive();
    let ask = wanted.ask(today);
    let closes = wanted.get("closes");
    let is_counted = wanted.get("closes_from").is_empty() && wanted.get("closes_to").is_empty();
    let mut filters = ask.filters()?;
    filters.has_closing_day = (closes == "none").then_some(false);
    if let Some(rows) = best(here, wanted, &filters).await? {
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let total = if count < HITS.into() { Total::Exact(count) } else { Total::Best(count) };
        return Ok(Found { rows, total, next: None, ignored: None });
    }
    let undated = Filters { closes_from: None, closes_to: None, has_closing_day: None, ..filters.clone() };
    let closing = Some(closes).filter(|closes| !closes.is_empty());
    let total = match counts.passing(&undated, closing).filter(|_| is_counted) {
        Some(count) => Total::Exact(count),
        None => match here.app.store.served_up_to(&filters, MOST + 1).await? {
            count if count > MOST => Total::More(MOST),
            count => Total::Exact(count),
        },
    };
    page(here, lang, wanted, &filters, total).await
}

/// Reads the rows of a page.
async fn page(
    here: &Surroundings,
    lang: Lang,
    wanted: &Wanted,
    filters: &Filters,
    total: Total,
) -> Result<Found, Problem> {
    let (store, after) = (&here.app.store, wanted.get("after"));
    let is_full = |rows: &[ServedRow]| i64::try_from(rows.len()).is_ok_and(|count| count == ROWS);
    let (rows, next, is_lost);
    if wanted.by_closing() {
        let from: Option<ClosingCursor> = after.parse().ok();
        rows = store.closing_rows(filters, from, ROWS).await?;
        next = rows.last().map(|row| ClosingCursor { day: row.closes_on, id: row.id }.to_string());
        is_lost = from.is_none();
    } else {
        let from: Option<Cursor> = after.parse().ok();
        rows = store.served_in_order(filters, from, ROWS).await?;
        next = rows.last().map(cursor);
        is_lost = from.is_none();
    }
    let ignored = (is_lost && !after.is_empty()).then(|| html! {
        (lang.say("La place dans la liste est illisible: voici son début.", "The place in the list cannot be read: this is its beginning."))
    });
    let next = next.filter(|_| is_full(&rows));
    Ok(Found { rows, total, next, ignored })
}

/// Returns what fits the words best, if there are words, only open ones are asked for, and this worker holds the vector index. Elsewhere
/// the words are looked for in titles and names, row by row.
async fn best(
    here: &Surroundings,
    wanted: &Wanted,
    filters: &Filters,
) -> Result<Option<Vec<ServedRow>>, Problem> {
    let is_for_it = !wanted.get("q").is_empty()
        && matches!(wanted.get("status"), "" | "open")
        && filters.has_closing_day.is_none();
    if !is_for_it {
        return Ok(None);
    }
    let some = |key: &str| Some(wanted.get(key).to_owned()).filter(|text| !text.is_empty());
    let ask = Ask {
        kind: some("kind"),
        source: some("source"),
        region: some("region"),
        town: some("town"),
        language: some("language"),
        closes_from: filters.closes_from,
        closes_to: filters.closes_to,
        ..Ask::of(wanted.get("q"), HITS)
    };
    let failed = |error: anyhow::Error| match error.downcast_ref::<Mistake>() {
        Some(mistake) => Problem::impossible(mistake.to_string()),
        None => Problem::internal(&error),
    };
    let Some(found) = search::search_served(&here.app, &ask).await.map_err(failed)? else {
        return Ok(None);
    };
    let ids: Vec<uuid::Uuid> = found.hits.iter().map(|hit| hit.id.uuid()).collect();
    let among = Filters { among: Some(ids.clone()), ..Filters::default() };
    let (mut rows, _) = here.app.store.served_rows(&among, None, HITS.into()).await?;
    rows.sort_by_key(|row| ids.iter().position(|id| *id == row.id));
    if wanted.get("order") == "closes" {
        rows.sort_by_key(|row| (row.closes_on.is_none(), row.closes_on));
    }
    Ok(Some(rows))
}
