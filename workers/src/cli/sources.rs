//! `oim-etl sources`

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use opportunity::{Opportunity, Rejection, SourceSlug};
use serde::Serialize;
use sources::Catalog;

use super::{Context, Outcome, ingest::named};
use crate::{
    engine,
    pipeline::preview::{Preview, preview as fetch_and_read},
    ui::{self, Align, Table},
};

/// Lists, checks and tries partner files.
#[derive(Debug, Args)]
pub(super) struct Sources {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// The partners, with rate, streams and what of them is missing here
    List,
    /// Read every partner file; exit 1 when one is wrong
    Check,
    /// Fetch live and print what would be loaded; write nothing
    Preview {
        /// The source, by slug
        source: String,
        /// Stop after so many records
        #[arg(long, short = 'n', default_value_t = 5)]
        limit: i32,
    },
}

#[derive(Debug, Serialize)]
struct Row {
    slug: String,
    name: String,
    rate: String,
    streams: Vec<String>,
    base_url: String,
    enabled: bool,
    /// Environment variables it needs and that are not set.
    missing: Vec<String>,
}

impl Sources {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        if let What::Check = self.what {
            return check(&context);
        }
        let catalog = engine::catalog(context.config())?;
        match self.what {
            What::Preview { source, limit } => {
                let slug = named(&catalog, &source)?;
                preview(&context, &catalog, &[slug], Some(limit.max(1)), None).await
            }
            _ => list(&context, &catalog),
        }
    }
}

fn check(context: &Context) -> anyhow::Result<Outcome> {
    let catalog = match engine::catalog(context.config()) {
        Ok(catalog) => catalog,
        Err(error) if error.is::<sources::SpecErrors>() => {
            if context.is_json() {
                let errors: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
                ui::json(&serde_json::json!({ "errors": errors }))?;
            } else {
                ui::line(&error.to_string());
            }
            return Ok(Outcome::Wrong);
        }
        Err(error) => return Err(error),
    };
    let slugs: Vec<String> = catalog.iter().map(|spec| spec.slug.to_string()).collect();
    if context.is_json() {
        ui::json(&serde_json::json!({ "errors": [], "sources": slugs }))?;
    } else {
        ui::line(&format!("{} partner files are right: {}", slugs.len(), slugs.join(", ")));
    }
    Ok(Outcome::Good)
}

fn list(context: &Context, catalog: &Catalog) -> anyhow::Result<Outcome> {
    let rows: Vec<Row> = catalog
        .iter()
        .map(|spec| Row {
            slug: spec.slug.to_string(),
            name: spec.name.clone(),
            rate: context
                .config()
                .sources
                .get(&spec.slug)
                .and_then(|s| s.rate)
                .unwrap_or(spec.rate)
                .to_string(),
            streams: spec.streams.iter().map(|stream| stream.name.to_string()).collect(),
            base_url: spec.base_url.to_string(),
            enabled: engine::is_enabled(context.config(), &spec.slug),
            missing: engine::credentials_of(spec)
                .into_iter()
                .filter(|name| std::env::var_os(name).is_none_or(|value| value.is_empty()))
                .collect(),
        })
        .collect();
    if context.is_json() {
        ui::json(&rows)?;
        return Ok(Outcome::Good);
    }
    let columns = [
        ("source", Align::Left),
        ("name", Align::Left),
        ("rate", Align::Right),
        ("streams", Align::Left),
        ("address", Align::Left),
        ("needs", Align::Left),
    ];
    let mut table = Table::new(&columns);
    for row in rows {
        let needs = if !row.enabled {
            "disabled here".to_owned()
        } else if row.missing.is_empty() {
            "-".to_owned()
        } else {
            format!("{} (not set)", row.missing.join(", "))
        };
        table.row([row.slug, row.name, row.rate, row.streams.join(", "), row.base_url, needs]);
    }
    ui::line(&table.render());
    Ok(Outcome::Good)
}

/// Fetches and reads sources live and prints what would be loaded; nothing is written anywhere.
pub(super) async fn preview(
    context: &Context,
    catalog: &Catalog,
    slugs: &[SourceSlug],
    limit: Option<i32>,
    since: Option<DateTime<Utc>>,
) -> anyhow::Result<Outcome> {
    let client = engine::client(context.config())?;
    let mut all_read = true;
    for slug in slugs {
        let Some(spec) = catalog.get(slug) else { continue };
        let partner = engine::partner(context.config(), spec, &|name| std::env::var(name).ok())?;
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let Preview { opportunities, rejections, alarms } =
            fetch_and_read(&client, &partner, spec, limit, since).await?;
        all_read &= alarms.is_empty();
        if context.is_json() {
            ui::json(
                &serde_json::json!({"source": slug, "opportunities": opportunities, "rejected": rejections, "alarms": alarms}),
            )?;
        } else {
            show(slug, &opportunities, &rejections);
            for alarm in &alarms {
                ui::note(&format!("{slug}  {alarm}"));
            }
        }
    }
    Ok(if all_read { Outcome::Good } else { Outcome::Wrong })
}

fn show(slug: &SourceSlug, opportunities: &[Opportunity], rejections: &[Rejection]) {
    for row in opportunities {
        let places = row.places.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let contracts = row.contracts.iter().map(|contract| contract.label()).collect::<Vec<_>>().join(", ");
        let dates = [
            row.posted_at.map(|at| format!("posted {}", at.format("%Y-%m-%d"))),
            row.closes_on.map(|day| format!("closes {day}")),
        ];
        let rest = [row.organization.clone(), Some(places), Some(contracts), row.pay_text.clone()]
            .into_iter()
            .flatten()
            .chain(dates.into_iter().flatten());
        ui::line(&format!("{slug} {}  {}", row.external_id, ui::strong(&row.title)));
        ui::line(&format!("    {}", rest.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")));
    }
    for rejection in rejections {
        ui::line(&format!(
            "{slug} {}  rejected: {}",
            rejection.external_id.as_deref().unwrap_or("-"),
            rejection.reason
        ));
    }
    ui::line(&format!(
        "{slug}  {} would be loaded, {} rejected; nothing was written",
        opportunities.len(),
        rejections.len()
    ));
}
