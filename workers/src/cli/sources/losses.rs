//! What a source file would lose of the archive, before it is in force.

use std::collections::HashSet;

use domain::SourceSlug;
use sources::{Catalog, SpecFile};
use store::{Replayed, Store};

use crate::{
    cli::Context,
    lang::say,
    ui,
    workbench::reread::{Read, read_again},
};

/// Returns what is wrong if most opportunities that the archive has shown would no longer be found by this file.
pub(super) async fn losses(
    context: &Context,
    store: &Store,
    slug: &SourceSlug,
    text: &str,
) -> anyhow::Result<Option<String>> {
    let file = SpecFile { name: format!("{slug}.toml"), text: text.to_owned() };
    let catalog = Catalog::load(vec![file])?;
    let Some(spec) = catalog.get(slug) else { return Ok(None) };
    let mut shown = HashSet::new();
    for run in store.runs_of_archive(slug, None).await? {
        shown.extend(store.shown_by(run).await?);
    }
    if shown.is_empty() {
        return Ok(None);
    }
    let read = read_again(context.config(), store, spec, Replayed::from(None)).await;
    let Read { pages, rejections, .. } = match read {
        Ok(read) => read,
        // The archive may be out of reach from here; the file is not to blame.
        Err(error) => {
            ui::note(&say!(
                "{slug}  pas essayé sur l'archive: {error:#}",
                "{slug}  not tried on the archive: {error:#}"
            ));
            return Ok(None);
        }
    };
    let found: HashSet<_> =
        pages.iter().flat_map(|page| page.opportunities.iter().map(|row| row.id)).collect();
    let (all, gone) = (shown.len(), shown.difference(&found).count());
    let rejected = rejections.len();
    Ok((gone * 2 > all).then(|| {
        say!(
            "{gone} des {all} opportunités de l'archive ne seraient plus trouvées, {rejected} fiches seraient refusées; voyez-les: oim-etl --sources DOSSIER sources diff {slug}",
            "{gone} of the {all} opportunities of the archive would no longer be found, {rejected} records would be rejected; see them: oim-etl --sources DIR sources diff {slug}"
        )
    }))
}
