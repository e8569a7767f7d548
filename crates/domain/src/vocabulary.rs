//! Controlled vocabularies: contract, working time, education, audience, language.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal, $label:literal;)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $type { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $type {
            /// All values, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Returns the stored word.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }

            /// Returns the label that people see.
            pub fn label(self) -> &'static str {
                match self { $(Self::$variant => $label,)* }
            }

            /// Returns the value with that stored word.
            pub fn of_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == code)
            }

            /// Returns the values with these stored words, without repeats, in order.
            pub fn of_codes(codes: &[&str]) -> Vec<Self> {
                Self::ALL.iter().copied().filter(|value| codes.contains(&value.as_str())).collect()
            }
        }
    };
}

words! {
    /// A contract that is offered. The words of schema.org `employmentType` are understood too. Codes are English words, and
    /// labels are the words that people in Cameroon use.
    Contract {
        /// Permanent: "contrat à durée indéterminée".
        Permanent = "permanent", "CDI";
        /// Fixed-term: "contrat à durée déterminée".
        FixedTerm = "fixed_term", "CDD";
        /// Through an agency.
        Temporary = "temporary", "Intérim";
        /// For one season.
        Seasonal = "seasonal", "Saisonnier";
        /// Internship.
        Internship = "internship", "Stage";
        /// Apprenticeship.
        Apprenticeship = "apprenticeship", "Apprentissage";
        /// Self-employed.
        Freelance = "freelance", "Freelance";
        /// Unpaid.
        Volunteer = "volunteer", "Bénévolat";
    }
}

words! {
    /// The working time.
    WorkingTime {
        /// Full time.
        FullTime = "full_time", "Temps plein";
        /// Part time.
        PartTime = "part_time", "Temps partiel";
        /// In shifts, or at night.
        Shift = "shift", "Travail posté";
        /// In one season.
        Seasonal = "seasonal", "Saisonnier";
        /// Flexible, as agreed.
        Flexible = "flexible", "Horaires flexibles";
    }
}

words! {
    /// Education, lowest first, in the levels of Cameroon's two school systems.
    Education {
        /// No diploma, and none is asked for: "sans diplôme". An absent level is one that nobody names.
        NoDiploma = "none", "Sans diplôme";
        /// End of primary school.
        Primary = "primary", "CEP";
        /// A short vocational qualification.
        Vocational = "vocational", "CAP/DQP";
        /// Lower secondary.
        LowerSecondary = "lower_secondary", "BEPC";
        /// The year before the end of upper secondary. The examination has no name in English.
        Probatoire = "probatoire", "Probatoire";
        /// End of upper secondary.
        UpperSecondary = "upper_secondary", "BAC";
        /// Two years after it.
        ShortTertiary = "short_tertiary", "BAC+2";
        /// Three years after it.
        Bachelor = "bachelor", "BAC+3";
        /// Five years after it.
        Master = "master", "BAC+5";
        /// Doctorate.
        Doctorate = "doctorate", "Doctorat";
    }
}

words! {
    /// Whom the opportunity is for. Groups that are only mentioned do not count.
    Audience {
        /// Women.
        Women = "women", "Femmes";
        /// Young people.
        Youth = "youth", "Jeunes";
        /// Returning migrants.
        Returnees = "returnees", "Migrants de retour";
        /// People with disabilities.
        Disabled = "disabled", "Personnes handicapées";
        /// Displaced people and refugees.
        Displaced = "displaced", "Déplacés et réfugiés";
        /// People without employment.
        Unemployed = "unemployed", "Sans emploi";
        /// Pupils and students.
        Students = "students", "Élèves et étudiants";
        /// Farmers and their groups.
        Farmers = "farmers", "Agriculteurs";
        /// People who run or start a business.
        Entrepreneurs = "entrepreneurs", "Porteurs de projets";
    }
}

words! {
    /// A language of a text, by its ISO 639-1 code.
    Language {
        /// English.
        English = "en", "English";
        /// French.
        French = "fr", "français";
    }
}
