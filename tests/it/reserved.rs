//! What a partner reserves against text and data mining is not read, and the status says so.

use replay::CannedResponse;

use crate::support::{html, with_partner};

const HOST: &str = "www.portail.cm";

fn spec(more: &str) -> String {
    format!(
        "name = 'Portail'\nbase_url = 'https://{HOST}'\nrate = '200/s'\n{more}\n[streams.offres]\nkind = 'job'\nformat = 'html'\n\
         request = {{ path = '/offres' }}\nrecords = 'li'\n[streams.offres.fields]\nexternal_id = {{ css = 'a', attr = 'href' }}\ntitle = 'a'\n"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reserved_list_is_not_asked_and_an_agreement_in_the_source_file_lifts_it() {
    let behavior = format!("host = \"{HOST}\"\n[[routes]]\nkind = \"recorded\"\nanswers = []\n");
    let (road, replay) = with_partner("portail", &spec(""), &behavior, &[]).await;
    let json = |text: &str| CannedResponse {
        status: 200,
        headers: vec![("content-type".into(), "application/json".into())],
        body: text.to_owned().into(),
    };
    replay.replace(
        HOST,
        "/.well-known/tdmrep.json",
        json("[{\"location\": \"/offres\", \"tdm-reservation\": 1}]"),
    );
    replay.replace(HOST, "/offres", html("<li><a href=/1>Soudeur</a></li>"));
    let asked = |path: &str| replay.arrivals().iter().filter(|arrival| arrival.path == path).count();

    road.bin(&["ingest", "portail"]).run().await.expect(1);
    assert_eq!((asked("/.well-known/tdmrep.json"), asked("/offres")), (1, 0));
    let said = road.bin(&["status"]).run().await.expect(0).out;
    let why = "/offres is reserved against text and data mining by /.well-known/tdmrep.json";
    assert!(said.contains(why) && said.contains("`tdm_agreement = "), "{said}");

    road.put("specs/portail.toml", spec("tdm_agreement = 'Mme Abena, rédaction, 2 mai 2026'"));
    road.bin(&["ingest", "portail"]).run().await.expect(0);
    assert_eq!((asked("/.well-known/tdmrep.json"), asked("/offres")), (1, 1));
}
