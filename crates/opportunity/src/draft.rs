//! A record in our field names, still in the partner's words.

use crate::{Kind, Published};

/// What `sources` reads out of a page, before anything is interpreted. Every field but the kind may be
/// missing: a [`Draft`] is a claim of the partner, not yet a fact of ours.
#[derive(Debug, Clone, PartialEq)]
pub struct Draft {
    /// Set by the stream's spec, not by the partner.
    pub kind: Kind,
    /// The partner's own identifier of the record.
    pub external_id: Option<String>,
    /// Heading, maybe with markup or entities left in it.
    pub title: Option<String>,
    /// Absolute address of the page a person can read.
    pub url: Option<String>,
    /// Who offers: employer, school, programme, credit union.
    pub organization: Option<String>,
    /// Body text, plain or HTML.
    pub description: Option<String>,
    /// Where, in words ("Douala, Littoral", "Région de Douala").
    pub place: Option<String>,
    /// Pay or amount, in words ("150 000 - 250 000 FCFA / mois").
    pub salary: Option<String>,
    /// Contract, in words ("CDI & CDD", "`FULL_TIME`").
    pub contract: Option<String>,
    /// Publication date, in words.
    pub posted_at: Option<String>,
    /// Last day to answer, in words.
    pub closes_at: Option<String>,
    /// Number of places offered, in words.
    pub positions: Option<String>,
    /// Education asked for, in words.
    pub education: Option<String>,
    /// Experience asked for, in words.
    pub experience: Option<String>,
    /// Language of the text, in words ("fr", "Anglais").
    pub language: Option<String>,
    /// The record as the partner published it, for a rejection or an explanation.
    pub record: Published,
}

impl Draft {
    /// Our field names, in the order they are shown; a spec may map these and no others.
    pub const FIELDS: [&'static str; 14] = [
        "external_id",
        "title",
        "url",
        "organization",
        "description",
        "place",
        "salary",
        "contract",
        "posted_at",
        "closes_at",
        "positions",
        "education",
        "experience",
        "language",
    ];

    /// What a field holds and which words of it are understood, for the reference; empty for a name that is not in
    /// [`Draft::FIELDS`].
    pub fn describe(name: &str) -> &'static str {
        match name {
            "external_id" => {
                "The partner's own identifier: the same the next day, another for another record. Up to 300 bytes."
            }
            "title" => "Heading. Markup and entities may be left in it; 300 characters are kept.",
            "url" => {
                "Absolute `http(s)` address of the page a person can read. Other addresses refuse the record."
            }
            "organization" => {
                "Who offers: employer, school, programme, credit union. A phone number or an address of e-mail is none."
            }
            "description" => "Body, plain or HTML; 20,000 characters are kept.",
            "place" => {
                "Where, in words: \"Douala, Littoral\", \"Région de l'Ouest\", \"Douala & Yaoundé\", \"CM-LT\". What is in no gazetteer refuses the record."
            }
            "salary" => {
                "Pay or amount, in words: \"150 000 - 250 000 FCFA / mois\", \"2 000 000 F CFA maximum\", \"à négocier\"."
            }
            "contract" => "Contract, in words: \"CDI & CDD\", \"Stage\", schema.org's `FULL_TIME`.",
            "posted_at" => {
                "When it was published: ISO 8601, \"01/10/2026\", \"1er octobre 2026 à 12h00\", \"il y a 3 semaines\", `[2026,9,2]`, seconds since 1970. In Africa/Douala where no zone is given."
            }
            "closes_at" => {
                "Last day to answer, in the same forms; of a span its end. \"Dès que possible\" is none."
            }
            "positions" => "Number of places offered: the first number in the words.",
            "education" => {
                "Education asked for: \"BAC+2\", \"GCE A-Level\", \"CAP\". The lowest level named counts."
            }
            "experience" => "Experience asked for, kept in the partner's words.",
            "language" => "Language of the text: \"fr\", \"Anglais\", \"bilingue\".",
            _ => "",
        }
    }

    /// An empty claim of the given kind about `record`.
    pub fn new(kind: Kind, record: impl Into<Published>) -> Self {
        let record = record.into();
        Self {
            kind,
            external_id: None,
            title: None,
            url: None,
            organization: None,
            description: None,
            place: None,
            salary: None,
            contract: None,
            posted_at: None,
            closes_at: None,
            positions: None,
            education: None,
            experience: None,
            language: None,
            record,
        }
    }

    /// The field of that name, to read or to fill; `None` for a name that is not in [`Draft::FIELDS`].
    pub fn field_mut(&mut self, name: &str) -> Option<&mut Option<String>> {
        Some(match name {
            "external_id" => &mut self.external_id,
            "title" => &mut self.title,
            "url" => &mut self.url,
            "organization" => &mut self.organization,
            "description" => &mut self.description,
            "place" => &mut self.place,
            "salary" => &mut self.salary,
            "contract" => &mut self.contract,
            "posted_at" => &mut self.posted_at,
            "closes_at" => &mut self.closes_at,
            "positions" => &mut self.positions,
            "education" => &mut self.education,
            "experience" => &mut self.experience,
            "language" => &mut self.language,
            _ => return None,
        })
    }

    /// The field of that name; `None` when it is empty or no such field exists.
    pub fn field(&self, name: &str) -> Option<&str> {
        match name {
            "external_id" => self.external_id.as_deref(),
            "title" => self.title.as_deref(),
            "url" => self.url.as_deref(),
            "organization" => self.organization.as_deref(),
            "description" => self.description.as_deref(),
            "place" => self.place.as_deref(),
            "salary" => self.salary.as_deref(),
            "contract" => self.contract.as_deref(),
            "posted_at" => self.posted_at.as_deref(),
            "closes_at" => self.closes_at.as_deref(),
            "positions" => self.positions.as_deref(),
            "education" => self.education.as_deref(),
            "experience" => self.experience.as_deref(),
            "language" => self.language.as_deref(),
            _ => None,
        }
    }
}
