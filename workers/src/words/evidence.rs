//! The evidence on a pair that may be one opportunity, in words.

use crate::lang::Lang;

/// The vocabulary of the evidence: a name and a level, as in `crates/dedupe/src/weights.tsv`.
const LIST: &str = "evidence";

/// Returns the pieces of stored evidence in a language, the heaviest first, such as "même téléphone +4,1". The score comes first.
pub(crate) fn evidence(lang: Lang, why: &str) -> Vec<String> {
    let (contradiction, rest) = why.split_once("; ").map_or((None, why), |(first, rest)| (Some(first), rest));
    let (score, pieces) = rest.split_once(':').unwrap_or(("", rest));
    let score = Some(score).filter(|score| !score.is_empty()).map(|score| number(lang, score));
    let pieces = whole(pieces);
    let contradiction = contradiction.map(|why| lang.phrase(why));
    contradiction.into_iter().chain(score).chain(pieces.iter().map(|piece| in_words(lang, piece))).collect()
}

/// Returns the pieces. A level may have a comma itself: only what has a weight is a piece.
fn whole(pieces: &str) -> Vec<String> {
    let mut whole: Vec<String> = Vec::new();
    let mut is_open = false;
    for part in pieces.split(", ").map(str::trim).filter(|part| !part.is_empty()) {
        match whole.last_mut().filter(|_| is_open) {
            Some(last) => *last = format!("{last}, {part}"),
            None => whole.push(part.to_owned()),
        }
        is_open = part.rsplit(' ').next().is_none_or(|weight| weight.parse::<f64>().is_err());
    }
    whole
}

/// Returns "phone same +4.1" in words. What is not known stays as it is.
fn in_words(lang: Lang, piece: &str) -> String {
    match piece.rsplit_once(' ') {
        Some((code, weight)) => format!("{} {}", lang.word(LIST, code), number(lang, weight)),
        None => piece.to_owned(),
    }
}

/// Returns a weight with the decimal sign of the language.
fn number(lang: Lang, weight: &str) -> String {
    let weight = if ["-0.0", "+0.0"].contains(&weight) { "0" } else { weight };
    weight.replace('.', lang.say(",", "."))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn evidence_is_told_in_words() {
        let why = "-0.4: phone same +4.1, closing day same week -0.3, text unknown -0.2";
        assert_eq!(
            evidence(Lang::Fr, why).join(", "),
            "-0,4, même téléphone +4,1, clôture la même semaine -0,3, texte inconnu ou trop court -0,2"
        );
        assert_eq!(evidence(Lang::En, why)[1], "same phone +4.1");
        let later = evidence(Lang::Fr, "a new campaign; +1.2: title same +1.6");
        assert_eq!(later, ["une nouvelle campagne", "+1,2", "même titre +1,6"]);
        assert_eq!(evidence(Lang::Fr, "-0.0: title same +10.0"), ["0", "même titre +10,0"]);
        assert_eq!(evidence(Lang::Fr, "title"), ["title"]);
        let own =
            evidence(Lang::En, "+0.2: title in the text one in its own, other words -1.0, seats same +0.3");
        assert_eq!(
            own[1..],
            ["one title is in its own text only, other words -1.0", "same number of seats +0.3"]
        );
    }

    #[test]
    fn every_level_that_is_weighed_has_words() {
        let table = include_str!("../../../crates/dedupe/src/weights.tsv");
        let lines = table.lines().filter(|line| !line.starts_with('#')).skip(1);
        let levels = lines.filter_map(|line| {
            let mut cells = line.split('\t');
            let (name, level) = (cells.next()?, cells.next()?);
            (name != "all").then(|| format!("{name} {level}"))
        });
        let known = crate::words::codes(LIST).map(str::to_owned);
        assert_eq!(levels.collect::<BTreeSet<_>>(), known.collect::<BTreeSet<_>>());
    }
}
