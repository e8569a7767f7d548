//! Work whose name is the same in several places: the place decides which work it is.

use super::SECTORS;
use crate::text::{Words, fold};

/// Receptionists of hotels, and all others at a front desk.
const HOTEL_DESK: &str = "4224";
const DESK: &str = "4226";
/// Housekeepers of a home, and cleaners of hotels and offices.
const HOME: &str = "9111";
const CLEANER: &str = "9112";
/// Who looks after small children.
const CHILDCARE: &str = "5311";

const HOSPITALITY: &str = "hospitality";
/// Words of a house with guests, folded.
const HOUSES: [&str; 15] = [
    "hotel",
    "hotels",
    "hoteliere",
    "hotelier",
    "hotellerie",
    "lodge",
    "resort",
    "resorts",
    "auberge",
    "motel",
    "hostel",
    "palace",
    "guesthouse",
    "touristique",
    "villas",
];
/// What stands beside a front desk there, folded.
const GUESTS: [&str; 9] =
    ["guest", "guests", "chambre", "chambres", "rooms", "reservation", "reservations", "bookings", "sejour"];
/// Words of a school for small children, folded.
const SCHOOLS: [&str; 9] = [
    "nursery",
    "maternelle",
    "maternelles",
    "kindergarten",
    "preschool",
    "preschools",
    "prescolaire",
    "montessori",
    "preprimaire",
];

/// Where somebody works, by all that tells it.
pub(crate) struct Workplace<'t> {
    /// The sector that the partner's words name.
    told: Option<&'static str>,
    organization: String,
    title: &'t Words<'t>,
    text: &'t Words<'t>,
}

impl<'t> Workplace<'t> {
    /// `sector` is the partner's words on the sector.
    pub(crate) fn new(
        sector: Option<&str>,
        organization: Option<&str>,
        title: &'t Words<'t>,
        text: &'t Words<'t>,
    ) -> Self {
        let told = sector.and_then(|words| SECTORS.longest(&fold(words)));
        Self { told, organization: organization.map(fold).unwrap_or_default(), title, text }
    }

    fn names(&self, words: &[&str], in_text: bool) -> bool {
        let any = |list: &[&str]| list.iter().any(|word| words.contains(word));
        self.organization.split(' ').any(|word| words.contains(&word))
            || any(self.title.list())
            || (in_text && any(self.text.list()))
    }

    /// Returns whether it is a house with guests. A field that tells another sector counts before the text.
    fn is_hotel(&self) -> bool {
        self.told == Some(HOSPITALITY) || self.names(&HOUSES, false)
    }

    /// Returns the occupation there: the front desk of a firm is not that of a hotel, and a housekeeper in a hotel not one of a home.
    pub(crate) fn occupation(&self, named: Option<&'static str>) -> Option<&'static str> {
        match named? {
            HOTEL_DESK if self.is_hotel() => named,
            HOTEL_DESK if self.told.is_some() => Some(DESK),
            HOTEL_DESK => {
                let has_guests = self.names(&HOUSES, true) || self.names(&GUESTS, true);
                Some(if has_guests { HOTEL_DESK } else { DESK })
            }
            DESK if self.is_hotel() => Some(HOTEL_DESK),
            HOME if self.is_hotel() => Some(CLEANER),
            _ => named,
        }
    }

    /// Returns the sector of an occupation there, where it depends on the place.
    pub(crate) fn sector(&self, occupation: Option<&str>) -> Option<&'static str> {
        match occupation? {
            CLEANER | "5152" if self.is_hotel() => Some(HOSPITALITY),
            CHILDCARE if self.told == Some("education") || self.names(&SCHOOLS, true) => Some("education"),
            _ => None,
        }
    }

    /// Returns the sector that the name of the employer tells, for work that nothing else tells it of. A cabinet recruits for others.
    pub(crate) fn sector_of_employer(&self) -> Option<&'static str> {
        SECTORS.longest(&self.organization).filter(|sector| *sector != "services")
    }
}

/// Returns occupation and sector of a title at a place, for the table of cases.
#[cfg(test)]
fn read(title: &str, sector: Option<&str>, organization: Option<&str>, text: &str) -> String {
    use super::signs;
    use domain::Kind;
    let [title, text] = [fold(title), fold(text)];
    let [title, text] = [&title, &text].map(|text| Words::of(text, signs::of));
    let place = Workplace::new(sector, organization, &title, &text);
    let occupation = place.occupation(super::occupation_of(&title));
    let found = place
        .sector(occupation)
        .or_else(|| {
            super::sector_of(Kind::Job, sector, &super::Title { words: &title, head: 0 }, occupation, &text)
        })
        .or_else(|| place.sector_of_employer());
    format!("{} {}", occupation.unwrap_or("none"), found.unwrap_or("none"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cases::check;

    #[test]
    fn the_place_decides_which_work_it_is() {
        check(include_str!("cases/workplaces.tsv"), 20, |case| {
            let given = |at: usize| Some(case[at].as_str()).filter(|words| *words != "-");
            read(&case[0], given(1), given(2), given(3).unwrap_or_default())
        });
    }
}
