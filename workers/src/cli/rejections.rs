//! `oim-etl rejections`

use chrono::{DateTime, Utc};
use clap::Args;
use normalize::text::shorten;
use serde_json::Value;
use store::{DoubtedRow, RejectionRow, RejectionTotal, Store, WhichRejections};

use super::{
    Context, Outcome,
    common::{find_known, find_run, passed},
};
use crate::{
    app,
    lang::{chosen, say},
    ui::{self, Column, Table, ago},
};

/// The longest record in the list, in characters.
const RECORD: usize = 120;
/// The most values of a record that are shown.
const MOST_WORDS: usize = 40;

/// Count rejected records by reason and list them, or opportunities with warnings
#[derive(Debug, Args)]
#[command(after_help = "Without --run and --since: those of the newest run of each source that has any.")]
pub(super) struct Rejections {
    /// Show only records of this source
    source: Option<String>,
    /// Show only records of this run: its id, or how it begins
    #[arg(long, conflicts_with = "since")]
    run: Option<String>,
    /// Show records of all runs since then, such as 2026-11-01, 2026-11-01T08:00:00Z or 7d
    #[arg(long, value_name = "DATE|AGE", value_parser = passed)]
    since: Option<DateTime<Utc>>,
    /// Show only the totals
    #[arg(long, conflicts_with = "doubted")]
    totals: bool,
    /// Show loaded opportunities that have warnings
    #[arg(long, conflicts_with = "since")]
    doubted: bool,
    /// Show at most this many rows
    #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..))]
    limit: i64,
}

impl Rejections {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        let which = self.which(&store).await?;
        if self.doubted {
            let rows = store.doubted(which.source.as_deref(), which.run, self.limit).await?;
            return doubted(&rows, context.is_json());
        }
        let totals = store.rejection_totals(&which).await?;
        let rows = if self.totals { Vec::new() } else { store.rejections(&which, self.limit).await? };
        if context.is_json() {
            if self.totals {
                ui::json(&totals)?;
            } else {
                ui::json(&rows)?;
            }
            return Ok(Outcome::Good);
        }
        if totals.is_empty() {
            ui::note(chosen().say("aucun refus", "no rejections"));
            return Ok(Outcome::Good);
        }
        of_reasons(&totals).print();
        if self.totals {
            return Ok(Outcome::Good);
        }
        ui::line("");
        of_records(&rows).print();
        let all: i64 = totals.iter().map(|total| total.count).sum();
        let shown = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        if all > shown {
            ui::note(&say!(
                "{shown} sur {all}; davantage avec -n {all}",
                "{shown} of {all}; see more with -n {all}"
            ));
        }
        ui::note(chosen().say(
            "\nPour les fiches entières: --output json. Après avoir réparé le fichier de la source: oim-etl replay SOURCE",
            "\nFor whole records, use --output json. After fixing the source file: oim-etl replay SLUG",
        ));
        Ok(Outcome::Good)
    }

    async fn which(&self, store: &Store) -> anyhow::Result<WhichRejections> {
        let source = match &self.source {
            Some(word) => Some(find_known(store, word).await?.0),
            None => None,
        };
        let run = match &self.run {
            Some(word) => Some(find_run(store, word).await?),
            None => None,
        };
        let source = source.map(|slug| slug.to_string());
        Ok(WhichRejections { source, run, since: self.since, ..WhichRejections::default() })
    }
}

fn of_reasons(totals: &[RejectionTotal]) -> Table {
    let mut table = Table::new(&[
        Column::word("source", 0),
        Column::word("reason", 0).fr("raison"),
        Column::number("records", 0).fr("fiches"),
        Column::number("runs", 2).fr("collectes"),
        Column::word("last", 1).fr("la dernière"),
        Column::text("most often", 3).fr("le plus souvent"),
    ]);
    for total in totals {
        table.row([
            total.source.clone(),
            short_reason(&total.code),
            total.count.to_string(),
            total.runs.to_string(),
            ago(Some(total.last)),
            total.example.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn of_records(rows: &[RejectionRow]) -> Table {
    let mut table = Table::new(&[
        Column::word("source", 1),
        Column::word("id", 0),
        Column::word("reason", 0).fr("raison"),
        Column::text("words", 2).fr("mots"),
        Column::text("record", 4).fr("fiche"),
        Column::text("page", 3),
    ]);
    for row in rows {
        table.row([
            row.source.clone(),
            row.external_id.clone().unwrap_or_else(|| "-".to_owned()),
            short_reason(&row.code),
            row.detail.clone().unwrap_or_default(),
            shorten(&record_words(&row.record), RECORD).into_owned(),
            row.url.clone(),
        ]);
    }
    table
}

/// Returns a reason in at most 60 characters: what it means takes a sentence.
fn short_reason(code: &str) -> String {
    shorten(&ui::reason(code), 60).into_owned()
}

/// Returns what to call a rejected record: its identity, or that it has none.
pub(super) fn record_name(row: &RejectionRow) -> String {
    row.external_id.as_ref().map_or_else(
        || chosen().say("(sans identifiant)", "(no identity)").to_owned(),
        |id| format!("{}/{id}", row.source),
    )
}

/// Returns the partner's words of a record, in its order, without the names of its fields.
pub(super) fn record_words(record: &Value) -> String {
    let mut words = Vec::new();
    // A stack of our own: how deep a record is, the partner decides.
    let mut left = vec![record];
    while let Some(value) = left.pop() {
        match value {
            Value::Null | Value::Bool(_) => (),
            Value::Number(number) => words.push(number.to_string()),
            Value::String(text) => words.push(text.split_whitespace().collect::<Vec<_>>().join(" ")),
            Value::Array(items) => left.extend(items.iter().rev()),
            Value::Object(fields) => left.extend(fields.values().rev()),
        }
        if words.len() > MOST_WORDS {
            break;
        }
    }
    words.retain(|word| !word.is_empty());
    words.join(" · ")
}

fn doubted(rows: &[DoubtedRow], is_json: bool) -> anyhow::Result<Outcome> {
    if is_json {
        ui::json(&rows)?;
        return Ok(Outcome::Good);
    }
    let mut table = Table::new(&[
        Column::word("source", 1),
        Column::word("id", 0),
        Column::word("status", 3).fr("état"),
        Column::word("warning", 0).fr("avertissement"),
        Column::text("title", 2).fr("titre"),
    ]);
    for row in rows {
        table.row([
            row.source.clone(),
            row.external_id.clone(),
            chosen().say(chosen().word("status", row.status.as_str()), row.status.as_str()).to_lowercase(),
            short_reason(&row.doubt),
            row.title.clone(),
        ]);
    }
    if rows.is_empty() {
        ui::note(chosen().say("aucun avertissement", "no warnings"));
    } else {
        table.print();
        ui::note(chosen().say(
            "\nPour les mots du partenaire et le résultat: oim-etl explain SOURCE/ID",
            "\nFor the partner's words and the result: oim-etl explain SOURCE/ID",
        ));
    }
    Ok(Outcome::Good)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::record_words;

    #[test]
    fn a_record_is_shown_by_its_words() {
        let record = json!({"titre": "Soudeur\n (H/F)", "lieu": ["Douala", null], "vues": 3, "vide": " "});
        assert_eq!(record_words(&record), "Soudeur (H/F) · Douala · 3");
        let deep = (0..1_000).fold(json!("x"), |inner, _| json!([inner]));
        assert_eq!(record_words(&deep), "x");
    }
}
