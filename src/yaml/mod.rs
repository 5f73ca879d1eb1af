//! Bytes to spanned trees: documents are split and filtered before anything is parsed, and one
//! broken document never hides the others. This module knows nothing of Kubernetes.

#![cfg_attr(not(test), deny(clippy::indexing_slicing))]

mod node;
mod prefilter;
mod scalar;
mod split;
mod tree;

use std::borrow::Cow;
use std::ops::Range;

pub use node::{Entry, Map, Node, Scalar, ScalarKind, Value};
pub use prefilter::Wanted;

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

/// Reads the documents of `text[range]` that may be wanted (all of them where nothing is said of
/// that). A range reads a fence of a Markdown file in place, so that spans lie in that file.
pub fn read(
    source: SourceId,
    text: &str,
    range: Range<usize>,
    wanted: Option<&Wanted>,
    limits: &Limits,
) -> Stream {
    let mut stream = Stream::default();
    for range in split::documents(text.as_bytes(), range) {
        if stream.seen >= limits.documents {
            let what = format!("this file has more than {} documents", limits.documents);
            let span = Span::new(source, range.start, range.start);
            stream.problems.push(Problem {
                kind: ProblemKind::Limit(what),
                span,
            });
            break;
        }
        stream.seen += 1;
        let bytes = text.as_bytes().get(range.clone()).unwrap_or_default();
        if wanted.is_some_and(|wanted| !wanted.may_be(bytes)) {
            continue;
        }
        let span = Span::new(source, range.start, range.end);
        match document(source, text, range, limits) {
            Ok(Some(root)) => stream.documents.push(Document { span, root }),
            Ok(None) => {}
            Err(problem) => stream.problems.push(problem),
        }
    }
    stream
}

fn document(
    source: SourceId,
    text: &str,
    range: Range<usize>,
    limits: &Limits,
) -> Result<Option<Node>, Problem> {
    let parsed = tree::parse(source, text, range.clone(), limits);
    let Err(Problem {
        kind: ProblemKind::Syntax(_),
        span,
    }) = &parsed
    else {
        return parsed;
    };
    if is_template(text.get(range.clone()).unwrap_or_default()) {
        return Err(Problem {
            kind: ProblemKind::Template,
            span: *span,
        });
    }
    // JSON writes characters beyond the first plane as two escapes, which YAML does not know.
    let Some(plain) = without_surrogates(text.get(range.clone()).unwrap_or_default()) else {
        return parsed;
    };
    let padded = format!("{}{plain}", " ".repeat(range.start));
    tree::parse(source, &padded, range, limits)
}

/// Whether a document holds the marks of Go, Jinja or Handlebars templates.
fn is_template(document: &str) -> bool {
    let opens = |(mark, close): (&str, &str)| {
        document
            .find(mark)
            .is_some_and(|at| document[at..].contains(close))
    };
    [("{{", "}}"), ("{%", "%}"), ("<%", "%>")]
        .into_iter()
        .any(opens)
}

/// JSON with every pair of surrogate escapes replaced by a pair of others of the same length; none
/// for what is not JSON.
fn without_surrogates(document: &str) -> Option<String> {
    let is_json = document.trim_start().starts_with(['{', '[']);
    if !is_json || serde_json::from_str::<serde::de::IgnoredAny>(document).is_err() {
        return None;
    }
    let mut plain = String::with_capacity(document.len());
    let mut rest = document;
    while let Some(at) = rest.find("\\u") {
        let (before, escape) = rest.split_at(at);
        let (escape, after) = escape.split_at_checked(6)?;
        plain.push_str(before);
        let is_surrogate = matches!(
            escape.as_bytes().get(2..4),
            Some([b'd' | b'D', b'8' | b'9' | b'a'..=b'f' | b'A'..=b'F'])
        );
        plain.push_str(if is_surrogate { "\\uFFFD" } else { escape });
        rest = after;
    }
    plain.push_str(rest);
    Some(plain)
}

/// How many documents a file's bytes hold.
pub fn count(bytes: &[u8]) -> usize {
    split::documents(bytes, 0..bytes.len()).len()
}

/// The text of a file's bytes.
///
/// # Errors
/// The first byte that is not UTF-8 (UTF-16 with its byte order mark included).
pub fn decode_utf8(source: SourceId, bytes: &[u8]) -> Result<Cow<'_, str>, Problem> {
    std::str::from_utf8(bytes)
        .map(Cow::Borrowed)
        .map_err(|error| {
            let at = error.valid_up_to();
            Problem {
                kind: ProblemKind::NotUtf8,
                span: Span::new(source, at, at),
            }
        })
}
