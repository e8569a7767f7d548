//! Which day of a line is the last one: to answer, or of what ends.
//!
//! The day behind the words for a last day counts. The day of an opening, of the publication or of a start is never the last one, and
//! the day of an interview or a test counts only if no other stands beside it. A length turns a first day into a last one.

use chrono::{NaiveDate, NaiveTime};

use super::{
    super::{
        Role,
        relative::{Unit, count, moved, unit},
        tokens::Token,
    },
    Mention,
};

/// What the words before a day say of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Label {
    /// The last day.
    Last,
    /// An opening, a publication or a start.
    First,
    /// An interview or a test.
    Event,
    /// A last day that another one replaces.
    Old,
}

const LAST: [&str; 23] = [
    "limite", "deadline", "clotur", "closing", "closes", "expir", "jusqu", "delai", "tard", "apply",
    "postulez", "avant", "before", "until", "report", "prorog", "prolong", "extended", "echeance", "hasta",
    "prazo", "plazo", "cierre",
];
const LAST_WHOLE: [&str; 6] = ["fin", "end", "ends", "due", "ate", "termine"];
const FIRST: [&str; 11] = [
    "publie",
    "publica",
    "publish",
    "parution",
    "ouvertur",
    "opening",
    "commenc",
    "begin",
    "demarr",
    "rentree",
    "lancement",
];
const FIRST_WHOLE: [&str; 16] = [
    "posted", "paru", "parue", "opens", "ouvre", "ouvrent", "launch", "inicio", "debut", "debute",
    "debutent", "start", "starts", "starting", "embauche", "entree",
];
const EVENT: [&str; 9] =
    ["entretien", "interview", "test", "epreuve", "concours", "examen", "audition", "oral", "resultat"];
const OLD: [&str; 8] =
    ["was", "initialement", "initiale", "initial", "ancienne", "previously", "instead", "formerly"];
/// Prepositions of a first day, close before it.
const FROM: [&str; 10] =
    ["partir", "compter", "depuis", "from", "since", "after", "apres", "starting", "desde", "des"];
/// How many words before a day its preposition may stand.
const CLOSE: usize = 3;

fn label(before: &[Token]) -> Option<Label> {
    let words: Vec<&str> = before.iter().filter_map(Token::word).collect();
    let begins = |signs: &[&str]| words.iter().any(|word| signs.iter().any(|sign| word.starts_with(sign)));
    let is = |signs: &[&str]| words.iter().any(|word| signs.contains(word));
    let has = |pair: [&str; 2]| words.windows(2).any(|two| two == pair);
    if is(&OLD) || has(["au", "lieu"]) {
        Some(Label::Old)
    } else if begins(&LAST) || is(&LAST_WHOLE) {
        Some(Label::Last)
    } else if begins(&EVENT) {
        Some(Label::Event)
    } else if begins(&FIRST)
        || is(&FIRST_WHOLE)
        || has(["prise", "de"])
        || is_online(&words)
        || is_from(&words)
    {
        Some(Label::First)
    } else {
        None
    }
}

/// Returns whether the words say "mis en ligne" or "posté le". "En ligne" alone is a way to apply.
fn is_online(words: &[&str]) -> bool {
    words.windows(3).any(|three| {
        matches!(three, ["mis" | "mise" | "mises", "en", "ligne"] | ["mis" | "mise", "a", "jour"])
    }) || matches!(words, [.., "poste" | "postee" | "ajoute" | "ajoutee", "le"])
}

/// Returns whether a preposition of a first day stands close before it: "à partir du", "dès le". "Dépôt des dossiers" has none.
fn is_from(words: &[&str]) -> bool {
    let near = words.get(words.len().saturating_sub(CLOSE)..).unwrap_or_default();
    near.iter().enumerate().any(|(at, word)| match *word {
        "des" => near.get(at + 1..).is_some_and(|rest| matches!(rest, [] | ["le"])),
        word => FROM.contains(&word),
    })
}

fn labels(tokens: &[Token], mentions: &[Mention]) -> Vec<Option<Label>> {
    let mut found: Vec<Option<Label>> = Vec::new();
    for (at, mention) in mentions.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|before| mentions.get(before));
        let begin = before.map_or(0, |before| before.end);
        let own = tokens.get(begin..mention.begin).and_then(label);
        // Both days of "entretiens du 20 au 22" are of the interviews.
        let event = found.last().copied().flatten().filter(|last| *last == Label::Event);
        let joined = event.filter(|_| before.is_some_and(|before| joins(tokens, before, mention)));
        found.push(own.or(joined));
    }
    found
}

/// Returns whether nothing but marks, times and joining words stands between two days.
fn joins(tokens: &[Token], from: &Mention, to: &Mention) -> bool {
    const JOINTS: [&str; 11] = ["au", "a", "to", "le", "and", "et", "the", "du", "ou", "through", "h"];
    let joins = |token: &Token| token.word().is_none_or(|word| JOINTS.contains(&word));
    tokens.get(from.end..to.begin).is_some_and(|between| between.iter().all(joins))
}

/// Returns the mention that is the last day; `None` if all are days of something else.
pub(super) fn chosen(tokens: &[Token], mentions: &[Mention]) -> Option<usize> {
    let labels = labels(tokens, mentions);
    let last_of = |wanted: Option<Label>| labels.iter().rposition(|label| *label == wanted);
    if let Some(named) = last_of(Some(Label::Last)) {
        // The end of "clôture du 1er au 15 décembre".
        let joined =
            mentions.windows(2).skip(named).zip(labels.iter().skip(named + 1)).take_while(|(pair, label)| {
                label.is_none() && matches!(pair, [from, to] if joins(tokens, from, to))
            });
        return Some(named + joined.count());
    }
    let has_first = labels.contains(&Some(Label::First));
    last_of(None).or_else(|| {
        let other = last_of(Some(Label::Event)).or_else(|| last_of(Some(Label::Old)));
        other.filter(|_| !has_first)
    })
}

/// A last day that a length gives.
pub(super) enum Counted {
    /// The day.
    Day(NaiveDate),
    /// The words can be read in two ways.
    Unclear,
}

/// Returns the last day that a length and the only day of a line give: "12 mois à compter du 01/02/2027", "publié le 24/11, valable
/// 30 jours", "une semaine avant la rentrée du 11 janvier". `day` is that day.
pub(super) fn counted(tokens: &[Token], mention: &Mention, day: NaiveDate, role: Role) -> Option<Counted> {
    const LASTS: [&str; 10] =
        ["valable", "valide", "valid", "validite", "pendant", "durant", "duree", "for", "pour", "duration"];
    let lengths: Vec<(usize, u32, Unit)> = (0..tokens.len().saturating_sub(1))
        .filter(|at| !(mention.begin..mention.end).contains(at))
        .filter_map(|at| Some((at, count(tokens.get(at)?)?, unit(tokens.get(at + 1)?.word()?)?)))
        .filter(|(.., unit)| !matches!(unit, Unit::Minutes) && (role == Role::Closes || *unit != Unit::Hours))
        .collect();
    let (at, count, unit) = lengths.first().copied()?;
    let before = tokens.get(..mention.begin).and_then(label);
    let word = |at: usize| tokens.get(at).and_then(Token::word).unwrap_or_default();
    let is_before = at < mention.begin;
    let next = (at + 2..at + 5).map(word);
    // "CDD de 6 mois à compter du 1er février" is how long the work lasts.
    let is_term = role == Role::Ends || matches!(unit, Unit::Hours | Unit::Days | Unit::Weeks);
    let read = if is_before && matches!(word(at + 2), "avant" | "before") && unit != Unit::Years {
        (role == Role::Closes).then(|| from(day, count, unit, false))?
    } else if is_before && is_term && next.clone().any(|word| matches!(word, "apres" | "after")) {
        from(day, count, unit, true)
    } else if is_before
        && is_term
        && next.clone().any(|word| matches!(word, "compter" | "partir" | "from" | "suivant" | "des"))
    {
        ending(day, count, unit, role)
    } else if before == Some(Label::First) || before == Some(Label::Old) {
        let lasts = role == Role::Ends || at.checked_sub(1).is_some_and(|at| LASTS.contains(&word(at)));
        lasts.then(|| ending(day, count, unit, role))?
    } else if role == Role::Ends && before.is_none() {
        let is_added = at.checked_sub(1).and_then(|at| tokens.get(at)).is_some_and(|t| t.is_mark("+"));
        if is_added { ending(day, count, unit, role) } else { None }
    } else {
        return None;
    };
    Some(read.filter(|_| lengths.len() == 1).map_or(Counted::Unclear, Counted::Day))
}

fn from(day: NaiveDate, count: u32, unit: Unit, later: bool) -> Option<NaiveDate> {
    moved(day.and_time(NaiveTime::MIN), count, unit, later)
}

/// Returns the last day of what begins that day: of 12 months from 1 February, 31 January. Days to answer count from the day after.
fn ending(day: NaiveDate, count: u32, unit: Unit, role: Role) -> Option<NaiveDate> {
    let end = from(day, count, unit, true)?;
    if role == Role::Ends { end.pred_opt() } else { Some(end) }
}
