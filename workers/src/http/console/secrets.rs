//! Are all secrets there? Which ones each source needs, where this worker finds them, and how to rotate one.

use axum::{extract::State, response::Response};
use maud::{Markup, html};
use sources::Spec;

use super::{
    lang::Lang,
    layout::{answer, table},
    session::Visitor,
};
use crate::{
    http::Surroundings,
    partner::{self, SecretOrigin as Origin},
    secret_file,
};

/// Shows which secrets there are. Their values are never shown.
pub(super) async fn page(State(here): State<Surroundings>, visitor: Visitor) -> Response {
    let title = visitor.lang.say("Les secrets sont-ils là ?", "Are all secrets there?");
    answer(&visitor, title, Ok(body(&here, visitor.lang)))
}

fn body(here: &Surroundings, lang: Lang) -> Markup {
    let catalog = here.app.catalog();
    let with_secrets: Vec<_> =
        catalog.iter().filter(|spec| !partner::credential_names(spec).is_empty()).collect();
    let missing: usize = with_secrets
        .iter()
        .flat_map(|spec| partner::credential_names(spec))
        .filter(|name| here.app.secret_origin(name) == Origin::Missing)
        .count();
    let rows = html! { @for spec in &with_secrets { (rows(here, lang, spec)) } };
    let heads = [
        lang.say("Secret", "Secret"),
        "Source",
        lang.say("Est-il là ?", "Is it there?"),
        lang.say("D'où il vient", "Where it is from"),
    ];
    html! {
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
            li { (lang.say("Révoquez l'ancien secret chez le partenaire.", "Revoke the old secret at the partner.")) }
        }
        p.note { (lang.say("Un secret dans une variable ordinaire ne change qu'au redémarrage des workers.",
                           "A secret in a plain variable changes only when the workers are restarted.")) }
    }
}

fn rows(here: &Surroundings, lang: Lang, spec: &Spec) -> Markup {
    html! { @for name in partner::credential_names(spec) {
        @let origin = here.app.secret_origin(&name);
        tr {
            th scope="row" { code { (name) } }
            td { a href={ "/sources/" (spec.slug) } { (spec.slug) } }
            td { @if origin == Origin::Missing { span.badge.bad { (lang.say("Manque", "Missing")) } }
                 @else { span.badge.good { (lang.say("Là", "There")) } } }
            td { @match origin {
                Origin::Variable => { (lang.say("variable", "variable")) " " code { (name) } },
                Origin::File => { (lang.say("fichier de", "file of")) " " code { (name) (secret_file::SUFFIX) } },
                Origin::Demo => { (lang.say("la démonstration", "the demo")) },
                Origin::Missing => { (lang.say("donnez", "set")) " " code { (name) } " " (lang.say("ou", "or")) " " code { (name) (secret_file::SUFFIX) } },
            } }
        }
    } }
}
