//! What happened? The list of runs.

use axum::{
    extract::{RawQuery, State},
    response::Response,
};
use chrono::{NaiveDate, TimeZone as _, Utc};
use domain::SourceSlug;
use maud::{Markup, html};
use store::{Cursor, RunOutcome, WhichRuns};

use super::{
    format::counted,
    held::known,
    lang::Lang,
    layout::{answer, pages},
    runs::rows,
    session::Visitor,
    wanted::{day, no_source},
};
use crate::http::{Problem, Surroundings, v1::runs::cursor};

/// Rows of a page.
const ROWS: i64 = 25;

/// Which runs are asked for, and what could not be used of that.
#[derive(Default)]
struct Which {
    source: Option<SourceSlug>,
    state: Option<RunOutcome>,
    since: Option<NaiveDate>,
    after: Option<Cursor>,
    ignored: Vec<Markup>,
}

impl Which {
    /// Reads the query of an address.
    fn of(lang: Lang, query: &str, known: &[SourceSlug]) -> Self {
        let mut which = Self::default();
        for (key, value) in url::form_urlencoded::parse(query.as_bytes()) {
            let value = value.trim();
            let is_used = match &*key {
                _ if value.is_empty() => true,
                "source" => {
                    which.source = known.iter().find(|slug| slug.as_str() == value).cloned();
                    if which.source.is_none() {
                        which.ignored.push(no_source(lang, value, known));
                    }
                    true
                }
                "state" => value.parse().is_ok_and(|state| which.state.replace(state).is_none()),
                "since" => day(value).is_some_and(|day| which.since.replace(day).is_none()),
                "after" => value.parse().is_ok_and(|after| which.after.replace(after).is_none()),
                _ => false,
            };
            if !is_used {
                which.ignored.push(html! { (lang.say("Ce filtre n'est pas utilisé: ", "This filter is not used: ")) (key) " = " q { (value) } });
            }
        }
        which
    }

    /// Returns the address of this list behind a row.
    fn address(&self, after: Option<&str>) -> String {
        let pairs = [
            ("source", self.source.as_ref().map(ToString::to_string)),
            ("state", self.state.map(|state| state.as_str().to_owned())),
            ("since", self.since.map(|day| day.to_string())),
            ("after", after.map(str::to_owned)),
        ];
        let given = pairs.into_iter().filter_map(|(key, value)| Some((key, value?)));
        format!("/runs?{}", url::form_urlencoded::Serializer::new(String::new()).extend_pairs(given).finish())
    }
}

/// Lists runs, newest first.
pub(super) async fn list(
    State(here): State<Surroundings>,
    visitor: Visitor,
    RawQuery(query): RawQuery,
) -> Response {
    let title = visitor.lang.say("Que s'est-il passé ?", "What happened?");
    answer(&visitor, title, body(&here, visitor.lang, query.as_deref().unwrap_or_default()).await)
}

async fn body(here: &Surroundings, lang: Lang, query: &str) -> Result<Markup, Problem> {
    let known = known(here).await?;
    let which = Which::of(lang, query, &known);
    let midnight =
        which.since.and_then(|day| chrono_tz::Africa::Douala.from_local_datetime(&day.into()).single());
    let asked = WhichRuns {
        sources: which.source.iter().map(ToString::to_string).collect(),
        states: which.state.into_iter().collect(),
        since: midnight.map(|at| at.with_timezone(&Utc)),
    };
    let (runs, total) = here.app.store.runs_where(&asked, which.after, ROWS).await?;
    let more = runs.last().filter(|_| i64::try_from(runs.len()).is_ok_and(|count| count == ROWS)).map(cursor);
    let next = more.map(|more| which.address(Some(&more)));
    let first = which.after.map(|_| which.address(None));
    Ok(html! {
        (filter(lang, &which, &known))
        @for ignored in &which.ignored { p.warn role="status" { (ignored) } }
        p { (counted(lang, total, ["collecte", "collectes"], ["run", "runs"])) }
        (rows(here, lang, &runs))
        (pages(lang, first.as_deref(), next.as_deref()))
    })
}

fn filter(lang: Lang, which: &Which, known: &[SourceSlug]) -> Markup {
    html! { form.filter method="get" action="/runs" {
        div { label for="state" { (lang.say("État", "State")) }
        select #state name="state" {
            option value="" { (lang.say("tous", "all")) }
            @for state in RunOutcome::ALL { option value=(state) selected[which.state == Some(*state)] { (lang.word("run_states", state.as_str())) } }
        } }
        div { label for="source" { "Source" }
        select #source name="source" {
            option value="" { (lang.say("toutes", "all")) }
            @for slug in known { option value=(slug) selected[which.source.as_ref() == Some(slug)] { (slug) } }
        } }
        div { label for="since" { (lang.say("Depuis le", "Since")) } input #since name="since" type="date" value=[which.since]; }
        button type="submit" { (lang.say("Filtrer", "Filter")) }
    } }
}
