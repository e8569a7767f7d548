//! What changed between two versions of a source file, in a line.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::lang::Lang;

/// Keys that are named; more are counted.
const NAMED: usize = 4;
/// Longest value that is shown, in characters.
const LONGEST: usize = 40;
/// Stands for the note of a source that was not known before.
pub(crate) const NEW_SOURCE: &str = "a new source";
/// Stands for the note of the oldest version.
pub(crate) const FIRST: &str = "the first version";
/// What all notes are made of beside keys and values: English, French.
const WORDS: [(&str, &str); 8] = [
    (NEW_SOURCE, "une nouvelle source"),
    (FIRST, "la première version"),
    ("the file was not TOML", "le fichier n'était pas du TOML"),
    ("comments or layout", "commentaires ou mise en page"),
    ("the file is gone", "le fichier a disparu"),
    ("{} is new", "{} est nouveau"),
    ("{} is gone", "{} a disparu"),
    ("{} more", "{} de plus"),
];

/// Returns a note as it is stored, in a language.
pub(crate) fn note_in(language: Lang, note: &str) -> String {
    if language == Lang::En {
        return note.to_owned();
    }
    if let Some((version, rest)) =
        note.strip_prefix("back to version ").and_then(|rest| rest.split_once(": "))
    {
        return format!("retour à la version {version}: {}", note_in(language, rest));
    }
    let french = |part: &str| {
        let fits = |(english, french): &(&str, &str)| match english.strip_prefix("{}") {
            Some(end) => part.strip_suffix(end).map(|value| french.replace("{}", value)),
            None => (part == *english).then(|| (*french).to_owned()),
        };
        WORDS.iter().find_map(fits).unwrap_or_else(|| part.to_owned())
    };
    note.split("; ").map(french).collect::<Vec<_>>().join("; ")
}

/// Returns what changed, such as `rate: 30/min → 10/min; streams.offres.fields.url is new`; none if nothing did.
pub(crate) fn changes(before: &str, after: &str) -> Option<String> {
    if before == after {
        return None;
    }
    let (Ok(old), Ok(new)) = (before.parse::<Table>(), after.parse::<Table>()) else {
        return Some("the file was not TOML".to_owned());
    };
    let (mut was, mut is) = (BTreeMap::new(), BTreeMap::new());
    flatten("", &old, &mut was);
    flatten("", &new, &mut is);
    let mut said = Vec::new();
    for (key, value) in &is {
        match was.get(key) {
            None => said.push(format!("{key} is new")),
            Some(before) if before != value => said.push(format!("{key}: {before} → {value}")),
            Some(_) => (),
        }
    }
    said.extend(was.keys().filter(|key| !is.contains_key(*key)).map(|key| format!("{key} is gone")));
    if said.is_empty() {
        return Some("comments or layout".to_owned());
    }
    let more = said.len().saturating_sub(NAMED);
    said.truncate(NAMED);
    if more > 0 {
        said.push(format!("{more} more"));
    }
    Some(said.join("; "))
}

fn flatten(prefix: &str, table: &Table, into: &mut BTreeMap<String, String>) {
    for (name, value) in table {
        let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
        match value {
            Value::Table(inner) if !inner.is_empty() => flatten(&key, inner, into),
            value => drop(into.insert(key, shown(value))),
        }
    }
}

fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned).replace('\n', " ");
    if text.chars().count() <= LONGEST {
        text
    } else {
        format!("{}…", text.chars().take(LONGEST).collect::<String>())
    }
}

#[cfg(test)]
mod tests {
    use super::{changes, note_in};
    use crate::lang::Lang;

    #[test]
    fn a_change_is_told_by_its_keys() {
        let before = "name = 'A'\nrate = '30/min'\n[streams.offres.fields]\ntitle = '.t'\nurl = '.u'\n";
        let of = |after: &str| changes(before, after);
        assert_eq!(of(before), None);
        assert_eq!(of(&before.replace("name", "# a word\nname")).as_deref(), Some("comments or layout"));
        let after = before.replace("30/min", "10/min").replace("url = '.u'", "posted_at = '.d'");
        let said = "rate: 30/min → 10/min; streams.offres.fields.posted_at is new; streams.offres.fields.url is gone";
        assert_eq!(of(&after).as_deref(), Some(said));
        let french = "rate: 30/min → 10/min; streams.offres.fields.posted_at est nouveau; streams.offres.fields.url a disparu";
        assert_eq!(note_in(Lang::Fr, said), french);
        assert_eq!(
            note_in(Lang::Fr, &format!("back to version 1f: {said}")),
            format!("retour à la version 1f: {french}")
        );
        assert_eq!(note_in(Lang::Fr, "k3 is new; 5 more"), "k3 est nouveau; 5 de plus");
        assert_eq!(
            (note_in(Lang::En, said).as_str(), note_in(Lang::Fr, "a new source").as_str()),
            (said, "une nouvelle source")
        );
        let many = "k0 = 0\nk1 = 0\nk2 = 0\nk3 = 0\nk4 = 0\nk5 = 0\nk6 = 0\nk7 = 0\nk8 = 0\n";
        assert!(of(&format!("{many}{before}")).is_some_and(|said| said.ends_with("k3 is new; 5 more")));
        assert_eq!(of("= 1").as_deref(), Some("the file was not TOML"));
    }
}
