//! The last day to answer that a sentence of the text names: "Postulez avant le 15 décembre 2026", "Inscriptions du 1er au 15 décembre".
//!
//! It fills only what neither a field nor a label says, except that an extension ("reportée au 20 décembre") replaces a label. Sentences
//! that name different days fill nothing.

use chrono::{Months, NaiveDate};
use domain::{Draft, Kind, Opportunity};
use regex::Regex;

use super::Context;
use crate::{
    dates, patterns,
    text::{Body, lowered},
};

/// Longest sentence that is examined, in bytes.
const LONGEST: usize = 600;

/// A day, in lower case without accents.
const DATE: &str = r"(?P<day>(?:(?:lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|monday|tuesday|wednesday|thursday|friday|saturday|sunday),? )?(?:\d{1,2}(?:er|st|nd|rd|th)? ?(?:of )?[a-z]{3,10}\.?(?:,? \d{4})?|\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|\d{4}-\d{2}-\d{2}|[a-z]{3,10} \d{1,2}(?:st|nd|rd|th)?,? \d{4}))";

/// What is handed in, and handing it in.
const WHAT: &str = r"(?:postule[zr]|postulation|candidater|candidatez|candidatures?|dossiers?|inscriptions?|inscrivez|s'inscrire|envoye[zr]|depose[zrs]+|depots?|transmettez|transmettre|transmis|adresse[zrs]+|faire parvenir|parvenir|soumettre|soumettez|soumissions?|apply|applications?|submit|submitted|submissions?|register|registrations?)";

patterns! {
    /// What a folded text has that can name such a day.
    static SIGN: Regex = r"\b(?:avant le|plus tard|jusqu au|later than|on or before|before|by|until|cloture[a-z]*|date limite|deadline|closes?|closing|(?:report|prorog|prolong|extend|repouss)[a-z]*) (?:[a-z]{1,12} ){0,5}\d|\b(?:inscription|candidature|depot|dossier|application|registration)s? (?:[a-z]{1,12} ){0,6}(?:du|from) \d";

    /// An extension.
    static EXTENDED: Regex = format!(
        r"(?:(?:date limite|delais?|deadline|cloture|closing date|candidatures?|inscriptions?|depot)\b[^.;]{{0,60}}?\b(?:report|prorog|prolong|extend|repouss)[a-z]*[^.;\d]{{0,20}}?|nouvelle date limite[^.;:\d]{{0,40}}?(?: est| :|:)(?: le)?) ?(?:(?:au|to|until|jusqu'au)(?: le| the)? )?{DATE}"
    );

    /// The day until which something is handed in.
    static UNTIL: Regex = format!(
        r"\b{WHAT}\b(?P<between>[^.;]{{0,90}}?)\b(?:avant le|au plus tard le|jusqu'au|(?:not|no) later than|on or before|before|by|until)(?: the)? {DATE}"
    );

    /// The day of a closing, and the last day by its name.
    static CLOSES: Regex = format!(
        r"(?:\bcloture (?:(?:des|du|de l'|de la) ?(?:depots? |appel a )?(?:des )?(?:candidatures?|inscriptions?|dossiers|depots?|offres|appel|recrutement|souscriptions?)[a-z' ]{{0,25}}? )?(?:est )?(?:fixee |prevue )?(?:le|au)|^cloture le|\bapplications? (?:will )?(?:close|be closed)s?(?: on)?|\bclosing on|\bdate limite\b[^.;:\d]{{0,60}}?(?:est |sera )?(?:fixee |prevue )?\b(?:au|le)|\b(?:deadline|closing date)\b[^.;:\d]{{0,40}}? is) (?:the )?{DATE}"
    );

    /// The time within which something is handed in.
    static SPAN: Regex = format!(
        r"\b(?:inscriptions?|candidatures?|depots?|dossiers|applications?|registrations?)\b(?P<between>[^.;\d]{{0,50}}?)\b(?:du|from) (?:[a-z]+ )?\d{{1,2}}(?:er|st|nd|rd|th)?(?:[/.-]\d{{1,2}}(?:[/.-]\d{{2,4}})?|(?: [a-z]{{3,10}})?(?: \d{{4}})?) (?:au|to|until) {DATE}"
    );

    /// Words between them that make it the day of something else: a diploma, a birth, an interview.
    static ELSE: Regex = r"\b(?:nee?s?|obtenue?s?|delivree?s?|datee?s?|born|obtained|issued|agee?s?|ages?|experience|signee?s?|legalis[a-z]*|entretiens?|interviews?|formations?|training|stages?|contrats?|etudi[a-z]*|examin[a-z]*|convoqu[a-z]*|resultats?|not)\b";
}

/// Fills the last day that the text names.
pub(super) fn fill(row: &mut Opportunity, draft: &Draft, context: &Context, body: &Body) {
    let is_given = draft.closes_at.as_deref().is_some_and(|words| !words.trim().is_empty());
    if is_given || row.kind == Kind::Microfinance || !SIGN.is_match(&body.folded) {
        return;
    }
    let posted = row.posted_at.map(dates::day_of);
    let longest_ago = dates::day_of(context.fetched_at).checked_sub_months(Months::new(12));
    let is_possible = |day: &NaiveDate| {
        posted.is_none_or(|posted| *day >= posted) && longest_ago.is_none_or(|old| *day > old)
    };
    let (mut named, mut extended) = (Days::default(), Days::default());
    let (mut from, mut folded) = (0, 0);
    for stop in &body.stops {
        // "15.12.2026", "15 déc. 2026".
        if body.text.get(stop.next..).is_some_and(goes_on) {
            continue;
        }
        let sentence = body.text.get(from..stop.end).unwrap_or_default();
        let has_sign = body.folded.get(folded..stop.folded).is_some_and(|part| SIGN.is_match(part));
        (from, folded) = (stop.next, stop.folded);
        if !has_sign || sentence.len() > LONGEST {
            continue;
        }
        let sentence = lowered(sentence);
        let read = |pattern: &Regex| -> Vec<NaiveDate> {
            let hits = pattern.captures_iter(&sentence);
            let hits =
                hits.filter(|hit| hit.name("between").is_none_or(|words| !ELSE.is_match(words.as_str())));
            let days = hits.filter_map(|hit| {
                dates::read_day(hit.name("day")?.as_str(), context.fetched_at).ok().flatten()
            });
            days.filter(is_possible).collect()
        };
        let later = read(&EXTENDED);
        if later.is_empty() {
            for day in [&*UNTIL, &*CLOSES, &*SPAN].into_iter().flat_map(read) {
                named.add(day);
            }
        }
        for day in later {
            extended.add(day);
        }
    }
    if let Some(day) = extended.only() {
        row.closes_on = Some(day);
    } else if row.closes_on.is_none() {
        row.closes_on = named.only();
    }
}

/// Returns whether a text behind a full stop begins with a digit: the stop may stand within a date.
fn goes_on(rest: &str) -> bool {
    rest.trim_start_matches(' ').starts_with(|c: char| c.is_ascii_digit())
}

/// Days that sentences name.
#[derive(Default)]
struct Days {
    first: Option<NaiveDate>,
    differ: bool,
}

impl Days {
    fn add(&mut self, day: NaiveDate) {
        self.differ |= self.first.is_some_and(|first| first != day);
        self.first = self.first.or(Some(day));
    }

    /// Returns the day that all of them name.
    fn only(&self) -> Option<NaiveDate> {
        self.first.filter(|_| !self.differ)
    }
}

#[cfg(test)]
mod tests {
    use crate::{cases::check, record::tests::of_text};

    #[test]
    fn sentences_name_the_last_day() {
        check(include_str!("closing.tsv"), 40, |case| {
            let row = of_text(&case[0]);
            row.closes_on.map_or_else(|| "-".to_owned(), |day| day.to_string())
        });
    }
}
