//! Towns that a program or a loan names in its own words.
//!
//! Lenders and programs seldom have a field for the place. They write whom they serve: "market women of Bamenda, Bali and Santa",
//! "moulins et décortiqueuses des ménages de Bétaré-Oya". A name counts behind a preposition, as the gazetteer writes it, and with
//! its capital. In a text a single name may be the lender's seat, so only a list of towns counts there.

use regex::Regex;

use super::{
    Place,
    gazetteer::Entry,
    reader::leading,
    words::{Gap, Item, items},
};
use crate::{patterns, text::fold};

patterns! {
    /// A preposition before a name with a capital.
    static BEFORE: Regex =
        r"(?:^|[\s(’'])(?:de|d['’]|à|of|in|at|around|near|from|autour de|entre|between)\s*(?P<name>\p{Lu}[^.;:!?()\n]{2,120})";

    /// Words before a preposition that make the place one of something else: a seat, an office, the way to apply.
    static ELSE: Regex = r"(?i)\b(?:si[eè]ge|seat|headquarters|head office|dossiers?|agence|universit[eé]|university|bureau|office|tribunal|h[oô]pital|hospital|h[oô]tel)\s*$";
}

/// Returns the towns of Cameroon that the title of a program or a loan names.
pub(crate) fn named_in_title(title: &str) -> Vec<Place> {
    named(title, 1)
}

/// Returns the towns of Cameroon that its text names, if they are a list.
pub(crate) fn named_in_text(text: &str) -> Vec<Place> {
    named(text, 2)
}

/// Returns the towns of the lists that have at least so many.
fn named(text: &str, least: usize) -> Vec<Place> {
    let mut found: Vec<Place> = Vec::new();
    for hit in BEFORE.captures_iter(text) {
        let Some(name) = hit.name("name") else { continue };
        let before = text.get(..hit.get(0).map_or(0, |all| all.start())).unwrap_or_default();
        if ELSE.is_match(before) {
            continue;
        }
        let items = items(name.as_str());
        let listed = items.iter().enumerate().take_while(|(at, item)| is_town(item, *at)).count();
        // "Santa Barbara", "Bali Nyonga": the name continues, so the last one is another.
        let goes_on = items.get(listed).is_some_and(|next| next.gap == Gap::None && starts_name(next));
        let towns = items.get(..listed - usize::from(goes_on && listed > 0)).unwrap_or_default();
        if towns.len() >= least {
            for place in leading(towns) {
                if !found.contains(&place) {
                    found.push(place);
                }
            }
        }
    }
    found
}

/// Returns whether an item is a town by its own name, the first one or the next of a list.
fn is_town(item: &Item, at: usize) -> bool {
    let is_listed = at == 0 || item.gap > Gap::Dash;
    let is_own = matches!(item.entry, Some(Entry::Town(name, ..)) if fold(name) == fold(&item.text));
    is_listed && is_own && starts_name(item)
}

fn starts_name(item: &Item) -> bool {
    item.text.starts_with(char::is_uppercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::check;

    #[test]
    fn towns_of_titles_and_texts() {
        check(include_str!("named.tsv"), 25, |case| {
            let places = if case[0] == "title" { named_in_title(&case[1]) } else { named_in_text(&case[1]) };
            let names: Vec<String> = places.iter().map(ToString::to_string).collect();
            if names.is_empty() { "none".to_owned() } else { names.join("; ") }
        });
    }
}
