//! Whether the source says that an opportunity is closed.

mod closed;

use regex::Regex;

use crate::{
    patterns,
    text::{clean_line, fold},
};

pub(crate) use closed::{text_says_closed, title_says_closed};

/// Beginnings of words that mean "closed", folded.
const CLOSED: [&str; 21] = [
    "clos",
    "cloture",
    "close",
    "expire",
    "ferme",
    "pourvu",
    "termine",
    "inacti",
    "suspend",
    "annule",
    "archive",
    "retire",
    "desactive",
    "indisponible",
    "cancel",
    "filled",
    "ended",
    "withdrawn",
    "removed",
    "unavailable",
    "unpublished",
];

/// Words that put a statement in the future, folded.
const COMING: [&str; 15] = [
    "prochaine",
    "prochainement",
    "prochain",
    "imminente",
    "imminent",
    "bientot",
    "soon",
    "shortly",
    "jusqu",
    "until",
    "avant",
    "will",
    "sera",
    "seront",
    "tomorrow",
];

/// Returns whether the words on a closing are about the offer: "Offre cloturé", "Candidatures : clôturé", "Clôturé (pourvu)".
fn is_said(folded: &str) -> bool {
    const SUBJECTS: [&str; 14] = [
        "offre",
        "annonce",
        "poste",
        "candidatures",
        "candidature",
        "inscriptions",
        "recrutement",
        "statut",
        "etat",
        "status",
        "est",
        "a",
        "deja",
        "appel",
    ];
    folded
        .split(' ')
        .all(|word| SUBJECTS.contains(&word) || word.starts_with("clotur") || word == "de" || word == "des")
}

/// Longest text that is examined, in characters.
const LONGEST: usize = 200;

/// Words that negate the next one.
const NOT: [&str; 6] = ["non", "pas", "not", "no", "plus", "never"];

/// Returns whether the words mean "closed". All other words leave the opportunity open.
pub fn says_closed(words: &str) -> bool {
    // A longer text is about something else.
    let folded = fold(&clean_line(words)).chars().take(LONGEST).collect::<String>();
    let words: Vec<&str> = folded.split(' ').collect();
    if let [one] = words.as_slice()
        && matches!(*one, "false" | "non" | "no" | "0" | "off" | "faux" | "complet")
    {
        return true;
    }
    // "Clôture prochaine", "Bientôt clôturée", "À clôturer", "Ouverte jusqu'à clôture": not yet.
    let is_coming = words.iter().any(|word| COMING.contains(word)) || folded.starts_with("a clotur");
    // "Clôture des comptes", "Comptable Clôture": the noun names work or a day, unless it is all there is.
    let is_noun = |word: &str| matches!(word, "cloture" | "clotures") && words.len() > 1 && !is_said(&folded);
    words.iter().enumerate().any(|(at, word)| {
        let before = at.checked_sub(1).and_then(|before| words.get(before)).copied().unwrap_or_default();
        // "n'est plus disponible", "not available", "non active".
        let refuses = NOT.contains(&before)
            && ["disponible", "available", "acti", "ouvert", "open", "valide", "valid"]
                .iter()
                .any(|sign| word.starts_with(sign));
        let says = CLOSED.iter().any(|sign| word.starts_with(sign))
            && !folded.split(' ').take(at).any(|word| NOT.contains(&word));
        // "Clôture le 12 décembre", "closes on Friday", "Closing date": when, not whether.
        let next = words.get(at + 1).copied().unwrap_or_default();
        let is_date = folded.bytes().any(|byte| byte.is_ascii_digit())
            || words.len() > 6
            || matches!(next, "on" | "at" | "in" | "le" | "soon" | "date" | "end");
        refuses || (says && !is_date && !is_coming && !is_noun(word))
    })
}

patterns! {
    /// How an invitation to tender begins, folded. "Tender officer" is a job.
    static TENDER: Regex = r"^(?:(?:avis |dossier )?(?:d |de |l )*(?:appels? d offres?|demandes? de cotations?)\b|aao (?:n |no |num)?\d|aon[io]? (?:n )?\d|avis d attribution\b|invitations? to (?:tender|bid)\b|requests? for (?:quotations?|proposals?)\b|calls? for tenders?\b|tender notice\b|(?:avis|appel)s? (?:public )?(?:a|de) (?:la )?manifestations? d interet\b|ami (?:n |no )?\d|calls? for expressions? of interest\b|expressions? of interest\b|avis de (?:pre ?qualification|consultation)\b)";

    /// What a person is recruited by.
    static RECRUITS: Regex = r"\b(?:recrutements?|recrute|consultante?s?|candidatures?|recruitment|hiring|poste d|individual|experte?s?|stagiaires?|emplois?)\b";

    /// Who is recruited by a tender and is not a person.
    static FIRM: Regex = r"\b(?:recrutements?|selections?|recruitment|hiring|choix) (?:d |de |des |du |of |un |une |a |an )*(?:cabinets?|bureaux?|firmes?|firms?|entreprises?|prestataires?|societes?|company|companies|fournisseurs?|agences?|agency|operateurs?|consultants? firms?|consulting firms?)\b";

    /// How a notice of results begins, folded.
    static RESULTS: Regex = r"^(?:resultats?(?: (?:definitifs?|provisoires?|partiels?|officiels?|finals?|finaux))? (?:du |de la |de l |des |d )?(?:concours|examens?|epreuves?|selections?|preselections?|tests?|recrutements?|admissions?|candidats?|entretiens?|ecrits?|oraux?|baccalaureat|bac|bepc|cap|bts|probatoire)\b|listes? (?:\w+ )?des (?:candidat(?:e?s)?(?: \w+)? (?:retenus?|admis|selectionnes?|preselectionnes?|convoques?|definitivement)|admis|retenus|laureats)\b|list of (?:the )?(?:short ?listed|successful|selected|admitted) |results? of (?:the )?(?:\w+ )?(?:exam|examination|test|selection|interview|recruitment)|communique (?:\w+ )*?portant (?:\w+ (?:des |du |de )?)?resultats?\b|(?:communique|avis|annonce|note)(?: \w+){0,3}? (?:des |les |de |du )?(?:resultats?|proclamation|admissibilite|listes? (?:\w+ )?des (?:candidate?s?|admis|laureate?s?))\b|proclamation (?:\w+ )?(?:des |du )?resultats?\b|publication (?:des |de la )?(?:resultats?|listes? (?:\w+ )?des (?:candidate?s?|admis))\b|(?:press release|announcement|notice) (?:\w+ )?results?\b)";

    /// What a site says in place of a post that it no longer has, folded.
    static OBITUARY: Regex = {
        let before = r"(?:oups |oops |sorry |desolee? |erreur |error )*(?:404 |410 )?(?:oups |sorry |desolee? |erreur |error )?";
        let what = r"(?:l |la |le |cette |ce |cet |votre |the |this )?(?:offre|annonce|poste|emploi|page|fiche|publication|opportunite|formation|job|position|vacancy|posting|listing|opportunity|ad)";
        let of = r"(?: d emploi| de stage| de formation| offer| posting| ad| listing)?(?: demandee?| recherchee?| que vous (?:re)?cherchez| you requested| you are looking for)?";
        let gone = r"(?:expiree?|expired|pourvue?|cloturee?|closed|fermee?|supprimee?|retiree?|archivee?|deleted|removed|filled|introuvable|inexistante?|unavailable|not available|not found|no longer (?:available|active|open|valid|exists?|accepting applications))";
        let is = r"(?: (?:a|est|has|is|was|were|a ete|est deja|has already|has been|is already|has now been|desormais|maintenant))*";
        let not = r"(?:n est (?:plus|pas) (?:disponible|en ligne|active?|valide|valable|d actualite|ouverte?|accessible|publiee?|a pourvoir)|n existe (?:pas|plus)(?: ou plus)?|does not exist|doesn t exist)";
        let rest = r"(?: (?:404|410|error|erreur|sur (?:ce|notre) site|on this site|desormais|aujourd hui|anymore))*";
        format!(r"^{before}(?:{what}{of}(?:{is} {gone}| {not}){rest}|(?:404|410)(?: (?:not found|page not found|gone|error|erreur))?|not found|introuvable)$")
    };
}

/// Returns what a title says that is not an opportunity for a person: "tender" for firms, or "notice" of results. Only a title that begins so
/// is one; a consultant or an employee may be recruited by a call for tenders.
pub(crate) fn notice_of(folded: &str) -> Option<&'static str> {
    // Few titles begin with one of these letters.
    if !folded.starts_with(['a', 'c', 'd', 'e', 'i', 'l', 'n', 'p', 'r', 't']) {
        return None;
    }
    if TENDER.is_match(folded) {
        if FIRM.is_match(folded) {
            return Some("tender");
        }
        return (!RECRUITS.is_match(folded)).then_some("tender");
    }
    RESULTS.is_match(folded).then_some("notice")
}

/// Returns whether a title is what a site says in place of a post that it no longer has: "Cette offre n'est plus disponible",
/// "Page introuvable", "404 Not Found".
pub(crate) fn is_obituary(title: &str) -> bool {
    title.len() <= LONGEST && OBITUARY.is_match(&fold(title))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_site_says_of_a_post_that_is_gone_is_no_title() {
        for title in [
            "Cette offre n'est plus disponible",
            "Offre expirée",
            "L'annonce que vous cherchez n'existe plus",
            "Ce poste a été pourvu",
            "Cette offre d'emploi est expirée",
            "Annonce supprimée",
            "Page introuvable",
            "Oups ! Page introuvable",
            "Erreur 404",
            "404 Not Found",
            "404",
            "Page not found",
            "This job is no longer available",
            "This position has been filled",
            "This job posting has expired.",
            "Job no longer available",
        ] {
            assert!(is_obituary(title), "{title}");
        }
        for title in [
            "Chargé de l'offre commerciale",
            "Poste de soudeur à pourvoir",
            "Responsable page web",
            "Closing officer",
            "Agent d'archives",
            "Offre d'emploi : soudeur",
            "Assistant 404",
            "Formation fermée aux débutants",
            "Job coach",
            "Not found in translation: translator",
            "Offre disponible",
        ] {
            assert!(!is_obituary(title), "{title}");
        }
    }

    #[test]
    fn only_what_says_so_is_closed() {
        for words in [
            "Pourvue",
            "pourvu",
            "Expirée",
            "expired",
            "CLOSED",
            "Clôturé",
            "clos",
            "fermée",
            "Offre expirée",
            "inactive",
            "Inactif",
            "false",
            "0",
            "no",
            "loanProduct.inactive",
            "savings.product.closed",
            "Position filled",
            "Archivé",
            "suspendue",
            "non disponible",
            "n'est plus disponible",
            "not active",
            "Annulée",
            "cancelled",
            "Candidatures closes",
            "Désactivé",
        ] {
            assert!(says_closed(words), "{words}");
        }
        for words in [
            "",
            "open",
            "Ouverte",
            "active",
            "actif",
            "loanProduct.active",
            "true",
            "1",
            "oui",
            "publié",
            "En cours",
            "non pourvu",
            "pas encore clos",
            "disponible",
            "Temps complet jusqu'au 12/12",
            "Clôture le 12 décembre 2026",
            "closes on 12 Dec",
            "published",
            "nouveau",
            "à pourvoir",
            "Available",
            "2",
            "urgent",
            "en attente",
            "Closing date",
        ] {
            assert!(!says_closed(words), "{words}");
        }
    }

    #[test]
    fn what_is_to_come_and_work_on_closings_close_nothing() {
        for words in [
            "Clôture prochaine",
            "Clôture imminente",
            "Bientôt clôturée",
            "À clôturer",
            "Ouverte jusqu'à clôture",
            "Closing soon",
            "Closes soon",
            "Bientôt pourvu",
            "Agent Clôture",
            "Comptable Clôture Mensuelle Douala",
            "Gestionnaire de contrats closed-end funds",
        ] {
            assert!(!says_closed(words), "{words}");
        }
        for words in ["Clôture", "Offre clôturée", "Offre : clôturé", "Recrutement clôturé"] {
            assert!(says_closed(words), "{words}");
        }
    }
}
