//! From places in what a template makes to places in the template.

use std::sync::Arc;

use super::template::{Mark, Origin, Origins, Trace};
use crate::bundle::{Write, Writer};
use crate::text::{Sources, Span};
use crate::yaml::{Entry, Map, Node, Scalar, ScalarKind, Value};

/// The text that a template made, and where each piece of it comes from.
pub(super) struct Places<'a> {
    pub(super) text: &'a str,
    pub(super) marks: &'a [Mark],
    pub(super) origins: &'a Origins,
    pub(super) sources: &'a Sources,
    /// Where all of it is, where nothing better is known.
    pub(super) fallback: Span,
}

/// What stands in a manifest for what is another one in each rendering. The model takes it for
/// unknown.
const UNKNOWN: &str = "${UNKNOWN}";

impl Places<'_> {
    /// The same tree with its spans where they are written. What values wrote is noted in
    /// `writes`, if it is wanted.
    pub(super) fn rewritten(&self, node: &Node, writes: Option<&mut Vec<Write>>) -> Node {
        self.node(node, "", &mut Noted { path: String::new(), writes })
    }

    fn node(&self, node: &Node, key: &str, noted: &mut Noted<'_>) -> Node {
        match &node.value {
            Value::Scalar(scalar) => {
                let place = self.place(node.span);
                if noted.is_wanted() {
                    let before = |span| Node { span, value: node.value.clone() };
                    if let Some(value) = self.value(node.span) {
                        noted.write(key, Writer::Value, place, before(value));
                    }
                    if let Some(inner) = self.included(node.span) {
                        noted.write(key, Writer::Include, place, before(inner));
                    }
                }
                Node { span: place, value: Value::Scalar(self.known(scalar, node.span)) }
            }
            Value::Seq(items) if !items.is_empty() => {
                let items: Vec<Node> = items
                    .iter()
                    .enumerate()
                    .map(|(nth, item)| {
                        let before = noted.path.len();
                        noted.enter(key, Some(nth));
                        let node = self.node(item, "", noted);
                        noted.path.truncate(before);
                        node
                    })
                    .collect();
                let span = hull(items.iter().map(|item| item.span));
                let span = span.unwrap_or_else(|| self.place(node.span));
                Node { span, value: Value::Seq(items.into()) }
            }
            Value::Map(map) if !map.entries.is_empty() => {
                let before = noted.path.len();
                noted.enter(key, None);
                let entries = map.entries.iter().map(|entry| Entry {
                    key: entry.key.clone(),
                    key_span: self.place(entry.key_span),
                    value: self.node(&entry.value, &entry.key, noted),
                });
                let map = Map { entries: entries.collect() };
                noted.path.truncate(before);
                let spans = map.entries.iter().flat_map(|entry| [entry.key_span, entry.value.span]);
                let span = hull(spans).unwrap_or_else(|| self.place(node.span));
                Node { span, value: Value::Map(Arc::new(map)) }
            }
            Value::Seq(_) | Value::Map(_) => {
                Node { span: self.place(node.span), value: node.value.clone() }
            }
        }
    }

    /// The scalar, or that it is unknown.
    fn known(&self, scalar: &Scalar, span: Span) -> Scalar {
        let is_unknown = |(_, _, trace): (usize, usize, Trace)| trace.is_unknown;
        if scalar.kind != ScalarKind::Str || !self.pieces(span).any(is_unknown) {
            return scalar.clone();
        }
        Scalar { text: UNKNOWN.into(), ..scalar.clone() }
    }

    /// Where a token is written: one line.
    pub(super) fn place(&self, span: Span) -> Span {
        let mut all: Option<Span> = None;
        for (from, to, origin) in self.marked(span) {
            let Some(place) = self.piece(from, to, origin) else { continue };
            all = Some(match all {
                Some(all) if all.source == place.source && place.end >= all.start => {
                    Span { start: all.start.min(place.start), end: all.end.max(place.end), ..all }
                }
                Some(all) => all,
                None => place,
            });
        }
        self.one_line(all.unwrap_or(self.fallback))
    }

    /// Where a piece of what was made, from one byte to another, is written.
    fn piece(&self, from: usize, to: usize, mark: Mark) -> Option<Span> {
        self.piece_of(self.origins.outermost(mark.origin), from, to, mark)
    }

    fn piece_of(&self, trace: Trace, from: usize, to: usize, mark: Mark) -> Option<Span> {
        let template = trace.template?;
        if !trace.is_literal {
            return Some(template);
        }
        let start = template.start as usize + mark.offset as usize;
        let (from, to) = (from - mark.start as usize, to - mark.start as usize);
        let end = (start + to).min(template.end as usize);
        Some(Span::new(template.source, (start + from).min(end), end))
    }

    /// The first line of a place, without the space around it.
    fn one_line(&self, span: Span) -> Span {
        let text = self.sources.get(span.source).text();
        let all = text.get(span.start as usize..span.end as usize).unwrap_or("");
        let line = all.split('\n').find(|line| !line.trim().is_empty()).unwrap_or("");
        let skipped = (line.as_ptr() as usize).saturating_sub(all.as_ptr() as usize);
        let indent = line.len() - line.trim_start().len();
        if line.is_empty() {
            return span.at_start();
        }
        let start = span.start as usize + skipped + indent;
        Span::new(span.source, start, start + line.trim().len())
    }

    /// The marks of a token, each with its bytes; that before an empty one.
    fn marked(&self, span: Span) -> impl Iterator<Item = (usize, usize, Mark)> {
        let (start, end) = (span.start as usize, span.end as usize);
        // Nothing is written in a line where something could be.
        let (start, end) =
            if start == end { (start.saturating_sub(1), end.max(1)) } else { (start, end) };
        let first = self.marks.partition_point(|mark| mark.start as usize <= start);
        let marks = self.marks.iter().enumerate().skip(first.saturating_sub(1));
        let inner = marks.take_while(move |(_, mark)| (mark.start as usize) < end);
        inner.filter_map(move |(nth, mark)| {
            let next = self.marks.get(nth + 1).map_or(self.text.len(), |next| next.start as usize);
            let (from, to) = (start.max(mark.start as usize), end.min(next));
            (from < to && mark.origin != Origin::NONE).then_some((from, to, *mark))
        })
    }

    fn pieces(&self, span: Span) -> impl Iterator<Item = (usize, usize, Trace)> {
        self.marked(span).map(|(from, to, mark)| (from, to, self.origins.get(mark.origin)))
    }

    /// Where a token is written in a template that is included.
    fn included(&self, span: Span) -> Option<Span> {
        let inner = self.marked(span).find_map(|(from, to, mark)| {
            let trace = self.origins.get(mark.origin);
            let is_included = trace.caller != Origin::NONE;
            is_included.then(|| self.piece_of(trace, from, to, mark)).flatten()
        });
        inner.map(|inner| self.one_line(inner))
    }

    /// The value that a token is made of.
    fn value(&self, span: Span) -> Option<Span> {
        self.pieces(span).find_map(|(_, _, trace)| trace.value)
    }
}

/// What values wrote, as far as it is wanted.
struct Noted<'w> {
    /// Where the walk is.
    path: String,
    writes: Option<&'w mut Vec<Write>>,
}

/// No field of a policy has a longer path.
const LONGEST: usize = 1000;

impl Noted<'_> {
    fn is_wanted(&self) -> bool {
        self.writes.is_some() && self.path.len() <= LONGEST
    }

    fn write(&mut self, key: &str, writer: Writer, place: Span, before: Node) {
        if let Some(writes) = &mut self.writes {
            let (holder, key) = (self.path.clone(), key.into());
            let before = Some(before);
            writes.push(Write { holder, key, writer, place, before });
        }
    }

    fn enter(&mut self, key: &str, nth: Option<usize>) {
        if self.writes.is_none() {
            return;
        }
        if !key.is_empty() && !self.path.is_empty() {
            self.path.push('.');
        }
        self.path.push_str(key);
        if let Some(nth) = nth {
            self.path.push_str(&format!("[{nth}]"));
        }
    }
}

/// From the first to the last of those that lie in the source of the first.
fn hull(spans: impl Iterator<Item = Span>) -> Option<Span> {
    spans.reduce(|all, span| match all.source == span.source {
        true => Span { start: all.start.min(span.start), end: all.end.max(span.end), ..all },
        false => all,
    })
}
