//! The people an opportunity is for.
//!
//! A phrase addresses them: "réservé aux …", "open to …", "nous encourageons les … à postuler", "les … sont les bienvenues". People who
//! are only mentioned ("expérience auprès de …") do not count.

use std::sync::LazyLock;

use domain::{Kind, vocabulary::Audience};

use super::{phrase_table::Signs, signs};
use crate::text::Words;

const TABLE: &str = include_str!("audience.tsv");

static FOR: LazyLock<Signs> = LazyLock::new(|| block("FOR"));
static SAYS: LazyLock<Signs> = LazyLock::new(|| block("SAYS"));
static RETURN: LazyLock<Signs> = LazyLock::new(|| block("RETURN"));
static IN_TITLE: LazyLock<Signs> = LazyLock::new(|| block("TITLE"));
static MASKED: LazyLock<Signs> = LazyLock::new(|| block("MASK"));

/// Returns a block of the table, from its heading to the next heading.
fn block(name: &str) -> Signs {
    let heading = format!("# --- {name} ---");
    let lines = TABLE
        .lines()
        .skip_while(move |line| *line != heading)
        .skip(1)
        .take_while(|line| !line.starts_with("# ---"));
    Signs::new(lines.filter_map(|line| {
        let mut cells = line.split('\t');
        Some((cells.next()?, cells.nth(1)?))
    }))
}

/// Beginnings of the last word before the audience, folded. An article may stand between.
const OPENS: [&str; 18] = [
    "reserv",
    "destin",
    "ouvert",
    "exclusivement",
    "adresse",
    "priorit",
    "accord",
    "accessible",
    "donne",
    "candidatures",
    "encourag",
    "invit",
    "faveur",
    "profit",
    "bienvenue",
    "welcome",
    "only",
    "uniquement",
];
/// The same as pairs, for words that need another word before them.
const OPENS_TWO: [(&str, &str); 9] = [
    ("reserved", "for"),
    ("open", "to"),
    ("only", "to"),
    ("intended", "for"),
    ("priority", "to"),
    ("priority", "for"),
    ("granted", "to"),
    ("exclusively", "for"),
    ("preference", "to"),
];
/// The same for opportunities other than jobs. An "animateur pour les jeunes" works with them.
const OPENS_GIFT: [&str; 33] = [
    "pour",
    "for",
    "dont",
    "including",
    "lesquelles",
    "lesquels",
    "notamment",
    "permettre",
    "aider",
    "former",
    "appui",
    "appuyer",
    "accompagner",
    "soutien",
    "soutenir",
    "autonomie",
    "associations",
    "help",
    "helping",
    "support",
    "train",
    "give",
    "gives",
    "giving",
    "assist",
    "assisting",
    "equip",
    "enable",
    "empower",
    "offrir",
    "public",
    "cible",
    "beneficiaires",
];
/// Beginnings of the first word after the audience. A form of "être" may stand between.
const CLOSES: [&str; 10] = [
    "encourag",
    "bienvenu",
    "invit",
    "prioritaire",
    "uniquement",
    "seulement",
    "only",
    "welcome",
    "souhait",
    "preferred",
];
/// The same for opportunities other than jobs.
const CLOSES_GIFT: [&str; 11] = [
    "prennent",
    "benefici",
    "recoivent",
    "participent",
    "accompagn",
    "vise",
    "forme",
    "reuni",
    "benefit",
    "receive",
    "served",
];
/// Words without meaning between a phrase and its audience.
const BETWEEN: [&str; 17] = [
    "a", "au", "aux", "les", "des", "de", "d", "la", "le", "l", "the", "all", "toutes", "tous", "our",
    "jeunes", "to",
];
/// The same after the audience.
const FORMS: [&str; 15] = [
    "sont",
    "est",
    "seront",
    "are",
    "is",
    "la",
    "les",
    "vivement",
    "fortement",
    "strongly",
    "especially",
    "particulierement",
    "aussi",
    "also",
    "egalement",
];
/// Most words of a list: "for farmers, drivers and traders".
const LISTED: usize = 4;

/// Returns the signs of a word for these tables.
pub(super) fn signs(word: &str) -> u32 {
    let of = |table: &Signs, sign: u32| if table.begins(word) { sign } else { 0 };
    of(&FOR, signs::FOR) | of(&SAYS, signs::SAYS) | of(&RETURN, signs::RETURN)
}

/// Returns the audiences that the folded title and text address. The title of a job may name the people it works with, so only
/// phrases such as "réservé aux femmes" count there.
pub fn read_audiences(kind: Kind, title: &str, text: &str) -> Vec<Audience> {
    let [title_words, text] = [title, text].map(|text| Words::of(text, signs::of));
    audiences_of(kind, title, &title_words, &text)
}

/// The same for the words of title and text.
pub(crate) fn audiences_of(
    kind: Kind,
    title: &str,
    title_words: &Words<'_>,
    text: &Words<'_>,
) -> Vec<Audience> {
    let is_gift = kind != Kind::Job;
    let mut codes = addressed(title_words, is_gift);
    codes.extend(addressed(text, is_gift));
    for (table, sign) in
        [Some((&SAYS, signs::SAYS)), is_gift.then_some((&RETURN, signs::RETURN))].into_iter().flatten()
    {
        for words in [title_words, text] {
            codes.extend(table.all_at(words.list(), words.with(sign)));
        }
    }
    if is_gift {
        codes.extend(IN_TITLE.all(&MASKED.without(title)));
    }
    Audience::of_codes(&codes)
}

/// Returns the audiences that a phrase of the text addresses.
fn addressed(words: &Words<'_>, is_gift: bool) -> Vec<&'static str> {
    let mut found = Vec::new();
    for at in words.with(signs::FOR) {
        let Some((before, rest)) = words.list().split_at_checked(at) else { continue };
        for (code, long) in FOR.starting(rest) {
            if opens(before, is_gift) || closes(rest.get(long..).unwrap_or_default(), is_gift) {
                found.push(code);
            }
        }
    }
    found
}

/// Returns whether the words before end in a phrase that addresses the people after it.
fn opens(before: &[&str], is_gift: bool) -> bool {
    let is_joint = |word: &&str| matches!(*word, "et" | "and" | "ou" | "or");
    let last = last_telling(before);
    if is_opener(last, is_gift) {
        return true;
    }
    // A later item of a list after such a phrase.
    let Some((joint, head)) = last.split_last() else { return false };
    is_joint(joint)
        && (1..=LISTED).any(|back| {
            head.len() > back
                && is_opener(last_telling(head.get(..head.len() - back).unwrap_or_default()), is_gift)
        })
}

/// Returns the words up to the last one with a meaning.
fn last_telling<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    let is_plain = |word: &&str| BETWEEN.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit());
    let end = words.iter().rposition(|word| !is_plain(word)).map_or(0, |at| at + 1);
    words.get(..end).unwrap_or_default()
}

fn is_opener(words: &[&str], is_gift: bool) -> bool {
    let Some((last, head)) = words.split_last() else { return false };
    let before = head.last().copied().unwrap_or_default();
    OPENS.iter().any(|sign| last.starts_with(sign))
        // "open to": the preposition is one of the words without meaning.
        || OPENS_TWO.iter().any(|(first, second)| (before, *last) == (*first, *second) || (*second == "to" && last == first))
        || (is_gift && OPENS_GIFT.contains(last))
}

/// Returns whether the words after end a phrase that addresses the people before it.
fn closes(behind: &[&str], is_gift: bool) -> bool {
    let behind = without_origin(behind);
    let Some(first) = behind.iter().find(|word| !FORMS.contains(word)) else { return false };
    let any = |signs: &[&str]| signs.iter().any(|sign| first.starts_with(sign));
    any(&CLOSES) || (is_gift && any(&CLOSES_GIFT))
}

/// Words of an origin: "Farmers of Kumbo, Jakiri and Ndop are served first".
const ORIGIN: usize = 10;

/// Returns what stands behind an audience without where it is from.
fn without_origin<'w, 't>(behind: &'w [&'t str]) -> &'w [&'t str] {
    let has_origin =
        behind.first().is_some_and(|word| matches!(*word, "of" | "from" | "in" | "de" | "du" | "d"));
    let is_verb = |word: &&str| matches!(*word, "are" | "is" | "sont" | "seront" | "est" | "sera");
    let verb = behind.iter().take(ORIGIN).position(is_verb).filter(|_| has_origin);
    verb.and_then(|at| behind.get(at..)).unwrap_or(behind)
}
