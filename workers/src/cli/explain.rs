//! `oim-etl explain`

use clap::Args;
use domain::{Draft, Field};
use serde_json::{Value, json};
use store::{OpportunityHistory, PageRow};

use super::{Context, Outcome};
use crate::{app, archive::Archive, ui, workbench::words::partner_words};

/// Show where each value of an opportunity came from
///
/// Prints the partner's words, the rule, the page, the run, the source file, and the history of the opportunity.
#[derive(Debug, Args)]
#[command(after_help = "Example: oim-etl explain fne/1204418")]
pub(super) struct Explain {
    /// Id of the opportunity, URL of its page, or SOURCE/ID
    opportunity: String,
}

impl Explain {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let life = store.life(store.find_opportunity(&self.opportunity).await?).await?;
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
            ui::json(&json!({ "life": life, "page": page, "words": words, "rules": rules }))?;
            return Ok(Outcome::Good);
        }
        show(&life, words.as_ref().ok());
        origin(&life, page.as_ref());
        if let Err(error) = &words {
            ui::note(&format!("Failed to show its words: {error:#}"));
        }
        Ok(Outcome::Good)
    }
}

fn words_of(draft: &Draft) -> Value {
    Draft::FIELDS
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), json!(draft.field(field)?))))
        .collect()
}

/// Returns the record of the archived page, parsed by the current source file.
async fn record(context: &Context, life: &OpportunityHistory, page: &PageRow) -> anyhow::Result<Draft> {
    let catalog = app::catalog(context.config())?;
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
