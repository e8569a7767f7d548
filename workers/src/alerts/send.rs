//! Sends messages, and tries again what could not be sent.

use std::time::Duration;

use store::{Channel, Message, Notification, Store};

use super::{mail::Mail, webhook::Webhook};
use crate::config::Alerts;

/// Pause after the first failure. It doubles with each one.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_mins(15);

/// Where messages go.
#[derive(Default)]
pub(crate) struct Channels {
    webhook: Option<Webhook>,
    mail: Option<Mail>,
}

/// Describes what is counted, and lets both channels begin at 0.
pub(super) fn describe() {
    metrics::describe_counter!("oim_messages_total", "Messages to people, by channel and outcome");
    for channel in Channel::ALL {
        for outcome in ["sent", "failed"] {
            count(*channel, outcome, 0);
        }
    }
}

fn count(channel: Channel, outcome: &'static str, by: u64) {
    metrics::counter!("oim_messages_total", "channel" => channel.as_str(), "outcome" => outcome)
        .increment(by);
}

impl Channels {
    /// Returns the configured channels. Fails if one is not configured whole.
    pub(crate) fn of(alerts: &Alerts) -> anyhow::Result<Self> {
        let set = alerts
            .webhook
            .as_ref()
            .filter(|address| !secrecy::ExposeSecret::expose_secret(*address).is_empty());
        Ok(Self { webhook: set.map(Webhook::new).transpose()?, mail: Mail::new(alerts)? })
    }

    /// Returns which channels there are.
    pub(crate) fn all(&self) -> Vec<Channel> {
        let webhook = self.webhook.as_ref().map(|_| Channel::Webhook);
        webhook.into_iter().chain(self.mail.as_ref().map(|_| Channel::Email)).collect()
    }

    /// Sends a message now.
    pub(crate) async fn send(&self, channel: Channel, message: &Message) -> anyhow::Result<()> {
        let sent = match channel {
            Channel::Webhook => match &self.webhook {
                Some(webhook) => webhook.send(message).await,
                None => anyhow::bail!("no webhook is configured"),
            },
            Channel::Email => match &self.mail {
                Some(mail) => mail.send(message).await,
                None => anyhow::bail!("no SMTP server is configured"),
            },
        };
        count(channel, if sent.is_ok() { "sent" } else { "failed" }, 1);
        sent
    }

    /// Sends what is due, or of these messages what nobody else sends. Returns the number of each message that was sent, and why one
    /// could not be.
    pub(crate) async fn deliver(
        &self,
        store: &Store,
        only: Option<&[i64]>,
    ) -> anyhow::Result<Vec<(Channel, Result<(), String>)>> {
        let channels = self.all();
        let mut done = Vec::new();
        if channels.is_empty() {
            return Ok(done);
        }
        for Notification { id, channel, message, attempts } in store.claim_messages(&channels, only).await? {
            match self.send(channel, &message).await {
                Ok(()) => {
                    store.message_sent(id).await?;
                    done.push((channel, Ok(())));
                }
                Err(error) => {
                    let why = format!("{error:#}");
                    let pause = pause(attempts);
                    tracing::warn!(
                        channel = channel.as_str(),
                        attempts,
                        why,
                        pause_seconds = pause.as_secs(),
                        "a message could not be sent; trying again"
                    );
                    store.message_failed(id, &why, pause.as_secs_f64()).await?;
                    done.push((channel, Err(why)));
                }
            }
        }
        Ok(done)
    }
}

fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.saturating_sub(1)).unwrap_or(0).min(16);
    (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_quarter_of_an_hour() {
        let pauses: Vec<u64> = [1, 2, 3, 8, 1_000].map(|attempts| pause(attempts).as_secs()).into();
        assert_eq!(pauses, [10, 20, 40, 900, 900]);
    }
}
