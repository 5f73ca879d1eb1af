//! Where the documents of a text begin and end, found without parsing any of them.

use std::iter;
use std::ops::Range;

use memchr::memmem;

use super::token::{BYTE_ORDER_MARK, is_blank_or_break, line_end};

/// One document of a text, as byte ranges into it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// From its marker (or its directives, or the text's start) to the next marker.
    pub(super) span: Range<usize>,
    /// The part to parse: the same, less a byte order mark between marker and content.
    pub(super) body: Range<usize>,
}

/// The documents of `text[range]` that contain more than blanks and comments, in order.
pub(super) fn split(text: &[u8], range: Range<usize>) -> Vec<Piece> {
    let base = range.start;
    let bytes = text.get(range).unwrap_or_default();
    let mut pieces = Vec::new();
    let mut open = Open { start: after_mark(bytes, 0), marker: None };
    for (at, starts) in markers(bytes) {
        if !starts {
            pieces.extend(open.close(bytes, at, base));
            open = Open { start: at + 3, marker: None };
        } else if open.is_prelude(bytes, at) {
            open.marker = Some(at);
        } else {
            pieces.extend(open.close(bytes, at, base));
            open = Open { start: at, marker: Some(at) };
        }
    }
    pieces.extend(open.close(bytes, bytes.len(), base));
    pieces
}

/// A document whose end is not reached yet.
struct Open {
    start: usize,
    /// The place of its `---`.
    marker: Option<usize>,
}

impl Open {
    /// Whether there is nothing but directives, comments and blanks before the marker at `at`:
    /// these belong to the document that the marker starts.
    fn is_prelude(&self, bytes: &[u8], at: usize) -> bool {
        self.marker.is_none() && !holds_content(bytes.get(self.start..at).unwrap_or(&[]), true)
    }

    /// The piece that ends before `end`, unless it is empty.
    fn close(&self, bytes: &[u8], end: usize, base: usize) -> Option<Piece> {
        let end = before_mark(bytes, end).max(self.start);
        let content = self.marker.map_or(self.start, |marker| marker + 3);
        let content_bytes = bytes.get(content..end)?;
        if !holds_content(content_bytes, self.marker.is_none()) {
            return None;
        }
        // YAML allows a byte order mark only before a document's marker, but concatenated files
        // have it after the marker: kubectl splits first and reads each document separately.
        let blanks = content_bytes.iter().take_while(|b| is_blank_or_break(**b)).count();
        let mark = content + blanks;
        let after = after_mark(bytes, mark);
        let body = if after > mark { after } else { self.start };
        Some(Piece { span: base + self.start..base + end, body: base + body..base + end })
    }
}

/// The document markers: their places, and whether they start a document (`---`) or end one
/// (`...`).
fn markers(bytes: &[u8]) -> impl Iterator<Item = (usize, bool)> {
    let marks = |needle| memmem::find_iter(bytes, needle).filter(|at| is_marker(bytes, *at));
    let mut starts = marks(b"---".as_slice()).peekable();
    let mut ends = marks(b"...".as_slice()).peekable();
    iter::from_fn(move || match (starts.peek(), ends.peek()) {
        (Some(start), Some(end)) if end < start => Some((ends.next()?, false)),
        (Some(_), _) => Some((starts.next()?, true)),
        (None, _) => Some((ends.next()?, false)),
    })
}

/// Whether the three bytes at `at` start a line and are followed by white space or the end.
fn is_marker(bytes: &[u8], at: usize) -> bool {
    let line = before_mark(bytes, at);
    let starts_line = line == 0 || bytes.get(line - 1).is_some_and(|b| matches!(b, b'\n' | b'\r'));
    starts_line && bytes.get(at + 3).is_none_or(|b| is_blank_or_break(*b))
}

/// Whether there is anything but blanks, comments, byte order marks and (where allowed) directives.
fn holds_content(bytes: &[u8], directives: bool) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        let end = line_end(bytes, at);
        let line = bytes.get(at..end).unwrap_or(&[]);
        let line = line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(line);
        let is_directive = directives && line.first() == Some(&b'%');
        let first = line.iter().find(|b| !is_blank_or_break(**b));
        if !is_directive && first.is_some_and(|b| *b != b'#') {
            return true;
        }
        at = end + 1;
    }
    false
}

/// Skips the byte order mark at `at`, if there is one.
fn after_mark(bytes: &[u8], at: usize) -> usize {
    let has_mark = bytes.get(at..).is_some_and(|rest| rest.starts_with(BYTE_ORDER_MARK));
    if has_mark { at + BYTE_ORDER_MARK.len() } else { at }
}

/// Steps back over the byte order mark that ends at `at`, if there is one.
fn before_mark(bytes: &[u8], at: usize) -> usize {
    let has_mark = bytes.get(..at).is_some_and(|head| head.ends_with(BYTE_ORDER_MARK));
    if has_mark { at - BYTE_ORDER_MARK.len() } else { at }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spans(text: &str) -> Vec<&str> {
        split(text.as_bytes(), 0..text.len()).into_iter().map(|piece| &text[piece.span]).collect()
    }

    fn bodies(text: &str) -> Vec<&str> {
        split(text.as_bytes(), 0..text.len()).into_iter().map(|piece| &text[piece.body]).collect()
    }

    #[test]
    fn markers_need_a_line_start_and_white_space() {
        assert_eq!(spans("a: 1\n---\nb: 2\n"), ["a: 1\n", "---\nb: 2\n"]);
        assert_eq!(
            spans("a: |\n ---\n b\nc: ---\n---x: 1\n"),
            ["a: |\n ---\n b\nc: ---\n---x: 1\n"]
        );
        assert_eq!(spans("a: 1\n---"), ["a: 1\n"]);
        assert_eq!(spans("--- a\n--- b"), ["--- a\n", "--- b"]);
        assert_eq!(spans("# -----\na: 1\n-----\n"), ["# -----\na: 1\n-----\n"]);
        assert_eq!(spans("a\r\n---\r\nb\r\n"), ["a\r\n", "---\r\nb\r\n"]);
        assert_eq!(spans("a\r---\rb"), ["a\r", "---\rb"]);
    }

    #[test]
    fn an_end_marker_ends_a_document() {
        assert_eq!(spans("a: 1\n...\n# c\n...\nb: 2\n... # end\n"), ["a: 1\n", "\nb: 2\n"]);
        assert_eq!(spans("a: ...\n....\n"), ["a: ...\n....\n"]);
    }

    #[test]
    fn directives_and_comments_belong_to_the_next_document() {
        let text = "# head\n%YAML 1.1\n---\na: 1\n...\n%TAG ! x\n# c\n---\nb: 2\n";
        let expected = ["# head\n%YAML 1.1\n---\na: 1\n", "\n%TAG ! x\n# c\n---\nb: 2\n"];
        assert_eq!(spans(text), expected);
    }

    #[test]
    fn blanks_and_comments_are_not_a_document() {
        assert!(spans("").is_empty());
        assert!(spans("---\n---\n# only\n--- # a\n\n...\n---\n \t\r\n").is_empty());
        assert!(spans("\u{feff}").is_empty());
        assert!(spans("%YAML 1.1\n---\n").is_empty());
    }

    #[test]
    fn byte_order_marks_are_skipped() {
        assert_eq!(spans("\u{feff}a: 1\n\u{feff}---\nb: 2\n"), ["a: 1\n", "---\nb: 2\n"]);
        assert_eq!(bodies("a: 1\n---\n\u{feff}b: 2\n"), ["a: 1\n", "b: 2\n"]);
        assert_eq!(spans("a: 1\n---\n\u{feff}b: 2\n"), ["a: 1\n", "---\n\u{feff}b: 2\n"]);
    }

    #[test]
    fn a_range_is_read_in_place() {
        let text = "before\n---\na: 1\n---\nb\nafter";
        let pieces = split(text.as_bytes(), 11..text.len() - 5);
        assert_eq!(&text[pieces[0].span.clone()], "a: 1\n");
        assert_eq!(&text[pieces[1].span.clone()], "---\nb\n");
        assert!(split(text.as_bytes(), 90..100).is_empty());
    }
}
