//! `oim-etl search`

use clap::Args;
use domain::vocabulary::Contract;
use store::Store;
use vectors::{Hit, Part, PartOf};

use super::{Context, Outcome};
use crate::{
    app,
    lang::{chosen, say},
    remote,
    search::{self, Ask, Listed},
    ui,
    vector::{Found, Vectors},
};

/// Search opportunities: by words and categories, and with Ollama by meaning
///
/// Filters take several values, separated by commas. An opportunity that several sources publish is shown once. Filters without a text
/// list all that passes, soonest closing first.
#[derive(Debug, Args)]
pub(super) struct Search {
    #[command(flatten)]
    ask: Ask,
}

impl Search {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        self.ask.filter()?;
        let store = app::connect(context.config(), 1).await?;
        if let Some(listed) = search::listed(&store, &self.ask).await? {
            return self.print_listed(&context, &listed);
        }
        let Found { hits, degraded } = match Vectors::open_served(context.config(), &store).await? {
            Some(vectors) => search::search(&vectors, &store, &self.ask).await?,
            None => self.ask_worker(&store).await?,
        };
        if let Some(why) = degraded {
            ui::note(&say!(
                "recherche réduite: par mots et catégories seulement, car {why}",
                "degraded: found by words and categories alone, because {why}"
            ));
        }
        if context.is_json() {
            ui::json(&hits)?;
        } else if hits.is_empty() {
            ui::note(&nothing(&self.ask));
        } else {
            for hit in &hits {
                ui::line(&shown(hit));
                hit.parts.iter().for_each(|parts| ui::line(&format!("       {}", sum(parts))));
            }
            if context.config().ollama_url.is_none() && context.config().embedder_url.is_none() {
                ui::note(chosen().say(
                    "trouvé par mots et catégories; donnez ollama_url ou embedder_url pour chercher aussi par le sens",
                    "found by words and categories; set ollama_url or embedder_url to search by meaning too",
                ));
            }
        }
        Ok(Outcome::Good)
    }

    /// Prints what passes the filters, and how much of it is shown.
    fn print_listed(&self, context: &Context, listed: &Listed) -> anyhow::Result<Outcome> {
        let Listed { hits, total } = listed;
        if context.is_json() {
            ui::json(hits)?;
        } else {
            for hit in hits {
                ui::line(&described(hit));
            }
        }
        let shown = hits.len();
        ui::note(&match (shown, total) {
            (0, _) => nothing(&self.ask),
            (_, 1) => say!("1 opportunité ouverte", "1 open opportunity"),
            (_, total) if i64::try_from(shown)? == *total => {
                say!("{total} opportunités ouvertes", "{total} open opportunities")
            }
            (_, total) => say!(
                "{shown} de {total} opportunités ouvertes, celles qui ferment le plus tôt; --limit en montre jusqu'à 100",
                "{shown} of {total} open opportunities, those that close soonest; --limit shows up to 100"
            ),
        });
        Ok(Outcome::Good)
    }

    /// Asks the worker that holds the embedded index, over its API.
    async fn ask_worker(&self, store: &Store) -> anyhow::Result<Found> {
        let workers = store.queue().workers().await?;
        let address =
            workers.iter().find(|worker| worker.indexes).and_then(|worker| worker.http_address.clone());
        let Some(address) = address else {
            anyhow::bail!(
                "another process holds the embedded index and no worker answers for it; try again when it has ended"
            )
        };
        remote::search(&address, &self.ask).await
    }
}

/// Says that nothing was found, and what to try.
fn nothing(ask: &Ask) -> String {
    let what = ask.q.as_ref().map_or(String::new(), |question| {
        say!(
            " pour {:?}: aucune opportunité ouverte que les filtres laissent passer n'en a un mot ni n'en traite",
            " for {:?}: no open opportunity that the filters let through has a word of it or is about it",
            question
        )
    });
    let town = search::misspelt(ask.town.as_deref()).map_or(String::new(), |(given, known)| {
        say!(
            "\nla ville {given:?} n'est pas au répertoire des lieux; vouliez-vous dire {known}?",
            "\nthe gazetteer has no town {given:?}; did you mean {known}?"
        )
    });
    say!(
        "rien trouvé{}; essayez d'autres mots ou moins de filtres, ou voyez si l'index contient quelque chose: `oim-etl status`{town}",
        "nothing found{}; try other words or fewer filters, or see whether anything is indexed: `oim-etl status`{town}",
        what
    )
}

/// Formats a hit as one line, with its score.
pub(super) fn shown(hit: &Hit) -> String {
    format!("{:5.2}  {}", hit.score, described(hit))
}

fn described(hit: &Hit) -> String {
    let payload = &hit.payload;
    let closes = payload
        .closes_on
        .map(|day| say!("ferme le {}", "closes {}", day.format(chosen().say("%-d/%m", "%-d %b"))));
    let ends = payload
        .ends_on
        .map(|day| say!("finit le {}", "ends {}", day.format(chosen().say("%-d/%m/%Y", "%-d %b %Y"))));
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
    format!("{}   {}", parts.into_iter().flatten().collect::<Vec<_>>().join(" · "), payload.source)
}

/// Formats the parts of a score: `0.31 topic:welding + 0.12 "soudeur"`.
fn sum(parts: &[Part]) -> String {
    let part = |part: &Part| match part.of {
        PartOf::Word => format!("{:.2} {:?}", part.score, part.name),
        PartOf::Category | PartOf::Meaning => format!("{:.2} {}", part.score, part.name),
    };
    parts.iter().map(part).collect::<Vec<_>>().join(" + ")
}

/// Returns what people call a contract: `permanent` is a "CDI". A code that is not in the table stays as it is.
fn label(code: &str) -> &str {
    match Contract::of_code(code) {
        Some(contract) => chosen().say(chosen().word("contracts", code), contract.label()),
        None => code,
    }
}
