//! What the demo prints at its end.

use std::{path::Path, time::Duration};

use domain::SourceSlug;
use serde_json::json;
use store::{RunRow, RunState};

use super::{App, Line, Outcome};
use crate::{
    cli::{ingest::problem_lines, search::shown},
    lang::{chosen, say},
    search::{Ask, search},
    ui::{self, Column, Table, held},
};

/// Searches a returning migrant might make.
const SEARCHES: [&str; 3] = ["soudeur à Douala", "accountant in Buea", "couture et mode à Bafoussam"];
/// The number of hits shown for each.
const HITS: u16 = 3;

/// Prints the table, the rejections and the searches.
pub(super) async fn print(
    app: &App,
    runs: &[RunRow],
    lines: &[Line],
    quiet: bool,
    took: Duration,
) -> anyhow::Result<Outcome> {
    let mut searches = Vec::new();
    if let Some(kept) = app.indexes.served() {
        for text in SEARCHES {
            searches.push((text, search(&kept.vectors, &app.store, &Ask::of(text, HITS)).await?.hits));
        }
    }
    if quiet {
        let searches: Vec<_> =
            searches.iter().map(|(text, hits)| json!({"text": text, "hits": hits})).collect();
        ui::json(&json!({"runs": runs, "searches": searches, "seconds": took.as_secs_f64()}))?;
    } else {
        ui::line("");
        table(runs, lines).print();
        for run in runs {
            for line in problem_lines(&app.store, run).await? {
                ui::line(&line);
            }
            if let Some(why) = &run.message {
                let (lang, why) = (chosen(), chosen().phrase(why));
                let state = lang.say(lang.word("run_states", run.state.as_str()), run.state.as_str());
                ui::line(&format!("{}  {state}: {why}", run.source));
            }
        }
        for (text, hits) in &searches {
            ui::line(&say!("\nrecherche {text:?}", "\nsearch {text:?}"));
            for hit in hits {
                ui::line(&shown(hit));
            }
        }
        ui::line(&say!("\nle tout a pris {:.1} s", "\nall of it took {:.1} s", took.as_secs_f64()));
    }
    Ok(if runs.iter().all(|run| run.state == RunState::Complete) { Outcome::Good } else { Outcome::Wrong })
}

/// The columns of the table.
pub(in crate::cli) const COLUMNS: [Column; 10] = [
    Column::word("source", 0),
    Column::number("pages", 5),
    Column::number("seen", 2).fr("vues"),
    Column::number("new", 1).fr("nouvelles"),
    Column::number("changed", 3).fr("changées"),
    Column::number("unchanged", 4).fr("inchangées"),
    Column::number("rejected", 2).fr("refusées"),
    Column::number("embedded", 6).fr("indexées"),
    Column::number("seconds", 7).fr("secondes"),
    Column::number("req/s held/allowed", 8).fr("req/s tenu/permis"),
];

fn table(runs: &[RunRow], lines: &[Line]) -> Table {
    let mut table = Table::new(&COLUMNS);
    for (run, line) in runs.iter().zip(lines) {
        let seconds = run.finished_at.zip(run.started_at).map(|(to, from)| (to - from).as_seconds_f64());
        let held = held(run).map_or("-".to_owned(), |held| format!("{held:.1}"));
        table.row([
            run.source.clone(),
            run.pages.to_string(),
            run.seen.to_string(),
            run.created.to_string(),
            run.changed.to_string(),
            run.unchanged.to_string(),
            run.rejected.to_string(),
            run.embedded.to_string(),
            seconds.map_or("-".to_owned(), |seconds| format!("{seconds:.1}")),
            format!("{held}/{:.0}", line.rate.per_second()),
        ]);
    }
    table
}

/// Says which sources the demo cannot replay, if there are any, and how to try them.
pub(super) fn not_replayed(off: &[SourceSlug]) {
    if off.is_empty() {
        return;
    }
    let slugs = off.iter().map(SourceSlug::to_string).collect::<Vec<_>>().join(", ");
    let program = ui::program();
    ui::note(&say!(
        "hors service dans la démo, qui ne rejoue que des partenaires enregistrés: {slugs}\n\
         pour en essayer une chez son partenaire: {program} --sources DOSSIER sources preview SOURCE",
        "off in the demo, which replays recorded partners only: {slugs}\n\
         to try one on its partner: {program} --sources DIR sources preview SOURCE"
    ));
}

/// Prints what to try next: commands that work when pasted.
pub(super) fn next_steps(data: &Path, cluster: &Path) {
    let inside = data.canonicalize().is_ok_and(|data| cluster.starts_with(data));
    let beside = if inside { String::new() } else { say!(" et {}", " and {}", cluster.display()) };
    ui::note(&say!(
        "\ntout est arrêté; les données sont dans {}{beside}",
        "\neverything is stopped; the data is in {}{beside}",
        data.display()
    ));
    let program = ui::program();
    let demo = format!("{program} demo --data {}", ui::quoted(&data.display().to_string()));
    let lang = chosen();
    ui::note(lang.say("ensuite:", "next:"));
    for (command, about) in [
        (
            demo.clone(),
            lang.say("encore: tout est inchangé", "again: everything unchanged, nothing embedded"),
        ),
        (
            format!("{demo} --keep"),
            lang.say(
                "reste en marche, avec la console et l'API; affiche leur adresse et un jeton",
                "stays up, with the console and the API; it prints their address and a token",
            ),
        ),
        (
            format!("{program} sources list"),
            lang.say(
                "les partenaires; docs/ADDING_A_PARTNER.md en ajoute un",
                "the partners; docs/ADDING_A_PARTNER.md adds one",
            ),
        ),
        (
            format!("DATABASE_URL=private {program} worker"),
            lang.say(
                "pour de vrai, sur un PostgreSQL privé dans .oim-etl; docs/OPERATIONS.md",
                "for real use, on a private PostgreSQL in .oim-etl; docs/OPERATIONS.md",
            ),
        ),
    ] {
        ui::note(&format!("  {command}\n      {about}"));
    }
}
