//! The place that a text states for its post.
//!
//! Portals print a place beside every post, and it is a default if nobody chose one ("Douala, Cameroon"). The statement in the text
//! ("Lieu d'affectation : Garoua", "poste basé à Maroua", "Chauffeur - Kribi") comes from the author of the post. The seat of the
//! employer, the address for applications and places of travel do not count.

use regex::Regex;

use super::{
    Place,
    gazetteer::{Entry, find},
    inline,
    reader::{LARGE, leading, read_places},
    words::{Gap, Item, items},
};
use crate::{
    memo::remembered,
    patterns,
    text::{Body, Words, fold, lowered},
    vocabulary::{is_contract_part, signs},
};

patterns! {
    /// A label for the place of the post. The value follows it, or stands on the next line.
    static LABEL: Regex = {
        let of = r"(?:\s(?:de|du|d'|des|of the|of|de l'|de la)\s?(?:la |l'|prise de )?(?:travail|postes?|affectation|formation|stage|mission|service|intervention|exercice|execution|assignment|work|training|employment|emploi|activite|operation)?)?";
        format!(
            r"(?m)^[^a-z0-9\n]*(?:lieux?|localisations?|localites?|villes?(?:\s?/\s?regions?)?|sites?|affectations?|zones?|regions?|(?:job |work |working )?locations?|duty stations?|stations?|work ?places?|places?|postes a pourvoir|(?:training )?venue|city|town){of}\s*(?:\([^)\n]{{0,20}}\))?\s*(?::|-|\n|/)\s*([^\n]{{2,160}})"
        )
    };

    /// A clause on where a post, its holder or a course is.
    static CLAUSE: Regex = {
        let who = r"(?:postes?|stage|emploi|position|job|role|post|candidate?s?|titulaires?|vous|you|formations?|training|course|travail|cours)";
        let is = r"(?:basee?s?(?:\(e?s?\))?|affectee?s?(?:\(e?s?\))?|deployee?s?|stationed|based|located|posted|deployed|a pourvoir|se (?:tiendra|tiendront|deroulera|deroule|fera|situe)|s'(?:exercera|exerce|effectuera)|travaillerez|ouverts?|aura lieu|will (?:hold|take place|be held)|(?:takes|take) place)";
        format!(
            r"(?m)(?:\b(?P<who>{who})\b(?P<between>[^.;:\n]{{0,70}}?)\b{is}|prise de service|^[^a-z\n]*(?P<first>basee?s?(?:\(e\))?|based))\s(?:sur |entre )?(?:a|au|aux|en|in|at|dans)\s(?P<where>[^.;\n]{{2,120}})"
        )
    };

    /// What the word of a label begins with.
    static LABEL_BEGINS: Regex =
        r"^(?:lieu|localisation|localite|ville|site|affectation|zone|region|job|location|work|duty|station|place|postes|training|venue|city|town)";

    /// The ends of what `CLAUSE` has before the preposition. Other letters may precede them in the text.
    static LIES: Regex =
        r"fera|situe|exercera|exerce|effectuera|travaillerez|ouvert|base|affecte|deploye|stationed|located|posted|deployed|pourvoir|tiendra|tiendront|deroulera|deroule|lieu|hold|place|held|service";

    /// Words between a post and its place.
    static FACILITY: Regex =
        r"^(?:l'|la |le |les |notre |the |our )?(?:usine|hopital|agence|antenne|base|bureau|ferme|plantation|chantier|ecole|succursale|centre de sante|factory|plant|farm|office)\s(?:de |d'|du |in |at )?(?:la |l')?";

    /// Words after which a value names other places.
    static ELSEWHERE: Regex =
        r"\b(?:avec|with|missions?|deplacements?|travels?|puis|then|entretiens?|interviews?)\b";

    /// Words that exclude a place.
    static NOT_THERE: Regex = r"\b(?:hors|sauf|hormis|except|excluding|outside|excepte)\b";

    /// Other things with a place, between a word for the post and the place.
    static OTHERS: Regex =
        r"\b(?:clients?|societes?|entreprises?|compan(?:y|ies)|firms?|sieges?|direct(?:eur|rice|or)s?|chefs?|equipes?|teams?|superieur|bureaux?|organisations?|groupe|cabinet|banque|reseau|dossiers?|tests?|entretiens?|interviews?|examen|concours|manager|supervisor|coordonnat(?:eur|rice)|test|initiale)\b";

    /// What separates a town at the end of a title.
    static TAIL: Regex =
        r"(?:\(([^()]+)\)|\s[-–—|:]\s+([^()–—|]+(?:\([^()]+\))?)|,\s*([^,()]+)|\s(?:à|a|À|in|at|IN|AT|A)\s([^()]+))\s*$";
}

/// Returns the signs of a folded word for these rules.
pub(crate) fn signs(word: &str) -> u32 {
    const PREPOSITIONS: [&str; 7] = ["a", "au", "aux", "en", "in", "at", "dans"];
    let mut signs = 0;
    if LABEL_BEGINS.is_match(word) {
        signs |= signs::LABEL;
    }
    if LIES.is_match(word) {
        signs |= signs::LIES;
    }
    if PREPOSITIONS.contains(&word) {
        signs |= signs::AT;
    }
    signs
}

/// Which forms of a statement a text may have. The words tell more cheaply than the patterns where there is none.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hints {
    label: bool,
    clause: bool,
    /// A label within a line.
    inline: bool,
}

impl Hints {
    pub(crate) fn of(body: &Body, words: &Words<'_>) -> Self {
        Self {
            label: has_label(body, words),
            clause: has_clause(words),
            inline: inline::may_have(&body.text, words),
        }
    }
}

/// Returns whether a line may begin with a label.
fn has_label(body: &Body, words: &Words<'_>) -> bool {
    if !words.has(signs::LABEL | signs::FOREIGN) {
        return false;
    }
    let mut lines = body.stops.iter().filter(|stop| stop.is_line).peekable();
    let (mut at, mut begins) = (0, true);
    for (index, (word, signs)) in words.list().iter().zip(words.signs()).enumerate() {
        while lines.next_if(|line| line.folded < at).is_some() {
            begins = true;
        }
        let is_label = || signs & signs::LABEL != 0 && is_label(word, words.list().get(index + 1));
        if begins && (signs & signs::FOREIGN != 0 || is_label()) {
            return true;
        }
        begins = false;
        at += word.len() + 1;
    }
    false
}

/// Returns whether two words may begin a label. Some labels have two.
fn is_label(word: &str, next: Option<&&str>) -> bool {
    let then = |begin: &str| next.is_some_and(|next| next.starts_with(begin));
    match word {
        "job" => then("location"),
        "duty" => then("station"),
        "postes" => then("a"),
        "training" => then("venue"),
        "work" | "working" => then("location") || then("place"),
        _ => true,
    }
}

/// Returns whether a word for where something lies may stand before its preposition: "basé(e)s à", "aura lieu au", "based in".
fn has_clause(words: &Words<'_>) -> bool {
    // "(e)" or "(s)", and "sur" or "entre", may stand between.
    const APART: usize = 3;
    words.has(signs::AT)
        && words
            .with(signs::LIES)
            .any(|at| words.signs().iter().skip(at + 1).take(APART).any(|signs| signs & signs::AT != 0))
}

/// Returns the places that title and text state for the post, those of the title first; none for all of Cameroon.
pub fn stated_places(title: &str, description: &str) -> Vec<Place> {
    stated_where(title, description, Hints { label: true, clause: true, inline: true })
}

/// The same for a text whose hints are known.
pub(crate) fn stated_where(title: &str, description: &str, hints: Hints) -> Vec<Place> {
    let mut places = of_title(title);
    let mut stated =
        if hints.label || hints.clause { of_text(&lowered_lines(description), hints) } else { Vec::new() };
    if hints.inline {
        let within = inline::values(description).into_iter().map(|value| of_label(&value));
        stated.extend(within.filter(|places| is_some_place(places)).flatten());
    }
    for place in stated {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    // "Région du Nord" beside "Garoua": the region contains the town.
    let towns: Vec<_> =
        places.iter().filter(|place| place.locality.is_some()).map(|place| place.region).collect();
    places.retain(|place| place.locality.is_some() || !towns.contains(&place.region));
    places
}

fn lowered_lines(text: &str) -> String {
    text.lines().map(lowered).collect::<Vec<_>>().join("\n")
}

fn is_some_place(places: &[Place]) -> bool {
    !places.is_empty() && places.iter().all(|place| place.country == "CM" && place.region.is_some())
}

fn of_text(text: &str, hints: Hints) -> Vec<Place> {
    let mut found: Vec<Place> = Vec::new();
    let mut keep = |places: Vec<Place>| {
        if is_some_place(&places) {
            found.extend(places);
        }
    };
    if hints.label {
        for hit in LABEL.captures_iter(text) {
            keep(hit.get(1).map(|value| of_label(value.as_str())).unwrap_or_default());
        }
    }
    if !hints.clause {
        return found;
    }
    for hit in CLAUSE.captures_iter(text) {
        let group = |name: &str| hit.name(name).map(|part| part.as_str()).unwrap_or_default();
        // "Candidats basés à Yaoundé bienvenus": where they live. "Le candidat sera basé à Yaoundé" is the post.
        let lives = group("who").starts_with("candidat")
            && matches!(group("between").trim(), "" | "deja" | "already");
        // "Le travail avec nos équipes basées à Yaoundé" is theirs, "le travail se fera à Edéa" is the post's.
        let said = hit.get(0).map(|all| all.as_str()).unwrap_or_default();
        let is_loose = matches!(group("who"), "travail" | "cours")
            && [" basee", " base", " based", " located"].iter().any(|sign| said.contains(sign));
        let is_others = lives || is_loose || OTHERS.is_match(group("between"));
        let begins = !group("first").is_empty();
        if !is_others && (!begins || is_of_who_comes(group("where"))) {
            keep(of_clause(group("where")));
        }
    }
    found
}

/// Returns whether the clause is about the post: "Based in Limbe, the keeper receives …". "Based in Bamenda, our cooperative …" is
/// not.
fn is_of_who_comes(rest: &str) -> bool {
    // "Basé à Douala avec des déplacements à Kribi."
    if rest.contains(" avec des deplacements")
        || rest.contains(" avec deplacements")
        || rest.contains(" with travel")
    {
        return true;
    }
    let behind = rest.split_once(',').map(|(_, behind)| behind.trim_start()).unwrap_or_default();
    ["vous", "le ", "la ", "l'", "the ", "you", "il ", "elle "].iter().any(|word| behind.starts_with(word))
}

fn of_label(value: &str) -> Vec<Place> {
    if NOT_THERE.is_match(value) {
        return Vec::new();
    }
    let end = ELSEWHERE.find(value).map_or(value.len(), |hit| hit.start());
    let value = value.get(..end).unwrap_or_default();
    read_places(value, "CM").map(|read| read.places).unwrap_or_default()
}

fn of_clause(rest: &str) -> Vec<Place> {
    // "À Edéa, avec des déplacements à Douala": where somebody travels is not a place of the post.
    let end = ELSEWHERE.find(rest).map_or(rest.len(), |hit| hit.start());
    let rest = FACILITY.replace(rest.get(..end).unwrap_or_default(), "");
    let items = items(&rest);
    let known = items.iter().take_while(|item| item.entry.is_some()).count();
    leading(items.get(..known).unwrap_or_default())
}

fn of_title(title: &str) -> Vec<Place> {
    let title = without_terms(title);
    // The last part counts. A bracket after a dash counts too, unless it is a quarter of the town after the dash.
    let begin =
        title.rfind(" - ").or_else(|| title.rfind(" – ")).filter(|at| title.len() - at < 60).unwrap_or(0);
    let title = title.get(begin..).unwrap_or(title);
    let tail = TAIL.captures(title);
    let set_off = tail.and_then(|hit| hit.iter().skip(1).flatten().next().map(|tail| tail.as_str()));
    let places = set_off.map(|tail| remembered!(Vec<Place>, tail, of_tail)).unwrap_or_default();
    if places.is_empty() { last_cities(title) } else { places }
}

/// Returns a title without the terms at its end: "– CDI", "(CDD 6 mois)", "– Full time", "(H/F)".
fn without_terms(title: &str) -> &str {
    const TERMS: [&str; 19] = [
        "h", "f", "m", "hf", "fh", "urgent", "temps", "plein", "partiel", "full", "part", "time", "poste",
        "postes", "post", "posts", "places", "immediat", "stage",
    ];
    let is_term = |part: &str| {
        let folded = fold(part);
        let is_short = folded.len() <= 30 && !folded.is_empty();
        let is_plain = |word: &str| TERMS.contains(&word) || word.bytes().all(|byte| byte.is_ascii_digit());
        is_short && (folded.split(' ').all(is_plain) || is_contract_part(part))
    };
    let mut left = title.trim_end();
    loop {
        let bracket = left.strip_suffix(')').and_then(|head| head.rsplit_once('('));
        let apart = [" – ", " - ", " — ", " | "].iter().filter_map(|mark| left.rsplit_once(mark));
        let part = bracket.or_else(|| apart.min_by_key(|(_, tail)| tail.len()));
        match part {
            Some((head, tail)) if is_term(tail) && !head.trim().is_empty() => left = head.trim_end(),
            _ => return left,
        }
    }
}

/// Returns the places that the end of a title is, where it is set off from the rest.
fn of_tail(tail: &str) -> Vec<Place> {
    let items = items(tail);
    let is_town = |item: &Item| match item.entry {
        Some(Entry::Town(name, ..)) => fold(&item.text) == fold(name),
        Some(Entry::Region(_)) => true,
        _ => false,
    };
    if items.iter().all(|item| item.entry.is_some()) && items.iter().any(is_town) {
        let places = leading(&items);
        if is_some_place(&places) {
            return places;
        }
    }
    Vec::new()
}

/// Returns large cities at the end of a title that do not belong to the words before: "Recrutement Commerciaux Douala et Yaoundé".
fn last_cities(title: &str) -> Vec<Place> {
    // Cutting a title into names costs as much as all the rest, and few titles end like this.
    let last = title.split_whitespace().next_back().map(fold).unwrap_or_default();
    if !matches!(find(&last), Some(Entry::Town(name, ..)) if LARGE.contains(&name)) {
        return Vec::new();
    }
    let items = items(title);
    let is_city = |item: &&Item| matches!(item.entry, Some(Entry::Town(name, ..)) if LARGE.contains(&name) && fold(name) == fold(&item.text));
    let many = items.iter().rev().take_while(is_city).count();
    let cities = items.get(items.len() - many..).unwrap_or_default();
    let is_apart =
        cities.first().is_some_and(|first| !first.is_bound && first.gap == Gap::None) && many < items.len();
    if is_apart && cities.iter().skip(1).all(|city| city.gap > Gap::Dash) {
        leading(cities)
    } else {
        Vec::new()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::text::{clean_text, cut};

    proptest! {
        #[test]
        fn the_hints_miss_no_statement(
            text in "((poste|vous|stage|training|job|location|[Ll]ieu|ville|zone|work|place|duty|station|postes à pourvoir|basé|basé\\(e\\)s?|affectées|aura lieu|will be held|based|prise de service|se tiendra|œ|é|12|la|le|Douala|Garoua|Kribi|sur|entre|à|in|at|au|Maroua|travail|d'affectation)( ?: ?| |, |\\. |\n| - |/)){0,14}"
        ) {
            let body = cut(&clean_text(&text));
            let words = Words::of(&body.folded, signs::of);
            prop_assert_eq!(stated_where("", &body.text, Hints::of(&body, &words)), stated_places("", &body.text));
        }
    }
}
