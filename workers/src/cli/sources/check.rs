//! `oim-etl sources check`

use std::{path::PathBuf, sync::Arc};

use clap::Args;
use domain::{Field, SourceSlug};
use replay::{Behavior, MockServer, Options};
use serde::Serialize;
use sources::{Catalog, Spec, SpecFile};

use super::fill::{filled, many, shown, unfilled};
use crate::{
    app,
    cli::{
        Context, Outcome,
        common::{find_source, has_address, recordings_folder},
    },
    lang::{chosen, say},
    partner::{self, Access},
    registry::Base,
    scheduler,
    ui::{self, Column, Table},
    workbench::preview::{Ask, Preview, preview},
};

/// Check every source file against its recordings, and show how often each field has a value
#[derive(Debug, Args)]
pub(super) struct Check {
    /// Check only this source
    source: Option<String>,
    /// Add recordings from this folder [default: `fixtures` in the folder of source files, else in the current one]
    #[arg(long, value_name = "DIR")]
    fixtures: Option<PathBuf>,
}

/// The result of a source file on its recordings.
#[derive(Debug, Serialize)]
struct Report {
    source: String,
    /// Whether there are recordings for it.
    recorded: bool,
    /// Whether it has an address from which they may come.
    has_address: bool,
    records: usize,
    opportunities: usize,
    rejected: usize,
    /// The percentage of opportunities in which a mapped field has a value.
    filled: Vec<(Field, usize)>,
    alarms: Vec<String>,
    notes: Vec<String>,
}

impl Check {
    pub(super) async fn run(self, context: &Context) -> anyhow::Result<Outcome> {
        let catalog = match self.catalog(context)? {
            Ok(catalog) => catalog,
            Err(why) => return wrong(context, &why),
        };
        let only = self.source.as_deref().map(|word| find_source(&catalog, word)).transpose()?;
        let folder = Some(recordings_folder(context, self.fixtures)).filter(|folder| folder.is_dir());
        let behavior = Behavior { crawl_delay: 0.0, ..Behavior::default() };
        let addr = ([127, 0, 0, 1], 0).into();
        let replay = MockServer::start(Options { addr, behavior, folder: folder.clone() }).await?;
        let mut reports = Vec::new();
        for spec in catalog.iter().filter(|spec| only.as_ref().is_none_or(|only| *only == spec.slug)) {
            let on_disk = folder.as_ref().is_some_and(|folder| folder.join(spec.slug.as_str()).is_dir());
            reports.push(tried(context, spec, &replay, on_disk).await?);
        }
        replay.stop().await;
        let timetable = scheduler::timetable(context.config(), &catalog)?;
        for slug in scheduler::unvisited(&timetable, &catalog) {
            let report = reports.iter_mut().find(|report| report.source == slug.as_str());
            if let Some(report) = report {
                report.notes.push(format!("nobody visits it: {}", scheduler::HOW_TO_VISIT));
            }
        }
        told(context, only.as_ref(), &reports)
    }

    /// Returns the sources to check, or the errors of their files: of one source those of its own file alone.
    fn catalog(&self, context: &Context) -> anyhow::Result<Result<Catalog, String>> {
        let Some(only) = &self.source else {
            return match app::catalog(context.config()) {
                Ok(catalog) => Ok(Ok(catalog)),
                Err(error) if error.is::<sources::SpecErrors>() => Ok(Err(error.to_string())),
                Err(error) => Err(error),
            };
        };
        let (base, refused) = Base::usable(context.config())?;
        Ok(match refused.into_iter().find(|file| file.slug == *only) {
            Some(file) => Err(file.why),
            None => Ok(base.into_catalog()),
        })
    }
}

fn wrong(context: &Context, why: &str) -> anyhow::Result<Outcome> {
    if context.is_json() {
        let errors: Vec<String> = why.lines().map(str::to_owned).collect();
        ui::json(&serde_json::json!({ "errors": errors }))?;
    } else {
        ui::line(why);
    }
    Ok(Outcome::Wrong)
}

/// Crawls the recordings as if they were the partner.
async fn tried(
    context: &Context,
    spec: &Arc<Spec>,
    replay: &MockServer,
    on_disk: bool,
) -> anyhow::Result<Report> {
    let builtin = replay::partners().iter().any(|partner| partner.slug == spec.slug.as_str());
    if !on_disk && !builtin {
        return Ok(report(spec, false, Preview::default()));
    }
    let known = replay::credentials();
    let secret =
        |name: &str| known.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
    let partner = Access::Recorded(spec, &secret, replay.url().parse()?).partner(context.config())?;
    let ask = Ask { limit: usize::MAX, since: None, tapes: false, recorded: true };
    let found = preview(&partner::client(context.config())?, &partner, spec, ask).await;
    Ok(match found {
        Ok(found) => report(spec, true, found),
        Err(error) => {
            let alarms = vec![format!("{error:#}")];
            report(spec, true, Preview { alarms, ..Preview::default() })
        }
    })
}

/// Returns what is wrong with a source file on its recordings, if it has some.
pub(super) async fn problems(
    context: &Context,
    slug: &SourceSlug,
    text: &str,
    folder: PathBuf,
) -> anyhow::Result<Vec<String>> {
    let catalog = Catalog::load(vec![SpecFile::of(slug, text)])?;
    let folder = Some(folder).filter(|folder| folder.is_dir());
    let on_disk = folder.as_ref().is_some_and(|folder| folder.join(slug.as_str()).is_dir());
    let behavior = Behavior { crawl_delay: 0.0, ..Behavior::default() };
    let addr = ([127, 0, 0, 1], 0).into();
    let replay = MockServer::start(Options { addr, behavior, folder }).await?;
    let mut found = Vec::new();
    for spec in catalog.iter() {
        let report = tried(context, spec, &replay, on_disk).await?;
        if report.recorded && report.opportunities == 0 {
            found.push("nothing of its recordings would be loaded".to_owned());
        }
        found.extend(report.alarms);
    }
    replay.stop().await;
    Ok(found)
}

fn report(spec: &Spec, recorded: bool, found: Preview) -> Report {
    Report {
        source: spec.slug.to_string(),
        recorded,
        has_address: has_address(spec),
        records: found.records,
        opportunities: found.opportunities.len(),
        rejected: found.rejections.len(),
        filled: filled(spec, &found.opportunities),
        notes: found
            .noted()
            .into_iter()
            .chain(unfilled(spec, &found.opportunities))
            .chain(many(&found.opportunities))
            .collect(),
        alarms: found.alarms,
    }
}

/// `only`: the one source that was asked for; it is good only if it could be tried.
fn told(context: &Context, only: Option<&SourceSlug>, reports: &[Report]) -> anyhow::Result<Outcome> {
    let empty = |report: &&Report| report.recorded && report.opportunities == 0;
    let is_tried = only.is_none() || reports.iter().all(|report| report.recorded);
    let good = is_tried
        && reports.iter().all(|report| report.alarms.is_empty())
        && !reports.iter().any(|report| empty(&report));
    if context.is_json() {
        ui::json(&serde_json::json!({ "errors": [], "sources": reports }))?;
        return Ok(if good { Outcome::Good } else { Outcome::Wrong });
    }
    verdict(only, is_tried, reports);
    let mut table = Table::new(&[
        Column::word("source", 0),
        Column::number("records", 2).fr("fiches"),
        Column::number("loaded", 0).fr("chargées"),
        Column::number("rejected", 1).fr("refusées"),
        Column::text("filled, in % of what would be loaded", 3).fr("remplis, en % de ce qui serait chargé"),
    ]);
    for report in reports.iter().filter(|report| report.recorded) {
        let numbers =
            [report.records, report.opportunities, report.rejected].map(|number| number.to_string());
        let [records, loaded, rejected] = numbers;
        table.row([report.source.clone(), records, loaded, rejected, shown(&report.filled)]);
    }
    table.print();
    for report in reports {
        for line in report.alarms.iter().chain(&report.notes) {
            ui::note(&format!("{}  {}", report.source, chosen().phrase(line)));
        }
        if !report.recorded && report.has_address {
            ui::note(&say!(
                "{0}  n'a pas d'enregistrements pour l'essayer: oim-etl sources record {0}",
                "{0}  has no recordings to be tried on: oim-etl sources record {0}",
                report.source
            ));
        } else if !report.recorded {
            ui::note(&say!(
                "{0}  n'a pas d'adresse: on l'essaie sur un fichier: oim-etl ingest {0} --file FICHIER --dry-run",
                "{0}  has no address, so it is tried on a file: oim-etl ingest {0} --file PATH --dry-run",
                report.source
            ));
        }
    }
    Ok(if good { Outcome::Good } else { Outcome::Wrong })
}

/// Prints whether the files are valid.
fn verdict(only: Option<&SourceSlug>, is_tried: bool, reports: &[Report]) {
    match only {
        Some(slug) if is_tried => {
            ui::line(&say!(
                "le fichier de la source {slug} est valide",
                "the source file of {slug} is valid"
            ));
        }
        Some(slug) => ui::line(&say!(
            "le fichier de la source {slug} n'a pas d'erreur; rien n'a pu être essayé",
            "the source file of {slug} has no errors; nothing could be tried"
        )),
        None => {
            let slugs: Vec<&str> = reports.iter().map(|report| report.source.as_str()).collect();
            ui::line(&say!(
                "{} fichiers de source sont valides: {}",
                "{} source files are valid: {}",
                slugs.len(),
                slugs.join(", ")
            ));
        }
    }
}
