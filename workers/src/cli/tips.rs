//! The tips of clap below a mistake: the nearest word alone, and nothing that leads elsewhere.

use clap::error::{ContextKind, ContextValue};

/// Returns the error with its tips set right.
pub(super) fn tidy(mut error: clap::Error) -> clap::Error {
    // "To pass it as a value": no argument here begins with a dash.
    error.remove(ContextKind::Suggested);
    let word = match error.get(ContextKind::InvalidSubcommand).or_else(|| error.get(ContextKind::InvalidArg))
    {
        Some(ContextValue::String(word)) => word.clone(),
        _ => return error,
    };
    // Of several words that look alike, one may delete: only the nearest is proposed, and only if it is near.
    for kind in [ContextKind::SuggestedSubcommand, ContextKind::SuggestedArg] {
        let known: Vec<String> = match error.get(kind) {
            Some(ContextValue::Strings(words)) => words.clone(),
            Some(ContextValue::String(one)) => vec![one.clone()],
            _ => continue,
        };
        let near = known.into_iter().map(|known| (strsim::jaro_winkler(&word, &known), known));
        let near =
            near.filter(|(likeness, _)| *likeness > NEAR).max_by(|left, right| left.0.total_cmp(&right.0));
        match (near, kind) {
            (None, _) => drop(error.remove(kind)),
            (Some((_, near)), ContextKind::SuggestedArg) => {
                drop(error.insert(kind, ContextValue::String(near)));
            }
            (Some((_, near)), _) => drop(error.insert(kind, ContextValue::Strings(vec![near]))),
        }
    }
    error
}

/// How much a word must be like another one: `run` and `runs` are 0.94, `--reason` and `--reset` 0.83.
const NEAR: f64 = 0.88;

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::super::Cli;

    fn said(args: &[&str]) -> String {
        let error = Cli::try_parse_from([&["oim-etl"], args].concat()).unwrap_err();
        super::tidy(error).to_string()
    }

    #[test]
    fn a_tip_names_the_nearest_word_alone() {
        let run = said(&["run", "show", "x"]);
        assert!(run.contains("'runs'") && !run.contains("prune"), "{run}");
        assert!(!said(&["runs", "publish", "x", "--dry-run"]).contains("tip:"));
        assert!(!said(&["runs", "publish", "x", "--because"]).contains("tip:"));
        assert!(said(&["ingest", "fne", "--ful"]).contains("--full"));
    }
}
