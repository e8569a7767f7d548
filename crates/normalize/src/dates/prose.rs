//! Days in a line, in digits or with the name of their month, and the time after them.

mod find;
mod last;
mod within;

use chrono::{DateTime, Datelike as _, FixedOffset, Months, NaiveDate, NaiveTime};

use super::{Moment, Role, Said, douala, tokens::Token};
use find::{Mention, Part};
use last::Counted;

pub(super) use find::{Clock, clock};

/// Returns the date that a line names for this role.
pub(super) fn read(tokens: &[Token], today: NaiveDate, role: Role) -> Option<Said> {
    let mentions = find::all(tokens);
    if mentions.is_empty() {
        return None;
    }
    if mentions.iter().all(|mention| mention.part == Part::Zero) {
        return Some(Said::Nothing);
    }
    if let [only] = mentions.as_slice()
        && role.is_last()
        && let Some(day) = day(tokens, &mentions, 0, today, role)
        && let Some(counted) = last::counted(tokens, only, day, role)
    {
        return Some(match counted {
            Counted::Day(day) => Said::Date(Moment::Day(day)),
            Counted::Unclear => Said::Impossible,
        });
    }
    let at = if role.is_last() { last::chosen(tokens, &mentions) } else { chosen(tokens, &mentions, role) };
    let Some(at) = at else { return Some(Said::Another) };
    let mention = mentions.get(at)?;
    let Some(day) = day(tokens, &mentions, at, today, role) else { return Some(Said::Impossible) };
    let until = mentions.get(at + 1).map_or(tokens.len(), |next| next.begin);
    Some(Said::Date(match mention.part {
        Part::Month | Part::MonthEnd | Part::Within(..) => Moment::Day(day),
        _ => with_clock(tokens, mention, until, day),
    }))
}

/// Returns the mention that is the publication or the start: the first one without a label of another role.
fn chosen(tokens: &[Token], mentions: &[Mention], role: Role) -> Option<usize> {
    let label = |at: usize| {
        let begin = at.checked_sub(1).and_then(|before| mentions.get(before)).map_or(0, |before| before.end);
        label(tokens.get(begin..mentions.get(at)?.begin)?)
    };
    (0..mentions.len()).find(|at| label(*at).is_none_or(|found| is_for(found, role)))
}

/// Returns whether a date with this label serves the role. A last day does not serve as a start.
fn is_for(label: Role, asked: Role) -> bool {
    label == asked || (asked == Role::Starts && label == Role::Posted)
}

/// Returns the role that the words before a date name.
fn label(before: &[Token]) -> Option<Role> {
    const POSTED: [&str; 6] = ["publi", "post", "parution", "ligne", "mise", "online"];
    const CLOSES: [&str; 13] = [
        "limite", "deadline", "clotur", "closing", "expir", "jusqu", "delai", "tard", "apply", "postulez",
        "avant", "before", "until",
    ];
    let names = |signs: &[&str]| {
        before.iter().filter_map(Token::word).any(|word| signs.iter().any(|sign| word.starts_with(sign)))
    };
    if names(&CLOSES) {
        Some(Role::Closes)
    } else if names(&POSTED) {
        Some(Role::Posted)
    } else {
        None
    }
}

/// Returns the day of a mention. A missing year comes from the other end of its span, else the nearest year counts.
fn day(tokens: &[Token], mentions: &[Mention], at: usize, today: NaiveDate, role: Role) -> Option<NaiveDate> {
    let mention = mentions.get(at)?;
    if mention.part == Part::Zero {
        return None;
    }
    if mention.year.is_none()
        && let Some(partner) = mentions.get(at + 1).filter(|next| next.year.is_some())
    {
        // "du 28 décembre au 4 janvier 2027" begins in the year before.
        let last = partner.day_in(partner.year?, role)?;
        let same = mention.day_in(last.year(), role)?;
        return if same > last { mention.day_in(last.year() - 1, role) } else { Some(same) };
    }
    if mention.year.is_none()
        && let Some(first) =
            at.checked_sub(1).and_then(|before| mentions.get(before)).filter(|m| m.year.is_some())
    {
        let begin = first.day_in(first.year?, role)?;
        let same = mention.day_in(begin.year(), role)?;
        return if same < begin { mention.day_in(begin.year() + 1, role) } else { Some(same) };
    }
    if let Some(year) = mention.year {
        return mention.day_in(year, role);
    }
    // Neither end has a year: the start is the last such day before the end.
    let end = mentions.get(at + 1).filter(|next| role == Role::Starts && is_span(tokens, mention, next));
    let Some(end) = end else { return nearest(mention, today, role) };
    let last = nearest(end, today, role)?;
    let same = mention.day_in(last.year(), role)?;
    if same > last { mention.day_in(last.year() - 1, role) } else { Some(same) }
}

/// Returns whether nothing but a dash or "au" stands between two days.
fn is_span(tokens: &[Token], from: &Mention, to: &Mention) -> bool {
    let joins = |token: &Token| {
        token.is_mark("-")
            || token.word().is_some_and(|word| {
                matches!(word, "au" | "a" | "to" | "le" | "jusqu" | "until" | "and" | "et")
            })
    };
    tokens.get(from.end..to.begin).is_some_and(|between| between.iter().all(joins))
}

fn nearest(mention: &Mention, today: NaiveDate, role: Role) -> Option<NaiveDate> {
    let years = [today.year() - 1, today.year(), today.year() + 1];
    let days: Vec<NaiveDate> = years.into_iter().filter_map(|year| mention.day_in(year, role)).collect();
    let distance = |day: &NaiveDate| (*day - today).num_days();
    match role {
        Role::Closes | Role::Ends | Role::Starts => days.into_iter().min_by_key(|day| distance(day).abs()),
        // One day in the future is a clock that is fast.
        Role::Posted => days.into_iter().filter(|day| distance(day) <= 1).max(),
    }
}

impl Mention {
    /// Returns its day in that year.
    fn day_in(&self, year: i32, role: Role) -> Option<NaiveDate> {
        let first = NaiveDate::from_ymd_opt(year, self.month, 1)?;
        match self.part {
            Part::Zero => None,
            Part::Day(day) => NaiveDate::from_ymd_opt(year, self.month, day),
            Part::Within(begin, _) if !role.is_last() => first.with_day(begin),
            Part::Within(_, end) if end < 31 => first.with_day(end),
            Part::Month if !role.is_last() => Some(first),
            Part::Month | Part::MonthEnd | Part::Within(..) => {
                first.checked_add_months(Months::new(1))?.pred_opt()
            }
        }
    }
}

/// Returns the day with the time after it.
fn with_clock(tokens: &[Token], mention: &Mention, until: usize, day: NaiveDate) -> Moment {
    let upto = tokens.get(..until).unwrap_or_default();
    let found = mention.clock.or_else(|| (mention.end..until).find_map(|at| clock(upto, at)));
    match found {
        None | Some((Clock::Midnight, _)) => Moment::Day(day),
        Some((Clock::Time(time), zone)) => timed(day, time, zone),
    }
}

fn timed(day: NaiveDate, time: NaiveTime, zone: Option<FixedOffset>) -> Moment {
    let local = day.and_time(time);
    let instant =
        |zone: FixedOffset| -> Option<DateTime<FixedOffset>> { local.and_local_timezone(zone).single() };
    match zone.filter(|zone| *zone != douala()).and_then(instant) {
        Some(at) => Moment::Instant(at),
        None => Moment::Local(local),
    }
}
