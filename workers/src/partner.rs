//! From a source file to the partner that `fetch` visits.

use std::time::Duration;

use anyhow::Context as _;
use domain::{Rate, SourceSlug};
use fetch::{Client, Credentials, Partner};
use sources::{Auth, Spec};
use url::Url;

use crate::{config::Config, secret_file};

/// The rates of a probe and of recordings. No source file promises one.
const PROBE_RATE: &str = "1/s";
const RECORDED_RATE: &str = "1000/s";

/// Finds a secret by the name of its environment variable.
pub(crate) type Secrets<'a> = &'a dyn Fn(&str) -> Option<String>;

/// How a partner is visited.
pub(crate) enum Access<'a> {
    /// With the credentials that its source file names.
    WithCredentials(&'a Spec, Secrets<'a>),
    /// Without credentials.
    Anonymous(&'a Spec),
    /// By its recordings, which a mock server replays at this address: fast, and without robots.txt. Recordings of a live
    /// partner do not check credentials, so missing ones are left out.
    Recorded(&'a Spec, Secrets<'a>, Url),
    /// A site without a source file yet: slowly, and within its robots.txt.
    Probe(&'a SourceSlug, &'a Url),
}

impl Access<'_> {
    /// Returns the partner, with what the configuration overrides.
    pub(crate) fn partner(self, config: &Config) -> anyhow::Result<Partner> {
        match self {
            Self::WithCredentials(spec, secrets) => Ok(of_spec(config, spec, credentials(spec, secrets)?)),
            Self::Anonymous(spec) => Ok(of_spec(config, spec, None)),
            Self::Recorded(spec, secrets, replay) => Ok(Partner {
                rate: RECORDED_RATE.parse()?,
                robots: false,
                reserves: false,
                via: Some(replay),
                ..of_spec(config, spec, credentials(spec, secrets).unwrap_or_default())
            }),
            Self::Probe(slug, url) => {
                let host = url.host_str().context("the address has no host")?.to_owned();
                let mut base_url = url.clone();
                base_url.set_path("/");
                base_url.set_query(None);
                Ok(Partner {
                    slug: slug.clone(),
                    base_url,
                    hosts: vec![host],
                    rate: PROBE_RATE.parse()?,
                    robots: true,
                    reserves: true,
                    credentials: None,
                    via: via(config, slug),
                })
            }
        }
    }
}

/// Returns a secret of this process: from its environment variable, or from the file that `NAME_FILE` names. The file is read each
/// time, so a new secret counts from the next request on.
pub(crate) fn environment(name: &str) -> Option<String> {
    secret_file::of(name, &|name| std::env::var(name).ok())
}

/// Returns the file that `NAME_FILE` names, and what is wrong with it.
pub(crate) fn secret_file_of(name: &str) -> Option<(String, Option<FileMistake>)> {
    let path =
        std::env::var(format!("{name}{}", secret_file::SUFFIX)).ok().filter(|path| !path.is_empty())?;
    let mistake = match secret_file::read(path.as_ref()) {
        Ok(secret) => secret.is_empty().then_some(FileMistake::Empty),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Some(FileMistake::Absent),
        Err(error) => Some(FileMistake::Unreadable(error)),
    };
    Some((path, mistake))
}

/// What is wrong with the file of a secret.
#[derive(Debug)]
pub(crate) enum FileMistake {
    /// There is no such file.
    Absent,
    /// There is nothing in it.
    Empty,
    /// It cannot be read.
    Unreadable(std::io::Error),
}

/// Where a secret comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecretOrigin {
    /// The environment variable itself.
    Variable,
    /// The file that the variable with `_FILE` names.
    File,
    /// The program itself, for the partners of a demo.
    Demo,
    /// It is not there.
    Missing,
}

/// Secrets that a source needs and that are not there: all of them, so that nobody finds them one by one.
#[derive(Debug, thiserror::Error)]
#[error("source {source_slug} needs {}: set {}, or name a file with it in {}", .names.join(" and "), .names.join(" and "), in_files(.names))]
pub(crate) struct MissingSecrets {
    /// The source.
    pub(crate) source_slug: SourceSlug,
    /// The environment variables.
    pub(crate) names: Vec<String>,
}

fn in_files(names: &[String]) -> String {
    let names = names.iter().map(|name| format!("{name}{}", secret_file::SUFFIX));
    names.collect::<Vec<_>>().join(" and ")
}

/// Returns the secrets of a source that are not there.
pub(crate) fn missing(spec: &Spec, secrets: Secrets<'_>) -> Option<MissingSecrets> {
    let mut names = credential_names(spec);
    names.retain(|name| secrets(name).is_none_or(|value| value.is_empty()));
    (!names.is_empty()).then(|| MissingSecrets { source_slug: spec.slug.clone(), names })
}

/// Returns the rate at which a source is visited: that of its source file, unless the configuration sets another.
pub(crate) fn rate(config: &Config, spec: &Spec) -> Rate {
    config.sources.get(&spec.slug).and_then(|source| source.rate).unwrap_or(spec.rate)
}

/// Returns the names of the environment variables that hold a source's credentials.
pub(crate) fn credential_names(spec: &Spec) -> Vec<String> {
    spec.auth.as_ref().map(Auth::variables).unwrap_or_default()
}

/// Returns the client that visits partners.
pub(crate) fn client(config: &Config) -> anyhow::Result<Client> {
    let settings = fetch::Settings {
        user_agent: config.fetch.user_agent.clone(),
        request_timeout: Duration::from_secs(config.fetch.timeout_seconds),
        max_body: config.fetch.max_body_mib << 20,
        max_wire: config.fetch.max_body_mib << 20,
        max_attempts: config.fetch.max_attempts,
        ..fetch::Settings::default()
    };
    Ok(Client::new(settings)?)
}

/// Sends one polite request to a site that has no source file yet.
pub(crate) async fn probe(config: &Config, slug: &SourceSlug, url: &Url) -> anyhow::Result<fetch::Answer> {
    let partner = Access::Probe(slug, url).partner(config)?;
    let request = fetch::Request { url: url.clone(), headers: Vec::new(), validators: None, body: None };
    let client = client(config)?;
    Ok(client.fetch(&partner, &request, &fetch::LocalBudget::new()).await?)
}

fn of_spec(config: &Config, spec: &Spec, credentials: Option<Credentials>) -> Partner {
    Partner {
        slug: spec.slug.clone(),
        base_url: spec.base_url.clone(),
        hosts: spec.hosts.clone(),
        rate: rate(config, spec),
        robots: spec.robots,
        reserves: spec.tdm_agreement.is_none(),
        credentials,
        via: via(config, &spec.slug),
    }
}

fn via(config: &Config, slug: &SourceSlug) -> Option<Url> {
    config.sources.get(slug).and_then(|source| source.via.as_ref()).map(|via| via.0.clone())
}

fn credentials(spec: &Spec, secrets: Secrets<'_>) -> anyhow::Result<Option<Credentials>> {
    let Some(auth) = &spec.auth else { return Ok(None) };
    if let Some(missing) = missing(spec, secrets) {
        return Err(missing.into());
    }
    let plain = |name: &str| secrets(name).with_context(|| format!("{name} vanished"));
    Ok(Some(match auth {
        Auth::OAuth2 { token_url, scope, id, secret } => Credentials::OAuth2 {
            token_url: token_url.clone(),
            scope: scope.clone(),
            id: plain(id)?,
            secret: plain(secret)?.into(),
        },
        Auth::ApiKey { header, key } => {
            Credentials::ApiKey { header: header.clone(), key: plain(key)?.into() }
        }
        Auth::QueryKey { param, key } => {
            Credentials::QueryKey { param: param.clone(), key: plain(key)?.into() }
        }
        Auth::Basic { user, password } => {
            Credentials::Basic { user: plain(user)?, password: plain(password)?.into() }
        }
        Auth::Bearer { token } => Credentials::Bearer(plain(token)?.into()),
    }))
}
