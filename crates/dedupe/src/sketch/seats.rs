//! How many people a post, a course or a call takes: "15 maçons", "Vingt jeunes", "Soudeurs (2)".

use normalize::patterns;
use regex::Regex;

use super::words::{Words, number_of, stem};

patterns! {
    static BRACKETS: Regex = r"\((?P<count>\d{1,3})(?: (?:postes?|places?|positions?|posts?|seats?))?\)";
}

/// Words for those who are taken, and for their places.
static TAKEN: Words = Words::of(|| {
    " places place postes seats positions posts vacancies jeunes agents candidats personnes stagiaires stages apprenants apprentis bourses \
     ouvriers beneficiaires femmes hommes participants interns workers trainees youths people women men laureats winners finalistes finalists \
     volontaires volunteers employes groupements groups prix prizes auditeurs recrues learners students etudiants eleves manoeuvres "
        .split_ascii_whitespace()
        .collect()
});

/// Returns how many a title takes, else how many the text takes, by the first count that it names. `stems` are those of the title.
pub(super) fn seats(title: &str, folded_title: &str, folded: &str, stems: &[String]) -> Option<u16> {
    let in_brackets = BRACKETS.captures(title).and_then(|hit| hit.name("count")?.as_str().parse().ok());
    in_brackets.or_else(|| counted(folded_title, stems)).or_else(|| counted(folded, stems))
}

/// Returns the first count before a word for those who are taken, or after "places".
fn counted(folded: &str, stems: &[String]) -> Option<u16> {
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    (0..words.len()).find_map(|at| {
        let (count, length) = count_at(&words, at)?;
        let is_taken = |word: &&str| TAKEN.has(word) || stems.contains(&stem(word));
        let mut next = words.iter().skip(at + length).take(2);
        let is_labelled = at > 0 && matches!(words.get(at - 1), Some(&("places" | "postes" | "seats")));
        (is_labelled || next.next().is_some_and(is_taken) || next.next().is_some_and(is_taken))
            .then_some(count)
    })
}

/// Returns the count that begins at a word, and of how many words it is: "20", "vingt", "vingt cinq".
fn count_at(words: &[&str], at: usize) -> Option<(u16, usize)> {
    let word = words.get(at)?;
    if word.len() <= 3 && word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.parse().ok().filter(|count| *count > 1).map(|count| (count, 1));
    }
    let value = |word: &str| number_of(word).and_then(|value| u16::try_from(value).ok());
    let first = value(word).filter(|value| *value < 100)?;
    match words.get(at + 1).and_then(|next| value(next)) {
        Some(second) if first >= 20 && second < 20 => Some((first + second, 2)),
        Some(_) => None,
        None => Some((first, 1)),
    }
}

#[cfg(test)]
mod tests {
    use normalize::text::fold;

    use super::*;

    fn of(title: &str, text: &str) -> Option<u16> {
        let folded = fold(title);
        let stems: Vec<String> = folded.split(' ').map(stem).collect();
        seats(title, &folded, &fold(text), &stems)
    }

    #[test]
    fn seats_are_counted_in_digits_and_in_words() {
        for (title, text) in [
            ("Tuiliers (25)", ""),
            ("25 tuiliers à Obala", "Salaire de 90 000 F pour 6 mois."),
            ("Tuilier", "La tuilerie prend vingt-cinq jeunes."),
            ("Cours de poterie", "Nombre de places : 25, frais de 10 000 F."),
            ("Pottery course", "25 young people learn to throw and to fire."),
        ] {
            assert_eq!(of(title, text), Some(25), "{title}: {text}");
        }
        for text in ["Deux ans d'expérience, 18 à 35 ans.", "Contrat de 12 mois, 90 000 F.", ""] {
            assert_eq!(of("Tuilier", text), None, "{text}");
        }
    }
}
