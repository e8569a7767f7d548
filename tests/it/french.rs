//! What operators read in French.

use chrono::{NaiveDate, NaiveTime};
use uuid::Uuid;

use crate::support::{Road, wait_until};

/// Returns a text whose ids, moments and other values of the day are replaced, its columns one blank apart.
fn steady(text: &str) -> String {
    let lines = text.lines().map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let steady = words.iter().enumerate().map(|(at, word)| {
            let bare = word.trim_matches(['(', ')', ',', ':', '?']);
            let is_count_of_time =
                at > 0 && words[at - 1] == "a" || words.get(at + 1).is_some_and(|unit| unit.starts_with('s'));
            let is_value = Uuid::parse_str(bare).is_ok()
                || bare.parse::<NaiveDate>().is_ok()
                || bare.parse::<NaiveTime>().is_ok()
                || bare.split('/').all(|part| part.len() == 2 && part.parse::<u8>().is_ok())
                    && bare.contains('/')
                || is_count_of_time && bare.parse::<f64>().is_ok()
                || bare.len() == 12 && bare.bytes().all(|byte| byte.is_ascii_hexdigit());
            if is_value { word.replace(bare, "…") } else { (*word).to_owned() }
        });
        steady.collect::<Vec<_>>().join(" ")
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// A database with a run that is complete, one that is held, and a dead letter.
async fn eventful() -> Road {
    let road = Road::new().await;
    road.bin(&["ingest", "mc2"]).run().await.expect(0);
    road.replay.replace("api.fnecm.org", "/v2/offres/search", crate::http::world::few());
    road.bin(&["ingest", "fne", "--full"]).run().await;
    let store = road.database.store().await;
    wait_until("everything is indexed", async || store.overview(1).await.unwrap().outbox == 0).await;
    sqlx::query(
        "INSERT INTO queue.dead_letters (id, kind, lane, payload, attempts, reason, created_at)
         VALUES (900001, 'match_duplicates', 'match', '{}', 6, 'there is no source \"fnee\" (known: fne)', now())",
    )
    .execute(store.pool())
    .await
    .unwrap();
    road
}

#[tokio::test(flavor = "multi_thread")]
async fn operators_read_french() {
    let road = eventful().await;
    let said = async |args: &[&str]| {
        let ended = road.bin(&[&["--lang", "fr"], args].concat()).run().await;
        steady(&format!("$ oim-etl --lang fr {}\n{}{}", args.join(" "), ended.out, ended.err))
    };
    let runs = road.bin(&["runs", "--output", "json"]).run().await.expect(0).json();
    let id = |source: &str| {
        let of = runs.as_array().unwrap().iter().find(|run| run["source"] == source);
        of.unwrap()["id"].as_str().unwrap().to_owned()
    };
    let mut shown = vec![said(&["status"]).await, said(&["runs"]).await];
    shown.push(said(&["runs", "show", &id("mc2"), "-n", "1"]).await.replace(&id("mc2"), "…"));
    for args in [
        &["sources", "show", "mc2"][..],
        &["dead", "list"],
        &["dead", "show", "900001"],
        &["rejections", "fne", "-n", "2"],
        &["runs", "show", "nope"],
        &["ingest", "fnee"],
        &["runs", "--state", "complète"],
    ] {
        shown.push(said(args).await);
    }
    insta::assert_snapshot!("operators_read_french", shown.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_operators_do_is_answered_in_french() {
    let road = Road::new().await;
    road.bin(&["migrate"]).run().await.expect(0);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("mc2.toml");
    let file = include_str!("../../sources/partners/mc2.toml");
    std::fs::write(&path, format!("daily_requests = 777\n{file}")).unwrap();
    let fixtures = concat!(env!("CARGO_MANIFEST_DIR"), "/../fixtures");
    let said = async |args: &[&str]| {
        let ended = road.bin(&[&["--lang", "fr"], args].concat()).run().await;
        format!("{}{}", ended.out, ended.err)
    };
    let path = path.to_str().unwrap();
    for (args, words) in [
        (&["sources", "apply", path, "--fixtures", fixtures][..], "daily_requests est nouveau"),
        (&["sources", "apply", path, "--fixtures", fixtures], "est déjà en vigueur"),
        (&["sources", "rollback", "mc2", "ffff"], "n'a pas de version ffff"),
        (&["sources", "rollback", "mc2"], "retour à la version"),
        (&["sources", "history", "mc2"], "daily_requests a disparu"),
        (&["sources", "history", "mc2"], "appliqué"),
        (&["sources", "forget", "mc2"], "la source mc2 a un fichier en vigueur"),
        (&["alerts", "silence", "mc2", "--for", "2h", "--reason", "entretien"], "sourdine  mc2 jusqu'au"),
        (&["alerts", "list"], "sourdine  mc2 jusqu'au"),
        (&["alerts", "unsilence", "mc2"], "mc2 n'est plus en sourdine"),
        (&["alerts", "unsilence", "mc2"], "il n'y a rien à terminer"),
        (&["alerts", "test"], "aucun canal n'est configuré"),
        (&["digest"], "Problèmes"),
        (&["prune", "--dry-run"], "rien ne serait ôté"),
        (&["search", "soudeur", "--town", "Doualla"], "vouliez-vous dire Douala?"),
        (&["search", "--kind", "formation"], "rien trouvé"),
        (&["runs", "--since", "31/12/2026"], "écrivez 2026-11-01, 2026-11-01T08:00:00Z, ou un âge"),
        (&["config"], "dossier de l'archive, de l'index embarqué et de la démo"),
        (&["migrate"], "(0 migration appliquée)"),
    ] {
        let told = said(args).await;
        assert!(told.contains(words), "{args:?}: {told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn json_has_no_language_and_the_language_comes_from_flag_key_variable_and_machine() {
    let road = eventful().await;
    for args in [
        &["runs"][..],
        &["dead", "list"],
        &["sources", "list"],
        &["rejections", "fne"],
        &["schedule", "list"],
    ] {
        let of = async |lang: &str| {
            road.bin(&[args, &["--output", "json", "--lang", lang]].concat()).run().await.expect(0).out
        };
        assert_eq!(of("fr").await, of("en").await, "{args:?}");
    }
    let empty = |name: &'static str, value: &'static str| {
        road.bin(&["dead", "list", "--source", "mc2"]).env(name, value).run()
    };
    let french = "aucune tâche abandonnée ne convient";
    assert!(empty("OIM_ETL_LANG", "fr").await.err.contains(french));
    assert!(empty("LC_ALL", "fr_CM.UTF-8").await.err.contains(french));
    assert!(empty("LC_ALL", "en_US.UTF-8").await.err.contains("no dead letter fits"));
    let set = road.bin(&["dead", "list", "--source", "mc2", "--set", "lang=fr"]).run().await;
    assert!(set.err.contains(french), "{}", set.err);
    let wrong = road.bin(&["--lang", "de", "runs"]).run().await.expect(2);
    assert!(wrong.err.contains("--lang"), "{}", wrong.err);
}

#[tokio::test]
async fn help_is_in_french_too() {
    let road = Road::new().await;
    let help = road.bin(&["--lang", "fr", "--help"]).run().await.expect(0).out;
    assert!(
        help.contains("Commandes:") && help.contains("Montrer les collectes, les plus récentes d'abord"),
        "{help}"
    );
    let inner = road.bin(&["dead", "retry", "--help"]).env("LC_ALL", "fr_FR.UTF-8").run().await.expect(0).out;
    assert!(
        inner.contains("Refaire le travail des tâches abandonnées") && inner.contains("Numéros"),
        "{inner}"
    );
}
