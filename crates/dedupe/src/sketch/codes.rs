//! Reference codes: "Réf. 013/DRH/2026", "AO n° 12/2026", "N/Réf : WR-LOG-0926".

use normalize::patterns;
use regex::Regex;

use super::hash::{hash, joined, short};

/// A reference code, as hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Code {
    /// The code without signs and leading zeros.
    pub(crate) hash: u32,
    /// What codes of one issuer have in common: their pieces of letters or digits, and the first piece of letters.
    pub(crate) issuer: u32,
    /// What the code is: see [`CodeKind`].
    pub(crate) kind: CodeKind,
}

/// How much a code says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CodeKind {
    /// After "Réf.", "AO n°": another one means another opportunity.
    Labelled,
    /// After such a word, digits alone: another issuer may use the same.
    Digits,
    /// Begins with the initials of the source: the portal numbers its posts.
    Portal,
    /// Without such a word before it: it may name something else.
    Bare,
}

/// Most codes of one post. A text with more lists something else.
const MOST: usize = 6;

patterns! {
    static LABELLED: Regex = r"(?i)(?:\b(?:[nv]\s?/\s?)?r[ée]f(?:[ée]rences?|s)?\b|\bA\.?O\.?(?:[NIR]\.?)*\b|\bAMI\b|\bDAO\b|\bavis(?: [a-zàâéèêîôûç'’]+){0,4}|(?-i:\b(?:JO|VA|VN|RFQ|RFP|EOI|TDR|CFP|DC)\b)|\bdossier|\bconcours|\bcommuniqu[ée]|\bd[ée]cision|\bcode(?: (?:de l['’]offre|offre|poste|du poste))?|\boffre(?: [A-Z]{2,5}\b)?|\bjob(?: id| code)?|\bvacancy(?: (?:notice|announcement|id|ref))?|\btender|\bcall|\bappel(?: [a-zàâéèêîôûç'’]+){0,3}|\banonce|\bannonce)[ .:]*(?:(?:de l['’](?:offre|avis|annonce)|du poste|interne|number|num[ée]ro|portail)[ .:]*)?(?P<no>(?:n[°ºo]s?|no|#|id)[ .:]*)?:?\s*(?P<code>[A-Z0-9]+(?:\s?[/_–-]\s?[A-Z0-9]+|\.[A-Z0-9]+)*)";

    static BARE: Regex = r"\b(?:[A-Z]{2,}[A-Z0-9]*(?:[-/_][A-Z0-9]+)+|[0-9]{1,6}(?:[-/][A-Z0-9]+)*[-/][A-Z]{2,}[A-Z0-9]*(?:[-/][A-Z0-9]+)*)\b";

    /// "n° 574210" of a vacancy, unlike the number of an authorization.
    static NUMBERED: Regex = r"(?i)(?P<before>[\p{L}]*)[ (,:–-]{0,3}\bn[°º] ?(?P<code>\d{5,8})\b(?P<after>[/-]?)";

    static DATE: Regex = r"^(?:[0-3]?[0-9][/.-][01]?[0-9][/.-](?:19|20)?[0-9]{2}|(?:19|20)[0-9]{2}(?:[/.-][01]?[0-9][/.-][0-3]?[0-9])?)$";
}

/// Returns the codes of a text that a source published, sorted.
pub(crate) fn codes(text: &str, source: &str) -> Vec<Code> {
    let mut all: Vec<Code> = Vec::new();
    let mut keep = |code: Code| {
        if all.len() < MOST && !all.iter().any(|other| other.hash == code.hash) {
            all.push(code);
        }
    };
    for hit in LABELLED.captures_iter(text) {
        let Some(code) = hit.name("code") else { continue };
        let has_no = hit.name("no").is_some()
            || hit.get(0).is_some_and(|all| is_reference(all.as_str()))
            || is_long_number(code.as_str());
        if let Some(code) = code_of(code.as_str(), has_no, source) {
            keep(code);
        }
    }
    for hit in NUMBERED.captures_iter(text) {
        let has = |name: &str, words: &[&str]| {
            hit.name(name)
                .is_some_and(|word| words.iter().any(|own| word.as_str().to_lowercase().starts_with(own)))
        };
        let is_other =
            has("before", &["agr", "auto", "arr", "contrib", "compte", "licen", "regist", "récép", "recep"])
                || has("after", &["/", "-"]);
        let code = hit.name("code").filter(|code| !is_other && is_long_number(code.as_str()));
        if let Some(code) = code.and_then(|code| code_of(code.as_str(), true, source)) {
            keep(Code { kind: CodeKind::Bare, ..code });
        }
    }
    for hit in BARE.find_iter(text).filter(|hit| !is_of_an_act(text, hit.start())) {
        if let Some(code) = code_of(hit.as_str(), true, source).filter(|_| hit.as_str().len() >= 6) {
            let is_own = code.kind == CodeKind::Portal;
            keep(Code { kind: if is_own { CodeKind::Portal } else { CodeKind::Bare }, ..code });
        }
    }
    all.sort_unstable();
    all
}

/// Returns whether the words before a code name a law or a permission: many posts are under one.
fn is_of_an_act(text: &str, start: usize) -> bool {
    const ACTS: [&str; 7] = ["arrêté", "arrete", "décret", "decret", "agrément", "agrement", "autorisation"];
    let before: Vec<&str> = text.get(..start).unwrap_or_default().rsplit(' ').take(4).collect();
    before.iter().any(|word| ACTS.iter().any(|act| word.to_lowercase().contains(act)))
}

/// Returns whether digits are too many for a count of places: "avis de vacance 118402".
fn is_long_number(code: &str) -> bool {
    (5..=8).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_digit()) && !code.ends_with("00")
}

/// Returns whether the words before a code name a reference, so that digits alone are one.
fn is_reference(words: &str) -> bool {
    let lower = words.to_lowercase();
    let has = |label: &&str| lower.contains(*label);
    let begins = |label: &&str| words.starts_with(*label);
    ["réf", "ref", "ami", "dao"].iter().any(has)
        || lower.starts_with("code")
        || ["AO", "JO", "VA", "VN", "RFQ", "RFP", "EOI"].iter().any(begins)
}

/// Returns the code; `None` for a date, a year, a word, or digits that no "n°" stands before.
fn code_of(words: &str, has_no: bool, source: &str) -> Option<Code> {
    let whole: String = words.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_uppercase();
    let digits = whole.bytes().filter(u8::is_ascii_digit).count();
    let letters = whole.bytes().any(|byte| byte.is_ascii_alphabetic());
    let is_long = if letters { whole.len() >= 4 } else { has_no && digits >= 2 };
    // "réf. EC-CP"
    let is_word =
        digits == 0 && !(has_no && words.contains(['-', '/']) && !words.contains(char::is_lowercase));
    if is_word || !is_long || whole.len() > 40 || DATE.is_match(&whole) {
        return None;
    }
    let (mut code, mut shape, mut first) = (String::new(), String::new(), None);
    for piece in whole.split(|c: char| !c.is_alphanumeric()).filter(|piece| !piece.is_empty()) {
        code.push_str(piece.trim_start_matches('0'));
        code.push(' ');
        let is_word = !piece.bytes().all(|byte| byte.is_ascii_digit());
        shape.push(if is_word { 'a' } else { '9' });
        if is_word && first.is_none() {
            first = Some(piece.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned());
        }
    }
    let kind = match &first {
        None => CodeKind::Digits,
        Some(first) if is_initials(first, source) => CodeKind::Portal,
        Some(_) => CodeKind::Labelled,
    };
    let issuer = joined(hash(&shape), hash(&first.unwrap_or_default()));
    Some(Code { hash: short(hash(&code)), issuer: short(issuer), kind })
}

/// Returns whether the letters stand in the name of the source in this order, beginning with its first: "EC" of "emploicameroun".
fn is_initials(letters: &str, source: &str) -> bool {
    let mut left = source.chars();
    letters.len() >= 2
        && letters
            .chars()
            .map(|c| c.to_ascii_lowercase())
            .enumerate()
            .all(|(at, letter)| if at == 0 { left.next() == Some(letter) } else { left.any(|c| c == letter) })
}
