//! `oim-etl runs show`: what a run did, or what publishing it would do.

use clap::Args;
use domain::RunId;
use serde_json::Value;
use store::{Change, Preview, Reverted, RunRow, RunState, Store};

use crate::{
    cli::{Context, Outcome},
    ui::{self, ago},
};

/// The longest value in an example, in characters.
const EXAMPLE: usize = 60;

/// Show a run: what it did, or what publishing it would do
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Id of the run
    run: RunId,
    /// Show at most this many examples of each kind
    #[arg(long, short = 'n', default_value_t = 5)]
    examples: usize,
}

impl Show {
    pub(super) async fn run(&self, context: &Context, store: &Store) -> anyhow::Result<Outcome> {
        let run = store.run(self.run).await?;
        let preview = match run.state {
            RunState::Held => Some(store.preview_run(self.run).await?),
            _ => None,
        };
        let rejections = store.rejection_counts(self.run).await?;
        let served_after = store.served_after(self.run).await?;
        let spared = store.spared(self.run).await?;
        if context.is_json() {
            ui::json(
                &serde_json::json!({ "run": run, "would_be": preview, "rejected": rejections, "served_after": served_after, "not_due": spared }),
            )?;
            return Ok(Outcome::Good);
        }
        head(&run);
        if spared > 0 {
            ui::line(&format!("not due   {spared} detail pages, for which their last visit stands"));
        }
        if let Some(waited) = &served_after {
            ui::line(&format!(
                "served    {} rows: half of them {:.1} s after the answer that they were read from, 95 % within {:.1} s",
                waited.rows, waited.median, waited.p95
            ));
        }
        for count in &rejections {
            let example =
                count.example.as_deref().map(|example| format!(" ({example:?})")).unwrap_or_default();
            ui::line(&format!("rejected  {} × {}{example}", count.count, count.code.replace('_', " ")));
        }
        if let Some(preview) = &preview {
            self.would_be(preview);
            ui::line("");
            ui::line(&format!("publish it:  {} runs publish {}", ui::program(), self.run));
            ui::line(&format!("or not:      {} runs discard {}", ui::program(), self.run));
        }
        Ok(Outcome::Good)
    }

    fn would_be(&self, preview: &Preview) {
        let missing = preview.missing.len();
        ui::line(&format!(
            "publishing it would create {}, change {} and close {missing}",
            preview.tally.created, preview.tally.changed
        ));
        for (field, count) in &preview.fields {
            ui::line(&format!("  {field:<18} changes in {count}"));
            let with_it = preview.changed.iter().filter(|change| change.fields.contains_key(field));
            with_it.take(self.examples).for_each(|change| example(change, field));
        }
        self.list("new", &preview.created);
        self.list("closed", &preview.missing);
    }

    fn list(&self, what: &str, rows: &[(String, String)]) {
        for (external_id, title) in rows.iter().take(self.examples) {
            ui::line(&format!("  {what:<8} {external_id}  {}", cut(title)));
        }
        if rows.len() > self.examples {
            ui::line(&format!("  {what:<8} and {} more", rows.len() - self.examples));
        }
    }
}

/// Prints what the run is and did.
fn head(run: &RunRow) {
    ui::line(&format!("run       {}", run.id));
    ui::line(&format!("source    {}", run.source));
    ui::line(&format!("state     {}", run.state));
    if let Some(message) = &run.message {
        ui::line(&format!("message   {message}"));
    }
    for doubt in &run.doubts {
        ui::line(&format!("doubted   {doubt}"));
    }
    ui::line(&format!("asked     {}, {} by {}", run.mode, ago(Some(run.created_at)), run.trigger));
    if let Some(ended) = run.finished_at {
        ui::line(&format!("ended     {} ({})", ago(Some(ended)), ended.format("%Y-%m-%d %H:%M:%S UTC")));
    }
    ui::line(&format!(
        "pages     {}, {} of them failed, {} requests",
        run.pages, run.pages_failed, run.requests
    ));
    ui::line(&format!(
        "records   {}: {} new, {} changed, {} unchanged, {} rejected; {} closed",
        run.seen, run.created, run.changed, run.unchanged, run.rejected, run.closed
    ));
}

fn example(change: &Change, field: &str) {
    let Some(value) = change.fields.get(field) else { return };
    let side = |name: &str| value.get(name).map(shown).unwrap_or_default();
    ui::line(&format!("    {}  {} → {}", change.external_id, side("from"), side("to")));
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => "nothing".to_owned(),
        Value::String(text) => cut(text),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    let line = text.replace('\n', " ");
    if line.chars().count() <= EXAMPLE {
        return line;
    }
    line.chars().take(EXAMPLE - 1).collect::<String>() + "…"
}

/// Describes what a revert did.
pub(super) fn reverted(run: RunId, done: &Reverted) -> String {
    let mut words = vec![format!(
        "run {run} is undone by run {}: {} opportunities are as they were before, {} that it created are closed",
        done.run, done.restored, done.closed
    )];
    if !done.left.is_empty() {
        words.push(format!("{} were changed by a later run and stay:", done.left.len()));
        words.extend(done.left.iter().map(|left| format!("  {}  {}", left.external_id, cut(&left.title))));
    }
    words.join("\n")
}
