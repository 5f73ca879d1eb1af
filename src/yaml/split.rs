//! A text to its documents, without parsing.

use std::ops::Range;

use memchr::memmem;

/// The byte ranges of the documents of `bytes[within]`, in order. A document begins at its marker
/// (`---` at the start of a line, followed by white space or the end), with the directives before
/// it, and ends where the next one begins or at `...`. What holds only blanks and comments is no
/// document. Neither marker can stand in a scalar of a document (YAML 1.2.2, c-forbidden).
pub fn documents(bytes: &[u8], within: Range<usize>) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = within.start;
    // Directives before a marker belong to the document that the marker begins.
    let mut pending: Option<usize> = None;
    let mut push = |range: Range<usize>, pending: &mut Option<usize>| {
        let from = pending.take().unwrap_or(range.start);
        match content(bytes.get(range.clone()).unwrap_or_default()) {
            Content::Nothing => {}
            Content::Directives => *pending = Some(from),
            Content::Document => found.push(from..range.end),
        }
    };
    for marker in markers(bytes, &within) {
        push(start..marker.at, &mut pending);
        start = if marker.ends {
            marker.at + 3
        } else {
            marker.at
        };
        if marker.ends {
            pending = None;
        }
    }
    push(start..within.end, &mut pending);
    found
}

struct Marker {
    at: usize,
    /// `...`, which ends a document without beginning one.
    ends: bool,
}

fn markers<'a>(bytes: &'a [u8], within: &Range<usize>) -> impl Iterator<Item = Marker> + 'a {
    let (from, to) = (within.start, within.end);
    let area = bytes.get(from..to).unwrap_or_default();
    let first = is_marker(area, 0).then_some(0);
    let starts = memmem::find_iter(area, b"\n---").chain(memmem::find_iter(area, b"\n..."));
    let mut all: Vec<usize> = first.into_iter().chain(starts.map(|at| at + 1)).collect();
    all.retain(|at| is_marker(area, *at));
    all.sort_unstable();
    all.into_iter().map(move |at| Marker {
        at: from + at,
        ends: area.get(at) == Some(&b'.'),
    })
}

fn is_marker(area: &[u8], at: usize) -> bool {
    let rest = area.get(at..).unwrap_or_default();
    let marked = rest.starts_with(b"---") || rest.starts_with(b"...");
    marked
        && rest
            .get(3)
            .is_none_or(|b| matches!(b, b' ' | b'\t' | b'\r' | b'\n'))
}

enum Content {
    Nothing,
    Directives,
    Document,
}

/// What stands between two markers.
fn content(piece: &[u8]) -> Content {
    let mut result = Content::Nothing;
    let piece = piece.strip_prefix("\u{feff}".as_bytes()).unwrap_or(piece);
    let (body, marked) = match piece.strip_prefix(b"---") {
        Some(rest) => (rest, true),
        None => (piece, false),
    };
    for line in body.split(|byte| *byte == b'\n') {
        let text = line.trim_ascii_start();
        if text.is_empty() || text.starts_with(b"#") {
            continue;
        }
        if !marked && line.starts_with(b"%") {
            result = Content::Directives;
        } else {
            return Content::Document;
        }
    }
    result
}

#[cfg(test)]
mod tests {
    use super::documents;

    fn split(text: &str) -> Vec<&str> {
        documents(text.as_bytes(), 0..text.len())
            .into_iter()
            .map(|range| &text[range])
            .collect()
    }

    #[test]
    fn markers_begin_and_end_documents() {
        assert_eq!(
            split("a: 1\n---\nb: 2\n--- {c: 3}\n"),
            ["a: 1\n", "---\nb: 2\n", "--- {c: 3}\n"]
        );
        assert_eq!(split("a: 1\r\n---\r\nb: 2"), ["a: 1\r\n", "---\r\nb: 2"]);
        assert_eq!(
            split("---\n# only\n---\n\n---\na: 1\n...\n# end\n"),
            ["---\na: 1\n"]
        );
        assert_eq!(split("---foo: 1\n"), ["---foo: 1\n"]);
        assert_eq!(split("a: |\n  ---\n  x\n"), ["a: |\n  ---\n  x\n"]);
        assert!(split("").is_empty());
    }

    #[test]
    fn directives_belong_to_what_follows() {
        assert_eq!(
            split("a: 1\n...\n%YAML 1.2\n---\nb: 2\n"),
            ["a: 1\n", "\n%YAML 1.2\n---\nb: 2\n"]
        );
        assert_eq!(split("\u{feff}a: 1\n"), ["\u{feff}a: 1\n"]);
    }
}
