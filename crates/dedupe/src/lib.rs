//! Is it the same opportunity, published by two partners?
//!
//! Two rows are the same when one could apply to one post, place or loan through either listing. What speaks against it is
//! looked at first, and one such thing is enough: another town, another closing day, another employer, another level. Posts
//! written from one template differ in little else, so likeness of text alone never decides. Where nothing speaks against it, title and
//! employer, or a text taken over whole, have to speak for it.
//!
//! The rules were made on two thirds of a labelled set and are judged on the last (`benches/data/duplicates`).

mod alike;
mod cluster;
mod sketch;

use alike::{employers, missing_of, overlap};
pub use cluster::{Member, cluster};
pub use sketch::{Listing, Sketch};

/// What was found, and the rule that found it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The same opportunity.
    Same(&'static str),
    /// Something speaks against it.
    Different(&'static str),
    /// Nothing speaks against it, and not enough for it.
    Unclear,
}

impl Verdict {
    /// Whether it is the same.
    pub fn is_same(self) -> bool {
        matches!(self, Self::Same(_))
    }
}

/// Days by which a repeated closing day may differ: portals round, and prolong by a week.
const CLOSES_WITHIN: i64 = 7;
/// Days between two publications of one call; more is a new call.
const POSTED_WITHIN: i64 = 45;
/// The same where both name a closing day, which is then told by that day.
const POSTED_WITHIN_AT_MOST: i64 = 90;

/// What two sketches have in common.
struct Pair {
    /// Share of the title's words that the other has too, of both together.
    title: f64,
    /// Words of either title that the other lacks.
    left: [Vec<String>; 2],
    /// How alike the employers are; `None` where one is not told.
    employer: Option<f64>,
    /// Share of the shorter text's runs of three words that the other has too.
    text: Option<f64>,
    /// Share of the numbers of the text with fewer of them.
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

    /// What speaks against it, if anything.
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

    /// What speaks for it, if enough does. `is_bilingual`: the texts are in different languages.
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

/// What speaks against it at a glance: most pairs need no second one.
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

/// Whether the codes agree; `None` where one has none.
fn share_of_references(a: &Sketch, b: &Sketch) -> Option<bool> {
    let have = !a.references.is_empty() && !b.references.is_empty();
    have.then(|| a.references.iter().any(|reference| b.references.contains(reference)))
}

/// Whether two opportunities are one.
pub fn compare(a: &Sketch, b: &Sketch) -> Verdict {
    if let Some(why) = glance(a, b) {
        return Verdict::Different(why);
    }
    let pair = Pair::of(a, b);
    // A partner that lists two titles means two: "Pre intermediate English" and "Upper intermediate English".
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
