//! A bad day of a portal after three good ones: nothing that it shows may close a post that is still there.

use std::fmt::Write as _;

use replay::MockServer;

use crate::support::{Road, html, rows_of, with_partner};

const HOST: &str = "www.portail.cm";

const SPEC: &str = r#"
name = "Portail"
base_url = "https://www.portail.cm"
rate = "5/s"
robots = false

[streams.offres]
kind = "job"
format = "html"
request = { path = "/offres" }
pages = { kind = "number", param = "page", first = 0, next = "a.suivant" }
records = "div.offre"

[streams.offres.fields]
external_id = { css = "h3 a", attr = "href", regex = '/(\d+)$' }
title = "h3 a"
organization = ".societe"
place = ".ville"
closes_at = { css = "time", attr = "datetime" }
"#;

/// Returns one page of the list: twenty posts from `first` on, each by another firm.
fn list(first: usize, goes_on: bool) -> String {
    let mut page = String::from("<html><body><h1>Offres</h1>");
    for id in first..first + 20 {
        let _ = write!(
            page,
            "<div class=offre><h3><a href=/offre/{id}>Soudeur de l'atelier {id}</a></h3><p class=societe>Atelier {id}</p>\
             <p class=ville>Douala</p><time datetime=2099-03-{:02}></time></div>",
            id % 28 + 1
        );
    }
    if goes_on {
        page.push_str("<a class=suivant href=/offres?page=1>suivant</a>");
    }
    page + "</body></html>"
}

/// Serves both pages.
fn show(replay: &MockServer, first: &str, second: &str) {
    replay.restore(HOST);
    replay.replace(HOST, "/offres?page=0", html(first));
    replay.replace(HOST, "/offres?page=1", html(second));
}

async fn open(road: &Road) -> usize {
    let rows = rows_of(&*road.database.store().await).await;
    rows.iter().filter(|row| row["status"] == "open").count()
}

/// The bad days: what the portal shows instead of the two pages, and what the message of the run contains.
fn bad_days() -> [(&'static str, String, String, &'static str); 10] {
    let (first, second) = (list(1, true), list(21, false));
    let changed = |from: &str, to: &str| (first.replace(from, to), second.replace(from, to));
    let markup = changed("class=offre", "class=job-card");
    let firms = changed("class=societe", "class=company");
    let dates = changed("<time datetime=2099", "<time data=2099");
    let mut one_firm = (first.clone(), second.clone());
    for id in (1..=40).rev() {
        let (from, to) = (format!("<p class=societe>Atelier {id}</p>"), "<p class=societe>Portail</p>");
        one_firm = (one_firm.0.replace(&from, to), one_firm.1.replace(&from, to));
    }
    let half = first.get(..first.len() / 2).unwrap().to_owned();
    let whole_cards = half.rsplit_once("<div").unwrap().0.to_owned();
    let empty = "<html><body></body></html>".to_owned();
    let challenge =
        "<html><head><title>Just a moment...</title></head><body>Checking your browser</body></html>"
            .to_owned();
    let script = "<html><body><div id=app></div><script src=/app.js></script></body></html>".to_owned();
    [
        ("an empty answer", String::new(), second.clone(), "no records"),
        ("an empty page", empty.clone(), empty, "no records"),
        ("a challenge", challenge, second.clone(), "challenge"),
        ("a page made by a script", script, second.clone(), "script"),
        ("another markup", markup.0, markup.1, "no records"),
        ("another markup within the cards", firms.0, firms.1, "organization: 0 %"),
        ("a list that breaks off", whole_cards, second.clone(), "usual"),
        ("a list that breaks off within a post", half, second.clone(), "no identity"),
        ("every date gone", dates.0, dates.1, "closes_on: 0 %"),
        ("one employer for all", one_firm.0, one_firm.1, "different organization"),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_day_of_a_portal_closes_nothing_and_says_why() {
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    let (road, replay) = with_partner("portail", SPEC, &behavior, &[]).await;
    show(&replay, &list(1, true), &list(21, false));
    for _ in 0..3 {
        let run =
            &road.bin(&["ingest", "portail", "--full", "--output", "json"]).run().await.expect(0).json()[0];
        assert_eq!(run["state"], "complete", "{run}");
    }
    assert_eq!(open(&road).await, 40);
    let repeated =
        ("the first page again", list(1, true), list(1, true), "page 2 shows the same as an earlier page");
    for (day, first, second, sign) in bad_days().into_iter().chain([repeated]) {
        show(&replay, &first, &second);
        let ended = road.bin(&["ingest", "portail", "--full", "--output", "json"]).run().await.expect(1);
        let run = &ended.json()[0];
        let message = run["message"].as_str().unwrap_or_default().to_owned();
        assert!(["partial", "held"].contains(&run["state"].as_str().unwrap()), "{day}: {run}");
        assert!(message.contains(sign), "{day}: {message}");
        assert_eq!((run["closed"].as_i64(), open(&road).await), (Some(0), 40), "{day}: {run}");
    }
    // The next good day is published. The list may have shifted, so its second walk closes the one post that is gone.
    show(
        &replay,
        &list(1, true),
        &list(21, false).replace("div class=offre><h3><a href=/offre/40>", "div><h3><a>"),
    );
    for open_after in [40, 39] {
        let run =
            &road.bin(&["ingest", "portail", "--full", "--output", "json"]).run().await.expect(0).json()[0];
        assert_eq!((run["state"].as_str(), open(&road).await), (Some("complete"), open_after), "{run}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_printed_beside_every_post_yields_and_is_told_as_doubted() {
    let spec = SPEC.replace("closes_at", "description = \".texte\"\ncloses_at");
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    let (road, replay) = with_partner("portail", &spec, &behavior, &[]).await;
    let post = |id: usize| format!("<a href=/offre/{id}>");
    let said = |text: &str, id: usize, words: &str| {
        text.replace(&post(id), &format!("<p class=texte>{words}</p>{}", post(id)))
    };
    let first = said(
        &said(&list(1, false).replace("datetime=", "data="), 3, "Lieu d'affectation : Garoua"),
        5,
        "Notre siège est à Yaoundé.",
    );
    show(&replay, &first, "");
    let ended = road.bin(&["ingest", "portail", "--full"]).run().await.expect(0);
    assert!(
        ended.out.contains("doubted: portail 1 × place disagrees    oim-etl rejections portail --doubted"),
        "{}",
        ended.out
    );
    let doubted = road.bin(&["rejections", "portail", "--doubted"]).run().await.expect(0);
    assert!(
        doubted.out.contains("portail  3   open    place disagrees  Soudeur de l'atelier 3"),
        "{}",
        doubted.out
    );
    let rows = rows_of(&*road.database.store().await).await;
    let elsewhere: Vec<_> = rows.iter().filter(|row| row["localities"][0] != "Douala").collect();
    assert_eq!((elsewhere.len(), &elsewhere[0]["localities"][0]), (1, &"Garoua".into()));
}
