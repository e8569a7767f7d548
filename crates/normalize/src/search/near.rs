//! Misspelt names of occupations: "electricen", "menusier".

/// Shortest word that may be misspelt, in letters. One letter makes another word of most shorter ones.
const SHORTEST: usize = 7;

/// Returns whether a folded word is one letter away from a name: one that is missing, too many, wrong, or changed places with the next.
/// The first letter is right.
pub(super) fn is_near(word: &str, name: &str) -> bool {
    word.len() >= SHORTEST
        && name.len() >= SHORTEST
        && word.bytes().next() == name.bytes().next()
        && distance_is_one(word.as_bytes(), name.as_bytes())
}

/// Returns whether two words are equal but for one letter. Folded words have one byte a letter.
fn distance_is_one(left: &[u8], right: &[u8]) -> bool {
    let same = left.iter().zip(right).take_while(|(a, b)| a == b).count();
    let (left, right) = (left.get(same..).unwrap_or_default(), right.get(same..).unwrap_or_default());
    match left.len().abs_diff(right.len()) {
        0 if left.is_empty() => true,
        0 => {
            let swapped = left.len() > 1 && left.first() == right.get(1) && left.get(1) == right.first();
            left.get(1..) == right.get(1..) || (swapped && left.get(2..) == right.get(2..))
        }
        1 if left.len() > right.len() => left.get(1..) == Some(right),
        1 => right.get(1..) == Some(left),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_letter_makes_no_other_name() {
        for (word, name) in [
            ("electricen", "electricien"),
            ("plonbier", "plombier"),
            ("menusier", "menuisier"),
            ("comtable", "comptable"),
            ("carppenter", "carpenter"),
        ] {
            assert!(is_near(word, name), "{word} {name}");
        }
        for (word, name) in
            [("sante", "chante"), ("maison", "macon"), ("facture", "facteur"), ("loan", "load"), ("", "")]
        {
            assert!(!is_near(word, name), "{word} {name}");
        }
    }
}
