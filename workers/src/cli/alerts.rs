//! `oim-etl alerts`

use std::time::Duration;

use clap::{Args, Subcommand};
use domain::SourceSlug;
use serde_json::json;
use store::{Alert, Message, Silence, Store};

use super::{
    Context, Outcome,
    common::{age, current_user, find_known},
};
use crate::{
    alerts::{Channels, text},
    app,
    lang::{Lang, chosen, say},
    ui::{self, ago},
};

/// What to do where messages can go nowhere.
pub(super) fn no_channel() -> String {
    chosen().text(
        "aucun canal n'est configuré: donnez `alerts.webhook`, ou `alerts.smtp_host`, `alerts.from` et `alerts.to`",
        "no channel is configured: set `alerts.webhook`, or `alerts.smtp_host`, `alerts.from` and `alerts.to`",
    )
}
/// Longest silence: what is kept back for longer is forgotten.
const LONGEST: Duration = Duration::from_hours(24 * 30);

/// List what is wrong, silence it for a while, and try whether messages arrive
#[derive(Debug, Args)]
pub(super) struct AlertsCommand {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List what is wrong now, and the silences
    List {
        /// List what was wrong too
        #[arg(long)]
        past: bool,
        /// Show at most this many
        #[arg(long, short = 'n', default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=1_000))]
        limit: i64,
    },
    /// Send a message by each channel, to see whether it arrives
    Test,
    /// Keep back what would be reported, during maintenance
    #[command(
        after_help = "Alerts are still noted, and `alerts list` shows them. What is still wrong when the silence ends is reported then."
    )]
    Silence {
        /// Slug of the source, or `all`
        source: String,
        /// For how long: 30min, 2h, 3d; 30d at most
        #[arg(long = "for", value_name = "TIME", value_parser = duration)]
        time: Duration,
        /// Say why, for those who miss an alert
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
    /// End a silence before its time
    Unsilence {
        /// Slug of the source, or `all`
        source: String,
    },
}

fn duration(text: &str) -> Result<Duration, String> {
    let time = age(text)?;
    if time.is_zero() || time > LONGEST {
        return Err("write a time of up to 30d, such as 2h".to_owned());
    }
    Ok(time)
}

fn reason(text: &str) -> Result<String, String> {
    match text.trim() {
        "" => Err("it is empty".to_owned()),
        long if long.chars().count() > 500 => Err("it is longer than 500 characters".to_owned()),
        text => Ok(text.to_owned()),
    }
}

impl AlertsCommand {
    pub(super) async fn run(self, context: Context) -> anyhow::Result<Outcome> {
        if let What::Test = self.what {
            return test(&context).await;
        }
        let store = app::connect(context.config(), 2).await?;
        match self.what {
            What::Test => Ok(Outcome::Good),
            What::List { past, limit } => list(&context, &store, past, limit).await,
            What::Silence { source, time, reason } => {
                let slug = of(&store, &source).await?;
                let silence =
                    store.silence(slug.as_ref(), time.as_secs_f64(), &current_user(), &reason).await?;
                if context.is_json() {
                    ui::json(&silence)?;
                } else {
                    let end = chosen().say("y mettre fin", "end it");
                    ui::line(&format!("{}\n{end}:  oim-etl alerts unsilence {source}", shown(&silence)));
                }
                Ok(Outcome::Good)
            }
            What::Unsilence { source } => {
                let slug = of(&store, &source).await?;
                let is_ended = store.end_silence(slug.as_ref(), &current_user()).await?;
                if context.is_json() {
                    ui::json(&json!({ "source": source, "changed": is_ended }))?;
                } else if is_ended {
                    ui::line(&say!(
                        "{source} n'est plus en sourdine; ce qui ne va pas est signalé en une minute",
                        "{source} is no longer silenced; what is wrong is reported within a minute"
                    ));
                } else {
                    ui::line(&say!(
                        "{source} n'est pas en sourdine: il n'y a rien à terminer",
                        "{source} is not silenced: there is nothing to end"
                    ));
                }
                Ok(Outcome::Good)
            }
        }
    }
}

/// Returns the source; none for `all`.
async fn of(store: &Store, word: &str) -> anyhow::Result<Option<SourceSlug>> {
    if word == "all" { Ok(None) } else { Ok(Some(find_known(store, word).await?.0)) }
}

async fn list(context: &Context, store: &Store, past: bool, limit: i64) -> anyhow::Result<Outcome> {
    let alerts = store.alerts(past, limit).await?;
    let (silences, channels) = (store.silences().await?, store.channel_states().await?);
    if context.is_json() {
        ui::json(&json!({ "alerts": alerts, "silences": silences, "messages": channels }))?;
        return Ok(Outcome::Good);
    }
    let language = chosen();
    if alerts.iter().all(|alert| alert.ended_at.is_some()) {
        ui::line(language.say(
            "rien ne va mal, à ce que savent les workers",
            "nothing is wrong, as far as the workers know",
        ));
    }
    for alert in &alerts {
        show(language, alert);
    }
    for silence in &silences {
        ui::line(&shown(silence));
    }
    for state in channels {
        let error = state.error.map(|error| format!(": {error}")).unwrap_or_default();
        let (sent, waiting, given_up) = (state.sent, state.waiting, state.given_up);
        ui::line(&say!(
            "{}  {sent} envoyés, {waiting} attendent, {given_up} abandonnés{error}",
            "{}  {sent} sent, {waiting} wait, {given_up} given up{error}",
            state.channel
        ));
    }
    Ok(Outcome::Good)
}

fn show(language: Lang, alert: &Alert) {
    let title = ui::strong(&text::title(language, alert));
    let state = match (alert.ended_at, alert.is_silenced, alert.notified_at) {
        (Some(at), _, _) => say!("fini {}", "over {}", ago(Some(at))),
        (None, true, _) => language.text("en sourdine", "silenced"),
        (None, false, Some(at)) => say!("signalé {}", "reported {}", ago(Some(at))),
        (None, false, None) => language.text("pas signalé", "not reported"),
    };
    ui::line(&say!("{title}  commencé {}, {state}", "{title}  since {}, {state}", ago(Some(alert.began_at))));
    if alert.ended_at.is_none() {
        ui::line(&format!("    {}", text::advice(language, alert)));
    }
}

fn shown(silence: &Silence) -> String {
    say!(
        "sourdine  {} jusqu'au {} par {}: {}",
        "silence  {} until {} by {}: {}",
        silence.source.as_deref().unwrap_or("all"),
        ui::moment(silence.until),
        silence.by,
        silence.reason
    )
}

/// Sends a message by each channel.
async fn test(context: &Context) -> anyhow::Result<Outcome> {
    let alerts = &context.config().alerts;
    let channels = Channels::of(alerts)?;
    anyhow::ensure!(!channels.all().is_empty(), no_channel());
    let message = Message {
        title: alerts.language.text("oim-etl – Essai", "oim-etl – Test"),
        text: alerts.language.text(
            "Ce message a été envoyé par `oim-etl alerts test` : les alertes arrivent ici.",
            "This message was sent by `oim-etl alerts test`: alerts arrive here.",
        ),
        html: None,
    };
    let (mut outcome, mut report) = (Outcome::Good, Vec::new());
    for channel in channels.all() {
        let error = channels.send(channel, &message).await.err().map(|error| format!("{error:#}"));
        if error.is_some() {
            outcome = Outcome::Wrong;
        }
        report.push((channel, error));
    }
    if context.is_json() {
        let rows = report.iter().map(|(channel, error)| json!({ "channel": channel, "error": error }));
        ui::json(&rows.collect::<Vec<_>>())?;
        return Ok(outcome);
    }
    for (channel, error) in report {
        ui::line(&match error {
            None => say!("{channel}  le message est parti", "{channel}  the message was sent"),
            Some(why) => {
                say!(
                    "{channel}  le message n'est pas parti: {why}",
                    "{channel}  the message was not sent: {why}"
                )
            }
        });
    }
    Ok(outcome)
}
