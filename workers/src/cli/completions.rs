//! `oim-etl completions`

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Outcome;

/// Print shell completions
#[derive(Debug, Args)]
#[command(after_help = "Example: oim-etl completions bash > /etc/bash_completion.d/oim-etl")]
pub(super) struct Completions {
    /// Shell to complete for
    shell: Shell,
}

impl Completions {
    pub(super) fn run<C: CommandFactory>(&self) -> Outcome {
        clap_complete::generate(self.shell, &mut C::command(), "oim-etl", &mut std::io::stdout());
        Outcome::Good
    }
}
