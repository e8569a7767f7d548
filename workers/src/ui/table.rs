//! Aligned columns that fit the terminal.

use chrono::{DateTime, Utc};
use comfy_table::{CellAlignment, ContentArrangement, presets};
use normalize::text::shorten;
use store::RejectionCount;

use crate::lang::{Lang, chosen, say};

/// Blanks between two columns.
const GAP: usize = 2;
/// Narrowest a column of text becomes, in characters, before columns are left out: about two words.
const TEXT_FLOOR: usize = 12;

/// What a column holds: it decides how the column is aligned, and whether it may be shortened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Prose and addresses: shortened with an ellipsis where the terminal is narrow.
    Text,
    /// Names, codes and ids: whole or not at all.
    Word,
    /// Aligned to the right; whole or not at all.
    Number,
}

/// A column of a [`Table`]. Its rank says how soon a narrow terminal goes without it: the highest goes first, 0 last.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Column {
    name: &'static str,
    /// Its name in French, if that is another one.
    fr: Option<&'static str>,
    content: Content,
    rank: u8,
}

impl Column {
    /// A column of prose or addresses, which may be shortened.
    pub(crate) const fn text(name: &'static str, rank: u8) -> Self {
        Self { name, fr: None, content: Content::Text, rank }
    }

    /// A column of names, codes or ids.
    pub(crate) const fn word(name: &'static str, rank: u8) -> Self {
        Self { name, fr: None, content: Content::Word, rank }
    }

    /// A column of numbers.
    pub(crate) const fn number(name: &'static str, rank: u8) -> Self {
        Self { name, fr: None, content: Content::Number, rank }
    }
}

impl Column {
    /// The same column with a name in French.
    pub(crate) const fn fr(mut self, name: &'static str) -> Self {
        self.fr = Some(name);
        self
    }

    /// Returns its name in the language of commands.
    fn title(&self) -> &'static str {
        match chosen() {
            Lang::Fr => self.fr.unwrap_or(self.name),
            Lang::En => self.name,
        }
    }
}

/// A table without rules: a header, rows, two blanks between columns.
#[derive(Debug)]
pub(crate) struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<String>>,
}

/// A table as it fits a width.
#[derive(Debug)]
pub(crate) struct Rendered {
    /// The lines, without blanks at their ends.
    pub(crate) text: String,
    /// Names of the columns left out.
    pub(crate) dropped: Vec<&'static str>,
}

impl Table {
    /// Returns an empty table of these columns.
    pub(crate) fn new(columns: &[Column]) -> Self {
        Self { columns: columns.to_vec(), rows: Vec::new() }
    }

    /// Adds a row. Each cell becomes one line.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        let one_line = |cell: String| cell.split_whitespace().collect::<Vec<_>>().join(" ");
        self.rows.push(cells.into_iter().map(one_line).collect());
    }

    /// Prints the table as wide as the terminal, and beside it which columns are left out.
    pub(crate) fn print(&self) {
        let Rendered { text, dropped } = self.render(super::width());
        super::line(&text);
        if !dropped.is_empty() {
            let dropped = dropped.join(", ");
            super::note(&say!(
                "Sans place dans ce terminal étroit: {dropped}. `--output json` donne tout.",
                "Left out of this narrow terminal: {dropped}. `--output json` has everything."
            ));
        }
    }

    /// Renders the table in at most this many columns of the terminal. Default: no limit.
    pub(crate) fn render(&self, limit: Option<usize>) -> Rendered {
        let natural = self.grid(&self.all()).column_max_content_widths();
        let natural: Vec<usize> = natural.into_iter().map(usize::from).collect();
        let widths = limit.map_or_else(
            || natural.iter().copied().map(Some).collect(),
            |limit| fit(&self.columns, &natural, limit),
        );
        let lines = self.grid(&widths).lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
        let left_out = self.columns.iter().zip(&widths).filter(|(_, width)| width.is_none());
        Rendered { text: lines.join("\n"), dropped: left_out.map(|(column, _)| column.title()).collect() }
    }

    /// Every column, as wide as it likes.
    fn all(&self) -> Vec<Option<usize>> {
        vec![Some(usize::from(u16::MAX)); self.columns.len()]
    }

    /// The columns that have a width, their cells shortened to it.
    fn grid(&self, widths: &[Option<usize>]) -> comfy_table::Table {
        let mut grid = comfy_table::Table::new();
        grid.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        let cut = |cells: Vec<&str>| -> Vec<String> {
            let cells = cells.into_iter().zip(widths);
            cells.filter_map(|(cell, width)| Some(shorten(cell, (*width)?).into_owned())).collect()
        };
        grid.set_header(cut(self.columns.iter().map(Column::title).collect()));
        for row in &self.rows {
            grid.add_row(cut(row.iter().map(String::as_str).collect()));
        }
        let kept = self.columns.iter().zip(widths).filter(|(_, width)| width.is_some());
        for (column, (of, _)) in grid.column_iter_mut().zip(kept) {
            column.set_padding((0, u16::try_from(GAP).unwrap_or_default()));
            column.set_cell_alignment(match of.content {
                Content::Text | Content::Word => CellAlignment::Left,
                Content::Number => CellAlignment::Right,
            });
        }
        grid
    }
}

/// The width of each column in at most `limit` columns of the terminal: none for a column that is left out.
///
/// Text is shortened first, beginning with the least important; where that is not enough, the least important column goes.
fn fit(columns: &[Column], natural: &[usize], limit: usize) -> Vec<Option<usize>> {
    let mut widths: Vec<Option<usize>> = natural.iter().copied().map(Some).collect();
    loop {
        let kept = widths.iter().flatten().count();
        let total = widths.iter().flatten().sum::<usize>() + GAP * kept.saturating_sub(1);
        let excess = total.saturating_sub(limit);
        let order = by_importance(columns, &widths);
        let spare = |at: &usize| match (columns.get(*at), widths.get(*at)) {
            (Some(Column { content: Content::Text, .. }), Some(Some(width))) => {
                width.saturating_sub(TEXT_FLOOR)
            }
            _ => 0,
        };
        if order.iter().map(spare).sum::<usize>() >= excess {
            let spares: Vec<(usize, usize)> = order.iter().map(|at| (*at, spare(at))).collect();
            shorten_texts(&mut widths, &spares, excess);
            return widths;
        }
        match order.as_slice() {
            [] => return widths,
            // The last column stays, whatever it holds.
            [only] => {
                widths.iter_mut().skip(*only).take(1).for_each(|width| *width = Some(limit.max(1)));
                return widths;
            }
            [least, ..] => widths.iter_mut().skip(*least).take(1).for_each(|width| *width = None),
        }
    }
}

/// Takes the excess from texts, the least important first.
fn shorten_texts(widths: &mut [Option<usize>], spares: &[(usize, usize)], mut excess: usize) {
    for (at, spare) in spares {
        let taken = excess.min(*spare);
        excess -= taken;
        if let Some(Some(width)) = widths.get_mut(*at) {
            *width -= taken;
        }
    }
}

/// Positions of the columns that are left, the least important first; of equals, the one on the right.
fn by_importance(columns: &[Column], widths: &[Option<usize>]) -> Vec<usize> {
    let mut left: Vec<(u8, usize)> = columns
        .iter()
        .zip(widths)
        .enumerate()
        .filter_map(|(at, (column, width))| width.map(|_| (column.rank, at)))
        .collect();
    left.sort_unstable_by(|one, other| other.cmp(one));
    left.into_iter().map(|(_, at)| at).collect()
}

/// "3 min ago", "2 days ago"; `-` for never.
pub(crate) fn ago(at: Option<DateTime<Utc>>) -> String {
    let Some(at) = at else { return "-".to_owned() };
    let seconds = (Utc::now() - at).num_seconds().max(0);
    let length = match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..172_800 => format!("{} h", seconds / 3_600),
        _ => say!("{} jours", "{} days", seconds / 86_400),
    };
    say!("il y a {length}", "{length} ago")
}

/// Returns a moment on the clock of Douala, where the operators are, with its zone.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.with_timezone(&chrono_tz::Africa::Douala).format("%Y-%m-%d %H:%M:%S Douala").to_string()
}

/// Returns why a record is refused, with the words of the partner that it is about.
pub(crate) fn refusal(why: &domain::Reason) -> String {
    let english = why.to_string();
    match chosen() {
        Lang::En => english,
        Lang::Fr => {
            let detail = english.find(" (").and_then(|at| english.get(at..)).unwrap_or_default();
            format!("{}{detail}", reason(why.code()))
        }
    }
}

/// Returns what a rejection or a warning is called in a table: its code, or what it means.
pub(crate) fn reason(code: &str) -> String {
    match chosen() {
        Lang::En => code.replace('_', " "),
        lang @ Lang::Fr => ["rejections", "warnings"]
            .into_iter()
            .find_map(|list| Some(lang.word(list, code)).filter(|meaning| *meaning != code))
            .unwrap_or(code)
            .to_owned(),
    }
}

/// Returns the state of a run: its code, or the first words of what it means.
pub(crate) fn state(state: store::RunOutcome) -> String {
    state_in(chosen(), state)
}

/// Returns the same in a language.
pub(crate) fn state_in(lang: Lang, state: store::RunOutcome) -> String {
    match lang {
        Lang::En => state.to_string(),
        Lang::Fr => {
            lang.word("run_states", state.as_str()).split(':').next().unwrap_or_default().to_lowercase()
        }
    }
}

/// `5 × unknown place ("Wallonie"), 2 × no title`
pub(crate) fn counted(counts: &[RejectionCount]) -> String {
    let part = |count: &RejectionCount| {
        let example = count.example.as_ref().map(|words| format!(" ({words:?})")).unwrap_or_default();
        format!("{} × {}{example}", count.count, reason(&count.code))
    };
    counts.iter().map(part).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
