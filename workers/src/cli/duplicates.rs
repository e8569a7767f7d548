//! `oim-etl duplicates`

use clap::{Args, Subcommand};
use store::{DoubtedSide, Filters, ServedRow, Store};

use super::{Context, Outcome, common::current_user};
use crate::{
    app,
    lang::{chosen, say},
    ui, words,
};

/// List pairs that may be one opportunity, and decide on them
#[derive(Debug, Args)]
#[command(
    arg_required_else_help = true,
    after_help = "Example: oim-etl duplicates same fne/128KKNM camerjob/47821"
)]
pub(super) struct Duplicates {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List the pairs that the rules leave to a person, the most likely first
    Review {
        /// Show at most this many pairs
        #[arg(long, short = 'n', default_value_t = 20)]
        limit: i64,
    },
    /// Record that two opportunities are one
    Same(Two),
    /// Record that two opportunities are not one
    Different(Two),
}

/// Two opportunities. A decision on them counts before all rules, and stays when they change.
#[derive(Debug, Args)]
struct Two {
    /// Id of an opportunity, URL of its page, or SOURCE/ID
    one: String,
    /// The same of the other
    other: String,
}

impl Duplicates {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let store = app::connect(context.config(), 2).await?;
        match self.what {
            What::Review { limit } => review(&context, &store, limit.max(1)).await?,
            What::Same(two) => decide(&context, &store, &two, true).await?,
            What::Different(two) => decide(&context, &store, &two, false).await?,
        }
        Ok(Outcome::Good)
    }
}

async fn review(context: &Context, store: &Store, limit: i64) -> anyhow::Result<()> {
    let pairs = store.doubted_pairs(None, limit).await?;
    if context.is_json() {
        return ui::json(&pairs);
    }
    if pairs.is_empty() {
        ui::note(chosen().say("aucune paire n'attend de décision", "no pair waits for a decision"));
        return Ok(());
    }
    let ids = pairs.iter().flat_map(|pair| pair.rows.iter().map(|row| row.id)).collect();
    let filters = Filters { among: Some(ids), ..Filters::default() };
    let (rows, _) = store.served_rows(&filters, None, limit.saturating_mul(2)).await?;
    for pair in &pairs {
        ui::line(&ui::strong(&known(&pair.why)));
        for side in &pair.rows {
            let row = rows.iter().find(|row| row.id == side.id);
            ui::line(&format!("  {}/{}  {}", side.source, side.external_id, described(side, row)));
        }
    }
    ui::note(chosen().say(
        "\nPour décider: oim-etl duplicates same UNE AUTRE, ou oim-etl duplicates different UNE AUTRE",
        "\nTo decide: oim-etl duplicates same ONE OTHER, or oim-etl duplicates different ONE OTHER",
    ));
    Ok(())
}

/// Returns the evidence without what says nothing, because one side does not have it.
fn known(why: &str) -> String {
    let (score, pieces) = why.split_once(": ").unwrap_or(("", why));
    let pieces: Vec<&str> = pieces.split(", ").filter(|piece| !piece.contains(" unknown ")).collect();
    words::evidence(chosen(), &format!("{score}: {}", pieces.join(", "))).join(", ")
}

/// Returns what a person compares of one side.
fn described(side: &DoubtedSide, row: Option<&ServedRow>) -> String {
    let place = |row: &ServedRow| row.localities.join(", ");
    let day = |day: chrono::NaiveDate| say!("ferme le {day}", "closes {day}");
    let parts = [
        Some(side.title.clone()),
        side.organization.clone(),
        row.map(place),
        row.and_then(|row| row.amount_text.clone()),
        row.and_then(|row| row.closes_on).map(day),
    ];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

async fn decide(context: &Context, store: &Store, two: &Two, same: bool) -> anyhow::Result<()> {
    let one = store.find_opportunity(&two.one).await?;
    let other = store.find_opportunity(&two.other).await?;
    store.decide_pair(one, other, same, &current_user()).await?;
    if context.is_json() {
        ui::json(&serde_json::json!({ "one": one, "other": other, "same": same }))?;
    } else {
        let what = if same {
            chosen().say("sont la même", "are one")
        } else {
            chosen().say("ne sont pas la même", "are not one")
        };
        ui::line(&say!(
            "{} et {} {what}; un worker les compare à nouveau",
            "{} and {} {what}; a worker matches them again",
            two.one,
            two.other
        ));
    }
    Ok(())
}
