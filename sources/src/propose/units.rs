//! Units that stand in the name of a column: "Taux mensuel", "Durée (mois)", "Salaire mensuel (FCFA)".

use super::words::split;

/// Most values that are looked at.
const LOOKED_AT: usize = 20;
/// From this rate up, a rate without a period is yearly anyway.
const SURELY_ANNUAL: f64 = 5.0;

/// Words of a name, and what they add to a value: the period.
const PERIODS: [(&[&str], &str); 5] = [
    (&["mensuel", "mensuelle", "monthly", "mois", "month"], "par mois"),
    (&["annuel", "annuelle", "annual", "yearly", "an", "year"], "par an"),
    (&["journalier", "journaliere", "daily", "jour", "day"], "par jour"),
    (&["hebdomadaire", "weekly", "semaine", "week"], "par semaine"),
    (&["horaire", "hourly", "heure", "hour"], "par heure"),
];
/// The same: the currency.
const CURRENCIES: [(&[&str], &str); 3] =
    [(&["fcfa", "xaf", "cfa"], "FCFA"), (&["eur", "euro", "euros"], "EUR"), (&["usd"], "USD")];
/// The same: the unit of a length.
const LENGTHS: [(&[&str], &str); 5] = [
    (&["mois", "month", "months"], "mois"),
    (&["jours", "jour", "days"], "jours"),
    (&["semaines", "semaine", "weeks"], "semaines"),
    (&["ans", "annees", "years"], "ans"),
    (&["heures", "hours"], "heures"),
];

fn named(words: &[String], table: &[(&[&str], &'static str)]) -> Option<&'static str> {
    let hit = table.iter().find(|(known, _)| words.iter().any(|word| known.contains(&word.as_str())));
    hit.map(|(_, unit)| *unit)
}

/// Returns the form of a value with the unit that the name of its column has and its values lack.
pub(super) fn form<'w>(
    field: &str,
    name: &str,
    form: &str,
    values: impl Iterator<Item = &'w str>,
) -> Option<String> {
    let values: Vec<&str> = values.map(str::trim).filter(|words| !words.is_empty()).take(LOOKED_AT).collect();
    if values.is_empty() {
        return None;
    }
    let has_letter = values.iter().any(|words| words.chars().any(char::is_alphabetic));
    let words = split(name);
    let unit = match field {
        "interest" if !has_letter => named(&words, &PERIODS)
            .filter(|unit| *unit != "par an" || values.iter().any(|words| is_low(words)))?,
        "duration" if !has_letter => named(&words, &LENGTHS)?,
        "salary" if !has_letter => {
            let both = [named(&words, &CURRENCIES), named(&words, &PERIODS)];
            return added(form, &both.into_iter().flatten().collect::<Vec<_>>().join(" "));
        }
        // "120 000 FCFA" has its currency.
        "salary" if !values.iter().any(|words| says_period(words)) => named(&words, &PERIODS)?,
        _ => return None,
    };
    added(form, unit)
}

fn added(form: &str, unit: &str) -> Option<String> {
    (!unit.is_empty()).then(|| format!("{{ parts = [{form}, {{ const = {unit:?} }}], with = \" \" }}"))
}

fn is_low(words: &str) -> bool {
    let number: String =
        words.replace(',', ".").chars().filter(|c| c.is_ascii_digit() || *c == '.').collect();
    number.parse::<f64>().is_ok_and(|rate| rate < SURELY_ANNUAL)
}

/// Returns whether an amount names its period.
fn says_period(words: &str) -> bool {
    const SIGNS: [&str; 9] = ["mois", "mens", "jour", "sem", "heure", "an", "month", "year", "day"];
    let folded = normalize::text::fold(words);
    words.contains('/') || folded.split(' ').any(|word| SIGNS.iter().any(|sign| word.starts_with(sign)))
}
