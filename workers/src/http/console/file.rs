//! The source file in force, and what to do when it was mended.

use maud::{Markup, html};
use store::{Scope, Stale};

use super::{
    format::{head, number},
    layout::{Act, careful},
    mend,
    session::Visitor,
};
use crate::{
    app,
    http::{Problem, Surroundings, v1::sources::SourceShown},
};

/// Shows the source file that this worker uses, how many rows an older one has read, and the buttons to parse the archive again.
pub(super) async fn section(
    here: &Surroundings,
    visitor: &Visitor,
    shown: &SourceShown,
) -> Result<Markup, Problem> {
    let lang = visitor.lang;
    let slug = shown.source.slug.as_str();
    let catalog = here.app.catalog();
    let Some(spec) = catalog.iter().find(|spec| spec.slug.as_str() == slug) else {
        return Ok(
            html! { p.warn { (lang.say("Ce worker n'a pas de fichier de cette source.", "This worker has no file of this source.")) } },
        );
    };
    // This worker may not have followed yet.
    let (text, version) =
        app::source_file(&here.app, &spec.slug).await.map_err(|error| Problem::internal(&error))?;
    let stale = here.app.store.stale(&[(spec.slug.clone(), app::read_by(spec))]).await?;
    let rows: i64 = stale.iter().map(|Stale { rows, .. }| rows).sum();
    let act = |what, label| Act { what, subject: slug, label, of: slug };
    Ok(html! {
        h2 #file { (lang.say("Fichier de la source", "Source file")) }
        dl {
            dt { "Version" } dd { code { (head(&spec.version)) } @if spec.version != shown.source.spec_version {
                " " span.warn { (lang.say("les autres workers en ont une autre: ", "other workers have another one: ")) code { (head(&shown.source.spec_version)) } } } }
            dt { (lang.say("Lues par une version d'avant", "Parsed by an older version")) } dd { (number(lang, rows)) " " (lang.say("opportunités", "opportunities")) }
        }
        details { summary { (lang.say("Lire le fichier", "Read the file")) } div.scroll role="region" tabindex="0" aria-label=(lang.say("Fichier de la source", "Source file")) { pre { (text) } } }
        @if visitor.who.scope >= Scope::Admin {
            details { summary { (lang.say("Changer le fichier…", "Change the file…")) } (mend::form_of(visitor, &spec.slug, &text, version.as_ref().unwrap_or(&spec.version))) }
        } @else {
            p.note { (lang.say("Un jeton d'administration peut changer ce fichier ici; sinon: ", "A token of scope admin can change this file here; otherwise: ")) code { "oim-etl sources apply" } }
        }
        (mend::versions(here, visitor, &spec.slug).await?)
        p { (lang.say("Après un changement, relisez l'archive:", "After a change, parse the archive again:")) }
        div.acts {
            @if rows > 0 { (careful(visitor, &act("replay_stale", lang.say("Relire ce qui est périmé", "Replay what is stale")),
                lang.say("Les pages archivées de ces opportunités sont relues avec ce fichier, sans visiter le partenaire. Le contrôle retient ce qui est douteux.",
                         "The archived pages of these opportunities are parsed with this file, without visiting the partner. The audit holds what is doubtful."))) }
            (careful(visitor, &act("replay", lang.say("Relire toute l'archive", "Replay the archive")),
                lang.say("Les dernières réponses archivées sont relues avec ce fichier, sans visiter le partenaire. Le contrôle retient ce qui est douteux.",
                         "The newest archived answers are parsed with this file, without visiting the partner. The audit holds what is doubtful.")))
        }
    })
}
