//! Names that partners use for our fields.

use std::sync::LazyLock;

use normalize::text::fold;

use super::words;

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

/// Rank of a name that is understood by its words: behind the names that are known as a whole.
const COMPOUND: usize = 28;

/// Returns our field for a partner's name, and its rank (0 is best).
pub(super) fn field_of(name: &str) -> Option<(&'static str, usize)> {
    let local = name.rsplit_once(':').map(|(_, local)| local);
    let words = words::split(name);
    known(&folded(name))
        .or_else(|| known(&words.join("_")))
        .or_else(|| local.and_then(|local| known(&folded(local))))
        // "Bailleur / maître d'œuvre", "Salaire/jour".
        .or_else(|| name.split_once('/').and_then(|(first, _)| known(&folded(first.trim()))))
        .or_else(|| Some((known(&words::bare(&words).join("_"))?.0, COMPOUND - 1)))
        .or_else(|| Some((words::field_of(&words)?, COMPOUND + words.len())))
        .or_else(|| local.and_then(field_of))
}

/// Returns our field for a key within an object whose own name is none of ours: `PostDetail.EndDate`, `company.description`.
pub(super) fn field_within(above: &str, key: &str) -> Option<(&'static str, usize)> {
    let (outer, inner) = (words::split(above), words::split(key));
    let both: Vec<String> = outer.iter().chain(&inner).cloned().collect();
    // "end" within "post detail" is the end of the post.
    // So is "publication" within "dates".
    let of_outer = words::concepts(outer.first().map_or("", String::as_str));
    let is_compound = of_outer.contains(&"entity") || of_outer.contains(&"date");
    let together = words::field_of(&both).filter(|_| is_compound).map(|field| (field, COMPOUND + 2));
    together.or_else(|| field_of(key))
}

/// Returns our field for a name that is known as a whole: a part of a class says too little to be taken apart.
pub(super) fn known_field(name: &str) -> Option<(&'static str, usize)> {
    known(&folded(name))
}

/// Returns whether a name only says that something is a record, or nothing: what it holds belongs to the record.
pub(super) fn is_entity(name: &str) -> bool {
    words::is_entity(&words::split(name))
}

fn known(name: &str) -> Option<(&'static str, usize)> {
    NAMES
        .iter()
        .filter_map(|(field, names)| names.iter().position(|known| *known == name).map(|at| (*field, at)))
        .min_by_key(|(_, at)| *at)
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
