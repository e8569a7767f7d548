//! How many instructions it takes to normalize a record, counted by `valgrind`. A count does not depend on the load of a machine.
//!
//! The budgets hold for the profile of the tests. A build for release needs fewer instructions; what grows here grows there.
//! SHA-256 is counted in software, for `valgrind` knows no instructions of its own for it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]
#![allow(clippy::print_stderr, reason = "a report")]

use std::process::Command;

/// Instructions a record, in thousands.
const BUDGETS: [(&str, u64); 3] = [("csv", 1_150), ("fne", 1_235), ("html", 4_100)];
/// Records that the benchmark counts.
const RECORDS: u64 = 50;

#[test]
fn a_record_is_normalized_within_its_budget() {
    if Command::new("valgrind").arg("--version").output().is_err() {
        eprintln!("valgrind is missing: nothing was counted; install it (.ci/run does where it can)");
        return;
    }
    let mut report = Vec::new();
    for (kind, budget) in BUDGETS {
        let count = thousands(kind);
        report.push((
            count * 100 > budget * 120,
            format!("{kind}: {count},000 instructions a record, {budget},000 expected"),
        ));
    }
    let lines: Vec<&str> = report.iter().map(|(_, line)| line.as_str()).collect();
    eprintln!("{}", lines.join("\n"));
    assert!(
        report.iter().all(|(is_over, _)| !is_over),
        "more than a fifth above the budget:\n{}",
        lines.join("\n")
    );
}

/// Returns the instructions of a record, in thousands.
fn thousands(kind: &str) -> u64 {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=normalize::measured"])
        .args([env!("CARGO_BIN_EXE_normalize"), "count", kind])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    let line =
        said.lines().find_map(|line| line.split_once("Collected : ")).unwrap_or_else(|| panic!("{said}"));
    line.1.trim().parse::<u64>().unwrap() / RECORDS / 1_000
}
