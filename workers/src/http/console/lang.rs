//! The language of a visitor of the console.

use axum::{
    extract::{Path, Query},
    http::{HeaderMap, header},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::session::{cookie, here_only};
pub(super) use crate::lang::Lang;

/// The cookie of a visitor who chose.
const CHOSEN: &str = "oim_lang";

impl Lang {
    /// Returns the language that a visitor chose, or else the one that the browser prefers.
    pub(in crate::http) fn of(headers: &HeaderMap) -> Self {
        let chosen = cookie(headers, CHOSEN).and_then(|code| Self::of_code(&code));
        chosen.unwrap_or_else(|| Self::preferred(headers))
    }

    fn preferred(headers: &HeaderMap) -> Self {
        let asked =
            headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (Self::Fr, 0.0);
        for one in asked.split(',') {
            let (code, weight) = one.split_once(";q=").unwrap_or((one, "1"));
            let weight: f64 = weight.trim().parse().unwrap_or(0.0);
            let code = code.trim().get(..2).unwrap_or_default().to_ascii_lowercase();
            if let Some(lang) = Self::of_code(&code)
                && weight > best.1
            {
                best = (lang, weight);
            }
        }
        best.0
    }
}

/// Where to go after the choice.
#[derive(Debug, Deserialize)]
pub(super) struct Back {
    to: Option<String>,
}

/// Notes the choice of a language in a cookie.
pub(super) async fn switch(Path(code): Path<String>, Query(back): Query<Back>) -> Response {
    let lang = Lang::of_code(&code).unwrap_or(Lang::Fr);
    let cookie = format!("{CHOSEN}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", lang.code());
    ([(header::SET_COOKIE, cookie)], Redirect::to(here_only(back.to.as_deref()))).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(accept: &str, cookie: &str) -> &'static str {
        let mut headers = HeaderMap::new();
        headers.insert("accept-language", accept.parse().unwrap());
        headers.insert("cookie", cookie.parse().unwrap());
        Lang::of(&headers).code()
    }

    #[test]
    fn the_choice_comes_first_then_the_browser_then_french() {
        assert_eq!(read("en-GB,en;q=0.9,fr;q=0.8", ""), "en");
        assert_eq!(read("de,fr-CM;q=0.8,en;q=0.4", ""), "fr");
        assert_eq!(read("de", ""), "fr");
        assert_eq!(read("", ""), "fr");
        assert_eq!(read("en", "a=b; oim_lang=fr"), "fr");
        assert_eq!(read("fr", "oim_lang=xx"), "fr");
    }
}
