//! Who may use API and console: tokens, for administrators alone. A new token is shown once, on the page that answers the form.

use axum::{
    Form,
    extract::State,
    http::HeaderMap,
    response::{IntoResponse as _, Response},
};
use maud::{Markup, html};
use serde::Deserialize;
use store::{Scope, TokenRow};

use super::{
    format::{at, maybe_at, who},
    lang::Lang,
    layout::{self, Act, answer, careful, table},
    session::{Visitor, from_here},
};
use crate::{
    http::{Problem, Surroundings, v1::tokens::is_name},
    tokens,
};

/// Lists the tokens.
pub(super) async fn page(State(here): State<Surroundings>, visitor: Visitor) -> Response {
    let body = async {
        visitor.who.must(Scope::Admin)?;
        body(&here, &visitor, None).await
    };
    let body = body.await;
    answer(&visitor, title(visitor.lang), body)
}

fn title(lang: Lang) -> &'static str {
    lang.say("Qui a accès ?", "Who has access?")
}

/// What the form for a new token carries.
#[derive(Deserialize)]
pub(super) struct New {
    csrf: String,
    name: String,
    scope: Scope,
}

/// Creates a token, and shows it this once.
pub(super) async fn create(
    State(here): State<Surroundings>,
    headers: HeaderMap,
    visitor: Visitor,
    Form(new): Form<New>,
) -> Response {
    let made = async {
        from_here(&headers)?;
        visitor.check(&new.csrf)?;
        visitor.who.must(Scope::Admin)?;
        let name = new.name.trim();
        if !is_name(name) {
            return Err(Problem::impossible(visitor.lang.say(
                "un nom a 1 à 40 petites lettres, chiffres, points, tirets ou soulignés, d'abord une lettre ou un chiffre",
                "a name has 1 to 40 small letters, digits, dots, dashes or underscores, a letter or digit first",
            )));
        }
        let token = tokens::new_token().map_err(|error| Problem::internal(&error))?;
        here.app.store.create_token(name, new.scope, &tokens::digest(&token), &visitor.who.by()).await?;
        body(&here, &visitor, Some((name, &token))).await
    };
    match made.await {
        Ok(body) => answer(&visitor, title(visitor.lang), Ok(body)).into_response(),
        Err(problem) => layout::refused(&visitor, &problem, "/"),
    }
}

async fn body(here: &Surroundings, visitor: &Visitor, made: Option<(&str, &str)>) -> Result<Markup, Problem> {
    let lang = visitor.lang;
    let (rows, now) = (here.app.store.tokens().await?, here.app.clock.now());
    let listed = html! { @for row in &rows { tr {
        th scope="row" { (row.name) }
        td { (lang.word("scopes", row.scope.as_str())) " (" (row.scope) ")" }
        td { (at(lang, now, row.created_at)) ", " (who(lang, &row.created_by)) }
        td { (maybe_at(lang, now, row.used_at)) }
        td { (state(lang, visitor, row, here)) }
    } } };
    let heads = [
        lang.say("Nom", "Name"),
        lang.say("Droits", "Scope"),
        lang.say("Créé", "Created"),
        lang.say("Dernier usage", "Last used"),
        lang.say("État", "State"),
    ];
    Ok(html! {
        @if let Some((name, token)) = made { div.said role="status" {
            p { (lang.say("Le jeton de", "The token of")) " " strong { (name) } ". "
                (lang.say("Il n'est montré que cette fois: copiez-le maintenant.", "It is shown this once: copy it now.")) }
            p { code.secret { (token) } }
        } }
        (table(lang.say("Jetons", "Tokens"), &heads, &listed))
        (form(visitor))
    })
}

fn state(lang: Lang, visitor: &Visitor, row: &TokenRow, here: &Surroundings) -> Markup {
    let revoke = Act {
        what: "revoke_token",
        subject: &row.name,
        label: lang.say("Révoquer", "Revoke"),
        of: &row.name,
    };
    let warning = lang.say(
        "Plus rien ne l'acceptera, et ses sessions finissent.",
        "Nothing will accept it any more, and its sessions end.",
    );
    html! {
        @if let (Some(when), Some(by)) = (row.revoked_at, &row.revoked_by) {
            span.badge { (lang.say("Révoqué", "Revoked")) } " " (at(lang, here.app.clock.now(), when)) ", " (who(lang, by))
        } @else { (careful(visitor, &revoke, warning)) }
    }
}

fn form(visitor: &Visitor) -> Markup {
    let lang = visitor.lang;
    html! {
        h2 { (lang.say("Nouveau jeton", "New token")) }
        form.stack method="post" action="/tokens" {
            input type="hidden" name="csrf" value=(visitor.csrf);
            label for="name" { (lang.say("Nom de la personne ou du service, par exemple aissatou", "Name of the person or service, such as aissatou")) }
            input #name name="name" required maxlength="40" pattern="[a-z0-9][a-z0-9._\\-]{0,39}" autocomplete="off" autocapitalize="none";
            label for="scope" { (lang.say("Droits", "Scope")) }
            select #scope name="scope" { @for scope in Scope::ALL {
                option value=(scope) { (lang.word("scopes", scope.as_str())) " (" (scope) ")" }
            } }
            button type="submit" { (lang.say("Créer le jeton", "Create the token")) }
        }
    }
}
