//! Requests that nobody thought of: schemathesis reads the served document and calls each operation with right and wrong values.

use std::{path::Path, process::Command};

use super::world::World;

/// Made-up requests of each kind for each operation. `tests/schemathesis.sh` alone makes more.
const EXAMPLES: &str = "3";

#[tokio::test(flavor = "multi_thread")]
async fn made_up_requests_find_no_failure() {
    let world = World::new().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemathesis.sh");
    let mut command = Command::new("bash");
    command.arg(script).arg(format!("http://{}", world.address)).arg(&world.tokens[2]);
    command.env("EXAMPLES", EXAMPLES);
    let ended = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success(), "{said}{}", String::from_utf8_lossy(&ended.stderr));
    if let Some(why) = said.lines().find(|line| line.starts_with("skipped:")) {
        println!("{why}");
    } else {
        assert!(said.contains("Test cases:"), "{said}");
    }
    world.end().await;
}
