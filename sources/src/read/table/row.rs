//! One row of a table.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use opportunity::{Published, Row};

use super::super::{
    fields::{Record, Words, first},
    pass::{Flow, Found, Pass},
};
use super::header;
use crate::grammar::Get;

/// The columns of a table, and what they are looked up by.
#[derive(Debug)]
pub(super) struct Columns {
    names: Arc<[String]>,
    by_name: HashMap<String, usize>,
    /// Whether a row that says one thing alone is the title of a section.
    sections: bool,
    /// Rows need not become objects: all forms name columns.
    plain: bool,
}

impl Columns {
    pub(super) fn new(names: Vec<String>, sections: bool, pass: &mut Pass<'_>) -> Self {
        for wanted in header::wanted(pass.fields) {
            if !names.contains(&wanted) {
                pass.note(format!("no column {wanted:?}"));
            }
        }
        let by_name = names.iter().enumerate().rev().map(|(at, name)| (name.clone(), at)).collect();
        let plain =
            pass.shape.keep.is_none() && pass.fields.iter().all(|(_, forms)| forms.iter().all(is_plain));
        Self { names: names.into(), by_name, sections, plain }
    }

    /// Tells a row to the pass. `number`: its place in the file, from 1.
    pub(super) fn row(&self, row: Cells, number: usize, pass: &mut Pass<'_>) -> Flow {
        let filled = row.filled();
        if filled == 0 {
            return Flow::Continue(());
        }
        if self.names.len() > 2 && row.says_one_thing() && (self.sections || filled > 1) {
            pass.note("row that says one thing alone, and is the title of a section");
            return Flow::Continue(());
        }
        let wide = row.ends.len() > self.names.len()
            && (self.names.len()..row.ends.len()).any(|at| !row.is_blank(at));
        let published = Row { columns: Arc::clone(&self.names), text: row.text, ends: row.ends };
        if wide {
            let why = format!(
                "row {number} has {} cells and the header {}",
                published.ends.len(),
                self.names.len()
            );
            return pass.unreadable(Published::Row(published).into_json(), why);
        }
        if self.plain {
            let record = Named { columns: self, row: &published };
            let words = Words::of(pass.fields, &record, pass.url, &pass.shape.empty);
            let link = pass.link.and_then(|forms| first(forms, &record, pass.url));
            return pass.found(Found { words, record: Published::Row(published), link });
        }
        pass.tree(Published::Row(published).into_json())
    }
}

fn is_plain(form: &crate::grammar::Form) -> bool {
    match &form.get {
        Get::Column(_) | Get::Fixed(_) | Get::PageUrl => true,
        Get::Parts { parts, .. } => parts.iter().all(is_plain),
        _ => false,
    }
}

/// A row as it was read: its cells lie in one text.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) text: String,
    pub(super) ends: Vec<usize>,
}

impl Cells {
    pub(super) fn push(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends.push(self.text.len());
    }

    fn cells(&self) -> impl Iterator<Item = &str> {
        let mut begin = 0;
        self.ends.iter().map(move |end| {
            let cell = self.text.get(begin..*end).unwrap_or_default();
            begin = *end;
            cell.trim()
        })
    }

    fn is_blank(&self, at: usize) -> bool {
        self.cells().nth(at).is_none_or(str::is_empty)
    }

    fn filled(&self) -> usize {
        self.cells().filter(|cell| !cell.is_empty()).count()
    }

    fn says_one_thing(&self) -> bool {
        let mut said = self.cells().filter(|cell| !cell.is_empty());
        let first = said.next();
        said.all(|cell| Some(cell) == first)
    }
}

struct Named<'a> {
    columns: &'a Columns,
    row: &'a Row,
}

impl Record for Named<'_> {
    fn value(&self, get: &Get) -> Result<Option<Cow<'_, str>>, String> {
        match get {
            Get::Column(name) => {
                Ok(self.columns.by_name.get(name).and_then(|at| self.row.cell(*at)).map(Cow::Borrowed))
            }
            _ => Ok(None),
        }
    }
}
