//! Controlled words: contract, working time, education, audience, language.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$doc:meta])* $type:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal, $label:literal;)* }) => {
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

            /// The value with that stored word.
            pub fn of_code(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == code)
            }

            /// Those of the codes, without repeats, in order.
            pub fn of_codes(codes: &[&str]) -> Vec<Self> {
                Self::ALL.iter().copied().filter(|value| codes.contains(&value.as_str())).collect()
            }
        }
    };
}

words! {
    /// Contract offered. Words of schema.org `employmentType` are understood beside the French ones. Codes are English words; labels
    /// are what people in Cameroon call them.
    Contract {
        /// Without an end: "contrat à durée indéterminée".
        Permanent = "permanent", "CDI";
        /// With an end: "contrat à durée déterminée".
        FixedTerm = "fixed_term", "CDD";
        /// Through an agency.
        Temporary = "temporary", "Intérim";
        /// Of one season.
        Seasonal = "seasonal", "Saisonnier";
        /// Internship.
        Internship = "internship", "Stage";
        /// Apprenticeship.
        Apprenticeship = "apprenticeship", "Apprentissage";
        /// On one's own account.
        Freelance = "freelance", "Freelance";
        /// Unpaid.
        Volunteer = "volunteer", "Bénévolat";
    }
}

words! {
    /// How the work lies in the week.
    WorkingTime {
        /// The whole week.
        FullTime = "full_time", "Temps plein";
        /// Part of it.
        PartTime = "part_time", "Temps partiel";
        /// In shifts, or at night.
        Shift = "shift", "Travail posté";
        /// In one season.
        Seasonal = "seasonal", "Saisonnier";
        /// As agreed.
        Flexible = "flexible", "Horaires flexibles";
    }
}

words! {
    /// Education, lowest first; names of Cameroon's two school systems.
    Education {
        /// End of primary school.
        Primary = "primary", "CEP";
        /// A trade, by a short qualification.
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
    /// Whom the offer is for. Not who is merely mentioned in it.
    Audience {
        /// Women.
        Women = "women", "Femmes";
        /// The young.
        Youth = "youth", "Jeunes";
        /// Migrants who came back.
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
        /// Those who run or begin a business.
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
