//! The categories of an opportunity.

use std::collections::BTreeMap;

use domain::{Kind, places::Place, term::Term};

use super::{BY_OCCUPATION, NEEDS, TOPICS, group};
use crate::{text::fold, vocabulary};

/// A topic of an occupation, where the title names a topic itself, and where it does not.
const OF_OCCUPATION: [f32; 2] = [0.5, 0.75];
/// A topic that the description names three times or more. Most advertisements mention other work beside their own.
const IN_TEXT: f32 = 0.35;
/// Mentions that count in full.
const MENTIONS: f32 = 3.0;
/// Characters of a description that are read.
const LONGEST: usize = 16_000;

/// What of a row its categories are made of.
#[derive(Debug, Clone, Copy)]
#[allow(missing_docs, reason = "the fields of `domain::Opportunity`, as they are stored")]
pub struct Facts<'r> {
    pub kind: Kind,
    pub title: &'r str,
    pub description: Option<&'r str>,
    pub occupation: Option<&'r str>,
    pub sector: Option<&'r str>,
    pub audiences: &'r [String],
    pub contracts: &'r [String],
    pub working_time: &'r [String],
    pub education: Option<&'r str>,
    pub places: &'r [Place],
    pub remote: bool,
    /// Its amount and fees, in the partner's words.
    pub prices: [Option<&'r str>; 2],
}

/// Returns the categories of an opportunity, in the order of their names.
pub fn categories(row: &Facts<'_>) -> Vec<Term> {
    let mut all = Categories::default();
    let description: String = row.description.unwrap_or_default().chars().take(LONGEST).collect();
    let (title, description) = (fold(row.title), fold(&description));
    all.topics(row, &title, &description);
    if let Some(occupation) = row.occupation {
        all.put("group", group(occupation), 1.0);
    }
    let sector = row.sector.or_else(|| row.occupation.and_then(vocabulary::sector_of_occupation));
    all.put("kind", row.kind.as_str(), 1.0);
    let one = [("sector", sector), ("education", row.education)];
    for (name, code) in one.into_iter().filter_map(|(name, code)| Some((name, code?))) {
        all.put(name, code, 1.0);
    }
    let many = [("audience", row.audiences), ("contract", row.contracts), ("working_time", row.working_time)];
    for (name, code) in many.into_iter().flat_map(|(name, codes)| codes.iter().map(move |code| (name, code)))
    {
        all.put(name, code, 1.0);
    }
    for place in row.places.iter().filter(|place| place.country == "CM") {
        place.locality.iter().for_each(|town| all.put("town", town, 1.0));
        place.region.iter().for_each(|region| all.put("region", region.code(), 1.0));
    }
    let prices = row.prices.into_iter().flatten().map(fold).collect::<Vec<_>>().join(" ");
    if is_free(&title) || is_free(&description) || is_free(&prices) {
        all.0.insert("free".to_owned(), 1.0);
    }
    if row.remote {
        all.0.insert("remote".to_owned(), 1.0);
    }
    all.0.into_iter().map(|(name, weight)| Term::category(name, weight)).collect()
}

/// Returns whether a folded text says that there is nothing to pay.
fn is_free(folded: &str) -> bool {
    let words: Vec<&str> = folded.split(' ').collect();
    // "free" alone is also "feel free to apply".
    NEEDS
        .read(&words)
        .iter()
        .any(|named| named.code == "free" && words.get(named.at.start).is_some_and(|word| *word != "free"))
        || folded.contains("free of charge")
}

/// Categories, each with its greatest weight.
#[derive(Default)]
struct Categories(BTreeMap<String, f32>);

impl Categories {
    fn put(&mut self, name: &str, code: &str, weight: f32) {
        let known = self.0.entry(format!("{name}:{code}")).or_insert(0.0);
        *known = known.max(weight);
    }

    /// Topics of the title, then of the occupation, then of what the description repeats.
    fn topics(&mut self, row: &Facts<'_>, title: &str, description: &str) {
        let named = TOPICS.read(&title.split(' ').collect::<Vec<_>>());
        for topic in &named {
            self.put("topic", topic.code, 1.0);
        }
        let of_occupation = if named.is_empty() { OF_OCCUPATION[1] } else { OF_OCCUPATION[0] };
        for topic in row.occupation.and_then(|occupation| BY_OCCUPATION.get(occupation)).into_iter().flatten()
        {
            self.put("topic", topic, of_occupation);
        }
        let mut mentions: BTreeMap<&str, f32> = BTreeMap::new();
        for topic in TOPICS.read(&description.split(' ').collect::<Vec<_>>()) {
            *mentions.entry(topic.code).or_insert(1.0) += 1.0;
        }
        for (topic, count) in mentions {
            self.put("topic", topic, IN_TEXT * (count / MENTIONS).min(1.0));
        }
    }
}
