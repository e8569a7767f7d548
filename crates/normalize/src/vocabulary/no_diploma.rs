//! What says that no diploma is needed, and what may stand in its place.

use regex::Regex;

use super::EDUCATION;
use crate::{numbers, patterns};

/// Beginnings of the words without which a sentence is about no diploma, folded.
const SUBJECTS: [&str; 16] = [
    "illettr",
    "analphabet",
    "diplom",
    "degree",
    "school",
    "scolar",
    "scolaire",
    "instruction",
    "qualification",
    "certificate",
    "education",
    "educational",
    "niveau",
    "etude",
    "lire",
    "educated",
];
/// Words that may put something else in the place of a diploma, folded, in alphabetical order.
const INSTEAD: [&str; 21] = [
    "compensate",
    "compense",
    "defaut",
    "enough",
    "failing",
    "faute",
    "instead",
    "lieu",
    "place",
    "remplace",
    "remplacent",
    "remplacer",
    "replace",
    "replaces",
    "substitute",
    "suffice",
    "suffices",
    "suffira",
    "suffisent",
    "suffit",
    "tiennent",
];

/// Returns whether a sentence with this word may say something on diplomas that no name of one does.
pub(super) fn may_say(word: &str) -> bool {
    is_subject(word) || is_instead(word) || word == "read"
}

fn is_instead(word: &str) -> bool {
    INSTEAD.binary_search(&word).is_ok()
}

fn is_subject(word: &str) -> bool {
    // "École" and "schools" are where people work.
    SUBJECTS.iter().any(|sign| word.starts_with(sign)) && !matches!(word, "school" | "schools" | "scolaires")
        || matches!(word, "bac" | "niveaux")
}

patterns! {
    /// Sentences that ask for no diploma.
    static NONE_NEEDED: Regex = {
        let paper = r"(?:diplomes?|diplomas?|degrees?|certificates?|qualifications?|niveaux?|scolarite|bac)";
        let of = r"(?: (?:d etudes?|scolaires?|d instruction|de formation|de qualification|d enseignement|academiques?|universitaires?|professionnels?|specifiques?|particuliers?|minimum|minimal|prealables?|certificates?|scolarite))*";
        let asked = r"(?:exigee?s?|requise?s?|demandee?s?|necessaires?|obligatoires?|imposee?s?|indispensables?)";
        let needed = r"(?:required|needed|necessary|asked(?: for)?|demanded|expected|mandatory|compulsory|a must|a requirement)";
        let school = r"(?:schooling|education(?:al)?(?: level| background| attainment)?|level of education|level of schooling|educational level|school level|qualifications?|diplomas?|degrees?|certificates?|academic background|academic level)";
        [
            // French: with or without, no matter which, not asked for.
            r"\bavec ou sans (?:le )?(?:diplomes?|bac)\b".to_owned(),
            r"\bdiplomee?s? (?:ou (?:non|pas)\b|et non diplomee?s?\b)".to_owned(),
            format!(r"\bsans (?:aucune |la moindre )?(?:conditions?|exigences?|obligations?|criteres?|prerequis|pre requis) (?:prealables? )?(?:de |d |du )?{paper}{of}"),
            format!(r"\bsans (?:aucun )?(?:diplome|niveau){of} (?:{asked}|accepte)"),
            format!(r"\b(?:aucun|aucune|pas de|ni|nul)(?: besoin de)? {paper}{of}(?: ou \w+| ni (?:de )?\w+)? (?:n est |ne sont |n etait |ne sera |n y est )?{asked}"),
            format!(r"\b(?:aucune|pas de|ni|sans)(?: \w+)? (?:scolarite|etudes?|formation scolaire) (?:n est |ne sont )?{asked}"),
            format!(r"\b(?:aucune|pas de|nulle) (?:conditions?|exigences?) (?:de |d |du )?{paper}"),
            format!(r"\b{paper}{of} (?:n est |ne sont |n etant )?(?:non|pas) (?:un |une )?(?:{asked}|condition|critere|prerequis)"),
            r"\b(?:le |un )?diplome (?:importe peu|ne compte pas|n importe pas|n a pas d importance|n entre pas en compte)".to_owned(),
            r"\b(?:pas|nul|sans) besoin (?:de |d |d un |d aucun )?diplomes?\b".to_owned(),
            r"\bn (?:est|a) (?:pas|aucunement|nullement) (?:necessaire|besoin|oblige|obligatoire|requis|indispensable) d (?:avoir|etre titulaire d|etre) (?:un |de |d un )?diplom".to_owned(),
            r"\bne (?:demandons|demande|exigeons|exige|regardons) (?:pas (?:de |le |les )?|aucun |ni )diplome".to_owned(),
            r"\bmeme sans (?:aucun )?diplome\b".to_owned(),
            format!(r"\b(?:quel(?:le)?s?|peu importe|n importe quel) (?:que (?:soi(?:en)?t|fut) )?(?:le|la|les|leur|leurs|votre|vos|ton|son)?(?: \w+)? ?(?:niveau{of}|diplomes?|scolarite|niveaux? scolaires?|formation scolaire|parcours scolaire|instruction|etudes)\b"),
            r"\bindependamment d(?:u|e (?:leur|votre|son)) (?:niveau|diplome|parcours scolaire)".to_owned(),
            r"\b(?:tous|tout)(?: les)? niveaux? (?:d etudes?|scolaires?|d instruction|de diplomes?|de scolarite|de formation)\b".to_owned(),
            r"\b(?:savoir|sachant|sache|sait|sachez) lire et (?:ecrire|compter) (?:suffit|suffisent|suffira)".to_owned(),
            r"\bil suffit de savoir lire\b".to_owned(),
            r"\b(?:non diplomee?s?|non scolarisee?s?|illettree?s?|analphabetes?) (?:aussi |sont |egalement )?(?:acceptee?s?|bienvenue?s?|admis(?:es)?)".to_owned(),
            // English.
            r"\bwith or without (?:a |any )?(?:diplomas?|degrees?|certificates?|schooling|qualifications?|formal education)\b".to_owned(),
            format!(r"\bno (?:\w+ )??(?:\w+ )??(?:{school}|level|schooling) (?:or \w+ |and \w+ )?(?:is |are |will be )?{needed}\b"),
            format!(r"\bno (?:\w+ )+?or (?:{school}) (?:is |are )?{needed}\b"),
            format!(r"\b(?:{school}) (?:is |are |will )?not (?:be )?{needed}\b"),
            format!(r"\b(?:no|without|without any|free of)(?: minimum| formal| specific| particular| any)? {school} (?:requirements?|conditions?|criteria)\b"),
            format!(r"\b(?:without|no) (?:condition|requirement)s? (?:of|on|as to) (?:a |any )?{school}"),
            format!(r"\b(?:whatever|regardless of|irrespective of|no matter|independent of|independently of) (?:what )?(?:of )?(?:is |be )?(?:the |their |your |his |her |his or her |one s |any )?(?:\w+ )?(?:{school}|level of school|schooling)\b"),
            r"\b(?:do not|don t|does not|doesn t|need not|without) (?:need|require|have|having)(?: to have| to hold| to)? (?:a |any |no )?(?:formal |school |university )?(?:diploma|degree|certificate|schooling|qualification)s?\b(?: to apply| required)?".to_owned(),
            r"\b(?:all|any) (?:educational |education |school )(?:levels?|backgrounds?)\b".to_owned(),
            r"\b(?:all|any) levels? of (?:education|schooling|instruction)\b".to_owned(),
            r"\b(?:schooled|educated|certified) or not\b".to_owned(),
            r"\b(?:ability|able|being able|enough) to read(?: and write)? (?:is (?:enough|sufficient)|suffices)\b".to_owned(),
        ]
        .join("|")
    };

    /// Reading and writing, and nothing else.
    static LITERATE: Regex = r"^(?:(?:il faut|doit|doivent|must|should|be|etre|bien|le candidat|la candidate|minimum|au moins) )*(?:savoir|sachant|sache|sait|ability to|able to|capable de|can) (?:bien )?(?:lire|read)(?: (?:et|and|ecrire|write|compter|count|calculer|parler|s exprimer|le|la|en|in|francais|anglais|french|english|minimum|requis|exige|correctement|un peu|ou|or))*$";

    /// People whom the work is for, in a sentence that says so of them: "teach pupils whatever their schooling".
    static OTHERS: Regex = r"\b(?:eleves?|apprenants?|beneficiaires?|stagiaires?|enfants|jeunes|pupils|learners|trainees|children|beneficiaries|young people|clients?|patients?|accompagner|former|accueillir|enseigner|encadrer|orienter|teach|train|coach|advise|assist|refer|welcome)\b";

    /// Words of who applies.
    static APPLIES: Regex = r"\b(?:candidat|postul|applicant|candidate|apply|ouvert|open|recrut|accept|votre|vos|your|you|vous)";

    /// What a sentence accepts in place of a diploma without naming one.
    static IN_PLACE: Regex = {
        let practice = r"(?:experiences?|pratique|practice|savoir faire|portfolio|references?|metier|motivation|serieux|terrain|realisations?|skills|competences?)";
        [
            format!(r"\b{practice}\b(?: \w+){{0,7}} (?:suffi\w+|is enough|are enough|will do|suffices?|tient lieu|tiennent lieu|remplacent?|compense|acceptee?s? (?:aussi|a la place|egalement)|(?:peut|peuvent|pourra|pourront) (?:le |la |les |en )?(?:remplacer|compenser|suppleer|tenir lieu)|(?:can|may|will|could) (?:also )?(?:replace|substitute|compensate|make up|stand in|be accepted (?:instead|in lieu|in place)))"),
            r"\b(?:a|faute de|en l absence de|without|in lieu of|instead of|in place of|failing) (?:tout |un |le |ce |a |the |this |any )?(?:defaut|diplome|diploma|degree|certificate)\b".to_owned(),
            r"\bfailing (?:that|which|this)\b".to_owned(),
            r"\btien(?:nen)?t lieu d(?:e|u) ".to_owned(),
        ]
        .join("|")
    };
}

/// Returns whether a folded sentence says that no diploma is needed. Of a job, what it says of people whom the work is for does not
/// count: "accueillir des jeunes quel que soit leur niveau scolaire".
pub(super) fn says_none(folded: &str, is_job: bool) -> bool {
    if !folded.split(' ').any(is_subject) {
        return false;
    }
    let is_short = |phrase: &str| folded == phrase;
    if ["sans diplome", "no diploma", "aucun diplome", "sans niveau"].into_iter().any(is_short) {
        return true;
    }
    let without = without_refusals(folded);
    NONE_NEEDED.is_match(without) && !(is_job && is_of_others(folded))
}

/// Returns whether a folded sentence asks to read and write, and for nothing else.
pub(super) fn says_literate(folded: &str) -> bool {
    (folded.contains("lire") || folded.contains("read")) && LITERATE.is_match(folded)
}

/// Returns whether a sentence is on people whom the work is for, and on nobody who applies.
pub(super) fn is_of_others(folded: &str) -> bool {
    OTHERS.is_match(folded) && !APPLIES.is_match(folded)
}

/// "Sans diplôme s'abstenir" refuses them.
fn without_refusals(folded: &str) -> &str {
    if folded.contains("s abstenir") { "" } else { folded }
}

/// Returns whether a folded sentence accepts something else in place of a diploma: "une expérience en boutique suffit aussi".
pub(super) fn says_instead(folded: &str) -> bool {
    folded.split(' ').any(is_instead) && IN_PLACE.is_match(folded)
}

/// What may stand in the place of a diploma, folded.
const PROOFS: [&str; 43] = [
    "experience",
    "experiences",
    "chantiers",
    "projets",
    "projects",
    "realisations",
    "montrer",
    "portfolio",
    "ans",
    "an",
    "years",
    "year",
    "pratique",
    "practice",
    "atelier",
    "importe",
    "autodidacte",
    "competences",
    "skills",
    "metier",
    "preuve",
    "preuves",
    "proof",
    "exemple",
    "exemples",
    "photo",
    "photos",
    "echantillons",
    "samples",
    "essai",
    "trial",
    "demonstration",
    "references",
    "book",
    "tas",
    "savoir",
    "vecu",
    "parcours",
    "track",
    "record",
    "work",
    "travaux",
    "pieces",
];
/// Words on more studies, folded.
const STUDIES: [&str; 8] =
    ["etudes", "etude", "universite", "university", "studies", "study", "superieur", "superieures"];

/// Returns whether something else may replace a diploma: "CAP ou trois chantiers à montrer", "BTS ou preuve par l'exemple". Another
/// diploma, level or subject is something else: "CAP mécanique ou électrotechnique", "BTS ou deux ans d'études".
pub(super) fn has_alternative(folded: &str) -> bool {
    let mut rest = folded.split(' ').skip_while(|word| !matches!(*word, "ou" | "or"));
    if rest.next().is_none() {
        return false;
    }
    let rest: Vec<&str> = rest.collect();
    if rest.iter().any(|word| STUDIES.contains(word)) {
        return false;
    }
    // "Dix meubles en photo", "3 sites livrés": a number of things; "Bac + 2 ou 3" is a level.
    let counts = |word: &str| numbers::of(word).is_some() || word.bytes().all(|byte| byte.is_ascii_digit());
    let lead = rest.iter().take_while(|word| matches!(**word, "au" | "moins" | "at" | "least" | "a")).count();
    let counted = match rest.get(lead..) {
        Some([number, thing, ..]) => {
            !matches!(*number, "un" | "une" | "one")
                && counts(number)
                && thing.len() > 3
                && !EDUCATION.begins(thing)
        }
        _ => false,
    };
    counted || rest.iter().any(|word| PROOFS.contains(word))
}

#[cfg(test)]
mod tests {
    #[test]
    fn words_are_found_by_their_order() {
        assert!(super::INSTEAD.is_sorted());
    }
}
