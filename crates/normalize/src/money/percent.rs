//! Shares written in percent, and what each is a share of.

use regex::{Captures, Regex};

use crate::{numbers::in_digits, patterns, text::lowered};

/// What a share is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    /// Interest, named as such.
    Interest,
    /// Tax on what precedes it.
    Tax,
    /// A fee on the amount.
    Fee,
    /// Interest that savings earn.
    Earned,
    /// Not a price of the loan: own funds, savings held, the share financed, a penalty.
    Other,
}

/// A share, or a range of them, and where it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Share {
    /// In thousandths of a percent.
    pub(super) low: i64,
    pub(super) high: i64,
    pub(super) begin: usize,
    pub(super) end: usize,
    pub(super) of: Option<Of>,
}

const NUMBER: &str = r"\b(\d{1,4}(?:[.,] ?\d{1,6})?)";

patterns! {
    static SHARES: Regex = {
        let joint = r"\s*(?:-|/|\b(?:a|to|ou|or|jusqu'a)\b)\s*(?:\bde\b\s*)?";
        let unit = r"\s*%(?:\s*(?:l'an|par an|par mois|/\s*an|/\s*mois|an|mois))?";
        let both = r"\s*(?:\b(?:et|and)\b)\s*";
        format!(
            r"\b(?:entre|between)\s*{NUMBER}(?:{unit})?{both}{NUMBER}\s*%|{NUMBER}(?:{unit})?{joint}{NUMBER}\s*%|{NUMBER}\s*%"
        )
    };

    static SPELLED: Regex =
        r"\bchargecalculationtype\.percent[a-z.]*|\b(?:pour ?cents?|p\. ?100|per ?cent|percent|pct)\b|٪|％";

    static MILLE: Regex = r"(\d{1,4}(?:[.,]\d{1,3})?) ?‰";

    static BEFORE: Regex = r"(?x)
          (?P<other> apport | quotite | endettement | garantie(?:s)?\b | epargne | caution | depot | penalite | retard | impaye | penalty | \blate\b | overdue
            | default\ interest | financ | couvr | \bcovers?\b | down\ payment | collateral | deposit | savings | nantissement | reduction | remise | rabais
            | discount | cashback | bonus | bonification | ristourne | rebate | subvention | \bgrants?\b | cofinanc | prise\ en\ charge | mise\ de\ fonds | contribution\ propre | own\ contribution
            | remboursement | recouvrement | \bgaranti\b | guarantee | repayment\ rate | recovery | \bteg\b | \btaeg\b | \bapr\b | effectif | effective | tiao | base\ rate | taux\ de\ base | marge | margin | spread )
        | (?P<earned> remuner | crediteur | \bearn )
        | (?P<tax> \b(?: taf | tva | tps | vat | taxe?s? | tob | css | ircm )\b )
        | (?P<fee> frais | commission | assurance | dossier | \bfees?\b | insurance | \bcharges?\b | cotisation | mise\ en\ place | ouverture | processing
            | gestion | handling | management | administrati | etude | engagement | prevoyance | deces | solidai | life\ cover )
        | (?P<interest> taux | interets? | interest | \brates?\b | \btan\b | credit | pret | loan )";

    /// Words after a share that name what it is of.
    static BEHIND: Regex = r"(?x)
          (?P<other> ^\ ?(?:du|de\ la|de\ l'|des|of\ (?:the\ |your\ )?)\ ?(?: projet | cout | besoin | salaire | revenus? | prix | investissement | valeur | total | epargne | (?:credit|pret|loan)(?:\ amount)?\ (?:en|as|in)\b | montant\ (?:du\ projet|garanti|emprunte)
                | cost | project | price | salary | income | value | savings | investment )
            | \bd'apport | \bde\ (?:garantie|caution|depot|penalite|remise|reduction|recouvrement|remboursement|bonification) | \bd'epargne | deposit | down\ payment | collateral | penalty | discount | rebate )
        | (?P<fee> ^\ ?(?:l'an\ |par\ an\ |par\ mois\ |a\ year\ |yearly\ )?(?:de\ |d'|of\ |for\ |flat\ )?(?:commitment\ |arrangement\ )?(?: frais | commission | assurance | fees? | insurance | cotisation | processing | dossier | charges? | administrati | handling | management ) )
        | (?P<tax> ^\ ?(?:de\ |of\ |d')?(?: taf | tva | vat | tax ) )";
}

/// Returns the line in lower case, without accents, with numbers in digits and "%" for all its names. "5 ‰" becomes "0.5 %".
pub(super) fn readable(line: &str) -> String {
    let text = lowered(line);
    let replaced = |form: &Regex, text: &str, with: &dyn Fn(&Captures<'_>) -> String| {
        form.replace_all(text, |hit: &Captures<'_>| with(hit)).into_owned()
    };
    let text = replaced(&SPELLED, &text, &|_| "%".to_owned());
    let text = replaced(&MILLE, &text, &|hit| {
        let tenth = hit.get(1).and_then(|number| thousandths(number.as_str())).unwrap_or_default() / 10;
        format!("{}.{:03} %", tenth / 1_000, tenth % 1_000)
    });
    in_digits(&text)
}

/// Returns a number in thousandths.
pub(super) fn thousandths(number: &str) -> Option<i64> {
    let (whole, part) = number.split_once([',', '.']).unwrap_or((number, ""));
    let part = part.trim_start();
    let part: String = part.chars().chain("000".chars()).take(3).collect();
    whole.parse::<i64>().ok()?.checked_mul(1_000)?.checked_add(part.parse().ok()?)
}

/// Returns all shares of a text in lower case, from the left. Each has what it is of, if the words beside it name that.
pub(super) fn shares(text: &str) -> Vec<Share> {
    let hits = SHARES.captures_iter(text).filter_map(|hit| {
        let number = |at: usize| hit.get(at).and_then(|number| thousandths(number.as_str()));
        let whole = hit.get(0)?;
        let (low, high) = number(5)
            .map(|one| (one, one))
            .or_else(|| number(1).zip(number(2)))
            .or_else(|| number(3).zip(number(4)))?;
        Some(Share { low, high, begin: whole.start(), end: whole.end(), of: None })
    });
    // The ends of "1 000 %", "- 5 %" and "1/2 %" are not shares.
    let is_whole = |share: &Share| {
        let before = text.get(..share.begin).unwrap_or_default();
        let mark = before.trim_end().chars().next_back();
        let is_digit = |c: char| c.is_ascii_digit();
        let is_marked = before.strip_suffix(['/', '.', ',']).is_some_and(|head| head.ends_with(is_digit));
        let blanks = before.len() - before.trim_end().len();
        let is_group = before.ends_with(is_digit) || is_marked || (mark.is_some_and(is_digit) && blanks == 1);
        !is_group
    };
    let mut shares: Vec<Share> = hits.filter(is_whole).collect();
    let places: Vec<(usize, usize)> = shares.iter().map(|share| (share.begin, share.end)).collect();
    let mut last = None;
    for (at, share) in shares.iter_mut().enumerate() {
        let from = at.checked_sub(1).and_then(|before| places.get(before)).map_or(0, |(_, end)| *end);
        let next = places.get(at + 1).map(|(begin, _)| *begin);
        let before = text.get(from..share.begin).unwrap_or_default();
        let after = text.get(share.end..next.unwrap_or(text.len())).unwrap_or_default();
        share.of = of((at > 0).then_some(before), before, after, next.is_some());
        // "frais 1 % (TVA 19,25 %)" and "TVA 19,25 % sur les frais": a tax on fees is not a tax on interest.
        let is_of_fees =
            (last == Some(Of::Fee) && !before.contains(MARKS)) || clause(after).contains("frais");
        if share.of == Some(Of::Tax) && is_of_fees {
            share.of = Some(Of::Other);
        }
        last = share.of;
    }
    shares
}

/// Marks between clauses.
pub(super) const MARKS: [char; 6] = [',', ';', '+', '\n', '|', '•'];

/// Returns the part of a text that belongs to the clause before it.
pub(super) fn clause(after: &str) -> &str {
    after.split(MARKS).next().unwrap_or_default()
}

/// Returns what a share is of: by the words before it in its clause, else by the words right after it.
fn of(previous: Option<&str>, before: &str, after: &str, more: bool) -> Option<Of> {
    let kind = |hit: &Captures<'_>| {
        let kinds = [
            ("other", Of::Other),
            ("earned", Of::Earned),
            ("tax", Of::Tax),
            ("fee", Of::Fee),
            ("interest", Of::Interest),
        ];
        // Not every form has every name.
        kinds.into_iter().find_map(|(name, of)| hit.name(name).map(|_| of))
    };
    // The words after the last mark are about this share. Those before it may be about the previous one ("80 % du projet à 9 %").
    let open = before.rsplit(MARKS).next().unwrap_or_default();
    let is_bound = previous.is_some() && open.len() == before.len();
    let attached = BEHIND.find(open).filter(|_| is_bound).map_or(0, |hit| hit.end());
    let open = open.get(attached..).unwrap_or_default();
    let said: Vec<Of> = BEFORE.captures_iter(open).filter_map(|hit| kind(&hit)).collect();
    let behind = clause(after);
    let behind = [" et ", " and "]
        .iter()
        .filter_map(|joint| behind.split_once(joint))
        .map(|(head, _)| head)
        .next()
        .unwrap_or(behind);
    let is_of_next = more && behind.len() == after.len();
    let follows = BEHIND.captures(behind).and_then(|hit| kind(&hit));
    let is_inclusive = ["incl", "excl", "compris", "hors"].iter().any(|word| behind.contains(word));
    match follows {
        Some(Of::Other) if said.last() != Some(&Of::Tax) => return Some(Of::Other),
        Some(Of::Fee) if !is_of_next && !said.contains(&Of::Tax) => return Some(Of::Fee),
        Some(Of::Tax) if previous.is_some() && !is_of_next && !is_inclusive => return Some(Of::Tax),
        _ => (),
    }
    if said.last() == Some(&Of::Tax) {
        return Some(Of::Tax);
    }
    said.iter().find(|of| matches!(of, Of::Other | Of::Fee)).or_else(|| said.last()).copied()
}
