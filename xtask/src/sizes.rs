//! Files stay small enough to read in one go.

use std::{fs, path::PathBuf};

use anyhow::{Context, Result, bail};

use crate::{shell::say, workspace::Workspace};

/// The most lines of half of the files: what fits on two screens.
const MEDIAN: usize = 120;
/// The most lines of 19 in 20 files.
const NINETY_FIFTH: usize = 350;
/// The most lines of any file.
const MOST: usize = 500;

/// Checks the sizes of all Rust files.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut sizes = Vec::new();
    for file in workspace.files("rs")? {
        let path = workspace.root.join(&file);
        let text = fs::read_to_string(&path).with_context(|| format!("Failed to read {}", path.display()))?;
        sizes.push((text.lines().count(), file));
    }
    let (summary, wrong) = judge(sizes);
    say(format!("sizes: {summary}"));
    wrong.iter().for_each(say);
    if wrong.is_empty() { Ok(()) } else { bail!("files are too long") }
}

/// Returns a summary, and one line for each limit that is exceeded.
fn judge(mut sizes: Vec<(usize, PathBuf)>) -> (String, Vec<String>) {
    sizes.sort();
    // The length of the file that `percent` of the files do not exceed.
    let at = |percent: usize| {
        sizes.get(sizes.len().saturating_sub(1) * percent / 100).map_or(0, |(lines, _)| *lines)
    };
    let (median, ninety_fifth) = (at(50), at(95));
    let mut wrong = Vec::new();
    let mut limit = |what: &str, lines: usize, most: usize| {
        if lines > most {
            wrong.push(format!("sizes: the {what} is {lines} lines, above {most}"));
        }
    };
    limit("median", median, MEDIAN);
    limit("95th percentile", ninety_fifth, NINETY_FIFTH);
    let long = sizes.iter().filter(|(lines, _)| *lines > MOST);
    wrong.extend(
        long.map(|(lines, file)| format!("sizes: {} has {lines} lines, above {MOST}", file.display())),
    );
    let summary = format!(
        "{} files, median {median} lines, 95th percentile {ninety_fifth}, most {}",
        sizes.len(),
        at(100)
    );
    (summary, wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(sizes: &[usize]) -> Vec<(usize, PathBuf)> {
        sizes.iter().enumerate().map(|(number, lines)| (*lines, format!("{number}.rs").into())).collect()
    }

    #[test]
    fn every_limit_is_judged() {
        let (summary, wrong) = judge(files(&[10, 120, 500]));
        assert_eq!(summary, "3 files, median 120 lines, 95th percentile 120, most 500");
        assert_eq!(wrong, Vec::<String>::new());
        let (_, wrong) = judge(files(&[121, 501, 1]));
        assert_eq!(
            wrong,
            ["sizes: the median is 121 lines, above 120", "sizes: 1.rs has 501 lines, above 500"]
        );
        let (_, wrong) = judge(files(&[[1; 90], [351; 90]].concat()[..100]));
        assert_eq!(wrong, ["sizes: the 95th percentile is 351 lines, above 350"]);
        assert_eq!(judge(vec![]).1, Vec::<String>::new());
    }
}
