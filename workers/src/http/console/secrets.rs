//! Are all secrets there? Which ones each source needs, where this worker finds them, and how to rotate one.

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use sources::Spec;
use store::{Freshness, RunOutcome};

use super::{
    format::ago,
    lang::Lang,
    layout::{answer, table},
    session::Visitor,
};
use crate::{
    http::{Problem, Surroundings},
    partner::{self, FileMistake, SecretOrigin as Origin},
    secret_file,
};

/// What the message of a run has if the partner refused our secrets: see `fetch::FetchError`.
pub(super) const REFUSED: &str = "refuses our credentials";

/// Shows which secrets there are. Their values are never shown.
pub(super) async fn page(State(here): State<Surroundings>, visitor: Visitor) -> Response {
    let title = visitor.lang.say("Les secrets sont-ils là ?", "Are all secrets there?");
    answer(&visitor, title, body(&here, visitor.lang).await)
}

/// Returns the secrets of a source that this worker does not find.
pub(super) fn missing(here: &Surroundings, slug: &str) -> Vec<String> {
    let spec = here.app.spec(slug).ok();
    let mut names = spec.map(|spec| partner::credential_names(&spec)).unwrap_or_default();
    names.retain(|name| here.app.secret_origin(name) == Origin::Missing);
    names
}

/// Whether the newest visit failed because the partner refused what was sent as its secrets.
fn is_refused(fresh: &Freshness) -> bool {
    fresh.last_state == Some(RunOutcome::Failed)
        && fresh.last_message.as_deref().is_some_and(|message| message.contains(REFUSED))
}

async fn body(here: &Surroundings, lang: Lang) -> Result<Markup, Problem> {
    let fresh = here.app.store.freshness().await?;
    let catalog = here.app.catalog();
    let with_secrets: Vec<_> =
        catalog.iter().filter(|spec| !partner::credential_names(spec).is_empty()).collect();
    let missing: usize = with_secrets
        .iter()
        .flat_map(|spec| partner::credential_names(spec))
        .filter(|name| here.app.secret_origin(name) == Origin::Missing)
        .count();
    let rows =
        html! { @for spec in &with_secrets { (rows(here, lang, spec, fresh.get(spec.slug.as_str()))) } };
    let heads = [
        lang.say("Secret", "Secret"),
        "Source",
        lang.say("Est-il là ?", "Is it there?"),
        lang.say("D'où il vient", "Where it is from"),
    ];
    Ok(html! {
        p.summary {
            @if missing == 0 { strong.good { (lang.say("Aucun secret ne manque.", "No secret is missing.")) } }
            @else { strong.bad { (missing) " " (lang.say("secrets manquent.", "secrets are missing.")) } " "
                (lang.say("Les tâches de ces sources attendent, et continuent d'elles-mêmes dès qu'ils sont là.",
                          "The jobs of these sources wait, and continue by themselves once they are there.")) }
        }
        (table(lang.say("Secrets des sources, vus de ce worker", "Secrets of the sources, as this worker sees them"), &heads, &rows))
        h2 { (lang.say("Changer un secret", "Rotate a secret")) }
        ol {
            li { (lang.say("Demandez le nouveau secret au partenaire. L'ancien reste valable jusqu'au bout.",
                           "Get the new secret from the partner. Leave the old one valid until the end.")) }
            li { (lang.say("Écrivez-le dans le fichier que la variable avec ", "Write it to the file that the variable with ")) code { (secret_file::SUFFIX) }
                 (lang.say(" à la fin nomme. Chaque requête relit le fichier: rien à redémarrer.", " at its end names. Each request reads the file again: nothing to restart.")) }
            li { (lang.say("Collectez la source, et regardez si la collecte est complète.", "Ingest the source, and look whether the run is complete.")) }
            li { (lang.say("Ce que l'ancien secret a fait échouer attend à la page ", "What failed by the old secret waits at ")) a href="/stuck" { (lang.say("Bloqué", "Stuck")) }
                 (lang.say(": reprenez-le.", ": retry it.")) }
            li { (lang.say("Révoquez l'ancien secret chez le partenaire.", "Revoke the old secret at the partner.")) }
        }
        p.note { (lang.say("Un secret dans une variable ordinaire ne change qu'au redémarrage des workers.",
                           "A secret in a plain variable changes only when the workers are restarted.")) }
    })
}

fn rows(here: &Surroundings, lang: Lang, spec: &Spec, fresh: Option<&Freshness>) -> Markup {
    let refused = fresh.filter(|fresh| is_refused(fresh));
    html! { @for name in partner::credential_names(spec) {
        @let origin = here.app.secret_origin(&name);
        tr {
            th scope="row" { code { (name) } }
            td { a href={ "/sources/" (spec.slug) } { (spec.slug) } }
            td { @if origin == Origin::Missing { span.badge.bad { (lang.say("Manque", "Missing")) } }
                 @else if let Some(fresh) = refused {
                    span.badge.bad { (lang.say("Là, mais refusé", "There, but refused")) } br;
                    (lang.say("Le partenaire l'a refusé à la ", "The partner refused it in the "))
                    @if let Some(run) = fresh.last_run { a href={ "/runs/" (run) } { (lang.say("dernière visite", "newest visit")) } }
                    @if let Some(at) = fresh.last_at { ", " (ago(lang, here.app.clock.now(), at)) }
                    ". " a href={ "/stuck?source=" (spec.slug) } { (lang.say("Ce qui est bloqué", "What is stuck")) }
                 }
                 @else { span.badge.good { (lang.say("Là", "There")) } } }
            td { @match origin {
                Origin::Variable => { (lang.say("variable", "variable")) " " code { (name) } },
                Origin::File => { (named_file(lang, &name)) },
                Origin::Demo => { (lang.say("la démonstration", "the demo")) },
                Origin::Missing if partner::secret_file_of(&name).is_some() => { (named_file(lang, &name)) },
                Origin::Missing => { (lang.say("donnez", "set")) " " code { (name) } " " (lang.say("ou", "or")) " " code { (name) (secret_file::SUFFIX) } },
            } }
        }
    } }
}

/// Returns the file that a variable names, and what is wrong with it.
fn named_file(lang: Lang, name: &str) -> Markup {
    let Some((path, mistake)) = partner::secret_file_of(name) else { return html! {} };
    html! {
        (lang.say("fichier", "file")) " " code { (path) } ", "
        (lang.say("que nomme", "named by")) " " code { (name) (secret_file::SUFFIX) }
        @match mistake {
            None => {},
            Some(FileMistake::Absent) => { ": " strong.bad { (lang.say("il n'existe pas", "it does not exist")) } },
            Some(FileMistake::Empty) => { ": " strong.bad { (lang.say("il est vide", "it is empty")) } },
            Some(FileMistake::Unreadable(error)) => { ": " strong.bad { (lang.say("il est illisible", "it cannot be read")) } " (" (error) ")" },
        }
    }
}
