//! What all pages share: head, navigation, and forms.

use axum::{
    http::{HeaderMap, header},
    response::{AppendHeaders, Html, IntoResponse, Response},
};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use store::Scope;

use super::{
    format::message,
    lang::Lang,
    session::{Visitor, said},
};
use crate::http::Problem;

/// The pages of the navigation: path, and name in French and English. The last one is for administrators alone.
const PAGES: [(&str, &str, &str); 10] = [
    ("/", "Fraîcheur", "Freshness"),
    ("/alerts", "Alertes", "Alerts"),
    ("/runs", "Collectes", "Runs"),
    ("/decisions", "À décider", "To decide"),
    ("/stuck", "Bloqué", "Stuck"),
    ("/opportunities", "Opportunités", "Opportunities"),
    ("/schedules", "Calendrier", "Timetable"),
    ("/secrets", "Secrets", "Secrets"),
    ("/actions", "Journal", "Audit log"),
    (TOKENS, "Jetons", "Tokens"),
];

/// The page that only administrators have.
const TOKENS: &str = "/tokens";

/// Returns a page for somebody who is logged in.
pub(super) fn page(visitor: &Visitor, title: &str, body: &Markup) -> Response {
    let lang = visitor.lang;
    let path = visitor.path.split('?').next().unwrap_or("/");
    let is_of = |page: &str| {
        if page == "/" { path == "/" || path.starts_with("/sources") } else { path.starts_with(page) }
    };
    let nav = html! {
        nav aria-label=(lang.say("Pages", "Pages")) { ul {
            @for (to, fr, en) in PAGES.iter().filter(|(to, ..)| *to != TOKENS || visitor.who.scope == Scope::Admin) {
                li { a href=(to) aria-current=[is_of(to).then_some("page")] { (lang.say(fr, en)) (waiting(visitor, to)) } }
            }
        } }
        form.out method="post" action="/logout" {
            span { (visitor.who.name) " (" (visitor.who.scope) ")" }
            input type="hidden" name="csrf" value=(visitor.csrf);
            button.plain type="submit" { (lang.say("Quitter", "Log out")) }
        }
    };
    let body = html! {
        @if let Some(said) = &visitor.said { p.said role="status" { (said) } }
        (body)
    };
    let html = Html(document(lang, title, &visitor.path, &nav, &body).into_string());
    match visitor.said {
        Some(_) => (AppendHeaders([(header::SET_COOKIE, said(&HeaderMap::new()))]), html).into_response(),
        None => html.into_response(),
    }
}

/// Returns how much waits on a page of the navigation; nothing if nothing does.
fn waiting(visitor: &Visitor, page: &str) -> Markup {
    let (held, dead) = visitor.waiting;
    let count = match page {
        "/decisions" => held,
        "/stuck" => dead,
        _ => 0,
    };
    html! { @if count > 0 { " " span.waits { (count) } } }
}

/// Returns the page that says what went wrong with an action, with the way back to where it was pressed.
pub(super) fn refused(visitor: &Visitor, problem: &Problem, back: &str) -> Response {
    let lang = visitor.lang;
    let title = lang.say("Cela n'a pas marché", "That did not work");
    let body = html! {
        h1 { (title) }
        p.problem role="alert" { (detail(lang, problem)) }
        p { a href=(back) { (if back == "/" { lang.say("Retour à l'accueil", "Back to the start") } else { lang.say("Retour à la page", "Back to the page") }) } }
    };
    (problem.status(), page(visitor, title, &body)).into_response()
}

/// Returns a page without navigation.
pub(super) fn bare(lang: Lang, title: &str, body: &Markup) -> Html<String> {
    Html(document(lang, title, "/login", &html! {}, body).into_string())
}

/// Returns what is wrong, without what only programs ask for.
fn detail(lang: Lang, problem: &Problem) -> String {
    let text = message(lang, problem.detail());
    match text.split_once(" (GET /").or_else(|| text.split_once(": GET /")) {
        Some((before, _)) => before.to_owned(),
        None => text,
    }
}

/// Returns a page that says what went wrong, to somebody who may not be logged in.
pub(super) fn failed(lang: Lang, problem: &Problem) -> Response {
    let title = lang.say("Cela n'a pas marché", "That did not work");
    let body = html! {
        h1 { (title) }
        p.problem role="alert" { (detail(lang, problem)) }
        p { a href="/" { (lang.say("Retour à l'accueil", "Back to the start")) } }
    };
    (problem.status(), bare(lang, title, &body)).into_response()
}

/// Returns the page of a question, or the one that says why it cannot be answered.
pub(super) fn answer(visitor: &Visitor, title: &str, body: Result<Markup, Problem>) -> Response {
    match body {
        Ok(body) => page(visitor, title, &html! { h1 { (title) } (body) }),
        Err(problem) => refused(visitor, &problem, "/"),
    }
}

fn document(lang: Lang, title: &str, path: &str, nav: &Markup, body: &Markup) -> Markup {
    let other = match lang {
        Lang::Fr => ("en", "English"),
        Lang::En => ("fr", "Français"),
    };
    let back: String = url::form_urlencoded::byte_serialize(path.as_bytes()).collect();
    html! {
        (DOCTYPE)
        html lang=(lang.code()) {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { (title) " · oim-etl" }
                link rel="stylesheet" href="/console.css";
                link rel="icon" type="image/svg+xml" href="/icon.svg";
            }
            body {
                a.skip href="#main" { (lang.say("Aller au contenu", "Skip to content")) }
                header {
                    a.brand href="/" { "oim-etl" }
                    (nav)
                    a.lang href={ "/lang/" (other.0) "?to=" (back) } lang=(other.0) hreflang=(other.0) { (other.1) }
                }
                main #main { (body) }
                footer { (lang.say("Les heures sont celles de Douala (UTC+1).", "Times are those of Douala (UTC+1).")) " "
                    (lang.say("En ligne de commande: collecte = run, tâche abandonnée = dead letter, à décider = held.", "")) }
            }
        }
    }
}

/// An action that a button does.
pub(super) struct Act<'a> {
    pub(super) what: &'a str,
    pub(super) subject: &'a str,
    pub(super) label: &'a str,
    /// Name of the thing, for those who hear the button alone.
    pub(super) of: &'a str,
}

/// Returns a button that acts at once; nothing for those who may not act.
pub(super) fn button(visitor: &Visitor, act: &Act<'_>) -> Markup {
    html! { @if visitor.acts() { form.act method="post" action="/act" {
        (hidden(visitor, act))
        button type="submit" aria-label={ (act.label) " " (act.of) } { (act.label) }
    } } }
}

/// Returns a button behind a second one, for what many people would notice.
pub(super) fn careful(visitor: &Visitor, act: &Act<'_>, warning: &str) -> Markup {
    html! { @if visitor.acts() { details.act {
        summary aria-label={ (act.label) " " (act.of) "…" } { (act.label) "…" }
        form.stack method="post" action="/act" {
            p { (warning) }
            (hidden(visitor, act))
            button.danger type="submit" aria-label={ (act.label) " " (act.of) } { (act.label) }
        }
    } } }
}

/// Returns a button with a text to fill in.
pub(super) fn with_text(visitor: &Visitor, act: &Act<'_>, text: &str, is_required: bool) -> Markup {
    let id = format!("{}-{}", act.what, act.subject);
    html! { @if visitor.acts() { details.act {
        summary aria-label={ (act.label) " " (act.of) "…" } { (act.label) "…" }
        form.stack method="post" action="/act" {
            (hidden(visitor, act))
            label for=(id) { (text) }
            input id=(id) name="detail" maxlength="500" required[is_required];
            button type="submit" aria-label={ (act.label) " " (act.of) } { (act.label) }
        }
    } } }
}

fn hidden(visitor: &Visitor, act: &Act<'_>) -> Markup {
    html! {
        input type="hidden" name="csrf" value=(visitor.csrf);
        input type="hidden" name="what" value=(act.what);
        input type="hidden" name="subject" value=(act.subject);
        input type="hidden" name="back" value=(visitor.path);
    }
}

/// Returns the links of a list to its first page and to the next one.
pub(super) fn pages(lang: Lang, first: Option<&str>, next: Option<&str>) -> Markup {
    html! { @if first.is_some() || next.is_some() { nav.pages aria-label=(lang.say("Suite de la liste", "More of the list")) {
        @if let Some(first) = first { a href=(first) { (lang.say("Début", "First page")) } }
        @if let Some(next) = next { a rel="next" href=(next) { (lang.say("Suite", "Next page")) } }
    } } }
}

/// What the head of a column of numbers begins with: like them, it stands on the right.
pub(super) const NUMBERS: char = '#';

/// Puts the head of its column beside each cell: on a phone, a row is a card.
fn labelled(heads: &[&str], rows: &Markup) -> Markup {
    let mut cells = String::new();
    let mut column = 0;
    // What partners wrote is escaped, so each of these is a tag of ours.
    for (at, part) in rows.0.split('<').enumerate() {
        if at > 0 {
            cells.push('<');
        }
        let is = |tag: &str| part.strip_prefix(tag).is_some_and(|rest| rest.starts_with([' ', '>']));
        if is("tr") {
            column = 0;
        }
        if !is("td") && !is("th") {
            cells += part;
            continue;
        }
        let (tag, rest) = part.split_at(2);
        let head = heads.get(column).map_or("", |head| head.trim_start_matches(NUMBERS));
        cells += tag;
        cells += &html! { span data-head=(head) {} }.0.replace("<span", "").replace("></span>", "");
        cells += rest;
        column += 1;
    }
    PreEscaped(cells)
}

/// Returns a table. On a phone, each of its rows is a card, unless all but its first column are numbers.
pub(super) fn table(name: &str, heads: &[&str], rows: &Markup) -> Markup {
    let is_narrow = heads.iter().skip(1).all(|head| head.starts_with(NUMBERS));
    let rows = if is_narrow { rows.clone() } else { labelled(heads, rows) };
    html! { div.scroll role="region" aria-label=(name) tabindex="0" { table.stacked[!is_narrow] {
        caption { (name) }
        thead { tr { @for head in heads { @match head.strip_prefix(NUMBERS) {
            Some(name) => th.n scope="col" { (name) },
            None => th scope="col" { (head) },
        } } } }
        tbody { (rows) }
    } } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_have_the_head_of_their_column_and_words_stay_words() {
        let rows = html! { tr { th scope="row" { "<td>" } td.n { "1" } } tr { td { "2" } } };
        let shown = labelled(&["A & B", "#n"], &rows).0;
        let wanted = "<tr><th data-head=\"A &amp; B\" scope=\"row\">&lt;td&gt;</th><td data-head=\"n\" class=\"n\">1</td></tr>\
                      <tr><td data-head=\"A &amp; B\">2</td></tr>";
        assert_eq!(shown, wanted);
    }
}
