//! Contradictions: one is enough, whatever else agrees.

use domain::{Kind, vocabulary::Contract};

use crate::{
    alike::Employers,
    dates::{closes, is_new_campaign, starts},
    evidence::Pair,
    sketch::{SHIFTS, Sketch},
};

/// The contradiction that a later publication is: it does not hold where publications in between lead from one to the other.
pub(crate) const NEW_CAMPAIGN: &str = "a new campaign";

/// Returns a contradiction that costs little to find. Most pairs need no further comparison.
pub(crate) fn glance(a: &Sketch, b: &Sketch) -> Option<&'static str> {
    let is_internship = |sketch: &Sketch| sketch.contracts & internships() != 0;
    let kinds = a.kind == b.kind
        || (is_internship(a) && b.kind == Kind::Training)
        || (is_internship(b) && a.kind == Kind::Training);
    if !kinds {
        Some("another kind")
    } else if a.place_of(b).is_some_and(|(agree, _)| !agree) {
        Some("another place")
    } else if contracts(a, b) {
        Some("another contract")
    } else if is_new_campaign(a, b) {
        Some(NEW_CAMPAIGN)
    } else if closes(a, b) == 4 {
        Some("another closing day")
    } else if differ(a.times & SHIFTS, b.times & SHIFTS) {
        Some("another shift")
    } else if starts(a, b) == 2 {
        Some("another first day")
    } else if a.months != 0 && b.months != 0 && a.months & b.months == 0 {
        Some("another month in the title")
    } else {
        None
    }
}

/// Returns whether both have bits, and share none.
fn differ(a: u8, b: u8) -> bool {
    a != 0 && b != 0 && a & b == 0
}

fn internships() -> u8 {
    let bit = |contract| Contract::ALL.iter().position(|other| *other == contract).map_or(0, |at| 1 << at);
    bit(Contract::Internship) | bit(Contract::Apprenticeship)
}

/// Returns whether both name contracts and none of them is the same. An agency's fixed term is temporary work.
fn contracts(a: &Sketch, b: &Sketch) -> bool {
    let bit = |contract| Contract::ALL.iter().position(|other| *other == contract).map_or(0_u8, |at| 1 << at);
    let ending = bit(Contract::FixedTerm) | bit(Contract::Temporary) | bit(Contract::Seasonal);
    let wide = |contracts: u8| {
        let mut wide = contracts;
        if contracts & ending != 0 {
            wide |= ending;
        }
        if contracts & internships() != 0 {
            wide |= internships();
        }
        wide
    };
    a.contracts != 0 && b.contracts != 0 && wide(a.contracts) & wide(b.contracts) == 0
}

impl Pair<'_> {
    /// Returns the contradiction, if there is one.
    pub(crate) fn against(&self) -> Option<&'static str> {
        let (a, b) = (self.a, self.b);
        let has_code = self.codes == Some(true);
        let is_same_title = self.title >= 0.99;
        // A grade may be written in two ways ("G6", "GL6"), a lot of one call may not.
        let is_lot =
            |parts: &[String]| parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        let is_part = !a.parts.is_empty()
            && !b.parts.is_empty()
            && !a.parts.iter().any(|part| b.parts.contains(part))
            && (!has_code || (is_lot(&a.parts) && is_lot(&b.parts)));
        let days_apart = a.posted.zip(b.posted).map(|(a, b)| (a - b).abs());
        let one_language = self.one_language;
        if self.codes == Some(false) {
            Some("another code")
        } else if self.phones == Some(false)
            && self.mails != Some(true)
            && !has_code
            && (!self.knows_employer() || self.swapped() >= 3)
        {
            Some("another phone")
        } else if self.employer == Employers::Other
            && one_language
            && !self.has_anchor()
            && !(self.is_copy() && is_same_title && a.source != b.source)
        {
            Some("another employer")
        } else if one_language && self.client.is_some_and(|share| share < 0.2) && !has_code {
            Some("another client")
        } else if self.rank() == 3
            && one_language
            && !has_code
            && self.left.iter().any(Vec::is_empty)
            && !self.is_whole()
            && !(self.swapped() == 1 && self.has_anchor())
        {
            Some("another rank")
        } else if self.amounts() == 3 && !has_code && !(self.is_copy() && self.title >= 0.8) {
            Some("another amount")
        } else if is_part {
            Some("another number in the title")
        } else if self.is_one_of_several() {
            Some("one of several posts")
        } else if a.kind == Kind::Microfinance && self.is_other_product() && !has_code {
            Some("another product")
        } else if self.is_other_post_of_template() && !has_code {
            Some("another post of one template")
        } else if a.kind == Kind::Training && self.is_other_session() && !has_code {
            Some("another session")
        } else if a.source == b.source
            && one_language
            && days_apart.is_some_and(|days| days <= 1)
            && !self.is_whole()
        {
            Some("listed twice on one day")
        } else {
            None
        }
    }

    /// Returns whether both texts name several days, and none of them is the same.
    fn is_other_session(&self) -> bool {
        let names_some = |sketch: &Sketch| sketch.text.days.len() > 1;
        self.days() == 3 && names_some(self.a) && names_some(self.b)
    }

    /// Returns whether one template makes two posts: words are swapped, and each title has a word that stands in its own text alone. Of one title
    /// alone it takes many swapped words: a relay names things its own way.
    fn is_other_post_of_template(&self) -> bool {
        match self.title_in_text() {
            5 => self.swapped() >= 3,
            4 => self.swapped() >= 4,
            _ => false,
        }
    }

    /// Returns whether each title names a loan by a word that the other row lacks, and the terms do not say that it is the same. A loan has
    /// little else that tells it from others of its institution.
    fn is_other_product(&self) -> bool {
        let are_terms_same = self.numbers.is_some_and(|(share, count)| share >= 0.65 && count > 2);
        self.one_language
            && self.has_two_titles()
            && matches!(self.title_in_text(), 0 | 5 | 7)
            && !are_terms_same
    }

    /// Returns whether one lists several posts and the other is one of them: who applies to it may not want the rest.
    fn is_one_of_several(&self) -> bool {
        let is_list = |list: &Sketch, post: &Sketch| list.posts > 1 && post.posts < 2;
        let covers = self.left.iter().any(Vec::is_empty);
        (is_list(self.a, self.b) || is_list(self.b, self.a))
            && covers
            && matches!(self.title_in_text(), 4 | 6)
    }

    /// Returns whether both name one employer.
    fn knows_employer(&self) -> bool {
        matches!(self.employer, Employers::Same | Employers::Near)
    }

    /// Returns whether one text is the other.
    fn is_whole(&self) -> bool {
        self.title >= 0.99 && self.copy.is_some_and(|share| share >= 0.97)
    }
}
