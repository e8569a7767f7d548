//! Names that partners use for our fields.

use std::sync::LazyLock;

use normalize::text::fold;

/// Names by field, folded with `_` between words, most likely first.
static NAMES: LazyLock<Vec<(&str, Vec<String>)>> = LazyLock::new(|| {
    let rows = include_str!("names.tsv").lines().filter(|line| !line.starts_with('#'));
    let rows = rows.filter_map(|line| line.split_once('\t'));
    rows.map(|(field, names)| (field, names.split('|').map(folded).collect())).collect()
});

fn folded(name: &str) -> String {
    fold(name).replace([' ', '-'], "_")
}

/// Returns the key of an object that holds the name of the object.
const WITHIN: [&str; 14] = [
    "libelle",
    "label",
    "nom",
    "name",
    "title",
    "value",
    "ville",
    "narrative",
    "rendered",
    "fr",
    "text",
    "display name",
    "city",
    "town",
];

/// Returns our field for a partner's name, and its rank (0 is best).
pub(super) fn field_of(name: &str) -> Option<(&'static str, usize)> {
    let own = folded(name);
    let local = name.rsplit_once(':').map(|(_, local)| local);
    NAMES
        .iter()
        .filter_map(|(field, names)| names.iter().position(|known| *known == own).map(|at| (*field, at)))
        .min_by_key(|(_, at)| *at)
        .or_else(|| local.and_then(field_of))
}

/// Returns the rank of a key as the name of its object.
pub(super) fn within(key: &str) -> Option<usize> {
    let folded = fold(key);
    WITHIN.iter().position(|known| *known == folded)
}

/// Keeps the most likely form of each field.
#[derive(Debug, Default)]
pub(super) struct Best(Vec<(&'static str, usize, String)>);

/// Most forms of one field that are kept. A record made to have thousands of keys costs no more.
const FORMS: usize = 8;

impl Best {
    pub(super) fn offer(&mut self, field: &'static str, likely: usize, form: String) {
        let is_same = |known: &&mut (&'static str, usize, String)| known.0 == field && known.2 == form;
        if let Some(known) = self.0.iter_mut().find(is_same) {
            known.1 = known.1.min(likely);
            return;
        }
        self.0.push((field, likely, form));
        let forms = self.0.iter().enumerate().filter(|(_, known)| known.0 == field);
        if forms.clone().count() > FORMS
            && let Some((worst, _)) = forms.max_by_key(|(_, known)| known.1)
        {
            self.0.remove(worst);
        }
    }

    /// Drops forms that are not good for their field.
    pub(super) fn keep(&mut self, is_good: impl Fn(&str, &str) -> bool) {
        self.0.retain(|(field, _, form)| is_good(field, form));
    }

    /// Returns the likeliest form of each field.
    pub(super) fn fields(mut self) -> Vec<(&'static str, String)> {
        self.0.sort_by_key(|(_, likely, _)| *likely);
        let mut once = std::collections::BTreeSet::new();
        self.0.retain(|(field, ..)| once.insert(*field));
        self.0.into_iter().map(|(field, _, form)| (field, form)).collect()
    }
}
