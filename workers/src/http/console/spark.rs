//! Thirty days of runs as bars: what was seen, new, changed, closed and refused on each.

use chrono::{Days, NaiveDate};
use maud::{Markup, html};
use store::DayOfRuns;

use super::{lang::Lang, layout::NUMBERS};

/// Days that are shown.
const DAYS: u64 = 30;
/// Width of a day and height of a track, in units of the drawing.
const STEP: u64 = 5;
const TRACK: i64 = 12;
/// Width of the names of the tracks.
const NAMES: u64 = 48;

/// What a track shows, with its name in French and English.
type Track = (&'static str, &'static str, &'static str, fn(&DayOfRuns) -> i64);

const TRACKS: [Track; 5] = [
    ("seen", "vues", "seen", |day| day.seen),
    ("created", "nouvelles", "new", |day| day.created),
    ("changed", "changées", "changed", |day| day.changed),
    ("closed", "fermées", "closed", |day| day.closed),
    ("rejected", "refusées", "rejected", |day| day.rejected),
];

/// Returns the drawing of a source, with a text for those who do not see it, and a table of the same numbers.
pub(super) fn drawing(lang: Lang, slug: &str, today: NaiveDate, days: &[DayOfRuns]) -> Markup {
    let first = today.checked_sub_days(Days::new(DAYS - 1)).unwrap_or(today);
    let sums =
        TRACKS.map(|(_, fr, en, of)| format!("{} {}", days.iter().map(of).sum::<i64>(), lang.say(fr, en)));
    let (title, about) = (format!("spark-{slug}-title"), format!("spark-{slug}-desc"));
    html! {
        svg.spark viewBox={ "0 0 " (NAMES + DAYS * STEP) " " (TRACK * 5) } role="img" aria-labelledby={ (title) " " (about) } {
            title id=(title) { (lang.say("Trente jours de ", "Thirty days of ")) (slug) }
            desc id=(about) { (sums.join(", ")) }
            @for (row, (class, fr, en, of)) in (0_i64..).zip(TRACKS) {
                text x="0" y=((row + 1) * TRACK - 2) { (lang.say(fr, en)) }
                (bars(class, row, first, days, of))
            }
        }
    }
}

/// Returns the numbers of the drawing as a table, newest day first.
pub(super) fn numbers(lang: Lang, days: &[DayOfRuns]) -> Markup {
    let numbers = TRACKS.map(|(_, fr, en, _)| format!("{NUMBERS}{}", lang.say(fr, en)));
    let mut heads = vec![lang.say("Jour", "Day"), lang.say("#Collectes", "#Runs")];
    heads.extend(numbers.iter().map(String::as_str));
    let rows = html! { @for day in days.iter().rev() {
        tr { th scope="row" { (day.day) } td.n { (day.runs) } @for (_, _, _, of) in TRACKS { td.n { (of(day)) } } }
    } };
    super::layout::table(lang.say("Trente jours", "Thirty days"), &heads, &rows)
}

/// Returns a track. Each has its own scale: what is new is few beside what is seen.
fn bars(class: &str, row: i64, first: NaiveDate, days: &[DayOfRuns], of: fn(&DayOfRuns) -> i64) -> Markup {
    let most = days.iter().map(of).max().unwrap_or(0).max(1);
    let base = (row + 1) * TRACK;
    let drawn = days.iter().filter(|day| of(day) > 0).filter_map(|day| {
        let at = u64::try_from((day.day - first).num_days()).ok().filter(|at| *at < DAYS)?;
        let height = (of(day) * (TRACK - 2) / most).max(1);
        Some((NAMES + at * STEP, base - height, height))
    });
    html! {
        line class="base" x1=(NAMES) x2=(NAMES + DAYS * STEP) y1=(base) y2=(base) {}
        @for (x, y, height) in drawn { rect class=(class) x=(x) y=(y) width=(STEP - 1) height=(height) {} }
    }
}
