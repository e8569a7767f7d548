//! `[alerts]`

use anyhow::Context as _;
use schedules::Clock;
use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use crate::lang::Lang;

/// How the connection to the SMTP server is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SmtpTls {
    /// After STARTTLS, which is demanded.
    Starttls,
    /// From the first byte.
    Tls,
    /// Not at all: for a server on the same machine.
    None,
}

/// `[alerts]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Alerts {
    pub(crate) language: Lang,
    pub(crate) webhook: Option<SecretString>,
    pub(crate) smtp_host: Option<String>,
    pub(crate) smtp_port: u16,
    pub(crate) smtp_tls: SmtpTls,
    pub(crate) smtp_user: Option<String>,
    pub(crate) smtp_password: Option<SecretString>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) digest_at: String,
    pub(crate) remind_hours: i32,
    pub(crate) look_seconds: u64,
    pub(crate) yield_percent: i32,
    pub(crate) certificate_days: i32,
}

impl Alerts {
    /// Returns when the digest is due; none if it is not wanted.
    pub(crate) fn digest_clock(&self) -> anyhow::Result<Option<Clock>> {
        if self.digest_at.is_empty() {
            return Ok(None);
        }
        let wrong = || format!("`alerts.digest_at` is {:?}: write 07:00", self.digest_at);
        let time = chrono::NaiveTime::parse_from_str(&self.digest_at, "%H:%M").with_context(wrong)?;
        let cron = time.format("%-M %-H * * *").to_string();
        Ok(Some(Clock::new(&cron, chrono_tz::Africa::Douala)?))
    }
}

/// Days for which each reader of the feed may be away.
const FEWEST_FEED_DAYS: i32 = 7;

pub(super) fn a_week_at_least<'de, D: Deserializer<'de>>(input: D) -> Result<i32, D::Error> {
    let days = i32::deserialize(input)?;
    if days < FEWEST_FEED_DAYS {
        return Err(serde::de::Error::custom(format!(
            "the feed is kept for {FEWEST_FEED_DAYS} days at least, so that its readers may be away for as long"
        )));
    }
    Ok(days)
}
