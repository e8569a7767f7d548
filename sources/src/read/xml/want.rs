//! Which parts of an element are needed. The others are skipped.

use super::{local, same};
use crate::{
    expr::Expr,
    grammar::{Fields, Form, Get, Shape},
};

/// The names in the paths of a source file.
#[derive(Debug, Default)]
pub(super) struct Want {
    /// Everything.
    all: bool,
    /// Whether a path ends here.
    is_value: bool,
    below: Vec<(String, Want)>,
}

impl Want {
    pub(super) fn everything() -> Self {
        Self { all: true, ..Self::default() }
    }

    /// Returns what the forms of a shape need. A jq form may need anything, and lists within records are kept whole.
    pub(super) fn of(shape: &Shape, fields: &Fields, link: Option<&[Form]>) -> Self {
        let mut want = Self { all: !shape.expand.is_empty(), ..Self::default() };
        let forms = fields.iter().flat_map(|(_, forms)| forms).chain(link.into_iter().flatten());
        for form in forms {
            want.form(form);
        }
        shape.refuse.iter().flat_map(|refuse| &refuse.when).for_each(|form| want.form(form));
        if let Some(keep) = &shape.keep {
            want.expr(keep);
        }
        want
    }

    /// Returns what is needed of an element of that name, if anything.
    pub(super) fn element(&self, name: &str) -> Option<&Self> {
        if self.all {
            return Some(self);
        }
        // A name without a prefix matches an element with any prefix; a name with a prefix matches only itself.
        let local = local(name);
        self.below.iter().find(|(wanted, _)| wanted == name || wanted == local).map(|(_, want)| want)
    }

    /// Returns whether the text of the element is asked for.
    pub(super) fn is_value(&self) -> bool {
        self.is_value
    }

    /// Returns whether any attribute is needed.
    pub(super) fn any_attribute(&self) -> bool {
        self.all || self.below.iter().any(|(wanted, _)| wanted.starts_with('@'))
    }

    /// Returns whether an attribute of that name is needed.
    pub(super) fn attribute(&self, name: &str) -> bool {
        let is = |wanted: &str| wanted.strip_prefix('@').is_some_and(|wanted| same(name, wanted));
        self.all || self.below.iter().any(|(wanted, _)| is(wanted))
    }

    fn form(&mut self, form: &Form) {
        match &form.get {
            Get::Tree(expr) => self.expr(expr),
            Get::Parts { parts, .. } | Get::First(parts) => parts.iter().for_each(|part| self.form(part)),
            _ => (),
        }
    }

    fn expr(&mut self, expr: &Expr) {
        let Some(path) = expr.path() else {
            self.all = true;
            return;
        };
        let mut here = self;
        for key in path.leading_keys().filter(|key| *key != "#text") {
            let at = here.below.iter().position(|(known, _)| known == key).unwrap_or_else(|| {
                here.below.push((key.to_owned(), Self::default()));
                here.below.len() - 1
            });
            let Some((_, next)) = here.below.get_mut(at) else { return };
            here = next;
        }
        here.all = true;
        here.is_value = true;
    }
}
