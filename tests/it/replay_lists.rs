//! A replay of a source whose records have pages of their own reads the fields of the list by the source file of now, too.

use std::fmt::Write as _;

use replay::MockServer;
use serde_json::Value;

use crate::support::{Road, html, rows_of, with_partner};

const HOST: &str = "www.portail.cm";

/// The source file: the list names the employer under a class.
fn spec(class: &str) -> String {
    format!(
        "name = 'Portail'
base_url = 'https://www.portail.cm'
rate = '50/s'
robots = false
[streams.offres]
kind = 'job'
format = 'html'
request = {{ path = '/offres' }}
pages = {{ kind = 'number', param = 'page', first = 1, next = 'a.suite' }}
records = 'li'
[streams.offres.fields]
external_id = {{ css = 'a', attr = 'href', regex = '/(\\d+)$' }}
organization = 'b.{class}'
[streams.offres.detail]
link = 'a'
[streams.offres.detail.fields]
title = 'h1'
"
    )
}

/// Serves two list pages of ten posts, each post with a page of its own.
fn serve(replay: &MockServer) {
    replay.restore(HOST);
    for page in 1..=2 {
        let mut list = String::new();
        for id in page * 10..page * 10 + 10 {
            write!(list, "<li><a href=/offre/{id}>Poste {id}</a> <b class=boite>Atelier {id}</b></li>")
                .unwrap();
        }
        if page == 1 {
            list += "<a class=suite href=/offres?page=2>suite</a>";
        }
        replay.replace(HOST, &format!("/offres?page={page}"), html(&list));
    }
    for id in 10..30 {
        replay.replace(HOST, &format!("/offre/{id}"), html(&format!("<h1>Soudeur de l'atelier {id}</h1>")));
    }
}

/// Returns the organization of each row.
async fn employers(road: &Road) -> Vec<Option<String>> {
    let rows = rows_of(&*road.database.store().await).await;
    rows.iter().map(|row| row["organization"].as_str().map(str::to_owned)).collect()
}

async fn replayed(road: &Road, flags: &[&str]) -> Value {
    let args = [&["replay", "portail", "--output", "json"], flags].concat();
    road.bin(&args).run().await.expect(0).json()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mended_field_of_the_list_reaches_records_that_have_pages_of_their_own() {
    for flags in [&[][..], &["--stale"]] {
        let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
        let (road, replay) = with_partner("portail", &spec("societe"), &behavior, &[]).await;
        serve(&replay);
        road.bin(&["ingest", "portail", "--full"]).run().await.expect(0);
        assert_eq!(employers(&road).await, vec![None; 20], "the class in the source file is wrong");
        let asked = replay.arrivals().len();

        road.put("specs/portail.toml", spec("boite"));
        let dry = replayed(&road, &[flags, &["--dry-run"]].concat()).await;
        let run = replayed(&road, flags).await[0].clone();
        assert_eq!(run["changed"], 20, "{run}");
        assert!(dry.to_string().contains("20"), "the dry run agrees: {dry}");
        let found = employers(&road).await;
        assert!(found.iter().flatten().all(|name| name.starts_with("Atelier ")), "{found:?}");
        assert_eq!(found.iter().flatten().count(), 20);
        assert_eq!(replay.arrivals().len(), asked, "a replay asks the partner for nothing");
        // What was read by the file of now is not stale, and reading it again changes nothing.
        let again = replayed(&road, &[]).await[0].clone();
        assert_eq!(again["changed"], 0, "{again}");
    }
}
