//! Agencies and the employers behind them.

use normalize::{patterns, text::fold};
use regex::Regex;

use super::words::{FORMS, Words, stems};

patterns! {
    static CLIENT: Regex = r"(?i)\b(?:pour (?:le compte d['’e] ?(?:une? )?)?(?:son|sa|notre|l['’]une? de (?:ses|nos)|une? de (?:ses|nos)|ses|nos|une?|des) client(?:e|s|es)?|for (?:our|its|a|one of (?:our|its)) clients?|on behalf of (?:our|its|a|one of (?:our|its)) clients?|notre client(?:e)?|our client)\b[ ,:(–-]*(?P<who>[^.;\n()]{0,160})";

    static BEHIND: Regex = r"(?i)\b(?:pour le compte (?:de |du |d['’]|des )|on behalf of )(?P<who>[^.;,\n()]{3,80})";

    static AGENCY: Regex = r"\b(?:recrut|interim|talent|staffing|placement|headhunt|manpower|adecco|carriere|emploi|ressources humaines|human resources|rh\b|hr\b|jobs?\b|fne\b|fonds national de l emploi)";

    static HIDDEN: Regex = r"\b(?:confidentiel(?:le)?|confidential|anonym(?:e|ous)|undisclosed|nom communique|non (?:communique|precise|divulgue)e?|de la place|particuliers?)\b";

    static ONE: Regex = r"(?i)^(?:recrute|recherche|une? |des |le |la |les |a |an |is |est |seeks|looking|[0-9]+ )";
}

/// Words with which every agency describes its clients.
static PRAISE: Words = Words::of(|| {
    " leader entreprise societe structure groupe specialise specialisee specialized dans secteur domaine place basee base based \
    grande grand importante important international internationale multinationale filiale cameroun douala yaounde company firm large leading \
    une un de du des la le les en et au aux a an the in of and est is son sa recrute recherche operant evoluant bien connue renomme renommee ".split_ascii_whitespace().collect()
});

/// Returns whether the name is that of an agency.
pub(crate) fn is_agency(folded_name: &str) -> bool {
    AGENCY.is_match(folded_name)
}

/// Returns whether the name hides the employer: "Entreprise industrielle (confidentiel)", "Banque de la place". It names nobody.
pub(crate) fn is_hidden(folded_name: &str) -> bool {
    HIDDEN.is_match(folded_name)
}

/// Returns the stems that describe the employer for whom an agency publishes; `None` if the text names nobody.
pub(crate) fn client(text: &str) -> Option<Vec<String>> {
    if let Some(who) = CLIENT.captures(text).and_then(|hit| hit.name("who")) {
        let parts = who.as_str().split(',').enumerate();
        let told: Vec<&str> = parts
            .take_while(|(at, part)| *at == 0 || !ONE.is_match(part.trim()))
            .map(|(_, part)| part)
            .take(3)
            .collect();
        let words = told.join(" ");
        let words = words.split([' ']).take(14).collect::<Vec<_>>().join(" ");
        return Some(stems(&fold(&words), &PRAISE));
    }
    let who = BEHIND.captures(text)?.name("who")?;
    Some(stems(&fold(who.as_str()), &FORMS)).filter(|stems| !stems.is_empty())
}
