//! Why a template could not be rendered, and where.

use super::value::Exhausted;
use crate::text::Span;

/// What went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// In Go's words.
    Wrong(String),
    /// A template asks for a value (`required`) or says that something is wrong (`fail`).
    Asked(String),
    /// It takes more than a rendering may take.
    Limit(Exhausted),
}

/// A place in a template that was being executed.
#[derive(Clone, Debug)]
pub(crate) struct Spot {
    pub(crate) span: Span,
    /// The expression, as written.
    pub(crate) expression: String,
}

/// Why a template could not be rendered.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) reason: Reason,
    /// From the innermost place outwards.
    pub(crate) spots: Vec<Spot>,
}
