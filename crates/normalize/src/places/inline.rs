//! Labels of a place within a line: "… Salaire : 150 000 FCFA Lieu : Akwa (Douala) Documents : CV …".
//!
//! A feed or a cell often has the labels of a post on one line. Within a line a label counts only if it begins with a capital and has its
//! colon; its value ends where the next label begins.

use regex::Regex;

use crate::{
    patterns,
    text::{Words, lowered},
    vocabulary::signs,
};

patterns! {
    /// A label with its value, in the letters of the text.
    static INLINE: Regex = {
        let of = r"(?:\s(?:de|du|d['’])\s?(?:la |l['’]|prise de )?(?:travail|poste|affectation|formation|stage|mission|service|intervention|exercice))?";
        format!(r"(?:^|[^\p{{L}}\p{{N}}'’])(?:(?:Lieu|LIEU|Localisation|LOCALISATION){of}|(?:Job |Work )?Location|Duty [Ss]tation|Place of work|LOCATION|DUTY STATION)\s?:\s?([^\n:;•|]{{2,120}})(:?)")
    };

    /// Words on another occasion, folded: its place is not the post's.
    static OCCASION: Regex = r"entretien|interview|concours|epreuve|examen|\btests?\b|depot|dossier|candidature|application|reunion|seance";
}

/// How much of the text before a label tells what it is about, in bytes.
const BEFORE: usize = 60;

/// Returns whether a text may have such a label.
pub(super) fn may_have(text: &str, words: &Words<'_>) -> bool {
    let begins = |at: usize| {
        words
            .list()
            .get(at)
            .is_some_and(|word| matches!(*word, "lieu" | "localisation" | "location" | "station" | "place"))
    };
    words.has(signs::LABEL) && words.with(signs::LABEL).any(begins) && text.contains(':')
}

/// Returns the values of such labels, in lower case.
pub(super) fn values(text: &str) -> Vec<String> {
    let is_of_post = |begin: usize| {
        let from =
            (begin.saturating_sub(BEFORE)..=begin).find(|at| text.is_char_boundary(*at)).unwrap_or(begin);
        let before = text.get(from..begin).unwrap_or_default();
        let line = before.rsplit('\n').next().unwrap_or_default();
        !OCCASION.is_match(&lowered(line))
    };
    let hits = INLINE.captures_iter(text).filter(|hit| hit.get(0).is_some_and(|all| is_of_post(all.start())));
    hits.filter_map(|hit| {
        let value = hit.get(1)?.as_str();
        // The label behind it ends it, from its last capital to its colon, and so does a full stop.
        let has_next = hit.get(2).is_some_and(|colon| !colon.is_empty());
        let value = if has_next { without_label(value) } else { value };
        Some(lowered(value.split(". ").next().unwrap_or_default().trim_end_matches('.')))
    })
    .collect()
}

/// Returns a value without the label at its end: its last word with a capital, and what follows.
fn without_label(value: &str) -> &str {
    let mut begins = value.char_indices().filter(|(at, letter)| {
        let before = value.get(..*at).and_then(|before| before.chars().next_back());
        letter.is_uppercase() && before.is_some_and(char::is_whitespace)
    });
    begins.next_back().and_then(|(at, _)| value.get(..at)).unwrap_or_default().trim_end()
}

#[cfg(test)]
mod tests {
    use crate::{cases::check, places::stated_places};

    #[test]
    fn labels_within_a_line_state_the_place() {
        check(include_str!("inline.tsv"), 25, |case| {
            let places = stated_places("", &case[0].replace("\\n", "\n"));
            let names: Vec<String> = places.iter().map(ToString::to_string).collect();
            if names.is_empty() { "none".to_owned() } else { names.join("; ") }
        });
    }
}
