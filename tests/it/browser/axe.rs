//! axe-core, which looks for barriers to people with disabilities. It comes from npm into the build folder.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::driver::{Browser, is_there};

/// The rules: WCAG 2.2 up to level AA, and what axe-core calls good practice.
const RULES: &str = "['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']";
const PACKAGE: &str = "axe-core@4.10.3";

/// Returns the source of axe-core; an error says why it is not available.
pub(super) fn source() -> Result<String, String> {
    let folder = build_folder().join("axe-core");
    let file = folder.join("package/axe.min.js");
    if !file.is_file() {
        if !is_there("npm") {
            return Err("there is no npm: apt-get install npm".to_owned());
        }
        std::fs::create_dir_all(&folder).unwrap();
        run(Command::new("npm").args(["pack", "--silent", PACKAGE]), &folder)?;
        run(Command::new("tar").args(["-xzf", &format!("{}.tgz", PACKAGE.replace('@', "-"))]), &folder)?;
    }
    std::fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))
}

/// The folder of what is built: nothing in it is committed.
pub(super) fn build_folder() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_path_buf()
}

fn run(command: &mut Command, folder: &Path) -> Result<(), String> {
    let ended = command.current_dir(folder).output().map_err(|error| error.to_string())?;
    if ended.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&ended.stderr);
    Err(format!("npm does not give {PACKAGE}: {}", said.lines().last().unwrap_or_default()))
}

/// Returns the barriers of the page that is open, one a line.
pub(super) async fn barriers(browser: &Browser, axe: &str) -> Vec<String> {
    let script = format!(
        "{axe}; return axe.run(document, {{ runOnly: {RULES}, resultTypes: ['violations'] }}).then(r =>
           r.violations.flatMap(v => v.nodes.slice(0, 3).map(n => `${{v.id}}: ${{v.help}}: ${{n.html.slice(0, 160)}}`)))"
    );
    let found = browser.run(&script).await;
    found.as_array().unwrap().iter().map(|line| line.as_str().unwrap().to_owned()).collect()
}
