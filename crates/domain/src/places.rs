//! Places: country, region (in Cameroon) and town.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! regions {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $fr:literal, $en:literal;)*) => {
        /// A region (ISO 3166-2): one of the ten of Cameroon, or one of another country.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub enum Region {
            $($(#[$doc])* $variant,)*
            /// A region of another country.
            Abroad(Subdivision),
        }

        impl Region {
            /// All regions of Cameroon, by code.
            pub const ALL: [Self; 10] = [$(Self::$variant,)*];

            /// Returns the ISO 3166-2 code ("CM-LT").
            pub fn code(&self) -> &str {
                match self { $(Self::$variant => $code,)* Self::Abroad(of) => of.code() }
            }

            /// Returns the French name; abroad, the code.
            pub fn name_fr(&self) -> &str {
                match self { $(Self::$variant => $fr,)* Self::Abroad(of) => of.code() }
            }

            /// Returns the English name; abroad, the code.
            pub fn name_en(&self) -> &str {
                match self { $(Self::$variant => $en,)* Self::Abroad(of) => of.code() }
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
    /// Returns the region with that code. Of other countries than Cameroon only the form of the code is checked.
    pub fn from_code(code: &str) -> Option<Self> {
        let home = Self::ALL.into_iter().find(|region| region.code() == code);
        home.or_else(|| Subdivision::new(code).map(Self::Abroad))
    }
}

impl From<Region> for String {
    fn from(region: Region) -> Self {
        region.code().to_owned()
    }
}

impl TryFrom<String> for Region {
    type Error = String;

    fn try_from(code: String) -> Result<Self, String> {
        Self::from_code(&code).ok_or_else(|| format!("{code:?} is not the code of a region (ISO 3166-2)"))
    }
}

/// The code of a region outside Cameroon (ISO 3166-2, "FR-IDF").
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subdivision {
    /// The code, and zeros behind it.
    bytes: [u8; 6],
}

impl Subdivision {
    /// Returns the subdivision with that code; `None` if the code has another form or is Cameroon's.
    pub fn new(code: &str) -> Option<Self> {
        let (country, rest) = code.split_once('-')?;
        let is_country =
            country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_uppercase()) && country != "CM";
        let is_rest = matches!(rest.len(), 1..=3)
            && rest.bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit());
        if !is_country || !is_rest {
            return None;
        }
        let mut bytes = [0; 6];
        bytes.iter_mut().zip(code.bytes()).for_each(|(to, from)| *to = from);
        Some(Self { bytes })
    }

    fn code(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default().trim_end_matches('\0')
    }
}

/// A place, as precise as the partner's words were.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Place {
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The region: in Cameroon that of the town too, elsewhere if the words give it.
    pub region: Option<Region>,
    /// Town, in its French spelling. Abroad, as the gazetteer of the world writes the partner's name for it; unknown words as they are.
    pub locality: Option<String>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.locality, self.region) {
            (Some(town), Some(Region::Abroad(_))) => write!(f, "{town}, {}", self.country),
            (Some(town), Some(region)) => write!(f, "{town}, {}", region.name_fr()),
            (Some(words), None) if self.country == "CM" => f.write_str(words),
            (Some(words), None) => write!(f, "{words}, {}", self.country),
            (None, Some(region)) => f.write_str(region.name_fr()),
            (None, None) if self.country == "CM" => f.write_str("Cameroun"),
            (None, None) => f.write_str(&self.country),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_region_is_stored_as_its_code() {
        for code in ["CM-LT", "FR-IDF", "BJ-LI", "FR-59", "TG-M", "MA-06"] {
            let region = Region::from_code(code).unwrap();
            assert_eq!(region.code(), code);
            let stored = serde_json::to_value(region).unwrap();
            assert_eq!(stored, code);
            assert_eq!(serde_json::from_value::<Region>(stored).unwrap(), region);
        }
        for code in ["CM-XX", "LT", "FR", "FR-", "FR-ABCD", "fr-idf", "FRA-1", "F-IDF", ""] {
            assert_eq!(Region::from_code(code), None, "{code}");
            assert!(serde_json::from_value::<Region>(code.into()).is_err(), "{code}");
        }
    }
}
