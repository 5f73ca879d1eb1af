//! Bytes to spanned trees: documents are split and filtered before anything is parsed, and one
//! broken document never hides the others. This module knows nothing of Kubernetes.

#![deny(clippy::indexing_slicing)]

mod comment;
mod events;
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

pub use comment::{Comment, comments};
pub use node::{Entry, Map, Node, Scalar, ScalarKind, Value};
pub use partly::{Extent, Part, Partial, Parts, read_partly};
pub use prefilter::Wanted;
pub use scalar::resolve;

use std::borrow::Cow;
use std::ops::Range;

use crate::text::{SourceId, Span};

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
        Self { file_bytes: 32 << 20, depth: 128, nodes: 1_000_000, documents: 100_000 }
    }
}

/// Why a document, or a whole text, could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// Not YAML: what the parser says, in one sentence without a place.
    Syntax(String),
    /// One of [`Limits`] was reached: which, and its value, in one sentence.
    Limit(String),
    /// Not YAML, and with `{{ … }}` in it: a template that some tool renders first.
    Template,
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
    /// The document that it is in; empty where its bounds are not known.
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

/// Reads the documents of `text[range]`: those that `wanted` lets pass, or all of them. Spans are
/// places in `text`, so that a block of a larger file is read where it stands.
pub fn read(
    source: SourceId,
    text: &str,
    range: Range<usize>,
    wanted: Option<&Wanted>,
    limits: &Limits,
) -> Stream {
    let mut stream = Stream::default();
    if range.len() as u64 > limits.file_bytes {
        let message = format!("this text is larger than {} bytes", limits.file_bytes);
        stream.problems.push(limit(message, Span::new(source, range.start, range.start)));
        return stream;
    }
    for piece in split::split(text.as_bytes(), range) {
        if stream.seen == limits.documents {
            let message = format!("this file has more than {} documents", limits.documents);
            let place = Span::new(source, piece.span.start, piece.span.start);
            stream.problems.push(limit(message, place));
            break;
        }
        stream.seen += 1;
        let body = text.get(piece.body.clone()).unwrap_or("");
        if wanted.is_some_and(|wanted| !wanted.may_be(body.as_bytes())) {
            continue;
        }
        let input = stop::Input { source, text: body, base: piece.body.start };
        match parse::build(input, limits) {
            Ok(roots) => {
                let span = Span::new(source, piece.span.start, piece.span.end);
                stream.documents.extend(roots.into_iter().map(|root| Document { span, root }));
            }
            Err(problem) => {
                let document = Span::new(source, piece.span.start, piece.span.end);
                stream.problems.push(Problem { document, ..or_template(problem, body) });
            }
        }
    }
    stream
}

/// Text that is not YAML but holds the marks of Go, Jinja or other templates is not broken: it is
/// not meant to be YAML yet.
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

/// How many documents a file's bytes hold.
pub fn count(bytes: &[u8]) -> usize {
    split::split(bytes, 0..bytes.len()).len()
}

/// The text of a file's bytes. A byte order mark stays in it: places count from the first byte.
///
/// # Errors
/// The first byte that is not UTF-8 (UTF-16 with its byte order mark included). Whether that is
/// worth a word is for [`Wanted::may_be`] to say.
pub fn decode_utf8(source: SourceId, bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    let text = std::str::from_utf8(bytes).map(Cow::Borrowed);
    text.map_err(|error| {
        let at = error.valid_up_to();
        let span = Span::new(source, at, at);
        Problem { kind: ProblemKind::NotUtf8, span, document: span }
    })
}

#[cfg(test)]
mod tests;
