//! Why a template could not be rendered, and where.

use super::value::Exhausted;
use crate::text::Span;

/// The kind of failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A message in Go's words.
    Wrong(String),
    /// A template requires a value (`required`) or fails explicitly (`fail`).
    Asked(String),
    /// It exceeds a limit of a rendering.
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
