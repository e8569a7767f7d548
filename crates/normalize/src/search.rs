//! What a search is about: the terms of a question, and the categories of an opportunity.
//!
//! People ask in French, English, Pidgin and mixtures of them, and partners write in French or English. A word of one language does not
//! meet a word of another. Categories do: a question and an opportunity that name the same trade, product, purpose, place or kind have
//! the same category, whatever their words. They come from the vocabularies of rows (occupation, sector, audience, contract, education,
//! place), and from a table of topics that has the words of people in three languages.
//!
//! | category | what it is |
//! |---|---|
//! | `topic:welding` | a trade, a product or a purpose: `search/topics.tsv` |
//! | `group:721` | a minor group of occupations (ISCO-08) |
//! | `sector:construction` | a sector |
//! | `kind:training` | a kind; of a question, the need behind it: `search/needs.tsv` |
//! | `town:Douala`, `region:CM-LT` | a place, and the region around it |
//! | `audience:women`, `contract:internship`, `education:none`, `working_time:part_time` | codes of rows |
//! | `free`, `remote` | nothing to pay; from anywhere |

mod asked;
mod facts;
mod near;
mod signs;

use std::{collections::HashMap, sync::LazyLock};

pub use asked::{asked, like};
pub use facts::{Facts, categories};
use signs::Signs;

static TOPICS: LazyLock<Signs> = LazyLock::new(|| Signs::of(include_str!("search/topics.tsv"), 2));
static NEEDS: LazyLock<Signs> = LazyLock::new(|| Signs::of(include_str!("search/needs.tsv"), 1));
/// Topics by the occupations that the table gives them.
static BY_OCCUPATION: LazyLock<HashMap<&str, Vec<&str>>> = LazyLock::new(|| {
    let mut topics: HashMap<&str, Vec<&str>> = HashMap::new();
    for line in include_str!("search/topics.tsv").lines().filter(|line| !line.starts_with('#')) {
        let mut cells = line.split('\t');
        let (Some(topic), Some(occupations)) = (cells.next(), cells.next()) else { continue };
        for occupation in occupations.split(',').filter(|occupation| *occupation != "-") {
            topics.entry(occupation).or_default().push(topic);
        }
    }
    topics
});

/// Returns the minor group of an occupation: the first three digits of its code.
fn group(occupation: &str) -> &str {
    occupation.get(..3).unwrap_or(occupation)
}

#[cfg(test)]
mod tests;
