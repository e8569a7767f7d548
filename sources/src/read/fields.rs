//! The text that a record has for our fields.

use std::borrow::Cow;

use domain::Draft;
use serde_json::Value;
use url::Url;

use crate::{
    expr::Asked,
    grammar::{Fields, Form, Get, KIND, Refuse, Shape},
};

/// Longest text kept for one field, in bytes. A body is shortened later, by characters.
const LONGEST: usize = 200_000;

/// Fields that have one value: of several, the first counts.
const ONE: [&str; 13] = [
    "external_id",
    "title",
    "url",
    "salary",
    "interest",
    "fees",
    "duration",
    "posted_at",
    "starts_at",
    "ends_at",
    "closes_at",
    "status",
    "positions",
];

/// A record that forms can be applied to.
pub(crate) trait Record {
    /// Returns the value of a form; `Err` if an expression fails on this record.
    fn value(&self, get: &Get, asked: Asked) -> Result<Option<Cow<'_, str>>, String>;
}

/// Text by our field names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Words {
    pairs: Vec<(&'static str, String)>,
    failed: Option<String>,
    /// Why the source file refuses the record.
    refused: Option<String>,
}

impl Words {
    /// Extracts the fields of a record of this shape.
    pub(crate) fn of(fields: &Fields, record: &dyn Record, url: &Url, shape: &Shape) -> Self {
        let empty = shape.empty.as_slice();
        let mut words = Self { pairs: Vec::with_capacity(fields.len()), failed: None, refused: None };
        words.refuse(&shape.refuse, record, url);
        for (field, forms) in fields {
            let mut failure = None;
            let asked = match *field {
                "description" => Asked::Markup,
                "place" => Asked::Each,
                field if ONE.contains(&field) => Asked::First,
                _ => Asked::All,
            };
            let how = How { url, empty, asked };
            let mut found = forms.iter().filter_map(|form| match one(form, record, &how) {
                Ok(found) => found.filter(|words| says_something(words, empty)),
                Err(why) => {
                    failure.get_or_insert(why);
                    None
                }
            });
            let found = if *field == "contract" { contract(found) } else { found.next() };
            match (&found, failure) {
                (None, Some(why)) => words.fail(format!("{field}: {why}")),
                _ => words.set(field, found.map(Cow::into_owned)),
            }
        }
        words
    }

    /// Asks whether the source file refuses the record. A condition that fails on it makes it unreadable: it might be one.
    fn refuse(&mut self, all: &[Refuse], record: &dyn Record, url: &Url) {
        let how = How { url, empty: &[], asked: Asked::All };
        for Refuse { when, reason } in all {
            for form in when {
                match one(form, record, &how) {
                    Ok(Some(words)) if !matches!(words.trim(), "" | "false") => {
                        self.refused = Some(reason.clone());
                        return;
                    }
                    Ok(_) => (),
                    Err(why) => self.fail(format!("refuse: {why}")),
                }
            }
        }
    }

    /// Returns why the source file refuses the record, if it does.
    pub(crate) fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// Stores the text of a field, unless it is empty.
    fn set(&mut self, field: &'static str, words: Option<String>) {
        if let Some(mut words) = words.filter(|words| !words.trim().is_empty()) {
            if words.len() > LONGEST {
                let cut = (0..=LONGEST).rev().find(|at| words.is_char_boundary(*at)).unwrap_or(0);
                words.truncate(cut);
            }
            self.pairs.push((field, words));
        }
    }

    /// Stores text of the list record if the field is still empty.
    pub(crate) fn fill(&mut self, field: &str, words: &str) {
        if let Some(known) = Draft::FIELDS.iter().chain([&KIND]).find(|known| **known == field)
            && self.get(known).is_none()
        {
            self.set(known, Some(words.to_owned()));
        }
    }

    /// Marks the record as unreadable.
    pub(crate) fn fail(&mut self, why: String) {
        self.failed.get_or_insert(why);
    }

    /// Returns why the record is unreadable, if it is.
    pub(crate) fn failed(&self) -> Option<&str> {
        self.failed.as_deref()
    }

    /// Returns the text of a field.
    pub(crate) fn get(&self, field: &str) -> Option<&str> {
        self.pairs.iter().find(|(known, _)| *known == field).map(|(_, words)| words.as_str())
    }

    /// Returns all fields as an object.
    pub(crate) fn to_json(&self) -> Value {
        let pair = |(field, words): &(&str, String)| ((*field).to_owned(), Value::String(words.clone()));
        Value::Object(self.pairs.iter().map(pair).collect())
    }

    /// Returns all fields.
    pub(crate) fn into_pairs(self) -> impl Iterator<Item = (&'static str, String)> {
        self.pairs.into_iter()
    }
}

/// Returns the first value of alternatives, for a link.
pub(crate) fn first(forms: &[Form], record: &dyn Record, url: &Url) -> Option<String> {
    let how = How { url, empty: &[], asked: Asked::First };
    forms.iter().find_map(|form| one(form, record, &how).ok().flatten()).map(Cow::into_owned)
}

/// Words for hours, folded: of schema.org (`employmentType`), and of badges. A page that says them may name the contract elsewhere.
const HOURS: [&str; 8] = [
    "full time",
    "part time",
    "fulltime",
    "parttime",
    "temps plein",
    "temps complet",
    "temps partiel",
    "mi temps",
];
/// Words of schema.org that tell no contract, or a vague one, folded. Everything plainer wins.
const VAGUE: [&str; 3] = ["contractor", "other", "per diem"];

/// Returns the first alternative that names a contract. One on hours alone, such as `FULL_TIME`, stays beside it, and a vague one
/// counts only without another one.
fn contract<'r>(mut alternatives: impl Iterator<Item = Cow<'r, str>>) -> Option<Cow<'r, str>> {
    let first = alternatives.next()?;
    let is_any = |words: &str, known: &[&str]| {
        words.len() <= 60
            && words
                .split([',', ';', '"', '[', ']'])
                .map(normalize::text::fold)
                .filter(|word| !word.is_empty())
                .all(|word| known.contains(&word.as_str()))
    };
    let is_plain = |words: &str| !is_any(words, &[&HOURS[..], &VAGUE[..]].concat());
    if is_plain(&first) {
        return Some(first);
    }
    match alternatives.find(|words| is_plain(words)) {
        Some(plain) if is_any(&first, &HOURS) => Some(Cow::Owned(format!("{plain}, {first}"))),
        Some(plain) => Some(plain),
        None => Some(first),
    }
}

fn says_something(words: &str, empty: &[String]) -> bool {
    let trimmed = words.trim();
    // Checks the length first, because folding costs more, and words for "no value" are short.
    !trimmed.is_empty()
        && (empty.is_empty() || trimmed.len() > 40 || !empty.contains(&normalize::text::fold(trimmed)))
}

/// How a field is read.
struct How<'a> {
    /// The address of the page.
    url: &'a Url,
    /// Words that mean "no value", folded.
    empty: &'a [String],
    asked: Asked,
}

fn one<'r>(form: &'r Form, record: &'r dyn Record, how: &How<'_>) -> Result<Option<Cow<'r, str>>, String> {
    let found = match &form.get {
        Get::Fixed(text) => Some(Cow::Borrowed(text.as_str())),
        Get::PageUrl => Some(Cow::Owned(how.url.to_string())),
        Get::First(forms) => first_of(forms, record, how)?,
        Get::Parts { parts, with, some } => joined(parts, (with, *some), record, how)?.map(Cow::Owned),
        get => record.value(get, how.asked)?,
    };
    let found = match (&form.regex, found) {
        (Some(regex), Some(words)) => {
            let hit = regex.captures(words.trim()).and_then(|hit| hit.get(1));
            hit.map(|group| Cow::Owned(group.as_str().to_owned()))
        }
        (_, found) => found,
    };
    Ok(found.map(|words| mapped(words, form, how.asked)))
}

/// Returns the words that the map has for a value, or for the parts of a list: "CM, SN" with words for both codes. What is not listed stays
/// as it is. A field of one value has no parts.
fn mapped<'r>(words: Cow<'r, str>, form: &'r Form, asked: Asked) -> Cow<'r, str> {
    if let Some(named) = form.map.get(words.trim()) {
        return Cow::Borrowed(named);
    }
    let parts = || words.split([',', ';', '|']);
    if asked == Asked::First || form.map.is_empty() || !parts().any(|part| form.map.contains_key(part.trim()))
    {
        return words;
    }
    let named = |part: &'_ str| form.map.get(part.trim()).map_or(part.trim(), String::as_str).to_owned();
    Cow::Owned(parts().map(named).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "))
}

fn first_of<'r>(
    forms: &'r [Form],
    record: &'r dyn Record,
    how: &How<'_>,
) -> Result<Option<Cow<'r, str>>, String> {
    for form in forms {
        if let Some(found) = one(form, record, how)?.filter(|words| says_something(words, how.empty)) {
            return Ok(Some(found));
        }
    }
    Ok(None)
}

/// Joins the parts. A constant is not content: with only empty parts next to it, there is no value.
fn joined(
    parts: &[Form],
    (with, some): (&str, bool),
    record: &dyn Record,
    how: &How<'_>,
) -> Result<Option<String>, String> {
    let mut all = String::new();
    let (mut any, mut content) = (false, false);
    // The items of a part belong to one thing.
    let asked = if how.asked == Asked::Each { Asked::All } else { how.asked };
    let how = &How { asked, ..*how };
    for part in parts {
        let found = one(part, record, how)?;
        // A constant comes from the source file. A word that means "no value" from the partner ("Fcfa") is a unit here.
        let is_fixed = matches!(part.get, Get::Fixed(_));
        let words = found.as_deref().map(|words| if is_fixed { words } else { words.trim() });
        match words.filter(|words| is_fixed || says_something(words, how.empty)) {
            Some(words) => {
                if any {
                    all.push_str(with);
                }
                all.push_str(words);
                any = true;
                content |= !is_fixed;
            }
            None if some => (),
            None => return Ok(None),
        }
    }
    Ok(content.then_some(all))
}
