//! The place of an opportunity: by its field and by its text.

use domain::{
    Draft, Reason,
    places::{Place, Region},
    quality::Doubt,
};

use super::Context;
use crate::{
    memo::remembered,
    places::{Hints, UnknownPlace, Where, read_places, stated_where},
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
    let stated = stated_where(title, &body.text, Hints::of(body, words));
    let Some(choice) = nearer(&told.places, &stated, &[title_folded, &body.folded]) else { return Ok(told) };
    if choice == Choice::Other {
        doubts.push(Doubt::PlaceDisagrees);
    }
    Ok(Where { places: stated, remote: false })
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
