//! One field of a cron line, by the rules of crontab(5).

use std::{collections::BTreeSet, ops::RangeInclusive};

use crate::error::BadField;

/// One of the five fields: what it may contain.
pub(crate) struct Field {
    /// Its name in messages.
    pub(crate) name: &'static str,
    /// The numbers it may hold.
    range: RangeInclusive<u32>,
    /// Names for its numbers, from the lowest number on; case does not matter.
    words: &'static [&'static str],
}

/// The five fields, in their order.
pub(crate) const FIELDS: [Field; 5] = [
    Field { name: "minute", range: 0..=59, words: &[] },
    Field { name: "hour", range: 0..=23, words: &[] },
    Field { name: "day of month", range: 1..=31, words: &[] },
    Field { name: "month", range: 1..=12, words: &MONTHS },
    // 7 is Sunday too, so that a week is 1-7 as well as 0-6.
    Field { name: "day of week", range: 0..=7, words: &DAYS },
];

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

impl Field {
    /// Returns the numbers that `text` stands for: a list of `*`, `7`, `1-5`, `*/2` and `10-20/5`.
    pub(crate) fn read(&self, text: &str) -> Result<BTreeSet<u32>, BadField> {
        let mut numbers = BTreeSet::new();
        for item in text.split(',') {
            numbers.extend(self.item(item)?);
        }
        Ok(numbers)
    }

    /// Returns the numbers of one item of the list.
    fn item(&self, item: &str) -> Result<Vec<u32>, BadField> {
        let (range, step) = match item.split_once('/') {
            None => (item, 1),
            Some((range, step)) => (range, self.step(range, step)?),
        };
        let numbers = match range.split_once('-') {
            _ if range == "*" => self.range.clone(),
            None => self.number(range).map(|only| only..=only)?,
            Some((first, last)) => self.number(first)?..=self.number(last)?,
        };
        if numbers.is_empty() {
            return Err(BadField::Backwards(range.to_owned()));
        }
        Ok(numbers.step_by(step).collect())
    }

    /// Returns the step of `range/step`. A step needs a range; one that is larger than the range is a mistake.
    fn step(&self, range: &str, step: &str) -> Result<usize, BadField> {
        if range != "*" && !range.contains('-') {
            return Err(BadField::LoneStep {
                start: range.to_owned(),
                last: self.last(),
                step: step.to_owned(),
            });
        }
        let known = step.parse().ok().filter(|step| (1..=self.last()).contains(step));
        let known = known.and_then(|step| usize::try_from(step).ok());
        known.ok_or_else(|| BadField::Step { step: step.to_owned(), last: self.last() })
    }

    /// Parses a number or a name for one.
    fn number(&self, word: &str) -> Result<u32, BadField> {
        let named =
            self.words.iter().zip(self.range.clone()).find(|(name, _)| name.eq_ignore_ascii_case(word));
        // Digits only: `parse` would also take "+5".
        let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
        let number = match named {
            Some((_, number)) => Some(number),
            None if digits => Some(word.parse().unwrap_or(u32::MAX)),
            None => None,
        };
        let number = number.ok_or_else(|| BadField::Word(word.to_owned()))?;
        if self.range.contains(&number) {
            return Ok(number);
        }
        Err(BadField::Outside { number: word.to_owned(), first: *self.range.start(), last: self.last() })
    }

    fn last(&self) -> u32 {
        *self.range.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: usize, text: &str) -> Result<Vec<u32>, String> {
        FIELDS[field].read(text).map(|set| set.into_iter().collect()).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_lists_ranges_steps_and_words() {
        assert_eq!(read(0, "5,1,5"), Ok(vec![1, 5]));
        assert_eq!(read(0, "10-20/5,59"), Ok(vec![10, 15, 20, 59]));
        assert_eq!(read(1, "*/7"), Ok(vec![0, 7, 14, 21]));
        assert_eq!(read(3, "Feb-apr,DEC"), Ok(vec![2, 3, 4, 12]));
        assert_eq!(read(4, "mon-fri"), Ok(vec![1, 2, 3, 4, 5]));
        assert_eq!(read(4, "5-7"), Ok(vec![5, 6, 7]));
        assert_eq!(read(2, "*").map(|days| days.len()), Ok(31));
    }

    #[test]
    fn refuses_with_the_reason() {
        let refused = [
            (0, "60", "60 is outside 0-59"),
            (1, "24", "24 is outside 0-23"),
            (2, "0", "0 is outside 1-31"),
            (4, "8", "8 is outside 0-7"),
            (0, "99999999999", "99999999999 is outside 0-59"),
            (3, "june", "\"june\" is neither a number, a three-letter name nor `*`"),
            (0, "", "\"\" is neither a number, a three-letter name nor `*`"),
            (0, "1,,2", "\"\" is neither a number, a three-letter name nor `*`"),
            (0, "+5", "\"+5\" is neither a number, a three-letter name nor `*`"),
            (2, "?", "\"?\" is neither a number, a three-letter name nor `*`"),
            (4, "sat-sun", "the range sat-sun runs backwards"),
            (0, "5/15", "the step of 5/15 has no range: write 5-59/15"),
            (0, "*/0", "the step 0 is not in 1-59"),
            (0, "*/90", "the step 90 is not in 1-59"),
            (0, "*/2/2", "the step 2/2 is not in 1-59"),
        ];
        for (field, text, reason) in refused {
            assert_eq!(read(field, text), Err(reason.to_owned()), "{text}");
        }
    }
}
