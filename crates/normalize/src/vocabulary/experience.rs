//! Experience asked for, in months.

use regex::Regex;

use crate::{numbers::in_digits, patterns};

const UNIT: &str = r"(ans?|annees?|years?|yrs?|mois|months?)\b";

patterns! {
    /// Words that ask for no experience.
    static NONE: Regex =
        r"debutants? (est |sont )?accepte|sans experience|aucune experience|experience (non|pas) (exigee|requise|obligatoire|necessaire)|no experience|entry level|fresh(ly)? graduate|fraichement diplome|jeunes? diplome|tous? (les )?niveaux? d.experience|toutes? experiences?|^indifferente?$|any experience|debutants? ?<|(moins d[e'] ?|< ?|jusqu'a |less than |up to )\d+ ?(ans?|annees?|years?|yrs?|mois|months?)\b";

    /// Years of something else: age, contract, level of education, employer.
    static OTHER: Regex = r"(?x)\bbac(?:c|calaureat)?\s*(?:\+|plus)?\s*\d(?:\s*[/&]\s*\+?\d\b)*
        | \bage[es]*\b\s*:?[^.,;]*?\bans?(?:\ au\ (?:moins|plus)|\ revolus)?
        | \bjeunes?(?:\ \w+)*\ de\ \d+\ a\ \d+\ ans
        | \b(?:1[6-9]|[2-5]\d)\s*(?:ans)?\s*(?:a|-|–|et|to)\s*(?:2\d|[3-6]\d)\s*(?:ans|years)
        | \b(?:forte?|depuis|riche|existe\ depuis)\ (?:de\ )?(?:plus\ de\ )?\d+\ (?:ans|annees)
        | \b(?:cdd|contrat|stage|mission|essai|interim|sur|pendant|duree)\b(?:\ de|\ d'|\ :)?\s*(?:de\ )?\d+(?:\.\d)?\ ?mois(?:\ renouvelables?)?";

    static HALF: Regex = format!(r"(\d+) ?{UNIT} et demie?");

    static SPAN: Regex = format!(r"(\d+) ?(?:{UNIT})? ?(?:a|-|–|et|to|and) ?(\d+) ?{UNIT}");

    static PLAIN: Regex = format!(r"(\d+) ?\+? ?{UNIT}");

    static PARTS: Regex = r"&| ou |;";
}

/// Returns the least experience asked for, in months. It is 0 if beginners are welcome, and `None` if the words name none.
pub fn read_experience(words: &str) -> Option<u16> {
    let text = in_digits(words);
    if NONE.is_match(&text) {
        return Some(0);
    }
    let text = OTHER.replace_all(&text, " ").into_owned();
    // "5 ans dont 2 à un poste similaire": the post asks for five.
    let told = text.split(" dont ").next().unwrap_or_default();
    PARTS.split(told).filter_map(months).min()
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
