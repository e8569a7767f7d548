//! From a draft to an opportunity, or a rejection.

mod closing;
mod hired;
mod infer;
mod labels;
mod notices;
mod organization;
mod place;
mod when;

use chrono::{DateTime, Utc};
use domain::{
    Draft, Fingerprint, Opportunity, OpportunityId, Reason, Rejection, SourceSlug, StreamName,
    contacts::Contacts,
    duration::Duration,
    money::{Amount, AmountKind, Currency, Fees, Interest},
    quality::{Doubt, Quality},
    vocabulary::WorkingTime,
};
use regex::Regex;

use crate::{
    address::without_campaign,
    contacts::take_contacts,
    duration::read_duration,
    memo::remembered,
    money::{Rates, Told, UnreadableAmount, is_free, read_fees, read_interest, read_money, without_repeats},
    patterns,
    places::{self, Where},
    quality, reject,
    status::{is_obituary, notice_of, says_closed, text_says_closed, title_says_closed},
    text::{Body, Words, clean_line, clean_text, cut, fold, safe_subset, shorten},
    vocabulary::{read_working_times, signs},
};

/// Longest title, in characters.
const TITLE_MAX: usize = 300;
/// Longest description, in characters. A longer one is a pasted page.
const DESCRIPTION_MAX: usize = 20_000;
/// Longest identifier, in bytes.
const IDENTITY_MAX: usize = 300;
/// Longest short text (organization, experience, amount in words), in characters.
const LINE_MAX: usize = 300;

/// What the rules need to know beside the draft.
#[derive(Debug, Clone)]
pub struct Context {
    /// The source.
    pub source: SourceSlug,
    /// The stream of the source.
    pub stream: StreamName,
    /// The country of the partner's places (ISO 3166-1 alpha-2).
    pub country: String,
    /// When the page was fetched. Relative dates count from it.
    pub fetched_at: DateTime<Utc>,
    /// The partner's own hosts. Their e-mail addresses belong to the portal, not to the opportunity.
    pub hosts: Vec<String>,
}

impl Context {
    /// Returns whether an e-mail address is the partner's own.
    fn is_own(&self, mail: &str) -> bool {
        let domain = mail.rsplit('@').next().unwrap_or_default();
        self.hosts.iter().any(|host| host.trim_start_matches("www.") == domain)
    }
}

/// Parses each field by its rule. A field that cannot be parsed rejects the record, with the partner's words; nothing is guessed.
pub fn normalize(draft: Draft, context: &Context) -> Result<Opportunity, Rejection> {
    read(&draft, context).map_err(|reason| reject(reason, identity(&draft).ok(), draft.record.into_json()))
}

fn read(draft: &Draft, context: &Context) -> Result<Opportunity, Reason> {
    let own = country(draft)?.map(|country| Context { country, ..context.clone() });
    row(draft, own.as_ref().unwrap_or(context))
}

fn row(draft: &Draft, context: &Context) -> Result<Opportunity, Reason> {
    let external_id = identity(draft)?;
    let mut doubts = Vec::new();
    let (interest, fees) = credit(draft, context, &mut doubts)?;
    // No text that people see contains contacts.
    let mut contacts = Contacts::default();
    let mut plain = |text: String| take_contacts(&mut contacts, text, &|mail| context.is_own(mail));
    let title = title(draft, &mut plain)?;
    let title_words = folded_title(&title)?;
    let body = cut(&plain(clean_text(draft.description.as_deref().unwrap_or_default())));
    let [of_title, of_text] = [&title_words, &body.folded].map(|folded| Words::of(folded, signs::of));
    let Where { places, remote } =
        place::read(draft, context, &title, &title_words, &body, &of_text, &mut doubts)?;
    let schooling = infer::schooling(draft);
    let when = when::read(draft, context, &mut doubts)?;
    let mut opportunity = Opportunity {
        id: OpportunityId::of(&context.source, &external_id),
        source: context.source.clone(),
        stream: context.stream.clone(),
        external_id,
        kind: draft.kind,
        is_closed: when.is_over || is_closed(draft, &title, &body),
        title,
        url: url(draft, &mut plain)?,
        organization: draft.organization.as_deref().and_then(|words| organization::read(words, &mut plain)),
        description: short(&body.text, DESCRIPTION_MAX),
        description_html: html(draft, &body.text, &mut plain),
        places,
        remote: remote || infer::says_remote(&title_words) || infer::text_says_remote(&body.folded),
        amount: amount(draft, context, &mut doubts)?,
        amount_text: once(amount_words(draft), &mut plain),
        interest_text: once(interest_words(draft, interest.as_ref()), &mut plain),
        interest,
        fees,
        fees_text: once(draft.fees.as_deref(), &mut plain),
        duration: duration(draft),
        duration_text: once(draft.duration.as_deref(), &mut plain),
        contracts: infer::contracts(draft, &title_words),
        posted_at: when.posted_at,
        starts_on: when.starts_on,
        ends_on: when.ends_on,
        closes_on: when.closes_on,
        positions: draft.positions.as_deref().and_then(positions),
        education: schooling.education,
        experience: line(schooling.experience, &mut plain),
        experience_months: schooling.months,
        working_time: working_time(draft),
        occupation: None,
        sector: None,
        audiences: Vec::new(),
        languages: Vec::new(),
        contacts,
        quality: Quality { doubts, ..Quality::default() },
        fingerprint: Fingerprint::UNKNOWN,
        draft: None,
    };
    infer::classify(&mut opportunity, draft, &title_words, &of_title, &of_text);
    labels::fill(&mut opportunity, draft, context, &body);
    infer::ask(&mut opportunity, &body, &of_text);
    opportunity.quality = quality::judge(&opportunity, context.fetched_at);
    opportunity.fingerprint = Fingerprint::of(&opportunity);
    Ok(opportunity)
}

/// Returns the title folded. Fails where it offers a person nothing.
fn folded_title(title: &str) -> Result<String, Reason> {
    let folded = fold(title);
    match notice_of(&folded).or_else(|| notices::of_title(&folded)) {
        Some(what) => Err(Reason::NoOpportunity(format!("{what}: {}", shorten(title, 200)))),
        None => Ok(folded),
    }
}

/// Returns the body as a safe subset of HTML, if the partner gave markup.
fn html(draft: &Draft, text: &str, plain: &mut dyn FnMut(String) -> String) -> Option<String> {
    draft.description.as_deref().and_then(|html| safe_subset(html, text, plain))
}

/// Returns the words on interest. A zero that is not a rate is what a template holds where nothing was entered: nobody is to read "0 %".
fn interest_words<'d>(draft: &'d Draft, interest: Option<&Interest>) -> Option<&'d str> {
    let has_only_zeros =
        |words: &&str| words.contains('0') && !words.bytes().any(|byte| matches!(byte, b'1'..=b'9'));
    draft.interest.as_deref().filter(|words| interest.is_some() || !has_only_zeros(words))
}

/// Returns the country of the record, where it has its own.
fn country(draft: &Draft) -> Result<Option<String>, Reason> {
    let words = draft.country.as_deref().map(str::trim).filter(|words| !words.is_empty());
    let Some(words) = words else { return Ok(None) };
    let code = places::country(words);
    code.map(Some).ok_or_else(|| Reason::UnknownPlace(format!("country: {}", shorten(words, 200))))
}

/// The identifier of a draft as it is stored. Fails where it has none.
pub fn identity(draft: &Draft) -> Result<String, Reason> {
    let id = draft.external_id.as_deref().map(str::trim).unwrap_or_default().replace('\0', "");
    let id = without_fraction(&id);
    if id.is_empty() || id.len() > IDENTITY_MAX { Err(Reason::NoIdentity) } else { Ok(id.to_owned()) }
}

/// A whole number that a program printed with a fraction, "12.0", is the number: who a record is does not depend on it.
fn without_fraction(id: &str) -> &str {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    match id.split_once('.') {
        Some((whole, zeros))
            if digits(whole.trim_start_matches('-'))
                && zeros.bytes().all(|byte| byte == b'0')
                && !zeros.is_empty() =>
        {
            whole
        }
        _ => id,
    }
}

/// Returns the title without contacts. `plain` may make it longer, so it is cut afterwards.
fn title(draft: &Draft, plain: &mut dyn FnMut(String) -> String) -> Result<String, Reason> {
    let title = clean_line(draft.title.as_deref().unwrap_or_default());
    // A footer such as "Total;;60" has a number there. "360°" is a title.
    let is_number =
        |letter: char| letter.is_numeric() || letter.is_whitespace() || letter.is_ascii_punctuation();
    if title.chars().all(is_number) || !title.chars().any(char::is_alphanumeric) {
        return Err(Reason::NoTitle);
    }
    if is_obituary(&title) {
        return Err(Reason::DetailUnavailable(format!("its page says \"{}\"", shorten(&title, 200))));
    }
    Ok(shorten(&plain(title), TITLE_MAX).into_owned())
}

/// Returns the address of the page for people, without a user. A link that calls somebody is a contact, not a page.
fn url(draft: &Draft, plain: &mut dyn FnMut(String) -> String) -> Result<Option<String>, Reason> {
    let Some(words) = draft.url.as_deref().map(str::trim).filter(|words| !words.is_empty()) else {
        return Ok(None);
    };
    let bad = || Reason::BadUrl(words.chars().take(200).collect());
    let mut url = url::Url::parse(words).map_err(|_| bad())?;
    if matches!(url.host_str(), Some("wa.me" | "api.whatsapp.com")) {
        plain(url.into());
        return Ok(None);
    }
    // These fail only for an address without a host, which has no user.
    let _ = url.set_username("").and_then(|()| url.set_password(None));
    without_campaign(&mut url);
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_web && url.as_str().len() <= 2_000 { Ok(Some(url.into())) } else { Err(bad()) }
}

/// Returns the interest and the fees of a loan. Fees in the words on interest count if there are no others.
fn credit(
    draft: &Draft,
    context: &Context,
    doubts: &mut Vec<Doubt>,
) -> Result<(Option<Interest>, Option<Fees>), Reason> {
    let words = draft.interest.as_deref().unwrap_or_default();
    let Rates { interest, fees: beside, is_turned } =
        read_interest(words).map_err(|bad| Reason::UnreadableRate(bad.0))?;
    if is_turned {
        doubts.push(Doubt::UnclearAmount);
    }
    if interest.is_none() && words.bytes().any(|byte| matches!(byte, b'1'..=b'9')) {
        doubts.push(Doubt::InterestWithoutPeriod);
    }
    let fees = draft.fees.as_deref().and_then(|words| read_fees(words, home_currency(&context.country)));
    let beside = beside.map(|percent| Fees { percent: Some(percent), ..Fees::default() });
    Ok((interest, fees.or(beside)))
}

fn amount(draft: &Draft, context: &Context, doubts: &mut Vec<Doubt>) -> Result<Option<Amount>, Reason> {
    let kind = AmountKind::of(draft.kind);
    let home = home_currency(&context.country);
    let Some(words) = draft.salary.as_deref() else { return Ok(None) };
    // A free training costs 0. Work without a wage has no amount.
    if kind == AmountKind::Tuition && is_free(words) {
        return Ok(Some(Amount::free(home)));
    }
    let key = format!("{kind:?} {home:?} {words}");
    let read = remembered!(Result<Told, UnreadableAmount>, &key, |_| read_money(words, kind, home));
    let told = read.map_err(|unreadable| Reason::UnreadableAmount(unreadable.0))?;
    if told.is_unclear && !doubts.contains(&Doubt::UnclearAmount) {
        doubts.push(Doubt::UnclearAmount);
    }
    Ok(told.amount)
}

/// Returns the currency of a country, for amounts that name none (ISO 4217; the two CFA zones by their members). It is XAF for all
/// other countries, because partners there publish for Cameroon.
pub(crate) fn home_currency(country: &str) -> Currency {
    match country {
        "BJ" | "BF" | "CI" | "GW" | "ML" | "NE" | "SN" | "TG" => Currency::Xof,
        "FR" | "BE" | "DE" | "ES" | "IT" | "NL" | "PT" | "AT" | "IE" | "LU" | "GR" | "FI" => Currency::Eur,
        "MA" => Currency::Mad,
        "NG" => Currency::Ngn,
        "US" | "ZW" => Currency::Usd,
        "GB" => Currency::Gbp,
        "CH" => Currency::Chf,
        "CA" => Currency::Cad,
        "DZ" => Currency::Dzd,
        "TN" => Currency::Tnd,
        "EG" => Currency::Egp,
        "GN" => Currency::Gnf,
        "GH" => Currency::Ghs,
        "CD" => Currency::Cdf,
        "RW" => Currency::Rwf,
        "KE" => Currency::Kes,
        "UG" => Currency::Ugx,
        "TZ" => Currency::Tzs,
        "ET" => Currency::Etb,
        "ZA" => Currency::Zar,
        "MR" => Currency::Mru,
        "SA" => Currency::Sar,
        "AE" => Currency::Aed,
        "TR" => Currency::Try,
        "CN" => Currency::Cny,
        "IN" => Currency::Inr,
        "AO" => Currency::Aoa,
        "ST" => Currency::Stn,
        "LY" => Currency::Lyd,
        "SL" => Currency::Sle,
        "LR" => Currency::Lrd,
        "GM" => Currency::Gmd,
        "CV" => Currency::Cve,
        "MZ" => Currency::Mzn,
        _ => Currency::Xaf,
    }
}

/// Returns whether the partner says that it is closed: in its field, by a mark on the title or in a sentence of the text.
fn is_closed(draft: &Draft, title: &str, body: &Body) -> bool {
    draft.status.as_deref().is_some_and(says_closed) || title_says_closed(title) || text_says_closed(body)
}

/// Returns how long it lasts. The words on the contract may give its length: "CDD - 12 Mois".
fn duration(draft: &Draft) -> Option<Duration> {
    let words = draft.duration.as_deref().or(draft.contract.as_deref())?;
    remembered!(Option<Duration>, words, read_duration)
}

/// Returns the working times by their own field, else by the words on the contract.
fn working_time(draft: &Draft) -> Vec<WorkingTime> {
    let read = |words: Option<&str>| {
        words.map(|words| remembered!(Vec<WorkingTime>, words, read_working_times)).unwrap_or_default()
    };
    let told = read(draft.working_time.as_deref());
    if told.is_empty() { read(draft.contract.as_deref()) } else { told }
}

/// Returns the words on the amount, unless they are only a currency or zeros.
fn amount_words(draft: &Draft) -> Option<&str> {
    let words = draft.salary.as_deref()?;
    let says = |word: &str| {
        !matches!(word, "fcfa" | "cfa" | "f" | "frs" | "xaf" | "xof" | "francs")
            && word.bytes().any(|byte| byte != b'0')
    };
    fold(words).split(' ').any(says).then_some(words)
}

/// Returns one line of text. Contacts are taken out before it is cut, so that half a number does not stay.
fn line(words: Option<&str>, plain: &mut dyn FnMut(String) -> String) -> Option<String> {
    words.map(clean_line).map(plain).and_then(|line| short(&line, LINE_MAX))
}

/// The same without what stands twice because a source file adds it: "USD 175 000 USD".
fn once(words: Option<&str>, plain: &mut dyn FnMut(String) -> String) -> Option<String> {
    line(words.map(without_repeats).as_deref(), plain)
}

fn short(text: &str, max: usize) -> Option<String> {
    (!text.is_empty()).then(|| shorten(text, max).into_owned())
}

patterns! {
    static NUMBER: Regex = r"\d{1,3}(?: \d{3})+(?:\b|[a-z])|\d+";
}

/// Returns the first number from 1 to 10,000: "3 postes", "10 000". A space separates thousands only.
fn positions(words: &str) -> Option<u32> {
    let line = clean_line(words);
    let digits: String = NUMBER.find(&line)?.as_str().chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|count| (1..=10_000).contains(count))
}

#[cfg(test)]
mod tests;
