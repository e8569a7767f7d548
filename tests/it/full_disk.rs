//! The disk of the embedded index fills up: the worker stays up, says so, ingests, and catches up when there is room again.

use std::{
    fs::{self, File},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::support::{Road, client, count, terminate, wait_until};

/// A small disk in memory, for as long as the test.
struct Disk(PathBuf);

impl Disk {
    /// `None`: this machine does not let us mount one.
    fn mount(at: &Path) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=640m", "none"]).arg(at).output();
        mount.is_ok_and(|done| done.status.success()).then(|| Self(at.to_owned()))
    }

    fn free_mib(&self) -> u64 {
        let told = Command::new("df").args(["--output=avail", "-m"]).arg(&self.0).output().unwrap().stdout;
        String::from_utf8(told).unwrap().lines().nth(1).unwrap().trim().parse().unwrap()
    }

    /// Fills it until so many MiB are left.
    fn fill(&self, left: u64) {
        let mut file = File::create(self.filler()).unwrap();
        while self.free_mib() > left {
            file.write_all(&vec![7; 4 << 20]).unwrap();
        }
    }

    fn filler(&self) -> PathBuf {
        self.0.join("filler")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::print_stderr, reason = "a test that is skipped says why")]
async fn a_full_disk_stops_the_index_alone_and_room_heals_it() {
    let mut road = Road::new().await;
    let Some(disk) = Disk::mount(&road.data().join("small")) else {
        eprintln!("skipped: mounting a disk needs root, and a machine that allows it");
        return;
    };
    road.settings.push(format!("data_dir={}", disk.0.display()));
    road.settings.push(format!("archive={}", road.data().join("archive").display()));
    let store = road.database.store().await;
    let mut worker = road.bin(&["worker", "--http", "127.0.0.1:0", "--no-scheduler"]).start();
    let mut address = String::new();
    wait_until("the worker holds the index", async || {
        let workers = store.queue().workers().await.unwrap();
        address = workers.iter().find(|w| w.indexes).and_then(|w| w.http_address.clone()).unwrap_or_default();
        !address.is_empty()
    })
    .await;
    disk.fill(100);
    let runs = road.bin(&["ingest", "fne", "--full", "--output", "json"]).run().await.expect(0).json();
    assert_eq!((&runs[0]["state"], count(&runs[0], "embedded")), (&"complete".into(), 0), "{runs}");
    wait_until("the index has told", async || store.targets().await.unwrap()[0].failures > 0).await;
    let state = store.targets().await.unwrap().remove(0);
    assert!(state.failure.as_deref().is_some_and(|why| why.contains("MiB free")), "{state:?}");
    assert!(state.outbox > 100, "{state:?}");
    assert!(worker.ended().is_none(), "the worker ended");
    let get = async |path: &str| client().get(format!("http://{address}{path}")).send().await.unwrap();
    let ready = get("/health/ready").await.text().await.unwrap();
    assert!(ready.contains("MiB free"), "{ready}");
    let metrics = get("/metrics").await.text().await.unwrap();
    assert!(
        metrics.lines().any(|line| line.starts_with("oim_index_failures") && !line.ends_with(" 0")),
        "{metrics}"
    );
    let told = road.bin(&["status"]).run().await.expect(0).out;
    assert!(told.contains("failing") && told.contains("MiB free"), "{told}");
    assert_eq!(get("/v1/search?q=soudeur").await.status(), 200, "searches go on");

    fs::remove_file(disk.filler()).unwrap();
    wait_until("the index has caught up", async || store.overview(0).await.unwrap().outbox == 0).await;
    let state = store.targets().await.unwrap().remove(0);
    assert_eq!((state.failures, state.failure), (0, None));
    terminate(&mut worker).await;
    let verified = road.bin(&["vectors", "verify", "--output", "json"]).run().await.expect(0).json();
    assert_eq!(count(&verified, "total"), 0, "{verified}");
}
