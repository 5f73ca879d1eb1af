//! Bytes to spanned trees: documents are split and filtered before anything is parsed, and one
//! broken document never hides the others. This module knows nothing of Kubernetes.

mod node;

pub use node::{Entry, Map, Node, Scalar, ScalarKind, Value};

use crate::text::Span;

/// Bounds on what one text may cost. Each is a [`Problem`] when it is hit, never silent.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes in a file.
    pub file_bytes: u64,
    /// Nesting depth of one document, flow and block alike.
    pub depth: usize,
    /// Nodes of one document after its aliases are expanded.
    pub nodes: usize,
    /// Documents in one file.
    pub documents: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            file_bytes: 32 << 20,
            depth: 128,
            nodes: 1_000_000,
            documents: 100_000,
        }
    }
}

/// Why a document, or a whole text, could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Not YAML: what the parser says, in one sentence without a place.
    Syntax(String),
    /// One of [`Limits`] was reached: which, and its value, in one sentence.
    Limit(String),
    /// Not UTF-8 from this byte on.
    NotUtf8,
}

/// Something that could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// Where; one line.
    pub span: Span,
}

/// One document that passed the filter and parsed.
#[derive(Clone, Debug)]
pub struct Document {
    /// From its marker (or the text's start) to the next marker.
    pub span: Span,
    /// Its root node.
    pub root: Node,
}

/// What one text holds.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The documents that passed the filter and parsed, in order.
    pub documents: Vec<Document>,
    /// What could not be read, in order.
    pub problems: Vec<Problem>,
    /// How many documents there are in all, also those the filter dropped (empty ones not counted).
    pub seen: usize,
}
