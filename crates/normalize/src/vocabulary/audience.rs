//! Whom an offer is for.
//!
//! A phrase names its readers: "réservé aux …", "open to …", "nous encourageons les … à postuler", "les … sont les bienvenues". Who is
//! merely mentioned in a text ("expérience auprès de …") is no such reader.

use std::sync::LazyLock;

use domain::{Kind, vocabulary::Audience};

use super::phrase_table::Signs;

const TABLE: &str = include_str!("audience.tsv");

static FOR: LazyLock<Signs> = LazyLock::new(|| block("FOR"));
static SAYS: LazyLock<Signs> = LazyLock::new(|| block("SAYS"));
static RETURN: LazyLock<Signs> = LazyLock::new(|| block("RETURN"));
static IN_TITLE: LazyLock<Signs> = LazyLock::new(|| block("TITLE"));
static MASKED: LazyLock<Signs> = LazyLock::new(|| block("MASK"));

/// A block of the table, from its heading to the next.
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

/// Beginnings of the last word before those who are meant, folded, whatever stands between as article.
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
/// Two such words of which the last alone says nothing.
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
/// The same where the offer is no work: "animateur pour les jeunes" works with them.
const OPENS_GIFT: [&str; 21] = [
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
];
/// Beginnings of the first word behind those who are meant, whatever form of "être" stands between.
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
/// The same of what takes people in.
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
/// Words that say nothing between a phrase and whom it means.
const BETWEEN: [&str; 17] = [
    "a", "au", "aux", "les", "des", "de", "d", "la", "le", "l", "the", "all", "toutes", "tous", "our",
    "jeunes", "to",
];
/// The same behind.
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
/// Words that go on with a list: "for farmers, drivers and traders".
const LISTED: usize = 4;

/// Whom title and text, both folded, say the offer is for. What an offer of work is called after is whom it works with:
/// of a job, only phrases such as "réservé aux femmes" count.
pub fn read_audiences(kind: Kind, title: &str, text: &str) -> Vec<Audience> {
    let is_gift = kind != Kind::Job;
    let mut codes = addressed(title, is_gift);
    codes.extend(addressed(text, is_gift));
    for signs in [Some(&SAYS), is_gift.then_some(&RETURN)].into_iter().flatten() {
        codes.extend(signs.all(title));
        codes.extend(signs.all(text));
    }
    if is_gift {
        codes.extend(IN_TITLE.all(&MASKED.without(title)));
    }
    Audience::of_codes(&codes)
}

/// Those whom a phrase of the text means.
fn addressed(folded: &str, is_gift: bool) -> Vec<&'static str> {
    let words: Vec<&str> = folded.split(' ').collect();
    let mut found = Vec::new();
    for at in 0..words.len() {
        let Some((before, rest)) = words.split_at_checked(at) else { continue };
        for (code, long) in FOR.starting(rest) {
            if opens(before, is_gift) || closes(rest.get(long..).unwrap_or_default(), is_gift) {
                found.push(code);
            }
        }
    }
    found
}

/// Whether the words in front end in a phrase that means whoever follows.
fn opens(before: &[&str], is_gift: bool) -> bool {
    let is_joint = |word: &&str| matches!(*word, "et" | "and" | "ou" | "or");
    let last = last_telling(before);
    if is_opener(last, is_gift) {
        return true;
    }
    // Further on in a list that a phrase began.
    let Some((joint, head)) = last.split_last() else { return false };
    is_joint(joint)
        && (1..=LISTED).any(|back| {
            head.len() > back
                && is_opener(last_telling(head.get(..head.len() - back).unwrap_or_default()), is_gift)
        })
}

/// The words up to the last one that says something.
fn last_telling<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    let is_plain = |word: &&str| BETWEEN.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit());
    let end = words.iter().rposition(|word| !is_plain(word)).map_or(0, |at| at + 1);
    words.get(..end).unwrap_or_default()
}

fn is_opener(words: &[&str], is_gift: bool) -> bool {
    let Some((last, head)) = words.split_last() else { return false };
    let before = head.last().copied().unwrap_or_default();
    OPENS.iter().any(|sign| last.starts_with(sign))
        // "open to": the preposition is one of the words that say nothing.
        || OPENS_TWO.iter().any(|(first, second)| (before, *last) == (*first, *second) || (*second == "to" && last == first))
        || (is_gift && OPENS_GIFT.contains(last))
}

/// Whether the words behind end a phrase that means whoever stands in front.
fn closes(behind: &[&str], is_gift: bool) -> bool {
    let Some(first) = behind.iter().find(|word| !FORMS.contains(word)) else { return false };
    let any = |signs: &[&str]| signs.iter().any(|sign| first.starts_with(sign));
    any(&CLOSES) || (is_gift && any(&CLOSES_GIFT))
}
