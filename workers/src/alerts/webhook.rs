//! A webhook that takes what Slack takes: Slack, Mattermost, Rocket.Chat, Discord (with `/slack` at the end of its address).

use std::time::Duration;

use anyhow::Context as _;
use secrecy::{ExposeSecret as _, SecretString};
use store::Message;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A webhook. Its address is a secret: who has it can write there.
pub(super) struct Webhook {
    address: SecretString,
    client: reqwest::Client,
}

impl Webhook {
    /// Fails if the address is not one. The error does not show it.
    #[allow(
        clippy::disallowed_methods,
        reason = "the operator's own webhook is not a partner: it has no rate and no robots.txt"
    )]
    pub(super) fn new(address: &SecretString) -> anyhow::Result<Self> {
        let parsed = url::Url::parse(address.expose_secret());
        let is_http = parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
        anyhow::ensure!(is_http, "`alerts.webhook` is not an address that begins with https://");
        let client = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .context("Failed to prepare the webhook")?;
        Ok(Self { address: address.clone(), client })
    }

    pub(super) async fn send(&self, message: &Message) -> anyhow::Result<()> {
        let text = format!("*{}*\n{}", escaped(&message.title), escaped(&message.text));
        let body = serde_json::json!({ "text": text }).to_string();
        let request =
            self.client.post(self.address.expose_secret()).header("content-type", "application/json");
        // An error would name the address.
        let answer = request.body(body).send().await.map_err(reqwest::Error::without_url);
        let status = answer.context("the webhook does not answer")?.status();
        anyhow::ensure!(status.is_success(), "the webhook answered {status}");
        Ok(())
    }
}

/// Returns a text without what Slack takes for markup: links, mentions and channels.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_address_is_refused_without_being_shown() {
        for wrong in ["hooks.example/T0/SECRET", "ftp://hooks.example/SECRET", "https://", ""] {
            let error = Webhook::new(&wrong.into()).err().map(|error| format!("{error:#}")).unwrap();
            assert!(error.contains("alerts.webhook") && !error.contains("SECRET"), "{error}");
        }
    }

    #[test]
    fn nobody_is_called_by_what_a_partner_wrote() {
        assert_eq!(escaped("<!channel> a & b"), "&lt;!channel&gt; a &amp; b");
    }
}
