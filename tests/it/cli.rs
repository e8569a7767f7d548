//! Commands that fail: each message says what happened, to which thing, and what to do.

use local_postgres::{Cluster, create_database};

use crate::support::{Bin, Road};

async fn said(args: &[&str], env: &[(&str, &str)], code: i32) -> String {
    let folder = tempfile::tempdir().unwrap();
    let bin = env.iter().fold(Bin::new(folder.path(), args), |bin, (name, value)| bin.env(name, value));
    let ended = bin.run().await.expect(code);
    format!("{}{}", ended.out, ended.err)
}

#[tokio::test]
async fn no_database_says_what_to_set() {
    for command in
        [&["status"][..], &["ingest", "fne"], &["worker"], &["runs"], &["migrate"], &["replay", "fne"]]
    {
        let said = said(command, &[], 2).await;
        assert!(
            said.starts_with("error: no database is configured: set DATABASE_URL"),
            "{command:?}: {said}"
        );
    }
}

#[tokio::test]
async fn a_demo_takes_no_database_of_others() {
    let said = said(&["demo", "--database-url", "postgres://me:hunter2@127.0.0.1:1/x"], &[], 2).await;
    assert!(said.starts_with("error: the demo keeps to a private PostgreSQL"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named_without_its_password() {
    let url = "postgres://me:hunter2@127.0.0.1:1/x";
    let said = said(&["status"], &[("DATABASE_URL", url)], 2).await;
    assert!(said.contains("Failed to connect to PostgreSQL at 127.0.0.1:1/x; check DATABASE_URL"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn a_database_url_that_is_none_shows_what_one_looks_like() {
    let said = said(&["status"], &[("DATABASE_URL", "here")], 2).await;
    assert!(said.contains("it should look like postgres://user:password@host:5432/database"), "{said}");
}

#[tokio::test]
async fn an_unknown_key_names_the_nearest() {
    let said = said(&["config"], &[("OIM_ETL_WORKER__CONCURENCY", "4")], 2).await;
    assert!(
        said.contains(
            "OIM_ETL_WORKER__CONCURENCY: unknown key `worker.concurency`; did you mean `worker.concurrency`?"
        ),
        "{said}"
    );
}

#[tokio::test]
async fn a_bad_flag_is_refused_with_the_usage() {
    let said = said(&["ingest", "--al"], &[], 2).await;
    assert!(said.contains("--al") && said.contains("--all"), "{said}");
}

#[tokio::test]
async fn an_empty_database_says_how_it_is_filled() {
    for command in [&["status"][..], &["runs"], &["search", "soudeur"], &["rejections", "fne"]] {
        let said = said(command, &[("DATABASE_URL", "private")], 2).await;
        assert!(said.contains("run `oim-etl migrate`"), "{command:?}: {said}");
    }
}

#[tokio::test]
async fn a_window_that_begins_in_the_future_is_refused() {
    let said = said(&["ingest", "fne", "--since", "2999-01-01"], &[], 2).await;
    assert!(said.contains("--since") && said.contains("it lies in the future"), "{said}");
}

#[tokio::test]
async fn an_unknown_source_names_the_nearest() {
    let road = Road::new().await;
    let ended = road.bin(&["ingest", "fnee"]).run().await.expect(2);
    assert!(ended.err.contains("there is no source \"fnee\"; did you mean fne?"), "{}", ended.err);
}

#[tokio::test]
async fn only_a_held_run_is_decided_on() {
    let road = Road::new().await;
    let nobody = "a09c52ca-0000-4000-8000-000000000000";
    let said = road.bin(&["runs", "publish", nobody]).run().await.expect(2).err;
    assert!(said.contains(&format!("there is no run {nobody}")), "{said}");
    let run = road.bin(&["ingest", "mc2", "--output", "json"]).run().await.expect(0).json();
    let said = road.bin(&["runs", "discard", run[0]["id"].as_str().unwrap()]).run().await.expect(2).err;
    assert!(said.contains("is complete; only a held one is decided on"), "{said}");
}

#[tokio::test]
async fn a_broken_partner_file_is_told_by_file_and_line() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("new.toml"), "name = \"New\"\nbase_urll = \"https://new.cm\"\n")
        .unwrap();
    let dir = folder.path().to_str().unwrap();
    let text = said(&["sources", "check", "--sources", dir], &[], 1).await;
    assert!(text.contains("new.toml:2:1") && text.contains("base_urll"), "{text}");
    let text = said(&["sources", "list", "--sources", dir], &[], 0).await;
    assert!(text.contains("new.toml:2:1"), "{text}");
}

#[tokio::test]
async fn a_private_database_needs_no_server_and_outlives_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data").display().to_string();
    let specs = folder.path().join("partners");
    std::fs::create_dir(&specs).unwrap();
    std::fs::write(
        specs.join("liste.toml"),
        "name = 'Liste'\nbase_url = 'https://liste.cm'\nrate = '1/s'\n[streams.offres]\nkind = 'job'\nformat = 'table'\n\
         [streams.offres.fields]\nexternal_id = 'id'\ntitle = 'titre'\n",
    )
    .unwrap();
    let file = folder.path().join("liste.csv");
    std::fs::write(&file, "id;titre\n1;Soudeur\n2;Maçon\n").unwrap();
    let env = [("DATABASE_URL", "private"), ("OIM_ETL_DATA_DIR", data.as_str())];
    let sources = ["--sources", specs.to_str().unwrap()];
    let file = ["ingest", "liste", "--file", file.to_str().unwrap(), "--complete"];
    assert!(said(&[&sources[..], &file].concat(), &env, 0).await.contains("2 new"));
    assert!(said(&[&sources[..], &file].concat(), &env, 0).await.contains("2 unchanged"));
    // The demo has its database in the same place. Its invented opportunities must not mix with real ones.
    let server = Cluster::join(&folder.path().join("data/postgres")).await.unwrap();
    create_database(&server.url("postgres"), "oim_etl").await.unwrap();
    drop(server);
    let refused = said(&["runs"], &env, 2).await;
    assert!(refused.contains("holds the data of the demo: set `data_dir`"), "{refused}");
}

#[tokio::test]
async fn a_missing_credential_names_its_variable() {
    let road = Road::new().await;
    let bin = road.bin(&["ingest", "fne", "--output", "json"]).without("FNE_CLIENT_SECRET");
    let ended = bin.without("FNE_CLIENT_ID").run().await.expect(2);
    let told =
        "source fne needs FNE_CLIENT_ID and FNE_CLIENT_SECRET: set FNE_CLIENT_ID and FNE_CLIENT_SECRET";
    assert!(ended.err.contains(told), "{}{}", ended.out, ended.err);
    assert!(ended.err.contains("FNE_CLIENT_ID_FILE and FNE_CLIENT_SECRET_FILE"), "{}", ended.err);
}

#[tokio::test]
async fn the_configuration_hides_its_secrets() {
    let env = [("DATABASE_URL", "postgres://me:hunter2@db/x"), ("OIM_ETL_API_TOKEN", "hunter2")];
    for output in ["table", "json"] {
        let said = said(&["config", "--output", output], &env, 0).await;
        assert!(said.contains("postgres://me:***@db/x") && !said.contains("hunter2"), "{said}");
    }
}

#[tokio::test]
async fn the_partners_and_the_timetable_are_shown() {
    let listed = said(&["sources", "list"], &[], 0).await;
    assert!(
        listed.contains("fne") && listed.contains("30/min") && listed.contains("FNE_CLIENT_ID"),
        "{listed}"
    );
    assert!(said(&["sources", "check"], &[], 0).await.contains("source files are valid"));
    let next = said(&["schedule", "next", "-n", "3", "--output", "json"], &[], 0).await;
    assert_eq!(serde_json::from_str::<serde_json::Value>(&next).unwrap().as_array().unwrap().len(), 3);
    assert!(said(&["schedule", "list"], &[], 0).await.contains("Africa/Douala"));
}

#[tokio::test]
async fn completions_name_the_program() {
    assert!(said(&["completions", "bash"], &[], 0).await.contains("oim-etl"));
}
