//! CPU time and memory of processes, from `/proc`.

use std::{fs, path::Path};

/// Clock ticks a second in `/proc/PID/stat`: Linux shows 100 on all machines (`sysconf(_SC_CLK_TCK)`).
const TICKS: f64 = 100.0;

/// CPU seconds spent so far.
#[derive(Clone, Copy)]
pub(crate) struct Spent {
    worker: f64,
    postgres: f64,
}

impl Spent {
    /// Reads what the worker and the PostgreSQL server of `cluster` have spent, ended backends included.
    pub(crate) fn now(worker: u32, cluster: &Path) -> Self {
        let server = fs::read_to_string(cluster.join("data/postmaster.pid"))
            .ok()
            .and_then(|text| text.lines().next()?.trim().parse().ok())
            .unwrap_or(0);
        let backends: f64 = children(server).into_iter().map(|pid| own(pid).0).sum();
        let (server_own, ended) = own(server);
        Self { worker: own(worker).0, postgres: server_own + ended + backends }
    }

    /// Returns the seconds of the worker and of PostgreSQL since `begun`.
    pub(crate) fn since(self, begun: Self) -> (f64, f64) {
        (self.worker - begun.worker, self.postgres - begun.postgres)
    }
}

/// Returns the CPU seconds of a process, and of its children that have ended.
fn own(pid: u32) -> (f64, f64) {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The second field is the name in brackets, and may hold blanks. After it, the times are fields 12 to 15 (proc(5)).
    let fields: Vec<f64> = stat
        .rsplit_once(')')
        .map(|(_, rest)| rest.split_whitespace().map(|field| field.parse().unwrap_or(0.0)).collect())
        .unwrap_or_default();
    let sum = |from: usize| fields.get(from..from + 2).map_or(0.0, |both| both.iter().sum::<f64>() / TICKS);
    (sum(11), sum(13))
}

fn children(pid: u32) -> Vec<u32> {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))
        .unwrap_or_default()
        .split_whitespace()
        .filter_map(|child| child.parse().ok())
        .collect()
}

/// Resets the peak that the kernel counts for a process (`clear_refs`, proc(5)).
pub(crate) fn forget_peak(pid: u32) {
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// Returns the largest resident memory of a process since then, in MB.
pub(crate) fn peak_mb(pid: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    let kb: String = line.chars().filter(char::is_ascii_digit).collect();
    kb.parse::<f64>().unwrap_or(0.0) / 1024.0
}
