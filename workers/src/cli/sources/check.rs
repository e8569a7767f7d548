//! `oim-etl sources check`

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use fixtures::{Manners, Options, Replay};
use opportunity::{Draft, Opportunity};
use serde::Serialize;
use sources::{Catalog, Spec};

use super::record::folder;
use crate::{
    cli::{Context, Outcome},
    engine,
    pipeline::preview::{Ask, Preview, preview},
    ui::{self, Align, Table},
};

/// Reads every partner file, tries each on its recorded answers, and tells how often each field has a value
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Only this source
    source: Option<String>,
    /// Folder of recordings, beside those built in [default: `fixtures` in the folder of partner files, else here]
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
}

/// What a partner file gives over its recordings.
#[derive(Debug, Serialize)]
struct Report {
    source: String,
    /// Whether there are recordings to try it on.
    recorded: bool,
    records: usize,
    opportunities: usize,
    rejected: usize,
    /// Percent of the opportunities in which a mapped field has a value.
    filled: Vec<(&'static str, usize)>,
    alarms: Vec<String>,
    notes: Vec<String>,
}

impl Check {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let catalog = match engine::catalog(context.config()) {
            Ok(catalog) => catalog,
            Err(error) if error.is::<sources::SpecErrors>() => return wrong(context, &error),
            Err(error) => return Err(error),
        };
        let only = self.source.as_deref().map(|word| super::named(&catalog, word)).transpose()?;
        let folder = Some(folder(context, self.fixtures)).filter(|folder| folder.is_dir());
        let manners = Manners { crawl_delay: 0.0, ..Manners::default() };
        let addr = ([127, 0, 0, 1], 0).into();
        let replay = Replay::start(Options { addr, manners, folder: folder.clone() }).await?;
        let mut reports = Vec::new();
        for spec in catalog.iter().filter(|spec| only.as_ref().is_none_or(|only| *only == spec.slug)) {
            let on_disk = folder.as_ref().is_some_and(|folder| folder.join(spec.slug.as_str()).is_dir());
            reports.push(tried(context, spec, &replay, on_disk).await?);
        }
        replay.stop().await;
        told(context, &catalog, &reports)
    }
}

fn wrong(context: &Context, error: &anyhow::Error) -> anyhow::Result<Outcome> {
    if context.is_json() {
        let errors: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
        ui::json(&serde_json::json!({ "errors": errors }))?;
    } else {
        ui::line(&error.to_string());
    }
    Ok(Outcome::Wrong)
}

/// Walks the recordings as if they were the partner.
async fn tried(
    context: &Context,
    spec: &Arc<Spec>,
    replay: &Replay,
    on_disk: bool,
) -> anyhow::Result<Report> {
    let builtin = fixtures::partners().iter().any(|partner| partner.slug == spec.slug.as_str());
    if !on_disk && !builtin {
        return Ok(report(spec, false, Preview::default()));
    }
    let known = fixtures::credentials();
    let secret =
        |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    // Answers that were recorded from a live partner ask for no credentials.
    let mut partner = match engine::partner(context.config(), spec, &secret) {
        Ok(partner) => partner,
        Err(_) => engine::anonymous(context.config(), spec)?,
    };
    partner.via = Some(replay.url().parse()?);
    partner.rate = "1000/s".parse()?;
    partner.robots = false;
    let ask = Ask { limit: usize::MAX, since: None, tapes: false };
    let found = preview(&engine::client(context.config())?, &partner, spec, ask).await;
    Ok(match found {
        Ok(found) => report(spec, true, found),
        Err(error) => {
            let alarms = vec![format!("{error:#}")];
            report(spec, true, Preview { alarms, ..Preview::default() })
        }
    })
}

fn report(spec: &Spec, recorded: bool, found: Preview) -> Report {
    let total = found.opportunities.len();
    let mapped: Vec<&str> = spec.streams.iter().flat_map(sources::Stream::mapped).collect();
    let percent = |field: &'static str| {
        let has = found.opportunities.iter().filter(|row| has(row, field)).count();
        (field, (100 * has).checked_div(total).unwrap_or(0))
    };
    Report {
        source: spec.slug.to_string(),
        recorded,
        records: found.records,
        opportunities: total,
        rejected: found.rejections.len(),
        filled: Draft::FIELDS.into_iter().filter(|field| mapped.contains(field)).map(percent).collect(),
        notes: found.noted(),
        alarms: found.alarms,
    }
}

/// Whether a field came through as a value.
fn has(row: &Opportunity, field: &str) -> bool {
    match field {
        "url" => row.url.is_some(),
        "organization" => row.organization.is_some(),
        "description" => row.description.is_some(),
        "place" => !row.places.is_empty(),
        "salary" => row.pay_text.is_some(),
        "contract" => !row.contracts.is_empty(),
        "posted_at" => row.posted_at.is_some(),
        "closes_at" => row.closes_on.is_some(),
        "positions" => row.positions.is_some(),
        "education" => row.education.is_some(),
        "experience" => row.experience.is_some(),
        "language" => row.language.is_some(),
        _ => true,
    }
}

fn told(context: &Context, catalog: &Catalog, reports: &[Report]) -> anyhow::Result<Outcome> {
    let empty = |report: &&Report| report.recorded && report.opportunities == 0;
    let good =
        reports.iter().all(|report| report.alarms.is_empty()) && !reports.iter().any(|report| empty(&report));
    if context.is_json() {
        ui::json(&serde_json::json!({ "errors": [], "sources": reports }))?;
        return Ok(if good { Outcome::Good } else { Outcome::Wrong });
    }
    let slugs: Vec<String> = catalog.iter().map(|spec| spec.slug.to_string()).collect();
    ui::line(&format!("{} partner files are right: {}", slugs.len(), slugs.join(", ")));
    let mut table = Table::new(&[
        ("source", Align::Left),
        ("records", Align::Right),
        ("loaded", Align::Right),
        ("rejected", Align::Right),
        ("filled, in % of what would be loaded", Align::Left),
    ]);
    for report in reports.iter().filter(|report| report.recorded) {
        let filled = report.filled.iter().filter(|(field, _)| !["external_id", "title"].contains(field));
        let filled: Vec<String> = filled.map(|(field, percent)| format!("{field} {percent}")).collect();
        let numbers =
            [report.records, report.opportunities, report.rejected].map(|number| number.to_string());
        let [records, loaded, rejected] = numbers;
        table.row([report.source.clone(), records, loaded, rejected, filled.join(" · ")]);
    }
    ui::line(&table.render());
    for report in reports {
        for line in report.alarms.iter().chain(&report.notes) {
            ui::note(&format!("{}  {line}", report.source));
        }
        if !report.recorded {
            ui::note(&format!(
                "{}  has no recordings to be tried on: oim-etl sources record {}",
                report.source, report.source
            ));
        }
    }
    Ok(if good { Outcome::Good } else { Outcome::Wrong })
}
