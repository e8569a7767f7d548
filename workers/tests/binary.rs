//! The binary starts. That this test is here also makes `cargo test --workspace` build the binary that the tests of the road run.

use std::process::Command;

#[test]
fn it_tells_its_version() -> std::io::Result<()> {
    let output = Command::new(env!("CARGO_BIN_EXE_oim-etl")).arg("--version").output()?;
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("oim-etl {}\n", env!("CARGO_PKG_VERSION")));
    Ok(())
}
