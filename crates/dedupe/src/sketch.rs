//! The parts of an opportunity by which duplicates are found.

use chrono::NaiveDate;
use domain::{
    Kind, Opportunity,
    places::Place,
    vocabulary::{Education, Language},
};
use normalize::{patterns, text::fold, vocabulary::languages_of_text};
use regex::Regex;

/// The fields that a sketch is made of.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields of `Opportunity` of the same names")]
pub struct Listing<'a> {
    pub source: &'a str,
    pub kind: Kind,
    pub title: &'a str,
    pub organization: Option<&'a str>,
    pub description: Option<&'a str>,
    pub places: &'a [Place],
    /// Lowest and highest amount, in hundredths.
    pub amount: Option<(i64, i64)>,
    pub education: Option<Education>,
    pub posted_on: Option<NaiveDate>,
    pub closes_on: Option<NaiveDate>,
}

/// What the rules compare, prepared once for each opportunity.
#[derive(Debug, Clone)]
pub struct Sketch {
    /// The slug of the source.
    pub(crate) source: String,
    pub(crate) kind: Kind,
    /// Stems of the title's significant words, in order.
    pub(crate) title: Vec<String>,
    /// Stems of the significant words of the employer's name.
    pub(crate) employer: Vec<String>,
    /// All words of the employer's name, folded. An acronym is one of them.
    pub(crate) employer_words: Vec<String>,
    /// Folded names of towns.
    pub(crate) towns: Vec<String>,
    pub(crate) regions: Vec<String>,
    pub(crate) closes_on: Option<NaiveDate>,
    pub(crate) posted_on: Option<NaiveDate>,
    /// Lowest and highest amount. A single amount is both.
    pub(crate) amount: Option<(i64, i64)>,
    pub(crate) education: Option<Education>,
    /// Hashes of each run of three words in the text, sorted.
    pub(crate) shingles: Vec<u64>,
    /// Significant numbers of the text, sorted.
    pub(crate) numbers: Vec<u64>,
    /// Codes such as "DP/026/PJA/2026-B".
    pub(crate) references: Vec<String>,
    pub(crate) is_english: bool,
}

/// Words of titles that say nothing about the post.
const PLAIN: [&str; 63] = [
    "h",
    "f",
    "m",
    "hf",
    "mf",
    "un",
    "une",
    "des",
    "de",
    "du",
    "d",
    "la",
    "le",
    "les",
    "l",
    "et",
    "a",
    "au",
    "aux",
    "en",
    "pour",
    "par",
    "sur",
    "avec",
    "dans",
    "the",
    "of",
    "for",
    "and",
    "in",
    "to",
    "an",
    "recrute",
    "recrutement",
    "recherche",
    "recherchee",
    "recherchons",
    "recherches",
    "recherchees",
    "avis",
    "offre",
    "emploi",
    "poste",
    "postes",
    "urgent",
    "nouveau",
    "nouvelle",
    "appel",
    "candidature",
    "candidatures",
    "hiring",
    "wanted",
    "job",
    "vacancy",
    "e",
    "ne",
    "se",
    "cameroun",
    "cdi",
    "cdd",
    "stage",
    "we",
    "besoin",
];

/// Words of employers' names that say nothing about them.
const FORMS: [&str; 40] = [
    "sarl",
    "sa",
    "sas",
    "ltd",
    "plc",
    "gie",
    "gic",
    "ets",
    "etablissement",
    "etablissements",
    "societe",
    "company",
    "cameroun",
    "cameroon",
    "groupe",
    "group",
    "the",
    "de",
    "du",
    "des",
    "d",
    "la",
    "le",
    "les",
    "l",
    "et",
    "and",
    "of",
    "ong",
    "association",
    "asbl",
    "scoop",
    "coop",
    "ste",
    "inc",
    "cie",
    "a",
    "au",
    "en",
    "for",
];

patterns! {
    /// Endings that mark who may apply: "(e)", "(H/F)".
    static MARKERS: Regex = r"(?i)\((?:h/f|f/h|m/f|h-f|e|ne|se|trice|ere|euse|rice|s|es)\)";

    static REFERENCE: Regex = r"\b[A-Z]{2,}[A-Z0-9]*(?:[-/][A-Z0-9]+)+\b";

    static NUMBER: Regex = r"\d{1,3}(?:[ .]\d{3})+\b|\d{1,12}";
}

impl Sketch {
    /// Returns the sketch of an opportunity.
    pub fn of(row: &Opportunity) -> Self {
        let amount = row.amount.as_ref().and_then(|amount| {
            let min = amount.min.or(amount.max)?;
            Some((min, amount.max.unwrap_or(min)))
        });
        Self::of_listing(&Listing {
            source: row.source.as_str(),
            kind: row.kind,
            title: &row.title,
            organization: row.organization.as_deref(),
            description: row.description.as_deref(),
            places: &row.places,
            amount,
            education: row.education,
            posted_on: row.posted_at.map(|at| at.date_naive()),
            closes_on: row.closes_on,
        })
    }

    /// Returns the sketch of a listing.
    pub fn of_listing(row: &Listing<'_>) -> Self {
        // A lost letter is most often an accented e.
        let mended = |text: &str| text.replace('\u{fffd}', "e");
        let title = mended(row.title);
        let text = mended(row.description.unwrap_or_default());
        let bare = MARKERS.replace_all(&title, "");
        let employer = fold(row.organization.unwrap_or_default());
        let folded = fold(&text);
        Self {
            source: row.source.to_owned(),
            kind: row.kind,
            title: stems(&fold(&bare), &PLAIN),
            employer: stems(&employer, &FORMS),
            employer_words: employer.split(' ').filter(|word| !word.is_empty()).map(str::to_owned).collect(),
            towns: row.places.iter().filter_map(|place| place.locality.as_deref().map(fold)).collect(),
            regions: row
                .places
                .iter()
                .filter_map(|place| place.region.map(|region| region.code().to_owned()))
                .collect(),
            closes_on: row.closes_on,
            posted_on: row.posted_on,
            amount: row.amount,
            education: row.education,
            shingles: shingles(&folded),
            numbers: numbers(&text),
            references: references(&format!("{title} {text}")),
            is_english: languages_of_text(&format!("{} {folded}", fold(&title))) == [Language::English],
        }
    }

    /// Returns whether the places agree; `None` if one of them names no place.
    pub(crate) fn place_of(&self, other: &Self) -> Option<bool> {
        let share = |a: &[String], b: &[String]| a.iter().any(|name| b.contains(name));
        if !self.towns.is_empty() && !other.towns.is_empty() {
            return Some(share(&self.towns, &other.towns));
        }
        let told = |sketch: &Self| !sketch.towns.is_empty() || !sketch.regions.is_empty();
        (told(self) && told(other)).then(|| share(&self.regions, &other.regions))
    }

    /// Returns the keys that possible duplicates share with it. Rows without a common key are never compared.
    ///
    /// Few rows have the same key. The caller skips the keys of a template that many rows share.
    pub fn keys(&self) -> Vec<u64> {
        let mut keys: Vec<u64> = Vec::new();
        let mut key = |kind: &str, parts: &[&str]| {
            let all = std::iter::once(kind).chain(parts.iter().copied()).collect::<Vec<_>>().join("\u{1f}");
            keys.push(hash(&all));
        };
        let kind = self.kind.as_str();
        let mut title = self.title.clone();
        title.sort();
        let title = title.join(" ");
        let closes = self.closes_on.map(|day| day.to_string());
        for place in self.towns.iter().chain(&self.regions) {
            key("title", &[kind, &title, place]);
        }
        for word in self.employer.iter().filter(|word| word.len() > 2) {
            key("employer", &[kind, word, &title]);
            for place in &self.towns {
                key("employer here", &[kind, word, place]);
            }
            if let Some(day) = &closes {
                key("employer then", &[kind, word, day]);
            }
        }
        for reference in &self.references {
            key("reference", &[reference]);
        }
        // Its own hash selects every sixteenth run of words, so two texts select the same runs in a part they share.
        keys.extend(self.shingles.iter().filter(|shingle| *shingle % 16 == 0).take(8));
        keys.sort_unstable();
        keys.dedup();
        keys
    }
}

/// Hashes with FNV-1a, because stored keys must be the same in every version and on every machine.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns the significant words of a folded line, without the endings of gender and number.
fn stems(folded: &str, plain: &[&str]) -> Vec<String> {
    folded.split(' ').filter(|word| !word.is_empty() && !plain.contains(word)).map(stem).collect()
}

pub(crate) fn stem(word: &str) -> String {
    const GENDER: [(&str, &str); 8] = [
        ("trices", "teur"),
        ("trice", "teur"),
        ("euses", "eur"),
        ("euse", "eur"),
        ("ieres", "ier"),
        ("iere", "ier"),
        ("ennes", "en"),
        ("enne", "en"),
    ];
    if word.bytes().all(|byte| byte.is_ascii_digit()) {
        return word.trim_start_matches('0').to_owned();
    }
    let mut stem = word.to_owned();
    if let Some((head, ending)) = GENDER
        .iter()
        .find_map(|(from, to)| Some((word.strip_suffix(from).filter(|head| head.len() > 2)?, to)))
    {
        stem = format!("{head}{ending}");
    }
    for ending in ["es", "s", "e", "x"] {
        if let Some(head) = stem.strip_suffix(ending).filter(|head| head.len() >= 3) {
            return head.to_owned();
        }
    }
    stem
}

fn shingles(folded: &str) -> Vec<u64> {
    let words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    let mut all: Vec<u64> = words.windows(3).map(|three| hash(&three.join(" "))).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Returns the numbers above three, without years. Groups of thousands are one number.
fn numbers(text: &str) -> Vec<u64> {
    let value = |hit: regex::Match<'_>| hit.as_str().replace([' ', '.'], "").parse::<u64>().ok();
    let mut all: Vec<u64> = NUMBER
        .find_iter(text)
        .filter_map(value)
        .filter(|number| *number > 3 && !(2_000..2_100).contains(number))
        .collect();
    all.sort_unstable();
    all.dedup();
    all
}

fn references(text: &str) -> Vec<String> {
    let is_code = |code: &&str| code.len() >= 6 && code.bytes().any(|byte| byte.is_ascii_digit());
    let mut all: Vec<String> =
        REFERENCE.find_iter(text).map(|hit| hit.as_str()).filter(is_code).map(str::to_owned).collect();
    all.sort();
    all.dedup();
    all
}
