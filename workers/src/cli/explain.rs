//! `oim-etl explain`

use chrono::{DateTime, Utc};
use clap::Args;
use domain::{Draft, Field};
use serde_json::{Value, json};
use store::{OpportunityHistory, PageRow, RejectionRow, Store, StoreError};

use super::{Context, Outcome, common::nearest, rejections::record_words};
use crate::{app, archive::Archive, ui, workbench::words::partner_words};

/// Rejections of one record that are shown.
const REJECTIONS: i64 = 3;

/// Show where each value of an opportunity came from
///
/// Prints the partner's words, the rule, the page, the run, the source file, and the history of the opportunity.
#[derive(Debug, Args)]
#[command(after_help = "Example: oim-etl explain fne/1204418")]
pub(super) struct Explain {
    /// Id of the opportunity, URL of its page, or SOURCE/ID; of a rejected record too
    opportunity: String,
}

impl Explain {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let found = match store.find_opportunity(&self.opportunity).await {
            Err(StoreError::Missing(what)) => return self.rejected(&context, &store, &what).await,
            found => found?,
        };
        let life = store.life(found).await?;
        let rejections = store.rejections_of(&name_of(&life), 1).await?;
        let rejected = rejections.first().filter(|row| row.at > content_at(&life));
        let page = match life.page {
            Some(page) => Some(store.page(page).await?),
            None => None,
        };
        // The words are parsed again from the archive. If that fails, the failure is reported and the rest is shown.
        let words = match &page {
            Some(page) => record(&context, &life, page).await,
            None => Err(anyhow::anyhow!("its page is unknown")),
        };
        if context.is_json() {
            let words = words
                .map_or_else(|error| json!({ "unknown": format!("{error:#}") }), |draft| words_of(&draft));
            let rules: Value = Field::ALL
                .into_iter()
                .map(|field| (field.as_str().to_owned(), json!(normalize::rule(field))))
                .collect();
            let page = page.map(|page| json!({ "id": page.id, "url": page.url, "archive_key": page.archive_key, "fetched_at": page.fetched_at }));
            ui::json(&json!({
                "life": life, "page": page, "words": words, "rules": rules, "rejected_since": rejected
            }))?;
            return Ok(Outcome::Good);
        }
        show(&life, words.as_ref().ok());
        origin(&life, page.as_ref());
        if let Some(row) = rejected {
            ui::line("\nsince then, its record is rejected, and the row stays as it was:");
            refusal(row);
        }
        if let Err(error) = &words {
            ui::note(&format!("Failed to show its words: {error:#}"));
        }
        Ok(Outcome::Good)
    }

    /// Explains a record that never became an opportunity, or says what may have been meant.
    async fn rejected(&self, context: &Context, store: &Store, what: &str) -> anyhow::Result<Outcome> {
        let rows = store.rejections_of(&self.opportunity, REJECTIONS).await?;
        if rows.is_empty() {
            return Err(nearest(store, &self.opportunity, what).await?);
        }
        if context.is_json() {
            ui::json(&json!({ "rejected": rows }))?;
            return Ok(Outcome::Good);
        }
        ui::line(&format!("{} is not an opportunity: its record is rejected", ui::strong(&self.opportunity)));
        rows.iter().for_each(refusal);
        ui::note(
            "\nAfter fixing the source file: oim-etl replay SLUG. To fetch its page again: oim-etl ingest SOURCE/ID",
        );
        Ok(Outcome::Good)
    }
}

/// Returns `SOURCE/IDENTIFIER`.
fn name_of(life: &OpportunityHistory) -> String {
    let text = |name: &str| life.row.get(name).and_then(Value::as_str).unwrap_or_default();
    format!("{}/{}", text("source"), text("external_id"))
}

/// Returns when the page with the content of the row was fetched.
fn content_at(life: &OpportunityHistory) -> DateTime<Utc> {
    let at = life.row.get("content_at").and_then(Value::as_str);
    at.and_then(|at| DateTime::parse_from_rfc3339(at).ok()).map(|at| at.to_utc()).unwrap_or_default()
}

/// Prints why a record was rejected, and its words.
fn refusal(row: &RejectionRow) {
    let detail = row.detail.as_deref().map(|detail| format!(" ({detail})")).unwrap_or_default();
    ui::line(&format!("  reason        {}{detail}", row.code.replace('_', " ")));
    ui::line(&format!(
        "  when          {} ({})",
        row.at.format("%Y-%m-%d %H:%M:%S UTC"),
        ui::ago(Some(row.at))
    ));
    ui::line(&format!("  by            run {}, page {} {}", row.run, row.page, row.url));
    ui::line(&format!("  record        {}", shortened(&record_words(&row.record), 400)));
}

fn words_of(draft: &Draft) -> Value {
    Draft::FIELDS
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), json!(draft.field(field)?))))
        .collect()
}

/// Returns the record of the archived page, parsed by the current source file.
async fn record(context: &Context, life: &OpportunityHistory, page: &PageRow) -> anyhow::Result<Draft> {
    let (catalog, _) = app::usable(context.config())?;
    let archive = Archive::open(&app::archive_place(context.config()))?;
    partner_words(&catalog, &archive, life, page).await
}

fn show(life: &OpportunityHistory, words: Option<&Draft>) {
    let column = |name: &str| life.row.get(name).filter(|value| !is_empty(value));
    let title = life.row.get("title").and_then(Value::as_str).unwrap_or_default();
    ui::line(&format!("{}  {}", ui::strong(title), life.id));
    let status =
        ["status", "closed_why"].map(|name| column(name).and_then(Value::as_str).unwrap_or_default());
    ui::line(&format!(
        "{}  {}",
        status.join(" ").trim(),
        if life.indexed { "in the index" } else { "not in the index" }
    ));
    for field in Field::ALL {
        let name = field.as_str();
        let said = words.and_then(|draft| draft.field(name)).map(|words| shortened(words, 70));
        let became: Vec<String> = store::fields_of_columns()
            .filter(|(_, of)| *of == field)
            .filter_map(|(name, _)| Some(format!("{name} {}", shortened(&plain(column(name)?), 60))))
            .collect();
        if said.is_some() || !became.is_empty() {
            let said = said.map_or_else(|| "-".to_owned(), |said| format!("{said:?}"));
            let rule =
                if became.is_empty() { String::new() } else { format!("  [{}]", normalize::rule(field)) };
            ui::line(&format!("  {name:<13} {said:<40} → {}{rule}", became.join(", ")));
        }
    }
    if let (Some(score), Some(parts)) = (column("quality"), column("quality_parts")) {
        ui::line(&format!("  {:<13} {score} of 100; {}", "quality", plain(parts)));
    }
}

/// Prints the origin of the row, its history, and its duplicates.
fn origin(life: &OpportunityHistory, page: Option<&PageRow>) {
    if let Some(page) = page {
        let fetched = page.fetched_at.map(|at| at.to_rfc3339()).unwrap_or_default();
        ui::line(&format!(
            "read from {} ({} page of {}), fetched {fetched}",
            page.url, page.role, page.stream
        ));
        ui::line(&format!("archived as {}", page.archive_key.as_deref().unwrap_or("-")));
    }
    let version = life.spec_version.as_deref().unwrap_or_default();
    let first = life.row.get("first_run").and_then(Value::as_str).unwrap_or_default();
    ui::line(&format!(
        "by run {}, source file {}; first seen by run {first}",
        life.run,
        version.get(..12).unwrap_or("unknown")
    ));
    for step in &life.steps {
        let fields = step.fields.as_object().into_iter().flatten();
        let fields = fields.map(|(name, change)| {
            let side = |side: &str| shortened(&plain(change.get(side).unwrap_or(&Value::Null)), 40);
            format!("{name}: {} → {}", side("from"), side("to"))
        });
        let fields: Vec<String> = fields.collect();
        ui::line(&format!("{}  {}  {}", step.at.format("%Y-%m-%d %H:%M"), step.what, fields.join("; ")));
    }
    for twin in &life.twins {
        let mark = if twin.canonical { "stands for both" } else { "the same" };
        ui::line(&format!("{mark}: {}/{}  {}  {}", twin.source, twin.external_id, twin.title, twin.id));
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Formats a value without JSON quotes.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        other => other.to_string(),
    }
}

fn shortened(text: &str, max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    normalize::text::shorten(&line, max).into_owned()
}
