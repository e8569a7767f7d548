//! `oim-etl sources preview`

use chrono::{DateTime, Utc};
use domain::{Opportunity, Rejection, SourceSlug};
use sources::{Catalog, Spec};

use super::fill::{filled, many, shown, unfilled};

use crate::{
    cli::{Context, Outcome},
    lang::{chosen, say},
    partner::{self, Access, environment},
    ui,
    workbench::preview::{Ask, Preview, preview as fetch_and_read},
};

/// Fetches and reads sources live and prints what would be loaded; nothing is written anywhere.
pub(in crate::cli) async fn preview(
    context: &Context,
    catalog: &Catalog,
    slugs: &[SourceSlug],
    limit: Option<i32>,
    since: Option<DateTime<Utc>>,
) -> anyhow::Result<Outcome> {
    let client = partner::client(context.config())?;
    let mut all_read = true;
    for slug in slugs {
        let Some(spec) = catalog.get(slug) else { continue };
        let partner = Access::WithCredentials(spec, &environment).partner(context.config())?;
        let limit = limit.and_then(|limit| usize::try_from(limit).ok()).unwrap_or(usize::MAX);
        let ask = Ask { limit, since, tapes: false, recorded: false };
        let preview = fetch_and_read(&client, &partner, spec, ask).await?;
        all_read &= print(context, spec, preview)? == Outcome::Good;
    }
    Ok(if all_read { Outcome::Good } else { Outcome::Wrong })
}

/// Prints what would be loaded.
pub(in crate::cli) fn print(context: &Context, spec: &Spec, preview: Preview) -> anyhow::Result<Outcome> {
    let slug = &spec.slug;
    let notes = preview.noted();
    let Preview { opportunities, rejections, alarms, .. } = preview;
    if context.is_json() {
        ui::json(&serde_json::json!({
            "source": slug, "opportunities": opportunities, "rejected": rejections, "alarms": alarms, "notes": notes
        }))?;
    } else {
        show(slug, &opportunities, &rejections);
        let filled = filled(spec, &opportunities);
        if !opportunities.is_empty() && filled.iter().any(|(_, percent)| *percent < 100) {
            ui::line(&say!("{slug}  remplis, en %: {}", "{slug}  filled, in %: {}", shown(&filled)));
        }
        for line in
            alarms.iter().chain(&notes).chain(&unfilled(spec, &opportunities)).chain(&many(&opportunities))
        {
            ui::note(&format!("{slug}  {}", chosen().phrase(line)));
        }
    }
    Ok(if alarms.is_empty() { Outcome::Good } else { Outcome::Wrong })
}

fn show(slug: &SourceSlug, opportunities: &[Opportunity], rejections: &[Rejection]) {
    for row in opportunities {
        let places = row.places.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        let contracts = row.contracts.iter().map(|contract| contract.label()).collect::<Vec<_>>().join(", ");
        let dates = [
            row.posted_at.map(|at| {
                let day = at.with_timezone(&chrono_tz::Africa::Douala).date_naive();
                say!("publiée le {day}", "posted {day}")
            }),
            row.starts_on.map(|day| say!("commence le {day}", "starts {day}")),
            row.closes_on.map(|day| say!("ferme le {day}", "closes {day}")),
            row.ends_on.map(|day| say!("finit le {day}", "ends {day}")),
            row.is_closed.then(|| chosen().text("close, dit le partenaire", "closed by the partner's word")),
        ];
        let terms = [&row.amount_text, &row.interest_text, &row.fees_text, &row.duration_text];
        let rest = [row.organization.clone(), Some(places), Some(contracts)]
            .into_iter()
            .chain(terms.into_iter().cloned())
            .flatten()
            .chain(dates.into_iter().flatten());
        ui::line(&format!("{slug} {}  {}", row.external_id, ui::strong(&row.title)));
        ui::line(&format!("    {}", rest.filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")));
    }
    for rejection in rejections {
        ui::line(&say!(
            "{slug} {}  refusée: {}",
            "{slug} {}  rejected: {}",
            rejection.external_id.as_deref().unwrap_or("-"),
            ui::refusal(&rejection.reason)
        ));
    }
    ui::line(&say!(
        "{slug}  {} seraient chargées, {} refusées; rien n'est écrit",
        "{slug}  {} would be loaded, {} rejected; nothing was written",
        opportunities.len(),
        rejections.len()
    ));
}
