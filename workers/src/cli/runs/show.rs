//! `oim-etl runs show`: what a run did, or what publishing it would do.

use chrono::{DateTime, Utc};
use clap::Args;
use domain::RunId;
use serde_json::Value;
use store::{
    Change, Preview, RejectionCount, RejectionRow, Reverted, RunChange, RunOutcome, RunRow, Store, Timeline,
    WhichRejections,
};

use crate::{
    cli::{
        Context, Outcome,
        rejections::{record_name, record_words},
    },
    lang::{Lang, chosen, say},
    ui::{self, ago},
};

/// The longest value in an example, in characters.
const EXAMPLE: usize = 60;
/// Rejected records among which examples of each reason are looked for.
const EXAMPLES_FROM: i64 = 500;

/// Show a run: what it did, or what publishing it would do
#[derive(Debug, Args)]
pub(super) struct Show {
    /// Id of the run, or how it begins
    pub(super) run: String,
    /// Show at most this many examples of each kind
    #[arg(long, short = 'n', default_value_t = 5)]
    examples: usize,
}

impl Show {
    pub(super) async fn run(&self, context: &Context, store: &Store, id: RunId) -> anyhow::Result<Outcome> {
        let run = store.run(id).await?;
        let preview = match run.outcome {
            RunOutcome::Held => Some(store.preview_run(id).await?),
            _ => None,
        };
        let rejections = store.rejection_counts(id).await?;
        let served_after = store.served_after(id).await?;
        let spared = store.spared(id).await?;
        let timeline = store.timeline(id).await?;
        let most = i64::try_from(self.examples).unwrap_or(i64::MAX);
        let changes = store.changes_of(id, most).await?;
        let which = WhichRejections { run: Some(id), ..WhichRejections::default() };
        let rejected = store.rejections(&which, EXAMPLES_FROM).await?;
        if context.is_json() {
            ui::json(&serde_json::json!({
                "run": run, "timeline": timeline, "would_be": preview, "changes": changes, "rejected": rejections,
                "served_after": served_after, "not_due": spared
            }))?;
            return Ok(Outcome::Good);
        }
        head(&run, &timeline);
        moments(&run, &timeline);
        records(&run);
        if spared > 0 {
            ui::line(&say!(
                "pas dues  {spared} pages de détail, dont la dernière visite suffit",
                "not due   {spared} detail pages, for which their last visit stands"
            ));
        }
        if let Some(waited) = &served_after {
            ui::line(&say!(
                "servies   {} fiches: la moitié {:.1} s après la réponse où elles sont lues, 95 % en {:.1} s",
                "served    {} rows: half of them {:.1} s after the answer that they were read from, 95 % within {:.1} s",
                waited.rows,
                waited.median,
                waited.p95
            ));
        }
        Self::did(&run, &changes);
        self.rejected(&rejections, &rejected);
        if let Some(preview) = &preview {
            self.would_be(preview);
            ui::line("");
            ui::line(&say!(
                "la publier:  {} runs publish {id}",
                "publish it:  {} runs publish {id}",
                ui::program()
            ));
            ui::line(&say!(
                "la rejeter:  {} runs discard {id}",
                "or not:      {} runs discard {id}",
                ui::program()
            ));
        }
        Ok(Outcome::Good)
    }

    /// Prints examples of what the run did.
    fn did(run: &RunRow, changes: &[RunChange]) {
        let all = [
            ("created", chosen().say("nouvelle", "new"), run.created),
            ("changed", chosen().say("changée", "changed"), run.changed),
            ("reopened", chosen().say("rouverte", "open again"), 0),
            ("closed", chosen().say("fermée", "closed"), run.closed),
        ];
        for (what, word, total) in all {
            let of_kind: Vec<&RunChange> = changes.iter().filter(|change| change.what == what).collect();
            for change in &of_kind {
                let fields = change.fields.join(", ");
                let fields = if fields.is_empty() { fields } else { format!("  ({fields})") };
                ui::line(&format!(
                    "{word:<9} {}/{}  {}{fields}",
                    run.source,
                    change.external_id,
                    cut(&change.title)
                ));
            }
            let more = usize::try_from(total).unwrap_or(0).saturating_sub(of_kind.len());
            if more > 0 && !of_kind.is_empty() {
                ui::line(&say!("{word:<9} et {more} autres", "{word:<9} and {more} more"));
            }
        }
    }

    /// Prints how many records were rejected for each reason, and some of them.
    fn rejected(&self, counts: &[RejectionCount], rows: &[RejectionRow]) {
        for count in counts {
            let example =
                count.example.as_deref().map(|example| format!(" ({example:?})")).unwrap_or_default();
            ui::line(&say!(
                "refusées  {} × {}{example}",
                "rejected  {} × {}{example}",
                count.count,
                ui::reason(&count.code)
            ));
            for row in rows.iter().filter(|row| row.code == count.code).take(self.examples.min(3)) {
                ui::line(&format!("  {}  {}", record_name(row), cut(&record_words(&row.record))));
            }
        }
    }

    fn would_be(&self, preview: &Preview) {
        let missing = preview.missing.len();
        ui::line(&say!(
            "la publier créerait {}, changerait {} et fermerait {missing} opportunités",
            "publishing it would create {}, change {} and close {missing}",
            preview.tally.created,
            preview.tally.changed
        ));
        for (field, count) in &preview.fields {
            let name = chosen().say(chosen().word("fields", field), field);
            ui::line(&say!("  {name:<22} change dans {count}", "  {name:<18} changes in {count}"));
            let with_it = preview.changed.iter().filter(|change| change.fields.contains_key(field));
            with_it.take(self.examples).for_each(|change| example(change, field));
        }
        self.list(chosen().say("nouvelle", "new"), &preview.created);
        self.list(chosen().say("fermée", "closed"), &preview.missing);
    }

    fn list(&self, what: &str, rows: &[(String, String)]) {
        for (external_id, title) in rows.iter().take(self.examples) {
            ui::line(&format!("  {what:<8} {external_id}  {}", cut(title)));
        }
        if rows.len() > self.examples {
            let more = rows.len() - self.examples;
            ui::line(&say!("  {what:<8} et {more} autres", "  {what:<8} and {more} more"));
        }
    }
}

/// Returns a code; in French, what it means before it, because options take codes.
fn coded(list: &str, code: &str) -> String {
    match chosen() {
        Lang::En => code.to_owned(),
        lang @ Lang::Fr => format!("{} [{code}]", lang.word(list, code)),
    }
}

/// Prints what the run is.
fn head(run: &RunRow, timeline: &Timeline) {
    ui::line(&say!("collecte  {}", "run       {}", run.id));
    ui::line(&format!("source    {}", run.source));
    ui::line(&say!(
        "genre     {}, demandée par {} ({})",
        "mode      {}, requested by {} ({})",
        coded("run_modes", run.mode.as_str()),
        coded("triggers", run.trigger.as_str()),
        timeline.requested_by
    ));
    if let Some(version) = timeline.spec_version.as_deref().and_then(|version| version.get(..12)) {
        ui::line(&say!("fichier   fichier de la source {version}", "file      source file {version}"));
    }
    ui::line(&say!("état      {}", "state     {}", coded("run_states", run.outcome.as_str())));
    if let Some(message) = &run.message {
        ui::line(&format!("message   {}", chosen().phrase(message)));
    }
    for doubt in &run.doubts {
        ui::line(&say!("doute     {}", "doubted   {}", chosen().phrase(doubt)));
    }
    if let (Some(decision), Some(by)) = (timeline.decision, &timeline.decided_by) {
        ui::line(&say!(
            "décision  {} par {by}",
            "decision  {} by {by}",
            coded("decisions", decision.as_str())
        ));
    }
}

/// Prints when the run did what.
fn moments(run: &RunRow, timeline: &Timeline) {
    let moment = |word: &str, at: Option<DateTime<Utc>>| {
        if let Some(at) = at {
            ui::line(&format!("{word:<9} {} ({})", ui::moment(at), ago(Some(at))));
        }
    };
    let lang = chosen();
    moment(lang.say("demandée", "asked"), Some(run.created_at));
    moment(lang.say("commencée", "started"), run.started_at);
    moment(lang.say("réponses", "answers"), timeline.first_answer);
    let last = timeline.last_answer.filter(|last| Some(*last) != timeline.first_answer);
    moment(lang.say("  jusqu'à", "  until"), last);
    moment(lang.say("publiée", "published"), run.published_at);
    moment(lang.say("finie", "ended"), run.finished_at);
}

/// Prints how many pages and records there were.
fn records(run: &RunRow) {
    ui::line(&say!(
        "pages     {}, dont {} échouées, {} requêtes",
        "pages     {}, {} of them failed, {} requests",
        run.pages,
        run.pages_failed,
        run.requests
    ));
    ui::line(&say!(
        "fiches    {}: {} nouvelles, {} changées, {} inchangées, {} refusées; {} fermées",
        "records   {}: {} new, {} changed, {} unchanged, {} rejected; {} closed",
        run.seen,
        run.created,
        run.changed,
        run.unchanged,
        run.rejected,
        run.closed
    ));
}

fn example(change: &Change, field: &str) {
    let Some(value) = change.fields.get(field) else { return };
    let side = |name: &str| value.get(name).map(shown).unwrap_or_default();
    ui::line(&format!("    {}  {} → {}", change.external_id, side("from"), side("to")));
}

fn shown(value: &Value) -> String {
    match value {
        Value::Null => chosen().say("rien", "nothing").to_owned(),
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
    let mut words = vec![say!(
        "la collecte {run} est défaite par la collecte {}: {} opportunités sont comme avant, {} qu'elle a créées sont fermées",
        "run {run} is undone by run {}: {} opportunities are as they were before, {} that it created are closed",
        done.run,
        done.restored,
        done.closed
    )];
    if !done.left.is_empty() {
        words.push(say!(
            "{} ont été changées par une collecte suivante et restent:",
            "{} were changed by a later run and stay:",
            done.left.len()
        ));
        words.extend(done.left.iter().map(|left| format!("  {}  {}", left.external_id, cut(&left.title))));
    }
    words.join("\n")
}
