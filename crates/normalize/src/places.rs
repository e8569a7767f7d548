//! From a partner's words to places.

mod abroad;
mod aside;
mod elsewhere;
mod gazetteer;
mod inline;
mod named;
mod nowhere;
mod question;
mod reader;
mod stated;
mod words;
mod world;

use domain::places::{Place, Region};

pub use gazetteer::country;
pub use gazetteer::towns;
pub(crate) use named::{named_in_text, named_in_title};
pub(crate) use question::{Mentioned, mentioned};
pub use reader::{UnknownPlace, read_places};
pub use stated::stated_places;
pub(crate) use stated::{Hints, signs, stated_where};

/// Where the work is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Where {
    /// The places, in order, without repeats.
    pub places: Vec<Place>,
    /// Whether the work can be done from anywhere.
    pub remote: bool,
}

#[cfg(test)]
mod tests;
