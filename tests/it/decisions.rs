//! What an operator does after a bad day: look, publish, discard, revert, replay.

use std::fmt::Write as _;

use crate::support::{Ended, Road, rows_of};
use serde_json::Value;

const SPEC: &str = "name = 'Caisse'\nbase_url = 'https://caisse.cm'\nrate = '1/s'\n[streams.prets]\nkind = 'microfinance'\nformat = 'table'\n\
                    [streams.prets.fields]\nexternal_id = 'Code'\ntitle = 'Produit'\ninterest = 'Taux'\n";

/// Credit products whose interest is given for a month or for a year.
fn sheet(period: &str) -> String {
    let mut text = String::from("Code;Produit;Taux\n");
    (0..56).for_each(|n| writeln!(text, "{n};Crédit numéro {n};{},5 % par {period}", 7 + n % 4).unwrap());
    text
}

struct Caisse {
    road: Road,
    sources: String,
}

impl Caisse {
    async fn new() -> Self {
        let road = Road::new().await;
        let folder = road.data().join("sources");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("caisse.toml"), SPEC).unwrap();
        Self { sources: folder.display().to_string(), road }
    }
    async fn does(&self, args: &[&str], code: i32) -> Ended {
        let args = [args, &["--sources", &self.sources]].concat();
        self.road.bin(&args).run().await.expect(code)
    }
    /// Ingests the sheet, and returns the run.
    async fn ingests(&self, sheet: &str, code: i32) -> Value {
        let file = self.road.data().join("prets.csv");
        std::fs::write(&file, sheet).unwrap();
        let args = ["ingest", "caisse", "--file", file.to_str().unwrap(), "--complete", "--output", "json"];
        self.does(&args, code).await.json()[0].clone()
    }
    /// Returns what is served of each product.
    async fn served(&self) -> Vec<Value> {
        let rows = rows_of(&*self.road.database.store().await).await;
        rows.into_iter()
            .map(|row| serde_json::json!([row["external_id"], row["interest_max"], row["status"]]))
            .collect()
    }
}

fn id(run: &Value) -> &str {
    run["id"].as_str().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bad_sheet_is_held_and_once_published_undone_by_a_replay_of_the_good_one() {
    let caisse = Caisse::new().await;
    let good = caisse.ingests(&sheet("an"), 0).await;
    let before = caisse.served().await;
    let bad = caisse.ingests(&sheet("mois"), 1).await;
    assert_eq!((bad["state"].as_str(), caisse.served().await), (Some("held"), before.clone()), "{bad}");
    assert!(bad["message"].as_str().unwrap().contains("interest"), "{bad}");
    let shown = caisse.does(&["runs", "show", id(&bad)], 0).await.out;
    for part in
        ["would create 0, change 56 and close 0", "interest_max", "7.5", "90", "runs publish", "runs discard"]
    {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    // Somebody publishes it nevertheless.
    let said = caisse.does(&["runs", "publish", id(&bad)], 0).await.out;
    assert!(said.contains("0 new, 56 changed, 0 closed"), "{said}");
    assert_ne!(caisse.served().await, before);
    // As everywhere, the first characters of a run suffice.
    let replay = ["replay", "caisse", "--run", &id(&good)[..8], "--output", "json"];
    let dry = caisse.does(&[&replay[..], &["--dry-run"]].concat(), 0).await.json();
    assert_eq!(dry["would_be"]["changed"], 56, "{dry}");
    let run = caisse.does(&replay, 0).await.json()[0].clone();
    assert_eq!((run["changed"].as_i64(), caisse.served().await), (Some(56), before), "{run}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_published_run_is_reverted_and_a_held_one_discarded() {
    let caisse = Caisse::new().await;
    caisse.ingests(&sheet("an"), 0).await;
    let before = caisse.served().await;
    let bad = caisse.ingests(&sheet("mois"), 1).await;
    let refused = caisse.does(&["runs", "revert", id(&bad)], 2).await.err;
    assert!(refused.contains("published nothing") && refused.contains("runs discard"), "{refused}");
    caisse.does(&["runs", "publish", id(&bad)], 0).await;
    let said = caisse.does(&["runs", "revert", id(&bad)], 0).await.out;
    assert!(
        said.contains("56 opportunities are as they were before, 0 that it created are closed"),
        "{said}"
    );
    assert_eq!(caisse.served().await, before);
    let again = caisse.ingests(&sheet("mois"), 1).await;
    assert_eq!(again["state"], "held", "a reverted run is not part of the past: {again}");
    let status = caisse.does(&["status"], 0).await.out;
    let waits = format!("held           caisse {}", &id(&again)[..8]);
    assert!(
        status.contains(&waits) && status.contains("interest"),
        "what waits for a decision stands in status: {status}"
    );
    let said = caisse.does(&["runs", "discard", id(&again)], 0).await.out;
    assert!(said.contains("is discarded: nothing of it is served"), "{said}");
    // What is decided waits for nobody.
    assert!(!caisse.does(&["status"], 0).await.out.contains("held  "), "{status}");
    let listed = async |state: &str| {
        let runs = caisse.does(&["runs", "--state", state, "--output", "json"], 0).await.json();
        runs.as_array().unwrap().iter().map(|run| id(run).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(listed("held").await, Vec::<String>::new());
    assert_eq!(
        (listed("discarded").await, listed("reverted").await),
        (vec![id(&again).to_owned()], vec![id(&bad).to_owned()])
    );
    let refused = caisse.does(&["runs", "revert", id(&again)], 2).await.err;
    assert!(!refused.contains("runs discard"), "it is discarded already: {refused}");
    let good = caisse.ingests(&sheet("an"), 0).await;
    assert_eq!((good["state"].as_str(), good["unchanged"].as_i64()), (Some("complete"), Some(56)), "{good}");
}
