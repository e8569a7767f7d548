//! Finds days among the tokens of a line.

use chrono::{FixedOffset, NaiveTime};

use super::{
    super::{douala, tokens::Token},
    within::part_of_month,
};

/// What a mention names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Part {
    /// A day of the month.
    Day(u32),
    /// The month as a whole.
    Month,
    /// The end of a month: "fin mars".
    MonthEnd,
    /// Half or a week of a month, by its first and its last day: "première quinzaine de mars". 31: the end of the month.
    Within(u32, u32),
    /// An empty date: "00/00/0000".
    Zero,
}

/// A day or a month, with its position.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Mention {
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) year: Option<i32>,
    pub(super) month: u32,
    pub(super) part: Part,
    /// The time, if it stands inside the date ("May 12 10:50:20 2026").
    pub(super) clock: Option<(Clock, Option<FixedOffset>)>,
}

/// A time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Clock {
    /// A time.
    Time(NaiveTime),
    /// Midnight. It may be at either end of the day, so only the day counts.
    Midnight,
}

/// Returns all mentions, from the left. "24-30 novembre" has two days.
pub(super) fn all(tokens: &[Token]) -> Vec<Mention> {
    let mut found: Vec<Mention> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let scan = Scan { tokens, at };
        let Some(mention) = scan.mention() else {
            at += 1;
            continue;
        };
        let before = found.last().map_or(0, |last| last.end);
        found.extend(scan.earlier_days(before, &mention));
        at = mention.end;
        found.push(mention);
        let later = Scan { tokens, at: mention.end }.later(&mut found);
        found.extend(later);
        at = at.max(found.last().map_or(at, |last| last.end));
    }
    found
}

/// Where a year of two digits may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Short {
    /// Nowhere.
    None,
    /// Behind "30 novembre".
    Plain,
    /// Behind "30-Nov", which has marks.
    Marked,
}

struct Scan<'t> {
    tokens: &'t [Token],
    at: usize,
}

impl<'t> Scan<'t> {
    fn get(&self, ahead: usize) -> Option<&'t Token> {
        self.tokens.get(self.at + ahead)
    }

    /// Returns how many tokens from `ahead` on are one of these marks or words, which may stand between the parts of a date.
    fn skip(&self, ahead: usize, marks: &str, words: &[&str]) -> usize {
        let rest = self.tokens.get(self.at + ahead..).unwrap_or_default();
        let skipped =
            |token: &&Token| token.is_mark(marks) || token.word().is_some_and(|word| words.contains(&word));
        ahead + rest.iter().take_while(skipped).count()
    }

    fn made(&self, end: usize, year: Option<i32>, month: u32, part: Part) -> Mention {
        Mention { begin: self.at, end: self.at + end, year, month, part, clock: None }
    }

    fn mention(&self) -> Option<Mention> {
        self.year_first()
            .or_else(|| self.in_digits())
            .or_else(|| self.day_month())
            .or_else(|| self.month_day())
            .or_else(|| self.month_alone())
    }

    /// Parses "2026.10.01", "2026 12 05" and "2026-Nov-30". "2027-02" is a month.
    fn year_first(&self) -> Option<Mention> {
        let year = self.get(0)?.year().filter(|year| (0..=9999).contains(year))?;
        let marked = self.get(1)?.is_mark("-/.");
        let at = if marked { 2 } else { 1 };
        let month = self.get(at)?.short().or_else(|| self.get(at)?.month())?;
        let day_at = if self.get(at + 1).is_some_and(|token| token.is_mark("-/.")) { at + 2 } else { at + 1 };
        match self.get(day_at).and_then(Token::short) {
            Some(day) if marked == (day_at == at + 2) => {
                Some(self.made(day_at + 1, Some(year), month, Part::Day(day)))
            }
            _ if marked && month <= 12 => Some(self.made(at + 1, Some(year), month, Part::Month)),
            _ => None,
        }
    }

    /// Parses "01/10/2026", "1.10.26" and "01 12 2026". "10/2026" is a month, "18/11" a day without a year.
    fn in_digits(&self) -> Option<Mention> {
        let first = self.get(0)?.short()?;
        let mark = self.get(1).filter(|token| token.is_mark("/.-"));
        let Some(mark) = mark else {
            let (month, year) = (self.get(1)?.short()?, self.get(2)?.year()?);
            return Some(self.day_of(3, first, month, Some(year)));
        };
        // "Q1/2027" is a quarter.
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at)).and_then(Token::word);
        let is_part = matches!(before, Some("q" | "t" | "s" | "h"));
        let is_whole = self.tokens.len() == 3;
        if let Some(year) =
            self.get(2)?.year().filter(|_| !is_part && (mark.is_mark("/") || (is_whole && mark.is_mark("."))))
        {
            return (1..=12).contains(&first).then(|| self.made(3, Some(year), first, Part::Month));
        }
        let second = self.get(2)?.short()?;
        let third = self.get(4).filter(|_| self.get(3) == Some(mark));
        let year = third.and_then(|token| token.year().or_else(|| token.short().map(of_century)));
        match year {
            Some(year) => Some(self.day_of(5, first, second, Some(year))),
            None if mark.is_mark("/") && third.is_none() => Some(self.day_of(3, first, second, None)),
            None => None,
        }
    }

    /// Returns a date with its day first, as in Cameroon, or with its month first if that is impossible.
    fn day_of(&self, end: usize, first: u32, second: u32, year: Option<i32>) -> Mention {
        if (first, second) == (0, 0) {
            return self.made(end, year, 1, Part::Zero);
        }
        let (day, month) = if second > 12 && first <= 12 { (second, first) } else { (first, second) };
        self.made(end, year, month, Part::Day(day))
    }

    /// Parses a day of the month before its name: "1er", "3rd", "1º", "15", "premier". Returns its number of tokens too.
    fn day_number(&self) -> Option<(u32, usize)> {
        let token = self.get(0)?;
        if token.word() == Some("premier") {
            return Some((1, 1));
        }
        let day = token.short()?;
        let is_ordinal = self.get(1).is_some_and(|token| {
            token.is_mark("°º") || matches!(token.word(), Some("er" | "e" | "o" | "st" | "nd" | "rd" | "th"))
        });
        Some((day, if is_ordinal { 2 } else { 1 }))
    }

    /// Parses "1er octobre 2026", "30-Nov-26", "1st of October" and "30NOV2026".
    fn day_month(&self) -> Option<Mention> {
        let (day, taken) = self.day_number()?;
        let at = self.skip(taken, "-/.", &["de", "of", "d"]);
        let month = self.get(at)?.month()?;
        let is_marked = self.get(taken).is_some_and(|token| token.is_mark("-/."));
        let (year, end) = self.year_behind(at + 1, if is_marked { Short::Marked } else { Short::Plain });
        Some(self.made(end, year, month, Part::Day(day)))
    }

    /// Parses "October 1st, 2026", "Aug, 30" and "May 12 10:50:20 2026". "mar. 3 déc." is a Tuesday.
    fn month_day(&self) -> Option<Mention> {
        let month = self.get(0)?.month()?;
        let at = self.skip(1, ".,", &["the"]);
        let (day, taken) = Scan { tokens: self.tokens, at: self.at + at }.day_number()?;
        let behind = at + taken;
        let has_month =
            || self.get(self.skip(behind, "-/.", &["de"])).is_some_and(|token| token.month().is_some());
        if self.get(0)?.word() == Some("mar") && has_month() {
            return None;
        }
        if self.is_clock(at) {
            return None;
        }
        // In the form of C's asctime, the year follows the time.
        if let Some((time, zone, end)) = clock_at(self.tokens, self.at + behind)
            && let Some(year) = self.tokens.get(end).and_then(Token::year)
        {
            let clock = Some((time, zone));
            return Some(Mention { end: end + 1, clock, ..self.made(0, Some(year), month, Part::Day(day)) });
        }
        let (year, end) = self.year_behind(behind, Short::None);
        Some(self.made(end, year, month, Part::Day(day)))
    }

    /// Parses "mars 2027", "fin novembre" and "décembre" alone. "mi-mars" and "début janvier" are not days.
    fn month_alone(&self) -> Option<Mention> {
        let month = self.get(0)?.month()?;
        let before =
            |back: usize| self.at.checked_sub(back).and_then(|at| self.tokens.get(at)).and_then(Token::word);
        let is_vague =
            [1, 2].into_iter().any(|back| matches!(before(back), Some("mi" | "debut" | "mid" | "early")));
        if is_vague {
            return None;
        }
        let within = match part_of_month(self.tokens.get(..self.at).unwrap_or_default()) {
            Some(within) => Some(within?),
            None => None,
        };
        let is_end = before(1) == Some("fin") || (before(1) == Some("of") && before(2) == Some("end"));
        let (year, end) = self.year_behind(1, Short::None);
        if year.is_none() && !is_end && within.is_none() && self.tokens.len() > 1 && !self.is_of_span(end) {
            return None;
        }
        let whole = if is_end { Part::MonthEnd } else { Part::Month };
        Some(self.made(end, year, month, within.unwrap_or(whole)))
    }

    /// Returns whether a month without a year begins or ends a span: "de janvier à juin 2027", "janvier - 15 juin". `end` is behind it.
    fn is_of_span(&self, end: usize) -> bool {
        const TO: [&str; 7] = ["a", "au", "to", "et", "and", "jusqu", "until"];
        let joins =
            |token: &Token| token.is_mark("-/") || token.word().is_some_and(|word| TO.contains(&word));
        let rest = self.tokens.get(self.at + end..).unwrap_or_default();
        let many = rest.iter().take_while(|token| joins(token)).count();
        let behind = rest.get(many..).unwrap_or_default();
        let behind = if behind.first().is_some_and(|token| token.short().is_some()) {
            behind.get(1..)
        } else {
            Some(behind)
        };
        let follows = behind.and_then(<[Token]>::first).is_some_and(|token| token.month().is_some());
        if many > 0 && follows {
            return true;
        }
        let before = self.tokens.get(..self.at).unwrap_or_default();
        let many = before.iter().rev().take_while(|token| joins(token)).count();
        let last = before.len().checked_sub(many + 1).and_then(|at| before.get(at));
        many > 0 && last.is_some_and(|token| token.month().is_some())
    }

    /// Returns the year after a day and a month, and the end of the date. Two digits count unless they are a time, or a day of the month
    /// that follows them. They must be near the present.
    fn year_behind(&self, ahead: usize, short: Short) -> (Option<i32>, usize) {
        let at = self.skip(ahead, ".,-/", &["de", "del"]);
        let Some(token) = self.get(at) else { return (None, ahead) };
        if let Some(year) = token.year() {
            return (Some(year), at + 1);
        }
        match token.short() {
            Some(two)
                if short != Short::None
                    && (10..60).contains(&two)
                    && matches!(token, Token::Number(_, 2))
                    && !self.is_clock(at)
                    && !self.is_day(at, at > ahead && short == Short::Plain) =>
            {
                (Some(of_century(two)), at + 1)
            }
            _ => (None, ahead),
        }
    }

    /// Returns whether two digits are a day: "5 mars - 15 avril", "11 mars - 30/06". `is_apart`: whether a mark sets them off from the
    /// month, while none stands between the day and the month.
    fn is_day(&self, at: usize, is_apart: bool) -> bool {
        const WITHIN: [&str; 12] = ["er", "e", "st", "nd", "rd", "th", "et", "and", "au", "a", "to", "of"];
        let rest = self.tokens.get(self.at + at + 1..).unwrap_or_default();
        if !is_apart {
            let is_ending = |token: &&Token| {
                token.word().is_some_and(|word| matches!(word, "er" | "e" | "st" | "nd" | "rd" | "th"))
            };
            let next = rest.iter().find(|token| !is_ending(token));
            return next.is_some_and(|token| token.month().is_some());
        }
        let is_within = |token: &&Token| {
            token.is_mark("-,&")
                || token.short().is_some()
                || token.word().is_some_and(|word| WITHIN.contains(&word))
        };
        let next = rest.iter().find(|token| !is_within(token));
        next.is_some_and(|token| token.month().is_some())
            || (rest.first().is_some_and(|token| token.is_mark("/."))
                && rest.get(1).is_some_and(|token| token.short().is_some()))
    }

    /// Returns whether a time begins there.
    fn is_clock(&self, ahead: usize) -> bool {
        clock_at(self.tokens, self.at + ahead).is_some()
    }

    /// Returns the days before a date that take its month, from the left: "24-30 novembre", "du 24 au 30 novembre", "11, 12 et 13
    /// janvier", "21-25/09".
    fn earlier_days(&self, not_before: usize, of: &Mention) -> Vec<Mention> {
        let mut days: Vec<Mention> = Vec::new();
        let mut next = *of;
        while let Some(day) =
            (Scan { tokens: self.tokens, at: next.begin }).earlier(not_before, &next, !days.is_empty())
        {
            days.push(day);
            next = day;
        }
        days.reverse();
        days
    }

    /// Returns the day before a date that takes its month. In a list a comma may stand between them.
    fn earlier(&self, not_before: usize, of: &Mention, is_list: bool) -> Option<Mention> {
        const BETWEEN: [&str; 6] = ["au", "a", "to", "et", "le", "and"];
        let Part::Day(last) = of.part else { return None };
        let mut at = self.at;
        let mut between = 0;
        while at > not_before {
            let token = self.tokens.get(at - 1)?;
            let joins = token.is_mark(if is_list { "-,&" } else { "-&" })
                || token.word().is_some_and(|word| BETWEEN.contains(&word));
            if !joins {
                break;
            }
            between += 1;
            at -= 1;
        }
        let mut begin = at.checked_sub(1)?;
        if self.tokens.get(begin)?.word() == Some("er") {
            begin = begin.checked_sub(1)?;
        }
        let day = self.tokens.get(begin).filter(|_| between > 0 && begin >= not_before)?.short()?;
        (1..last).contains(&day).then_some(Mention { begin, end: at, part: Part::Day(day), ..*of })
    }

    /// Returns the end of a span whose month stands at its start: "November 24-30, 2026". The start takes its year.
    fn later(&self, found: &mut [Mention]) -> Option<Mention> {
        let first = found.last_mut()?;
        let Part::Day(begin) = first.part else { return None };
        if first.year.is_some() || !self.get(0)?.is_mark("-") {
            return None;
        }
        let day = self.get(1)?.short().filter(|day| *day > begin)?;
        let (year, end) = self.year_behind(2, Short::None);
        year?;
        first.year = year;
        Some(Mention { begin: self.at, end: self.at + end, part: Part::Day(day), year, ..*first })
    }
}

/// Returns the full year of two digits: "26" is 2026.
fn of_century(two: u32) -> i32 {
    2_000 + i32::try_from(two).unwrap_or(0)
}

/// Returns the time at `at`, and its zone.
pub(in super::super) fn clock(tokens: &[Token], at: usize) -> Option<(Clock, Option<FixedOffset>)> {
    clock_at(tokens, at).map(|(clock, zone, _)| (clock, zone))
}

/// Parses "12h00", "8 h", "8 heures 45", "10:50:20", "5pm", "3:30 p.m." and "midi". Returns the zone and the end of both too.
fn clock_at(tokens: &[Token], at: usize) -> Option<(Clock, Option<FixedOffset>, usize)> {
    let word = |at: usize| tokens.get(at).and_then(Token::word);
    match word(at) {
        Some("midi" | "noon") => {
            return Some((Clock::Time(NaiveTime::from_hms_opt(12, 0, 0)?), None, at + 1));
        }
        Some("minuit" | "midnight") => return Some((Clock::Midnight, None, at + 1)),
        _ => (),
    }
    let mut hour = tokens.get(at)?.short().filter(|hour| *hour <= 24)?;
    let marked = tokens.get(at + 1)?.is_mark(":");
    let (mut minute, mut second, mut end) = (0, 0, at + 1);
    let sixty = |at: usize| tokens.get(at).and_then(Token::short).filter(|part| *part < 60);
    if marked {
        (minute, end) = (sixty(at + 2)?, at + 3);
        if tokens.get(end).is_some_and(|token| token.is_mark(":")) {
            (second, end) = (sixty(end + 1)?, end + 2);
        }
        if tokens.get(end).is_some_and(|token| token.is_mark("."))
            && matches!(tokens.get(end + 1), Some(Token::Number(..)))
        {
            end += 2;
        }
    } else if matches!(word(at + 1), Some("h" | "heure" | "heures" | "hrs")) {
        end = at + 2;
        if let Some(found) = sixty(end) {
            (minute, end) = (found, end + 1);
        }
    } else {
        half(tokens, at + 1)?;
    }
    if let Some((is_afternoon, after)) = half(tokens, end) {
        hour = hour % 12 + if is_afternoon { 12 } else { 0 };
        end = after;
    }
    if (hour, minute) == (24, 0) || ((hour, minute, second) == (0, 0, 0) && !marked) {
        return Some((Clock::Midnight, None, end));
    }
    let (zone, end) = zone(tokens, end);
    Some((Clock::Time(NaiveTime::from_hms_opt(hour, minute, second)?), zone, end))
}

/// Parses "am", "PM" and "p.m.". Returns whether it is the afternoon, and the end.
fn half(tokens: &[Token], at: usize) -> Option<(bool, usize)> {
    let word = |at: usize| tokens.get(at).and_then(Token::word);
    match word(at)? {
        "am" => Some((false, at + 1)),
        "pm" => Some((true, at + 1)),
        half @ ("a" | "p") if tokens.get(at + 1)?.is_mark(".") && word(at + 2) == Some("m") => {
            Some((half == "p", at + 3))
        }
        _ => None,
    }
}

/// Parses "UTC", "GMT+1", "WAT" and "+0100".
fn zone(tokens: &[Token], at: usize) -> (Option<FixedOffset>, usize) {
    let word = tokens.get(at).and_then(Token::word);
    if word == Some("wat") {
        return (Some(douala()), at + 1);
    }
    let is_named = matches!(word, Some("utc" | "gmt" | "z"));
    let sign_at = if is_named { at + 1 } else { at };
    let sign = match tokens.get(sign_at) {
        Some(Token::Mark('+')) => 1,
        Some(Token::Mark('-')) => -1,
        _ => 0,
    };
    if let (true, Some(Token::Number(value, digits))) = (sign != 0, tokens.get(sign_at + 1))
        && (*digits == 4 || is_named)
    {
        let value = i32::try_from(*value).unwrap_or(0);
        let seconds = if *digits == 4 { value / 100 * 3_600 + value % 100 * 60 } else { value * 3_600 };
        return (FixedOffset::east_opt(sign * seconds), sign_at + 2);
    }
    if is_named { (FixedOffset::east_opt(0), at + 1) } else { (None, at) }
}
