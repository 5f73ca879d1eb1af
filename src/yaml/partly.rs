//! Documents that are read in part: what nobody asks for is skipped, not parsed.
//!
//! A document is split at the keys in its first column. In block style that is safe: everything
//! nested is indented, be it a block scalar or a quoted string of several lines. A document in any
//! other style is parsed completely, and so is one with visible signs of damage: a conflict marker,
//! a tab as indentation, a template line.
//!
//! The skipped part may be broken, and then `kubectl` or `kustomize` rejects the document. Nothing
//! here reports that: that part contains no policy, the tool itself reports the line, and checking
//! would cost as much as reading all of it. Documents below [`SMALL`] are always parsed completely.

use std::fmt::Debug;
use std::ops::Range;
use std::sync::Arc;

use memchr::memchr_iter;

use super::{
    Entry, Limits, Map, Node, Rest, Stream, Value, Wanted, each_document, limit, parse, split, stop,
};
use crate::text::{SourceId, Span};

/// How much of a document is worth parsing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// The entries of its head.
    Head,
    /// All but one entry of one top-level mapping.
    Without {
        /// The top-level key.
        outer: &'static str,
        /// The key in its mapping.
        inner: &'static str,
    },
}

/// Which documents are read in part.
pub trait Partial: Debug + Sync {
    /// The top-level keys that decide how much of a document is parsed.
    fn head(&self) -> &[&'static str];

    /// How much of a document to parse, by its head and its bytes.
    fn extent(&self, head: &Node, document: &str) -> Extent;

    /// Whether a document without the skipped entry is enough.
    fn is_enough(&self, partial: &Node) -> bool;
}

/// One document, which may have been parsed in part.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its root node.
    pub root: Node,
    /// The range of the whole document, unless `root` is all of it.
    pub rest: Option<Range<usize>>,
}

/// The documents of one text, some of them read in part.
#[derive(Debug, Default)]
pub struct Parts {
    /// The documents, in order.
    pub documents: Vec<Part>,
    /// As [`Stream::problems`].
    pub problems: Vec<super::Problem>,
    /// As [`Stream::seen`].
    pub seen: usize,
}

/// Documents with fewer bytes are parsed completely: that costs next to nothing.
const SMALL: usize = 4 << 10;

/// The longest key at which a document is split.
const LONGEST_KEY: usize = 128;

/// Like [`read`](super::read), but skips what `partial` does not need.
pub fn read_partly(
    source: SourceId,
    text: &str,
    range: Range<usize>,
    wanted: Option<&Wanted>,
    limits: &Limits,
    partial: &dyn Partial,
) -> Parts {
    let mut documents = Vec::new();
    let mut each = |part| documents.push(part);
    let Rest { problems, seen } =
        each_part(source, text, range, wanted, limits, partial, &mut each);
    Parts { documents, problems, seen }
}

/// As [`read_partly`], handing on one document after the other: the caller decides how long each
/// lives.
pub fn each_part(
    source: SourceId,
    text: &str,
    range: Range<usize>,
    wanted: Option<&Wanted>,
    limits: &Limits,
    partial: &dyn Partial,
    each: &mut dyn FnMut(Part),
) -> Rest {
    let whole = |document: super::Document, each: &mut dyn FnMut(Part)| {
        each(Part { root: document.root, rest: None });
    };
    if range.len() < SMALL || range.len() as u64 > limits.file_bytes {
        return each_document(source, text, range, wanted, limits, &mut |it| whole(it, each));
    }
    let mut rest = Rest::default();
    for piece in split::split(text.as_bytes(), range) {
        if rest.seen == limits.documents {
            let message = format!("this file has more than {} documents", limits.documents);
            let place = Span::new(source, piece.span.start, piece.span.start);
            rest.problems.push(limit(message, place));
            break;
        }
        let input = stop::Input {
            source,
            text: text.get(piece.body.clone()).unwrap_or(""),
            base: piece.body.start,
        };
        if wanted.is_some_and(|wanted| !wanted.may_be(input.text.as_bytes())) {
            rest.seen += 1;
            continue;
        }
        let is_small = piece.body.len() < SMALL;
        match (!is_small).then(|| part(input, limits, partial)).flatten() {
            Some(root) => {
                rest.seen += 1;
                each(Part { root, rest: Some(piece.span) });
            }
            None => {
                let of_piece = each_document(source, text, piece.span, wanted, limits, &mut |it| {
                    whole(it, each);
                });
                rest.problems.extend(of_piece.problems);
                rest.seen += of_piece.seen;
            }
        }
    }
    rest
}

impl From<Stream> for Parts {
    fn from(stream: Stream) -> Self {
        let whole = |document: super::Document| Part { root: document.root, rest: None };
        Self {
            documents: stream.documents.into_iter().map(whole).collect(),
            problems: stream.problems,
            seen: stream.seen,
        }
    }
}

/// The part of a document that is enough; `None` if it must be parsed completely.
fn part(input: stop::Input<'_>, limits: &Limits, partial: &dyn Partial) -> Option<Node> {
    let sections = sections(input.text, 0..input.text.len(), 0)?;
    let is_head = |section: &&Section<'_>| partial.head().contains(&section.key);
    let head = parsed(input, limits, sections.iter().filter(is_head))?;
    match partial.extent(&head, input.text) {
        Extent::Whole => None,
        Extent::Head => Some(head),
        Extent::Without { outer, inner } => {
            let at = sections.iter().position(|section| section.key == outer)?;
            let (before, from) = sections.split_at(at);
            let (section, after) = from.split_first()?;
            let mut root = parsed(input, limits, before.iter())?;
            let mut entries = std::mem::take(&mut Arc::make_mut(map_mut(&mut root)?).entries);
            entries.push(section.without(inner, input, limits)?);
            let rest = parsed(input, limits, after.iter())?;
            entries.extend(rest.as_map()?.entries.iter().cloned());
            let root = mapping(input, entries);
            partial.is_enough(&root).then_some(root)
        }
    }
}

/// One key of a block mapping with its value, up to the next key.
#[derive(Debug)]
struct Section<'t> {
    key: &'t str,
    /// The place of the key.
    at: Range<usize>,
    /// From the start of its line to the next key.
    range: Range<usize>,
}

impl Section<'_> {
    /// Its entry, whose value is a mapping, without that mapping's entry `inner`.
    fn without(&self, inner: &str, input: stop::Input<'_>, limits: &Limits) -> Option<Entry> {
        let text = input.text;
        let line = self.at.end + 1;
        let end = text.get(line..self.range.end)?.find('\n')? + line + 1;
        let on_line = text.get(line..end)?.trim();
        if !(on_line.is_empty() || on_line.starts_with('#')) {
            return None;
        }
        let below = text.get(end..self.range.end)?;
        let content = |line: &&str| {
            let line = line.trim_start();
            !line.is_empty() && !line.starts_with('#')
        };
        let first = below.lines().find(content)?;
        let indent = first.len() - first.trim_start_matches(' ').len();
        let inside = sections(text, end..self.range.end, indent).filter(|_| indent > 0)?;
        let value = parsed(input, limits, inside.iter().filter(|it| it.key != inner))?;
        let key_span =
            Span::new(input.source, input.base + self.at.start, input.base + self.at.end);
        Some(Entry { key: self.key.into(), key_span, value })
    }
}

/// Parses sections, adjacent ones together.
fn parsed<'s>(
    input: stop::Input<'_>,
    limits: &Limits,
    sections: impl Iterator<Item = &'s Section<'s>>,
) -> Option<Node> {
    let mut runs: Vec<Range<usize>> = Vec::new();
    for Section { range, .. } in sections {
        match runs.last_mut().filter(|run| run.end == range.start) {
            Some(run) => run.end = range.end,
            None => runs.push(range.clone()),
        }
    }
    let mut entries = Vec::new();
    for run in runs {
        let base = input.base + run.start;
        let text = input.text.get(run)?;
        let roots = parse::build(stop::Input { text, base, ..input }, limits).ok()?;
        let [root] = roots.as_slice() else { return None };
        entries.extend(root.as_map()?.entries.iter().cloned());
    }
    Some(mapping(input, entries))
}

fn mapping(input: stop::Input<'_>, entries: Vec<Entry>) -> Node {
    let start = entries.first().map_or(input.base, |entry| entry.key_span.start as usize);
    let end = entries.last().map_or(start, |entry| entry.value.span.end as usize);
    let span = Span::new(input.source, start, end.max(start));
    Node { span, value: Value::Map(Arc::new(Map { entries })) }
}

fn map_mut(node: &mut Node) -> Option<&mut Arc<Map>> {
    match &mut node.value {
        Value::Map(map) => Some(map),
        _ => None,
    }
}

/// The keys of a block mapping whose keys are indented by `indent`, each once; `None` if the text
/// may be anything else.
fn sections(text: &str, range: Range<usize>, indent: usize) -> Option<Vec<Section<'_>>> {
    let bytes = text.as_bytes();
    let mut sections: Vec<Section<'_>> = Vec::new();
    let mut at = range.start;
    let within = bytes.get(range.clone())?;
    let breaks = memchr_iter(b'\n', within).map(|length| range.start + length + 1);
    for next in breaks.chain((!within.ends_with(b"\n")).then_some(range.end)) {
        let line = text.get(at..next)?;
        let body = line.trim_end_matches(['\n', '\r', ' ']);
        let content = body.trim_start_matches(' ');
        let own = body.len() - content.len();
        let is_marker = indent == 0 && sections.is_empty() && is_start(body);
        if is_damaged(line, content) || own < indent && !content.is_empty() && !is_marker {
            return None;
        }
        let belongs = own > indent || (content.starts_with("- ") || content == "-");
        if content.is_empty() || content.starts_with('#') || is_marker {
            // Part of the section before it.
        } else if belongs {
            sections.last()?;
        } else {
            let key = key(content)?;
            if sections.iter().any(|known| known.key == key) {
                return None;
            }
            let start = at + own;
            let range = at..at;
            sections.push(Section { key, at: start..start + key.len(), range });
        }
        if let Some(last) = sections.last_mut() {
            last.range.end = next;
        }
        at = next;
    }
    Some(sections)
}

/// Whether a line is only a document marker.
fn is_start(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| {
        rest.is_empty() || (rest.starts_with(' ') && rest.trim_start().starts_with('#'))
    })
}

/// What no valid manifest has, and broken ones often do: a carriage return inside a line, a tab as
/// indentation, a template line.
fn is_damaged(line: &str, content: &str) -> bool {
    let is_alone = |at: usize| line.as_bytes().get(at + 1) != Some(&b'\n');
    content.starts_with('\t')
        || ["{{-", "{{ ", "{%"].iter().any(|mark| content.starts_with(mark))
        || memchr_iter(b'\r', line.as_bytes()).any(is_alone)
}

/// The plain key at the start of a line.
fn key(content: &str) -> Option<&str> {
    let end = content.bytes().position(|b| {
        !(b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b'/' | b'$'))
    })?;
    let rest = content.get(end..)?.strip_prefix(':')?;
    let is_key = rest.is_empty() || rest.starts_with(' ');
    content.get(..end).filter(|key| is_key && !key.is_empty() && key.len() <= LONGEST_KEY)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Option<Vec<&str>> {
        let found = sections(text, 0..text.len(), 0)?;
        Some(found.iter().map(|section| section.key).collect())
    }

    #[test]
    fn documents_are_split_at_the_keys_of_their_first_column() {
        for (text, expected) in [
            ("a: 1\nb:\n  c: |\n    d: 2\n\n  e: 3\n# f: 4\ng:\n- h: 5\n-\n", vec!["a", "b", "g"]),
            ("--- # start\na: 1\r\nb: 2\r\n", vec!["a", "b"]),
            ("a: \"x\n  y: z\"\nb: 'c'", vec!["a", "b"]),
        ] {
            assert_eq!(keys(text).as_deref(), Some(&expected[..]), "{text:?}");
        }
    }

    #[test]
    fn documents_in_another_style_are_not_split() {
        for text in [
            "{a: 1}\n",
            "\"a\": 1\n",
            "? a\n: 1\n",
            "--- {a: 1}\n",
            "%YAML 1.1\n---\na: 1\n",
            "  a: 1\n",
            "a: 1\na: 2\n",
            "<<: *x\na: 1\n",
            "a: 1\n<<<<<<< HEAD\nb: 2\n",
            "a:\n\tb: 1\n",
            "a:\n{{- if .x }}\n  b: 1\n",
            "a:\n  {{- if .x }}\n  b: 1\n",
            "a: 1\rb: 2\n",
            "\u{feff}a: 1\n",
            "a: [1,\n2]\n",
            "- a\n",
        ] {
            assert_eq!(keys(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_part_is_where_it_is_written() {
        let text = "data: &x\n  k: v\nkind: A\nspec:\n  a: 1\n  values:\n    b: |\n     c: 2\n  d: 3\nmetadata: {name: n}\n";
        let input = stop::Input { source: SourceId(0), text, base: 0 };
        #[derive(Debug)]
        struct Test;
        impl Partial for Test {
            fn head(&self) -> &[&'static str] {
                &["kind", "metadata"]
            }
            fn extent(&self, _: &Node, _: &str) -> Extent {
                Extent::Without { outer: "spec", inner: "values" }
            }
            fn is_enough(&self, _: &Node) -> bool {
                true
            }
        }
        let root = part(input, &Limits::default(), &Test).unwrap();
        let all = crate::yaml::read(SourceId(0), text, 0..text.len(), None, &Limits::default());
        let all = &all.documents[0].root;
        for route in [&["kind"][..], &["metadata", "name"], &["spec", "a"], &["spec", "d"]] {
            assert_eq!(root.at(route), all.at(route), "{route:?}");
        }
        assert_eq!(root.at(&["spec", "values"]), None);
        assert_eq!(root.entry("spec").unwrap().key_span, all.entry("spec").unwrap().key_span);
    }
}
