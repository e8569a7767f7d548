//! What changed between two versions of a source file, in a line.

use std::collections::BTreeMap;

use toml::{Table, Value};

/// Keys that are named; more are counted.
const NAMED: usize = 4;
/// Longest value that is shown, in characters.
const LONGEST: usize = 40;

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
    use super::changes;

    #[test]
    fn a_change_is_told_by_its_keys() {
        let before = "name = 'A'\nrate = '30/min'\n[streams.offres.fields]\ntitle = '.t'\nurl = '.u'\n";
        let of = |after: &str| changes(before, after);
        assert_eq!(of(before), None);
        assert_eq!(of(&before.replace("name", "# a word\nname")).as_deref(), Some("comments or layout"));
        let after = before.replace("30/min", "10/min").replace("url = '.u'", "posted_at = '.d'");
        let said = "rate: 30/min → 10/min; streams.offres.fields.posted_at is new; streams.offres.fields.url is gone";
        assert_eq!(of(&after).as_deref(), Some(said));
        let many = "k0 = 0\nk1 = 0\nk2 = 0\nk3 = 0\nk4 = 0\nk5 = 0\nk6 = 0\nk7 = 0\nk8 = 0\n";
        assert!(of(&format!("{many}{before}")).is_some_and(|said| said.ends_with("k3 is new; 5 more")));
        assert_eq!(of("= 1").as_deref(), Some("the file was not TOML"));
    }
}
