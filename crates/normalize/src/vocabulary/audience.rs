//! The people an opportunity is for.
//!
//! A phrase addresses them: "réservé aux …", "open to …", "nous encourageons les … à postuler", "les … sont les bienvenues". People who
//! are only mentioned ("expérience auprès de …") do not count.

mod phrases;

use std::sync::LazyLock;

use domain::{Kind, vocabulary::Audience};

use super::{Title, phrase_table::Signs, sector_of, signs};
use crate::text::Words;
use phrases::{
    BETWEEN, CLOSES, CLOSES_GIFT, FORMS, GAIN, GAINED, GAINS, GIVEN, LEARNERS, LISTED, OPENS, OPENS_GIFT,
    OPENS_LEARNER, OPENS_TWO, WARES,
};

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

/// The code of groups of any trade. They are farmers only where the opportunity is about farming.
const GROUPS: &str = "groups";

/// What the people are asked for: how much a phrase has to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Post {
    /// Work, which may be done for the people that its text names.
    Work,
    /// Work in which one learns the trade.
    Learner,
    /// Not a job: what its text names is whom it helps.
    Gift,
}

impl Post {
    fn of(kind: Kind, title: &Words<'_>) -> Self {
        let ends = [title.list().first(), title.list().last()];
        match kind {
            Kind::Job if ends.into_iter().flatten().any(|word| LEARNERS.contains(word)) => Self::Learner,
            Kind::Job => Self::Work,
            _ => Self::Gift,
        }
    }
}

/// Returns the signs of a word for these tables.
pub(super) fn signs(word: &str) -> u32 {
    let of = |table: &Signs, sign: u32| if table.begins(word) { sign } else { 0 };
    of(&FOR, signs::FOR) | of(&SAYS, signs::SAYS) | of(&RETURN, signs::RETURN)
}

/// Returns the audiences that the folded title and text address. The title of a job may name the people it works with, so only
/// phrases such as "réservé aux femmes" count there.
pub fn read_audiences(kind: Kind, title: &str, text: &str) -> Vec<Audience> {
    let [title_words, text] = [title, text].map(|text| Words::of(text, signs::of));
    let sector = sector_of(kind, None, &Title { words: &title_words, head: 0 }, None, &text);
    audiences_of(kind, sector, title, &title_words, &text)
}

/// The same for the words of title and text, and the sector.
pub(crate) fn audiences_of(
    kind: Kind,
    sector: Option<&str>,
    title: &str,
    title_words: &Words<'_>,
    text: &Words<'_>,
) -> Vec<Audience> {
    let post = Post::of(kind, title_words);
    let is_gift = post == Post::Gift;
    let mut codes = addressed(title_words, post);
    codes.extend(addressed(text, post));
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
    if codes.contains(&GROUPS) && matches!(sector, Some("agriculture" | "livestock_fishing")) {
        codes.push(Audience::Farmers.as_str());
    }
    Audience::of_codes(&codes)
}

/// Returns the audiences that a phrase of the text addresses.
fn addressed(words: &Words<'_>, post: Post) -> Vec<&'static str> {
    let mut found = Vec::new();
    for at in words.with(signs::FOR) {
        let Some((before, rest)) = words.list().split_at_checked(at) else { continue };
        for (code, long) in FOR.starting(rest) {
            let behind = rest.get(long..).unwrap_or_default();
            if opens(before, post) || closes(behind, post) || (post == Post::Gift && gains(before, behind)) {
                found.push(code);
            }
        }
    }
    found
}

/// Words that make somebody the owner of something.
const OF: [&str; 6] = ["de", "des", "d", "du", "of", "for"];

/// Returns whether the words around say that these people get more of something: "accroître les revenus des éleveurs", "improve
/// farmers' skills".
fn gains(before: &[&str], behind: &[&str]) -> bool {
    let any = |signs: &[&str], word: &&str| signs.iter().any(|sign| word.starts_with(sign));
    let near = before.get(before.len().saturating_sub(GAIN)..).unwrap_or_default();
    let Some(verb) = near.iter().rposition(|word| any(&GAINS, word)) else { return false };
    let between = near.get(verb + 1..).unwrap_or_default();
    let is_article = |word: &&&str| {
        matches!(
            **word,
            "the" | "les" | "petits" | "petites" | "small" | "jeunes" | "young" | "local" | "poor"
        ) || word.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_of = between.iter().rev().find(|word| !is_article(word)).is_some_and(|word| OF.contains(word));
    (is_of && between.iter().any(|word| any(&GAINED, word)))
        || (between.len() <= 2 && behind.first().is_some_and(|word| any(&GAINED, word)))
}

/// Returns whether the words before end in a phrase that addresses the people after it.
fn opens(before: &[&str], post: Post) -> bool {
    let is_joint = |word: &&str| matches!(*word, "et" | "and" | "ou" | "or");
    let last = last_telling(before);
    if is_opener(last, post) {
        return true;
    }
    // A later item of a list after such a phrase.
    let Some((joint, head)) = last.split_last() else { return false };
    is_joint(joint)
        && (1..=LISTED).any(|back| {
            head.len() > back
                && is_opener(last_telling(head.get(..head.len() - back).unwrap_or_default()), post)
        })
}

/// Returns the words up to the last one with a meaning.
fn last_telling<'w, 't>(words: &'w [&'t str]) -> &'w [&'t str] {
    let is_plain = |word: &&str| BETWEEN.contains(word) || word.bytes().all(|byte| byte.is_ascii_digit());
    let end = words.iter().rposition(|word| !is_plain(word)).map_or(0, |at| at + 1);
    words.get(..end).unwrap_or_default()
}

fn is_opener(words: &[&str], post: Post) -> bool {
    let Some((last, head)) = words.split_last() else { return false };
    let before = head.last().copied().unwrap_or_default();
    // "N'est pas réservée aux femmes", "vêtements pour femmes".
    let is_refused = head.iter().rev().take(2).any(|word| matches!(*word, "pas" | "not" | "non"));
    let is_ware = matches!(*last, "pour" | "for") && WARES.contains(&before);
    if is_refused || is_ware {
        return false;
    }
    (OPENS.iter().any(|sign| last.starts_with(sign)) && (post == Post::Gift || !is_duty(last, head)))
        // "open to": the preposition is one of the words without meaning.
        || OPENS_TWO.iter().any(|(first, second)| (before, *last) == (*first, *second) || (*second == "to" && last == first))
        || (post == Post::Gift && OPENS_GIFT.contains(last))
        || (post == Post::Learner && OPENS_LEARNER.contains(last))
}

/// Returns whether an opener is what the post has to do: "Welcome returnees and assess their needs", "Inviter les femmes aux réunions",
/// "souhaiter la bienvenue aux migrants", "mener des actions en faveur des femmes".
fn is_duty(opener: &str, head: &[&str]) -> bool {
    const WE: [&str; 15] = [
        "we",
        "also",
        "particularly",
        "especially",
        "strongly",
        "warmly",
        "gladly",
        "highly",
        "actively",
        "and",
        "positively",
        "to",
        "specifically",
        "particular",
        "equally",
    ];
    const ASKS: [&str; 9] = [
        "discrimination",
        "recrut",
        "recruit",
        "reserv",
        "priorit",
        "preference",
        "candidat",
        "poste",
        "offre",
    ];
    let last = head.last().copied().unwrap_or_default();
    let near = || head.iter().rev().take(5);
    match opener {
        "welcome" | "encourage" | "invite" => !WE.contains(&last) && !last.ends_with("ly"),
        "welcoming" | "encouraging" | "inviting" => true,
        "faveur" | "profit" => !near().any(|word| ASKS.iter().any(|sign| word.starts_with(sign))),
        // "Les crédits accordés aux femmes": what the post gives to others.
        _ if ["accord", "destin", "adress", "donne"].iter().any(|sign| opener.starts_with(sign))
            && head.iter().rev().take(3).any(|word| GIVEN.iter().any(|thing| word.starts_with(thing))) =>
        {
            true
        }
        "bienvenue" => near().take(2).any(|word| word.starts_with("souhait")),
        _ => ["er", "ez"].iter().any(|end| opener.ends_with(end)),
    }
}

/// Returns whether the words after end a phrase that addresses the people before it.
fn closes(behind: &[&str], post: Post) -> bool {
    let behind = without_origin(behind);
    let Some(first) = behind.iter().find(|word| !FORMS.contains(word)) else { return false };
    let any = |signs: &[&str]| signs.iter().any(|sign| first.starts_with(sign));
    any(&CLOSES) || (post == Post::Gift && any(&CLOSES_GIFT))
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
