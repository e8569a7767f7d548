//! Names that have several forms: an acronym, its words, the other language, another word for the same trade.

use std::{collections::HashMap, sync::LazyLock};

/// A line for each trade or subject of titles, folded: the words that stand for it, then its forms.
const TITLES: &str = include_str!("phrases.txt");

/// The same for organizations that two languages or an acronym name differently.
const ORGANIZATIONS: &str = include_str!("organizations.txt");

/// Forms by their first word: the words that follow it, and what stands for all of them. Longer forms come first.
struct Forms(HashMap<&'static str, Vec<(Vec<&'static str>, &'static str)>>);

static OF_TITLES: LazyLock<Forms> = LazyLock::new(|| Forms::of(TITLES));
static OF_ORGANIZATIONS: LazyLock<Forms> = LazyLock::new(|| Forms::of(ORGANIZATIONS));

impl Forms {
    fn of(table: &'static str) -> Self {
        let mut forms: HashMap<&str, Vec<(Vec<&str>, &str)>> = HashMap::new();
        for line in table.lines() {
            let mut parts = line.split('|');
            let Some(name) = parts.next() else { continue };
            for form in parts {
                let mut words = form.split(' ');
                let Some(first) = words.next() else { continue };
                forms.entry(first).or_default().push((words.collect(), name));
            }
        }
        for rest in forms.values_mut() {
            rest.sort_by_key(|(words, _)| std::cmp::Reverse(words.len()));
        }
        Self(forms)
    }

    /// Returns a folded line in which one name stands for all its forms.
    fn named(&self, folded: &str) -> String {
        let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
        let mut out: Vec<&str> = Vec::with_capacity(words.len());
        let mut at = 0;
        while let Some(word) = words.get(at) {
            let rest = words.get(at + 1..).unwrap_or_default();
            let form =
                self.0.get(word).and_then(|forms| forms.iter().find(|(form, _)| rest.starts_with(form)));
            if let Some((form, name)) = form {
                out.push(name);
                at += form.len();
            } else {
                out.push(word);
            }
            at += 1;
        }
        out.join(" ")
    }
}

/// Returns a folded title in which one name stands for all forms of a trade.
pub(super) fn title(folded: &str) -> String {
    OF_TITLES.named(folded)
}

/// Returns a folded name of an employer in which one name stands for all forms of a known organization.
pub(super) fn organization(folded: &str) -> String {
    OF_ORGANIZATIONS.named(folded)
}

#[cfg(test)]
mod tests {
    use normalize::text::fold;

    use super::*;

    #[test]
    fn forms_of_one_trade_have_one_name() {
        for (one, other) in [
            ("Technicienne de surface", "agent d'entretien"),
            ("Assistant M&E", "Assistant suivi-évaluation"),
            ("MEAL Officer", "Monitoring, Evaluation, Accountability and Learning Officer"),
            ("Infirmière diplômée d'État", "IDE"),
            ("Tractoriste à Garoua", "Conducteur de tracteur à Garoua"),
        ] {
            assert_eq!(title(&fold(one)), title(&fold(other)), "{one}");
        }
        assert_ne!(title("agent de police"), title("agent de caisse"));
    }

    #[test]
    fn an_organization_has_one_name_in_both_languages() {
        for (one, other) in [
            ("World Food Programme", "Programme Alimentaire Mondial"),
            ("UNHCR", "Haut-Commissariat des Nations Unies pour les réfugiés"),
            ("IOM", "Organisation internationale pour les migrations"),
        ] {
            assert_eq!(organization(&fold(one)), organization(&fold(other)), "{one}");
        }
    }
}
