//! The console, as a browser without scripts uses it.

use reqwest::{Response, StatusCode};

use super::world::{HOSTILE, World};
use crate::support::wait_until;

/// The pages, with words that each must hold in French and in English.
const PAGES: [(&str, &str, &str); 10] = [
    ("/", "Tout est-il frais ?", "Is everything fresh?"),
    ("/alerts", "Ce que la journée a apporté", "What the day brought"),
    ("/runs", "Que s&#39;est-il passé ?", "What happened?"),
    ("/decisions", "Seraient fermées", "Would be closed"),
    ("/stuck", "Tâches abandonnées", "Dead letters"),
    ("/opportunities", "Qu&#39;avons-nous ?", "What do we hold?"),
    ("/schedules", "Quand chaque source est-elle visitée", "When is each source visited?"),
    ("/secrets", "Aucun secret ne manque.", "No secret is missing."),
    ("/actions", "Qui a fait quoi ?", "Who did what?"),
    ("/sources/fne", "Dernières collectes", "Newest runs"),
];

/// A browser: it keeps the cookie of its session.
struct Browser<'w> {
    world: &'w World,
    cookie: String,
}

impl<'w> Browser<'w> {
    /// Logs in with a token.
    async fn of(world: &'w World, token: &str) -> Self {
        let answer = world
            .http
            .post(format!("http://{}/login", world.address))
            .header("content-type", FORM)
            .body(form(&[("token", token), ("to", "/runs")]));
        let answer = answer.send().await.unwrap();
        assert_eq!(
            (answer.status(), &answer.headers()["location"]),
            (StatusCode::SEE_OTHER, &"/runs".parse().unwrap())
        );
        let cookie = answer.headers()["set-cookie"].to_str().unwrap().to_owned();
        assert!(cookie.contains("HttpOnly; SameSite=Strict") && !cookie.contains(token), "{cookie}");
        Self { world, cookie: cookie.split(';').next().unwrap().to_owned() }
    }

    async fn get(&self, path: &str, lang: &str) -> Response {
        let request = self.world.http.get(format!("http://{}{path}", self.world.address));
        request.header("cookie", &self.cookie).header("accept-language", lang).send().await.unwrap()
    }

    async fn page(&self, path: &str, lang: &str) -> String {
        let answer = self.get(path, lang).await;
        assert_eq!(answer.status(), 200, "{path}");
        answer.text().await.unwrap()
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let request = self
            .world
            .http
            .post(format!("http://{}{path}", self.world.address))
            .header("cookie", &self.cookie);
        request
            .header("accept-language", "en")
            .header("content-type", FORM)
            .body(form(fields))
            .send()
            .await
            .unwrap()
    }

    /// What the forms of a page carry.
    async fn csrf(&self) -> String {
        let page = self.page("/actions", "en").await;
        page.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    }

    /// Presses a button.
    async fn press(&self, what: &str, subject: &str, detail: &str) -> Response {
        let csrf = self.csrf().await;
        self.post(
            "/act",
            &[("csrf", &csrf), ("what", what), ("subject", subject), ("detail", detail), ("back", "/stuck")],
        )
        .await
    }

    /// Presses a button, and follows it to what it says.
    async fn acts(&self, what: &str, subject: &str, detail: &str) -> String {
        let answer = self.press(what, subject, detail).await;
        let status = answer.status();
        assert_eq!(status, StatusCode::SEE_OTHER, "{what} {subject}: {}", answer.text().await.unwrap());
        assert_eq!(answer.headers()["location"], "/stuck");
        let said = answer.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
        let next = Self { world: self.world, cookie: format!("{}; {said}", self.cookie) };
        let page = next.page("/actions", "en").await;
        page.split("role=\"status\">").nth(1).unwrap().split('<').next().unwrap().to_owned()
    }
}

const FORM: &str = "application/x-www-form-urlencoded";

fn form(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_console_shows_and_does_what_an_operator_needs() {
    let world = World::new().await;
    strangers_see_nothing(&world).await;
    let [reader, operator, _] = &world.tokens;
    let looking = Browser::of(&world, reader).await;
    let acting = Browser::of(&world, operator).await;
    pages(&world, &looking, &acting).await;
    newer_runs(&world, &acting).await;
    raw_words(&world, &looking, &acting).await;
    refusals(&world, &looking, &acting).await;
    actions(&world, &acting).await;
    paging(&world, &acting).await;
    let admin = Browser::of(&world, &world.tokens[2]).await;
    tokens(&world, &acting, &admin).await;
    mended(&acting, &admin).await;
    world.road.bin(&["tokens", "revoke", "operate"]).run().await.expect(0);
    assert_eq!(
        acting.get("/runs", "en").await.status(),
        StatusCode::SEE_OTHER,
        "a session outlives its token"
    );
    let csrf = looking.csrf().await;
    assert_eq!(looking.post("/logout", &[("csrf", &csrf)]).await.headers()["location"], "/login");
    assert_eq!(looking.get("/runs", "en").await.status(), StatusCode::SEE_OTHER, "the session has not ended");
    world.end().await;
}

async fn strangers_see_nothing(world: &World) {
    let at = |path: &str| format!("http://{}{path}", world.address);
    for (path, ..) in PAGES {
        let answer = world.http.get(at(path)).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::SEE_OTHER, "{path}");
        assert!(answer.headers()["location"].to_str().unwrap().starts_with("/login?to=%2F"), "{path}");
    }
    let login =
        world.http.get(at("/login?to=//evil.example")).header("accept-language", "fr").send().await.unwrap();
    let policy = login.headers()["content-security-policy"].to_str().unwrap();
    assert!(
        policy.starts_with("default-src 'none'; style-src 'self'") && !policy.contains("unsafe"),
        "{policy}"
    );
    let page = login.text().await.unwrap();
    assert!(
        page.contains("<html lang=\"fr\">") && page.contains("Connexion") && !page.contains("evil.example"),
        "{page}"
    );
    let wrong =
        world.http.post(at("/login")).header("content-type", FORM).body("token=oim_0").send().await.unwrap();
    assert_eq!(wrong.status(), 401);
    assert!(!wrong.headers().contains_key("set-cookie"));
    let secure =
        world.http.post(at("/login")).header("content-type", FORM).header("x-forwarded-proto", "https");
    let secure = secure.body(form(&[("token", "let-me-in"), ("to", "//evil.example")])).send().await.unwrap();
    assert!(secure.headers()["set-cookie"].to_str().unwrap().ends_with("; Secure"));
    assert_eq!(secure.headers()["location"], "/");
    let style = world.http.get(at("/console.css")).send().await.unwrap();
    assert_eq!(style.headers()["content-type"], "text/css; charset=utf-8");
}

async fn pages(world: &World, looking: &Browser<'_>, acting: &Browser<'_>) {
    for (path, fr, en) in PAGES {
        for (lang, words) in [("fr", fr), ("en", en)] {
            let page = acting.page(path, lang).await.replace('\'', "&#39;");
            assert!(
                page.contains(&format!("<html lang=\"{lang}\">")) && page.contains(words),
                "{path} in {lang}: {page}"
            );
            assert!(
                !page.contains("<script")
                    && !page.contains("<img")
                    && !page.contains(" style=")
                    && !page.contains(" onclick"),
                "{path}"
            );
            assert!(page.contains("class=\"skip\"") && page.contains("<main id=\"main\">"), "{path}");
            let reads = looking.page(path, lang).await;
            assert!(!reads.contains("action=\"/act\""), "a reader has buttons on {path}");
        }
    }
    let chosen = acting.get("/lang/en?to=%2Fruns", "fr").await;
    assert_eq!(chosen.headers()["location"], "/runs");
    assert!(chosen.headers()["set-cookie"].to_str().unwrap().starts_with("oim_lang=en;"));
    let fresh = acting.page("/", "en").await;
    assert!(fresh.contains("Thirty days of fne") && fresh.contains("Next visit"), "{fresh}");
    let run = acting.page(&format!("/runs/{}", world.held), "en").await;
    assert!(run.contains("What the audit doubts") && run.contains("What publishing would do"), "{run}");
    let one = acting.page(&format!("/opportunities/{}", world.pair[0]), "fr").await;
    let escaped = "&lt;script&gt;alert('x')&lt;/script&gt;";
    assert!(
        one.contains(escaped) && one.contains("D'où vient chaque valeur") && one.contains("<del>"),
        "{one}"
    );
    let found = acting.page("/opportunities?q=%3Cscript%3E&kind=job&region=CM-LT&status=all", "en").await;
    assert!(found.contains("value=\"&lt;script&gt;\""), "{found}");
    let map = acting.page("/opportunities", "en").await;
    assert!(map.contains("Opportunities by region") && map.contains("Far North"), "{map}");
    let decide = acting.page("/decisions", "fr").await;
    assert!(
        decide.contains(escaped) && decide.contains("Les mêmes") && !decide.contains(HOSTILE),
        "{decide}"
    );
    sqlx::query("UPDATE ingest.runs SET rejected = 7, seen = 26 WHERE id::text = $1")
        .bind(&world.held)
        .execute(world.store.pool())
        .await
        .unwrap();
    assert!(acting.page("/decisions", "fr").await.contains("refusées: 7 sur 26"));
    let stuck = acting.page("/stuck", "fr").await;
    assert!(
        stuck.contains("the &lt;b&gt;database&lt;/b&gt; could not") && stuck.contains("Tient l'index"),
        "{stuck}"
    );
    for missing in ["/runs/nobodys", "/opportunities/00000000-0000-4000-8000-000000000000", "/sources/fnee"] {
        assert_eq!(acting.get(missing, "en").await.status(), 404, "{missing}");
    }
}

/// A held run waits however many runs come after it, and a replay is not a visit.
async fn newer_runs(world: &World, acting: &Browser<'_>) {
    let newer = "INSERT INTO ingest.runs (id, source, mode, trigger, requested_by, state, finished_at, message)
                 SELECT gen_random_uuid(), 'fne', mode, 'cli', 'newer', state, now(), 'x refuses our credentials (400); check'
                   FROM (VALUES ('incremental', 'failed'), ('replay', 'complete')) v (mode, state)";
    sqlx::query(newer).execute(world.store.pool()).await.unwrap();
    let card = acting.page("/sources/fne", "en").await;
    let card = card.split("</article>").next().unwrap();
    assert!(card.contains("badge warn\">To decide") && card.contains("badge bad\">Failed"), "{card}");
    let secrets = acting.page("/secrets", "en").await;
    assert!(
        secrets.contains("There, but refused") && secrets.contains("href=\"/stuck?source=fne\""),
        "{secrets}"
    );
    sqlx::query("DELETE FROM ingest.runs WHERE requested_by = 'newer'")
        .execute(world.store.pool())
        .await
        .unwrap();
}

/// What the partner wrote may hold contacts: who may only look does not see it.
async fn raw_words(world: &World, looking: &Browser<'_>, acting: &Browser<'_>) {
    let words = "The partner&#39;s words are not shown: it takes a token of scope operate";
    let one = looking.page(&format!("/opportunities/{}", world.pair[0]), "en").await.replace('\'', "&#39;");
    assert!(
        one.contains(words)
            && !acting
                .page(&format!("/opportunities/{}", world.pair[0]), "en")
                .await
                .contains("scope operate"),
        "{one}"
    );
    let refused = |page: &str| page.matches("class=\"w\">{").count();
    let run = format!("/runs/{}", world.complete);
    assert_eq!(refused(&looking.page(&run, "en").await), 0, "a reader sees the partner's records");
    assert!(refused(&acting.page(&run, "en").await) > 0);
}

async fn refusals(world: &World, looking: &Browser<'_>, acting: &Browser<'_>) {
    assert_eq!(looking.press("pause", "mc2", "").await.status(), 403, "a reader acts");
    for csrf in ["", "0", &looking.csrf().await] {
        let sent = acting.post("/act", &[("csrf", csrf), ("what", "pause"), ("subject", "mc2")]).await;
        assert_eq!(sent.status(), 403, "a form of another session");
    }
    let elsewhere = world.http.post(format!("http://{}/act", world.address)).header("cookie", &acting.cookie);
    let elsewhere = elsewhere.header("sec-fetch-site", "cross-site").header("content-type", FORM);
    let csrf = acting.csrf().await;
    let body = form(&[("csrf", &csrf), ("what", "pause"), ("subject", "mc2")]);
    assert_eq!(elsewhere.body(body).send().await.unwrap().status(), 403, "a form of another site");
    let typed = world.http.get(format!("http://{}/act", world.address));
    let typed = typed.header("accept", "text/html").header("accept-language", "en");
    let typed = typed.send().await.unwrap();
    assert_eq!((typed.status().as_u16(), typed.headers().contains_key("allow")), (405, true));
    assert!(typed.text().await.unwrap().contains("takes forms only"));
    let runs = acting.page("/runs?source=fnee&since=31/02/2026&nope=1", "en").await;
    assert!(runs.contains("did you mean <a href=\"?source=fne\">fne</a>"), "{runs}");
    assert!(
        runs.contains("not used: since = <q>31/02/2026</q>") && runs.contains("nope = <q>1</q>"),
        "{runs}"
    );
    let held =
        acting.page("/opportunities?closes_to=31/02/2026&kind=jobs&source=fnee&town=Doualla&x=y", "fr").await;
    for words in
        ["closes_to = <q>31/02/2026</q>", "kind = <q>jobs</q>", "?source=fne", "town=Douala", "<q>x</q>"]
    {
        assert!(held.contains(words), "{words} is not in {held}");
    }
    let closing = acting.page("/opportunities?town=douala&closes_from=2020-01-01&order=closes", "en").await;
    assert!(!closing.contains("not used") && closing.contains("value=\"2020-01-01\""), "{closing}");
    assert!(closing.contains("href=\"/opportunities?closes=week\"") || closing.contains("closes=none"));
    let nothing = acting.page("/opportunities?q=fne%2FNOPE", "en").await;
    assert!(nothing.contains("neither an opportunity nor a rejected record fne/NOPE"), "{nothing}");
    assert_eq!(acting.press("pause", "fnee", "").await.status(), 404);
    assert_eq!(acting.press("rate", "mc2", "viele").await.status(), 422);
    assert_eq!(acting.press("fly", "mc2", "").await.status(), 400);
    let asks = acting.press("rate", "mc2", "100000/s").await;
    assert_eq!(asks.status(), 200, "nobody was asked");
    assert!(asks.text().await.unwrap().contains("faster than the source file of mc2 promises"));
    let unknown = acting.get("/sources/fnee", "en").await.text().await.unwrap();
    assert!(unknown.contains("did you mean fne?") && unknown.contains("href=\"/runs\""), "{unknown}");
    assert!(!unknown.contains("GET /v1"), "{unknown}");
    let lost = world.http.get(format!("http://{}/nowhere", world.address)).header("accept", "text/html");
    let lost = lost.header("cookie", &acting.cookie).send().await.unwrap();
    assert_eq!(lost.status(), 404);
    assert!(lost.text().await.unwrap().contains("href=\"/decisions\""), "a lost visitor has no navigation");
    assert_eq!(acting.press("publish", &world.complete, "").await.status(), 409);
    let page = acting.page("/sources/mc2", "en").await;
    assert!(!page.contains("Paused") && !page.contains("100000/s"), "a refused form acted");
}

/// Tokens are for administrators alone; a new one is shown once.
async fn tokens(world: &World, acting: &Browser<'_>, admin: &Browser<'_>) {
    assert_eq!(acting.get("/tokens", "en").await.status(), 403, "an operator sees tokens");
    assert!(!acting.page("/", "en").await.contains("href=\"/tokens\""), "an operator is sent to tokens");
    let csrf = acting.csrf().await;
    let new = |csrf: &str, name: &str| {
        [("csrf", csrf.to_owned()), ("name", name.to_owned()), ("scope", "operate".to_owned())]
    };
    let sent = async |by: &Browser<'_>, csrf: &str, name: &str| {
        let fields = new(csrf, name);
        let fields: Vec<(&str, &str)> = fields.iter().map(|(key, value)| (*key, value.as_str())).collect();
        by.post("/tokens", &fields).await
    };
    assert_eq!(sent(acting, &csrf, "mallory").await.status(), 403, "an operator creates a token");
    assert_eq!(
        sent(admin, &csrf, "mallory").await.status(),
        403,
        "a form of another session creates a token"
    );
    let csrf = admin.csrf().await;
    assert_eq!(sent(admin, &csrf, "Mallory!").await.status(), 422);
    let page = sent(admin, &csrf, "awa").await;
    assert_eq!(
        (page.status().as_u16(), &page.headers()["cache-control"]),
        (200, &"no-store".parse().unwrap())
    );
    let page = page.text().await.unwrap();
    let secret = page.split("<code class=\"secret\">").nth(1).unwrap().split('<').next().unwrap();
    assert_eq!(world.ask("get", "/v1/runs", Some(secret), None).send().await.unwrap().status(), 200);
    assert!(!admin.page("/tokens", "en").await.contains(secret), "a token is shown again");
    assert_eq!(sent(admin, &csrf, "awa").await.status(), 409, "two tokens have one name");
    assert_eq!(acting.press("revoke_token", "awa", "").await.status(), 403, "an operator revokes a token");
    assert_eq!(admin.acts("revoke_token", "awa", "").await, "awa is revoked");
    assert_eq!(world.ask("get", "/v1/runs", Some(secret), None).send().await.unwrap().status(), 401);
}

/// A source file is mended here by administrators, and each version before it is a way back.
async fn mended(acting: &Browser<'_>, admin: &Browser<'_>) {
    let file = include_str!("../../../sources/partners/mc2.toml");
    let from = async |slug: &str| {
        let page = admin.page(&format!("/sources/{slug}"), "en").await;
        page.split("name=\"from\" value=\"").nth(1).unwrap().split('"').next().unwrap().to_owned()
    };
    let post = async |by: &Browser<'_>, (slug, from): (&str, &str), what: &str, text: &str| {
        let (csrf, text) = (by.csrf().await, text.replace('\n', "\r\n"));
        let form = [("csrf", csrf.as_str()), ("what", what), ("from", from), ("file", &text)];
        by.post(&format!("/sources/{slug}/file"), &form).await
    };
    let first = from("mc2").await;
    let sent = async |by: &Browser<'_>, what: &str, text: &str| post(by, ("mc2", &first), what, text).await;
    let slower = format!("daily_requests = 777\n{file}");
    assert_eq!(sent(acting, "apply", &slower).await.status(), 403, "an operator changes a source file");
    assert!(!acting.page("/sources/mc2", "en").await.contains("<textarea"));
    let wrong = sent(admin, "apply", "name = 1").await;
    assert_eq!(wrong.status(), 422);
    let wrong = wrong.text().await.unwrap();
    assert!(wrong.contains("mc2.toml:1") && wrong.contains("name = 1</textarea>"), "{wrong}");
    let checked = sent(admin, "check", &slower).await.text().await.unwrap();
    assert!(checked.contains("What changes: daily_requests is new"), "{checked}");
    assert!(!admin.page("/sources/mc2", "en").await.contains("daily_requests"), "a check put it in force");
    let applied = sent(admin, "apply", &slower).await;
    assert_eq!(applied.headers()["location"], "/sources/mc2#file");
    let page = admin.page("/sources/mc2", "fr").await;
    assert!(page.contains("daily_requests = 777") && page.contains("daily_requests est nouveau"), "{page}");
    let before = page.split("value=\"mc2 ").nth(1).unwrap().split('"').next().unwrap().to_owned();
    assert_eq!(acting.press("rollback", &format!("mc2 {before}"), "").await.status(), 403);
    assert!(
        admin
            .acts("rollback", &format!("mc2 {before}"), "")
            .await
            .starts_with("mc2: the version in force is")
    );
    assert!(!admin.page("/sources/mc2", "en").await.contains("daily_requests = 777"));
    // Whoever opened the page before somebody else changed the file does not overwrite that.
    assert_eq!(sent(admin, "apply", &slower).await.status(), 303);
    let late = sent(admin, "apply", &format!("daily_requests = 778\n{file}")).await.text().await.unwrap();
    assert!(late.contains("has changed this file since you opened it") && late.contains("= 778"), "{late}");
    assert!(admin.page("/sources/mc2", "en").await.contains("daily_requests = 777"));
    // A file that finds nothing of the archive is a question.
    let blind = super::api::blind();
    let before = from("fne").await;
    for what in ["check", "apply"] {
        let asked = post(admin, ("fne", &before), what, &blind).await.text().await.unwrap();
        assert!(asked.contains("would no longer be found") && asked.contains("value=\"force\""), "{asked}");
    }
    assert_eq!(from("fne").await, before, "a file that finds nothing is in force");
    assert_eq!(post(admin, ("fne", &before), "force", &blind).await.status(), 303);
    assert_ne!(from("fne").await, before);
    let back = format!("fne {before}");
    assert!(admin.acts("rollback", &back, "").await.starts_with("fne: the version in force is"));
}

/// Long lists have further pages, and what acts on all of a list acts on those that its filter chose.
async fn paging(world: &World, acting: &Browser<'_>) {
    sqlx::query(
        "INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at, died_at)
         SELECT n, 'match_duplicates', 'match', '{}', 6, CASE WHEN n % 2 = 0 THEN 'even' ELSE 'odd' END, now(), now() - (n / 7) * interval '1 s'
           FROM generate_series(910001, 910120) n",
    )
    .execute(world.store.pool())
    .await
    .unwrap();
    let (mut seen, mut path) = (std::collections::BTreeSet::new(), "/stuck".to_owned());
    loop {
        let page = acting.page(&path, "en").await;
        let ids = page.split("scope=\"row\">91").skip(1).map(|rest| rest[..4].to_owned());
        let before = seen.len();
        seen.extend(ids);
        assert!(seen.len() > before, "{path} shows nothing new");
        let Some(next) = page.split("rel=\"next\" href=\"").nth(1) else { break };
        path = next.split('"').next().unwrap().replace("&amp;", "&");
    }
    assert_eq!(seen.len(), 120, "a dead letter is on no page, or on two");
    assert_eq!(acting.acts("drop", "all?reason=even", "").await, "60 jobs discarded");
    assert_eq!(
        acting.press("drop", "all?raison=odd", "").await.status(),
        400,
        "a condition that nobody knows"
    );
    assert_eq!(world.get("/v1/dead-letters").await["total"], 60);
    assert_eq!(acting.acts("drop", "all?reason=odd", "").await, "60 jobs discarded");
    for after in ["x", "1-x", "9999999999999999999-1"] {
        assert_eq!(acting.get(&format!("/stuck?after={after}"), "en").await.status(), 422, "{after}");
        assert_eq!(acting.get(&format!("/decisions?after={after}"), "en").await.status(), 422, "{after}");
    }
}

async fn actions(world: &World, acting: &Browser<'_>) {
    assert_eq!(
        acting.acts("pause", "mc2", "entretien").await,
        "mc2 is paused: nothing more is requested from it"
    );
    assert!(acting.page("/", "en").await.contains("entretien"));
    assert_eq!(acting.acts("resume", "mc2", "").await, "mc2 is resumed");
    assert_eq!(acting.acts("rate", "mc2", "10/min").await, "mc2 has a new rate");
    assert!(acting.page("/sources/mc2", "en").await.contains("10/min instead of"));
    assert_eq!(acting.acts("silence", "mc2", "entretien").await, "mc2 is silenced for four hours");
    assert!(acting.page("/alerts", "fr").await.contains("<strong>mc2</strong> jusqu"));
    assert_eq!(acting.acts("unsilence", "mc2", "").await, "mc2 is no longer silenced");
    let pair = world.pair.join(" ");
    assert_eq!(acting.acts("different", &pair, "").await, "Noted: they are two opportunities");
    assert_eq!(acting.acts("same", &pair, "").await, "Noted: they are the same opportunity");
    assert!(acting.page("/decisions", "en").await.contains("Decided lately"));
    assert_eq!(acting.acts("undecide", &pair, "").await, "The decision is taken back: the rules count again");
    assert_eq!(acting.acts("undecide", &pair, "").await, "Nobody has decided on this pair");
    assert_eq!(acting.acts("retry", "900001", "").await, "1 job retried");
    assert_eq!(acting.acts("drop", "900002", "").await, "1 job discarded");
    assert_eq!(acting.acts("retry", "all?", "").await, "1 job retried");
    let published = acting.acts("publish", &world.held, "").await;
    assert!(published.contains("published: "), "{published}");
    let reverted = acting.acts("revert", &world.held, "").await;
    assert!(reverted.contains("reverted: "), "{reverted}");
    let asked = acting.acts("ingest", "fne", "").await;
    assert!(asked.starts_with("fne: run requested"), "{asked}");
    let ended = async || world.store.runs(None, 9).await.unwrap().iter().all(|run| run.state.ended());
    wait_until("the run ends", ended).await;
    // FNE has no pages of single opportunities, and says so; where there are some, `tests/it/items.rs` fetches one.
    let item = acting.press("item", &world.pair[0], "").await;
    assert_eq!(item.status(), 409);
    assert!(item.text().await.unwrap().contains("has no page of its own"));
    let replayed = acting.acts("replay", "fne", "").await;
    assert!(replayed.starts_with("fne: run requested"), "{replayed}");
    wait_until("the run ends", ended).await;
    let source = acting.page("/sources/fne", "en").await;
    assert!(source.contains("Replay the archive") && source.contains("[streams.offres"), "{source}");
    let log = acting.page("/actions", "fr").await;
    assert!(log.contains("jeton operate") && log.contains(" changées, "), "{log}");
    let log = acting.page("/actions", "en").await;
    for words in [
        "Source paused",
        "Source resumed",
        "Rate changed",
        "Pair is different",
        "Dead letters retried",
        "Run published",
        "Run reverted",
        "token operate",
        "Decision on a pair taken back",
    ] {
        assert!(log.contains(words), "{words} is not in the audit log");
    }
}
