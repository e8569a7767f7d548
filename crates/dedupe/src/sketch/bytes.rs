//! Sketches as bytes, as they are stored.

use domain::Kind;

use super::{Code, CodeKind, Sketch, Text, hash::Sample};

/// The first byte. Raise it with every change of what a sketch holds or how it is made: stored sketches of another version are made again.
const VERSION: u8 = 3;

impl Sketch {
    /// The version of the rules that make sketches and keys.
    pub const VERSION: u8 = VERSION;

    /// Returns the sketch as bytes, about 1 kB.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out(Vec::with_capacity(1024));
        out.0.push(VERSION);
        out.word(&self.source);
        out.word(self.kind.as_str());
        out.words(&self.title);
        out.words(&self.parts);
        out.0.extend([self.posts, self.ranks, self.text_ranks]);
        out.0.extend(self.months.to_le_bytes());
        for words in [&self.employer, &self.employer_words, &self.client, &self.towns, &self.regions] {
            out.words(words);
        }
        out.0.push(
            u8::from(self.is_agency) | u8::from(self.is_prolonged) << 1 | u8::from(self.is_english) << 2,
        );
        for day in [self.posted, self.closes, self.starts] {
            out.number(day.map(i64::from));
        }
        let amount = self.amount;
        out.number(amount.map(|(min, _, _)| min));
        out.number(amount.map(|(_, max, _)| max));
        out.number(amount.map(|(_, _, period)| i64::from(period)));
        out.number(self.education.map(i64::from));
        out.number(self.experience.map(i64::from));
        out.number(self.occupation.map(i64::from));
        out.number(self.seats.map(i64::from));
        out.0.extend([self.contracts, self.times]);
        out.list(&self.phones);
        out.list(&self.mails);
        out.length(self.codes.len());
        for code in &self.codes {
            out.0.extend(code.hash.to_le_bytes());
            out.0.extend(code.issuer.to_le_bytes());
            out.0.push(match code.kind {
                CodeKind::Labelled => 0,
                CodeKind::Digits => 1,
                CodeKind::Portal => 2,
                CodeKind::Bare => 3,
            });
        }
        for sample in
            [&self.text.shingles, &self.text.words, &self.text.subjects, &self.text.names, &self.text.numbers]
        {
            out.0.push(sample.halvings);
            out.list(&sample.hashes);
        }
        out.list(&self.text.days);
        out.0
    }

    /// Returns the sketch of these bytes; `None` for those of another version, or of none.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let mut from = In(bytes);
        if from.byte()? != VERSION {
            return None;
        }
        let (source, kind): (String, Kind) = (from.word()?, from.word()?.parse().ok()?);
        let (title, parts, posts) = (from.words()?, from.words()?, from.byte()?);
        let (ranks, text_ranks) = (from.byte()?, from.byte()?);
        let months = u16::from_le_bytes(from.take()?);
        let (employer, employer_words, client) = (from.words()?, from.words()?, from.words()?);
        let (towns, regions, flags) = (from.words()?, from.words()?, from.byte()?);
        let (posted, closes, starts) = (from.number()?, from.number()?, from.number()?);
        let (min, max, period) = (from.number()?, from.number()?, from.number()?);
        let amount = min.zip(max).zip(period).map(|((min, max), period)| Some((min, max, narrow(period)?)));
        Some(Self {
            source,
            kind,
            title,
            parts,
            posts,
            ranks,
            text_ranks,
            months,
            employer,
            employer_words,
            is_agency: flags & 1 != 0,
            client,
            towns,
            regions,
            posted: posted.and_then(narrow),
            closes: closes.and_then(narrow),
            starts: starts.and_then(narrow),
            is_prolonged: flags & 2 != 0,
            amount: amount.flatten(),
            education: from.number()?.and_then(narrow),
            experience: from.number()?.and_then(narrow),
            occupation: from.number()?.and_then(narrow),
            seats: from.number()?.and_then(narrow),
            contracts: from.byte()?,
            times: from.byte()?,
            phones: from.list()?,
            mails: from.list()?,
            codes: from.codes()?,
            is_english: flags & 4 != 0,
            text: Text {
                shingles: from.sample()?,
                words: from.sample()?,
                subjects: from.sample()?,
                names: from.sample()?,
                numbers: from.sample()?,
                days: from.list()?,
            },
        })
    }
}

fn narrow<T: TryFrom<i64>>(number: i64) -> Option<T> {
    number.try_into().ok()
}

struct Out(Vec<u8>);

impl Out {
    /// Lengths fit in 16 bits: titles, names and samples are all shorter.
    fn length(&mut self, length: usize) {
        self.0.extend(u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    }

    fn word(&mut self, word: &str) {
        let bytes = word.as_bytes();
        let bytes = bytes.get(..bytes.len().min(usize::from(u16::MAX))).unwrap_or_default();
        self.length(bytes.len());
        self.0.extend(bytes);
    }

    fn words(&mut self, words: &[String]) {
        let words = words.get(..words.len().min(usize::from(u16::MAX))).unwrap_or_default();
        self.length(words.len());
        for word in words {
            self.word(word);
        }
    }

    fn number(&mut self, number: Option<i64>) {
        self.0.push(u8::from(number.is_some()));
        if let Some(number) = number {
            self.0.extend(number.to_le_bytes());
        }
    }

    fn list(&mut self, list: &[u32]) {
        let list = list.get(..list.len().min(usize::from(u16::MAX))).unwrap_or_default();
        self.length(list.len());
        for value in list {
            self.0.extend(value.to_le_bytes());
        }
    }
}

struct In<'a>(&'a [u8]);

impl In<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn length(&mut self) -> Option<usize> {
        Some(usize::from(u16::from_le_bytes(self.take()?)))
    }

    fn word(&mut self) -> Option<String> {
        let length = self.length()?;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(std::str::from_utf8(taken).ok()?.to_owned())
    }

    fn words(&mut self) -> Option<Vec<String>> {
        (0..self.length()?).map(|_| self.word()).collect()
    }

    #[expect(clippy::option_option, reason = "the outer one is the end of the bytes")]
    fn number(&mut self) -> Option<Option<i64>> {
        if self.byte()? == 0 {
            return Some(None);
        }
        self.take().map(i64::from_le_bytes).map(Some)
    }

    fn list(&mut self) -> Option<Vec<u32>> {
        let length = self.length()? * 4;
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        taken.chunks_exact(4).map(|four| four.try_into().ok().map(u32::from_le_bytes)).collect()
    }

    fn sample(&mut self) -> Option<Sample> {
        let halvings = self.byte().filter(|halvings| *halvings < 32)?;
        Some(Sample { hashes: self.list()?, halvings })
    }

    fn codes(&mut self) -> Option<Vec<Code>> {
        (0..self.length()?)
            .map(|_| {
                let (hash, issuer) = (u32::from_le_bytes(self.take()?), u32::from_le_bytes(self.take()?));
                let kind = match self.byte()? {
                    0 => CodeKind::Labelled,
                    1 => CodeKind::Digits,
                    2 => CodeKind::Portal,
                    3 => CodeKind::Bare,
                    _ => return None,
                };
                Some(Code { hash, issuer, kind })
            })
            .collect()
    }
}
