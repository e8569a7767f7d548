//! Cuts off what stands beside a place and is not one: exclusions, and streets and crossroads named after other towns.

use std::borrow::Cow;

use regex::Regex;

use crate::{patterns, text::lowered};

patterns! {
    /// An exclusion, up to its bracket or the next part: "Littoral sauf Douala", "Littoral (hors Douala)". A comma may continue it.
    static EXCEPT: Regex = r"(?i)\s*[(,–-]?\s*\b(?:sauf|hors|hormis|except[ée]?|[àa] l['’]exception d[eu]s?|en dehors d[eu]s?|excluding|outside)(?:\s|['’])[^;()]*\)?";

    /// A street, a road or a crossroads with its name. A house number may precede it.
    static STREET: Regex = r"(?i)(?:\b\d{1,4}\s*,?\s*)?\b(?:route|carrefour|rond[- ]point|axe)\s+(?:(?:de|du|des|de la)\s+|d['’])?[^,;/()–|]+[,;/–|]?\s*";

    /// The two regions that are called by one short name.
    static NOSO: Regex = r"(?i)\bNOSO\b";
}

/// Words that such a line has, in lower case without accents.
const SIGNS: [&str; 12] = [
    "sauf",
    "hors",
    "hormis",
    "excep",
    "dehors",
    "excluding",
    "outside",
    "route",
    "carrefour",
    "rond",
    "axe",
    "noso",
];

/// A line without what stands beside its places.
pub(super) struct Left<'l> {
    /// What is left.
    pub(super) line: Cow<'l, str>,
    /// The same with streets, if it has some: they count if nothing else names a place.
    pub(super) with_streets: Option<String>,
}

/// Cuts a line. Nothing may be left: "En dehors de Yaoundé".
pub(super) fn left(line: &str) -> Left<'_> {
    let plain = lowered(line);
    if !SIGNS.iter().any(|sign| plain.contains(sign)) {
        return Left { line: Cow::Borrowed(line), with_streets: None };
    }
    let kept = EXCEPT.replace_all(line, "");
    let kept = NOSO.replace_all(&kept, "Nord-Ouest et Sud-Ouest").trim().to_owned();
    let without = STREET.replace_all(&kept, "");
    let without = without.trim().trim_end_matches([',', ';', '/', '–', '-', '|']).trim_end();
    if without == kept || !without.chars().any(char::is_alphabetic) {
        return Left { line: Cow::Owned(kept), with_streets: None };
    }
    Left { line: Cow::Owned(without.to_owned()), with_streets: Some(kept) }
}
