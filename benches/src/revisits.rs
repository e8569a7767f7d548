//! Requests that adaptive revisits save on a month of a portal, next to asking for every page each time, and how late a change is
//! seen. Nothing is random: the same month comes out on any machine.

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]
#![allow(clippy::cast_precision_loss, reason = "counts of requests are far below 2^52")]

use std::time::Duration;

use domain::{Found, Revisit};

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
/// Days that are counted. The month before them fills the portal.
const MONTH: u64 = 30;
/// Posts that appear each day.
const POSTS_A_DAY: u64 = 40;
/// Days that a post stays in the list.
const LIFE: u64 = 30;

/// Random numbers by the recurrence of Knuth's MMIX.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// A post: when it appears, and when its page or its list record changes.
struct Post {
    appears: u64,
    /// Changes that only its page shows.
    silent: Vec<u64>,
    /// Changes that its list record shows too.
    listed: Vec<u64>,
    mark: u8,
}

/// Of 100 posts, 12 have one silent change, 2 have one each day, and 6 have one that the list shows. Half of the single changes
/// come in the first three days.
fn post(appears: u64, numbers: &mut Numbers) -> Post {
    let one = |numbers: &mut Numbers| {
        let days = if numbers.below(2) == 0 { 3 } else { LIFE };
        vec![appears + HOUR + numbers.below(days * DAY - HOUR)]
    };
    let (silent, listed) = match numbers.below(100) {
        0..12 => (one(numbers), Vec::new()),
        12..14 => ((1..LIFE).map(|day| appears + day * DAY + numbers.below(DAY / 2)).collect(), Vec::new()),
        14..20 => (Vec::new(), one(numbers)),
        _ => (Vec::new(), Vec::new()),
    };
    Post { appears, silent, listed, mark: u8::try_from(numbers.below(256)).unwrap_or(0) }
}

/// What the visits to one post come to.
#[derive(Default)]
struct Count {
    every_time: u64,
    adaptive: u64,
    /// Seconds from the silent change of a page that changes once until a run saw it.
    once: Vec<u64>,
    /// The same for pages that change each day.
    daily: Vec<u64>,
    /// Silent changes that no run saw before the post left the list.
    unseen: u64,
}

/// Visits a post by each run that finds it in the list.
fn visits(post: &Post, runs: &[u64], bounds: Revisit, count: &mut Count) {
    let (from, to) = (MONTH * DAY, 2 * MONTH * DAY);
    let is_counted = |at: u64| (from..to).contains(&at);
    let mut last: Option<u64> = None;
    let (mut interval, mut due) = (None, 0);
    for &run in runs.iter().filter(|run| (post.appears..post.appears + LIFE * DAY).contains(run)) {
        count.every_time += u64::from(is_counted(run));
        let since =
            |changes: &[u64]| last.is_none_or(|last| changes.iter().any(|at| (last..run).contains(at)));
        if run < due && !since(&post.listed) {
            continue;
        }
        count.adaptive += u64::from(is_counted(run));
        let changed = since(&post.silent) || since(&post.listed);
        if let Some(last) = last {
            let seen = post.silent.iter().filter(|at| (last..run).contains(*at) && is_counted(**at));
            let late = if post.silent.len() == 1 { &mut count.once } else { &mut count.daily };
            late.extend(seen.map(|at| run - at));
        }
        let next = bounds.next(interval, if changed { Found::Changed } else { Found::Same });
        (interval, due, last) = (Some(next), run + Revisit::due_after(next, post.mark).as_secs(), Some(run));
    }
    let unseen = post.silent.iter().filter(|at| last.is_some_and(|last| **at >= last) && is_counted(**at));
    count.unseen += u64::try_from(unseen.count()).unwrap_or(0);
}

/// Returns the median and the 95th percentile, in hours.
fn late(mut seconds: Vec<u64>) -> String {
    seconds.sort_unstable();
    let at = |percent: usize| {
        seconds.get(seconds.len() * percent / 100).map_or(0, |late| (late + HOUR / 2) / HOUR)
    };
    format!("{:>4} h {:>4} h", at(50), at(95))
}

fn main() {
    println!(
        "a silent change is seen after (median, 95 %):                          page that changes once   page that changes daily"
    );
    println!("bounds       runs a day   every time   adaptive   saved   unseen");
    let (six_hours, day) = (Duration::from_hours(6), Duration::from_secs(DAY));
    let every_time = Revisit::new(Duration::from_secs(1), Duration::from_secs(1));
    let bounds = [
        every_time,
        Some(Revisit::default()),
        Revisit::new(six_hours, 7 * day),
        Revisit::new(six_hours, 14 * day),
    ];
    for bounds in bounds.into_iter().flatten() {
        for a_day in [1, 4, 12] {
            let runs: Vec<u64> = (0..2 * MONTH * a_day).map(|run| run * DAY / a_day).collect();
            let mut numbers = Numbers(1);
            let mut count = Count::default();
            for number in 0..2 * MONTH * POSTS_A_DAY {
                let post = post(number * DAY / POSTS_A_DAY, &mut numbers);
                visits(&post, &runs, bounds, &mut count);
            }
            println!(
                "{:<12} {a_day:>10} {:>12} {:>10} {:>5.1} % {:>8} {:>22} {:>25}",
                bounds.to_string(),
                count.every_time,
                count.adaptive,
                100.0 - 100.0 * count.adaptive as f64 / count.every_time as f64,
                count.unseen,
                late(count.once),
                late(count.daily),
            );
        }
    }
}
