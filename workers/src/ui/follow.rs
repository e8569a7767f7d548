//! Following runs: a bar a source on a terminal, a line a change elsewhere.

use std::{collections::HashMap, time::Duration};

use domain::{Rate, RunId};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use normalize::text::shorten;
use store::{RunOutcome, RunRow, Store};

use super::{is_terminal, width_of};
use crate::lang::{chosen, say};

/// Between two looks at the runs.
const LOOK_EVERY: Duration = Duration::from_millis(150);
/// How long a run's embedding may stand still before the follower goes without it.
const EMBED_PATIENCE: Duration = Duration::from_secs(30);
/// Columns of the bar.
const BAR: usize = 18;
/// A terminal must be this wide to get a bar; a narrower one shows numbers alone.
const BAR_FROM: usize = 72;

/// A run being followed.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    /// The run.
    pub(crate) run: RunId,
    /// Its source.
    pub(crate) source: String,
    /// The rate promised to the partner.
    pub(crate) rate: Rate,
}

/// Shows runs until they end.
pub(crate) struct Follower {
    store: Store,
    lines: Vec<Line>,
    bars: HashMap<RunId, ProgressBar>,
    /// The stage of each run that was printed last.
    printed: HashMap<RunId, String>,
    /// Columns of the widest source.
    prefix: usize,
    quiet: bool,
}

/// Requests a second a run has held while it fetched.
pub(crate) fn held(run: &RunRow) -> Option<f64> {
    let (from, to) = (run.started_at?, run.last_fetch_at?);
    let seconds = (to - from).as_seconds_f64();
    // Between n requests lie n - 1 intervals.
    (seconds > 0.05 && run.requests > 1).then(|| f64::from(run.requests - 1) / seconds)
}

impl Follower {
    /// Follows these runs. `quiet` shows nothing: the results are for a program.
    pub(crate) fn new(store: Store, lines: Vec<Line>, quiet: bool) -> Self {
        let target =
            if is_terminal() && !quiet { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let prefix = lines.iter().map(|line| line.source.len()).max().unwrap_or(0);
        let style = ProgressStyle::with_template(&template(prefix, width_of(std::io::stderr())))
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars("━╸ ");
        let bar = |line: &Line| {
            let bar = all.add(ProgressBar::new(1)).with_style(style.clone()).with_prefix(line.source.clone());
            (line.run, bar)
        };
        let bars = lines.iter().map(bar).collect();
        Self { store, lines, bars, printed: HashMap::new(), prefix, quiet }
    }

    /// Until every run has ended and what it changed is embedded and compared with the others. Returns the runs as they ended.
    pub(crate) async fn until_done(mut self) -> anyhow::Result<Vec<RunRow>> {
        let mut waiting: Option<(i64, std::time::Instant)> = None;
        loop {
            let mut rows = Vec::with_capacity(self.lines.len());
            for line in self.lines.clone() {
                let row = self.store.run(line.run).await?;
                self.show(&line, &row);
                rows.push(row);
            }
            if rows.iter().all(|row| row.state.ended()) {
                let left = self.left(&rows).await?;
                let (before, since) = *waiting.get_or_insert((left, std::time::Instant::now()));
                if left == 0 || since.elapsed() > EMBED_PATIENCE {
                    self.bars.values().for_each(ProgressBar::abandon);
                    // What was embedded since they were read counts too.
                    let mut ended = Vec::with_capacity(rows.len());
                    for row in rows {
                        ended.push(self.store.run(row.id).await?);
                    }
                    return Ok(ended);
                }
                if left != before {
                    waiting = Some((left, std::time::Instant::now()));
                }
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// What is still to be embedded or compared.
    async fn left(&self, rows: &[RunRow]) -> anyhow::Result<i64> {
        let mut left = self.store.unmatched().await?;
        for row in rows {
            left += self.store.outbox_of(row.id).await?;
        }
        Ok(left)
    }

    fn show(&mut self, line: &Line, row: &RunRow) {
        if let Some(bar) = self.bars.get(&line.run) {
            let done = row.pages - row.pages_open;
            bar.set_length(u64::try_from(row.pages.max(row.pages_open + done).max(1)).unwrap_or(1));
            bar.set_position(
                u64::try_from(if row.state.ended() { row.pages.max(1) } else { done }).unwrap_or(0),
            );
            if row.state.ended() {
                bar.set_length(u64::try_from(row.pages.max(1)).unwrap_or(1));
            }
            bar.set_message(message(line, row, room(self.prefix, width_of(std::io::stderr()))));
        }
        let stage = format!(
            "{}{}",
            super::state(row.outcome),
            row.message.as_deref().map(|why| format!(": {}", chosen().phrase(why))).unwrap_or_default()
        );
        if !is_terminal() && !self.quiet && self.printed.get(&line.run) != Some(&stage) {
            super::note(&format!("{}  {stage}", line.source));
            self.printed.insert(line.run, stage);
        }
    }
}

/// The template of a bar beside a source name of `prefix` columns.
fn template(prefix: usize, width: usize) -> String {
    // `wide_msg` is cut at the edge, should the terminal become narrower meanwhile.
    if width < BAR_FROM {
        format!("{{prefix:{prefix}}}  {{wide_msg}}")
    } else {
        format!("{{prefix:{prefix}}}  {{bar:{BAR}}}  {{wide_msg}}")
    }
}

/// Columns left for the message.
fn room(prefix: usize, width: usize) -> usize {
    let bar = if width < BAR_FROM { 0 } else { BAR + 2 };
    width.saturating_sub(prefix + 2 + bar)
}

/// What a bar says, in at most `room` columns. A narrow terminal goes without the rate, then without the counts.
fn message(line: &Line, row: &RunRow, room: usize) -> String {
    let counts = say!("{:4} pages {:6} fiches", "{:4} pages {:6} records", row.pages, row.seen);
    let rate = held(row).map(|held| format!("{held:5.1}/{:.1} req/s", line.rate.per_second()));
    let state = match row.outcome {
        RunOutcome::Complete => chosen().say("finie", "done").to_owned(),
        state => super::state(state),
    };
    let why = row.message.as_deref().filter(|_| row.outcome != RunOutcome::Complete);
    composed(&counts, rate.as_deref(), &state, why, room)
}

fn composed(counts: &str, rate: Option<&str>, state: &str, why: Option<&str>, room: usize) -> String {
    let state_and_why = why.map_or_else(|| state.to_owned(), |why| format!("{state}: {why}"));
    for numbers in [[Some(counts), rate], [Some(counts), None]] {
        let numbers = numbers.into_iter().flatten().collect::<Vec<_>>().join("  ");
        let left = room.saturating_sub(numbers.chars().count() + 2);
        if left >= state.chars().count() {
            return format!("{numbers}  {}", shorten(&state_and_why, left));
        }
    }
    shorten(&state_and_why, room).into_owned()
}

#[cfg(test)]
mod tests;
