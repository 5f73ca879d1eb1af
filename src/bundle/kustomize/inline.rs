//! Patches that are written inside a kustomization: a text in a scalar, whose places are places
//! in the kustomization.

use std::ops::Range;

use crate::text::{SourceId, Span};
use crate::yaml::{self, Entry, Limits, Map, Node, Stream, Value};

/// Reads the text of the scalar `written`, which stands in `source`: its nodes get the places at
/// which their text stands there. Where a place can't be told (a folded or escaped text), it is
/// the whole scalar.
pub(super) fn read(written: &Node, source: &str, limits: &Limits) -> Stream {
    let Some(scalar) = written.as_scalar() else { return Stream::default() };
    let text = scalar.text.as_str();
    let table = Table::new(text, written.span, source);
    let mut stream = yaml::read(written.span.source, text, 0..text.len(), None, limits);
    for document in &mut stream.documents {
        document.span = table.span(document.span);
        document.root = table.node(&document.root);
    }
    for problem in &mut stream.problems {
        problem.span = table.span(problem.span);
    }
    stream
}

/// For each line of a text, where it stands in the source.
struct Table {
    /// Where each line begins and ends in the text, and where it begins in the source.
    lines: Vec<(Range<usize>, usize)>,
    whole: Span,
}

impl Table {
    fn new(text: &str, written: Span, source: &str) -> Self {
        let whole = Span { end: first_line_end(source, written), ..written };
        let token = source.get(written.start as usize..written.end as usize).unwrap_or_default();
        let lines = match token.as_bytes().first() {
            Some(b'|') => literal(text, token, written.start as usize),
            _ => verbatim(text, token, written.start as usize),
        };
        Self { lines: lines.unwrap_or_default(), whole }
    }

    fn offset(&self, at: u32) -> Option<usize> {
        let at = at as usize;
        let after = self.lines.partition_point(|(line, _)| line.start <= at);
        let (line, start) = self.lines.get(after.checked_sub(1)?)?;
        Some(start + at.min(line.end) - line.start)
    }

    fn span(&self, span: Span) -> Span {
        let source: SourceId = self.whole.source;
        match (self.offset(span.start), self.offset(span.end)) {
            (Some(start), Some(end)) if start <= end => Span::new(source, start, end),
            _ => self.whole,
        }
    }

    /// Recursion is as deep as the tree, whose depth is bounded where it is read.
    fn node(&self, node: &Node) -> Node {
        let value = match &node.value {
            Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
            Value::Seq(items) => Value::Seq(items.iter().map(|item| self.node(item)).collect()),
            Value::Map(map) => {
                let entry = |entry: &Entry| Entry {
                    key: entry.key.clone(),
                    key_span: self.span(entry.key_span),
                    value: self.node(&entry.value),
                };
                Value::Map(Map { entries: map.entries.iter().map(entry).collect() }.into())
            }
        };
        Node { span: self.span(node.span), value }
    }
}

fn first_line_end(source: &str, span: Span) -> u32 {
    let text = source.get(span.start as usize..span.end as usize).unwrap_or_default();
    let line = text.lines().next().map_or(0, str::len);
    span.start + u32::try_from(line).unwrap_or(0)
}

/// A literal block scalar (`|`): each line of the text is the end of a line of the source.
fn literal(text: &str, token: &str, start: usize) -> Option<Vec<(Range<usize>, usize)>> {
    let mut written = Vec::new();
    let mut at = start;
    for line in token.split_inclusive('\n') {
        written.push((at, line.trim_end_matches(['\n', '\r'])));
        at += line.len();
    }
    // Behind the header, which may be followed by a comment.
    let mut written = written.into_iter().skip(1);
    let mut lines = Vec::new();
    let mut begin = 0;
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        // An empty line at the end of the text may be past the token.
        let (from, source) = match written.next() {
            Some(next) => next,
            None if content.is_empty() => break,
            None => return None,
        };
        let indent = source.len().checked_sub(content.len());
        let indent = indent.filter(|indent| source.get(*indent..) == Some(content))?;
        lines.push((begin..begin + line.len(), from + indent));
        begin += line.len();
    }
    Some(lines)
}

/// A plain or quoted scalar of one line without escapes: the text stands there as it is.
fn verbatim(text: &str, token: &str, start: usize) -> Option<Vec<(Range<usize>, usize)>> {
    let at = token.find(text)?;
    (!text.contains('\n')).then(|| vec![(0..text.len(), start + at)])
}
