//! The words around an amount.

use domain::money::{Basis, Currency, Period};
use regex::Regex;

use super::number::Figure;
use crate::patterns;

/// Currencies by their names. A longer name stands before a name that it begins with.
const NAMES: [(&str, Option<Currency>, &str); 41] = [
    ("chf", Some(Currency::Chf), r"chf|francs?\ suisses?|swiss\ francs?"),
    ("gnf", Some(Currency::Gnf), r"gnf|francs?\ guineens?"),
    ("cdf", Some(Currency::Cdf), r"cdf|francs?\ congolais"),
    ("cfa", None, r"f\.?\ ?cfa|k?f\ ?cfa|frs?\.?\ cfa|francs?\ cfa|cfaf?|kf|f|frs?|francs?"),
    ("xaf", Some(Currency::Xaf), r"xaf"),
    ("xof", Some(Currency::Xof), r"xof"),
    ("cad", Some(Currency::Cad), r"cad|\$\ ?ca[dn]|ca\ ?\$|c\$|dollars?\ canadiens?|canadian\ dollars?"),
    ("eur", Some(Currency::Eur), r"k?€|euros?|k?eur"),
    ("usd", Some(Currency::Usd), r"us\ ?\$|\$|usd|dollars?"),
    ("egp", Some(Currency::Egp), r"egp|livres?\ egyptiennes?"),
    ("gbp", Some(Currency::Gbp), r"£|gbp|livres?\ sterlings?|pounds?(?:\ sterling)?"),
    ("aed", Some(Currency::Aed), r"aed|dirhams?\ (?:des\ )?emirats?|dirhams?\ emiratis?"),
    ("mad", Some(Currency::Mad), r"dhs?|mad|dirhams?"),
    ("ngn", Some(Currency::Ngn), r"₦|ngn|nairas?"),
    ("dzd", Some(Currency::Dzd), r"dzd|dinars?\ algeriens?"),
    ("lyd", Some(Currency::Lyd), r"lyd|dinars?\ libyens?|libyan\ dinars?"),
    ("tnd", Some(Currency::Tnd), r"tnd|dt|dinars?(?:\ tunisiens?)?"),
    ("ghs", Some(Currency::Ghs), r"ghs|cedis?|gh₵"),
    ("rwf", Some(Currency::Rwf), r"rwf|frw"),
    ("kes", Some(Currency::Kes), r"kes|ksh|kenyan\ shillings?"),
    ("ugx", Some(Currency::Ugx), r"ugx"),
    ("tzs", Some(Currency::Tzs), r"tzs"),
    ("etb", Some(Currency::Etb), r"etb|birrs?"),
    ("zar", Some(Currency::Zar), r"zar|rands?"),
    ("mru", Some(Currency::Mru), r"mru|mro|ouguiyas?"),
    ("sar", Some(Currency::Sar), r"sar|riyals?"),
    ("qar", Some(Currency::Qar), r"qar"),
    ("kwd", Some(Currency::Kwd), r"kwd"),
    ("try", Some(Currency::Try), r"try|livres?\ turques?"),
    ("cny", Some(Currency::Cny), r"cny|rmb|yuans?"),
    ("inr", Some(Currency::Inr), r"inr|rupees?|roupies?"),
    ("brl", Some(Currency::Brl), r"brl|reais|r\$"),
    ("jpy", Some(Currency::Jpy), r"jpy|yens?|¥"),
    ("rub", Some(Currency::Rub), r"rub|roubles?"),
    ("aoa", Some(Currency::Aoa), r"aoa|kz|kwanzas?"),
    ("stn", Some(Currency::Stn), r"stn|dbs?|dobras?"),
    ("sle", Some(Currency::Sle), r"sle|leones?"),
    ("lrd", Some(Currency::Lrd), r"lrd"),
    ("gmd", Some(Currency::Gmd), r"gmd|dalasis?"),
    ("cve", Some(Currency::Cve), r"cve"),
    ("mzn", Some(Currency::Mzn), r"mzn|meticai?s|metical"),
];

patterns! {
    /// Digits may stand right beside a name, letters may not.
    static CURRENCIES: Regex = {
        let names: Vec<String> = NAMES.iter().map(|(name, _, words)| format!("(?P<{name}>{words})")).collect();
        format!(
            r"(?x)(?:^|[^a-z]|\d\ ?(?:k|m|mill?es?|millions?|milliards?))(?:{})(?:[^a-z]|$)",
            names.join("|")
        )
    };

    static PERIODS: Regex = r"(?x)(?:^|[^a-z])(?:
            (?P<hour> horaire | por\ hora | heures? | hour(?:ly)? | (?:(?:/|per)\ *)h(?:rs?)? )
          | (?P<day> journaliere? s? | journees? | quotidien(?:ne)?s? | jours? | day | daily | per\ diem | (?:por|al|ao)\ dia | diario | (?:/\ *)(?:jr?|d) )
          | (?P<week> hebdomadaires? | semaines? | week(?:ly)? | (?:por|a\ la)\ semana | (?:(?:/|per)\ *)(?:wk|sem) )
          | (?P<month> mensuel(?:le)?s? | mois | month(?:ly)? | p\.\ ?m\. | (?:por|al|ao|cada|/)\ *mes | mensal | mensual(?:es)? | (?:(?:/|per)\ *)(?:mo|mth) )
          | (?P<year> annuel(?:le)?s? | ans? | annees? | year(?:ly)? | annual(?:ly)? | annum | (?:por|al|ao)\ an[on]o | p\.\ ?a\. | (?:(?:/|per)\ *)(?:yr|y|a) )
        )(?:[^a-z]|$)";

    /// A zero from which a range begins.
    static FROM_ZERO: Regex =
        r"(?:^|[^\d.,])0(?:[.,]0+)? ?(?:€|\$|(?:f|f ?cfa|cfa|frs?|francs?|xaf|xof|eur|euros?|usd)\b)? ?(?:-|\b(?:a|to|et|and|jusqu'a)\b) ?$";

    static BASES: Regex = r"(?:^|[^a-z])(?:(?P<gross>brute?s?|gross)|(?P<net>net(?:te)?s?))(?:[^a-z]|$)";

    /// Words between the two ends of a range.
    static BETWEEN: Regex = r"(?x)^(?:
            \ | / | , | ; | \. | \(s\) | k | m | € | \$ | £
          | \b(?: milles? | mil | thousand | millions? | milliards? | f | fcfa | cfa | cfaf | frs? | francs? | xaf | xof | eur | euros? | usd
                | dollars? | dhs? | mad | dirhams? | ngn | nairas? | chf | gbp | de | par | per | le | la | net | nets | brut | bruts
                | cad | ghs | rwf | kes | tzs | ugx | zar | gnf | cdf | dzd | tnd | egp
                | mois | month | an | jour | heure | mensuel | annuel | maximum | max )\b
          | (?P<joint> - | \b(?: a | et | to | and | jusqu'a | through | maximum | max )\b | / )
        )+$";
}

/// Returns the currency that stands nearest to the amount.
pub(super) fn currency(text: &str, amount: &Figure, home: Currency) -> Option<Currency> {
    let cfa = if home == Currency::Xof { Currency::Xof } else { Currency::Xaf };
    let before = text.get(..amount.begin).unwrap_or_default();
    // "N80,000" is in nairas: the letter stands for their sign.
    if before.strip_suffix('n').is_some_and(|head| !head.ends_with(char::is_alphanumeric)) {
        return Some(Currency::Ngn);
    }
    let of = |hit: &regex::Captures<'_>| {
        NAMES.iter().find_map(|(name, currency, _)| {
            hit.name(name).map(|at| (at.start(), at.end(), currency.unwrap_or(cfa)))
        })
    };
    let mut found = Vec::new();
    let mut from = 0;
    // A mark between two names belongs to both.
    while let Some((begin, end, currency)) = CURRENCIES.captures_at(text, from).as_ref().and_then(of) {
        found.push((begin, end, currency));
        from = end;
    }
    let distance = |begin: usize, end: usize| {
        if begin >= amount.end { begin - amount.end } else { amount.begin.saturating_sub(end) }
    };
    found.into_iter().min_by_key(|(begin, end, _)| distance(*begin, *end)).map(|(.., currency)| currency)
}

/// Returns the period that the first such word names.
pub(super) fn period(text: &str) -> Option<Period> {
    let text = text.replace('/', " / ");
    let hit = PERIODS.captures(&text)?;
    let table = [
        ("hour", Period::Hour),
        ("day", Period::Day),
        ("week", Period::Week),
        ("month", Period::Month),
        ("year", Period::Year),
    ];
    table.into_iter().find(|(name, _)| hit.name(name).is_some()).map(|(_, period)| period)
}

/// Returns gross or net, by the first such word.
pub(super) fn basis(text: &str) -> Option<Basis> {
    let hit = BASES.captures(text)?;
    Some(if hit.name("gross").is_some() { Basis::Gross } else { Basis::Net })
}

/// Returns whether the words between two amounts make them a range.
pub(super) fn joins(between: &str) -> bool {
    let is_plain = BETWEEN.is_match(between);
    let joint = between.contains(['-', '/'])
        || [" a ", " et ", " to ", " and ", "jusqu'a", "maximum", " max "]
            .iter()
            .any(|word| between.contains(word));
    is_plain && joint
}

fn any(text: &str, signs: &[&str]) -> bool {
    signs.iter().any(|sign| {
        text.match_indices(sign).any(|(at, _)| {
            let letter = |c: Option<char>| c.is_some_and(char::is_alphabetic);
            let before = text.get(..at).and_then(|before| before.chars().next_back());
            let after = text.get(at + sign.len()..).and_then(|after| after.chars().next());
            let is_word = sign.ends_with(char::is_alphabetic);
            !(letter(before) || is_word && letter(after))
        })
    })
}

/// Returns whether the words mean "at most".
pub(crate) fn is_most(before: &str, after: &str) -> bool {
    const EITHER: [&str; 7] = ["maximum", "max", "maxi", "maximal", "maximale", "au plus", "at most"];
    const BEFORE: [&str; 19] = [
        "jusqu'a",
        "jusqu a",
        "up to",
        "upto",
        "plafond",
        "moins de",
        "inferieur",
        "less than",
        "depassant pas",
        "<",
        "≤",
        "plafonne",
        "excedant pas",
        "exceder",
        "exceed",
        "exceeding",
        "up-to",
        "within",
        "under",
    ];
    any(before, &EITHER) || any(after, &EITHER) || any(before, &BEFORE)
}

/// Returns whether the amount behind these words ends a range that begins at zero: "0 à 100 000 FCFA".
pub(super) fn is_from_zero(before: &str) -> bool {
    before.contains('0') && FROM_ZERO.is_match(before)
}

/// Returns whether the words mean "at least".
pub(crate) fn is_least(before: &str, after: &str) -> bool {
    const EITHER: [&str; 4] = ["minimum", "min", "mini", "au moins"];
    const BEFORE: [&str; 12] = [
        "a partir de",
        "a partir d'",
        "des",
        "plus de",
        "more than",
        "superieur",
        ">",
        "≥",
        "at least",
        "from",
        "starting",
        "over",
    ];
    const AFTER: [&str; 4] = ["et plus", "et +", "and more", "and above"];
    // "100 000+" is a bound, "120000 FCFA + primes" is not.
    any(before, &EITHER)
        || any(after, &EITHER)
        || any(before, &BEFORE)
        || any(after, &AFTER)
        || after.starts_with('+')
}

/// ISO 4217 codes that are not supported, but those that are words too. An amount in one of them must not count as an amount in another
/// currency.
const OTHERS: [&str; 107] = [
    "aud", "nzd", "pln", "czk", "huf", "sek", "nok", "dkk", "mxn", "ars", "clp", "cop", "pen", "sdg", "ssp",
    "xpf", "mga", "mur", "scr", "bif", "djf", "zmw", "mwk", "std", "sll", "afn", "amd", "awg", "azn", "bbd",
    "bdt", "bgn", "bhd", "bmd", "bnd", "bsd", "btn", "bwp", "byn", "bzd", "crc", "cup", "dop", "ern", "fjd",
    "fkp", "gip", "gtq", "gyd", "hkd", "hnl", "htg", "idr", "ils", "iqd", "irr", "isk", "jmd", "jod", "kgs",
    "khr", "kmf", "kpw", "krw", "kyd", "kzt", "lak", "lbp", "lkr", "lsl", "mdl", "mkd", "mmk", "mnt", "mvr",
    "myr", "nad", "nio", "npr", "omr", "pab", "pgk", "pkr", "pyg", "ron", "rsd", "sbd", "sgd", "shp", "srd",
    "svc", "syp", "szl", "thb", "tjs", "tmt", "ttd", "twd", "uah", "uyu", "uzs", "ves", "vnd", "vuv", "wst",
    "xcd", "yer",
];

/// Returns whether the currency beside an amount is not supported.
pub(super) fn is_other(text: &str, amount: &Figure, home: Currency) -> bool {
    let words =
        |text: &str| text.split(|c: char| !c.is_ascii_alphabetic()).map(str::to_owned).collect::<Vec<_>>();
    let before = words(text.get(..amount.begin).unwrap_or_default().trim_end());
    let after = words(text.get(amount.end..).unwrap_or_default().trim_start());
    // "FC" is the franc of the DR Congo, or half of "FCFA".
    let is_franc = |word: &str| word == "fc" && home != Currency::Cdf;
    let is =
        |word: Option<&String>| word.is_some_and(|word| OTHERS.contains(&word.as_str()) || is_franc(word));
    is(before.last()) || is(after.first())
}
