//! Reading the layers and laying them over each other.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use toml::{Table, Value};

use super::{
    Config, ConfigError,
    keys::{self, ALIASES, KEYS, PREFIX},
};
use crate::secret_file;

/// What comes from outside: handed in, so that tests need no real environment. Not `Debug`: it holds secrets in clear text.
#[derive(Default)]
pub(crate) struct Given {
    /// `--config FILE`; without it `oim-etl.toml` is read where it exists.
    pub(crate) file: Option<PathBuf>,
    /// The environment.
    pub(crate) environment: Vec<(String, String)>,
    /// Flags that set a key: dotted name, value, the flag as typed.
    pub(crate) flags: Vec<(String, String, String)>,
}

/// The configuration, and where each key came from. Not `Debug`: it holds secrets in clear text.
pub(crate) struct Loaded {
    /// The effective configuration.
    pub(crate) config: Config,
    /// The effective values as TOML, by dotted key.
    pub(crate) values: BTreeMap<String, Value>,
    /// Where each key was set; absent for defaults.
    pub(crate) origins: BTreeMap<String, String>,
}

/// The file read when none is named.
const FILE: &str = "oim-etl.toml";

#[derive(Default)]
struct Layers {
    values: BTreeMap<String, Value>,
    origins: BTreeMap<String, String>,
}

impl Layers {
    fn set(&mut self, key: &str, value: Value, origin: &str) -> Result<(), ConfigError> {
        if !keys::is_known(key) {
            return Err(ConfigError::UnknownKey {
                origin: origin.to_owned(),
                key: key.to_owned(),
                nearest: keys::nearest(key),
            });
        }
        self.values.insert(key.to_owned(), value);
        self.origins.insert(key.to_owned(), origin.to_owned());
        Ok(())
    }

    /// Sets a key from text: a number or a boolean where the key takes one, else a string. A token may consist of digits.
    fn set_text(&mut self, key: &str, text: &str, origin: &str) -> Result<(), ConfigError> {
        let scalar = scalar(text).filter(|_| keys::takes_scalar(key));
        self.set(key, scalar.unwrap_or_else(|| Value::String(text.to_owned())), origin)
    }

    /// Sets a key from a file that a variable names, as Docker and Kubernetes mount secrets.
    fn set_file(&mut self, key: &str, path: &str, origin: &str) -> Result<(), ConfigError> {
        let text = secret_file::read(Path::new(path)).map_err(|source| ConfigError::Unreadable {
            file: format!("{path}, which {origin} names"),
            source,
        })?;
        self.set(key, Value::String(text), &format!("{origin} ({path})"))
    }

    fn set_table(&mut self, prefix: &str, table: Table, origin: &str) -> Result<(), ConfigError> {
        for (name, value) in table {
            let key = if prefix.is_empty() { name } else { format!("{prefix}.{name}") };
            match value {
                Value::Table(inner) => self.set_table(&key, inner, origin)?,
                value => self.set(&key, value, origin)?,
            }
        }
        Ok(())
    }
}

/// Lays the layers over each other and reads the result.
pub(crate) fn load(given: &Given) -> Result<Loaded, ConfigError> {
    let mut layers = Layers::default();
    for key in KEYS.iter().filter(|key| !key.default.is_empty()) {
        layers.set_text(key.name, key.default.trim_matches('\''), "default")?;
    }
    layers.origins.clear();
    if let Some((file, table)) = read_file(given.file.as_deref())? {
        layers.set_table("", table, &file)?;
    }
    for (name, key) in ALIASES {
        from_environment(&mut layers, &given.environment, key, name)?;
    }
    let ours = given.environment.iter().filter(|(name, _)| name.starts_with(PREFIX));
    for (name, value) in ours {
        let key = name.trim_start_matches(PREFIX).to_lowercase().replace("__", ".");
        match key.strip_suffix("_file").filter(|secret| keys::is_secret(secret)) {
            Some(_) if value.is_empty() => (),
            Some(secret) => {
                let twin = name.trim_end_matches(secret_file::SUFFIX);
                refuse_both(&given.environment, twin, secret)?;
                layers.set_file(secret, value, name)?;
            }
            None => layers.set_text(&key, value, name)?,
        }
    }
    for (key, value, flag) in &given.flags {
        layers.set_text(key, value, flag)?;
    }
    let config = typed(&layers)?;
    Ok(Loaded { config, values: layers.values, origins: layers.origins })
}

/// Sets a key from a variable of another tool, or from the file that its `…_FILE` names.
fn from_environment(
    layers: &mut Layers,
    environment: &[(String, String)],
    key: &str,
    name: &str,
) -> Result<(), ConfigError> {
    let of_file = format!("{name}{}", secret_file::SUFFIX);
    if let Some(path) = set_in(environment, &of_file).filter(|_| keys::is_secret(key)) {
        refuse_both(environment, name, key)?;
        return layers.set_file(key, path, &of_file);
    }
    match set_in(environment, name) {
        Some(value) => layers.set_text(key, value, name),
        None => Ok(()),
    }
}

/// Returns the value of a variable that is set and not empty.
fn set_in<'a>(environment: &'a [(String, String)], name: &str) -> Option<&'a str> {
    environment.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| &**value)
}

/// Refuses a secret that is given twice: nobody could tell which one counts.
fn refuse_both(environment: &[(String, String)], name: &str, key: &str) -> Result<(), ConfigError> {
    match set_in(environment, name) {
        None => Ok(()),
        Some(_) => Err(ConfigError::BadValue {
            origin: name.to_owned(),
            key: key.to_owned(),
            reason: format!("{name} and {name}{} are both set: leave one of them out", secret_file::SUFFIX),
        }),
    }
}

/// Returns the number or the boolean that a text is.
fn scalar(text: &str) -> Option<Value> {
    let read = format!("v = {text}").parse::<Table>().ok().and_then(|mut table| table.remove("v"));
    read.filter(|value| matches!(value, Value::Integer(_) | Value::Boolean(_)))
}

fn read_file(named: Option<&Path>) -> Result<Option<(String, Table)>, ConfigError> {
    let path = named.unwrap_or(Path::new(FILE));
    let file = path.display().to_string();
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if named.is_none() && error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(ConfigError::Unreadable { file, source }),
    };
    let table = text.parse::<Table>().map_err(|error| {
        let line =
            error.span().map_or(1, |span| text.bytes().take(span.start).filter(|b| *b == b'\n').count() + 1);
        ConfigError::NotToml { file: format!("{file}:{line}"), reason: error.message().to_owned() }
    })?;
    Ok(Some((file, table)))
}

/// The flat layers as a tree, read into the types; an error names the key and where it was set.
fn typed(layers: &Layers) -> Result<Config, ConfigError> {
    let mut root = Table::new();
    for (key, value) in &layers.values {
        insert(&mut root, key, value.clone());
    }
    serde_path_to_error::deserialize(Value::Table(root)).map_err(|error| {
        let key = error.path().to_string();
        let origin = layers.origins.get(&key).cloned().unwrap_or_else(|| "configuration".to_owned());
        let reason = error.inner().to_string().trim().replace('\n', " ");
        ConfigError::BadValue { origin, key, reason }
    })
}

fn insert(table: &mut Table, key: &str, value: Value) {
    match key.split_once('.') {
        None => drop(table.insert(key.to_owned(), value)),
        Some((head, rest)) => {
            let inner = table.entry(head).or_insert_with(|| Value::Table(Table::new()));
            if let Value::Table(inner) = inner {
                insert(inner, rest, value);
            }
        }
    }
}
