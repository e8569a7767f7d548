//! The effective configuration, for people, without its secrets.

use serde::Serialize;

use super::{
    Loaded,
    keys::{self, KEYS},
};

/// One key as it is in effect.
#[derive(Debug, Serialize)]
pub(crate) struct Setting {
    /// Dotted name.
    pub(crate) key: String,
    /// Its value; secrets as `***`, `-` when unset.
    pub(crate) value: String,
    /// Where it was set.
    pub(crate) origin: String,
    /// The environment variable that sets it.
    pub(crate) variable: String,
    /// What it is.
    pub(crate) help: String,
}

/// All keys in effect, in the order of the list.
pub(crate) fn settings(loaded: &Loaded) -> Vec<Setting> {
    let listed = KEYS.iter().map(|key| (key.name.to_owned(), key.secret, key.help.to_owned()));
    let of_sources = loaded.values.keys().filter(|key| key.starts_with("sources.")).map(|key| {
        let last = key.rsplit('.').next().unwrap_or_default();
        let help = keys::SOURCE_KEYS.iter().find(|(name, _)| *name == last).map_or("", |(_, help)| help);
        (key.clone(), false, help.to_owned())
    });
    listed
        .chain(of_sources)
        .map(|(key, secret, help)| Setting {
            value: shown(loaded, &key, secret),
            origin: loaded.origins.get(&key).cloned().unwrap_or_else(|| "default".to_owned()),
            variable: keys::variable(&key),
            key,
            help,
        })
        .collect()
}

fn shown(loaded: &Loaded, key: &str, secret: bool) -> String {
    match loaded.values.get(key) {
        None => "-".to_owned(),
        Some(_) if secret => "***".to_owned(),
        Some(toml::Value::String(text)) => without_password(text),
        Some(value) => value.to_string(),
    }
}

/// The text, with the password of a URL and every query value that could be one masked.
pub(crate) fn without_password(text: &str) -> String {
    let Ok(mut url) = url::Url::parse(text) else { return text.to_owned() };
    if url.password().is_some() {
        let _ = url.set_password(Some("***"));
    }
    let hidden = |name: &str| ["password", "token", "key", "secret"].iter().any(|word| name.contains(word));
    if url.query_pairs().any(|(name, _)| hidden(&name)) {
        let pairs: Vec<(String, String)> = url
            .query_pairs()
            .map(|(name, value)| {
                (name.to_string(), if hidden(&name) { "***".to_owned() } else { value.to_string() })
            })
            .collect();
        url.query_pairs_mut().clear().extend_pairs(pairs);
    }
    url.to_string()
}
