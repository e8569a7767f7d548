//! The terms of a question.

use std::{collections::HashSet, sync::LazyLock};

use domain::term::{Term, TermKind};

use super::{BY_OCCUPATION, NEEDS, TOPICS, group, near::is_near, signs::Named};
use crate::{
    places::{self, Mentioned},
    text::fold,
    vocabulary,
};

/// What a word counts. Categories say most of what a question is about; words find what no table has.
const WORD: f32 = 0.65;
/// A word of a place: the category of the place counts besides.
const PLACE_WORD: f32 = 0.5;
/// A word of a place outside Cameroon. Most questions name the country that the person came back from.
const ABROAD_WORD: f32 = 0.2;
/// A trade, a product or a purpose.
const TOPIC: f32 = 1.6;
/// A topic of an occupation that a word names if it is misspelt.
const NEAR_TOPIC: f32 = 1.0;
/// A group of occupations around the one that is named.
const GROUP: f32 = 0.5;
/// The sector of what is named.
const SECTOR: f32 = 0.6;
/// The kind that is needed. It must outweigh a likeness in words: who asks for a loan for a sewing machine wants no post as a tailor.
const KIND: f32 = 4.0;
/// The same of jobs, which most rows are, so that the category itself tells little.
const KIND_JOB: f32 = 6.0;
/// A program where a loan is asked for, and the other way round: who starts something is helped by either.
const KIND_BESIDE: f32 = 1.5;
/// The same where no need is named: who names a trade or a place alone mostly looks for work.
const KIND_UNNAMED: f32 = 2.5;
/// A town.
const TOWN: f32 = 0.75;
/// Its region, or one that is named.
const REGION: f32 = 1.0;
/// Any other code.
const OTHER: f32 = 0.3;

/// Longest question that is read, in characters.
const LONGEST: usize = 2_000;

static FILLERS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    let lines = include_str!("fillers.txt").lines().filter(|line| !line.starts_with('#'));
    lines.flat_map(str::split_whitespace).collect()
});

/// Returns the terms of a question in French, English or Pidgin: its words, and the categories that it names.
pub fn asked(question: &str) -> Vec<Term> {
    let question: String = question.chars().take(LONGEST).collect();
    let folded = fold(&question);
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let places = places::mentioned(&words);
    let is_place = |at: usize| places.iter().any(|place| place.at.contains(&at));
    let topics: Vec<Named> =
        TOPICS.read(&words).into_iter().filter(|named| !is_place(named.at.start)).collect();
    let needs: Vec<Named> =
        NEEDS.read(&words).into_iter().filter(|named| !is_place(named.at.start)).collect();
    let needs = certain(needs);
    let mut terms = Terms::default();
    for (at, word) in words.iter().enumerate() {
        let is_need = needs.iter().any(|need| need.at.contains(&at));
        let is_topic = topics.iter().any(|topic| topic.at.contains(&at));
        if FILLERS.contains(word) || word.len() < 2 || (is_need && !is_topic) {
            continue;
        }
        let place = places.iter().find(|place| place.at.contains(&at));
        let weight = place.map_or(WORD, |place| if place.is_abroad { ABROAD_WORD } else { PLACE_WORD });
        terms.put(Term::word(word, weight));
        if place.is_none() && !is_topic {
            terms.misspelt(word);
        }
    }
    for topic in topics {
        terms.category(format!("topic:{}", topic.code), TOPIC);
    }
    terms.needs(&needs);
    terms.work(&folded);
    terms.places(&places);
    terms.0
}

/// Returns the terms by which others are similar to an opportunity: the words of its title, and its categories.
pub fn like(title: &str, categories: &[Term]) -> Vec<Term> {
    let mut terms = Terms::default();
    let folded = fold(title);
    for word in folded.split(' ').filter(|word| word.len() > 1 && !FILLERS.contains(word)) {
        terms.put(Term::word(word, WORD));
    }
    for category in categories {
        let weight = match category.name.split(':').next().unwrap_or_default() {
            // Similar is what is about the same; that it is of the same kind counts as much as that.
            "topic" | "kind" => TOPIC,
            "group" => GROUP,
            "sector" => SECTOR,
            "town" => TOWN,
            "region" => REGION,
            _ => OTHER,
        };
        terms.category(category.name.clone(), weight * category.weight);
    }
    terms.0
}

/// Leaves out weak signs of a need where a strong one stands: who looks for work in a bank wants no loan.
fn certain(mut needs: Vec<Named>) -> Vec<Named> {
    if needs.iter().any(|need| need.code.starts_with("kind:")) {
        needs.retain(|need| !need.code.starts_with("maybe:"));
    }
    needs
}

/// Terms, each once with its greatest weight.
#[derive(Default)]
struct Terms(Vec<Term>);

impl Terms {
    fn put(&mut self, term: Term) {
        match self.0.iter_mut().find(|known| (known.kind, &known.name) == (term.kind, &term.name)) {
            Some(known) => known.weight = known.weight.max(term.weight),
            None => self.0.push(term),
        }
    }

    fn category(&mut self, name: impl Into<String>, weight: f32) {
        self.put(Term { kind: TermKind::Category, name: name.into(), weight });
    }

    /// The needs that are named, and what else serves them.
    fn needs(&mut self, needs: &[Named]) {
        for need in needs {
            let code = need.code.replace("maybe:", "kind:");
            let weight = match code.as_str() {
                "kind:job" => KIND_JOB,
                code if code.starts_with("kind:") => KIND,
                _ => OTHER,
            };
            self.category(code, weight);
        }
        for (one, other) in [("kind:agr", "kind:microfinance"), ("kind:microfinance", "kind:agr")] {
            if needs.iter().any(|need| need.code.replace("maybe:", "kind:") == one) {
                self.category(other, KIND_BESIDE);
            }
        }
        if !self.0.is_empty() && !self.0.iter().any(|term| term.name.starts_with("kind:")) {
            self.put(Term { kind: TermKind::Assumed, name: "kind:job".to_owned(), weight: KIND_UNNAMED });
        }
    }

    /// The occupations and sectors that the vocabularies of rows find.
    fn work(&mut self, folded: &str) {
        for occupation in vocabulary::occupations_in(folded) {
            self.category(format!("group:{}", group(occupation)), GROUP);
            if let Some(sector) = vocabulary::sector_of_occupation(occupation) {
                self.category(format!("sector:{sector}"), SECTOR);
            }
        }
        for sector in vocabulary::sectors_in(folded) {
            self.category(format!("sector:{sector}"), SECTOR);
        }
    }

    /// The occupation whose name a word is, but for one letter.
    fn misspelt(&mut self, word: &str) {
        let Some(occupation) = vocabulary::occupation_like(|name| is_near(word, name)) else { return };
        for topic in BY_OCCUPATION.get(occupation).into_iter().flatten() {
            self.category(format!("topic:{topic}"), NEAR_TOPIC);
        }
        self.category(format!("group:{}", group(occupation)), GROUP);
    }

    fn places(&mut self, places: &[Mentioned]) {
        for place in places {
            if let Some(town) = place.town {
                self.category(format!("town:{town}"), TOWN);
            }
            for region in &place.regions {
                self.category(format!("region:{}", region.code()), REGION);
            }
        }
    }
}
