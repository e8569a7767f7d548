//! What several commands share.

use std::path::PathBuf;

use domain::SourceSlug;
use sources::Catalog;

use super::Context;

/// Returns the source of that name, or an error that names the nearest one.
pub(super) fn find_source(catalog: &Catalog, word: &str) -> anyhow::Result<SourceSlug> {
    if let Some(slug) = SourceSlug::new(word).ok().filter(|slug| catalog.get(slug).is_some()) {
        return Ok(slug);
    }
    let near = catalog.nearest(word).map(|slug| format!("; did you mean {slug}?")).unwrap_or_default();
    let known = catalog.iter().map(|spec| spec.slug.to_string()).collect::<Vec<_>>().join(", ");
    anyhow::bail!("there is no source {word:?}{near} (known: {known})")
}

/// Returns who uses the command line, for the record of a run.
pub(super) fn current_user() -> String {
    std::env::var("USER").unwrap_or_else(|_| "cli".to_owned())
}

/// Returns the folder of recordings: the one of the flag, else `fixtures` in the folder of source files, else here.
pub(super) fn recordings_folder(context: &Context, flag: Option<PathBuf>) -> PathBuf {
    let beside =
        || context.config().sources_dir.clone().unwrap_or_else(|| PathBuf::from(".")).join("fixtures");
    flag.unwrap_or_else(beside)
}
