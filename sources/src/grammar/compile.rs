//! Compiles the file as written into what the parser uses.

mod forms;
mod pages;
mod partner;
mod shape;
mod stream;

pub(crate) use forms::{Css, Form, Get, Labelled};
pub(crate) use pages::{OnPage, Pages, Total};
pub(super) use partner::partner;
pub(crate) use shape::{Decoder, Elements, Expand, Fields, HtmlRecords, Refuse, Shape, TableRules};
pub(crate) use stream::{Body, Detail, RequestTemplate};
