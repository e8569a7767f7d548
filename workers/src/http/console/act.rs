//! What the buttons of the console do. Each action takes the same road as its command.

use axum::{
    Form,
    extract::State,
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use domain::{OpportunityId, Rate, RunId};
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
}

/// Does what a button asks for, and returns to its page.
pub(super) async fn act(
    State(here): State<Surroundings>,
    headers: HeaderMap,
    visitor: Visitor,
    Form(pressed): Form<Pressed>,
) -> Response {
    let allowed = from_here(&headers)
        .and_then(|()| visitor.check(&pressed.csrf))
        .and_then(|()| visitor.who.must(Scope::Operate));
    let done = match allowed {
        Ok(()) => perform(&here, &visitor, &pressed).await,
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

/// Does it, and returns what it came to.
async fn perform(here: &Surroundings, visitor: &Visitor, pressed: &Pressed) -> Result<String, Problem> {
    match pressed.what.as_str() {
        "ingest" | "pause" | "resume" | "rate" | "replay" | "replay_stale" => {
            of_source(here, visitor, pressed).await
        }
        "item" => of_item(here, visitor, pressed).await,
        "publish" | "discard" | "cancel" | "revert" => of_run(here, visitor, pressed).await,
        "retry" | "drop" => of_letters(here, visitor, pressed).await,
        "same" | "different" => of_pair(here, visitor, pressed).await,
        what @ ("silence" | "unsilence") => {
            wrong::act(here, visitor, what, &pressed.subject, &pressed.detail).await
        }
        "rollback" => mend::rollback(here, visitor, &pressed.subject).await,
        "revoke_token" => {
            visitor.who.must(Scope::Admin)?;
            here.app.store.revoke_token(&pressed.subject, &visitor.who.by()).await?;
            Ok(format!("{} {}", pressed.subject, visitor.lang.say("est révoqué", "is revoked")))
        }
        other => Err(Problem::bad(format!("there is no action {other:?}"))),
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
    Ok(entered_words(visitor.lang, &item.source, entered))
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
