//! The console: pages for people, rendered here, without a script. Each question has a file.

mod act;
mod actions;
mod counted;
mod decide;
mod explain;
mod file;
mod find;
mod format;
mod fresh;
mod groups;
mod held;
mod lang;
mod layout;
mod map;
mod mend;
mod opportunity;
mod run_list;
mod runs;
mod schedules;
mod secrets;
mod session;
mod spark;
mod stuck;
mod tokens;
mod wanted;
mod wrong;

use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRequestParts as _},
    http::{HeaderValue, header, request::Parts},
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};

pub(super) use self::counted::Counted;
use super::{Problem, Surroundings};

/// What pages may load and do: our one style sheet, and forms to ourselves.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Returns the paths of the console.
pub(crate) fn router() -> Router<Surroundings> {
    Router::new()
        .route("/", get(fresh::page))
        .route("/sources/{slug}", get(fresh::one))
        .route("/sources/{slug}/file", post(mend::save).layer(DefaultBodyLimit::max(mend::MAX_BODY)))
        .route("/alerts", get(wrong::page))
        .route("/runs", get(run_list::list))
        .route("/runs/{id}", get(runs::one))
        .route("/decisions", get(decide::page))
        .route("/stuck", get(stuck::page))
        .route("/opportunities", get(held::page))
        .route("/opportunities/{id}", get(opportunity::page))
        .route("/schedules", get(schedules::page))
        .route("/secrets", get(secrets::page))
        .route("/tokens", get(tokens::page).post(tokens::create))
        .route("/actions", get(actions::page))
        .route("/act", post(act::act))
        .route("/login", get(session::ask).post(session::login))
        .route("/logout", post(session::logout))
        .route("/lang/{lang}", get(lang::switch))
        .layer(middleware::map_response(guarded))
        .route("/console.css", get(style))
        .route("/icon.svg", get(icon))
}

/// Adds the headers of pages: what they may load, and that nobody keeps them.
async fn guarded(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (header::CACHE_CONTROL, "no-store"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Returns the page of an address that the console does not have, with the navigation for those who are logged in.
pub(super) async fn missing(here: &Surroundings, parts: &mut Parts) -> Response {
    let lang = lang::Lang::of(&parts.headers);
    let problem = Problem::missing(
        lang.say("il n'y a pas de page à cette adresse", "there is no page at this address"),
    );
    mistaken(here, parts, &problem).await
}

async fn mistaken(here: &Surroundings, parts: &mut Parts, problem: &Problem) -> Response {
    let Ok(visitor) = Option::<session::Visitor>::from_request_parts(parts, here).await;
    let page = match visitor {
        Some(visitor) => layout::refused(&visitor, problem, "/"),
        None => layout::failed(lang::Lang::of(&parts.headers), problem),
    };
    guarded(page).await
}

/// Returns the page of an address that takes a form alone, for somebody who typed it.
pub(super) async fn no_form(here: &Surroundings, parts: &mut Parts, problem: &Problem) -> Response {
    let lang = lang::Lang::of(&parts.headers);
    let detail = lang.say(
        "cette adresse ne prend que des formulaires: retournez à la page d'où vous venez",
        "this address takes forms only: go back to the page that you came from",
    );
    mistaken(here, parts, &Problem::new(problem.status(), detail)).await
}

async fn style() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/css; charset=utf-8"),
        (header::CACHE_CONTROL, "max-age=300"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, include_str!("console.css"))
}

/// The icon of the pages: a line that rises.
const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#1d2733"/><path d="M3 12l4-5 3 3 3-6" fill="none" stroke="#fff" stroke-width="2"/></svg>"##;

async fn icon() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "image/svg+xml"),
        (header::CACHE_CONTROL, "max-age=86400"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, ICON)
}
