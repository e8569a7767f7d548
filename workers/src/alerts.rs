//! Tells people what is wrong, and what a day brought.
//!
//! Every worker looks; the database lets one of them look at a time, and has each message once (`store`: `alerts`, `notifications`). So
//! it does not matter which worker lives. Sending has a task of its own: a webhook that hangs holds up nothing else.

mod digest;
mod find;
mod mail;
mod send;
pub(crate) mod text;
mod webhook;

use std::{fmt::Display, sync::Arc, time::Duration};

use store::Routing;

use crate::{app::App, queue::Stop};

pub(crate) use digest::Digest;
pub(crate) use send::Channels;

/// Time between two looks whether something is due. The database says whether it is.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// The name under which the ticks of the digest are stored. A colon is in no name of an entry.
const DIGEST: &str = "alerts:digest";

/// Looks for what is wrong and sends messages, until `stop`.
pub(crate) async fn run(app: Arc<App>, channels: Channels, stop: Stop) {
    send::describe();
    tokio::join!(look(&app, &channels, &stop), deliver(&app, &channels, &stop));
}

async fn look(app: &App, channels: &Channels, stop: &Stop) {
    let mut last = String::new();
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        report(&mut last, "could not look for what is wrong; trying again", once(app, channels).await);
    }
}

async fn deliver(app: &App, channels: &Channels, stop: &Stop) {
    let mut last = String::new();
    while stop.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
        report(
            &mut last,
            "could not send messages; trying again",
            channels.deliver(&app.store, None).await.map(drop),
        );
    }
}

/// Logs a failure once, until it is another one or over.
fn report<E: Display>(last: &mut String, what: &'static str, done: Result<(), E>) {
    match done {
        Ok(()) => last.clear(),
        Err(error) => {
            let why = format!("{error:#}");
            if why != *last {
                tracing::warn!(why, "{what}");
                *last = why;
            }
        }
    }
}

/// Looks once, if it is time to.
async fn once(app: &App, channels: &Channels) -> anyhow::Result<()> {
    let alerts = &app.config.alerts;
    let seconds = Duration::from_secs(alerts.look_seconds).as_secs_f64();
    if app.store.is_time_to_look(seconds).await? {
        let found = find::findings(app).await?;
        let routing = Routing { channels: channels.all(), remind_hours: alerts.remind_hours };
        let language = alerts.language;
        let now = app.clock.now();
        let word = move |alert: &store::Alert, notice| text::message(language, alert, notice, now);
        let written = app.store.note_alerts(&found, &routing, word).await?;
        if written > 0 {
            tracing::info!(written, "something changed about what is wrong, and is reported");
        }
    }
    digest_if_due(app, channels).await
}

/// Writes the daily digest, once a tick.
async fn digest_if_due(app: &App, channels: &Channels) -> anyhow::Result<()> {
    let Some(clock) = app.config.alerts.digest_clock()?.filter(|_| !channels.all().is_empty()) else {
        return Ok(());
    };
    let last = app.store.last_tick(DIGEST).await?;
    let Some(at) = clock.due(last, app.clock.now()) else { return Ok(()) };
    let since = at - chrono::TimeDelta::days(1);
    let digest = Digest::gather(&app.store, &app.config, &app.catalog(), since, app.clock.now()).await?;
    let message = digest.message(app.config.alerts.language);
    if app.store.enter_digest(DIGEST, at, &channels.all(), &message).await? {
        tracing::info!(tick = %at, "the daily digest is on its way");
    }
    Ok(())
}
