//! What an operator asks: which runs, what one of them did, what was rejected, and why.

use serde_json::Value;

use crate::support::Road;

const SPEC: &str = "name = 'Liste'
base_url = 'https://liste.cm'
rate = '1/s'
[streams.offres]
kind = 'job'
format = 'table'
[streams.offres.fields]
external_id = 'id'
title = 'titre'
";

async fn out(road: &Road, args: &[&str]) -> String {
    road.bin(args).run().await.expect(0).out
}

#[tokio::test]
async fn the_file_of_a_source_can_be_had_and_used() {
    let mut road = Road::new().await;
    let builtin = out(&road, &["sources", "show", "fne", "--file"]).await;
    assert!(builtin.contains("[streams.") && builtin.contains("base_url"), "{builtin}");
    // It is the file in force: put where files of one's own are, it has the same version.
    let versions = async |road: &Road| out(road, &["sources", "list"]).await;
    let before = versions(&road).await;
    road.put("specs/fne.toml", &builtin);
    road.settings.push(format!("sources_dir={}", road.data().join("specs").display()));
    assert_eq!(versions(&road).await, before);
    road.put("specs/fne.toml", builtin.replace("name = ", "# ours\nname = "));
    assert!(out(&road, &["sources", "show", "fne", "--file"]).await.contains("# ours"));
    let near = refused(&road, &["sources", "show", "fnee", "--file"]).await;
    assert!(near.contains("did you mean fne?"), "{near}");
}

async fn refused(road: &Road, args: &[&str]) -> String {
    road.bin(args).run().await.expect(2).err
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_and_rejections_are_found_by_what_one_knows_of_them() {
    let mut road = Road::new().await;
    road.put("specs/liste.toml", SPEC);
    road.settings.push(format!("sources_dir={}", road.data().join("specs").display()));
    let file = road.put("liste.csv", "id;titre\n1;Soudeur\n2;Maçon\n;Tailleur sans numéro\n3;\n");
    let run = road.bin(&["ingest", "liste", "--file", &file, "-o", "json"]).run().await.json();
    assert_eq!((&run[0]["created"], &run[0]["rejected"]), (&2.into(), &2.into()), "{run}");
    let id = run[0]["id"].as_str().unwrap();
    let state = run[0]["state"].as_str().unwrap();

    let chosen: Value = serde_json::from_str(
        &out(&road, &["runs", "--source", "liste", "--state", state, "--since", "1h", "-o", "json"]).await,
    )
    .unwrap();
    assert_eq!(chosen.as_array().unwrap().len(), 1);
    let none = road.bin(&["runs", "liste", "--state", "held,failed"]).run().await.expect(0);
    assert!(none.out.is_empty() && none.err.contains("no run fits"), "{}", none.err);
    for (args, told) in [
        (&["runs", "list"][..], "did you mean liste?"),
        (&["runs", "--source", "lists"], "did you mean liste?"),
        (&["runs", "--state", "complet"], "did you mean complete?"),
        (&["runs", "--since", "gestern"], "an age such as 30min"),
        (&["runs", "show", "zzzz"], "the newest one is"),
        (&["runs", "cancel", "ffffffff-0000-4000-8000-000000000000"], "the newest one is"),
        (&["rejections", "listee"], "did you mean liste?"),
        (&["rejections", "--run", "zz"], "the newest one is"),
        (&["replay", "liste", "--run", "zz"], "the newest one is"),
        (&["explain", "liste/22"], "did you mean liste/2?"),
        (&["explain", "list/2"], "did you mean liste?"),
        (&["dead", "show", "1"], "there is no dead letter 1"),
    ] {
        let said = refused(&road, args).await;
        assert!(said.contains(told), "{args:?}: {said}");
    }

    // A run by the beginning of its id: when it did what, and what.
    let shown = out(&road, &["runs", "show", &id[..8]]).await;
    for told in [
        &format!("run       {id}"),
        "mode      file, requested by cli (",
        "Douala (",
        "new       liste/1  Soudeur",
        "new       liste/2  Maçon",
        "(no identity)  Tailleur sans numéro",
        "  liste/3  ",
    ] {
        assert!(shown.contains(told), "{told:?} is not in {shown}");
    }
    let moments: Vec<&str> = shown.lines().filter(|line| line.contains(" Douala (")).collect();
    let words: Vec<&str> = moments.iter().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(words, ["asked", "started", "published", "ended"], "{shown}");

    // Totals by reason, then the records: by their words where they have no identity.
    let rejected = out(&road, &["rejections", "liste"]).await;
    assert!(rejected.contains("records") && rejected.contains("Tailleur sans numéro"), "{rejected}");
    let again = road.bin(&["ingest", "liste", "--file", &file, "--complete"]).run().await;
    assert!(again.code < 2, "{}", again.err);
    let totals: Value =
        serde_json::from_str(&out(&road, &["rejections", "--since", "1h", "--totals", "-o", "json"]).await)
            .unwrap();
    let totals = totals.as_array().unwrap();
    assert!(
        totals.len() == 2 && totals.iter().all(|total| total["count"] == 2 && total["runs"] == 2),
        "{totals:?}"
    );
    rejected_records(&road).await;
}

/// A record that was never loaded says why, and one that was loaded and is rejected since says both.
async fn rejected_records(road: &Road) {
    let why = out(road, &["explain", "liste/3"]).await;
    assert!(why.contains("is not an opportunity: its record is rejected") && why.contains("reason"), "{why}");
    let worse = road.put("liste.csv", "id;titre\n1;\n2;Maçon\n");
    road.bin(&["ingest", "liste", "--file", &worse]).run().await;
    let both = out(road, &["explain", "liste/1"]).await;
    assert!(both.contains("Soudeur") && both.contains("since then, its record is rejected"), "{both}");
}
