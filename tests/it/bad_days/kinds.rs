//! The kinds of bad day: what sources show instead of the truth, and what must hold.

use chrono::{Months, Utc};

use crate::support::portals::{
    site::Day,
    world::{Format, Row, Shape, World, interest, salary},
};

/// What a bad day must not change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeps {
    /// Everything that is served: nothing changes, opens or closes.
    Everything,
    /// What was served before. The day shows a part of the truth, and what is new in it may be served.
    Known,
}

/// One kind of bad day.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) formats: &'static [Format],
    pub(crate) keeps: Keeps,
    /// Whether the run may be complete, provided that what is served stays the same.
    pub(crate) may_be_harmless: bool,
    /// The message contains one of these texts; upper and lower case do not matter.
    pub(crate) words: &'static [&'static str],
    spoil: fn(&mut Day, &Past<'_>),
}

/// What a bad day is made from.
pub(crate) struct Past<'a> {
    pub(crate) shape: &'a Shape,
    /// The rows of each day so far, the bad day included.
    pub(crate) days: &'a [Vec<Row>],
}

impl Kind {
    /// Returns what the source shows on the bad day, the last one.
    pub(crate) fn day(&self, past: &Past<'_>) -> Day {
        let mut day = Day::of(past.days.last().unwrap());
        (self.spoil)(&mut day, past);
        day
    }
}

const fn content(name: &'static str, words: &'static [&'static str], spoil: fn(&mut Day, &Past<'_>)) -> Kind {
    Kind { name, formats: &Format::ALL, keeps: Keeps::Everything, may_be_harmless: false, words, spoil }
}

const fn list(name: &'static str, words: &'static [&'static str], spoil: fn(&mut Day, &Past<'_>)) -> Kind {
    Kind { keeps: Keeps::Known, ..content(name, words, spoil) }
}

fn each(day: &mut Day, change: impl Fn(&mut Row)) {
    day.rows.iter_mut().for_each(change);
}

/// All kinds.
pub(crate) fn all() -> Vec<Kind> {
    [one_field(), amounts_and_dates(), identities(), lists(), texts()].into_iter().flatten().collect()
}

fn one_field() -> Vec<Kind> {
    vec![
        content("1 employer lost", &["organization"], |day, _| each(day, |row| row.employer.clear())),
        content("2a employer one for all", &["organization"], |day, past| {
            let portal = format!("Portail {}", past.shape.slug);
            each(day, |row| row.employer.clone_from(&portal));
        }),
        content("2b contract one for all", &["contract"], |day, _| {
            each(day, |row| "CDI".clone_into(&mut row.contract));
        }),
        content("2c place one for all", &["place", "localit", "region"], |day, _| {
            each(day, |row| "Douala".clone_into(&mut row.place));
        }),
        content("4 title and employer swapped", &["title", "organization"], |day, _| {
            each(day, |row| std::mem::swap(&mut row.title, &mut row.employer));
        }),
        content("8a all refused", &["place", "refus", "reject", "usable"], |day, _| {
            each(day, |row| "Zogbeti-sur-Mer".clone_into(&mut row.place));
        }),
        content("8b two fifths refused", &["place", "refus", "reject", "usable"], |day, _| {
            let refused = day.rows.iter_mut().enumerate().filter(|(at, _)| at * 2 % 5 < 2);
            refused.for_each(|(_, row)| "Zogbeti-sur-Mer".clone_into(&mut row.place));
        }),
    ]
}

fn amounts_and_dates() -> Vec<Kind> {
    vec![
        content("3a pay times 100", &["pay", "salary", "amount"], |day, _| {
            each(day, |row| row.salary = salary(row.amounts.0 * 100));
        }),
        content("3b interest a month for a year", &["interest"], |day, _| {
            each(day, |row| row.interest = interest(row.amounts.1, "mois"));
        }),
        content("13a closing dates a year back", &["clos", "date"], |day, _| {
            each(day, |row| {
                row.closes = row.closes.and_then(|date| date.checked_sub_months(Months::new(12)));
            });
        }),
        content("13b day and month swapped", &["clos", "date", "posted", "refus", "reject"], |day, _| {
            day.swaps_dates = true;
        }),
        content("20 re-dated, closing dates gone", &["clos"], |day, _| {
            each(day, |row| (row.posted, row.closes) = (Utc::now().date_naive(), None));
        }),
    ]
}

fn renumbered(row: &mut Row) {
    row.id.replace_range(2..3, "7");
}

fn identities() -> Vec<Kind> {
    let stale = content(
        "18 the feed of eight days ago",
        &["known", "again", "reopen", "old", "stale", "earlier", "same", "before"],
        |day, past| {
            *day = Day::of(&past.days[past.days.len() - 9]);
        },
    );
    vec![
        content("5 another partner's feed", &["identif", "known"], |day, past| {
            let other = Shape { number: past.shape.number + 40, ..past.shape.clone() };
            *day = Day::of(World::new(&other, 5).rows());
        }),
        content("6 identifiers renumbered", &["identif", "known"], |day, _| each(day, renumbered)),
        Kind { may_be_harmless: true, ..stale },
        content(
            "19 every record twice",
            &["identif", "known", "usual", "twice", "duplicat", "same"],
            |day, _| {
                let mut copies = day.rows.clone();
                copies.iter_mut().for_each(renumbered);
                let pairs = std::mem::take(&mut day.rows).into_iter().zip(copies);
                day.rows = pairs.flat_map(|(row, copy)| [row, copy]).collect();
                day.total = day.rows.len();
            },
        ),
    ]
}

fn lists() -> Vec<Kind> {
    let short = list("9 ends before its total", &["total", "promis", "announc", "says"], |day, past| {
        let whole_pages = day.rows.len() * 2 / 3 / past.shape.per_page;
        day.rows.truncate(whole_pages.max(1) * past.shape.per_page);
    });
    let repeats =
        list("10 page 2 repeats page 1", &["usual", "repeat", "again", "same", "total"], |day, _| {
            day.repeats_page = true;
        });
    vec![
        list("7 half of the list", &["usual"], |day, _| {
            day.rows.truncate(day.rows.len() / 2);
            day.total = day.rows.len();
        }),
        Kind { formats: &[Format::Json, Format::Xml], ..short },
        Kind { formats: &[Format::Html, Format::Json, Format::Xml], ..repeats },
        list("11 empty list", &["no records", "empty", "usual", "shows nothing"], |day, _| {
            (day.rows, day.total) = (Vec::new(), 0);
        }),
        list(
            "12 page cut in the middle",
            &[
                "cut",
                "breaks off",
                "broke",
                "usual",
                "identity",
                "json",
                "xml",
                "incomplete",
                "total",
                "unread",
            ],
            |day, _| day.is_cut = true,
        ),
        content("17 an error page as a record", &["usual", "known", "identif", "no records"], |day, _| {
            day.rows.truncate(1);
            day.total = 1;
            each(day, |row| {
                renumbered(row);
                "Service momentanément indisponible".clone_into(&mut row.title);
                "Merci de réessayer dans quelques minutes.".clone_into(&mut row.text);
                for field in
                    [&mut row.employer, &mut row.place, &mut row.contract, &mut row.salary, &mut row.interest]
                {
                    field.clear();
                }
                row.closes = None;
            });
        }),
    ]
}

/// UTF-8 read as Latin-1: "Ã©" for "é".
fn mojibake(text: &mut String) {
    *text = text.bytes().map(char::from).collect();
}

const BANNER: &str =
    "Ce site utilise des cookies pour améliorer votre expérience de navigation et mesurer son audience.";

fn texts() -> Vec<Kind> {
    let garbled = content(
        "15 texts garbled",
        &["title", "organization", "description", "text", "encod", "garbled", "mojibake"],
        |day, past| {
            // The records of the day before. If the garbled texts are repaired, it is a good day.
            *day = Day::of(&past.days[past.days.len() - 2]);
            each(day, |row| {
                for field in [&mut row.title, &mut row.employer, &mut row.text] {
                    mojibake(field);
                }
            });
        },
    );
    vec![
        content("14 titles are a link's text", &["title"], |day, _| {
            each(day, |row| "Voir l'offre".clone_into(&mut row.title));
        }),
        Kind { may_be_harmless: true, ..garbled },
        content("16a descriptions empty", &["description", "text"], |day, _| {
            each(day, |row| row.text.clear());
        }),
        content("16b descriptions a banner", &["description"], |day, _| {
            each(day, |row| BANNER.clone_into(&mut row.text));
        }),
    ]
}
