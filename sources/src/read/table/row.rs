//! One row of a table.

use std::{borrow::Cow, sync::Arc};

use domain::{RawRecord, Row};

use super::super::{
    fields::{Record, Words, first},
    pass::{Flow, Pass},
};
use super::header;
use crate::{expr::Asked, grammar::Get};

/// The columns of a table, and how to look them up.
#[derive(Debug)]
pub(super) struct Columns {
    names: Arc<[String]>,
    /// The columns that forms use, and their indexes: few enough for a linear search.
    asked: Vec<(String, usize)>,
    /// Whether a row with a single distinct value is the title of a section.
    sections: bool,
    /// Whether all forms name columns, so that rows need not become objects.
    plain: bool,
}

impl Columns {
    pub(super) fn new(names: Vec<String>, sections: bool, pass: &mut Pass<'_>) -> Self {
        let missing = pass.fields.iter().filter_map(|(field, forms)| {
            let wanted = header::columns(forms);
            let none = !wanted.is_empty() && !wanted.iter().any(|name| names.contains(name));
            none.then(|| format!("no column for {field} ({})", wanted.join(", ")))
        });
        pass.note_all(missing.collect::<Vec<_>>());
        let asked = header::wanted(pass.fields, pass.shape)
            .into_iter()
            .filter_map(|wanted| names.iter().position(|name| *name == wanted).map(|at| (wanted, at)))
            .collect();
        let plain = pass.shape.keep.is_none()
            && pass.shape.refuse.iter().all(|refuse| refuse.when.iter().all(is_plain))
            && pass.fields.iter().all(|(_, forms)| forms.iter().all(is_plain));
        Self { names: names.into(), asked, sections, plain }
    }

    /// Passes a row to the pass. `number`: its position in the file, from 1.
    pub(super) fn row(&self, row: Cells, number: usize, pass: &mut Pass<'_>) -> Flow {
        let Some(said) = row.said() else { return Flow::Continue(()) };
        if self.names.len() > 2 && said.one_thing && (self.sections || said.filled > 1) {
            pass.note("row that says one thing alone, and is the title of a section");
            return Flow::Continue(());
        }
        let wide = row.cells().skip(self.names.len()).any(|cell| !cell.is_empty());
        let published = Row { columns: Arc::clone(&self.names), text: row.text, ends: row.ends };
        if wide {
            let why = format!(
                "row {number} has {} cells and the header {}",
                published.ends.len(),
                self.names.len()
            );
            return pass.unreadable(RawRecord::Row(published).into_json(), why);
        }
        if self.plain {
            let record = Named { columns: self, row: &published };
            let words = Words::of(pass.fields, &record, pass.url, pass.shape);
            let link = pass.link.and_then(|forms| first(forms, &record, pass.url));
            return pass.found(words, RawRecord::Row(published), link);
        }
        pass.tree(RawRecord::Row(published).into_json())
    }
}

impl Columns {
    /// Returns how many there are.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Refuses the last row of a file that breaks off within it: what follows is missing, and may still be published.
    pub(super) fn cut(&self, row: Cells, number: usize, pass: &mut Pass<'_>) -> Flow {
        let published = Row { columns: Arc::clone(&self.names), text: row.text, ends: row.ends };
        let why = format!(
            "the file breaks off in row {number}, after {} of {} cells",
            published.ends.len(),
            self.names.len()
        );
        pass.doubt(why.clone());
        pass.unreadable(RawRecord::Row(published).into_json(), why)
    }

    fn at(&self, name: &str) -> Option<usize> {
        self.asked.iter().find(|(asked, _)| asked == name).map(|(_, at)| *at)
    }
}

fn is_plain(form: &crate::grammar::Form) -> bool {
    match &form.get {
        Get::Column(_) | Get::Fixed(_) | Get::PageUrl => true,
        Get::Parts { parts, .. } | Get::First(parts) => parts.iter().all(is_plain),
        _ => false,
    }
}

/// A row as it was parsed: its cells lie in one text.
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

    /// Returns a summary of the cells, looking at no more than needed; `None` for a blank row.
    fn said(&self) -> Option<Said> {
        let mut filled = self.cells().filter(|cell| !cell.is_empty());
        let first = filled.next()?;
        let mut said = Said { filled: 1, one_thing: true };
        for cell in filled {
            said.filled += 1;
            if cell != first {
                said.one_thing = false;
                break;
            }
        }
        Some(said)
    }
}

/// A summary of a row.
struct Said {
    /// Cells that are not blank, up to the first that differs.
    filled: usize,
    /// Whether they are all equal.
    one_thing: bool,
}

struct Named<'a> {
    columns: &'a Columns,
    row: &'a Row,
}

impl Record for Named<'_> {
    fn value(&self, get: &Get, _: Asked) -> Result<Option<Cow<'_, str>>, String> {
        match get {
            Get::Column(name) => {
                Ok(self.columns.at(name).and_then(|at| self.row.cell(at)).map(Cow::Borrowed))
            }
            _ => Ok(None),
        }
    }
}
