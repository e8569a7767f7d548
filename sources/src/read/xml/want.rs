//! What of an element is wanted: the rest is passed over unread.

use super::{local, same};
use crate::{
    expr::Expr,
    grammar::{Fields, Form, Get, Shape},
};

/// The names a spec's paths go through.
#[derive(Debug, Default)]
pub(super) struct Want {
    /// All of it.
    all: bool,
    below: Vec<(String, Want)>,
}

impl Want {
    pub(super) fn everything() -> Self {
        Self { all: true, below: Vec::new() }
    }

    /// What the forms of a shape look at. One that is jq may look anywhere, and lists within records are kept whole.
    pub(super) fn of(shape: &Shape, fields: &Fields, link: Option<&[Form]>) -> Self {
        let mut want = Self { all: !shape.expand.is_empty(), below: Vec::new() };
        let forms = fields.iter().flat_map(|(_, forms)| forms).chain(link.into_iter().flatten());
        for form in forms {
            want.form(form);
        }
        if let Some(keep) = &shape.keep {
            want.expr(keep);
        }
        want
    }

    /// What is wanted of an element of that name, if anything.
    pub(super) fn element(&self, name: &str) -> Option<&Self> {
        if self.all {
            return Some(self);
        }
        // A wanted name without a prefix is met by the name without its own; one with a prefix never is.
        let local = local(name);
        self.below.iter().find(|(wanted, _)| wanted == name || wanted == local).map(|(_, want)| want)
    }

    /// Whether any attribute is wanted.
    pub(super) fn any_attribute(&self) -> bool {
        self.all || self.below.iter().any(|(wanted, _)| wanted.starts_with('@'))
    }

    /// Whether an attribute of that name is wanted.
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
    }
}
