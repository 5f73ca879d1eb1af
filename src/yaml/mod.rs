//! Bytes to trees with spans: documents are split and filtered before anything is parsed, and one
//! broken document never hides the others. This module does not know Kubernetes.

#![deny(clippy::indexing_slicing)]

mod budget;
mod comment;
mod events;
mod in_flight;
mod json;
mod libyaml;
mod node;
mod parse;
mod partly;
mod prefilter;
mod scalar;
mod split;
mod stop;
mod token;
mod tree;

pub use budget::{Budget, read_within};
pub use comment::{Comment, comments};
pub use node::{Entry, Map, Node, Scalar, ScalarKind, Value};
pub use partly::{Extent, Part, Partial, Parts, each_part, read_partly};
pub use prefilter::Wanted;
pub use scalar::resolve;

use std::borrow::Cow;
use std::ops::Range;

use crate::text::{self, SourceId, Span};

/// Limits on what one text may cost. Exceeding one is a [`Problem`], never silent.
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
    /// About how much memory the objects of a run may take, in MiB.
    pub memory: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { file_bytes: 32 << 20, depth: 128, nodes: 1_000_000, documents: 100_000, memory: 640 }
    }
}

/// Why a document, or a whole text, could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Not YAML: what the parser says, in one sentence without a place.
    Syntax(String),
    /// One of [`Limits`] is exceeded: which, and its value, in one sentence.
    Limit(String),
    /// Not YAML, and it contains `{{ … }}`: a template that must be rendered first.
    Template,
    /// Not UTF-8 from this byte on.
    NotUtf8,
}

/// Something that could not be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The place; one line.
    pub span: Span,
    /// The document that it is in; empty if its bounds are unknown.
    pub document: Span,
}

/// One document that passed the filter and parsed.
#[derive(Clone, Debug)]
pub struct Document {
    /// From its marker (or the text's start) to the next marker.
    pub span: Span,
    /// Its root node.
    pub root: Node,
}

/// The contents of one text.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    /// The documents that passed the filter and parsed, in order.
    pub documents: Vec<Document>,
    /// What could not be read, in order.
    pub problems: Vec<Problem>,
    /// How many documents there are in all, including those that the filter dropped (but not empty
    /// ones).
    pub seen: usize,
}

/// What reading a text gives besides its documents.
#[derive(Clone, Debug, Default)]
pub struct Rest {
    /// As [`Stream::problems`].
    pub problems: Vec<Problem>,
    /// As [`Stream::seen`].
    pub seen: usize,
}

/// Reads the documents of `text[range]`: those that `wanted` accepts, or all of them. Spans are
/// places in `text`, so a block of a larger file is read in place.
pub fn read(
    source: SourceId,
    text: &str,
    range: Range<usize>,
    wanted: Option<&Wanted>,
    limits: &Limits,
) -> Stream {
    let mut documents = Vec::new();
    let Rest { problems, seen } =
        each_document(source, text, range, wanted, limits, &mut |document| {
            documents.push(document)
        });
    Stream { documents, problems, seen }
}

/// As [`read`], handing on one document after the other: the caller decides how long each lives.
fn each_document(
    source: SourceId,
    text: &str,
    range: Range<usize>,
    wanted: Option<&Wanted>,
    limits: &Limits,
    each: &mut dyn FnMut(Document),
) -> Rest {
    let mut rest = Rest::default();
    if range.len() as u64 > limits.file_bytes {
        let message = format!("this text is larger than {} bytes", limits.file_bytes);
        rest.problems.push(limit(message, Span::new(source, range.start, range.start)));
        return rest;
    }
    for piece in split::split(text.as_bytes(), range) {
        if rest.seen == limits.documents {
            let message = format!("this file has more than {} documents", limits.documents);
            let place = Span::new(source, piece.span.start, piece.span.start);
            rest.problems.push(limit(message, place));
            break;
        }
        rest.seen += 1;
        let body = text.get(piece.body.clone()).unwrap_or("");
        if wanted.is_some_and(|wanted| !wanted.may_be(body.as_bytes())) {
            continue;
        }
        let input = stop::Input { source, text: body, base: piece.body.start };
        let _permit = in_flight::admit(body.len());
        match parse::build(input, limits) {
            Ok(roots) => {
                let span = Span::new(source, piece.span.start, piece.span.end);
                roots.into_iter().for_each(|root| each(Document { span, root }));
            }
            Err(problem) => {
                let document = Span::new(source, piece.span.start, piece.span.end);
                rest.problems.push(Problem { document, ..or_template(problem, body) });
            }
        }
    }
    rest
}

/// Text that is not YAML but contains template syntax (Go, Jinja or others) is not broken: it is
/// not YAML yet.
fn or_template(problem: Problem, document: &str) -> Problem {
    let is_syntax = matches!(problem.kind, ProblemKind::Syntax(_));
    let holds = |(open, close): (&str, &str)| {
        let opened = document.split_once(open);
        opened.is_some_and(|(_, rest)| rest.contains(close))
    };
    if !is_syntax || ![("{{", "}}"), ("{%", "%}"), ("<%", "%>")].into_iter().any(holds) {
        return problem;
    }
    Problem { kind: ProblemKind::Template, ..problem }
}

fn limit(message: String, span: Span) -> Problem {
    Problem { kind: ProblemKind::Limit(message), span, document: span }
}

/// How many documents the bytes of a file contain.
pub fn count(bytes: &[u8]) -> usize {
    split::split(bytes, 0..bytes.len()).len()
}

/// The text of a file's bytes. A byte order mark stays: places count from the first byte.
///
/// # Errors
/// The first byte that is neither UTF-8 nor UTF-16 with a byte order mark. [`Wanted::may_be`] decides
/// whether that is worth reporting.
pub fn decode_utf8(source: SourceId, bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    text::decode(bytes).map_err(|at| {
        let span = Span::new(source, at, at);
        Problem { kind: ProblemKind::NotUtf8, span, document: span }
    })
}

#[cfg(test)]
mod tests;
