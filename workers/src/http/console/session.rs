//! Who looks at the console: login by token, a session in a cookie, and the proof that a form is ours.

use std::{convert::Infallible, time::Duration};

use axum::{
    Form,
    extract::{FromRequestParts, OptionalFromRequestParts, Query, State},
    http::{HeaderMap, StatusCode, header, request::Parts},
    response::{IntoResponse, Redirect, Response},
};
use maud::html;
use serde::Deserialize;
use store::Scope;
use subtle::ConstantTimeEq as _;

use super::{lang::Lang, layout};
use crate::{
    http::{
        Problem, Surroundings,
        auth::{self, Who},
    },
    tokens,
};

/// The cookie of a session.
const SESSION: &str = "oim_session";
/// The cookie that carries what an action came to, to the next page.
const SAID: &str = "oim_said";
/// How long a session lasts.
const LASTS: Duration = Duration::from_hours(12);

/// Who looks at a page.
#[derive(Debug, Clone)]
pub(super) struct Visitor {
    pub(super) who: Who,
    pub(super) lang: Lang,
    /// The path of the page, with its query.
    pub(super) path: String,
    /// What the last action came to.
    pub(super) said: Option<String>,
    /// What each form of this session carries.
    pub(super) csrf: String,
    /// Held runs that wait for a decision, and jobs that were given up.
    pub(super) waiting: (i64, i64),
}

impl Visitor {
    /// Whether it may act.
    pub(super) fn acts(&self) -> bool {
        self.who.scope >= Scope::Operate
    }

    /// Fails unless a form carries what the forms of this session carry.
    pub(super) fn check(&self, csrf: &str) -> Result<(), Problem> {
        if bool::from(csrf.as_bytes().ct_eq(self.csrf.as_bytes())) {
            return Ok(());
        }
        let detail = self.lang.say(
            "ce formulaire n'est pas de votre session: rechargez la page et recommencez",
            "this form is not of your session: reload the page and try again",
        );
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }
}

impl FromRequestParts<Surroundings> for Visitor {
    type Rejection = Response;
    async fn from_request_parts(parts: &mut Parts, here: &Surroundings) -> Result<Self, Response> {
        let path = parts.uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        match visitor(parts, here, path).await {
            Ok(Some(visitor)) => Ok(visitor),
            Ok(None) => {
                let to = if parts.method == axum::http::Method::GET {
                    parts.uri.to_string()
                } else {
                    "/".to_owned()
                };
                let to: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
                Err(Redirect::to(&format!("/login?to={to}")).into_response())
            }
            Err(problem) => Err(layout::failed(Lang::of(&parts.headers), &problem)),
        }
    }
}

impl OptionalFromRequestParts<Surroundings> for Visitor {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, here: &Surroundings) -> Result<Option<Self>, Infallible> {
        Ok(visitor(parts, here, "/".to_owned()).await.ok().flatten())
    }
}

async fn visitor(parts: &Parts, here: &Surroundings, path: String) -> Result<Option<Visitor>, Problem> {
    let Some(secret) = cookie(&parts.headers, SESSION) else { return Ok(None) };
    let Some(token) = here.app.store.session(&tokens::digest(&secret)).await? else { return Ok(None) };
    let Some(who) = auth::holder(here, &token).await? else { return Ok(None) };
    let said = cookie(&parts.headers, SAID).and_then(|said| String::from_utf8(hex::decode(said).ok()?).ok());
    let csrf = hex::encode(tokens::digest(&format!("csrf {secret}")));
    let waiting = here.app.store.waiting().await?;
    Ok(Some(Visitor { who, lang: Lang::of(&parts.headers), path, said, csrf, waiting }))
}

/// Returns the value of a cookie.
pub(super) fn cookie(headers: &HeaderMap, name: &str) -> Option<String> {
    let all = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// Returns a path of ours to go to: `/` instead of anything that leads elsewhere.
pub(super) fn here_only(to: Option<&str>) -> &str {
    let is_ours = |to: &&str| {
        to.starts_with('/')
            && !to.starts_with("//")
            && to.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
    };
    to.filter(is_ours).unwrap_or("/")
}

/// Fails if a browser says that another site sent the form.
pub(super) fn from_here(headers: &HeaderMap) -> Result<(), Problem> {
    let site = headers.get("sec-fetch-site").and_then(|value| value.to_str().ok());
    match site {
        None | Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(Problem::new(StatusCode::FORBIDDEN, "another site sent this form")),
    }
}

/// Returns a cookie that scripts and other sites do not get.
fn kept(headers: &HeaderMap, name: &str, value: &str, seconds: u64) -> String {
    let scheme = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok());
    let secure = if scheme == Some("https") { "; Secure" } else { "" };
    format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}")
}

/// Returns the cookie that carries what an action came to.
pub(super) fn saying(headers: &HeaderMap, text: &str) -> String {
    // Browsers drop a cookie of more than 4 kB.
    let short: String = text.chars().take(400).collect();
    kept(headers, SAID, &hex::encode(short), 60)
}

/// Returns the cookie that takes it away once it was shown.
pub(super) fn said(headers: &HeaderMap) -> String {
    kept(headers, SAID, "", 0)
}

/// Where to go after the login.
#[derive(Debug, Deserialize)]
pub(super) struct To {
    to: Option<String>,
}

/// Asks for a token.
pub(super) async fn ask(
    headers: HeaderMap,
    visitor: Option<Visitor>,
    Query(To { to }): Query<To>,
) -> Response {
    let to = here_only(to.as_deref());
    if visitor.is_some() {
        return Redirect::to(to).into_response();
    }
    form(Lang::of(&headers), StatusCode::OK, to, None)
}

fn form(lang: Lang, status: StatusCode, to: &str, wrong: Option<&str>) -> Response {
    let body = html! {
        h1 { (lang.say("Connexion", "Log in")) }
        @if let Some(wrong) = wrong { p.problem role="alert" { (wrong) } }
        form.stack method="post" action="/login" {
            input type="hidden" name="to" value=(to);
            // For password managers, which keep a secret by the name of a user.
            input type="text" name="user" value="oim-etl" autocomplete="username" hidden;
            label for="token" { (lang.say("Jeton", "Token")) }
            input #token name="token" type="password" autocomplete="current-password" required autofocus;
            button type="submit" { (lang.say("Se connecter", "Log in")) }
        }
        p { (lang.say("Un administrateur vous donne un jeton avec ", "An administrator gives you a token with ")) code { "oim-etl tokens create " (lang.say("NOM", "NAME")) " --scope operate" } "." }
    };
    (status, layout::bare(lang, lang.say("Connexion", "Log in"), &body)).into_response()
}

/// A token, as the form sends it.
#[derive(Deserialize)]
pub(super) struct Login {
    token: String,
    #[serde(default)]
    to: String,
}

/// Starts a session.
pub(super) async fn login(
    State(here): State<Surroundings>,
    headers: HeaderMap,
    Form(login): Form<Login>,
) -> Response {
    let lang = Lang::of(&headers);
    let to = here_only(Some(&login.to));
    let started = async {
        from_here(&headers)?;
        let token = tokens::digest(login.token.trim());
        let Some(_) = auth::holder(&here, &token).await? else { return Ok(None) };
        let secret = tokens::new_secret().map_err(|error| Problem::internal(&error))?;
        here.app.store.start_session(&tokens::digest(&secret), &token, LASTS).await?;
        Ok::<_, Problem>(Some(secret))
    };
    match started.await {
        Ok(Some(secret)) => {
            let cookie = kept(&headers, SESSION, &secret, LASTS.as_secs());
            ([(header::SET_COOKIE, cookie)], Redirect::to(to)).into_response()
        }
        Ok(None) => {
            let wrong = lang.say(
                "Ce jeton n'est pas valide: mal copié, ou révoqué.",
                "This token is not valid: mistyped, or revoked.",
            );
            form(lang, StatusCode::UNAUTHORIZED, to, Some(wrong))
        }
        Err(problem) => layout::failed(lang, &problem),
    }
}

/// What the form to log out carries.
#[derive(Deserialize)]
pub(super) struct Logout {
    csrf: String,
}

/// Ends the session.
pub(super) async fn logout(
    State(here): State<Surroundings>,
    headers: HeaderMap,
    visitor: Visitor,
    Form(form): Form<Logout>,
) -> Response {
    let ended = async {
        visitor.check(&form.csrf)?;
        if let Some(secret) = cookie(&headers, SESSION) {
            here.app.store.end_session(&tokens::digest(&secret)).await?;
        }
        Ok::<_, Problem>(())
    };
    match ended.await {
        Ok(()) => {
            ([(header::SET_COOKIE, kept(&headers, SESSION, "", 0))], Redirect::to("/login")).into_response()
        }
        Err(problem) => layout::failed(visitor.lang, &problem),
    }
}

#[cfg(test)]
mod tests {
    use super::here_only;

    #[test]
    fn nobody_is_sent_elsewhere() {
        assert_eq!(here_only(Some("/runs?state=held")), "/runs?state=held");
        for elsewhere in
            ["//evil.example", "https://evil.example", "/\\evil.example", "", "/a\r\nb", "javascript:0"]
        {
            assert_eq!(here_only(Some(elsewhere)), "/", "{elsewhere:?}");
        }
        assert_eq!(here_only(None), "/");
    }
}
