//! What is wrong? Alerts with what to do, silences, whether messages arrive, and what the day brought.

use axum::{extract::State, response::Response};
use chrono::TimeDelta;
use domain::SourceSlug;
use maud::{Markup, html};
use store::{Alert, ChannelState, Silence};

use super::{
    format::{at, number, short},
    lang::Lang,
    layout::{Act, answer, button, table, with_text},
    session::Visitor,
};
use crate::{
    alerts::text,
    http::{
        Problem, Surroundings,
        v1::{alerts::ALL, digest, known_source, sources::reason},
    },
};

/// Most alerts that are shown.
const MOST: i64 = 50;
/// How long a silence from here lasts, in seconds: a maintenance. Longer ones are for the command line.
const LASTS: f64 = 4.0 * 3_600.0;

/// Shows what is wrong.
pub(super) async fn page(State(here): State<Surroundings>, visitor: Visitor) -> Response {
    let title = visitor.lang.say("Qu'est-ce qui ne va pas ?", "What is wrong?");
    answer(&visitor, title, body(&here, &visitor).await)
}

async fn body(here: &Surroundings, visitor: &Visitor) -> Result<Markup, Problem> {
    let (lang, store, now) = (visitor.lang, &here.app.store, here.app.clock.now());
    let (alerts, silences, channels) =
        tokio::try_join!(store.alerts(false, MOST), store.silences(), store.channel_states())?;
    let day = digest::gather(here, now - TimeDelta::days(1)).await?.message(lang);
    Ok(html! {
        @if alerts.is_empty() { p.good { (lang.say("Rien, à ce que savent les workers.", "Nothing, as far as the workers know.")) } }
        ul.cards { @for alert in &alerts { li { (shown(here, visitor, alert)) } } }
        h2 { (lang.say("En sourdine", "Silenced")) }
        @if silences.is_empty() { p { (lang.say("Rien.", "Nothing.")) } }
        ul { @for silence in &silences { li { (silenced(here, visitor, silence)) } } }
        div.acts { (quiet(visitor, ALL, lang.say("Tout mettre en sourdine", "Silence all"))) }
        (messages(lang, &channels))
        h2 #day { (lang.say("Ce que la journée a apporté", "What the day brought")) }
        section aria-labelledby="day" { p { strong { (day.title) } } div.text { (day.text) } }
    })
}

fn shown(here: &Surroundings, visitor: &Visitor, alert: &Alert) -> Markup {
    let (lang, now) = (visitor.lang, here.app.clock.now());
    html! { article {
        h2 { (text::title(lang, alert)) }
        p { (lang.say("Depuis: ", "Since: ")) (at(lang, now, alert.began_at))
            @if alert.is_silenced { " " span.badge { (lang.say("en sourdine", "silenced")) } } }
        p { (text::advice(lang, alert)) }
        @if let Some(source) = &alert.source {
            p { a href={ "/sources/" (source) } { (source) } }
            @if !alert.is_silenced { div.acts { (quiet(visitor, source, lang.say("Mettre en sourdine", "Silence"))) } }
        }
    } }
}

fn quiet(visitor: &Visitor, subject: &str, label: &str) -> Markup {
    let why = visitor.lang.say("Pourquoi; pour quatre heures", "Why; for four hours");
    with_text(visitor, &Act { what: "silence", subject, label, of: subject }, why, true)
}

fn silenced(here: &Surroundings, visitor: &Visitor, silence: &Silence) -> Markup {
    let (lang, subject) = (visitor.lang, silence.source.as_deref().unwrap_or(ALL));
    html! {
        strong { (subject) } " " (lang.say("jusqu'au", "until")) " " (at(lang, here.app.clock.now(), silence.until)) ", "
        (lang.say("par", "by")) " " (silence.by) ": " (silence.reason) " "
        (button(visitor, &Act { what: "unsilence", subject, label: lang.say("Y mettre fin", "End it"), of: subject }))
    }
}

fn messages(lang: Lang, channels: &[ChannelState]) -> Markup {
    let rows = html! { @for state in channels { tr {
        th scope="row" { (state.channel) }
        td.n { (number(lang, state.sent)) } td.n { (number(lang, state.waiting)) } td.n { (number(lang, state.given_up)) }
        td.w { (short(state.error.as_deref().unwrap_or("–"), 200)) }
    } } };
    let heads = [
        lang.say("Canal", "Channel"),
        lang.say("#Envoyés", "#Sent"),
        lang.say("#Attendent", "#Wait"),
        lang.say("#Abandonnés", "#Given up"),
        lang.say("Erreur", "Error"),
    ];
    html! { @if !channels.is_empty() { (table("Messages", &heads, &rows)) } }
}

/// Silences a source or everything, or ends that.
pub(super) async fn act(
    here: &Surroundings,
    visitor: &Visitor,
    what: &str,
    subject: &str,
    why: &str,
) -> Result<String, Problem> {
    let (store, lang, by) = (&here.app.store, visitor.lang, visitor.who.by());
    let slug: Option<SourceSlug> =
        if subject == ALL { None } else { Some(known_source(here, subject).await?.0) };
    let said = if what == "silence" {
        store.silence(slug.as_ref(), LASTS, &by, reason(why)?).await?;
        lang.say("est en sourdine pour quatre heures", "is silenced for four hours")
    } else if store.end_silence(slug.as_ref(), &by).await? {
        lang.say("n'est plus en sourdine", "is no longer silenced")
    } else {
        lang.say("n'était pas en sourdine", "was not silenced")
    };
    Ok(format!("{subject} {said}"))
}
