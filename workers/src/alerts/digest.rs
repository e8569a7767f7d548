//! The daily digest: problems first, then what is new, changed and closed, what waits for a decision, and what comes next.

mod words;

use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Africa::Douala;
use maud::{DOCTYPE, html};
use serde::Serialize;
use sources::Catalog;
use store::{Alert, DigestFigures, Message, Moved, Store};

use self::words::{count, day, kind, named, region, state};
use super::text;
use crate::{config::Config, lang::Lang, scheduler};

/// Alerts that are listed; more are counted.
const MOST: usize = 20;
/// Regions that are named of each kind.
const REGIONS: usize = 4;
/// How far ahead ticks are listed.
const AHEAD: TimeDelta = TimeDelta::days(1);

/// What a time brought.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Digest {
    /// When it begins.
    pub(crate) since: DateTime<Utc>,
    /// When it ends.
    pub(crate) until: DateTime<Utc>,
    /// What is wrong.
    pub(crate) alerts: Vec<Alert>,
    /// Sources that an operator has paused, with the reason.
    #[schema(value_type = Vec<Vec<Option<String>>>)]
    pub(crate) paused: Vec<(String, Option<String>)>,
    /// What happened, by the numbers.
    pub(crate) figures: DigestFigures,
    /// The next visits, the first one first: when, and which source.
    #[schema(value_type = Vec<Vec<String>>)]
    pub(crate) next: Vec<(DateTime<Utc>, String)>,
}

/// A part of the digest: its heading, and its lines.
struct Part {
    heading: String,
    lines: Vec<String>,
}

impl Digest {
    /// Reads what happened since a moment.
    pub(crate) async fn gather(
        store: &Store,
        config: &Config,
        catalog: &Catalog,
        since: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> anyhow::Result<Self> {
        let states = store.source_states().await?;
        let is_on = |slug: &str| states.iter().any(|state| state.slug == slug && state.held.is_none());
        let timetable = scheduler::timetable(config, catalog)?;
        let mut next = Vec::new();
        for entry in timetable.entries.iter().filter(|entry| is_on(entry.source.as_str())) {
            next.extend(entry.upcoming(now, 1).first().map(|at| (*at, entry.source.to_string())));
        }
        next.retain(|(at, _)| *at - now <= AHEAD);
        next.sort();
        let mut known = std::collections::BTreeSet::new();
        next.retain(|(_, source)| known.insert(source.clone()));
        let paused = states.iter().filter(|state| state.word() == "paused");
        Ok(Self {
            since,
            until: now,
            alerts: store.alerts(false, 200).await?,
            paused: paused.map(|state| (state.slug.clone(), state.paused_why.clone())).collect(),
            figures: store.digest(since).await?,
            next,
        })
    }

    /// Returns the digest as a message.
    pub(crate) fn message(&self, language: Lang) -> Message {
        let title = self.title(language);
        let parts = self.parts(language);
        let mut text = String::new();
        for Part { heading, lines } in &parts {
            let _ = writeln!(text, "{heading}");
            for line in lines {
                let _ = writeln!(text, "  {line}");
            }
            text.push('\n');
        }
        let page = html! {
            (DOCTYPE)
            html lang=(language.text("fr", "en")) {
                head { meta charset="utf-8"; title { (title) } }
                body style="font-family:sans-serif;max-width:40em" {
                    h1 style="font-size:1.2em" { (title) }
                    @for Part { heading, lines } in &parts {
                        h2 style="font-size:1em" { (heading) }
                        ul { @for line in lines { li { (line) } } }
                    }
                }
            }
        };
        Message { title, text: text.trim_end().to_owned(), html: Some(page.into_string()) }
    }

    fn title(&self, language: Lang) -> String {
        let problems = self.problems();
        headline(language, &day(language, self.until), problems, self.alerts.len() - problems)
    }

    fn problems(&self) -> usize {
        self.alerts.iter().filter(|alert| !alert.is_silenced).count()
    }

    fn parts(&self, language: Lang) -> Vec<Part> {
        let heading = |french: &str, english: &str| language.text(french, english);
        let parts = [
            Part { heading: heading("Problèmes", "Problems"), lines: self.wrong(language) },
            Part { heading: heading("À décider", "To decide"), lines: self.decisions(language) },
            self.moved(language, "new", &heading("Nouvelles", "New")),
            self.moved(language, "changed", &heading("Modifiées", "Changed")),
            self.moved(language, "closed", &heading("Fermées", "Closed")),
            Part { heading: heading("En ce moment", "Now"), lines: self.now(language) },
            Part { heading: heading("À venir", "Next"), lines: self.coming(language) },
        ];
        parts.into_iter().filter(|part| !part.lines.is_empty()).collect()
    }

    fn wrong(&self, language: Lang) -> Vec<String> {
        let spoken = |alert: &Alert| {
            let silenced = if alert.is_silenced {
                language.text(" (en sourdine)", " (silenced)")
            } else {
                String::new()
            };
            let advice = text::advice(language, alert);
            format!("{}{silenced}. {advice}", words::capital(&text::title(language, alert)))
        };
        let mut lines: Vec<String> = self.alerts.iter().take(MOST).map(spoken).collect();
        if self.alerts.len() > MOST {
            let more = self.alerts.len() - MOST;
            lines.push(language.text(&format!("et {more} autres"), &format!("and {more} more")));
        }
        lines.extend(self.paused.iter().map(|(source, why)| {
            let why = why
                .as_ref()
                .map(|why| language.text(&format!(" : {why}"), &format!(": {why}")))
                .unwrap_or_default();
            language.text(&format!("{source} est en pause{why}"), &format!("{source} is paused{why}"))
        }));
        if lines.is_empty() {
            lines.push(language.text("Aucun.", "None."));
        }
        lines
    }

    fn decisions(&self, language: Lang) -> Vec<String> {
        let mut lines: Vec<String> = self
            .figures
            .held
            .iter()
            .map(|run| {
                let why = run.message.as_deref().unwrap_or("-");
                language.text(
                    &format!("Collecte retenue de {} : {why} (oim-etl runs show {})", run.source, run.id),
                    &format!("Held run of {}: {why} (oim-etl runs show {})", run.source, run.id),
                )
            })
            .collect();
        let pairs = self.figures.pairs;
        if pairs > 0 {
            lines.push(language.text(
                &format!("{pairs} paire(s) d'annonces peut-être identiques (oim-etl duplicates)"),
                &format!("{pairs} pair(s) that may be one opportunity (oim-etl duplicates)"),
            ));
        }
        lines
    }

    /// Lists by kind, with the regions that have most.
    fn moved(&self, language: Lang, what: &str, heading: &str) -> Part {
        let kinds = self.figures.moved.get(what);
        let total: i64 = kinds.into_iter().flatten().map(|(_, moved)| moved.total).sum();
        let lines = kinds.into_iter().flatten().map(|(code, moved)| {
            format!("{}{}", named(moved.total, &kind(language, code)), regions(language, moved))
        });
        Part { lines: lines.collect(), heading: format!("{heading}{}", count(language, total)) }
    }

    fn now(&self, language: Lang) -> Vec<String> {
        let figures = &self.figures;
        let total: i64 = figures.open.values().sum();
        let kinds: Vec<String> =
            figures.open.iter().map(|(code, count)| named(*count, &kind(language, code))).collect();
        let mut lines = Vec::new();
        if total > 0 {
            lines.push(language.text(
                &format!("{total} opportunités ouvertes : {}", kinds.join(", ")),
                &format!("{total} open opportunities: {}", kinds.join(", ")),
            ));
        }
        if figures.closing > 0 {
            lines.push(language.text(
                &format!("{} ferment dans les sept jours", figures.closing),
                &format!("{} close within seven days", figures.closing),
            ));
        }
        let runs: Vec<String> =
            figures.runs.iter().map(|(code, count)| named(*count, &state(language, code))).collect();
        if !runs.is_empty() {
            lines.push(language.text(
                &format!(
                    "Collectes terminées : {} ; fiches refusées : {}",
                    runs.join(", "),
                    figures.rejected
                ),
                &format!("Runs that ended: {}; rejected records: {}", runs.join(", "), figures.rejected),
            ));
        }
        lines
    }

    fn coming(&self, language: Lang) -> Vec<String> {
        let visits = self.next.iter().map(|(at, source)| {
            let at = at.with_timezone(&Douala);
            let is_today = at.date_naive() == self.until.with_timezone(&Douala).date_naive();
            let day = if is_today { language.text("", "") } else { language.text(" demain", " tomorrow") };
            format!("{}{day} {source}", at.format("%H:%M"))
        });
        let visits: Vec<String> = visits.collect();
        if visits.is_empty() { Vec::new() } else { vec![visits.join(", ")] }
    }
}

fn regions(language: Lang, moved: &Moved) -> String {
    let mut regions: Vec<(&String, i64)> = moved.regions.iter().map(|(code, count)| (code, *count)).collect();
    regions.sort_by_key(|(code, count)| (std::cmp::Reverse(*count), *code));
    let more = regions.len().saturating_sub(REGIONS);
    let mut said: Vec<String> = regions
        .iter()
        .take(REGIONS)
        .map(|(code, count)| format!("{} {count}", region(language, code)))
        .collect();
    if more > 0 {
        said.push(language.text(&format!("{more} autres régions"), &format!("{more} more regions")));
    }
    if said.is_empty() { String::new() } else { format!(" ({})", said.join(", ")) }
}

/// The first line of a digest. What is silenced does not count as a problem of the day, but the day is not well either.
fn headline(language: Lang, day: &str, problems: usize, silenced: usize) -> String {
    match (problems, silenced) {
        (0, 0) => {
            language.text(&format!("oim-etl, {day} : tout va bien"), &format!("oim-etl, {day}: all is well"))
        }
        (0, _) => language.text(
            &format!("oim-etl, {day} : {silenced} en sourdine"),
            &format!("oim-etl, {day}: {silenced} silenced"),
        ),
        (1, _) => {
            language.text(&format!("oim-etl, {day} : 1 problème"), &format!("oim-etl, {day}: 1 problem"))
        }
        (many, _) => language
            .text(&format!("oim-etl, {day} : {many} problèmes"), &format!("oim-etl, {day}: {many} problems")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silenced_problems_are_not_well() {
        let told = |problems, silenced| headline(Lang::En, "28 November", problems, silenced);
        assert_eq!(told(0, 0), "oim-etl, 28 November: all is well");
        assert_eq!(told(0, 6), "oim-etl, 28 November: 6 silenced");
        assert_eq!(told(1, 6), "oim-etl, 28 November: 1 problem");
    }
}
