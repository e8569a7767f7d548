//! What the buttons of the console do. Each action takes the same road as its command.

use axum::{
    Form,
    extract::{State, rejection::FormRejection},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use domain::{OpportunityId, Rate, RunId};
use maud::html;
use serde::Deserialize;
use store::{Mode, RunRequest, Scope, Trigger, WhichDead};
use uuid::Uuid;

use super::{
    format::{counted, head},
    lang::Lang,
    layout, mend,
    session::{Visitor, from_here, here_only, saying},
    stuck, wrong,
};
use crate::{
    http::{
        Problem, Surroundings,
        v1::{known_source, sources::reason},
    },
    pipeline::trigger,
};

/// What a button sends.
#[derive(Debug, Deserialize)]
pub(super) struct Pressed {
    csrf: String,
    what: String,
    subject: String,
    #[serde(default)]
    detail: String,
    #[serde(default)]
    back: String,
    /// Not empty once somebody was asked, and is sure.
    #[serde(default)]
    sure: String,
}

/// Does what a button asks for, and returns to its page.
pub(super) async fn act(
    State(here): State<Surroundings>,
    headers: HeaderMap,
    visitor: Visitor,
    pressed: Result<Form<Pressed>, FormRejection>,
) -> Response {
    let Ok(Form(pressed)) = pressed else {
        return layout::refused(&visitor, &incomplete(visitor.lang), "/");
    };
    let allowed = from_here(&headers)
        .and_then(|()| visitor.check(&pressed.csrf))
        .and_then(|()| visitor.who.must(Scope::Operate));
    let done = match allowed {
        Ok(()) => match doubt(&here, &visitor, &pressed).await {
            Ok(Some(warning)) => return asked(&visitor, &pressed, &warning),
            Ok(None) => perform(&here, &visitor, &pressed).await,
            Err(problem) => Err(problem),
        },
        Err(problem) => Err(problem),
    };
    match done {
        Ok(said) => {
            let cookie = saying(&headers, &said);
            ([(header::SET_COOKIE, cookie)], Redirect::to(here_only(Some(&pressed.back)))).into_response()
        }
        Err(problem) => layout::refused(&visitor, &problem, here_only(Some(&pressed.back))),
    }
}

/// Returns that a form lacks something: nobody who pressed a button of ours sends that.
fn incomplete(lang: Lang) -> Problem {
    let detail = lang.say(
        "ce formulaire est incomplet: retournez à la page et recommencez",
        "this form is incomplete: go back to the page and try again",
    );
    Problem::impossible(detail)
}

/// Returns what somebody should know before a button acts: a partner would notice.
async fn doubt(here: &Surroundings, visitor: &Visitor, pressed: &Pressed) -> Result<Option<String>, Problem> {
    if pressed.what != "rate" || !pressed.sure.is_empty() {
        return Ok(None);
    }
    let (slug, state) = known_source(here, &pressed.subject).await?;
    let promised = state.file_rate.as_deref().and_then(|rate| rate.parse::<Rate>().ok());
    let asked: Option<Rate> = pressed.detail.trim().parse().ok();
    let Some((rate, promised)) = asked.zip(promised) else { return Ok(None) };
    let warning = visitor.lang.text(
        &format!("{rate} est plus vite que ce que le fichier de {slug} promet au partenaire: {promised}."),
        &format!("{rate} is faster than the source file of {slug} promises the partner: {promised}."),
    );
    Ok((rate.per_second() > promised.per_second()).then_some(warning))
}

/// Returns the page that asks whether somebody is sure.
fn asked(visitor: &Visitor, pressed: &Pressed, warning: &str) -> Response {
    let lang = visitor.lang;
    let title = lang.say("Êtes-vous sûr ?", "Are you sure?");
    let fields = [
        ("csrf", &pressed.csrf),
        ("what", &pressed.what),
        ("subject", &pressed.subject),
        ("detail", &pressed.detail),
        ("back", &pressed.back),
    ];
    let body = html! {
        h1 { (title) }
        p.warn { (warning) }
        form.acts method="post" action="/act" {
            @for (name, value) in fields { input type="hidden" name=(name) value=(value); }
            button.danger type="submit" name="sure" value="yes" { (lang.say("Oui, changer le débit", "Yes, change the rate")) }
            a href=(here_only(Some(&pressed.back))) { (lang.say("Non, retour à la page", "No, back to the page")) }
        }
    };
    layout::page(visitor, title, &body)
}

/// Does it, and returns what it came to.
async fn perform(here: &Surroundings, visitor: &Visitor, pressed: &Pressed) -> Result<String, Problem> {
    match pressed.what.as_str() {
        "ingest" | "pause" | "resume" | "rate" | "replay" | "replay_stale" => {
            of_source(here, visitor, pressed).await
        }
        "item" => of_item(here, visitor, pressed).await,
        "publish" | "discard" | "cancel" | "revert" => of_run(here, visitor, pressed).await,
        "retry" | "drop" => of_letters(here, visitor, pressed).await,
        "same" | "different" | "undecide" => of_pair(here, visitor, pressed).await,
        what @ ("silence" | "unsilence") => {
            wrong::act(here, visitor, what, &pressed.subject, &pressed.detail).await
        }
        "rollback" => mend::rollback(here, visitor, &pressed.subject).await,
        "revoke_token" => {
            visitor.who.must(Scope::Admin)?;
            here.app.store.revoke_token(&pressed.subject, &visitor.who.by()).await?;
            Ok(format!("{} {}", pressed.subject, visitor.lang.say("est révoqué", "is revoked")))
        }
        other => {
            let detail = visitor.lang.text(
                &format!("il n'y a pas d'action « {other} »"),
                &format!("there is no action {other:?}"),
            );
            Err(Problem::bad(detail))
        }
    }
}

async fn of_source(here: &Surroundings, visitor: &Visitor, pressed: &Pressed) -> Result<String, Problem> {
    let (store, lang, by) = (&here.app.store, visitor.lang, visitor.who.by());
    let (slug, state) = known_source(here, &pressed.subject).await?;
    let detail = Some(pressed.detail.trim()).filter(|detail| !detail.is_empty());
    let said = match pressed.what.as_str() {
        what @ ("ingest" | "replay" | "replay_stale") => {
            let request = RunRequest {
                mode: if what == "ingest" { Mode::Incremental } else { Mode::Replay },
                only_stale: what == "replay_stale",
                ..RunRequest::new(slug.clone(), Trigger::Http, by)
            };
            let entered = trigger::request(store, &request).await?;
            return Ok(entered_words(lang, slug.as_str(), entered));
        }
        "pause" => {
            store.pause_source(&slug, &by, detail.map(reason).transpose()?).await?;
            lang.say(
                "est en pause: rien ne lui est plus demandé",
                "is paused: nothing more is requested from it",
            )
        }
        "resume" => {
            store.resume_source(&slug, &by).await?;
            lang.say("est reprise", "is resumed")
        }
        _ => {
            let rate = detail.map(str::parse::<Rate>).transpose();
            let rate = rate.map_err(|error| Problem::impossible(error.to_string()))?;
            store.set_rate(&slug, &by, rate).await?;
            let promised = state.file_rate.as_deref().and_then(|rate| rate.parse::<Rate>().ok());
            match (rate, promised) {
                (None, _) => {
                    lang.say("revient au débit de son fichier", "returns to the rate of its source file")
                }
                (Some(rate), Some(promised)) if rate.per_second() > promised.per_second() => lang.say(
                    "a un nouveau débit. Attention: plus vite que son fichier ne promet au partenaire",
                    "has a new rate. Beware: it is faster than its source file promises the partner",
                ),
                _ => lang.say("a un nouveau débit", "has a new rate"),
            }
        }
    };
    Ok(format!("{slug} {said}"))
}

/// Fetches the page of one opportunity again.
async fn of_item(here: &Surroundings, visitor: &Visitor, pressed: &Pressed) -> Result<String, Problem> {
    let store = &here.app.store;
    let item = store.find_item(&pressed.subject).await?;
    let entered = store.request_item(&item, Trigger::Http, &visitor.who.by()).await?;
    let lang = visitor.lang;
    let words = entered_words(lang, &item.source, entered);
    Ok(format!("{words}, {}", lang.say("de cette seule opportunité", "of this one opportunity")))
}

fn entered_words(lang: Lang, slug: &str, entered: store::Entered) -> String {
    let run = entered.run.to_string();
    let said = if entered.is_new {
        lang.say("collecte demandée", "run requested")
    } else {
        lang.say("une collecte le fait déjà", "a run does that already")
    };
    format!("{slug}: {said} ({})", head(&run))
}

async fn of_run(here: &Surroundings, visitor: &Visitor, pressed: &Pressed) -> Result<String, Problem> {
    let (store, lang, by) = (&here.app.store, visitor.lang, visitor.who.by());
    let run: RunId = pressed.subject.parse().map_err(|_| Problem::bad("this is not a run"))?;
    let said = match pressed.what.as_str() {
        "publish" => {
            let (created, changed, closed) = store.publish_run(run, &by).await?;
            let fr = format!("publiée: {created} nouvelles, {changed} changées, {closed} fermées");
            let en = format!("published: {created} new, {changed} changed, {closed} closed");
            lang.say(&fr, &en).to_owned()
        }
        "discard" => {
            store.discard_run(run, &by).await?;
            lang.say("rejetée: rien d'elle n'est servi", "discarded: nothing of it is served").to_owned()
        }
        "cancel" => {
            store.cancel_run(run, &by).await?;
            lang.say("arrêtée", "cancelled").to_owned()
        }
        _ => {
            let undone = store.revert_run(run, &by).await?;
            let left = undone.left.len();
            let fr =
                format!("défaite: {} rétablies, {} fermées, {left} laissées", undone.restored, undone.closed);
            let en = format!("reverted: {} restored, {} closed, {left} left", undone.restored, undone.closed);
            lang.say(&fr, &en).to_owned()
        }
    };
    Ok(format!("{} {} {said}", lang.say("Collecte", "Run"), head(&run.to_string())))
}

async fn of_letters(here: &Surroundings, visitor: &Visitor, pressed: &Pressed) -> Result<String, Problem> {
    let (store, lang, by) = (&here.app.store, visitor.lang, visitor.who.by());
    let which = if let Some(query) = pressed.subject.strip_prefix(stuck::ALL) {
        stuck::Which::of_query(query)?.dead(here).await?
    } else {
        let id = pressed.subject.parse().map_err(|_| Problem::bad("this is not a dead letter"))?;
        WhichDead { ids: vec![id], ..WhichDead::default() }
    };
    if pressed.what == "drop" {
        let dropped = store.discard_dead(&which, &by).await?;
        let dropped = i64::try_from(dropped).unwrap_or(i64::MAX);
        return Ok(counted(
            lang,
            dropped,
            ["tâche écartée", "tâches écartées"],
            ["job discarded", "jobs discarded"],
        ));
    }
    let retried = store.retry_dead(&which, &by).await?;
    let letters = i64::try_from(retried.letters).unwrap_or(i64::MAX);
    Ok(counted(lang, letters, ["tâche reprise", "tâches reprises"], ["job retried", "jobs retried"]))
}

async fn of_pair(here: &Surroundings, visitor: &Visitor, pressed: &Pressed) -> Result<String, Problem> {
    let pair = pressed.subject.split_once(' ');
    let pair = pair.and_then(|(one, other)| Some((Uuid::parse_str(one).ok()?, Uuid::parse_str(other).ok()?)));
    let (one, other) = pair.ok_or_else(|| Problem::bad("this is not a pair"))?;
    let (one, other) = (OpportunityId::from(one), OpportunityId::from(other));
    if pressed.what == "undecide" {
        let is_gone = here.app.store.undecide_pair(one, other, &visitor.who.by()).await?;
        let said = if is_gone {
            visitor.lang.say(
                "La décision est reprise: les règles comptent à nouveau",
                "The decision is taken back: the rules count again",
            )
        } else {
            visitor.lang.say("Personne n'a décidé de cette paire", "Nobody has decided on this pair")
        };
        return Ok(said.to_owned());
    }
    for id in [one, other] {
        let missing = || Problem::missing(format!("there is no opportunity {id}"));
        here.app.store.served_one(id).await?.ok_or_else(missing)?;
    }
    let same = pressed.what == "same";
    here.app.store.decide_pair(one, other, same, &visitor.who.by()).await?;
    let said = if same {
        visitor.lang.say("Noté: c'est la même opportunité", "Noted: they are the same opportunity")
    } else {
        visitor.lang.say("Noté: ce sont deux opportunités", "Noted: they are two opportunities")
    };
    Ok(said.to_owned())
}
