//! What is asked of a search, on the command line and over HTTP.

use chrono::NaiveDate;
use clap::Args;
use domain::{
    Kind, SourceSlug,
    money::AmountKind,
    places::Region,
    vocabulary::{Audience, Contract, Education, Language, WorkingTime},
};
use normalize::text::fold;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vectors::{Days, Filter};

use super::Mistake;
use crate::words;

/// Hits shown where no number is asked for.
const LIMIT: u16 = 10;
/// Most hits shown.
const MOST: u16 = 100;
/// Longest text: a long CV is not a query.
const LONGEST: usize = 2_000;
/// Most values of a filter.
const VALUES: usize = 50;

/// Reads a day, as a person writes it on the command line.
fn day(text: &str) -> Result<NaiveDate, String> {
    let read = NaiveDate::parse_from_str(text, "%Y-%m-%d");
    read.map_err(|_| format!("{text} is not a day: write for example 2026-12-31"))
}

/// What is asked. Filters hold values separated by commas; one of them suffices.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct Ask {
    /// Text to search for, in French, English or Pidgin; filters alone list what passes, soonest closing first
    #[arg(value_name = "TEXT", conflicts_with = "like")]
    pub(crate) q: Option<String>,
    /// Find opportunities similar to this one
    #[arg(long, value_name = "SOURCE/ID")]
    pub(crate) like: Option<String>,
    /// Only these kinds: job, training, agr, microfinance
    #[arg(long, value_name = "KINDS")]
    pub(crate) kind: Option<String>,
    /// Only these sources, by slug
    #[arg(long, value_name = "SOURCES")]
    pub(crate) source: Option<String>,
    /// Only these streams
    #[arg(long, value_name = "STREAMS")]
    pub(crate) stream: Option<String>,
    /// Only these regions, by name or ISO 3166-2 code, such as CM-LT
    #[arg(long, value_name = "REGIONS")]
    pub(crate) region: Option<String>,
    /// Only these towns
    #[arg(long, value_name = "TOWNS")]
    pub(crate) town: Option<String>,
    /// Only these contracts, such as permanent or CDI
    #[arg(long, value_name = "CONTRACTS")]
    pub(crate) contract: Option<String>,
    /// Only texts in these languages: en, fr
    #[arg(long, value_name = "LANGUAGES")]
    pub(crate) language: Option<String>,
    /// Only these sectors, such as construction
    #[arg(long, value_name = "SECTORS")]
    pub(crate) sector: Option<String>,
    /// Only these occupations, by ISCO-08 code of four digits
    #[arg(long, value_name = "CODES")]
    pub(crate) occupation: Option<String>,
    /// Only what is for these audiences, such as women or returnees
    #[arg(long, value_name = "AUDIENCES")]
    pub(crate) audience: Option<String>,
    /// Only what asks for these levels of education, such as none or primary
    #[arg(long, value_name = "LEVELS")]
    pub(crate) education: Option<String>,
    /// Only these working times, such as `part_time`
    #[arg(long, value_name = "TIMES")]
    pub(crate) working_time: Option<String>,
    /// Only what has an amount of these kinds: wage, tuition, principal, grant
    #[arg(long, value_name = "KINDS")]
    pub(crate) amount_kind: Option<String>,
    /// Only members of this cluster, by its id
    #[arg(long, value_name = "ID")]
    pub(crate) cluster: Option<Uuid>,
    /// Only what stands for its cluster (true), or only the other members (false) [default: either, each cluster once]
    #[arg(long, value_name = "BOOL")]
    pub(crate) canonical: Option<bool>,
    /// Only these organizations, by their whole names
    #[arg(long, value_name = "NAMES")]
    pub(crate) organization: Option<String>,
    /// Only what closes on this day or later
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) closes_from: Option<NaiveDate>,
    /// Only what closes on this day or earlier
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) closes_to: Option<NaiveDate>,
    /// Only what ends on this day or later
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) ends_from: Option<NaiveDate>,
    /// Only what ends on this day or earlier
    #[arg(long, value_name = "DATE", value_parser = day)]
    pub(crate) ends_to: Option<NaiveDate>,
    /// Show at most this many hits [default: 10]
    #[param(minimum = 1, maximum = 100)]
    #[arg(long, short = 'n', value_parser = clap::value_parser!(u16).range(1..=i64::from(MOST)))]
    pub(crate) limit: Option<u16>,
    /// Show what each score is made of
    #[arg(long)]
    pub(crate) explain: bool,
}

impl Ask {
    /// Asks for a text, without filters.
    pub(crate) fn of(text: &str, limit: u16) -> Self {
        Self { q: Some(text.to_owned()), limit: Some(limit), ..Self::default() }
    }

    /// Returns how many hits are shown at most.
    pub(crate) fn limit(&self) -> usize {
        usize::from(self.limit.unwrap_or(LIMIT).clamp(1, MOST))
    }

    /// Fails with a [`Mistake`] if more hits are asked for than are ever shown, or none.
    pub(crate) fn check_limit(&self) -> Result<(), Mistake> {
        match self.limit {
            None | Some(1..=MOST) => Ok(()),
            Some(limit) => Err(Mistake(format!("limit is {limit}; it must be 1 to {MOST}"))),
        }
    }

    fn check_text(&self) -> Result<(), Mistake> {
        match &self.q {
            Some(text) if text.trim().is_empty() || text.len() > LONGEST => {
                Err(Mistake(format!("the text must have 1 to {LONGEST} bytes")))
            }
            _ => Ok(()),
        }
    }

    /// Returns which opportunities count: those that pass the filters, whether they are open or not. Fails with a [`Mistake`] if a filter has a value
    /// that no opportunity can have.
    pub(crate) fn filter(&self) -> Result<Filter, Mistake> {
        self.check_text()?;
        Ok(Filter {
            kinds: each(self.kind.as_deref(), code("kind", "kinds", Kind::ALL.map(Kind::as_str).to_vec()))?,
            sources: each(self.source.as_deref(), |value| {
                let slug =
                    SourceSlug::new(value).map_err(|error| Mistake(format!("source {value:?}: {error}")))?;
                Ok(slug.to_string())
            })?,
            streams: each(self.stream.as_deref(), |value| Ok(value.to_owned()))?,
            regions: each(self.region.as_deref(), region)?,
            localities: each(self.town.as_deref(), |value| Ok(town(value)))?,
            contracts: each(self.contract.as_deref(), contract)?,
            languages: each(
                self.language.as_deref(),
                code(
                    "language",
                    "languages",
                    Language::ALL.iter().map(|language| language.as_str()).collect(),
                ),
            )?,
            sectors: each(
                self.sector.as_deref(),
                code("sector", "sectors", normalize::vocabulary::sectors()),
            )?,
            occupations: each(self.occupation.as_deref(), occupation)?,
            audiences: each(
                self.audience.as_deref(),
                code(
                    "audience",
                    "audiences",
                    Audience::ALL.iter().map(|audience| audience.as_str()).collect(),
                ),
            )?,
            education: each(self.education.as_deref(), code("level of education", "education", levels()))?,
            working_time: each(
                self.working_time.as_deref(),
                code(
                    "working time",
                    "working_time",
                    WorkingTime::ALL.iter().map(|time| time.as_str()).collect(),
                ),
            )?,
            amount_kinds: each(
                self.amount_kind.as_deref(),
                code("kind of amount", "", AmountKind::ALL.iter().map(|kind| kind.as_str()).collect()),
            )?,
            clusters: self.cluster.iter().map(Uuid::to_string).collect(),
            canonical: self.canonical,
            organizations: each(self.organization.as_deref(), |value| Ok(value.to_owned()))?,
            open_on: None,
            closes: days("closes", self.closes_from, self.closes_to)?,
            ends: days("ends", self.ends_from, self.ends_to)?,
            among: Vec::new(),
            but: Vec::new(),
        })
    }
}

fn levels() -> Vec<&'static str> {
    Education::ALL.iter().map(|level| level.as_str()).collect()
}

/// Returns what reads a value of a filter: its code, or the word that people read for it in French or English.
fn code(
    what: &'static str,
    list: &'static str,
    codes: Vec<&'static str>,
) -> impl Fn(&str) -> Result<String, Mistake> {
    move |value| {
        let known = codes.iter().copied().find(|code| code.eq_ignore_ascii_case(value));
        let known = known.or_else(|| words::named(list, value));
        known.map(str::to_owned).ok_or_else(|| unknown(what, value, &codes))
    }
}

/// Returns the values of a filter, each as it is stored.
fn each(
    values: Option<&str>,
    stored: impl Fn(&str) -> Result<String, Mistake>,
) -> Result<Vec<String>, Mistake> {
    let values: Vec<&str> =
        values.unwrap_or_default().split(',').map(str::trim).filter(|value| !value.is_empty()).collect();
    if values.len() > VALUES {
        return Err(Mistake(format!("a filter has {} values; the most are {VALUES}", values.len())));
    }
    values.into_iter().map(stored).collect()
}

fn unknown(what: &str, value: &str, codes: &[&str]) -> Mistake {
    Mistake(format!("there is no {what} {value:?}; use one of {}", codes.join(", ")))
}

/// Returns the code of a region that is given by code or by name.
fn region(value: &str) -> Result<String, Mistake> {
    let given = value.to_ascii_uppercase();
    if let Some(region) = Region::from_code(&given) {
        return Ok(region.code().to_owned());
    }
    let place =
        normalize::places::read_places(value, "CM").ok().and_then(|read| read.places.into_iter().next());
    let named = place.filter(|place| place.locality.is_none()).and_then(|place| place.region);
    named.map(|region| region.code().to_owned()).ok_or_else(|| {
        let codes: Vec<String> =
            Region::ALL.iter().map(|region| format!("{} ({})", region.code(), region.name_fr())).collect();
        Mistake(format!("{value:?} is not a region; use one of {}", codes.join(", ")))
    })
}

/// Returns a town as the gazetteer writes it. A town abroad stays as it is given.
fn town(value: &str) -> String {
    known_town(value).unwrap_or_else(|| value.to_owned())
}

fn known_town(value: &str) -> Option<String> {
    let read = normalize::places::read_places(value, "CM").ok()?;
    read.places.into_iter().next()?.locality
}

/// How alike a town and a wrong name are for the town to be suggested, from 0 to 1.
const ALIKE: f64 = 0.85;

/// Returns the first town that the gazetteer does not know, and the known one that is most like it.
pub(crate) fn misspelt(towns: Option<&str>) -> Option<(&str, &'static str)> {
    let near = |value: &str| {
        if known_town(value).is_some() {
            return None;
        }
        let of = |name: &'static str| (strsim::jaro_winkler(&fold(value), &fold(name)), name);
        let best = normalize::places::towns().map(of).max_by(|one, other| one.0.total_cmp(&other.0))?;
        (best.0 >= ALIKE).then_some(best.1)
    };
    towns?.split(',').map(str::trim).find_map(|value| Some((value, near(value)?)))
}

/// Returns the code of a contract that is given by code, by label or by what partners call it.
fn contract(value: &str) -> Result<String, Mistake> {
    let known = Contract::ALL.iter().find(|contract| {
        contract.as_str().eq_ignore_ascii_case(value) || contract.label().eq_ignore_ascii_case(value)
    });
    let known = known.map(|contract| contract.as_str()).or_else(|| words::named("contracts", value));
    known.map(str::to_owned).ok_or_else(|| {
        unknown(
            "contract",
            value,
            &Contract::ALL.iter().map(|contract| contract.as_str()).collect::<Vec<_>>(),
        )
    })
}

fn occupation(value: &str) -> Result<String, Mistake> {
    let is_code = value.len() == 4 && value.bytes().all(|byte| byte.is_ascii_digit());
    is_code
        .then(|| value.to_owned())
        .ok_or_else(|| Mistake(format!("{value:?} is not an occupation; use an ISCO-08 code of four digits")))
}

fn days(what: &str, from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Days, Mistake> {
    match (from, to) {
        (Some(from), Some(to)) if from > to => {
            Err(Mistake(format!("nothing {what} from {from} to {to}: the days are the wrong way round")))
        }
        _ => Ok(Days { from, to }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(change: impl FnOnce(&mut Ask)) -> Result<Filter, String> {
        let mut ask = Ask { q: Some("soudeur".to_owned()), ..Ask::default() };
        change(&mut ask);
        ask.filter().map_err(|mistake| mistake.to_string())
    }

    #[test]
    fn values_are_found_as_people_write_them() {
        let of = |text: &str| Some(text.to_owned());
        let all = filter(|ask| {
            ask.kind = of("job, formation");
            ask.region = of("littoral,CM-OU,south west");
            ask.town = of("ngaoundere,Cotonou");
            ask.contract = of("CDI,Stage");
            ask.audience = of("Femmes");
            ask.education = of("BEPC,baccalaureat,bac+3");
        })
        .unwrap();
        assert_eq!(all.kinds, ["job", "training"]);
        assert_eq!(all.regions, ["CM-LT", "CM-OU", "CM-SW"]);
        assert_eq!(all.localities, ["Ngaoundéré", "Cotonou"]);
        assert_eq!(all.education, ["lower_secondary", "upper_secondary", "bachelor"]);
        assert_eq!(
            (all.contracts, all.audiences),
            (vec!["permanent".to_owned(), "internship".to_owned()], vec!["women".to_owned()])
        );
    }

    #[test]
    fn a_town_that_is_written_wrongly_is_noticed() {
        assert_eq!(misspelt(Some("Douala, doualla")), Some(("doualla", "Douala")));
        assert_eq!(misspelt(Some("Bafousamm")).map(|(_, town)| town), Some("Bafoussam"));
        for right in [None, Some(""), Some("Ngaoundéré"), Some("ngaoundere"), Some("Cotonou"), Some("Xq")] {
            assert_eq!(misspelt(right), None, "{right:?}");
        }
    }

    #[test]
    fn a_value_that_nothing_can_have_is_a_mistake_that_names_those_there_are() {
        let of = |text: &str| Some(text.to_owned());
        for (mistake, wanted) in [
            (filter(|ask| ask.kind = of("jobs")), "use one of job, training"),
            (filter(|ask| ask.region = of("Atlantis")), "CM-LT (Littoral)"),
            (filter(|ask| ask.sector = of("x")), "construction"),
            (filter(|ask| ask.occupation = of("welder")), "ISCO-08"),
            (filter(|ask| ask.source = of("F N E")), "source"),
            (filter(|ask| ask.q = of("  ")), "1 to 2000 bytes"),
            (filter(|ask| ask.town = of(&"a,".repeat(60))), "the most are 50"),
            (
                filter(|ask| {
                    ask.closes_from = NaiveDate::from_ymd_opt(2026, 12, 2);
                    ask.closes_to = NaiveDate::from_ymd_opt(2026, 12, 1);
                }),
                "wrong way round",
            ),
        ] {
            let told = mistake.unwrap_err();
            assert!(told.contains(wanted), "{told}");
        }
    }
}
