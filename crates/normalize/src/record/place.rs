//! The place of an opportunity: by its field and by its text.

use domain::{
    Draft, Kind, Reason,
    places::{Place, Region},
    quality::Doubt,
};

use super::Context;
use crate::{
    memo::remembered,
    places::{Hints, UnknownPlace, Where, named_in_text, named_in_title, read_places, stated_where},
    text::{Body, Words, fold},
};

/// Returns where it is. A field that cannot be parsed rejects the record. A nearer or another place in the text overrides the field,
/// because many portals print the same default beside every post.
pub(super) fn read(
    draft: &Draft,
    context: &Context,
    title: &str,
    title_folded: &str,
    body: &Body,
    words: &Words<'_>,
    doubts: &mut Vec<Doubt>,
) -> Result<Where, Reason> {
    let field = draft.place.as_deref().unwrap_or_default();
    let told = if context.country == "CM" {
        remembered!(Result<Where, UnknownPlace>, field, |words| read_places(words, "CM"))
    } else {
        read_places(field, &context.country)
    };
    let told = told.map_err(|unknown| Reason::UnknownPlace(unknown.0))?;
    let is_abroad = told.places.iter().any(|place| place.country != "CM");
    if context.country != "CM" || is_abroad || told.remote {
        return Ok(told);
    }
    if let Some(places) = of_gift(draft.kind, &told, title, &body.text) {
        return Ok(Where { places, remote: false });
    }
    let stated = stated_where(title, &body.text, Hints::of(body, words));
    let Some(choice) = nearer(&told.places, &stated, &[title_folded, &body.folded]) else { return Ok(told) };
    if choice == Choice::Other {
        doubts.push(Doubt::PlaceDisagrees);
    }
    Ok(Where { places: stated, remote: false })
}

/// Returns the towns that a program or a loan names, if its field names none: those of its title within the field's region, or the
/// list of its text if the record has no field for places.
fn of_gift(kind: Kind, told: &Where, title: &str, text: &str) -> Option<Vec<Place>> {
    let is_gift = matches!(kind, Kind::Agr | Kind::Microfinance);
    if !is_gift || told.places.iter().any(|place| place.locality.is_some()) {
        return None;
    }
    let within = |place: &Place| {
        told.places.is_empty()
            || told.places.iter().any(|wide| wide.region.is_none() || wide.region == place.region)
    };
    let in_title = Some(named_in_title(title)).filter(|towns| !towns.is_empty() && towns.iter().all(within));
    let in_text = || told.places.is_empty().then(|| named_in_text(text)).filter(|towns| !towns.is_empty());
    in_title.or_else(in_text)
}

/// Why the places of the text override those of the field.
#[derive(PartialEq, Eq)]
enum Choice {
    /// They lie within those of the field.
    Within,
    /// They contradict those of the field.
    Other,
}

/// Returns why the stated places count; `None` if the places of the field stay.
fn nearer(told: &[Place], stated: &[Place], folded: &[&str]) -> Option<Choice> {
    if stated.is_empty() {
        return None;
    }
    let contains = |wide: &Place, near: &Place| {
        (wide.region.is_none() || wide.region == near.region)
            && (wide.locality.is_none() || wide.locality == near.locality)
    };
    if told.iter().all(|told| stated.iter().any(|stated| told != stated && contains(told, stated))) {
        return Some(Choice::Within);
    }
    let agree =
        told.iter().any(|told| stated.iter().any(|stated| contains(told, stated) || contains(stated, told)));
    // A place that the text names too is not a default.
    let named = |place: &Place| {
        let name = place.locality.as_deref().or(place.region.as_ref().map(Region::name_fr)).map(fold);
        name.is_some_and(|name| folded.iter().any(|text| text.contains(&name)))
    };
    (!agree && !told.iter().any(named)).then_some(Choice::Other)
}
