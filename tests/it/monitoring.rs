//! Dashboards and alert rules ask for what a real worker shows: its metrics, and their labels.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use crate::support::{Road, client, wait_until};

/// The names of metrics, each with its labels.
type Metrics = BTreeMap<String, BTreeSet<String>>;

/// Counted only when a job panics, which no input makes it do.
const PANICS: (&str, &str) = ("oim_jobs_broken_off_total", include_str!("../../workers/src/queue/pool.rs"));

/// What Prometheus adds to each series.
const ADDED: [&str; 2] = ["instance", "job"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Returns every rule file, every dashboard and every unit test of a rule, with its text.
fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in ["deploy/chart/files", "deploy/chart/files/dashboards", "deploy/alerts"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                // A dashboard is JSON: its quotes are escaped.
                let text = fs::read_to_string(&path).unwrap().replace("\\\"", "\"");
                found.push((path.file_name().unwrap().to_str().unwrap().to_owned(), text));
            }
        }
    }
    found
}

fn is_word(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Returns the labels that the selector at the start of `rest` names: `{source="fne",state=~"a|b"} …`.
fn labels(rest: &str) -> BTreeSet<String> {
    let Some((inner, _)) = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')) else {
        return BTreeSet::new();
    };
    // Outside of quotes, what comes before `=` is a label.
    let outside: Vec<&str> = inner.split('"').step_by(2).collect();
    let names = outside.iter().flat_map(|part| part.split(','));
    names
        .map(|name| name.trim().trim_end_matches(['=', '~', '!']))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Returns our metrics that a text names, with the labels that it selects.
fn named(text: &str) -> Metrics {
    let mut found = Metrics::new();
    for (at, _) in text.match_indices("oim_") {
        if text[..at].ends_with(is_word) {
            continue;
        }
        let rest = &text[at..];
        let name = &rest[..rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())];
        found.entry(name.to_owned()).or_default().extend(labels(&rest[name.len()..]));
    }
    found
}

/// Returns the labels by which a text groups: `by (source, le)`.
fn grouped(text: &str) -> BTreeSet<String> {
    let lists = text.split("by (").skip(1).filter_map(|rest| rest.split_once(')'));
    lists.flat_map(|(list, _)| list.split(',')).map(|label| label.trim().to_owned()).collect()
}

/// Returns what a worker shows that has carried a whole run from a partner to the index, beside a second one.
async fn shown() -> String {
    let road = Road::new().await;
    let _worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    let address = store.queue().workers().await.unwrap()[0].http_address.clone().unwrap();
    road.bin(&["ingest", "fne", "--limit", "7"]).run().await.expect(0);
    road.bin(&["ingest", "emploicameroun", "--limit", "2"]).run().await;
    wait_until("the index is in step", async || store.overview(0).await.unwrap().outbox == 0).await;
    road.bin(&["vectors", "verify"]).run().await.expect(0);
    let text = scraped(&address).await;
    // Of two workers, one shows the figures of the database, so a sum over both is right. Each shows its own.
    let _second = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    wait_until("the second worker is there", async || store.queue().workers().await.unwrap().len() == 2)
        .await;
    let workers = store.queue().workers().await.unwrap();
    let other =
        workers.iter().filter_map(|worker| worker.http_address.as_ref()).find(|found| **found != address);
    let second = scraped(other.unwrap()).await;
    assert!(second.contains("oim_build_info{") && text.contains("oim_build_info{"));
    assert!(text.contains("oim_opportunities{") && !second.contains("oim_opportunities{"), "{second}");
    assert!(text.contains("oim_index_held 1") && second.contains("oim_index_held 0"));
    text
}

async fn scraped(address: &str) -> String {
    client().get(format!("http://{address}/metrics")).send().await.unwrap().text().await.unwrap()
}

/// Returns the series of a page, without what it says about them.
fn series(text: &str) -> Metrics {
    named(&text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n"))
}

/// Checks names, units and help texts as Prometheus does. Where promtool is not installed, nothing is checked.
fn lint(text: &str) {
    let started = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut promtool) = started else { return };
    promtool.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let said = promtool.wait_with_output().unwrap();
    let words = String::from_utf8_lossy(&said.stdout).into_owned() + &String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{words}");
}

#[tokio::test(flavor = "multi_thread")]
async fn dashboards_and_rules_ask_for_what_a_worker_shows() {
    let text = shown().await;
    lint(&text);
    let shown = series(&text);
    assert!(shown.len() > 12, "{shown:?}");
    assert!(PANICS.1.contains(PANICS.0) && !shown.contains_key(PANICS.0), "{} changed", PANICS.0);
    let every_label: BTreeSet<&str> = shown.values().flatten().map(String::as_str).chain(ADDED).collect();
    for (file, text) in files() {
        let asked = named(&text);
        assert!(!asked.is_empty(), "{file} asks for no metric");
        for (name, selected) in asked {
            if name == PANICS.0 {
                continue;
            }
            let has = shown.get(&name);
            let has = has.unwrap_or_else(|| panic!("{file}: no worker shows {name}, but {:?}", shown.keys()));
            for label in selected {
                let known = has.contains(&label) || ADDED.contains(&label.as_str());
                assert!(known, "{file}: {name} has no label {label}, but {has:?}");
            }
        }
        for label in grouped(&text) {
            assert!(every_label.contains(label.as_str()), "{file}: no metric has the label {label}");
        }
    }
}

#[test]
fn each_alert_has_a_unit_test_and_a_place_in_the_runbook() {
    let rules = fs::read_to_string(root().join("deploy/chart/files/alerts.yml")).unwrap();
    let runbook = fs::read_to_string(root().join("docs/OPERATIONS.md")).unwrap();
    let tests: String = files().into_iter().map(|(_, text)| text).collect();
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        let anchor = format!("docs/OPERATIONS.md#{}\n", alert.to_lowercase());
        assert!(rules.contains(&anchor), "{alert} names another place than {anchor}");
        assert!(runbook.contains(&format!("### {alert}\n")), "docs/OPERATIONS.md has no heading {alert}");
        let tested = format!("alertname: {alert}\n        exp_alerts:");
        assert!(tests.contains(&tested), "no unit test in deploy/alerts shows {alert}");
    }
}

#[test]
fn a_query_is_taken_apart() {
    let text =
        "sum by (kind, le) (rate(oim_a_total{source=~\"a,b=c|d\", state!=\"x\"}[5m])) / oim_b and x_oim_c";
    let found = named(text);
    assert_eq!(found.keys().collect::<Vec<_>>(), ["oim_a_total", "oim_b"]);
    assert_eq!(found["oim_a_total"].iter().collect::<Vec<_>>(), ["source", "state"]);
    assert_eq!(grouped(text).iter().collect::<Vec<_>>(), ["kind", "le"]);
}
