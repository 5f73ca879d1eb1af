//! The input of the tree builder, and what makes it stop at which place.

use std::borrow::Cow;
use std::ops::Range;

use super::events::{Failure, Why};
use super::token;
use super::{Limits, Problem, ProblemKind};
use crate::text::{SourceId, Span};

/// Later stages walk trees recursively, so no configured limit exceeds this.
const DEEPEST: usize = 1_000;

/// A text to build trees from, and its place in the source.
#[derive(Clone, Copy, Debug)]
pub(super) struct Input<'t> {
    pub(super) source: SourceId,
    /// The text of one document.
    pub(super) text: &'t str,
    /// Its first byte in the source.
    pub(super) base: usize,
}

/// Why building stopped, and at which byte of the text.
#[derive(Debug)]
pub(super) struct Stop {
    pub(super) at: usize,
    pub(super) what: What,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum What {
    Syntax(Cow<'static, str>),
    Surrogate,
    Depth,
    Nodes,
}

impl Stop {
    pub(super) fn syntax(at: usize, message: &'static str) -> Self {
        Self { at, what: What::Syntax(Cow::Borrowed(message)) }
    }

    pub(super) fn into_problem(self, input: Input<'_>, limits: &Limits) -> Problem {
        let kind = match self.what {
            What::Syntax(message) => ProblemKind::Syntax(message.into_owned()),
            What::Surrogate => ProblemKind::Syntax(
                "an escape in this value is not a character: YAML has no surrogate pairs"
                    .to_owned(),
            ),
            What::Depth => ProblemKind::Limit(format!(
                "this document is nested more than {} levels deep",
                depth_limit(limits).min(usize::from(u8::MAX))
            )),
            What::Nodes => ProblemKind::Limit(format!(
                "this document has more than {} nodes once its aliases are expanded",
                limits.nodes
            )),
        };
        let line = place(input.text, self.at);
        let span = Span::new(input.source, input.base + line.start, input.base + line.end);
        Problem { kind, span, document: span }
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        let what = match failure.why {
            Why::Syntax(message) => What::Syntax(message),
            Why::Surrogate => What::Surrogate,
            Why::Depth => What::Depth,
        };
        Self { at: failure.at, what }
    }
}

pub(super) fn depth_limit(limits: &Limits) -> usize {
    limits.depth.min(DEEPEST)
}

/// From `at` to the end of its line. What is missing at the end of the text is shown after its last
/// word; a tab is shown itself, although the parser stops after it.
fn place(text: &str, at: usize) -> Range<usize> {
    let bytes = text.as_bytes();
    let is_blank_at = |at: usize| bytes.get(at).is_some_and(|b| token::is_blank_or_break(*b));
    if bytes.get(at..).unwrap_or(&[]).iter().all(|b| token::is_blank_or_break(*b)) {
        let end = text.trim_end().len();
        return end..end;
    }
    let head = bytes.get(..at).unwrap_or(&[]);
    let line_start = memchr::memrchr2(b'\n', b'\r', head).map_or(0, |end| end + 1);
    let indent = bytes.get(line_start..at).unwrap_or(&[]);
    let tab = memchr::memchr(b'\t', indent).filter(|_| (line_start..at).all(is_blank_at));
    let start = tab.map_or(at, |tab| line_start + tab);
    let line = bytes.get(start..token::line_end(bytes, at)).unwrap_or(&[]);
    let length =
        line.iter().rposition(|b| !token::is_blank_or_break(*b)).map_or(0, |last| last + 1);
    start..start + length
}
