//! The demo, as a newcomer runs it.

use crate::support::Bin;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_shows_the_road_and_a_second_one_finds_all_unchanged() {
    let folder = tempfile::Builder::new().prefix("oim-demo-").tempdir().unwrap();
    let first = Bin::new(folder.path(), &["demo"]).run().await.expect(0);
    for word in [
        "source",
        "req/s held/allowed",
        "fne",
        "emploicameroun",
        "rejected: fne",
        "search \"soudeur à Douala\"",
        "search \"accountant in Buea\"",
    ] {
        assert!(first.out.contains(word), "{word} is not shown:\n{}", first.out);
    }
    let second = Bin::new(folder.path(), &["demo", "--output", "json"]).run().await.expect(0).json();
    for run in second["runs"].as_array().unwrap() {
        assert_eq!(
            (run["created"].as_i64(), run["changed"].as_i64(), run["embedded"].as_i64()),
            (Some(0), Some(0), Some(0)),
            "{run}"
        );
        assert!(run["unchanged"].as_i64() > Some(20), "{run}");
    }
    let hits = &second["searches"][0]["hits"];
    assert!(hits[0]["payload"]["localities"].as_array().unwrap().contains(&"Douala".into()), "{hits}");
    let left: Vec<_> =
        std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.file_name()).collect();
    assert_eq!(left, [".oim-etl"], "the demo left something behind");
}
