//! Whom the parser agrees with.

mod answers;
mod any;
mod google;
mod rfc;

use super::file::File;

/// Checks each answer of a file to an agent that asks for a path.
#[track_caller]
fn agree(file: &str, cases: &[(&str, &str, bool)]) {
    for &(agent, path, allowed) in cases {
        assert_eq!(
            File::read(agent, file.as_bytes()).allows(path),
            allowed,
            "{agent} asks for {path}:\n{file}"
        );
    }
}
