//! The console in a real browser: headless Chromium, with everything that the policy of the pages forbids forbidden.
//!
//! It needs chromium, chromedriver and, for axe-core, npm; where one is missing, the test says so and ends. `OIM_SCREENSHOTS=FOLDER` also
//! keeps a picture of each page.

mod axe;
mod driver;
mod pictures;

use std::collections::BTreeSet;

use driver::{Browser, ENTER, TAB};

use crate::{http::world::World, support::wait_until};

/// The pages that everybody can go to, with a name for their pictures.
const PAGES: [(&str, &str); 11] = [
    ("/", "fresh"),
    ("/sources/fne", "source"),
    ("/alerts", "alerts"),
    ("/runs", "runs"),
    ("/decisions", "decisions"),
    ("/stuck", "stuck"),
    ("/opportunities", "opportunities"),
    ("/schedules", "schedules"),
    ("/secrets", "secrets"),
    ("/tokens", "tokens"),
    ("/actions", "actions"),
];

/// What can have the focus, in the order of the page, without what a closed `details` hides.
const REACHABLE: &str = "return [...document.querySelectorAll('a[href], button, input, select, summary, [tabindex=\"0\"]')]
    .filter(e => e.type !== 'hidden' && e.checkVisibility()).map((e, i) => { e.dataset.at = i; return i; }).length";

#[tokio::test(flavor = "multi_thread")]
async fn the_console_works_in_a_browser() {
    drop(crate::support::client());
    let browser = match Browser::start().await {
        Ok(browser) => browser,
        Err(why) => return println!("skipped: {why}"),
    };
    let world = World::new().await;
    let at = |path: &str| format!("http://{}{path}", world.address);
    log_in(&browser, &at, &world.tokens[2]).await;
    let mut pages: Vec<(String, &str)> =
        PAGES.iter().map(|(path, name)| ((*path).to_owned(), *name)).collect();
    pages.push((format!("/runs/{}", world.held), "held-run"));
    pages.push((format!("/runs/{}", world.complete), "run"));
    pages.push((format!("/opportunities/{}", world.pair[0]), "opportunity"));
    let axe = axe::source().map_err(|why| println!("skipped: barriers are not looked for: {why}")).ok();
    for (lang, width) in [("fr", 360), ("en", 1280)] {
        browser.screen(width).await;
        browser.open(&at(&format!("/lang/{lang}?to=/"))).await;
        for (path, name) in &pages {
            browser.open(&at(path)).await;
            read(&browser, path, lang, axe.as_deref()).await;
            pictures::keep(&browser, &format!("{lang}-{width}-{name}")).await;
        }
    }
    for path in ["/", "/decisions", "/tokens"] {
        browser.open(&at(path)).await;
        everything_is_reached_by_keyboard(&browser, path).await;
    }
    act(&browser, &at, &world).await;
    log_out(&browser, &at).await;
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{complaints:#?}");
    world.end().await;
}

async fn log_in(browser: &Browser, at: &impl Fn(&str) -> String, token: &str) {
    browser.open(&at("/runs")).await;
    assert_eq!(browser.run("return location.pathname").await, "/login");
    // The field has the focus already: a token and Enter are enough.
    assert_eq!(browser.run("return document.activeElement.id").await, "token");
    browser.fill("#token", &format!("{token}{ENTER}")).await;
    assert_eq!(
        browser.run("return location.pathname").await,
        "/runs",
        "the login forgets where one wanted to go"
    );
}

/// Reads a page as a person would, and checks what a person would notice.
async fn read(browser: &Browser, path: &str, lang: &str, axe: Option<&str>) {
    assert_eq!(browser.run("return document.documentElement.lang").await, lang, "{path}");
    let wide = "return [...document.querySelectorAll('body *')].filter(e => !e.closest('.scroll') &&
        e.getBoundingClientRect().right > document.documentElement.clientWidth + 1).map(e => e.outerHTML.slice(0, 120))";
    let is_wide =
        browser.run("return document.documentElement.scrollWidth > window.innerWidth").await == true;
    let beyond = if is_wide { browser.run(wide).await } else { serde_json::Value::Null };
    assert!(!is_wide, "{path} in {lang} is wider than the screen: {beyond}");
    assert_eq!(browser.run("return document.querySelectorAll('h1').length").await, 1, "{path}");
    if let Some(axe) = axe {
        let barriers = axe::barriers(browser, axe).await;
        assert!(barriers.is_empty(), "{path} in {lang}: {barriers:#?}");
    }
    let complaints = browser.complaints().await;
    assert!(complaints.is_empty(), "{path} in {lang}: {complaints:#?}");
}

async fn everything_is_reached_by_keyboard(browser: &Browser, path: &str) {
    let all = browser.run(REACHABLE).await.as_i64().unwrap();
    let mut reached = BTreeSet::new();
    browser.run("document.activeElement.blur(); window.scrollTo(0, 0); return 0").await;
    // Once around, and a few presses for the browser's own controls.
    for _ in 0..all + 3 {
        browser.press(TAB).await;
        let focus = browser
            .run("const e = document.activeElement, s = getComputedStyle(e); return [e.dataset.at ?? null, s.outlineStyle, e.outerHTML.slice(0, 120)]")
            .await;
        if let Some(at) = focus[0].as_str() {
            assert_ne!(focus[1], "none", "{path}: nobody sees that this has the focus: {}", focus[2]);
            reached.insert(at.to_owned());
        }
    }
    let missed: Vec<String> = (0..all).map(|at| at.to_string()).filter(|at| !reached.contains(at)).collect();
    assert!(missed.is_empty(), "{path}: the Tab key does not reach {missed:?} of {all}");
}

/// Does what an operator does: pauses with a reason by keyboard alone, retries, publishes, creates a token.
async fn act(browser: &Browser, at: &impl Fn(&str) -> String, world: &World) {
    let said = "return document.querySelector('[role=status]')?.textContent ?? document.body.innerText.slice(0, 300)";
    browser.screen(360).await;
    browser.open(&at("/sources/mc2")).await;
    browser.run("document.querySelector('form[action=\"/act\"] input[value=pause]').closest('details').querySelector('summary').focus(); return 0").await;
    for key in [ENTER, TAB, "e", "n", "t", "r", "e", "t", "i", "e", "n", ENTER] {
        browser.press(key).await;
    }
    assert_eq!(browser.run(said).await, "mc2 is paused: nothing more is requested from it");
    assert_eq!(browser.run("return document.querySelector('.badge').textContent").await, "Paused");
    assert!(
        browser
            .run("return document.querySelector('main').innerText")
            .await
            .as_str()
            .unwrap()
            .contains("entretien")
    );

    browser.open(&at("/stuck")).await;
    browser.click("td form.act button").await;
    assert_eq!(browser.run(said).await, "1 job retried");

    browser.open(&at(&format!("/runs/{}", world.held))).await;
    browser.click("details.act:has(input[value=publish]) summary").await;
    browser.click("details.act:has(input[value=publish]) button").await;
    // On a busy machine the answer comes after the click.
    wait_until("the run is published", async || {
        browser.run(said).await.as_str().is_some_and(|said| said.contains("published: "))
    })
    .await;

    browser.open(&at("/tokens")).await;
    browser.fill("#name", "aissatou").await;
    browser.click("form[action=\"/tokens\"] button").await;
    let secret = browser.run("return document.querySelector('code.secret').textContent").await;
    let shown = world.ask("get", "/v1/runs", secret.as_str(), None).send().await.unwrap();
    assert_eq!(shown.status(), 200, "the token that was shown is not valid");
    browser.open(&at("/tokens")).await;
    assert_eq!(browser.run("return document.querySelector('code.secret')").await, serde_json::Value::Null);
}

async fn log_out(browser: &Browser, at: &impl Fn(&str) -> String) {
    browser.click("form[action=\"/logout\"] button").await;
    browser.open(&at("/runs")).await;
    assert_eq!(browser.run("return location.pathname").await, "/login");
}
