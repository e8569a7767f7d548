//! Where an opportunity came from: its page in the archive, parsed again.

use chrono::{DateTime, Utc};
use domain::Draft;
use store::OpportunityHistory;

use crate::{app::App, http::Problem, workbench::words::partner_words};

/// The page of an opportunity, and the words on it.
pub(super) struct Origin {
    /// Its address.
    pub(super) url: Option<String>,
    /// When it was fetched.
    pub(super) fetched_at: Option<DateTime<Utc>>,
    /// The words of the partner, or why they are not known.
    pub(super) words: Result<Draft, String>,
}

/// Returns the origin of an opportunity. If its page cannot be parsed again, the rest is returned.
pub(super) async fn origin(app: &App, life: &OpportunityHistory) -> Result<Origin, Problem> {
    let Some(page) = life.page else {
        return Ok(Origin { url: None, fetched_at: None, words: Err("its page is unknown".to_owned()) });
    };
    let page = app.store.page(page).await?;
    let words = partner_words(&app.catalog(), &app.archive, life, &page).await;
    let words = words.map_err(|error| format!("{error:#}"));
    Ok(Origin { url: Some(page.url), fetched_at: page.fetched_at, words })
}
