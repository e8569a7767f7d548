//! The catalog of sources.

use std::{collections::BTreeMap, sync::Arc};

use domain::SourceSlug;
use include_dir::{Dir, include_dir};

use crate::{Spec, SpecError, SpecErrors, grammar};

/// The built-in source files. A test checks that nothing else is compiled in.
static PARTNERS: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/partners");

/// A source file; its name gives the slug.
#[derive(Debug, Clone)]
pub struct SpecFile {
    /// `fne.toml`
    pub name: String,
    /// Its content.
    pub text: String,
}

impl SpecFile {
    /// Returns the file of a source with this text.
    pub fn of(slug: &SourceSlug, text: &str) -> Self {
        Self { name: format!("{slug}.toml"), text: text.to_owned() }
    }
}

/// The known sources, by slug.
#[derive(Debug, Clone, Default)]
pub struct Catalog(BTreeMap<SourceSlug, Arc<Spec>>);

impl Catalog {
    /// Returns the built-in sources.
    pub fn builtin() -> Result<Self, SpecErrors> {
        Self::load(
            PARTNERS
                .files()
                .filter_map(|file| {
                    let name = file.path().file_name()?.to_str()?.to_owned();
                    Some(SpecFile { name, text: file.contents_utf8()?.to_owned() })
                })
                .collect(),
        )
    }

    /// Returns the text of a built-in source file.
    pub fn builtin_file(slug: &SourceSlug) -> Option<&'static str> {
        PARTNERS.get_file(format!("{slug}.toml")).and_then(include_dir::File::contents_utf8)
    }

    /// Compiles source files. If one has an error, none is accepted.
    pub fn load(files: Vec<SpecFile>) -> Result<Self, SpecErrors> {
        Self::default().overlay(files)
    }

    /// Adds files to this catalog: a file with a known slug replaces that source.
    pub fn overlay(mut self, files: Vec<SpecFile>) -> Result<Self, SpecErrors> {
        let mut errors = Vec::new();
        for file in files {
            match read(&file) {
                Ok(spec) => drop(self.0.insert(spec.slug.clone(), Arc::new(spec))),
                Err(found) => errors.extend(found),
            }
        }
        if errors.is_empty() { Ok(self) } else { Err(SpecErrors(errors)) }
    }

    /// Adds the sources of another catalog; one with a known slug replaces that source.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// Adds one source of another catalog, if that has it.
    #[must_use]
    pub fn with_one_of(mut self, other: &Self, slug: &SourceSlug) -> Self {
        self.0.extend(other.get(slug).map(|spec| (slug.clone(), Arc::clone(spec))));
        self
    }

    /// Removes a source.
    pub fn remove(&mut self, slug: &SourceSlug) {
        self.0.remove(slug);
    }

    /// Returns a source by its slug.
    pub fn get(&self, slug: &SourceSlug) -> Option<&Arc<Spec>> {
        self.0.get(slug)
    }

    /// Returns all sources, by slug.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<Spec>> {
        self.0.values()
    }

    /// Returns each source with the digest of its file: catalogs with the same versions are equal.
    pub fn versions(&self) -> Vec<(&SourceSlug, &str)> {
        self.0.values().map(|spec| (&spec.slug, spec.version.as_str())).collect()
    }

    /// Returns the slug most similar to a wrong one.
    pub fn nearest(&self, word: &str) -> Option<&SourceSlug> {
        nearest(self.0.keys(), word)
    }
}

/// Returns the name most similar to a wrong one: a slug, or an identifier.
pub fn nearest<'a, T: AsRef<str>>(known: impl IntoIterator<Item = &'a T>, word: &str) -> Option<&'a T> {
    let likeness = |name: &T| strsim::jaro_winkler(word, name.as_ref());
    let all = known.into_iter().map(|name| (likeness(name), name)).filter(|(likeness, _)| *likeness > 0.7);
    all.max_by(|left, right| left.0.total_cmp(&right.0)).map(|(_, slug)| slug)
}

fn read(file: &SpecFile) -> Result<Spec, Vec<SpecError>> {
    let stem = file.name.strip_suffix(".toml").unwrap_or(&file.name);
    let slug = SourceSlug::new(stem).map_err(|error| {
        vec![SpecError {
            file: file.name.clone(),
            line: 1,
            column: 1,
            reason: format!("the file's name is the slug: {error}"),
        }]
    })?;
    grammar::read(&slug, file)
}

#[cfg(test)]
mod tests {
    use include_dir::DirEntry;

    use super::*;

    #[test]
    fn only_partner_files_are_compiled_in() {
        for entry in PARTNERS.entries() {
            let is_partner_file = matches!(entry, DirEntry::File(_))
                && entry.path().extension().is_some_and(|extension| extension == "toml");
            assert!(is_partner_file, "{} does not belong in sources/partners", entry.path().display());
        }
        assert_eq!(Catalog::builtin().unwrap().iter().count(), PARTNERS.entries().len());
    }
}
