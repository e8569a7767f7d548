//! What has no effect on running workers is refused, with the command that has one.

use crate::support::{Road, terminate, wait_until};

#[tokio::test(flavor = "multi_thread")]
async fn a_flag_without_effect_is_refused_with_the_command_that_has_one() {
    let road = Road::new().await;
    let refused = async |args: &[&str]| road.bin(args).run().await.expect(2).err;
    for (set, instead) in [
        ("sources.fne.rate=5/s", "Use `oim-etl sources rate fne 5/s`"),
        ("sources.fne.enabled=false", "Use `oim-etl sources pause fne`"),
        ("sources.fne.enabled=true", "Use `oim-etl sources resume fne`"),
        ("worker.concurrency=2", "OIM_ETL_WORKER__CONCURRENCY"),
    ] {
        for command in [&["status"][..], &["sources", "pause", "fne"], &["sources", "rate", "fne"], &["runs"]]
        {
            let said = refused(&[command, &["--set", set]].concat()).await;
            assert!(said.contains("has no effect here") && said.contains(instead), "{said}");
        }
    }
    // Where no worker is alive, the command works the queue itself: then it has an effect.
    road.bin(&["ingest", "fne", "--limit", "2", "--set", "sources.fne.rate=100/s"]).run().await.expect(0);
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let store = road.database.store().await;
    wait_until("the worker is there", async || !store.queue().workers().await.unwrap().is_empty()).await;
    let said = refused(&["ingest", "fne", "--set", "sources.fne.rate=100/s"]).await;
    assert!(said.contains("Use `oim-etl sources rate fne 100/s`"), "{said}");
    terminate(&mut worker).await;
}
