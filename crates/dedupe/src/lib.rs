//! Decides whether two sources publish the same opportunity.
//!
//! Two rows are the same if a person could apply to one post, training or loan through either of them. Contradictions decide
//! first, and one is enough: another town, closing day, employer or level. Posts written from one template differ in little
//! else, so similar texts alone never decide. Without a contradiction, there must be evidence: the title and the employer, or a
//! text that was copied whole.
//!
//! Two thirds of a labelled set served to make the rules; the last third measures them (`benches/data/duplicates`).

mod alike;
mod cluster;
mod sketch;

use alike::{employers, missing_of, overlap};
pub use cluster::{Member, cluster};
pub use sketch::{Listing, Sketch};

/// The result of a comparison, with the rule that decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Both are the same opportunity.
    Same(&'static str),
    /// A contradiction.
    Different(&'static str),
    /// Neither a contradiction nor enough evidence.
    Unclear,
}

impl Verdict {
    /// Returns whether both are the same opportunity.
    pub fn is_same(self) -> bool {
        matches!(self, Self::Same(_))
    }
}

/// Days by which a repeated closing day may differ. Portals round it, and extend it by a week.
const CLOSES_WITHIN: i64 = 7;
/// Most days between two publications of one call. After more days it is a new call.
const POSTED_WITHIN: i64 = 45;
/// The same if both name a closing day, which then tells calls apart.
const POSTED_WITHIN_AT_MOST: i64 = 90;

/// The similarity of two sketches, part by part.
struct Pair {
    /// Share of the words of both titles that stand in both.
    title: f64,
    /// Words of each title that the other one lacks.
    left: [Vec<String>; 2],
    /// Similarity of the employers; `None` if one of them is unknown.
    employer: Option<f64>,
    /// Share of the shorter text's runs of three words that the other text has too.
    text: Option<f64>,
    /// Share of the numbers that both texts have, of the text with fewer numbers.
    numbers: Option<f64>,
    reference: Option<bool>,
    closes: Option<i64>,
    posted: Option<i64>,
    amount: Option<bool>,
    education: Option<bool>,
    place: Option<bool>,
}

impl Pair {
    fn of(a: &Sketch, b: &Sketch) -> Self {
        let left = [missing_of(a, b), missing_of(b, a)];
        let words = (a.title.len() + b.title.len()).max(1);
        let days =
            |a: Option<chrono::NaiveDate>, b: Option<chrono::NaiveDate>| Some((a? - b?).num_days().abs());
        let equal = |a: Option<(i64, i64)>, b: Option<(i64, i64)>| Some(a? == b?);
        #[allow(clippy::cast_precision_loss, reason = "a title has few words")]
        let title = 1.0 - (left[0].len() + left[1].len()) as f64 / words as f64;
        Self {
            title,
            employer: employers(a, b),
            text: overlap(&a.shingles, &b.shingles, 1),
            numbers: overlap(&a.numbers, &b.numbers, 2),
            reference: share_of_references(a, b),
            closes: days(a.closes_on, b.closes_on),
            posted: days(a.posted_on, b.posted_on),
            amount: equal(a.amount, b.amount),
            education: a.education.zip(b.education).map(|(a, b)| a == b),
            place: a.place_of(b),
            left,
        }
    }

    /// Returns the contradiction, if there is one.
    fn against(&self) -> Option<&'static str> {
        let text = self.text.unwrap_or(0.0);
        let is_copy = text >= 0.8;
        let is_numbered =
            |words: &[String]| words.iter().any(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
        if self.employer.is_some_and(|alike| alike < 0.6) && !(is_copy && self.title >= 0.99) {
            Some("another employer")
        } else if self.amount == Some(false) && !(is_copy && self.title >= 0.8) {
            Some("another amount")
        } else if self.education == Some(false) && !(is_copy && self.title >= 0.8) {
            Some("another level")
        } else if is_numbered(&self.left[0]) && is_numbered(&self.left[1]) {
            Some("another number in the title")
        } else {
            None
        }
    }

    /// Returns the evidence, if there is enough. `is_bilingual` means that the texts are in different languages.
    fn favour(&self, is_bilingual: bool) -> Option<&'static str> {
        let (text, numbers) = (self.text.unwrap_or(0.0), self.numbers.unwrap_or(0.0));
        let soon = self.posted.is_none_or(|days| days <= 30);
        let fits = self.employer.is_some_and(|alike| alike >= 0.7) && self.place == Some(true) && soon;
        let unnumbered =
            !self.left.iter().flatten().any(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
        if fits && text >= 0.97 && unnumbered {
            return Some("the text as a whole");
        }
        if fits && self.reference == Some(true) && self.numbers.is_none_or(|share| share >= 0.5) {
            return Some("the reference");
        }
        let covers = self.left.iter().any(Vec::is_empty);
        if self.title >= 0.99 || (covers && self.title >= 0.6) {
            return self.by_title(text, numbers);
        }
        let told_twice = is_bilingual && numbers >= 0.5 && self.employer.is_some_and(|alike| alike >= 0.8);
        if fits && told_twice {
            return Some("a translation");
        }
        if fits && covers && self.title >= 0.45 && (text >= 0.8 || (text >= 0.6 && numbers >= 0.8)) {
            return Some("a title made longer");
        }
        None
    }

    fn by_title(&self, text: f64, numbers: f64) -> Option<&'static str> {
        if self.employer.is_some() {
            let soon = self.text.is_none() && self.posted.is_some_and(|days| days <= 14);
            let paid =
                self.title >= 0.99 && self.amount == Some(true) && self.posted.is_none_or(|days| days <= 30);
            let told = text >= 0.25 || numbers >= 0.5 || self.closes.is_some() || soon || paid;
            return told.then_some("title and employer");
        }
        let numbers_fit = numbers >= 0.7 && self.place.is_some() && self.amount == Some(true);
        (text >= 0.4 || numbers_fit).then_some("title and text")
    }
}

/// Returns a contradiction that costs little to find. Most pairs need no further comparison.
fn glance(a: &Sketch, b: &Sketch) -> Option<&'static str> {
    let apart = |a: Option<chrono::NaiveDate>, b: Option<chrono::NaiveDate>| Some((a? - b?).num_days().abs());
    let closes = apart(a.closes_on, b.closes_on);
    let within = if closes.is_some() { POSTED_WITHIN_AT_MOST } else { POSTED_WITHIN };
    if a.kind != b.kind {
        Some("another kind")
    } else if closes.is_some_and(|days| days > CLOSES_WITHIN) {
        Some("another closing day")
    } else if apart(a.posted_on, b.posted_on).is_some_and(|days| days > within) {
        Some("published at another time")
    } else if a.place_of(b) == Some(false) {
        Some("another place")
    } else if share_of_references(a, b) == Some(false) {
        Some("another reference")
    } else {
        None
    }
}

/// Returns whether the reference codes agree; `None` if one of them has none.
fn share_of_references(a: &Sketch, b: &Sketch) -> Option<bool> {
    let have = !a.references.is_empty() && !b.references.is_empty();
    have.then(|| a.references.iter().any(|reference| b.references.contains(reference)))
}

/// Compares two opportunities.
pub fn compare(a: &Sketch, b: &Sketch) -> Verdict {
    if let Some(why) = glance(a, b) {
        return Verdict::Different(why);
    }
    let pair = Pair::of(a, b);
    // A source that lists two titles means two opportunities: "Pre intermediate English" and "Upper intermediate English".
    if a.source == b.source && !pair.left.iter().all(Vec::is_empty) {
        return Verdict::Different("another title of the same partner");
    }
    if let Some(why) = pair.against() {
        return Verdict::Different(why);
    }
    match pair.favour(a.is_english != b.is_english) {
        Some(rule) => Verdict::Same(rule),
        None => Verdict::Unclear,
    }
}

#[cfg(test)]
mod tests;
