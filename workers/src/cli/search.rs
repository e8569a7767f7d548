//! `oim-etl search`

use chrono::Utc;
use clap::Args;
use domain::{Kind, vocabulary::Contract};
use vectors::{Filter, Hit};

use super::{Context, Outcome};
use crate::{
    app, remote, ui,
    vector::{Found, Vectors},
};

/// Search opportunities: by words with the built-in embedder, by meaning with Ollama
#[derive(Debug, Args)]
pub(super) struct Search {
    /// Text to search for, in French or English
    text: String,
    /// Show only this kind: job, training, agr or microfinance
    #[arg(long)]
    kind: Option<Kind>,
    /// Show only this region, by its ISO 3166-2 code, such as CM-LT
    #[arg(long)]
    region: Option<String>,
    /// Show at most this many hits
    #[arg(long, short = 'n', default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=100))]
    limit: u16,
}

impl Search {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        let Found { hits, degraded } = match Vectors::open(context.config()).await? {
            Some(vectors) => {
                let store = app::connect(context.config(), 1).await?;
                vectors.search(&store, &self.text, self.filter(), usize::from(self.limit)).await?
            }
            None => self.ask_worker(&context).await?,
        };
        if let Some(why) = degraded {
            ui::note(&format!("degraded: found by words alone, because {why}"));
        }
        if context.is_json() {
            ui::json(&hits)?;
        } else if hits.is_empty() {
            ui::note("nothing found; `oim-etl status` shows whether anything is indexed");
        } else {
            for hit in &hits {
                ui::line(&shown(hit));
            }
        }
        Ok(Outcome::Good)
    }

    fn filter(&self) -> Filter {
        Filter {
            kinds: self.kind.map(|kind| kind.to_string()).into_iter().collect(),
            regions: self.region.clone().into_iter().collect(),
            sources: Vec::new(),
            open_on: Some(Utc::now().with_timezone(&chrono_tz::Africa::Douala).date_naive()),
        }
    }

    /// Asks the worker that holds the embedded index, over its API.
    async fn ask_worker(&self, context: &Context) -> anyhow::Result<Found> {
        let store = app::connect(context.config(), 1).await?;
        let workers = store.queue().workers().await?;
        let address =
            workers.iter().find(|worker| worker.indexes).and_then(|worker| worker.http_address.clone());
        let Some(address) = address else {
            anyhow::bail!(
                "another process holds the embedded index and no worker answers for it; try again when it has ended"
            )
        };
        let mut query = vec![("q", self.text.clone()), ("limit", self.limit.to_string())];
        query.extend(self.kind.map(|kind| ("kind", kind.to_string())));
        query.extend(self.region.clone().map(|region| ("region", region)));
        remote::search(&address, &query).await
    }
}

/// Formats a hit as one line.
pub(super) fn shown(hit: &Hit) -> String {
    let payload = &hit.payload;
    let closes = payload.closes_on.and_then(day).map(|day| format!("closes {}", day.format("%-d %b")));
    let ends = payload.ends_on.and_then(day).map(|day| format!("ends {}", day.format("%-d %b %Y")));
    let contracts: Vec<&str> = payload.contracts.iter().map(|code| label(code)).collect();
    let contracts = (!contracts.is_empty()).then(|| contracts.join(", "));
    let parts = [
        Some(payload.title.clone()),
        payload.organization.clone(),
        (!payload.place.is_empty()).then(|| payload.place.clone()),
        contracts,
        closes,
        ends,
    ];
    format!(
        "{:5.2}  {}   {}",
        hit.score,
        parts.into_iter().flatten().collect::<Vec<_>>().join(" · "),
        payload.source
    )
}

/// Returns what people call a contract: `permanent` is a "CDI". A code that is not in the table stays as it is.
fn label(code: &str) -> &str {
    match Contract::of_code(code) {
        Some(contract) => contract.label(),
        None => code,
    }
}

fn day(number: i64) -> Option<chrono::NaiveDate> {
    chrono::NaiveDate::from_num_days_from_ce_opt(i32::try_from(number).ok()?)
}
