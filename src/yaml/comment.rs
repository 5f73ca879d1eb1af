//! Comments, as opposed to a `#` in a scalar: the parser's scalars show which is which.

use std::ops::Range;

use memchr::memmem;

use super::node::{Node, Value};
use super::token::line_end;
use super::{Document, Limits, read};
use crate::text::{SourceId, Span};

/// A comment, from its `#` to the end of its line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Where it is written.
    pub span: Span,
    /// Whether it is the first thing on its line.
    pub alone: bool,
    /// Whether it is in a document that parsed; elsewhere it may be part of a scalar.
    pub parsed: bool,
}

/// The comments of `text[range]` that contain `word`, in order. Every document is parsed for this,
/// so call it only if the text contains the word.
pub fn comments(
    source: SourceId,
    text: &str,
    range: Range<usize>,
    word: &str,
    limits: &Limits,
) -> Vec<Comment> {
    let documents = read(source, text, range.clone(), None, limits).documents;
    let mut scalars = Vec::new();
    for document in &documents {
        collect(&document.root, text.as_bytes(), &mut scalars);
    }
    scalars.sort_unstable();
    let bytes = text.as_bytes();
    let searched = bytes.get(range.clone()).unwrap_or_default();
    let mut found: Vec<Comment> = Vec::new();
    for at in memmem::find_iter(searched, word) {
        let at = range.start + at;
        let line = line_start(bytes, at);
        let Some(start) = comment_start(bytes, line..at, &scalars) else {
            continue;
        };
        let span = Span::new(source, start, line_end(bytes, at));
        if found.last().is_none_or(|last| last.span != span) {
            let before = bytes.get(line..start).unwrap_or_default();
            found.push(Comment {
                span,
                alone: before.iter().all(|b| matches!(b, b' ' | b'\t')),
                parsed: is_in(&documents, span),
            });
        }
    }
    found
}

/// Whether `span` is in one of the documents, which are in order.
fn is_in(documents: &[Document], span: Span) -> bool {
    let after = documents.partition_point(|document| document.span.start <= span.start);
    let last = after.checked_sub(1).and_then(|index| documents.get(index));
    last.is_some_and(|document| document.span.contains(span))
}

/// The byte ranges of every scalar in which a `#` does not start a comment. A comment may follow
/// the header of a block scalar.
fn collect(node: &Node, bytes: &[u8], scalars: &mut Vec<(usize, usize)>) {
    let mut add = |span: Span| {
        let (start, end) = (span.start as usize, span.end as usize);
        let start = match bytes.get(start) {
            Some(b'|' | b'>') => line_end(bytes, start),
            _ => start,
        };
        if start < end {
            scalars.push((start, end));
        }
    };
    match &node.value {
        Value::Scalar(_) => add(node.span),
        Value::Seq(items) => items.iter().for_each(|item| collect(item, bytes, scalars)),
        Value::Map(map) => {
            map.entries.iter().for_each(|entry| add(entry.key_span));
            map.entries.iter().for_each(|entry| collect(&entry.value, bytes, scalars));
        }
    }
}

fn line_start(bytes: &[u8], at: usize) -> usize {
    let before = bytes.get(..at).unwrap_or_default();
    before.iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |end| end + 1)
}

/// The first `#` in `line` that starts a comment: after white space, and outside every scalar.
fn comment_start(bytes: &[u8], line: Range<usize>, scalars: &[(usize, usize)]) -> Option<usize> {
    let in_scalar = |at: usize| {
        let after = scalars.partition_point(|(start, _)| *start <= at);
        let last = after.checked_sub(1).and_then(|index| scalars.get(index));
        last.is_some_and(|(_, end)| at < *end)
    };
    let apart = |at: usize| {
        at == line.start || bytes.get(at - 1).is_some_and(|b| matches!(b, b' ' | b'\t'))
    };
    line.clone().find(|at| bytes.get(*at) == Some(&b'#') && apart(*at) && !in_scalar(*at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(&str, bool)> {
        let id = SourceId(0);
        comments(id, text, 0..text.len(), "MARK", &Limits::default())
            .into_iter()
            .map(|c| (&text[c.span.start as usize..c.span.end as usize], c.alone))
            .collect()
    }

    #[test]
    fn a_comment_is_alone_or_after_something() {
        assert_eq!(found("# MARK a\nb: c # MARK\r\n"), [("# MARK a", true), ("# MARK", false)]);
        assert_eq!(found("a: [1, # MARK\n  2]\n"), [("# MARK", false)]);
        assert_eq!(found("a: | # MARK\n  b\n"), [("# MARK", false)]);
        assert_eq!(found("a: 1 # b # MARK MARK\n"), [("# b # MARK MARK", false)]);
    }

    #[test]
    fn a_hash_in_a_scalar_is_not_a_comment() {
        for text in [
            "a: ' # MARK'\n",
            "a: \"b\n  # MARK\"\n",
            "a: |\n  b\n  # MARK\n",
            "a: >-\n  # MARK\n  b\nc: d\n",
            "a: b#MARK\n",
            "\"# MARK\": b\n",
            "a: MARK\n",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn a_broken_document_is_reported() {
        let text = "a: 1 # MARK\n---\nb: [ # MARK\n";
        let id = SourceId(0);
        let found = comments(id, text, 0..text.len(), "MARK", &Limits::default());
        assert_eq!(found.iter().map(|c| c.parsed).collect::<Vec<_>>(), [true, false]);
    }
}
