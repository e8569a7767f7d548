//! From the partner's words to an opportunity, or a refusal.

use chrono::{DateTime, NaiveDate, Utc};

use crate::{
    Draft, Fingerprint, Opportunity, OpportunityId, Reason, Rejection, SourceSlug, StreamName, dates,
    money::{Currency, Pay, read_pay},
    places::{Place, read_places},
    text::{clean_line, clean_text, shorten},
    vocabulary::{Contract, Education, Language},
};

/// Longest title, in characters: what a card shows, with room.
const TITLE_MAX: usize = 300;
/// Longest body, in characters: above it a page was pasted whole.
const DESCRIPTION_MAX: usize = 20_000;
/// Longest identifier, in bytes.
const IDENTITY_MAX: usize = 300;
/// Longest short text (organization, experience, pay in words), in characters.
const LINE_MAX: usize = 300;

/// What a draft does not say of itself.
#[derive(Debug, Clone)]
pub struct Context {
    /// The partner.
    pub source: SourceSlug,
    /// The list it stood in.
    pub stream: StreamName,
    /// Where the partner's places are: ISO 3166-1 alpha-2.
    pub country: String,
    /// When its page was fetched: the clock of relative dates.
    pub fetched_at: DateTime<Utc>,
}

/// Reads every field by its rule. What cannot be read is refused with the partner's words, never guessed.
pub fn normalize(draft: Draft, context: &Context) -> Result<Opportunity, Rejection> {
    read(&draft, context).map_err(|reason| Rejection {
        reason,
        external_id: identity(&draft).ok(),
        record: draft.record.into_json(),
    })
}

fn read(draft: &Draft, context: &Context) -> Result<Opportunity, Reason> {
    let external_id = identity(draft)?;
    let mut opportunity = Opportunity {
        id: OpportunityId::of(&context.source, &external_id),
        source: context.source.clone(),
        stream: context.stream.clone(),
        external_id,
        kind: draft.kind,
        title: title(draft)?,
        url: url(draft)?,
        organization: draft.organization.as_deref().and_then(organization),
        description: draft
            .description
            .as_deref()
            .map(clean_text)
            .and_then(|text| short(&text, DESCRIPTION_MAX)),
        places: places(draft, context)?,
        pay: pay(draft, context)?,
        pay_text: line(draft.salary.as_deref()),
        contracts: draft.contract.as_deref().map(Contract::read_all).unwrap_or_default(),
        posted_at: instant(draft.posted_at.as_deref(), context, "posted_at")?,
        closes_on: day(draft.closes_at.as_deref(), context, "closes_at")?,
        positions: draft.positions.as_deref().and_then(positions),
        education: draft.education.as_deref().and_then(Education::read),
        experience: line(draft.experience.as_deref()),
        language: draft.language.as_deref().and_then(Language::read),
        fingerprint: Fingerprint::UNKNOWN,
    };
    opportunity.fingerprint = Fingerprint::of(&opportunity);
    Ok(opportunity)
}

fn identity(draft: &Draft) -> Result<String, Reason> {
    let id = draft.external_id.as_deref().map(str::trim).unwrap_or_default().replace('\0', "");
    if id.is_empty() || id.len() > IDENTITY_MAX { Err(Reason::NoIdentity) } else { Ok(id) }
}

fn title(draft: &Draft) -> Result<String, Reason> {
    let title = clean_line(draft.title.as_deref().unwrap_or_default());
    if title.chars().any(char::is_alphanumeric) {
        Ok(shorten(&title, TITLE_MAX).into_owned())
    } else {
        Err(Reason::NoTitle)
    }
}

fn url(draft: &Draft) -> Result<Option<String>, Reason> {
    let Some(words) = draft.url.as_deref().map(str::trim).filter(|words| !words.is_empty()) else {
        return Ok(None);
    };
    let bad = || Reason::BadUrl(words.chars().take(200).collect());
    let url = url::Url::parse(words).map_err(|_| bad())?;
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_web && url.as_str().len() <= 2_000 { Ok(Some(url.into())) } else { Err(bad()) }
}

/// Who offers, unless the words are a placeholder: empty, a phone number, an address of e-mail.
fn organization(words: &str) -> Option<String> {
    let line = clean_line(words);
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    let is_mail = line.contains('@') && !line.contains(' ');
    (letters >= 2 && !is_mail).then(|| shorten(&line, LINE_MAX).into_owned())
}

fn places(draft: &Draft, context: &Context) -> Result<Vec<Place>, Reason> {
    let words = draft.place.as_deref().unwrap_or_default();
    read_places(words, &context.country).map_err(|unknown| Reason::UnknownPlace(unknown.0))
}

fn pay(draft: &Draft, context: &Context) -> Result<Option<Pay>, Reason> {
    let home = home_currency(&context.country);
    let Some(words) = draft.salary.as_deref() else { return Ok(None) };
    read_pay(words, home).map_err(|unreadable| Reason::UnreadableAmount(unreadable.0))
}

/// The currency of a country, for amounts that name none (ISO 4217; the two CFA zones by their members).
pub(crate) fn home_currency(country: &str) -> Currency {
    match country {
        "BJ" | "BF" | "CI" | "GW" | "ML" | "NE" | "SN" | "TG" => Currency::Xof,
        "FR" | "BE" | "DE" | "ES" | "IT" => Currency::Eur,
        "MA" => Currency::Mad,
        "NG" => Currency::Ngn,
        "US" => Currency::Usd,
        "GB" => Currency::Gbp,
        "CH" => Currency::Chf,
        _ => Currency::Xaf,
    }
}

fn instant(words: Option<&str>, context: &Context, field: &str) -> Result<Option<DateTime<Utc>>, Reason> {
    dates::read_instant(words.unwrap_or_default(), context.fetched_at)
        .map_err(|bad| Reason::UnreadableDate(format!("{field}: {}", bad.0)))
}

fn day(words: Option<&str>, context: &Context, field: &str) -> Result<Option<NaiveDate>, Reason> {
    dates::read_day(words.unwrap_or_default(), context.fetched_at)
        .map_err(|bad| Reason::UnreadableDate(format!("{field}: {}", bad.0)))
}

fn line(words: Option<&str>) -> Option<String> {
    words.map(clean_line).and_then(|line| short(&line, LINE_MAX))
}

fn short(text: &str, max: usize) -> Option<String> {
    (!text.is_empty()).then(|| shorten(text, max).into_owned())
}

/// "3 postes": the first number, from 1 to 10,000.
fn positions(words: &str) -> Option<u32> {
    let digits: String =
        words.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|count| (1..=10_000).contains(count))
}

#[cfg(test)]
mod tests;
