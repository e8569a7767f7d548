//! `oim-etl duplicates`

use clap::{Args, Subcommand};
use store::Store;

use super::{Context, Outcome, common::current_user};
use crate::{
    app,
    lang::{chosen, say},
    ui::{self, Column, Table},
    words,
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
    let mut table = Table::new(&[
        Column::word("pair", 0).fr("paire"),
        Column::text("title", 2).fr("titre"),
        Column::text("organization", 3).fr("organisation"),
    ]);
    for pair in &pairs {
        for row in &pair.rows {
            table.row([
                format!("{}/{}", row.source, row.external_id),
                row.title.clone(),
                row.organization.clone().unwrap_or_else(|| "-".to_owned()),
            ]);
        }
        let why = words::evidence(chosen(), &pair.why).join(", ");
        table.row([String::new(), why, String::new()]);
    }
    table.print();
    ui::note(chosen().say(
        "\nPour décider: oim-etl duplicates same UNE AUTRE, ou oim-etl duplicates different UNE AUTRE",
        "\nTo decide: oim-etl duplicates same ONE OTHER, or oim-etl duplicates different ONE OTHER",
    ));
    Ok(())
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
