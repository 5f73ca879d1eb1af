//! Events to trees. This file alone knows which parser makes the events, and why: of those tried
//! saphyr-parser has all 402 cases of the YAML test suite right, is the one most in use, and hands
//! events out one by one, so that depth and size are bounded here, before anything recurses.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use compact_str::CompactString;
use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span as ParserSpan, Tag};

use super::node::{Entry, Map, Node, Scalar, ScalarKind, Value};
use super::scalar::resolve;
use super::{Limits, Problem, ProblemKind};
use crate::text::{SourceId, Span};

/// Parses one document, `text[range]`. None where it holds no node.
pub fn parse(
    source: SourceId,
    text: &str,
    range: Range<usize>,
    limits: &Limits,
) -> Result<Option<Node>, Problem> {
    let document = text.get(range.clone()).unwrap_or_default();
    let places = Places::new(source, document, range.start);
    let mut builder = Builder::new(&places, limits);
    let mut parser = Parser::new_from_str(document);
    while let Some(event) = parser.next_event() {
        let (event, span) = event.map_err(|error| syntax(&places, &error))?;
        builder.take(event, span)?;
    }
    Ok(builder.root)
}

fn syntax(places: &Places<'_>, error: &ScanError) -> Problem {
    let at = places.byte(*error.marker());
    let span = places.line_from(at);
    Problem {
        kind: ProblemKind::Syntax(in_words(error.info())),
        span,
    }
}

/// What the parser says, without its own jargon where that is known to puzzle people.
fn in_words(info: &str) -> String {
    let known = [
        (
            "after double-quoted scalar",
            "something stands behind a closing quote",
        ),
        (
            "after quoted scalar",
            "something stands behind a closing quote",
        ),
        (
            "mapping values are not allowed",
            "a `:` stands where no value can begin; a text with `: ` in it needs quotes",
        ),
        (
            "did not find expected key",
            "a key was expected here; is the indentation that of its neighbours?",
        ),
        (
            "simple key expect",
            "a `:` is missing behind this, or its indentation is not that of its neighbours",
        ),
        (
            "could not find expected ':'",
            "a `:` is missing behind this, or its indentation is not that of its neighbours",
        ),
        ("tab", "a tab stands where only spaces may indent"),
        (
            "unknown anchor",
            "an alias (`*name`) refers to an anchor that is not there",
        ),
        (
            "did not find expected '-' indicator",
            "a `-` was expected here; is the indentation that of its neighbours?",
        ),
        (
            "unexpected end of plain scalar",
            "a value ends too early here",
        ),
    ];
    let lower = info.to_lowercase();
    let found = known.iter().find(|(theirs, _)| lower.contains(theirs));
    found.map_or_else(|| info.to_owned(), |(_, ours)| (*ours).to_owned())
}

/// The parser's places, which count characters, to byte spans of the source.
struct Places<'a> {
    source: SourceId,
    document: &'a str,
    base: usize,
    /// The byte of every [`STEP`]th character; empty for ASCII, where both are the same.
    steps: Vec<u32>,
}

const STEP: usize = 64;

impl<'a> Places<'a> {
    fn new(source: SourceId, document: &'a str, base: usize) -> Self {
        let steps = if document.is_ascii() {
            Vec::new()
        } else {
            document
                .char_indices()
                .step_by(STEP)
                .map(|(byte, _)| byte as u32)
                .collect()
        };
        Self {
            source,
            document,
            base,
            steps,
        }
    }

    /// The byte in the document of a parser's place.
    fn byte(&self, marker: Marker) -> usize {
        let index = marker.index();
        if self.steps.is_empty() {
            return index.min(self.document.len());
        }
        let from = self
            .steps
            .get(index / STEP)
            .map_or(self.document.len(), |byte| *byte as usize);
        let rest = self.document.get(from..).unwrap_or_default();
        let within = rest
            .char_indices()
            .nth(index % STEP)
            .map_or(rest.len(), |(byte, _)| byte);
        from + within
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.source, self.base + start, self.base + end.max(start))
    }

    /// From a byte to the end of its line, at most one token long; the last character before it
    /// where it stands at the end.
    fn line_from(&self, at: usize) -> Span {
        let rest = self.document.get(at..).unwrap_or_default();
        let length = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
        self.span(at, at + length)
    }
}

/// A collection that is not complete yet.
enum Open {
    Map {
        start: usize,
        anchor: usize,
        map: Map,
        key: Option<(CompactString, Span, bool)>,
        merges: Vec<(Span, Node)>,
        size: Size,
    },
    Seq {
        start: usize,
        anchor: usize,
        items: Vec<Node>,
        size: Size,
    },
}

/// What a node is when its aliases are expanded. Its height counts too: a short text of anchors
/// that hold one another is a deep tree.
#[derive(Clone, Copy)]
struct Size {
    nodes: usize,
    height: usize,
}

impl Size {
    const ONE: Self = Self {
        nodes: 1,
        height: 1,
    };

    fn add(&mut self, child: Self) {
        self.nodes += child.nodes;
        self.height = self.height.max(child.height + 1);
    }
}

struct Builder<'a> {
    places: &'a Places<'a>,
    limits: &'a Limits,
    stack: Vec<Open>,
    /// Complete nodes by anchor.
    anchors: HashMap<usize, (Node, Size)>,
    /// The byte behind the last token, for the span of what is empty and of block collections.
    last: usize,
    root: Option<Node>,
}

impl<'a> Builder<'a> {
    fn new(places: &'a Places<'a>, limits: &'a Limits) -> Self {
        Self {
            places,
            limits,
            stack: Vec::new(),
            anchors: HashMap::new(),
            last: 0,
            root: None,
        }
    }

    fn take(&mut self, event: Event<'_>, span: ParserSpan) -> Result<(), Problem> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(&text, style, anchor, tag.as_deref(), span);
                Ok(())
            }
            Event::MappingStart(anchor, _) => {
                let start = self.places.byte(span.start);
                let map = Map::default();
                let (key, merges) = (None, Vec::new());
                self.open(
                    Open::Map {
                        start,
                        anchor,
                        map,
                        key,
                        merges,
                        size: Size::ONE,
                    },
                    span,
                )
            }
            Event::SequenceStart(anchor, _) => {
                let start = self.places.byte(span.start);
                self.open(
                    Open::Seq {
                        start,
                        anchor,
                        items: Vec::new(),
                        size: Size::ONE,
                    },
                    span,
                )
            }
            Event::MappingEnd | Event::SequenceEnd => {
                self.close(span);
                Ok(())
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Nothing
            | Event::StreamStart
            | Event::StreamEnd
            | Event::DocumentStart(_)
            | Event::DocumentEnd => Ok(()),
        }
    }

    fn open(&mut self, collection: Open, span: ParserSpan) -> Result<(), Problem> {
        self.refuse_as_key(span)?;
        if self.stack.len() >= self.limits.depth {
            return Err(self.too_deep(span));
        }
        self.last = self.places.byte(span.end);
        self.stack.push(collection);
        Ok(())
    }

    fn limit(&self, what: String, span: ParserSpan) -> Problem {
        let at = self.places.byte(span.start);
        Problem {
            kind: ProblemKind::Limit(what),
            span: self.places.line_from(at),
        }
    }

    /// A collection can't be a key: JSON has only strings as keys.
    fn refuse_as_key(&self, span: ParserSpan) -> Result<(), Problem> {
        match self.stack.last() {
            Some(Open::Map { key: None, .. }) => {
                let at = self.places.byte(span.start);
                let what = "a mapping or a list stands as a key (a value that begins with `{` needs \
                            quotes)";
                Err(Problem {
                    kind: ProblemKind::Syntax(what.into()),
                    span: self.places.line_from(at),
                })
            }
            _ => Ok(()),
        }
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: ParserSpan,
    ) {
        let span = self.scalar_span(text, style, span);
        let plain = style == ScalarStyle::Plain;
        let kind = match tag.map(|tag| tag.suffix.as_str()) {
            None if plain => resolve(text),
            Some("int" | "float" | "bool" | "null") => resolve(text),
            _ => ScalarKind::Str,
        };
        let scalar = Scalar {
            text: CompactString::new(text),
            kind,
            plain,
        };
        self.put(
            Node {
                span,
                value: Value::Scalar(scalar),
            },
            Size::ONE,
            anchor,
        )
    }

    /// The token of a scalar. What is empty stands right behind the token before it.
    fn scalar_span(&mut self, text: &str, style: ScalarStyle, span: ParserSpan) -> Span {
        let (mut start, mut end) = (self.places.byte(span.start), self.places.byte(span.end));
        if text.is_empty() && style == ScalarStyle::Plain {
            start = self.behind_colon();
            end = start;
        } else if style == ScalarStyle::Plain {
            let written = self.places.document.get(start..end).unwrap_or_default();
            end = start + written.trim_end().len();
        } else if let Some(length) = self.places.document.get(start..).and_then(quoted_length) {
            // The parser takes the blanks and the comment behind a quote along.
            end = start + length;
        } else if matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            // It lets a block scalar begin with its content instead of its `|` or `>`.
            let before = self.places.document.get(self.last..end).unwrap_or_default();
            start = before.find(['|', '>']).map_or(start, |at| self.last + at);
        }
        self.last = self.last.max(end);
        self.places.span(start, end)
    }

    /// The byte behind the `:` or `-` that follows the last token.
    fn behind_colon(&self) -> usize {
        let rest = self.places.document.get(self.last..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        match rest.as_bytes().get(blank) {
            Some(b':') => self.last + blank + 1,
            _ => self.last,
        }
    }

    fn alias(&mut self, anchor: usize, span: ParserSpan) -> Result<(), Problem> {
        let Some((node, size)) = self.anchors.get(&anchor).cloned() else {
            let at = self.places.byte(span.start);
            let what = "an alias refers to the very thing it stands in, which has no end";
            let span = self.places.line_from(at);
            return Err(Problem {
                kind: ProblemKind::Syntax(what.into()),
                span,
            });
        };
        if node.as_scalar().is_none() {
            self.refuse_as_key(span)?;
        }
        if self.stack.len() + size.height > self.limits.depth {
            return Err(self.too_deep(span));
        }
        self.last = self.places.byte(span.end);
        self.put(node, size, 0);
        let expanded = match self.stack.last() {
            Some(Open::Map { size, .. } | Open::Seq { size, .. }) => size.nodes,
            None => size.nodes,
        };
        if expanded > self.limits.nodes {
            return Err(self.too_many_nodes(span));
        }
        Ok(())
    }

    fn too_deep(&self, span: ParserSpan) -> Problem {
        let most = self.limits.depth;
        self.limit(
            format!("this document is nested more than {most} levels deep"),
            span,
        )
    }

    fn too_many_nodes(&self, span: ParserSpan) -> Problem {
        let most = self.limits.nodes;
        self.limit(
            format!("this document has more than {most} nodes once its aliases are expanded"),
            span,
        )
    }

    fn close(&mut self, span: ParserSpan) {
        // The parser ends a block collection where the next token begins, and a flow collection
        // behind its bracket: the bracket is found from the last token on.
        let (start, anchor, value, size) = match self.stack.pop() {
            Some(Open::Map {
                start,
                anchor,
                map,
                merges,
                size,
                ..
            }) => {
                let map = merged(map, &merges);
                (start, anchor, Value::Map(Arc::new(map)), size)
            }
            Some(Open::Seq {
                start,
                anchor,
                items,
                size,
            }) => (start, anchor, Value::Seq(items.into()), size),
            None => return,
        };
        let end_of_flow = self.places.byte(span.end);
        let written = self.places.document.as_bytes();
        let is_flow = matches!(written.get(start), Some(b'{' | b'['));
        if is_flow {
            self.last = self.last.max(end_of_flow);
        }
        let span = self.places.span(start, self.last);
        self.put(Node { span, value }, size, anchor);
    }

    /// Puts a complete node where it belongs.
    fn put(&mut self, node: Node, size: Size, anchor: usize) {
        if anchor != 0 {
            self.anchors.insert(anchor, (node.clone(), size));
        }
        match self.stack.last_mut() {
            None => self.root = Some(node),
            Some(Open::Seq {
                items, size: whole, ..
            }) => {
                whole.add(size);
                items.push(node);
            }
            Some(Open::Map {
                map,
                key,
                merges,
                size: whole,
                ..
            }) => {
                whole.add(size);
                match key.take() {
                    None => {
                        let span = node.span;
                        if let Value::Scalar(scalar) = node.value {
                            let is_merge = scalar.plain && scalar.text == "<<";
                            *key = Some((scalar.text, span, is_merge));
                        }
                    }
                    Some((_, key_span, true)) => merges.push((key_span, node)),
                    Some((key, key_span, false)) => {
                        map.entries.push(Entry {
                            key,
                            key_span,
                            value: node,
                        });
                    }
                }
            }
        }
    }
}

/// The length of a quoted scalar, quotes included; none where the text begins with no quote.
fn quoted_length(text: &str) -> Option<usize> {
    let mut bytes = text.bytes().enumerate();
    let (_, quote) = bytes
        .next()
        .filter(|(_, first)| matches!(first, b'"' | b'\''))?;
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'\\' if quote == b'"' => {
                bytes.next();
            }
            // Two single quotes are one of the text.
            b'\'' if quote == b'\'' && text.as_bytes().get(at + 1) == Some(&b'\'') => {
                bytes.next();
            }
            _ if byte == quote => return Some(at + 1),
            _ => {}
        }
    }
    None
}

/// A mapping with what its merge keys bring behind its own entries, never over them; of a list of
/// mappings the earlier wins (yaml.org/type/merge.html).
fn merged(mut map: Map, merges: &[(Span, Node)]) -> Map {
    for (_, merge) in merges {
        let one = std::slice::from_ref(merge);
        for source in merge.as_seq().unwrap_or(one) {
            let brought = source.as_map().map_or(&[][..], |other| &other.entries);
            for entry in brought {
                if map.entry(&entry.key).is_none() {
                    map.entries.push(entry.clone());
                }
            }
        }
    }
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::{Stream, read};

    fn stream(text: &str) -> Stream {
        read(SourceId(0), text, 0..text.len(), None, &Limits::default())
    }

    fn root(text: &str) -> Node {
        let stream = stream(text);
        assert_eq!(stream.problems, [], "{text}");
        stream.documents[0].root.clone()
    }

    fn at<'a>(text: &'a str, span: Span) -> &'a str {
        &text[span.start as usize..span.end as usize]
    }

    #[test]
    fn spans_are_the_tokens_as_written() {
        let text = "# ä\r\nname: \"böse\"   # x\r\nlist:\r\n  - a b  # c\r\n  - {k: 'v'}\r\nempty:\r\nblock: |\r\n  x\r\n";
        let root = root(text);
        assert_eq!(at(text, root.get("name").unwrap().span), "\"böse\"");
        let list = root.get("list").unwrap().as_seq().unwrap();
        assert_eq!(at(text, list[0].span), "a b");
        assert_eq!(at(text, list[1].span), "{k: 'v'}");
        assert_eq!(at(text, list[1].get("k").unwrap().span), "'v'");
        assert_eq!(at(text, root.entry("list").unwrap().key_span), "list");
        let empty = root.get("empty").unwrap();
        assert!(empty.is_null());
        assert_eq!(empty.span.start as usize, text.find("empty:").unwrap() + 6);
        assert!(at(text, root.get("block").unwrap().span).starts_with("|"));
    }

    #[test]
    fn anchors_and_merge_keys_keep_the_place_where_the_value_is_written() {
        let text = "base: &b {app: x, tier: web}\nuse:\n  <<: *b\n  app: z\nagain: *b\n";
        let root = root(text);
        let used = root.get("use").unwrap();
        assert_eq!(used.get("app").unwrap().as_str(), Some("z"));
        assert_eq!(used.get("tier").unwrap().as_str(), Some("web"));
        assert_eq!(
            used.get("tier").unwrap().span.start as usize,
            text.find("web").unwrap()
        );
        assert_eq!(root.at(&["again", "app"]).unwrap().as_str(), Some("x"));
        assert!(used.get("<<").is_none());
    }

    #[test]
    fn a_broken_document_does_not_hide_its_neighbours() {
        let text = "a: 1\n---\nb: [1, 2\nc: {\n---\nd: 3\n";
        let found = stream(text);
        assert_eq!(
            (found.documents.len(), found.problems.len(), found.seen),
            (2, 1, 3)
        );
        assert!(matches!(found.problems[0].kind, ProblemKind::Syntax(_)));
    }

    #[test]
    fn deep_nesting_is_refused_at_once() {
        let deep = 10_000;
        let block: String = (0..deep)
            .map(|level| format!("{}a:\n", " ".repeat(level)))
            .collect();
        let dashes = "- ".repeat(deep);
        for text in ["[".repeat(deep), "{a: ".repeat(deep), block, dashes] {
            let started = std::time::Instant::now();
            let found = stream(&text);
            assert_eq!(found.problems.len(), 1);
            assert!(started.elapsed().as_secs() < 5);
        }
    }

    #[test]
    fn alias_bombs_and_rings_are_refused() {
        let mut bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..20 {
            let before = format!("*a{}", level - 1);
            bomb += &format!("a{level}: &a{level} [{}]\n", vec![before; 10].join(", "));
        }
        assert!(matches!(
            stream(&bomb).problems[0].kind,
            ProblemKind::Limit(_)
        ));
        let mut chain = "- &a0 [x]\n".to_owned();
        for level in 1..2000 {
            chain += &format!("- &a{level} [*a{}]\n", level - 1);
        }
        assert!(matches!(
            stream(&chain).problems[0].kind,
            ProblemKind::Limit(_)
        ));
        assert!(matches!(
            stream("a: &a [*a]\n").problems[0].kind,
            ProblemKind::Syntax(_)
        ));
    }

    #[test]
    fn json_is_read_as_it_is() {
        let text = "{\t\"a\": \"x\\ud83d\\ude00y\", \"b\": \"\\/\", \"c\": [1, true, null]}";
        let root = root(text);
        assert_eq!(root.get("b").unwrap().as_str(), Some("/"));
        assert_eq!(at(text, root.get("c").unwrap().span), "[1, true, null]");
    }

    #[test]
    fn what_only_some_tools_refuse_is_read() {
        for text in [
            "{a: 1, b: x}",
            "--- {a: 1}\n",
            "%YAML 1.1\n---\na: 1\n",
            "\u{feff}a: 1\n",
        ] {
            assert!(root(text).get("a").is_some(), "{text}");
        }
    }

    #[test]
    fn a_mapping_is_no_key() {
        assert_eq!(stream("{{ .Values.x }}: 1\n").problems.len(), 1);
        assert_eq!(stream("a: {{ .Values.x }}\n").problems.len(), 1);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic_and_spans_slice_it(text in "[-a-c:{}\\[\\]&*|>'\"#\\n \\tä%!?,.<]{0,60}") {
            let found = stream(&text);
            let mut left: Vec<&Node> = found.documents.iter().map(|d| &d.root).collect();
            while let Some(node) = left.pop() {
                let span = node.span;
                proptest::prop_assert!(text.get(span.start as usize..span.end as usize).is_some());
                left.extend(node.as_seq().unwrap_or_default());
                left.extend(node.as_map().map_or(&[][..], |m| &m.entries).iter().map(|e| &e.value));
            }
        }
    }
}
