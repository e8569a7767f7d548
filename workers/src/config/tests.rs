use super::*;

fn given(environment: &[(&str, &str)], flags: &[(&str, &str)]) -> Given {
    Given {
        file: None,
        environment: environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect(),
        flags: flags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned(), format!("--set {key}")))
            .collect(),
    }
}

fn refusal(given: &Given) -> String {
    load(given).map_or_else(|error| error.to_string(), |_| String::new())
}

#[test]
fn defaults_are_whole() {
    let loaded = load(&Given::default()).unwrap();
    assert_eq!(loaded.config.worker.concurrency, 16);
    assert_eq!(loaded.config.ollama_model, "bge-m3");
    assert!(loaded.config.database_url.is_none());
    assert!(loaded.origins.is_empty());
}

#[test]
fn later_layers_win() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("oim-etl.toml");
    std::fs::write(
        &file,
        "database_url = 'postgres://file/a'\n[worker]\nconcurrency = 2\n[sources.fne]\nrate = '5/s'\n",
    )
    .unwrap();
    let mut layers =
        given(&[("DATABASE_URL", "postgres://env/b"), ("OIM_ETL_WORKER__CONCURRENCY", "3")], &[]);
    layers.file = Some(file);
    let loaded = load(&layers).unwrap();
    assert_eq!(loaded.config.database_url().ok(), Some("postgres://env/b"));
    assert_eq!(loaded.config.worker.concurrency, 3);
    assert_eq!(
        loaded.config.sources.values().next().and_then(|s| s.rate).map(|r| r.to_string()).as_deref(),
        Some("5/s")
    );
    layers.flags = given(&[], &[("worker.concurrency", "4")]).flags;
    let loaded = load(&layers).unwrap();
    assert_eq!(loaded.config.worker.concurrency, 4);
    assert_eq!(
        loaded.origins.get("worker.concurrency").map(String::as_str),
        Some("--set worker.concurrency")
    );
}

#[test]
fn names_that_other_tools_use_are_understood() {
    let layers = given(
        &[
            ("QDRANT_URL", "http://qdrant:6334"),
            ("QDRANT_API_KEY", "hunter2"),
            ("OLLAMA_URL", "http://ollama:11434"),
            ("OLLAMA_MODEL", "bge-m3:567m"),
        ],
        &[],
    );
    let loaded = load(&layers).unwrap();
    assert_eq!(loaded.config.ollama_model, "bge-m3:567m");
    assert_eq!(loaded.origins.get("qdrant_api_key").map(String::as_str), Some("QDRANT_API_KEY"));
    assert!(!format!("{:?}", loaded.config).contains("hunter2"));
}

#[test]
fn an_unknown_key_names_itself_its_place_and_the_nearest() {
    assert_eq!(
        refusal(&given(&[("OIM_ETL_WORKER__CONCURENCY", "3")], &[])),
        "OIM_ETL_WORKER__CONCURENCY: unknown key `worker.concurency`; did you mean `worker.concurrency`?"
    );
    assert_eq!(
        refusal(&given(&[], &[("sources.fne.rat", "5/s")])),
        "--set sources.fne.rat: unknown key `sources.fne.rat`; did you mean `sources.fne.rate`?"
    );
    assert_eq!(refusal(&given(&[], &[("zzz", "1")])), "--set zzz: unknown key `zzz`");
}

#[test]
fn a_wrong_value_names_its_key_and_place() {
    let said = refusal(&given(&[("OIM_ETL_WORKER__HTTP", "here")], &[]));
    assert!(said.starts_with("OIM_ETL_WORKER__HTTP: `worker.http` is wrong: "), "{said}");
    let said = refusal(&given(&[], &[("sources.fne.rate", "quick")]));
    assert!(said.contains("`sources.fne.rate` is wrong") && said.contains("is not a rate"), "{said}");
}

#[test]
fn secrets_are_not_shown() {
    let layers = given(
        &[
            ("DATABASE_URL", "postgres://me:hunter2@db/x?sslpassword=hunter2"),
            ("OIM_ETL_API_TOKEN", "hunter2"),
            ("OIM_ETL_QDRANT_API_KEY", "hunter2"),
            ("QDRANT_URL", "http://me:hunter2@qdrant:6334"),
            ("OLLAMA_URL", "http://me:hunter2@ollama:11434"),
        ],
        &[("sources.fne.via", "http://me:hunter2@gateway:8080")],
    );
    let loaded = load(&layers).unwrap();
    let shown = serde_json::to_string(&settings(&loaded)).unwrap();
    assert!(!shown.contains("hunter2") && shown.contains("postgres://me:***@db/x"), "{shown}");
    let debugged = format!("{:?} {:#?}", loaded.config, loaded.config);
    assert!(!debugged.contains("hunter2") && debugged.contains("http://me:***@qdrant:6334"), "{debugged}");
}

#[test]
fn a_token_of_digits_is_a_token_and_a_number_stays_a_number() {
    let loaded =
        load(&given(&[("OIM_ETL_API_TOKEN", "0012345"), ("OIM_ETL_DATABASE_CONNECTIONS", "7")], &[]))
            .unwrap();
    assert_eq!(loaded.config.api_token.as_ref().map(ExposeSecret::expose_secret), Some("0012345"));
    assert_eq!(loaded.config.database_connections, 7);
    let loaded =
        load(&given(&[("OIM_ETL_DATA_DIR", "2026"), ("OIM_ETL_QDRANT_COLLECTION", "true")], &[])).unwrap();
    assert_eq!((loaded.config.data_dir.to_str(), &*loaded.config.qdrant_collection), (Some("2026"), "true"));
    assert!(load(&given(&[], &[("sources.fne.enabled", "false")])).is_ok());
}

#[test]
fn a_secret_may_be_in_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("token");
    std::fs::write(&path, "4711\n").unwrap();
    let path = path.to_str().unwrap();
    for name in [
        "OIM_ETL_API_TOKEN_FILE",
        "OIM_ETL_QDRANT_API_KEY_FILE",
        "QDRANT_API_KEY_FILE",
        "OIM_ETL_DATABASE_URL_FILE",
    ] {
        let loaded = load(&given(&[(name, path)], &[])).unwrap();
        let secrets = [&loaded.config.api_token, &loaded.config.qdrant_api_key, &loaded.config.database_url];
        let set: Vec<&str> = secrets.into_iter().flatten().map(ExposeSecret::expose_secret).collect();
        assert_eq!(set, ["4711"], "{name}");
    }
    let both = refusal(&given(&[("OIM_ETL_API_TOKEN", "a"), ("OIM_ETL_API_TOKEN_FILE", path)], &[]));
    assert!(both.contains("are both set"), "{both}");
    // Only a secret is read from a file: anything else stays an unknown key.
    let unknown = refusal(&given(&[("OIM_ETL_LOG_FILE", path)], &[]));
    assert!(unknown.contains("unknown key `log_file`"), "{unknown}");
}
