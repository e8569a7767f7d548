//! The clause of an amount: what stands beside it, up to the next mark.

use domain::money::{AmountKind, Period};
use regex::Regex;

use super::{number::Figure, signs};
use crate::patterns;

patterns! {
    /// Where a clause ends. A comma within a number is not a mark.
    static MARKS: Regex = r"[;()+]|,(?:[^\d]|$)|\. |\b(?:et|and|mais|but|plus)\b";

    /// A clause that is a period and nothing else: "150 000 FCFA, par mois".
    static ALONE: Regex = r"(?x)^[\s,:.]*(?:(?:par|per|le|la|l'|/|en|a|chaque|por|al|net|nette|nets|brute?s?|gross|fixe|de|du|salaire|salary|wage|pay|paye|paie
        |remuneration|bourse|montant|base|versement|hors\ primes)[\s:']*|(?:horaire|heure|hour(?:ly)?|journee|journalier|jours?|day|daily|hebdomadaire|semaine|week(?:ly)?
        |mensuel(?:le)?s?|mois|month(?:ly)?|annuel(?:le)?s?|ans?|annee|year(?:ly)?|annual|mes|dia|cfa|fcfa|xaf)[\s:.]*)+$";

    /// Words on leave, rest and raises: their periods are not the one that is paid for.
    static LEAVE: Regex = r"\b(?:repos|conges?|augmentations?|revalorisation|vacances|permission|leave|days? off|chiffre d'affaires|semaine de)\b[^,;.()+\d]*";

    /// What a person is given, before the amount.
    static GIVEN: Regex = r"\b(?:bourses?|indemnites?|allocations?|allowances?|stipends?|scholarships?|per diem|gratifications?)(?: [a-z']+){0,3}(?: (?:de|d'|of|:))? ?:? ?$|\b(?:recoi(?:t|vent)|recevr(?:a|ont)|percoi(?:t|vent)|percevr(?:a|ont)|touchent|toucheront|receives?|earns?)\b[^,;:]*$";

    /// The same, behind it.
    static GIVEN_BEHIND: Regex = r"^[^,;.()+\d]*\b(?:offerte?s?|remis|donnee?s?|given|(?:versee?s?|payee?s?|accordee?s?|paid) (?:aux?|a chaque|to) (?:\w+ )?(?:apprenant|apprenti|stagiaire|candidat|etudiant|jeune|eleve|beneficiaire|participant|trainee|learner|student)\w*)\b";

    /// What a person pays, before the amount.
    static PAID: Regex = r"\b(?:frais (?:de dossier|d'inscription|d'etude|de formation|de candidature|de visite)|a payer|apport personnel|apport propre|contribution personnelle|contribution du beneficiaire|(?:registration|application|processing) fees?|caution)\b[^,;]*$";

    /// A bonus beside a wage that is not named.
    static BONUS: Regex = r"(?:selon|negoci|debattre|discuter|attracti|motivant)[^\d]*\b(?:prime|bonus|transport)\b[^\d]*$";

    /// A course without a price.
    static FREE: Regex = r"\bgratuite?s?(?:ment)?\b|\bfree\b|\bentierement (?:finance|pris)|\bprise? en charge a ; |\bprise en charge totale";
    static NOT_FREE: Regex = r"\b(?:pas|non|not) (?:entierement |totalement )?(?:gratuit|free)";
}

/// Returns where the clause of an amount begins and ends.
fn bounds(text: &str, begin: usize, end: usize) -> (usize, usize) {
    let mut from = 0;
    for hit in MARKS.find_iter(text.get(..begin).unwrap_or_default()) {
        from = hit.end();
    }
    let rest = text.get(end..).unwrap_or_default();
    (from, MARKS.find(rest).map_or(text.len(), |hit| end + hit.start()))
}

/// Returns whether an amount is not of this kind: a kit that a learner is given, a fee that a worker pays.
pub(super) fn is_of_another(text: &str, amount: &Figure, kind: AmountKind) -> bool {
    let (from, _) = bounds(text, amount.begin, amount.end);
    let before = text.get(from..amount.begin).unwrap_or_default();
    let after = text.get(amount.end..).unwrap_or_default();
    match kind {
        AmountKind::Tuition => GIVEN.is_match(before) || GIVEN_BEHIND.is_match(after),
        AmountKind::Wage => {
            PAID.is_match(before) || BONUS.is_match(text.get(..amount.begin).unwrap_or_default())
        }
        AmountKind::Principal | AmountKind::Grant => PAID.is_match(before),
    }
}

/// Returns whether the words on the price of a course say that it has none.
pub(super) fn is_free(text: &str) -> bool {
    FREE.is_match(text) && !NOT_FREE.is_match(text)
}

/// Returns the period that stands beside an amount, or in a clause that is a period and nothing else.
pub(super) fn period(text: &str, begin: usize, end: usize) -> Option<Period> {
    let (from, to) = bounds(text, begin, end);
    let own = text.get(from..to).unwrap_or_default();
    let of = |clause: &str| signs::period(&LEAVE.replace_all(clause, " "));
    of(own).or_else(|| {
        let [before, after] = [text.get(..from), text.get(to..)].map(Option::unwrap_or_default);
        let clauses = MARKS.split(after).chain(MARKS.split(before));
        clauses.filter(|clause| ALONE.is_match(clause)).find_map(signs::period)
    })
}
