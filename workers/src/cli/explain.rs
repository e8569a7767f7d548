//! `oim-etl explain`

use chrono::{DateTime, Utc};
use clap::Args;
use domain::{Draft, Field};
use serde_json::{Value, json};
use store::{OpportunityHistory, PageRow, RejectionRow, Store, StoreError};

use super::{Context, Outcome, common::nearest, rejections::record_words};
use crate::{
    app,
    archive::Archive,
    lang::{Lang, chosen, say},
    registry, ui,
    workbench::words::partner_words,
};

/// Rejections of one record that are shown.
const REJECTIONS: i64 = 3;

/// Show where each value of an opportunity came from
///
/// Prints the partner's words, the rule, the page, the run, the source file, and the history of the opportunity.
#[derive(Debug, Args)]
#[command(after_help = "Example: oim-etl explain fne/128KKNM")]
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
            ui::line(chosen().say(
                "\ndepuis, sa fiche est refusée, et l'opportunité reste comme elle était:",
                "\nsince then, its record is rejected, and the row stays as it was:",
            ));
            refusal(row);
        }
        if let Err(error) = &words {
            ui::note(&say!(
                "Impossible de montrer ses mots: {error:#}",
                "Failed to show its words: {error:#}"
            ));
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
        ui::line(&say!(
            "{} n'est pas une opportunité: sa fiche est refusée",
            "{} is not an opportunity: its record is rejected",
            ui::strong(&self.opportunity)
        ));
        rows.iter().for_each(refusal);
        ui::note(chosen().say(
            "\nAprès avoir réparé le fichier de la source: oim-etl replay SOURCE. Pour reprendre sa page: oim-etl ingest SOURCE/IDENTIFIANT",
            "\nAfter fixing the source file: oim-etl replay SLUG. To fetch its page again: oim-etl ingest SOURCE/ID",
        ));
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
    ui::line(&say!("  raison        {}{detail}", "  reason        {}{detail}", ui::reason(&row.code)));
    ui::line(&say!(
        "  quand         {} ({})",
        "  when          {} ({})",
        ui::moment(row.at),
        ui::ago(Some(row.at))
    ));
    ui::line(&say!(
        "  par           la collecte {}, page {} {}",
        "  by            run {}, page {} {}",
        row.run,
        row.page,
        row.url
    ));
    let words = shortened(&record_words(&row.record), 400);
    ui::line(&say!("  fiche         {words}", "  record        {words}"));
}

fn words_of(draft: &Draft) -> Value {
    Draft::FIELDS
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), json!(draft.field(field)?))))
        .collect()
}

/// Returns the record of the archived page, parsed by the current source file.
async fn record(context: &Context, life: &OpportunityHistory, page: &PageRow) -> anyhow::Result<Draft> {
    let files = registry::where_possible(&context.loaded).await?;
    let catalog = files.catalog;
    let archive = Archive::open(&app::archive_place(context.config()))?;
    partner_words(&catalog, &archive, life, page).await
}

fn show(life: &OpportunityHistory, words: Option<&Draft>) {
    let column = |name: &str| life.row.get(name).filter(|value| !is_empty(value));
    let title = life.row.get("title").and_then(Value::as_str).unwrap_or_default();
    ui::line(&format!("{}  {}", ui::strong(title), life.id));
    let status = ["status", "closed_why"].map(|name| {
        let code = column(name).and_then(Value::as_str).unwrap_or_default();
        chosen().say(chosen().word(name, code), code)
    });
    let indexed = if life.indexed {
        chosen().say("dans l'index", "in the index")
    } else {
        chosen().say("pas dans l'index", "not in the index")
    };
    ui::line(&format!("{}  {indexed}", status.join(" ").trim()));
    for field in Field::ALL {
        let name = field.as_str();
        let label = chosen().say(chosen().word("fields", name), name);
        let said = words.and_then(|draft| draft.field(name)).map(|words| shortened(words, 70));
        let became: Vec<String> = store::fields_of_columns()
            .filter(|(_, of)| *of == field)
            .filter_map(|(name, _)| Some(format!("{name} {}", shortened(&plain(column(name)?), 60))))
            .collect();
        if said.is_some() || !became.is_empty() {
            let said = said.map_or_else(|| "-".to_owned(), |said| format!("{said:?}"));
            let rule = if became.is_empty() {
                String::new()
            } else {
                format!("  [{}]", chosen().phrase(normalize::rule(field)))
            };
            let width = if chosen() == Lang::Fr { 25 } else { 13 };
            ui::line(&format!("  {label:<width$} {said:<40} → {}{rule}", became.join(", ")));
        }
    }
    if let (Some(score), Some(parts)) = (column("quality"), column("quality_parts")) {
        ui::line(&say!(
            "  qualité       {score} sur 100{}",
            "  quality       {score} of 100{}",
            lacks(parts)
        ));
    }
}

/// Prints the origin of the row, its history, and its duplicates.
fn origin(life: &OpportunityHistory, page: Option<&PageRow>) {
    if let Some(page) = page {
        let fetched = page.fetched_at.map(ui::moment).unwrap_or_default();
        ui::line(&say!(
            "lue sur {} (page {} de {}), prise le {fetched}",
            "read from {} ({} page of {}), fetched {fetched}",
            page.url,
            page.role,
            page.stream
        ));
        let key = page.archive_key.as_deref().unwrap_or("-");
        ui::line(&say!("archivée sous {key}", "archived as {key}"));
    }
    let version = life.spec_version.as_deref().unwrap_or_default();
    let first = life.row.get("first_run").and_then(Value::as_str).unwrap_or_default();
    ui::line(&say!(
        "par la collecte {}, fichier de la source {}; vue d'abord par la collecte {first}",
        "by run {}, source file {}; first seen by run {first}",
        life.run,
        version.get(..12).unwrap_or(chosen().say("inconnu", "unknown"))
    ));
    for step in &life.steps {
        let fields = step.fields.as_object().into_iter().flatten();
        let fields = fields.map(|(name, change)| {
            let side = |side: &str| shortened(&plain(change.get(side).unwrap_or(&Value::Null)), 40);
            format!("{name}: {} → {}", side("from"), side("to"))
        });
        let fields: Vec<String> = fields.collect();
        ui::line(&format!(
            "{}  {}  {}",
            ui::moment(step.at),
            happened(step.what.as_str()),
            fields.join("; ")
        ));
    }
    for twin in &life.twins {
        let mark = if twin.canonical {
            chosen().say("représente les deux", "stands for both")
        } else {
            chosen().say("la même", "the same")
        };
        ui::line(&format!("{mark}: {}/{}  {}  {}", twin.source, twin.external_id, twin.title, twin.id));
    }
}

fn happened(what: &str) -> &str {
    chosen().say(chosen().word("changes", what), what)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Array(items) => items.is_empty(),
        _ => false,
    }
}

/// Returns what the quality lacks: what is missing, and what is doubted.
fn lacks(parts: &Value) -> String {
    let lang = chosen();
    let of = |name: &str, list: &'static str, word: &str| {
        let codes = parts.get(name).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
        let codes: Vec<&str> = codes.map(|code| lang.word(list, code)).collect();
        if codes.is_empty() { String::new() } else { format!("; {word}: {}", codes.join(", ")) }
    };
    of("missing", "missing", lang.say("il manque", "missing"))
        + &of("doubts", "warnings", lang.say("doutes", "doubts"))
}

/// Formats a value without JSON quotes. A place is its town, region and country.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
        Value::Object(place) if place.contains_key("country") => {
            let parts = ["locality", "region", "country"].map(|name| place.get(name).and_then(Value::as_str));
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        }
        other => other.to_string(),
    }
}

fn shortened(text: &str, max: usize) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    normalize::text::shorten(&line, max).into_owned()
}
