//! Titles and sentences that say that a post is taken: "[EXPIRÉ] Vendeuse", "Poste pourvu – Comptable", "Ce poste est désormais pourvu."

use regex::Regex;

use crate::{
    patterns,
    text::{Body, fold},
};

/// Longest sentence that is examined, folded, in bytes.
const LONGEST: usize = 80;

patterns! {
    /// A whole sentence, folded. "Ferme" and "clôture" alone have other meanings, and "si le poste est pourvu" is a condition.
    static SAID: Regex = {
        let what = r"(?:(?:attention|nb|info|update|important) )?(?:l |la |le |les |cette |ce |cet |votre |notre |the |this |nos )?(?:offre|annonce|poste|postes|recrutement|candidatures?|inscriptions?|appel a candidatures?|job|position|vacancy|applications?|recruitment)(?: d emploi| de stage| posting| offer| for this (?:position|job|post))?";
        let is = r"(?: (?:a|est|sont|ont|has|have|is|are|now|been|ete|deja|already|desormais|maintenant))*";
        let gone = r"(?:expiree?s?|expired|pourvue?s?|cloture(?:e|es|s)|closes?|closed|filled|terminee?s?)";
        let not = r"(?:n est plus (?:disponible|active|valide|valable|d actualite|ouverte?|a pourvoir)|ne sont plus (?:ouvertes|recues|acceptees)|(?:is|are) no longer (?:available|open|active|accepted))";
        format!(r"^{what}(?:{is} {gone}| est cloture| a ete cloture|{is} clos| {not})(?: merci)?$")
    };

    /// What a text has that can say it, folded.
    static SIGN: Regex = "pourvu|expire|clotur|clos|filled|termine|n est plus|ne sont plus|no longer";

    /// What a title has that can say it.
    static TITLE_SIGN: Regex = r"(?i)expir|pourvu|clos|filled|cl[oô]tur|termin|archiv|annul|cancel|plus|longer";

    /// A mark on a title, folded.
    static MARK: Regex = r"^(?:expiree?s?|expired|pourvue?s?|closed|filled|cloturee|closes|terminee?|archivee?|annulee?|cancelled)$";

    /// A bracket of a title.
    static BRACKET: Regex = r"[\[(]([^\[\]()]{3,40})[\])]";
}

/// Returns whether a title is marked as closed: in brackets, or at its beginning or end behind a dash.
pub(crate) fn title_says_closed(title: &str) -> bool {
    if !TITLE_SIGN.is_match(title) {
        return false;
    }
    let says = |part: &str| {
        let folded = fold(part);
        MARK.is_match(&folded) || SAID.is_match(&folded)
    };
    let in_brackets =
        BRACKET.captures_iter(title).filter_map(|hit| hit.get(1)).any(|part| says(part.as_str()));
    let set_off = |mark: &str| {
        let (first, last) = (title.split_once(mark), title.rsplit_once(mark));
        first.is_some_and(|(head, _)| says(head)) || last.is_some_and(|(_, tail)| mark != ":" && says(tail))
    };
    in_brackets || [" – ", " - ", " — ", " | ", ":"].into_iter().any(set_off)
}

/// Returns whether a sentence of a text is nothing but the statement that the post is taken.
pub(crate) fn text_says_closed(body: &Body) -> bool {
    if !SIGN.is_match(&body.folded) {
        return false;
    }
    let mut begin = 0;
    body.stops.iter().any(|stop| {
        let sentence = body.folded.get(begin..stop.folded).unwrap_or_default().trim();
        begin = stop.folded;
        sentence.len() <= LONGEST && SAID.is_match(sentence)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        cases::check,
        text::{clean_text, cut},
    };

    #[test]
    fn what_says_that_a_post_is_taken() {
        check(include_str!("cases.tsv"), 45, |case| {
            let is_closed = if case[0] == "title" {
                title_says_closed(&case[1])
            } else {
                text_says_closed(&cut(&clean_text(&case[1])))
            };
            (if is_closed { "closed" } else { "open" }).to_owned()
        });
    }
}
