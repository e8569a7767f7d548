//! E-mail by SMTP.

use std::time::Duration;

use anyhow::Context as _;
use lettre::{
    AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor,
    message::{Mailbox, MultiPart, SinglePart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use secrecy::{ExposeSecret as _, SecretString};
use store::Message;

use crate::config::{Alerts, SmtpTls};

/// Longest wait for an answer of the server.
const TIMEOUT: Duration = Duration::from_secs(15);

/// A server that takes e-mail, with who sends and who receives.
pub(super) struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    to: Vec<Mailbox>,
    password: Option<SecretString>,
}

impl Mail {
    /// Returns none if no server is configured. Fails if something that belongs to it is missing or wrong.
    pub(super) fn new(alerts: &Alerts) -> anyhow::Result<Option<Self>> {
        let Some(host) = &alerts.smtp_host else { return Ok(None) };
        let from =
            alerts.from.as_deref().context("`alerts.smtp_host` is set: set `alerts.from`, who sends")?;
        let from = mailbox("alerts.from", from)?;
        let listed = alerts.to.as_deref().unwrap_or_default().split(',').map(str::trim);
        let to: Vec<Mailbox> = listed
            .filter(|one| !one.is_empty())
            .map(|one| mailbox("alerts.to", one))
            .collect::<Result<_, _>>()?;
        anyhow::ensure!(
            !to.is_empty(),
            "`alerts.smtp_host` is set: set `alerts.to`, who receives, separated by commas"
        );
        let parameters = || TlsParameters::new(host.clone()).context("Failed to prepare TLS for e-mail");
        let tls = match alerts.smtp_tls {
            SmtpTls::Starttls => Tls::Required(parameters()?),
            SmtpTls::Tls => Tls::Wrapper(parameters()?),
            SmtpTls::None => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(host)
            .port(alerts.smtp_port)
            .tls(tls)
            .timeout(Some(TIMEOUT));
        if let (Some(user), Some(password)) = (&alerts.smtp_user, &alerts.smtp_password) {
            builder =
                builder.credentials(Credentials::new(user.clone(), password.expose_secret().to_owned()));
        }
        Ok(Some(Self { transport: builder.build(), from, to, password: alerts.smtp_password.clone() }))
    }

    pub(super) async fn send(&self, message: &Message) -> anyhow::Result<()> {
        let builder = self
            .to
            .iter()
            .cloned()
            .fold(lettre::Message::builder().from(self.from.clone()), lettre::message::MessageBuilder::to);
        // A title is one line: a line break would begin another header.
        let subject = message.title.split_whitespace().collect::<Vec<_>>().join(" ");
        let builder = builder.subject(subject).message_id(None);
        let mail = match &message.html {
            Some(html) => {
                builder.multipart(MultiPart::alternative_plain_html(message.text.clone(), html.clone()))
            }
            None => builder
                .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(message.text.clone())),
        };
        let mail = mail.context("Failed to write the e-mail")?;
        match tokio::time::timeout(TIMEOUT * 2, self.transport.send(mail)).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => {
                anyhow::bail!("the SMTP server did not take the e-mail: {}", self.without_password(&error))
            }
            Err(_) => anyhow::bail!("the SMTP server did not answer in time"),
        }
    }

    /// A server may repeat in its answer what it was sent.
    fn without_password(&self, error: &lettre::transport::smtp::Error) -> String {
        let text = crate::observe::error_chain(&anyhow::anyhow!("{error}"));
        match &self.password {
            Some(password) if !password.expose_secret().is_empty() => {
                text.replace(password.expose_secret(), "***")
            }
            _ => text,
        }
    }
}

fn mailbox(key: &str, text: &str) -> anyhow::Result<Mailbox> {
    text.parse().map_err(|error| anyhow::anyhow!("`{key}` has {text:?}, which is not an address: {error}"))
}
