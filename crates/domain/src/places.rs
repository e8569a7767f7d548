//! Places: country, region (in Cameroon) and town.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! regions {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $fr:literal, $en:literal;)*) => {
        /// One of the ten regions (ISO 3166-2:CM).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Region { $($(#[$doc])* #[serde(rename = $code)] $variant,)* }

        impl Region {
            /// All regions, by code.
            pub const ALL: [Self; 10] = [$(Self::$variant,)*];

            /// Returns the ISO 3166-2 code ("CM-LT").
            pub fn code(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            /// Returns the French name.
            pub fn name_fr(self) -> &'static str {
                match self { $(Self::$variant => $fr,)* }
            }

            /// Returns the English name.
            pub fn name_en(self) -> &'static str {
                match self { $(Self::$variant => $en,)* }
            }
        }
    };
}

regions! {
    /// Adamawa.
    Adamaoua = "CM-AD", "Adamaoua", "Adamawa";
    /// Centre.
    Centre = "CM-CE", "Centre", "Centre";
    /// Far North. The code follows the French name.
    ExtremeNord = "CM-EN", "Extrême-Nord", "Far North";
    /// East.
    Est = "CM-ES", "Est", "East";
    /// Littoral.
    Littoral = "CM-LT", "Littoral", "Littoral";
    /// North.
    Nord = "CM-NO", "Nord", "North";
    /// North-West.
    NordOuest = "CM-NW", "Nord-Ouest", "North-West";
    /// West.
    Ouest = "CM-OU", "Ouest", "West";
    /// South.
    Sud = "CM-SU", "Sud", "South";
    /// South-West.
    SudOuest = "CM-SW", "Sud-Ouest", "South-West";
}

impl Region {
    /// Returns the region with that code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|region| region.code() == code)
    }
}

/// A place, as precise as the partner's words were.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The region, in Cameroon and if the words give it.
    pub region: Option<Region>,
    /// Town, in its French spelling. Abroad, in the partner's words.
    pub locality: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.locality, self.region) {
            (Some(town), Some(region)) => write!(f, "{town}, {}", region.name_fr()),
            (Some(words), None) if self.country == "CM" => f.write_str(words),
            (Some(words), None) => write!(f, "{words}, {}", self.country),
            (None, Some(region)) => f.write_str(region.name_fr()),
            (None, None) if self.country == "CM" => f.write_str("Cameroun"),
            (None, None) => f.write_str(&self.country),
        }
    }
}
