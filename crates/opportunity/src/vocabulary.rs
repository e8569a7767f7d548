//! Controlled words: contract, education, language.

use serde::{Deserialize, Serialize};

use crate::text::fold;

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal, $label:literal, [$($sign:literal),*];)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $type {
            /// All of them, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The stored word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// The word shown to people.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// Folded phrases that mean it.
            fn signs(self) -> &'static [&'static str] {
                match self { $(Self::$variant => &[$($sign),*],)* }
            }

            /// All that the words name, without repeats, in order.
            pub fn read_all(words: &str) -> Vec<Self> {
                let padded = format!(" {} ", fold(words));
                let names = |value: &Self| value.signs().iter().any(|sign| padded.contains(&format!(" {sign} ")));
                Self::ALL.iter().copied().filter(names).collect()
            }
        }
    };
}

words! {
    /// Contract offered. Words of schema.org `employmentType` are understood beside the French ones.
    Contract {
        /// Without an end: "contrat à durée indéterminée".
        Permanent = "cdi", "CDI", ["cdi", "duree indeterminee", "permanent", "full time permanent"];
        /// With an end: "contrat à durée déterminée".
        FixedTerm = "cdd", "CDD", ["cdd", "duree determinee", "fixed term", "temporary", "contractor", "contract"];
        /// Through an agency.
        Interim = "interim", "Intérim", ["interim", "mis", "mission interimaire", "interimaire", "interimaires"];
        /// Of one season.
        Seasonal = "seasonal", "Saisonnier", ["sai", "saisonnier", "saisonniere", "seasonal"];
        /// Internship.
        Internship = "internship", "Stage", ["stage", "stagiaire", "intern", "internship"];
        /// Apprenticeship.
        Apprenticeship = "apprenticeship", "Apprentissage", ["apprentissage", "alternance", "apprenticeship", "professionnalisation"];
        /// On one's own account.
        Freelance = "freelance", "Freelance", ["freelance", "lib", "profession liberale", "independant", "consultant", "consultance", "prestation"];
        /// Unpaid.
        Volunteer = "volunteer", "Bénévolat", ["benevolat", "benevole", "volontariat", "volunteer"];
        /// The whole week, where the partner says only that.
        FullTime = "full_time", "Temps plein", ["full time", "temps plein", "plein temps"];
        /// Part of the week, where the partner says only that.
        PartTime = "part_time", "Temps partiel", ["part time", "temps partiel", "mi temps"];
    }
}

words! {
    /// Education, lowest first; names of Cameroon's two school systems.
    Education {
        /// End of primary school.
        Primary = "primary", "CEP", ["cep", "cepe", "fslc", "primaire", "primary"];
        /// A trade, by a short qualification.
        Vocational = "vocational", "CAP/DQP", ["cap", "dqp", "cqp", "cap bep", "bep", "cap bep et equivalents"];
        /// Lower secondary.
        LowerSecondary = "lower_secondary", "BEPC", ["bepc", "o level", "ordinary level", "gce o level"];
        /// The year before the end of upper secondary.
        Probatoire = "probatoire", "Probatoire", ["probatoire", "avant bac"];
        /// End of upper secondary.
        UpperSecondary = "upper_secondary", "BAC", ["bac", "baccalaureat", "a level", "advanced level", "gce a level", "bac ou equivalent"];
        /// Two years after it.
        ShortTertiary = "short_tertiary", "BAC+2", ["bac 2", "bts", "hnd", "dut", "deug", "bac 2 ou equivalents"];
        /// Three years after it.
        Bachelor = "bachelor", "BAC+3", ["bac 3", "licence", "bachelor", "bac 3 bac 4 ou equivalents", "bac 4"];
        /// Five years after it.
        Master = "master", "BAC+5", ["bac 5", "master", "ingenieur", "engineer", "msc", "mba", "bac 5 et plus ou equivalents"];
        /// Doctorate.
        Doctorate = "doctorate", "Doctorat", ["doctorat", "phd", "bac 8"];
    }
}

words! {
    /// Language of a text, as the partner names it.
    Language {
        /// French.
        French = "fr", "français", ["fr", "francais", "french", "francophone"];
        /// English.
        English = "en", "English", ["en", "anglais", "english", "anglophone"];
        /// Both official languages.
        Both = "both", "bilingue", ["bilingue", "bilingual", "fr en", "en fr"];
    }
}

impl Education {
    /// The lowest level the words name: "BAC+2 à BAC+3" asks for two years. "Bac" inside "bac +2" is not the BAC.
    pub fn read(words: &str) -> Option<Self> {
        let all = Self::read_all(words);
        let above_bac = all.iter().any(|level| *level > Self::UpperSecondary);
        all.into_iter().find(|level| !(above_bac && *level == Self::UpperSecondary && is_prefix(words)))
    }
}

/// Whether every "bac" of the words is followed by a number of years.
fn is_prefix(words: &str) -> bool {
    let folded = fold(words);
    let all: Vec<&str> = folded.split(' ').collect();
    all.iter()
        .enumerate()
        .filter(|(_, word)| **word == "bac")
        .all(|(at, _)| all.get(at + 1).is_some_and(|next| next.starts_with(|c: char| c.is_ascii_digit())))
}

impl Language {
    /// The language the words name: both where both are named.
    pub fn read(words: &str) -> Option<Self> {
        match Self::read_all(words).as_slice() {
            [] => None,
            [one] => Some(*one),
            _ => Some(Self::Both),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contracts() {
        for (words, read) in [
            ("CDI", vec!["cdi"]),
            ("CDI & CDD", vec!["cdi", "cdd"]),
            ("Contrat à durée déterminée - 6 Mois", vec!["cdd"]),
            ("Mission intérimaire - 3 Mois", vec!["interim"]),
            ("MIS", vec!["interim"]),
            ("FULL_TIME", vec!["full_time"]),
            ("[\"FULL_TIME\",\"TEMPORARY\"]", vec!["cdd", "full_time"]),
            ("Stage - Freelance", vec!["internship", "freelance"]),
            ("à discuter", vec![]),
        ] {
            let found: Vec<&str> = Contract::read_all(words).into_iter().map(Contract::as_str).collect();
            assert_eq!(found, read, "{words:?}");
        }
    }

    #[test]
    fn education() {
        for (words, read) in [
            ("BAC", Some("upper_secondary")),
            ("Bac+2 ou équivalents", Some("short_tertiary")),
            ("BAC +3", Some("bachelor")),
            ("Niveau d´études exigé : Bac+5 et plus", Some("master")),
            ("BEPC ou BAC", Some("lower_secondary")),
            ("GCE A-Level", Some("upper_secondary")),
            ("CAP, BEP et équivalents", Some("vocational")),
            ("Licence", Some("bachelor")),
            ("PhD", Some("doctorate")),
            ("aucun", None),
        ] {
            assert_eq!(Education::read(words).map(Education::as_str), read, "{words:?}");
        }
    }

    #[test]
    fn languages() {
        for (words, read) in [
            ("fr", Some("fr")),
            ("Anglais", Some("en")),
            ("français et anglais", Some("both")),
            ("Bilingue", Some("both")),
            ("ewondo", None),
        ] {
            assert_eq!(Language::read(words).map(Language::as_str), read, "{words:?}");
        }
    }
}
