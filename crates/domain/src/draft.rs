//! A record under our field names, still in the partner's words.

use chrono::NaiveDate;
use sha2::{Digest as _, Sha256};

use crate::{Kind, RawRecord};

/// Declares the draft and its fields. One table feeds every list of fields, so none can miss one.
macro_rules! draft {
    ($(#[$doc:meta])* { $($(#[$fdoc:meta])* $field:ident $variant:ident: $told:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq)]
        pub struct Draft {
            /// The kind. The stream of the source file sets it, not the partner.
            pub kind: Kind,
            $($(#[$fdoc])* pub $field: Option<String>,)*
            /// The record as the partner published it, for a rejection or an explanation.
            pub record: RawRecord,
        }

        /// A field of a [`Draft`], for code that treats each of them: `match` it without a wildcard, and the compiler asks
        /// what becomes of a new one.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
        #[serde(rename_all = "snake_case")]
        pub enum Field { $($(#[$fdoc])* $variant,)* }

        impl Field {
            /// All of them, in the order of [`Draft::FIELDS`].
            pub const ALL: [Self; Draft::FIELDS.len()] = [$(Self::$variant),*];

            /// Returns its name: one of [`Draft::FIELDS`].
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($field),)* }
            }

            /// Returns the field of that name.
            pub fn of(name: &str) -> Option<Self> {
                match name { $(stringify!($field) => Some(Self::$variant),)* _ => None }
            }
        }

        impl Draft {
            /// Our field names, in the order in which they are shown. A source file can map only these.
            pub const FIELDS: [&'static str; [$(stringify!($field)),*].len()] = [$(stringify!($field)),*];

            /// Returns what a field holds and which words in it are understood, for the reference. Empty for a name that is
            /// not in [`Draft::FIELDS`].
            pub fn describe(name: &str) -> &'static str {
                match name { $(stringify!($field) => $told,)* _ => "" }
            }

            /// Returns an empty draft of the given kind from `record`.
            pub fn new(kind: Kind, record: impl Into<RawRecord>) -> Self {
                Self { kind, $($field: None,)* record: record.into() }
            }

            /// Returns the field of that name, to read or to fill. `None` for a name that is not in [`Draft::FIELDS`].
            pub fn field_mut(&mut self, name: &str) -> Option<&mut Option<String>> {
                match name { $(stringify!($field) => Some(&mut self.$field),)* _ => None }
            }

            /// Returns the digest of the draft, as `reader` (the version of the source file and of the rules) parses it on
            /// `day`. Equal digests give equal opportunities, so a known draft need not be normalized again.
            #[must_use]
            pub fn digest(&self, reader: &str, day: NaiveDate) -> DraftDigest {
                let mut digest = Sha256::new();
                let mut add = |part: Option<&str>| {
                    // `u64::MAX` stands for a missing field. No text is that long.
                    let length = part.map_or(u64::MAX, |text| u64::try_from(text.len()).unwrap_or(u64::MAX - 1));
                    digest.update(length.to_le_bytes());
                    digest.update(part.unwrap_or_default());
                };
                add(Some(reader));
                add(Some(self.kind.as_str()));
                $(add(self.$field.as_deref());)*
                if self.needs_the_clock() {
                    add(Some(&day.to_string()));
                }
                DraftDigest::new(DraftDigest::mark(reader), &digest.finalize())
            }

            /// Returns the field of that name. `None` if it is empty or does not exist.
            pub fn field(&self, name: &str) -> Option<&str> {
                match name { $(stringify!($field) => self.$field.as_deref(),)* _ => None }
            }
        }
    };
}

/// The digest of a draft: 4 bytes that its reader marks, and 12 of a SHA-256 over the reader and the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct DraftDigest([u8; 16]);

impl DraftDigest {
    /// Returns how each digest by this reader begins: rows that another one has read are found by it.
    #[must_use]
    pub fn mark(reader: &str) -> [u8; 4] {
        let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(reader));
        [a, b, c, d]
    }

    fn new(mark: [u8; 4], words: &[u8]) -> Self {
        let mut bytes = [0; 16];
        for (byte, from) in bytes.iter_mut().zip(mark.iter().chain(words)) {
            *byte = *from;
        }
        Self(bytes)
    }

    /// Returns its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Returns the digest with these bytes. `None` unless there are 16.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl Draft {
    /// Returns whether a date in it may depend on the day of parsing: "il y a 3 jours", "15 décembre". A date with a year
    /// does not.
    fn needs_the_clock(&self) -> bool {
        let has_a_year = |words: &str| {
            let mut digits = 0;
            words.bytes().any(|byte| {
                digits = if byte.is_ascii_digit() { digits + 1 } else { 0 };
                digits == 4
            })
        };
        let dates = [&self.posted_at, &self.starts_at, &self.ends_at, &self.closes_at];
        dates.into_iter().flatten().any(|words| !words.trim().is_empty() && !has_a_year(words))
    }
}

draft! {
    /// A record that `sources` has parsed from a page, before anything in it is interpreted. Every field but the kind may be
    /// missing. A [`Draft`] is what the partner claims, not yet what we know.
    {
        /// The partner's own identifier of the record.
        external_id ExternalId: "The partner's own identifier: the same the next day, another for another record. Up to 300 bytes.",
        /// Heading, maybe with markup or entities left in it.
        title Title: "Heading. Markup and entities may be left in it; 300 characters are kept.",
        /// Absolute URL of the page that a person can read.
        url Url: "Absolute `http(s)` address of the page a person can read. Other addresses refuse the record.",
        /// Who offers it: employer, school, program, credit union.
        organization Organization: "Who offers: employer, school, programme, credit union. A phone number or an address of e-mail is none.",
        /// Body text, plain or HTML.
        description Description: "Body, plain or HTML; 20,000 characters are kept, and of HTML a safe subset beside them. Lines a portal adds to every post are cut.",
        /// Where, in words ("Douala, Littoral", "Région de Douala").
        place Place: "Where, in words: \"Douala, Littoral\", \"Région de l'Ouest\", \"Douala & Yaoundé\", \"CM-LT\". Towns, regions and countries of the world are known: \"Rabat / Salé\", \"Kinshasa (RDC)\", \"75011 Paris\", \"CM, CO, EC\". A list gives several places, each read alone. A border that is named beside a place (\"frontière RCA\") is none; \"75 - Paris\", \"Saint-Denis (93)\" and \"Nouvelle-Aquitaine\" are in France. A source of Cameroon refuses what is in no gazetteer; elsewhere unknown words stay one locality. Where the text itself says where the post is, that counts in Cameroon.",
        /// Country of the record's places and currency: ISO 3166-1 alpha-2.
        country Country: "Country of the record, where they differ: a code of two or three letters (ISO 3166-1), or its name (\"Sénégal\"); a `map` makes codes of other words. Its places and the currency of its amounts follow. Default: `country` of the file.",
        /// What is earned, paid, lent or granted, in words ("150 000 - 250 000 FCFA / mois").
        salary Salary: "What is earned, paid, lent or granted, in words: \"150 000 - 250 000 FCFA / mois\", \"2 000 000 F CFA maximum\", \"75 000F/mois\", \"à négocier\". A range from high to low is turned round, and broken groups of digits (\"75 00 F\") are not amount; both are a doubt.",
        /// Interest of a loan or a savings product, in words ("1,5 % par mois").
        interest Interest: "Interest, in words: \"1,5 % par mois\", \"8,5% + TAF (10%)\", \"18 - 24 % l'an, frais de dossier 1 %\". A rate under 5 % needs its period. \"0 % l'an\" and \"sans intérêt\" are 0; a bare `0`, or \"0.000000 % Per year\" as programs print it, is not a rate.",
        /// Fees of a loan, in words ("frais de dossier 1 %").
        fees Fees: "Fees, in words: \"1 % + 5 000 FCFA\", \"frais de dossier 2 %, assurance 0,5 %\", \"gratuit\".",
        /// How long it lasts, in words ("12 mois").
        duration Duration: "How long a loan, a training or a contract lasts: \"12 mois\", \"de 6 à 24 mois\", \"1 an et demi\", \"P6M\". Hours are ignored.",
        /// Contract, in words ("CDI & CDD", "`FULL_TIME`").
        contract Contract: "Contract, in words: \"CDI & CDD\", \"Stage\", schema.org's `FULL_TIME`. A title that says internship or apprenticeship (\"Stage - …\") counts before CDD and the like.",
        /// Working time, in words ("temps partiel", "full-time").
        working_time WorkingTime: "Working time, in words: \"temps partiel\", \"Full-time\", \"3x8\". Counts before what the contract's words say of it.",
        /// Publication date, in words.
        posted_at PostedAt: "When it was published: ISO 8601, \"01/10/2026\", \"1er octobre 2026 à 12h00\", \"il y a 3 semaines\", `[2026,9,2]`, seconds since 1970. In Africa/Douala where no zone is given.",
        /// When the training or the work begins, in words.
        starts_at StartsAt: "When the training or the work begins, in the same forms; of a span its begin. \"Immédiatement\" is none.",
        /// When the training, the project or the contract ends, in words.
        ends_at EndsAt: "When the training, the project, the programme or the contract ends, in the same forms, or a year, a quarter or a start with its length; of a span its end. A project's end is not the last day to answer: that is `closes_at`.",
        /// Last day to apply, in words.
        closes_at ClosesAt: "Last day to answer, in the same forms; of a span its end. \"Dès que possible\" and a day of opening are none, \"sous 10 jours\" counts from the publication, and \"expirée\" closes the opportunity.",
        /// Whether it is still open, in words ("pourvue", "false").
        status Status: "Whether it is still open: \"pourvue\", \"expirée\", \"closed\", `false` close the opportunity; other words say nothing, nor does what is to come (\"clôture prochaine\").",
        /// Sector or category, in words ("Bâtiment", "Comptabilité").
        sector Sector: "Sector or category: \"Bâtiment\", \"Comptabilité et finance\". Counts before what title and text name.",
        /// Number of places offered, in words.
        positions Positions: "Number of places offered: the first number in the words.",
        /// Education asked for, in words.
        education Education: "Education asked for: \"BAC+2\", \"GCE A-Level\", \"CAP\". The lowest level named counts; \"sans diplôme\" is `none`.",
        /// Experience asked for, in words.
        experience Experience: "Experience asked for, kept in the partner's words. A beginner named begins at 0; \"aucune\" is 0; what is only wished (\"idéalement\", \"souhaité\") does not count.",
        /// Languages of the text, in words ("fr", "Anglais").
        language Language: "Languages of the text: \"fr\", \"Anglais\", \"bilingue\".",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(day: u32, change: impl FnOnce(&mut Draft)) -> DraftDigest {
        let mut draft = Draft::new(Kind::Job, serde_json::json!({}));
        draft.title = Some("Soudeur".to_owned());
        draft.closes_at = Some("15/12/2026".to_owned());
        change(&mut draft);
        draft.digest("v1", NaiveDate::from_ymd_opt(2026, 11, day).unwrap())
    }

    #[test]
    fn the_digest_tells_words_apart_and_fields_too() {
        let same = digest(20, |_| ());
        assert_eq!(same, digest(21, |_| ()));
        assert_ne!(same, digest(20, |draft| draft.title = Some("Soudeur TIG".to_owned())));
        assert_ne!(same, digest(20, |draft| draft.organization = Some(String::new())));
        assert_ne!(
            digest(20, |draft| (draft.place, draft.salary) = (Some("x".to_owned()), None)),
            digest(20, |draft| (draft.place, draft.salary) = (None, Some("x".to_owned())))
        );
    }

    #[test]
    fn a_field_has_one_name_everywhere() {
        assert_eq!(Field::ALL.map(Field::as_str), Draft::FIELDS);
        for field in Field::ALL {
            assert_eq!(Field::of(field.as_str()), Some(field));
            assert_eq!(serde_json::to_value(field).unwrap(), field.as_str());
        }
        assert_eq!(Field::of("kind"), None);
    }

    #[test]
    fn the_digest_begins_with_the_mark_of_its_reader() {
        let draft = Draft::new(Kind::Job, serde_json::json!({}));
        let day = NaiveDate::from_ymd_opt(2026, 11, 20).unwrap();
        let (one, two) = (draft.digest("v1", day), draft.digest("v2", day));
        assert!(one.as_bytes().starts_with(&DraftDigest::mark("v1")));
        assert!(two.as_bytes().starts_with(&DraftDigest::mark("v2")));
        assert_ne!(one.as_bytes()[4..], two.as_bytes()[4..], "readers that share a mark stay apart");
    }

    #[test]
    fn what_the_clock_decides_is_read_again_the_next_day() {
        let relative = |day| digest(day, |draft| draft.posted_at = Some("il y a 3 jours".to_owned()));
        assert_eq!(relative(20), relative(20));
        assert_ne!(relative(20), relative(21));
    }
}
