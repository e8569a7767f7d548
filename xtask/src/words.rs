//! Phrases that read like a translation, and the plain English for each (docs/STYLE.md).
//!
//! Every file with prose is checked, except this one.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{shell::say, workspace::Workspace};

/// Extensions of the files that hold prose.
const EXTENSIONS: [&str; 4] = ["md", "rs", "sql", "toml"];

/// The file with the phrases: this one.
const LIST: &str = "xtask/src/words.rs";

/// A phrase to avoid.
struct Phrase {
    /// Its words, in lower case.
    words: &'static str,
    /// Words that make it correct when one of them comes right before it.
    unless_after: &'static [&'static str],
    /// Words that make it correct when one of them comes right after it.
    unless_before: &'static [&'static str],
    /// The better wording.
    better: &'static str,
}

const fn phrase(words: &'static str, better: &'static str) -> Phrase {
    Phrase { words, unless_after: &[], unless_before: &[], better }
}

/// "X is no Y". "There is no file" and "is no longer" are plain English.
const fn negation(words: &'static str, better: &'static str) -> Phrase {
    let unless_before = &["longer", "more", "less", "fewer", "larger", "smaller", "better", "worse"];
    Phrase { words, unless_after: &["there"], unless_before, better }
}

/// All phrases, in the order of docs/STYLE.md.
const PHRASES: &[Phrase] = &[
    phrase("unsaid", "Default:"),
    phrase("answers how", "Returns how"),
    phrase("answers whether", "Returns whether"),
    phrase("answers what", "Returns what"),
    phrase("answers each", "Returns each"),
    phrase("answers with", "Returns"),
    phrase("be had", "available"),
    negation("is no", "is not a"),
    negation("are no", "are not"),
    phrase("as it comes", "streaming, as a stream"),
    phrase("of which", "two sentences, or \"whose\""),
    phrase("is told", "is reported, gets"),
    phrase("are told", "are reported, get"),
    phrase("as told", "as given"),
    phrase("is said", "is given, is set"),
    phrase("are said", "are given, are set"),
    phrase("goes on", "continues"),
    phrase("in the manner of", "like"),
    phrase("made anew", "recreated"),
];

/// Checks every file but this one.
pub(crate) fn run(workspace: &Workspace) -> Result<()> {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for extension in EXTENSIONS {
        for file in workspace.files(extension)?.iter().filter(|file| *file != Path::new(LIST)) {
            let path = workspace.root.join(file);
            let text =
                fs::read_to_string(&path).with_context(|| format!("Failed to read {}", path.display()))?;
            wrong.extend(judge(file, &text));
            checked += 1;
        }
    }
    for line in &wrong {
        say(format!("words: {line}"));
    }
    if !wrong.is_empty() {
        bail!("{} phrases to rewrite, see docs/STYLE.md", wrong.len());
    }
    say(format!("words: {checked} files in plain English"));
    Ok(())
}

/// Returns one line for each phrase in the text, with the better wording.
fn judge(file: &Path, text: &str) -> Vec<String> {
    let is_markdown = file.extension().is_some_and(|extension| extension == "md");
    let mut wrong = Vec::new();
    let mut is_fenced = false;
    for (line, number) in text.lines().zip(1..) {
        if is_markdown && line.trim_start().starts_with("```") {
            is_fenced = !is_fenced;
        }
        if is_fenced {
            continue;
        }
        // In Markdown, text between backticks is code or a quotation.
        let pieces: Vec<&str> = if is_markdown { line.split('`').step_by(2).collect() } else { vec![line] };
        for piece in pieces {
            let tokens = tokens(piece);
            let found = PHRASES.iter().filter(|phrase| phrase.is_in(&tokens));
            wrong.extend(found.map(|phrase| {
                format!("{}:{number}: \"{}\": write {}", file.display(), phrase.words, phrase.better)
            }));
        }
    }
    wrong
}

/// Returns the words of a line in lower case. Punctuation after a word stays with it, so that no phrase spans two sentences.
fn tokens(line: &str) -> Vec<String> {
    let words = line.split(|c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')'));
    let words = words.map(|word| word.trim_start_matches(is_punctuation).to_lowercase());
    words.filter(|word| !word.is_empty()).collect()
}

fn is_punctuation(c: char) -> bool {
    !c.is_alphanumeric() && c != '_'
}

impl Phrase {
    fn is_in(&self, tokens: &[String]) -> bool {
        let words: Vec<&str> = self.words.split(' ').collect();
        let Some((last, first)) = words.split_last() else { return false };
        tokens.windows(words.len()).enumerate().any(|(at, window)| {
            let Some((end, begin)) = window.split_last() else { return false };
            let before = at.checked_sub(1).and_then(|at| tokens.get(at));
            let after = tokens.get(at + words.len());
            begin.iter().eq(first.iter())
                && end.trim_end_matches(is_punctuation) == *last
                && !names(before, self.unless_after)
                && !names(after, self.unless_before)
        })
    }
}

/// Returns whether a word is one of `words`.
fn names(word: Option<&String>, words: &[&str]) -> bool {
    word.is_some_and(|word| words.contains(&word.trim_end_matches(is_punctuation)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, text: &str) -> Vec<String> {
        judge(Path::new(name), text)
    }

    #[test]
    fn each_phrase_is_found_and_gets_a_better_wording() {
        for phrase in PHRASES {
            let line = format!("fine\n/// What it {}, that", phrase.words);
            let wrong = found("a.rs", &line);
            assert!(wrong.iter().any(|wrong| wrong.contains(phrase.better)), "{}: {wrong:?}", phrase.words);
        }
        assert_eq!(
            found("crates/x/src/a.rs", "/// Answers how many are left."),
            ["crates/x/src/a.rs:1: \"answers how\": write Returns how"]
        );
    }

    #[test]
    fn plain_english_passes() {
        for line in [
            "there is no file, and there are no others",
            "bail!(\"there is no recipe\")",
            "It is no longer open, and is no more than a hint.",
            "This no doubt works.",
            "This is what it is. No file is left.",
            "fn a_key_that_is_told_twice() {}",
            "The walk goes. On Monday it stops.",
        ] {
            assert_eq!(found("a.rs", line), Vec::<String>::new(), "{line}");
        }
    }

    #[test]
    fn markdown_may_quote() {
        assert_eq!(found("a.md", "avoid `is no file`\n```\nis no file\n```\nfine"), Vec::<String>::new());
        assert_eq!(found("a.md", "`this` is no file").len(), 1);
    }

    #[test]
    fn the_style_guide_lists_every_phrase() -> Result<()> {
        let page = fs::read_to_string(Workspace::open()?.root.join("docs/STYLE.md"))?.to_lowercase();
        for phrase in PHRASES {
            assert!(page.contains(phrase.words), "docs/STYLE.md lacks \"{}\"", phrase.words);
        }
        Ok(())
    }
}
