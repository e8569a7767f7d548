//! Experience asked for, in months.

use std::borrow::Cow;

use regex::Regex;

use crate::{numbers::in_digits, patterns};

const UNIT: &str = r"(ans?|annees?|years?|yrs?|mois|months?)\b";

patterns! {
    /// Words that ask for no experience.
    static NONE: Regex =
        r"debutant(?:s|es?|\(e\)s?|\(s\))? (est |sont )?(?:aussi |bien |egalement )?(?:accepte|bienvenu|admis|welcome)|(?:ouvert|accessible|adresse|convient)\w* (?:aussi |egalement )?aux? (?:(?:jeunes|candidats|profils) )?debutant|beginners? (?:are |is )?(?:also )?(?:welcome|accepted)|(?:open|suitable) (?:to|for) beginners?|(?:premiere|1ere) experience acceptee|experience(?: \w+)? ?: ?(?:aucune|non requise|none|not required|nil)\b|sans experience|aucune experience|pas d.experience (exigee|requise|obligatoire|necessaire|demandee)|experience (n.est |n.etant )?(non|pas) (exigee|requise|obligatoire|necessaire|demandee|indispensable)|pas (de )?besoin d.(avoir )?(une |de l.)?experience|pas (necessaire|obligatoire|besoin) d.avoir (une |de l.)?experience|experience (is )?not (required|needed|necessary)|(no|without) (prior |previous )?experience|entry[ -]level|fresh(ly)? graduate|(recent|new) graduate|fraichement diplome|jeunes? diplome|tous? (les )?niveaux? d.experience|toutes? experiences?|^indifferente?$|any experience|debutants? ?<|(moins d[e'] ?|(^|[^\w ] ?)- ?d[e'] ?|< ?|inferieure? a |jusqu'a |less than |fewer than |under |up to |at most )\d+ ?(ans?|annees?|years?|yrs?|mois|months?)\b";

    /// Words that name a beginner, in a field on experience. In a text they may be those whom the post trains.
    static BEGINNER: Regex = r"\b(?:debutant(?:s|es?)?|beginners?)\b";

    /// Beginners who are not welcome, or who are so only with what stands in brackets behind: "Débutant (de 1 à 3 ans)" is a level of a
    /// portal that begins at one year.
    static NO_BEGINNER: Regex = format!(
        r"s.abstenir|\b(?:non|pas de|aucune?|hors|sauf|no|not)\s(?:les\s|des\s|for\s)?(?:debutant|beginner)|(?:debutant|beginner)\S*\s(?:non|pas|not|exclu|refuse)|\b(?:non|pas|not)\s(?:ouvert|accessible|adresse|destine|adapte|convenable|open|suitable)\w*|\b(?:debutant|beginner)s?\s?(?:\(|:\s?)(?:de\s)?[1-9]\d*\s?(?:{UNIT})?\s?(?:a|-|–|et|to|and)\s?\d"
    );

    /// The whole field is a number behind a minus: less than that.
    static MINUS: Regex = r"^[-–−] ?[12] ?(?:ans?|years?|yrs?)$";

    /// A field that says only that none is asked for.
    static NOTHING: Regex = r"^(?:0|junior|sans|aucune?s?|neant|none|nil|pas d.experience|pas obligatoire|pas indispensable|non (?:requise?|exigee?|necessaire|demandee?|obligatoire)|pas (?:requise?|exigee?|necessaire)|not (?:required|needed|necessary)|none required|not applicable)$";

    /// Words that make all of their clause a wish: "2-3 years preferred", "3 ans seraient un atout".
    static WISHED: Regex = r"\b(?:souhaite|appreciee?|seraient|serait|un atout|un plus|preferred|preferable|desirable|desired|an asset|an advantage|a plus|facultati|optionnel|optional)";

    /// Words after which a clause is a wish, up to its end.
    static WISH: Regex = r"(?i)\b(?:id[ée]alement|ideally|de pr[ée]f[ée]rence|preferably)\b";

    /// Years of something else: age, contract, level of education, employer.
    static OTHER: Regex = r"(?x)\bbac(?:c|calaureat)?\s*(?:\+|plus)?\s*\d(?:\s*[/&]\s*\+?\d\b)*
        | \bage[es]*\b\s*:?[^.,;]*?\bans?(?:\ au\ (?:moins|plus)|\ revolus)?
        | \b(?:1[6-9]|[2-6]\d)\ ?ans\ (?:\w+\ )?d.age\b
        | \b(?:1[6-9]|[2-6]\d)\ ?ans\ revolus
        | \b(?:cdd|contrat|interim)\b(?:\ de|\ d'|\ :)?\s*(?:de\ )?\d+\ ?ans?\b(?:\ renouvelables?)?
        | \bjeunes?(?:\ \w+)*\ de\ \d+\ a\ \d+\ ans
        | \b(?:1[6-9]|[2-5]\d)\s*(?:ans)?\s*(?:a|-|–|et|to)\s*(?:2\d|[3-6]\d)\s*(?:ans|years)
        | \b(?:forte?|depuis|riche|existe\ depuis)\ (?:de\ )?(?:plus\ de\ )?\d+\ (?:ans|annees)
        | \b(?:cdd|contrat|stage|mission|essai|interim|sur|pendant|duree)\b(?:\ de|\ d'|\ :)?\s*(?:de\ )?\d+(?:\.\d)?\ ?mois(?:\ renouvelables?)?";

    /// An age that a person has to have: "Avoir 25 ans au plus".
    static AGE: Regex = r"\b(?:avoir|ayant|have)\s(?:entre |au (?:moins|plus) |plus de |moins de |minimum )?(?:1[6-9]|[2-6]\d) ?ans\b(?: (?:au (?:plus|moins)|minimum|maximum))?";

    /// What makes it a number of years of work.
    static OF_WORK: Regex = r"^ ?(?:d.(?:une )?(?:exp|anciennete|activite|exercice)|de (?:pratique|metier|service|carriere)|dans|en|comme|a un poste|sur)";

    static HALF: Regex = format!(r"(\d+) ?{UNIT} et demie?");

    static SPAN: Regex = format!(r"(\d+) ?(?:{UNIT})? ?(?:a|-|–|/|et|to|and) ?(\d+) ?{UNIT}");

    static PLAIN: Regex = format!(r"(\d+) ?\+? ?{UNIT}");

    static PARTS: Regex = r"&| ou |;";
}

/// Returns the least experience that a field asks for, in months. It is 0 if it names a beginner, and `None` if the words name none.
pub fn read_experience(words: &str) -> Option<u16> {
    let text = in_digits(words);
    if NOTHING.is_match(text.trim().trim_end_matches('.')) {
        return Some(0);
    }
    let is_beginner = MINUS.is_match(text.trim()) || BEGINNER.is_match(&text);
    if is_beginner && !NO_BEGINNER.is_match(&text) {
        return Some(0);
    }
    let asked = without_wishes(words);
    let text = in_digits(&asked);
    if !WISHED.is_match(&text) {
        return least(&asked);
    }
    // "2 ans minimum, 5 ans souhaités": the other clauses still ask.
    let clauses: Vec<&str> =
        text.split([',', ';', '(', ')', '.']).filter(|clause| !WISHED.is_match(clause)).collect();
    least(&clauses.join(", "))
}

/// Returns the least experience that a sentence asks for, in months. A beginner has to be welcome, not only named.
pub(super) fn experience_of_sentence(sentence: &str) -> Option<u16> {
    least(sentence)
}

/// Returns a text without its wishes: "2 ans, idéalement dans la banque" asks for two years, and "idéalement 3 ans" for none. A wish
/// runs from its adverb to the end of the clause. An adverb that ends its clause is about the whole of it; one that is a clause is
/// about the next one, or about the one before if it is the last.
pub(super) fn without_wishes(text: &str) -> Cow<'_, str> {
    if !WISH.is_match(text) {
        return Cow::Borrowed(text);
    }
    let clauses: Vec<&str> = text.split_inclusive([',', ';', '(', ')', ':', '.', '\n']).collect();
    let mut kept: Vec<&str> = Vec::new();
    let mut is_wished = false;
    for (at, clause) in clauses.iter().enumerate() {
        if std::mem::take(&mut is_wished) {
            continue;
        }
        let Some(hit) = WISH.find(clause) else {
            kept.push(clause);
            continue;
        };
        let says = |part: &str| part.chars().any(char::is_alphanumeric);
        let [before, after] =
            [clause.get(..hit.start()), clause.get(hit.end()..)].map(Option::unwrap_or_default);
        match (says(before), says(after)) {
            (true, true) => kept.push(before),
            (false, false) if at + 1 < clauses.len() => is_wished = true,
            (false, false) => drop(kept.pop()),
            _ => (),
        }
    }
    Cow::Owned(kept.concat())
}

fn least(words: &str) -> Option<u16> {
    let text = in_digits(words);
    if NONE.is_match(&text) && !text.contains("abstenir") && !NO_BEGINNER.is_match(&text) {
        return Some(0);
    }
    let text = without_ages(&text);
    let text = OTHER.replace_all(&text, " ").into_owned();
    // "5 ans dont 2 à un poste similaire": the post asks for five.
    let told = text.split(" dont ").next().unwrap_or_default();
    PARTS.split(told).filter_map(months).min()
}

/// Returns a text without the ages that a person has to have.
fn without_ages(text: &str) -> Cow<'_, str> {
    // Most texts name none.
    if !["avoir", "ayant", "have"].iter().any(|verb| text.contains(verb)) {
        return Cow::Borrowed(text);
    }
    AGE.replace_all(text, |hit: &regex::Captures<'_>| {
        let Some(age) = hit.get(0) else { return String::new() };
        let rest = text.get(age.end()..).unwrap_or_default();
        if OF_WORK.is_match(rest) { age.as_str().to_owned() } else { " ".to_owned() }
    })
}

fn months(part: &str) -> Option<u16> {
    let value = |hit: &regex::Captures<'_>, number: usize, unit: &[usize]| -> Option<u16> {
        let number: u16 = hit.get(number)?.as_str().parse().ok()?;
        let unit = unit.iter().find_map(|at| hit.get(*at))?.as_str();
        number.checked_mul(if unit.starts_with('m') { 1 } else { 12 }).filter(|months| *months <= 600)
    };
    if let Some(hit) = HALF.captures(part) {
        return value(&hit, 1, &[2]).map(|months| months + 6);
    }
    if let Some(hit) = SPAN.captures(part) {
        return value(&hit, 1, &[2, 4]);
    }
    PLAIN.captures(part).and_then(|hit| value(&hit, 1, &[2]))
}
