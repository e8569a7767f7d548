//! Partners' texts as plain text.

mod boilerplate;
mod fold;
mod html;
mod plain;
mod words;

use std::borrow::Cow;

pub use boilerplate::is_boilerplate;
pub(crate) use boilerplate::{Body, cut};
pub use fold::fold;
pub(crate) use fold::lowered;
pub(crate) use html::safe_subset;
use plain::plain;
pub(crate) use words::Words;

/// Returns one line of plain text, without markup and entities and with single spaces.
pub fn clean_line(text: &str) -> String {
    let plain = plain(text);
    if is_tidy(&plain) && !plain.contains('\n') {
        return plain.into_owned();
    }
    let mut line = String::with_capacity(plain.len());
    push_folded(&mut line, &plain);
    line
}

/// Returns plain text with its paragraphs: single spaces within a line, and at most one blank line between paragraphs.
pub fn clean_text(text: &str) -> String {
    let plain = plain(text);
    let mut clean = String::with_capacity(plain.len());
    let mut blank = false;
    for line in plain.lines() {
        let before = clean.len();
        if !clean.is_empty() {
            clean.push_str(if blank { "\n\n" } else { "\n" });
        }
        let begin = clean.len();
        push_folded(&mut clean, line);
        if clean.len() == begin {
            clean.truncate(before);
            blank = !clean.is_empty();
        } else {
            blank = false;
        }
    }
    clean
}

/// Returns whether plain text has single spaces only. Its only white space is spaces and line feeds.
fn is_tidy(line: &str) -> bool {
    if line.len() > 64 {
        return !line.starts_with(' ') && !line.ends_with(' ') && !line.contains("  ");
    }
    // A search costs more than it finds in a short one.
    let mut before = b' ';
    let is_single = line.bytes().all(|byte| {
        let was = std::mem::replace(&mut before, byte);
        byte != b' ' || was != b' '
    });
    is_single && !line.ends_with(' ')
}

/// Appends the words of a line, with single spaces.
fn push_folded(out: &mut String, line: &str) {
    let inner = line.trim_matches(' ');
    if is_tidy(inner) && !inner.contains('\n') {
        return out.push_str(inner);
    }
    for (at, word) in line.split_whitespace().enumerate() {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// Returns the first `max` characters, cut at the end of a word if one is near.
pub fn shorten(text: &str, max: usize) -> Cow<'_, str> {
    if text.chars().nth(max).is_none() {
        return Cow::Borrowed(text);
    }
    let cut: String = text.chars().take(max.saturating_sub(1)).collect();
    let at_word =
        cut.rsplit_once(char::is_whitespace).map(|(head, _)| head).filter(|head| head.len() > max / 2);
    Cow::Owned(format!("{}…", at_word.unwrap_or(&cut).trim_end()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn markup_and_entities_go() {
        for (raw, plain) in [
            ("Soudeur&nbsp;&agrave; l&#39;arc", "Soudeur à l'arc"),
            ("<b>Chef</b> de <i>chantier</i>", "Chef de chantier"),
            ("a &amp;amp; b", "a & b"),
            ("R&amp;D", "R&D"),
            ("3 < 5 et 7 > 2", "3 < 5 et 7 > 2"),
            ("x<script>alert('<b>')</script>y", "x y"),
            ("ligne\u{200b} une\r\n  deux", "ligne une deux"),
            ("150\u{202f}000\u{a0}FCFA", "150 000 FCFA"),
            ("DÃ©veloppeur Ã\u{a0} YaoundÃ©", "Développeur à Yaoundé"),
            ("Soudeur Ã temps plein", "Soudeur à temps plein"),
            ("aller Ã l'agence agrÃ©Ã©e", "aller à l'agence agréée"),
            ("Ã\u{89}tablissements AgrÃ©Ã©s", "Établissements Agréés"),
            ("appelez &#54&#57&#57", "appelez 699"),
            ("lâ€™offre d&#x92;emploi", "l’offre d’emploi"),
            ("SÃO TOMÉ, Ângela, pâte", "SÃO TOMÉ, Ângela, pâte"),
            ("Ingé<b>nieur</b>", "Ingénieur"),
            ("<b>Chef</b>, <i>confirmé</i>.", "Chef, confirmé."),
        ] {
            assert_eq!(clean_line(raw), plain, "{raw:?}");
        }
    }

    #[test]
    fn paragraphs_stay() {
        assert_eq!(
            clean_text("<p>Un</p><p>Deux<br/>trois</p>\n\n\n<ul><li>a</li><li>b</li></ul>"),
            "Un\n\nDeux\ntrois\n\na\n\nb"
        );
        assert_eq!(clean_text("  "), "");
    }

    #[test]
    fn folding_forgets_accents_case_and_marks() {
        assert_eq!(fold("Yaoundé 1er (Centre)"), "yaounde 1er centre");
        assert_eq!(fold("Œuvre d´été"), "oeuvre d ete");
        assert_eq!(fold("  --  "), "");
    }

    #[test]
    fn shortening_keeps_whole_words() {
        assert_eq!(shorten("court", 10), "court");
        assert_eq!(shorten("un deux trois quatre", 12), "un deux…");
        assert!(shorten(&"é".repeat(400), 300).chars().count() <= 300);
    }

    proptest! {
        #[test]
        fn any_text_is_read_and_cleaning_twice_is_cleaning_once(text in "\\PC{0,200}|[<>/&;a-z# ]{0,80}") {
            let line = clean_line(&text);
            let body = clean_text(&text);
            fold(&text);
            prop_assert!(!line.contains('\n'));
            prop_assert_eq!(clean_line(&line).split_whitespace().count() <= line.split_whitespace().count(), true);
            prop_assert!(!body.contains("\n\n\n"));
        }
    }
}
