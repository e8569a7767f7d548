//! A source file is mended here: the form, what a change would do, and the versions before. For administrators alone.

use axum::{
    Form,
    extract::{Path, State},
    http::{HeaderMap, header},
    response::{AppendHeaders, IntoResponse as _, Redirect, Response},
};
use domain::SourceSlug;
use maud::{Markup, html};
use serde::Deserialize;
use store::{NewFile, Scope};

use super::{
    format::at,
    layout::{self, Act, answer, careful, table},
    session::{Visitor, from_here, saying},
};
use crate::{
    http::{
        Problem, Surroundings,
        v1::{known_source, registry::refused},
    },
    lang::Lang,
    registry::{FIRST, NEW_SOURCE, checked, earlier, note_in, short},
    workbench::losses::losses_in_time,
};

/// Largest form: each byte of the largest source file may take three in a form.
pub(super) const MAX_BODY: usize = 800 << 10;
/// Versions that are listed.
const VERSIONS: i64 = 10;

/// What the form carries.
#[derive(Deserialize)]
pub(super) struct Mended {
    csrf: String,
    file: String,
    /// The version that the form was made from.
    from: String,
    /// `check`, `apply`, or `force`: although most of the archive would be lost.
    what: String,
}

/// Checks a mended file, or puts it in force.
pub(super) async fn save(
    State(here): State<Surroundings>,
    headers: HeaderMap,
    visitor: Visitor,
    Path(slug): Path<String>,
    Form(form): Form<Mended>,
) -> Response {
    // Browsers send lines as mail does.
    let text = form.file.replace("\r\n", "\n");
    let lang = visitor.lang;
    let slug = match allowed(&here, &headers, &visitor, &form.csrf, &slug).await {
        Ok(slug) => slug,
        Err(problem) => return layout::failed(lang, &problem),
    };
    let (store, by) = (&here.app.store, visitor.who.by());
    let title = lang.say("Fichier de la source", "Source file");
    let new = match checked(&here.app.config, store, &slug, &text, &by).await.map_err(refused) {
        Ok(new) => new,
        Err(problem) => {
            let body = html! {
                p.problem role="alert" { pre { (problem.detail()) } }
                p { (lang.say("Rien n'a été mis en vigueur.", "Nothing was put in force.")) }
                (form_with(&visitor, &slug, &text, &form.from, false))
            };
            return (problem.status(), answer(&visitor, title, Ok(body))).into_response();
        }
    };
    match doubts(&here, lang, &slug, &text, &form).await {
        Ok(None) => (),
        Ok(Some(doubt)) => {
            let body = html! {
                p.problem role="alert" { (doubt.said) }
                @if form.what != "check" { p { (lang.say("Rien n'a été mis en vigueur.", "Nothing was put in force.")) } }
                (form_with(&visitor, &slug, &text, &doubt.from, doubt.may_force))
            };
            return answer(&visitor, title, Ok(body));
        }
        Err(problem) => return layout::failed(lang, &problem),
    }
    if form.what != "check" {
        return match store.apply_file(&new, "apply_file").await {
            Ok(is_changed) => in_force(&headers, &visitor, &slug, &new, is_changed),
            Err(error) => layout::failed(lang, &error.into()),
        };
    }
    let note = new.note.as_deref().map_or_else(
        || lang.text("rien: c'est le fichier en vigueur", "nothing: it is the file in force"),
        |note| note_in(lang, note),
    );
    let body = html! {
        p.said role="status" { (lang.say("Le fichier n'a pas d'erreur. Ce qui change: ", "The file has no errors. What changes: ")) (note) }
        (form_with(&visitor, &slug, &text, &form.from, false))
    };
    answer(&visitor, title, Ok(body))
}

/// Why a file without an error is not put in force at once.
struct Doubt {
    said: String,
    /// The version in force.
    from: String,
    /// Whether the reader may say that it is meant so.
    may_force: bool,
}

/// Looks whether somebody else has changed the file since the form was made, and whether most of the archive would be lost.
async fn doubts(
    here: &Surroundings,
    lang: Lang,
    slug: &SourceSlug,
    text: &str,
    form: &Mended,
) -> Result<Option<Doubt>, Problem> {
    let files = here.app.store.files_in_force().await?;
    let now = files.into_iter().find(|file| file.version.source == slug.as_str()).map(|file| file.version);
    let from = now.as_ref().map_or_else(String::new, |version| version.version.clone());
    if let Some(now) = now.filter(|now| now.version != form.from) {
        let version = short(&now.version);
        let said = lang.text(
            &format!(
                "{} a changé ce fichier depuis que vous l'avez ouvert: la version {version} est en vigueur. Comparez, puis mettez en vigueur ce qui vaut pour vous deux.",
                now.by
            ),
            &format!(
                "{} has changed this file since you opened it: version {version} is in force. Compare, then put in force what holds for both of you.",
                now.by
            ),
        );
        return Ok(Some(Doubt { said, from, may_force: false }));
    }
    if form.what == "force" {
        return Ok(None);
    }
    let lost = losses_in_time(&here.app, slug, text).await.map_err(|error| Problem::internal(&error))?;
    Ok(lost.map(|lost| Doubt { said: lost.told(lang, slug), from, may_force: true }))
}

async fn allowed(
    here: &Surroundings,
    headers: &HeaderMap,
    visitor: &Visitor,
    csrf: &str,
    slug: &str,
) -> Result<SourceSlug, Problem> {
    from_here(headers)?;
    visitor.check(csrf)?;
    visitor.who.must(Scope::Admin)?;
    Ok(known_source(here, slug).await?.0)
}

fn in_force(
    headers: &HeaderMap,
    visitor: &Visitor,
    slug: &SourceSlug,
    new: &NewFile,
    is_changed: bool,
) -> Response {
    let (lang, version) = (visitor.lang, short(&new.row.spec_version));
    let note = note_in(lang, new.note.as_deref().unwrap_or(NEW_SOURCE));
    let said = if is_changed {
        lang.text(
            &format!("version {version} en vigueur: {note}. Relisez maintenant l'archive"),
            &format!("version {version} is in force: {note}. Now replay the archive"),
        )
    } else {
        lang.text(
            &format!("la version {version} était déjà en vigueur"),
            &format!("version {version} was in force already"),
        )
    };
    let cookie = [(header::SET_COOKIE, saying(headers, &said))];
    (AppendHeaders(cookie), Redirect::to(&format!("/sources/{slug}#file"))).into_response()
}

/// Returns the form with the text of the version that this worker has.
pub(super) fn form_of(visitor: &Visitor, slug: &SourceSlug, text: &str, version: &str) -> Markup {
    form_with(visitor, slug, text, version, false)
}

/// Returns the form with a text that was made from a version. `may_force`: whether the file can be put in force although most of the archive
/// would be lost.
fn form_with(visitor: &Visitor, slug: &SourceSlug, text: &str, from: &str, may_force: bool) -> Markup {
    let lang = visitor.lang;
    let (what, label) = if may_force {
        ("force", lang.say("Mettre en vigueur quand même", "Put in force all the same"))
    } else {
        ("apply", lang.say("Mettre en vigueur", "Put in force"))
    };
    html! { form.file method="post" action={ "/sources/" (slug) "/file" } {
        input type="hidden" name="csrf" value=(visitor.csrf);
        input type="hidden" name="from" value=(from);
        label for="file-text" { (lang.say("Fichier de la source, en TOML", "Source file, in TOML")) }
        // The first line break behind the tag does not count.
        textarea #file-text name="file" rows="24" spellcheck="false" autocapitalize="none" required { "\n" (text) }
        div.acts {
            button type="submit" name="what" value="check" { (lang.say("Contrôler", "Check")) }
            button.danger type="submit" name="what" value=(what) { (label) }
        }
        p.note { (lang.say("Tous les workers suivent en 10 secondes. Le même changement doit aller dans le dossier des workers, s'ils en ont un.",
                           "Every worker follows within 10 seconds. Put the same change into the folder of the workers, if they have one.")) }
    } }
}

/// Returns the versions of a file, each with the button back to it.
pub(super) async fn versions(
    here: &Surroundings,
    visitor: &Visitor,
    slug: &SourceSlug,
) -> Result<Markup, Problem> {
    let (lang, now) = (visitor.lang, here.app.clock.now());
    let versions = here.app.store.file_versions(slug, VERSIONS).await?;
    let warning = lang.say(
        "Cette version est mise en vigueur pour tous les workers.",
        "This version is put in force for all workers.",
    );
    let rows = html! { @for (row, version) in versions.iter().enumerate() { tr {
        th scope="row" { code { (short(&version.version)) } }
        td { (at(lang, now, version.at)) ", " (version.by) " (" (lang.word("file_origins", version.origin.as_str()).to_lowercase()) ")" }
        td.w { (note_in(lang, version.note.as_deref().unwrap_or(FIRST))) }
        td { @if row > 0 && !version.is_gone && visitor.who.scope >= Scope::Admin {
            (careful(visitor, &Act { what: "rollback", subject: &format!("{slug} {}", version.version), label: lang.say("Y revenir", "Return to it"), of: short(&version.version) }, warning))
        } }
    } } };
    let heads = [
        "Version",
        lang.say("Depuis", "Since"),
        lang.say("Ce qui a changé", "What changed"),
        lang.say("Action", "Action"),
    ];
    Ok(
        html! { @if !versions.is_empty() { (table(lang.say("Versions du fichier", "Versions of the file"), &heads, &rows)) } },
    )
}

/// Puts an earlier version in force again.
pub(super) async fn rollback(
    here: &Surroundings,
    visitor: &Visitor,
    subject: &str,
) -> Result<String, Problem> {
    visitor.who.must(Scope::Admin)?;
    let (word, version) = subject.split_once(' ').ok_or_else(|| Problem::bad("this is not a version"))?;
    let (slug, _) = known_source(here, word).await?;
    let store = &here.app.store;
    let new = earlier(&here.app.config, store, &slug, Some(version), &visitor.who.by()).await;
    let missing = || Problem::missing(format!("{slug} has no such earlier version"));
    let new = new.map_err(refused)?.ok_or_else(missing)?;
    store.apply_file(&new, "rollback_file").await?;
    let said = visitor.lang.say("la version en vigueur est", "the version in force is");
    Ok(format!("{slug}: {said} {}", short(version)))
}
