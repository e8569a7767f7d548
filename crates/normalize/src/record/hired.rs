//! The contract and the pay that a sentence of a job's text names: "Nous offrons un CDI.", "CDD de 24 mois renouvelable une fois.",
//! "Nous payons 2 500 F par jour."
//!
//! They fill only what neither a field, the title nor a label says. A sentence on contracts that somebody draws up, or on money of
//! something else, fills nothing, and sentences that differ do not either.

use domain::{
    Draft, Kind, Opportunity,
    money::{Amount, AmountKind},
    vocabulary::Contract,
};
use regex::Regex;

use super::{Context, home_currency};
use crate::{
    money::read_amount,
    patterns,
    text::{Body, lowered},
    vocabulary::read_contracts,
};

/// Longest sentence that is examined, in bytes.
const LONGEST: usize = 400;
/// Longest sentence without digits that is examined, folded, in bytes.
const SHORT: usize = 100;
/// Least pay in a sentence, in hundredths: less is a number of something else.
const LEAST: i64 = 50_000;

/// Contracts that a sentence can offer, in lower case without accents.
const WHAT: &str = r"(?:cdi|cdd|contrat (?:de travail )?a duree (?:in)?determinee|contrat (?:saisonnier|d'interim|d'apprentissage|de stage|de volontariat)|(?:fixed[- ]term|temporary|seasonal|permanent) (?:contract|position|job|appointment)|interim)";

/// A length in words or digits.
const LENGTH: &str = r"(?:\d{1,2}|une?|deux|trois|quatre|cinq|six|neuf|dix|douze|one|two|three|four|six|nine|twelve|an?) (?:mois|ans?|annees?|semaines?|jours|months?|years?|weeks?|days)";

patterns! {
    /// What a folded text has that can name a contract or pay.
    static SIGN: Regex = r"\b(?:agit d un stage|cdi|cdd|interim|internship|contrat|contract|permanent|temporary|salaire|salary|remuneration|remunere|payons|paie|paye|pay|paid|gagnez|toucherez|percevrez|earn|stipend|wage|gratification|indemnise|allocation)\b";

    /// An offer of a contract.
    static OFFER: Regex = format!(
        r"\b(?:(?:nous|on) (?:vous )?(?:offrons|proposons|offre|propose)|il s'agit d'|this is|it is|we offer|poste (?:a pourvoir )?en|(?:embauche|recrutement|recrutons|recrute|engagement|emploi) en|contrat (?:propose |de travail )?(?:est|sera)(?: de type| en)?|the contract is) ?(?:une? |an? )?(?:paid |unpaid |full[- ]time )?(?P<what>{WHAT}(?: ?(?:/|,|et|ou|puis|and|or) ?(?:une? |an? )?{WHAT})?|(?:internship|stage)\b)"
    );

    /// "Nous offrons un stage": what comes with the post.
    static GIVEN: Regex = r"(?:offrons|proposons|offre|propose) (?:une? )?(?:stage|internship)$";

    /// A sentence that is a contract with its length.
    static WHOLE: Regex = format!(
        r"^[^a-z0-9]*(?:une? |an? )?(?P<what>{WHAT})(?:[ ,]+(?:(?:de |d'|of |for )?{LENGTH}|de [a-z]{{3,9}} a [a-z]{{3,9}}|renouvelables?|renewable|(?:une|deux|\d) fois|once|apres (?:une |la )?periode d'essai|a temps (?:plein|partiel)|full[- ]time|part[- ]time))*[^a-z0-9]*$"
    );

    /// A contract by its length alone.
    static TIMED: Regex = format!(
        r"(?:^[^a-z0-9]*contrat|\b(?:le contrat|the contract) (?:est|sera|is)(?: prevu)?)(?: pour| d'une duree)? ?(?:de |d'|of |for ){LENGTH}(?:[ ,]+(?:renouvelables?|renewable|(?:une|deux|\d) fois|once))*[^a-z0-9]*$"
    );

    /// Pay with its amount.
    static PAY: Regex = {
        let noun = r"(?:salaire|remuneration|gratification|stipend|salary|wage|allocation mensuelle)";
        let of_noun = r"(?: (?:mensuel(?:le)?|journali(?:er|ere)|hebdomadaire|annuel(?:le)?|net(?:te)?|brute?|fixe|de base|de depart|propose))*(?: (?:est|sera|is|will be))?(?: (?:de|of|d'environ|a partir de|entre|between|compris entre|comprise entre|from|allant de|s'eleve a))?";
        let verb = r"(?:nous payons|on paie|on paye|we pay|vous (?:gagnez|toucherez|percevrez|serez (?:payee?|remuneree?))|you (?:will )?(?:earn|be paid)|remuneree?s?|indemnisee?s?)(?: (?:a|de|environ|entre|about|between))?";
        format!(r"\b(?P<said>(?:(?:monthly|daily|weekly|net|gross|basic) )*{noun}{of_noun}|(?P<verb>{verb})) ?(?P<sum>(?:(?:xaf|fcfa|f ?cfa) ?)?\d.{{0,80}})")
    };

    /// Where the words on the pay end.
    static END: Regex = r",[^\d]|\(| \+ | plus |;|\b(?:et|and|avec|with|pour|for|pendant) [^\d]";

    /// A sum of money.
    static SUM: Regex = r"\d ?(?:f|fcfa|f ?cfa|xaf|frs?|cfa|francs?)\b|^(?:xaf|fcfa|f ?cfa) ?\d";

    /// A time that is paid.
    static PER: Regex = r"(?:par|per|le|la|a|/) ?(?:mois|jour|journee|semaine|heure|month|day|week|hour)\b";

    /// What makes the money one of something else.
    static ELSE: Regex = r"avance|retenue|\bprime|frais|smig|caution|garanti|budget|masse|inferieur|superieur|moins d|plus d|less than|more than|client|emprunt|credit|pret|loan|ayant|avoir un|justifi|dont l|ancien|precedent|previous|calcul|gere|gestion|beneficiair|menage|fournisseur";
}

/// Fills the contract and the pay that the sentences of a job name.
pub(super) fn fill(row: &mut Opportunity, draft: &Draft, context: &Context, body: &Body) {
    let wants_contract = draft.contract.is_none() && row.contracts.is_empty();
    let wants_pay = draft.salary.is_none() && row.amount_text.is_none();
    if row.kind != Kind::Job || !(wants_contract || wants_pay) || !SIGN.is_match(&body.folded) {
        return;
    }
    let mut contracts = Same::default();
    let mut pays = Same::default();
    let (mut from, mut folded) = (0, 0);
    for stop in &body.stops {
        let sentence = body.text.get(from..stop.end).unwrap_or_default();
        let part = body.folded.get(folded..stop.folded).unwrap_or_default();
        (from, folded) = (stop.next, stop.folded);
        // A sum has digits, and an offer of a contract without a sum is short.
        let may_say = part.bytes().any(|byte| byte.is_ascii_digit()) || part.len() <= SHORT;
        if sentence.len() > LONGEST || !may_say || !SIGN.is_match(part) {
            continue;
        }
        let sentence = lowered(sentence);
        if wants_contract && let Some(named) = contract(&sentence) {
            contracts.add(named);
        }
        if wants_pay && let Some(named) = pay(&sentence, context) {
            pays.add(named);
        }
    }
    if let Some(named) = contracts.only() {
        row.contracts = named;
    }
    if let Some((amount, words)) = pays.only() {
        row.amount = Some(amount);
        row.amount_text = Some(words);
    }
}

/// Returns the contracts that a sentence offers.
fn contract(sentence: &str) -> Option<Vec<Contract>> {
    const SIGNS: [&str; 10] = [
        "cdi",
        "cdd",
        "contra",
        "interim",
        "permanent",
        "temporary",
        "seasonal",
        "fixed",
        "stage",
        "internship",
    ];
    let sentence = sentence.trim();
    if !SIGNS.iter().any(|sign| sentence.contains(sign)) {
        return None;
    }
    let is_short = sentence.len() <= SHORT;
    if is_short && TIMED.is_match(sentence) {
        return Some(vec![Contract::FixedTerm]);
    }
    let hit = OFFER.captures(sentence).or_else(|| WHOLE.captures(sentence).filter(|_| is_short))?;
    if GIVEN.is_match(hit.get(0)?.as_str()) {
        return None;
    }
    Some(read_contracts(hit.name("what")?.as_str())).filter(|contracts| !contracts.is_empty())
}

/// Returns what a sentence says that the job pays, with its words.
fn pay(sentence: &str, context: &Context) -> Option<(Amount, String)> {
    // Most sentences name no money.
    if !SUM.is_match(sentence) {
        return None;
    }
    let hit = PAY.captures(sentence)?;
    let before = sentence.get(..hit.get(0)?.start())?.rsplit(['.', ';', ':', '!', '?']).next()?;
    let group = |name: &str| hit.name(name).map(|part| part.as_str());
    let sum = group("sum")?;
    let sum = sum.get(..END.find(sum).map_or(sum.len(), |end| end.start()))?.trim_end_matches([' ', '.']);
    if ELSE.is_match(before) || !SUM.is_match(sum) || (group("verb").is_some() && !PER.is_match(sum)) {
        return None;
    }
    let words = format!("{} {sum}", group("said")?);
    let amount = read_amount(&words, AmountKind::Wage, home_currency(&context.country)).ok()??;
    (amount.min.or(amount.max)? >= LEAST).then_some((amount, words))
}

/// What sentences say in one voice.
struct Same<T> {
    first: Option<T>,
    differ: bool,
}

impl<T> Default for Same<T> {
    fn default() -> Self {
        Self { first: None, differ: false }
    }
}

impl<T: PartialEq> Same<T> {
    fn add(&mut self, next: T) {
        self.differ |= self.first.as_ref().is_some_and(|first| *first != next);
        self.first.get_or_insert(next);
    }

    fn only(self) -> Option<T> {
        self.first.filter(|_| !self.differ)
    }
}

#[cfg(test)]
mod tests {
    use crate::{cases::check, record::tests::of_text};

    #[test]
    fn sentences_name_the_contract_and_the_pay() {
        check(include_str!("hired.tsv"), 40, |case| {
            let row = of_text(&case[0]);
            let contracts: Vec<&str> = row.contracts.iter().map(|contract| contract.as_str()).collect();
            let pay = row.amount.map(|amount| {
                let units = |minor: Option<i64>| {
                    minor.map_or_else(|| "?".to_owned(), |minor| (minor / 100).to_string())
                };
                let period = amount.period.map_or("-", |period| period.as_str());
                format!("{}-{} {period}", units(amount.min), units(amount.max))
            });
            let or = |words: String| if words.is_empty() { "-".to_owned() } else { words };
            format!("{} {}", or(contracts.join(",")), or(pay.unwrap_or_default()))
        });
    }
}
