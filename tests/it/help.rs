//! The help texts of the program and of each command. Pipes get plain text.
//!
//! After you change a help text, review the new snapshots and accept them: `cargo insta test -p it --test it --accept -- help`.

use crate::support::{Bin, Ended, Road};

/// The width of the help texts in the snapshots, whatever the caller's terminal.
const WIDTH: &str = "100";

async fn run(args: &[&str], env: &[(&str, &str)]) -> Ended {
    let folder = tempfile::tempdir().unwrap();
    let bin =
        Bin::new(folder.path(), args).env("COLUMNS", WIDTH).without("NO_COLOR").without("CLICOLOR_FORCE");
    env.iter().fold(bin, |bin, (name, value)| bin.env(name, value)).run().await.expect(0)
}

/// Returns the commands that a help text lists.
fn commands(help: &str) -> Vec<String> {
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    let listed = listed.take_while(|line| !line.is_empty());
    // The rest of a wrapped description has a deeper indent.
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    names
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_help_text_is_kept() {
    let top = run(&["--help"], &[]).await.out;
    insta::assert_snapshot!("help", top);
    let names = commands(&top);
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let mut text = run(&[&name, "--help"], &[]).await.out;
        for inner in commands(&text) {
            let help = run(&[&name, &inner, "--help"], &[]).await.out;
            text = format!("{text}\n$ oim-etl {name} {inner} --help\n{help}");
        }
        insta::assert_snapshot!(format!("help_{name}"), text);
    }
}

#[tokio::test]
async fn pipes_get_no_escape_codes() {
    let road = Road::new().await;
    road.bin(&["ingest", "mc2"]).run().await.expect(0);
    let commands: [&[&str]; 6] =
        [&["runs"], &["status"], &["sources", "list"], &["config"], &["--help"], &["explain", "mc2/nothing"]];
    for command in commands {
        let bin = road.bin(command).without("NO_COLOR").without("CLICOLOR_FORCE");
        let ended = bin.run().await;
        assert!(!ended.out.contains('\u{1b}'), "{command:?}: {:?}", ended.out);
        assert!(!ended.err.contains('\u{1b}'), "{command:?}: {:?}", ended.err);
    }
}

#[tokio::test]
async fn colors_can_be_forced_and_refused() {
    assert!(run(&["--help"], &[("CLICOLOR_FORCE", "1")]).await.out.contains('\u{1b}'));
    assert!(!run(&["--help"], &[("NO_COLOR", "1")]).await.out.contains('\u{1b}'));
}
