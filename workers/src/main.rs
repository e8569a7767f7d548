//! The `oim-etl` binary.

use std::process::ExitCode;

fn main() -> ExitCode {
    oim_etl::run()
}
