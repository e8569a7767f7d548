//! The signs of a word: one bit for each rule that looks for it.
//!
//! A bit is a promise that goes one way: where a rule can apply, the words have its bit. What the rule then finds decides.

use super::{EDUCATION, OCCUPATIONS, SECTORS, WORKING_TIME, audience, language, requirements};
use crate::places;

/// Frequent words of English.
pub(crate) const ENGLISH: u32 = 1;
/// Frequent words of French.
pub(crate) const FRENCH: u32 = 1 << 1;
/// Frequent words of Spanish alone.
pub(crate) const SPANISH: u32 = 1 << 2;
/// Words that begin a name of a sector.
pub(crate) const SECTOR: u32 = 1 << 3;
/// Words that begin a name of an audience.
pub(crate) const FOR: u32 = 1 << 4;
/// Words that begin a phrase for an audience.
pub(crate) const SAYS: u32 = 1 << 5;
/// Words that begin a phrase for returnees.
pub(crate) const RETURN: u32 = 1 << 6;
/// Words that begin a diploma.
pub(crate) const EDUCATION_BEGINS: u32 = 1 << 7;
/// Words that begin a working time.
pub(crate) const TIME: u32 = 1 << 8;
/// Words on hours.
pub(crate) const HOURS: u32 = 1 << 9;
/// Words on experience, and units of years.
pub(crate) const EXPERIENCE: u32 = 1 << 10;
/// Words of a wish.
pub(crate) const WISH: u32 = 1 << 11;
/// Diplomas as such: "sans diplôme", "no degree".
pub(crate) const DIPLOMA: u32 = 1 << 12;
/// Words that begin the label of a place.
pub(crate) const LABEL: u32 = 1 << 13;
/// The last word before the preposition of a place: "basé", "prise de service".
pub(crate) const LIES: u32 = 1 << 14;
/// Prepositions of a place.
pub(crate) const AT: u32 = 1 << 15;
/// Words that may have begun with letters other than those of English before the text was folded.
pub(crate) const FOREIGN: u32 = 1 << 16;
/// Words that begin a name of an occupation.
pub(crate) const OCCUPATION: u32 = 1 << 17;

/// Returns the signs of a folded word.
pub(crate) fn of(word: &str) -> u32 {
    let bit = |is: bool, sign: u32| if is { sign } else { 0 };
    bit(language::ENGLISH.contains(&word), ENGLISH)
        | bit(language::FRENCH.contains(&word), FRENCH)
        | bit(language::SPANISH.contains(&word), SPANISH)
        | bit(SECTORS.begins(word), SECTOR)
        | bit(OCCUPATIONS.begins(word), OCCUPATION)
        | bit(EDUCATION.begins(word), EDUCATION_BEGINS)
        | bit(WORKING_TIME.begins(word), TIME)
        | audience::signs(word)
        | requirements::signs(word)
        | places::signs(word)
        | bit(!word.is_ascii() || ["oe", "ae", "ss"].iter().any(|both| word.starts_with(both)), FOREIGN)
}
