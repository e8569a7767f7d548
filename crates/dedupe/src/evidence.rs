//! What each part of two opportunities says on whether they are one, as a level of a fixed list.
//!
//! The weights of the levels are in `weights.tsv`. A level without a line there weighs nothing.

use crate::{
    Sketch,
    alike::{Employers, employers, missing_of},
    dates, part,
    sketch::{
        CodeKind, SHIFTS,
        hash::{hash, shared, short},
        subjects::subject,
        words::hash_in_text,
    },
};

/// Levels of one piece of evidence.
pub(crate) type Level = u8;

macro_rules! evidence {
    ($($(#[$doc:meta])* $variant:ident = $name:literal [$($level:literal),+];)*) => {
        /// A piece of evidence.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(crate) enum Evidence { $($(#[$doc])* $variant,)* }

        /// Names of the evidence and its levels, in the order of [`Evidence`].
        pub(crate) const EVIDENCE: &[(&str, &[&str])] = &[$(($name, &[$($level),+]),)*];

        /// Number of pieces of evidence.
        pub(crate) const COUNT: usize = EVIDENCE.len();
    };
}

evidence! {
    /// Words of the titles.
    Title = "title" ["same", "longer", "most words", "some words", "few words", "other", "in another language"];
    /// Whether the words of each title stand in the other's title or text, and if not, whether they stand in its own text: then the texts name
    /// two posts.
    TitleInText = "title in the text" ["unknown", "both", "one", "neither", "one in its own", "both in their own", "one in its own, other words", "both in their own, other words"];
    /// One text with another title: a template of one employer, or one post under two titles that the texts do not repeat.
    Template = "template" ["no", "another title", "another name for it"];
    /// Two titles of one source.
    Titles = "titles of one source" ["no", "two"];
    /// Ranks of the titles: "senior", "chef".
    Rank = "rank" ["unknown", "same", "in the text", "other"];
    /// ISCO-08 unit groups.
    Occupation = "occupation" ["unknown", "same", "near", "other"];
    /// Names of the employers.
    Employer = "employer" ["unknown", "same", "near", "named in the text", "through an agency", "other", "known by a contact"];
    /// Clients of agencies.
    Client = "client" ["unknown", "same", "other"];
    /// Places.
    Place = "place" ["unknown", "same town", "same region", "town in the text"];
    /// Contracts.
    Contract = "contract" ["unknown", "same", "other"];
    /// Working times.
    Time = "working time" ["unknown", "same", "other"];
    /// Levels of education.
    Level = "level" ["unknown", "same", "next", "other"];
    /// Months of experience.
    Experience = "experience" ["unknown", "same", "near", "other"];
    /// Closing days.
    Closes = "closing day" ["unknown", "same", "same week", "prolonged", "other"];
    /// Days of publication.
    Posted = "publication" ["unknown", "same days", "same weeks", "same months", "other"];
    /// First days.
    Starts = "first day" ["unknown", "same", "other"];
    /// Amounts.
    Amount = "amount" ["unknown", "same", "overlapping", "other", "in the text"];
    /// Reference codes.
    Code = "code" ["unknown", "same", "other"];
    /// Phone numbers.
    Phone = "phone" ["unknown", "same", "other"];
    /// Addresses of e-mail.
    Mail = "e-mail" ["unknown", "same", "other"];
    /// Runs of three words.
    Copy = "text" ["unknown", "whole", "most", "half", "parts", "little", "other"];
    /// Words of content.
    Words = "words" ["unknown", "nearly all", "most", "half", "third", "few"];
    /// Words that each of two texts from one hand has in the place of others: one template, two posts.
    Swapped = "words swapped" ["unknown", "none", "few", "some", "many"];
    /// What the texts are about, in either language.
    Subjects = "subjects" ["unknown", "nearly all", "most", "half", "few"];
    /// Numbers in the texts.
    Numbers = "numbers" ["unknown", "all of many", "all", "most", "some", "few"];
    /// How many are taken.
    Seats = "seats" ["unknown", "same", "other"];
    /// Names in the texts.
    Names = "names" ["unknown", "most of many", "most", "some", "few"];
    /// Days named in the texts.
    Days = "days in the text" ["unknown", "same", "some", "other"];
    /// Sources.
    Source = "source" ["other", "same"];
    /// Languages.
    Language = "language" ["same", "other"];
}

/// What is measured of two sketches before it becomes levels and contradictions.
pub(crate) struct Pair<'a> {
    pub(crate) a: &'a Sketch,
    pub(crate) b: &'a Sketch,
    /// Words of each title that the other one lacks.
    pub(crate) left: [Vec<String>; 2],
    /// Share of the words of both titles that stand in both.
    pub(crate) title: f64,
    pub(crate) employer: Employers,
    /// Share of the shorter text's runs of words that the other has; `None` if a text is too short.
    pub(crate) copy: Option<f64>,
    pub(crate) words: Option<f64>,
    /// Share of numbers that both name, and how many the one with fewer names.
    pub(crate) numbers: Option<(f64, usize)>,
    pub(crate) codes: Option<bool>,
    pub(crate) phones: Option<bool>,
    pub(crate) mails: Option<bool>,
    pub(crate) client: Option<f64>,
    /// Whether the texts are in one language.
    pub(crate) one_language: bool,
}

impl<'a> Pair<'a> {
    pub(crate) fn of(a: &'a Sketch, b: &'a Sketch) -> Self {
        let left = [missing_of(a, b), missing_of(b, a)];
        let words = (a.title.len() + b.title.len()).max(1);
        #[allow(clippy::cast_precision_loss, reason = "a title has few words")]
        let title = 1.0 - (left[0].len() + left[1].len()) as f64 / words as f64;
        let is_empty = a.title.is_empty() || b.title.is_empty();
        let one_language = a.is_english == b.is_english || is_in_one_language(a, b);
        Self {
            title: if is_empty { 0.0 } else { title },
            left,
            employer: employers(a, b),
            copy: one_language.then(|| a.text.shingles.containment(&b.text.shingles, 6)).flatten(),
            words: one_language.then(|| a.text.words.containment(&b.text.words, 6)).flatten(),
            numbers: a.text.numbers.counted(&b.text.numbers, 2),
            codes: codes(a, b),
            phones: part::agree(&a.phones, &b.phones),
            mails: part::agree(&a.mails, &b.mails),
            client: part::clients(&a.client, &b.client),
            one_language,
            a,
            b,
        }
    }

    /// Returns for each title the words that stand neither in the other's title nor in its text, and how many of them stand in its own;
    /// `None` if a text is too short.
    fn absent(&self) -> Option<[(usize, usize); 2]> {
        if self.a.text.words.hashes.len() < 4 || self.b.text.words.hashes.len() < 4 {
            return None;
        }
        let has = |word: &str, sketch: &Sketch| match subject(word) {
            Some(subject) if sketch.text.subjects.has(subject) != Some(false) => true,
            // A word without a subject may be any word of another language.
            None if !self.one_language => true,
            _ => sketch.text.words.has(hash_in_text(word)) != Some(false),
        };
        let count = |left: &[String], own: &Sketch, other: &Sketch| {
            let absent = left.iter().filter(|word| word.len() > 3 && !has(word, other));
            let (mut all, mut in_own) = (0, 0);
            for word in absent {
                all += 1;
                in_own += usize::from(has(word, own));
            }
            (all, in_own)
        };
        Some([count(&self.left[0], self.a, self.b), count(&self.left[1], self.b, self.a)])
    }

    /// Returns whether each title has a word that the other lacks.
    pub(crate) fn has_two_titles(&self) -> bool {
        self.left.iter().all(|words| !words.is_empty())
    }

    /// Returns whether both titles name one occupation: one may be a translation of the other.
    fn is_one_trade(&self) -> bool {
        self.title < 0.4 && self.a.occupation.is_some() && self.a.occupation == self.b.occupation
    }

    /// Returns the days that both texts name besides those on which they were published and close.
    pub(crate) fn days(&self) -> Level {
        // A post that is prolonged moves its days.
        let moves = self.a.is_prolonged || self.b.is_prolonged;
        let known: Vec<u32> = [self.a.closes, self.b.closes, self.a.posted, self.b.posted]
            .into_iter()
            .flatten()
            .filter_map(dates::month_and_day)
            .collect();
        let of = |sketch: &Sketch| -> Vec<u32> {
            sketch.text.days.iter().copied().filter(|day| !known.contains(day)).collect()
        };
        match part::days(&of(self.a), &of(self.b)) {
            3 if moves => 0,
            level => level,
        }
    }

    /// Returns whether the rank that one title names stands beside a word of it in the other's text.
    pub(crate) fn rank(&self) -> Level {
        let (a, b) = (self.a, self.b);
        let missing = a.ranks ^ b.ranks;
        if a.ranks | b.ranks == 0 {
            0
        } else if missing == 0 {
            1
        } else if missing & b.ranks & !a.text_ranks == 0 && missing & a.ranks & !b.text_ranks == 0 {
            2
        } else {
            3
        }
    }

    /// Returns whether a contact or a code says that both go to one address.
    pub(crate) fn has_anchor(&self) -> bool {
        [self.codes, self.phones, self.mails].contains(&Some(true))
    }

    /// Returns whether one text is the other, but for a few words.
    pub(crate) fn is_copy(&self) -> bool {
        self.copy.is_some_and(|share| share >= 0.85)
    }

    /// Returns the level of each piece of evidence.
    pub(crate) fn levels(&self) -> [Level; COUNT] {
        let mut levels = [0; COUNT];
        let all = [
            (Evidence::Title, self.title_level()),
            (Evidence::TitleInText, self.title_in_text()),
            (Evidence::Template, self.template()),
            (
                Evidence::Titles,
                u8::from(
                    self.a.source == self.b.source
                        && self.one_language
                        && self.has_two_titles()
                        && !self.is_prolonged(),
                ),
            ),
            (Evidence::Rank, self.rank()),
            (Evidence::Occupation, part::occupations(self.a.occupation, self.b.occupation)),
            (
                Evidence::Employer,
                // "Palmeraies du Sud-Ouest" and "South West Palm Estates"
                match self.employer {
                    Employers::Other if !self.one_language => 0,
                    Employers::Unknown if self.phones == Some(true) || self.mails == Some(true) => 6,
                    employer => employer.level(),
                },
            ),
            (Evidence::Client, self.client.map_or(0, |share| if share >= 0.4 { 1 } else { 2 })),
            (Evidence::Place, self.place()),
            (Evidence::Contract, part::overlapping(self.a.contracts, self.b.contracts)),
            (Evidence::Time, part::overlapping(self.a.times & !SHIFTS, self.b.times & !SHIFTS)),
            (
                Evidence::Level,
                part::steps(self.a.education.map(u16::from), self.b.education.map(u16::from), 0, 1),
            ),
            (Evidence::Experience, part::steps(self.a.experience, self.b.experience, 3, 12)),
            (Evidence::Closes, dates::closes(self.a, self.b)),
            (Evidence::Posted, dates::posted(self.a, self.b)),
            (Evidence::Starts, dates::starts(self.a, self.b)),
            (Evidence::Amount, self.amounts()),
            (Evidence::Code, part::of_bool(self.codes)),
            (Evidence::Phone, part::of_bool(self.phones)),
            (Evidence::Mail, part::of_bool(self.mails)),
            (Evidence::Copy, part::share(self.copy, &[0.9, 0.7, 0.45, 0.2, 0.06])),
            (Evidence::Words, part::share(self.words, &[0.85, 0.65, 0.45, 0.3])),
            (Evidence::Swapped, self.swapped()),
            (
                Evidence::Subjects,
                part::share(self.a.text.subjects.containment(&self.b.text.subjects, 4), &[0.8, 0.6, 0.4]),
            ),
            (Evidence::Numbers, part::counted(self.numbers, &[0.9, 0.65, 0.3])),
            (Evidence::Seats, part::of_bool(self.a.seats.zip(self.b.seats).map(|(a, b)| a == b))),
            (Evidence::Names, part::counted(self.a.text.names.counted(&self.b.text.names, 2), &[0.6, 0.3])),
            (Evidence::Days, self.days()),
            (Evidence::Source, u8::from(self.a.source == self.b.source)),
            (Evidence::Language, u8::from(self.a.is_english != self.b.is_english)),
        ];
        for (evidence, level) in all {
            if let Some(slot) = levels.get_mut(evidence as usize) {
                *slot = level;
            }
        }
        levels
    }

    /// Returns the level of the amounts. An amount that the other's text names, such as that before taxes, is the same.
    pub(crate) fn amounts(&self) -> Level {
        let level = part::amounts(self.a.amount, self.b.amount);
        let names = |sketch: &Sketch, other: &Sketch| {
            let numbers = sketch.amount.map(|(min, max, _)| [min, max]).unwrap_or_default();
            numbers.iter().any(|number| {
                let hash = crate::sketch::number(u64::try_from(number / 100).unwrap_or_default());
                *number > 0 && other.text.numbers.hashes.binary_search(&hash).is_ok()
            })
        };
        let is_named = names(self.a, self.b) || names(self.b, self.a);
        match level {
            3 if is_named || self.a.is_prolonged || self.b.is_prolonged => 2,
            0 if is_named => 4,
            level => level,
        }
    }

    /// Returns whether one says that it prolongs or corrects the other: then its title is of its own.
    fn is_prolonged(&self) -> bool {
        self.a.is_prolonged != self.b.is_prolonged
    }

    /// Returns the level of the places. A region is that of a town which the text beside it names.
    fn place(&self) -> Level {
        let names = |row: &Sketch, other: &Sketch| {
            row.towns.is_empty()
                && other.towns.iter().any(|town| {
                    town.split(' ').filter(|part| part.len() > 2).all(|part| {
                        let part = crate::sketch::words::stem(part);
                        row.title.contains(&part)
                            || row.text.words.has(hash_in_text(&part)) == Some(true)
                            || row.text.names.hashes.binary_search(&short(hash(&part))).is_ok()
                    })
                })
        };
        match self.a.place_of(self.b) {
            Some((_, true)) => 1,
            _ if names(self.a, self.b) || names(self.b, self.a) => 3,
            Some(_) => 2,
            None => 0,
        }
    }

    /// Returns the level of the words of each title that the other row lacks. Where texts share few words anyway, it says less.
    pub(crate) fn title_in_text(&self) -> Level {
        let is_rewritten = self.copy.is_some_and(|share| share < 0.2);
        match self.words_of_titles() {
            level @ (4 | 5) if is_rewritten => level + 2,
            level => level,
        }
    }

    fn words_of_titles(&self) -> Level {
        self.absent().map_or(0, |absent| match absent {
            [(_, own), (_, other)] if own > 0 && other > 0 => 5,
            [(_, own), (_, other)] if own > 0 || other > 0 => 4,
            [(0, _), (0, _)] => 1,
            [(0, _), _] | [_, (0, _)] => 2,
            _ => 3,
        })
    }

    /// Returns the level of the words that each of two texts has in the place of the other's. What one of them leaves out or adds does not count.
    pub(crate) fn swapped(&self) -> Level {
        if self.copy.is_none_or(|share| share < 0.45) {
            return 0;
        }
        let alone = self.a.text.words.alone(&self.b.text.words, 6);
        let few = self.a.text.words.hashes.len().min(self.b.text.words.hashes.len());
        #[allow(clippy::cast_precision_loss, reason = "a sample has few words")]
        let is_one = |share: f64| share * (few as f64) < 1.5;
        alone.map_or(0, |[a, b]| match a.min(b) {
            share if share < 0.02 => 1,
            share if share < 0.07 || is_one(share) => 2,
            share if share < 0.14 => 3,
            _ => 4,
        })
    }

    /// Returns the level of a text that comes again under another title.
    fn template(&self) -> Level {
        let is_text = self.copy.is_some_and(|share| share >= 0.4);
        if !is_text
            || self.is_prolonged()
            || !self.has_two_titles()
            || self.title >= 0.8
            || self.is_one_trade()
        {
            return 0;
        }
        let is_own = self.absent().is_none_or(|sides| sides.iter().any(|(_, own)| *own > 0));
        if is_own { 1 } else { 2 }
    }

    fn title_level(&self) -> Level {
        if !self.one_language && self.title < 0.4 {
            return 6;
        }
        let covers = self.left.iter().any(Vec::is_empty) && self.title > 0.0;
        match self.title {
            share if share >= 0.99 => 0,
            share if covers && share >= 0.5 => 1,
            share if share >= 0.66 => 2,
            share if share >= 0.4 => 3,
            share if share > 0.0 => 4,
            _ => 5,
        }
    }
}

/// Returns whether a row without a text is in the language of the other: most of its title stands word for word in the other title.
fn is_in_one_language(a: &Sketch, b: &Sketch) -> bool {
    let has_no_text = a.text.words.hashes.is_empty() || b.text.words.hashes.is_empty();
    let shared = a.title.iter().filter(|word| b.title.contains(word)).count();
    has_no_text && shared > 1 && shared * 2 >= a.title.len().max(b.title.len())
}

/// Returns whether the reference codes agree; `None` if one has none, or if other issuers gave them.
fn codes(a: &Sketch, b: &Sketch) -> Option<bool> {
    let of = |sketch: &Sketch| {
        let mut codes: Vec<u32> = sketch.codes.iter().map(|code| code.hash).collect();
        codes.sort_unstable();
        codes
    };
    if shared(&of(a), &of(b)) > 0 {
        return Some(true);
    }
    let one_source = a.source == b.source;
    let one_issuer = a.employer == b.employer && !a.employer.is_empty() || one_source;
    let contradicts = a.codes.iter().any(|one| {
        b.codes.iter().any(|other| {
            one.issuer == other.issuer
                && match (one.kind, other.kind) {
                    (CodeKind::Labelled, CodeKind::Bare)
                    | (CodeKind::Bare, CodeKind::Labelled)
                    | (CodeKind::Digits, CodeKind::Digits) => one_issuer,
                    // Its own number, or that of the house it belongs to.
                    (CodeKind::Portal, CodeKind::Portal) => one_source,
                    (CodeKind::Labelled, CodeKind::Labelled | CodeKind::Portal)
                    | (CodeKind::Portal, CodeKind::Labelled) => true,
                    _ => false,
                }
        })
    });
    contradicts.then_some(false)
}
