//! The source files in force: the built-in ones, overridden by those of `sources_dir`.

use std::path::Path;

use anyhow::Context as _;
use domain::SourceSlug;
use sources::{Catalog, SpecFile};

use crate::{config::Config, credential_names};

/// A source file with errors.
pub(crate) struct Refused {
    /// Its name without `.toml`.
    pub(crate) slug: String,
    /// What is wrong, one error a line.
    pub(crate) why: String,
}

/// Returns the built-in source files, overridden by those of `sources_dir`. With one invalid file there, the folder is refused as a
/// whole: a worker keeps the files it had.
pub(crate) fn catalog(config: &Config) -> anyhow::Result<Catalog> {
    let builtin = Catalog::builtin()?;
    let Some(folder) = &config.sources_dir else { return Ok(builtin) };
    let files = spec_files(folder)?.into_iter().map(|(_, file)| file).collect::<anyhow::Result<_>>()?;
    let catalog = Catalog::builtin()?.overlay(files)?;
    credential_names::check(&catalog, &builtin, &config.source_variables)?;
    Ok(catalog)
}

/// Returns the sources whose files are valid, and the files that are not: a command about one source does not need the others. A
/// built-in source is left out where its file in the folder is refused.
pub(crate) fn usable(config: &Config) -> anyhow::Result<(Catalog, Vec<Refused>)> {
    let builtin = Catalog::builtin()?;
    let Some(folder) = &config.sources_dir else { return Ok((builtin, Vec::new())) };
    let mut catalog = Catalog::builtin()?;
    let mut refused = Vec::new();
    for (name, file) in spec_files(folder)? {
        let checked = file.and_then(|file| {
            let alone = Catalog::load(vec![file.clone()])?;
            credential_names::check(&alone, &builtin, &config.source_variables)?;
            Ok(file)
        });
        match checked {
            Ok(file) => catalog = catalog.overlay(vec![file])?,
            Err(error) => {
                let slug = name.trim_end_matches(".toml").to_owned();
                if let Ok(slug) = SourceSlug::new(&slug) {
                    catalog = catalog.without(&slug);
                }
                refused.push(Refused { slug, why: format!("{error:#}") });
            }
        }
    }
    Ok((catalog, refused))
}

/// Returns the `*.toml` files of a folder by name. One that cannot be read is an error of its own.
fn spec_files(folder: &Path) -> anyhow::Result<Vec<(String, anyhow::Result<SpecFile>)>> {
    let what = || format!("Failed to read the source files in {}", folder.display());
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).with_context(what)? {
        let path = entry.with_context(what)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
            let text =
                std::fs::read_to_string(&path).with_context(|| format!("Failed to read {}", path.display()));
            files.push((name.clone(), text.map(|text| SpecFile { name, text })));
        }
    }
    files.sort_by(|left, right| left.0.cmp(&right.0));
    Ok(files)
}
