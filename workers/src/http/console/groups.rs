//! The open opportunities in groups, each with the way to its list.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::{
    counted::Counts,
    format::{number, span},
    lang::Lang,
    layout::table,
    map,
};

/// Returns the groups: by region, with a drawing, kind, source, language and closing day.
pub(super) fn groups(lang: Lang, counts: &Counts) -> Markup {
    let held = &counts.held;
    html! {
        h2 { (lang.say("Les opportunités ouvertes", "The open opportunities")) ": " (number(lang, held.total)) }
        @if let Some(age) = counts.age() { p.note {
            (lang.say("Ces nombres ont ", "These numbers are from ")) (span(lang, age)) (lang.say("; de nouveaux sont en route: rechargez la page.", " ago; new ones are on their way: reload the page."))
        } }
        div.columns {
            div { (map::drawing(lang, &held.regions)) p.note { (lang.say("Carte schématique: la place des régions, non leurs frontières.", "A schematic map: where regions lie, not their borders.")) } }
            (breakdown(lang, lang.say("Par région", "By region"), "region", &held.regions, |code| map::name(lang, code)))
            (breakdown(lang, lang.say("Par genre", "By kind"), "kind", &held.kinds, |code| lang.word("kinds", code).to_owned()))
            (breakdown(lang, lang.say("Par source", "By source"), "source", &held.sources, str::to_owned))
            (breakdown(lang, lang.say("Par langue", "By language"), "language", &held.languages, |code| lang.word("languages", code).to_owned()))
            (breakdown(lang, lang.say("Par jour de clôture", "By closing day"), "closes", &held.closing, |code| closing(lang, code).to_owned()))
        }
    }
}

pub(super) fn closing(lang: Lang, code: &str) -> &str {
    match code {
        "none" => lang.say("sans dernier jour", "no last day"),
        "week" => lang.say("dans la semaine", "within a week"),
        "month" => lang.say("dans le mois", "within a month"),
        "later" => lang.say("plus tard", "later"),
        other => other,
    }
}

/// Rows of a breakdown: abroad there are many regions.
const MOST: usize = 20;

fn breakdown(
    lang: Lang,
    title: &str,
    key: &str,
    counts: &BTreeMap<String, i64>,
    name: impl Fn(&str) -> String,
) -> Markup {
    let mut rows: Vec<(&String, &i64)> = counts.iter().collect();
    rows.sort_by(|left, right| right.1.cmp(left.1).then(left.0.cmp(right.0)));
    let rows = html! { @for (code, count) in rows.into_iter().take(MOST) { tr {
        th scope="row" { a href={ "/opportunities?" (key) "=" (code) } { (name(code)) } }
        td.n { (number(lang, *count)) }
    } } };
    table(title, &[lang.say("Groupe", "Group"), lang.say("#ouvertes", "#open")], &rows)
}
