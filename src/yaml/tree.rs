//! From events to trees. A stack of open collections replaces recursion, so no input can overflow
//! the call stack; depth is limited before a tree gets too deep for the code that walks (or drops)
//! it.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use compact_str::CompactString;

use super::events::{Event, Failure, Properties, Style};
use super::scalar::{self, Tag};
use super::stop::{Input, Stop, What, depth_limit};
use super::{Entry, Limits, Map, Node, Scalar, ScalarKind, Value};
use super::{json, token};
use crate::text::Span;

/// A complete node.
#[derive(Clone, Debug)]
struct Done {
    node: Node,
    /// How many nodes it has, with aliases expanded.
    nodes: usize,
    /// How many levels deep it is, with aliases expanded.
    height: usize,
}

/// A collection whose end is not reached yet.
#[derive(Debug)]
struct Open {
    start: usize,
    in_brackets: bool,
    anchor: Option<usize>,
    nodes: usize,
    height: usize,
    items: Items,
}

#[derive(Debug)]
enum Items {
    Seq(Vec<Node>),
    Map { map: Map, merged: Vec<Arc<Map>>, key: Option<Key> },
}

#[derive(Debug)]
struct Key {
    text: CompactString,
    span: Span,
    merges: bool,
}

/// The role of the next node in its parent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Root,
    Item,
    Key,
    Value,
}

/// Builds the trees of one text from its events.
pub(super) struct Builder<'t> {
    input: Input<'t>,
    nodes_limit: usize,
    depth_limit: usize,
    has_filler: bool,
    open: Vec<Open>,
    /// Anchored nodes; `None` while they are still open.
    anchors: HashMap<usize, Option<Done>>,
    roots: Vec<Node>,
    /// The end of the last token that is not an indicator.
    cursor: usize,
    /// Nodes so far, with aliases expanded.
    nodes: usize,
}

impl<'t> Builder<'t> {
    /// `has_filler`: surrogates were joined ([`json::join_surrogates`]).
    pub(super) fn new(input: Input<'t>, limits: &Limits, has_filler: bool) -> Self {
        Self {
            input,
            nodes_limit: limits.nodes,
            depth_limit: depth_limit(limits),
            has_filler,
            open: Vec::new(),
            anchors: HashMap::new(),
            roots: Vec::new(),
            cursor: 0,
            nodes: 0,
        }
    }

    /// The root of each document.
    pub(super) fn run<'e>(
        mut self,
        events: impl Iterator<Item = Result<(Event<'e>, Range<usize>), Failure>>,
    ) -> Result<Vec<Node>, Stop> {
        for event in events {
            let (event, place) = event?;
            match event {
                Event::DocumentStart => self.document(place),
                Event::DocumentEnd => {}
                Event::Alias(anchor) => self.alias(anchor, place)?,
                Event::Scalar(text, style, properties) => {
                    self.scalar(&text, style, properties, place)?;
                }
                Event::SequenceStart(properties) => self.sequence(properties, place)?,
                Event::MappingStart(properties) => self.mapping(properties, place)?,
                Event::CollectionEnd => self.close(place)?,
            }
        }
        Ok(self.roots)
    }

    /// Tokens begin after the marker. Without one, the place is that of the first token.
    fn document(&mut self, place: Range<usize>) {
        let is_marker = self.bytes().get(place.start..).is_some_and(|b| b.starts_with(b"---"));
        if is_marker && place.len() == 3 {
            self.cursor = place.end;
        }
    }

    fn bytes(&self) -> &'t [u8] {
        self.input.text.as_bytes()
    }

    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.input.source, self.input.base + start, self.input.base + end)
    }

    fn role(&self) -> Role {
        match self.open.last().map(|open| &open.items) {
            None => Role::Root,
            Some(Items::Seq(_)) => Role::Item,
            Some(Items::Map { key: None, .. }) => Role::Key,
            Some(Items::Map { key: Some(_), .. }) => Role::Value,
        }
    }

    fn alias(&mut self, anchor: usize, place: Range<usize>) -> Result<(), Stop> {
        let at = place.start;
        let Some(Some(done)) = self.anchors.get(&anchor) else {
            return Err(Stop::syntax(at, "this alias is inside the value that it repeats"));
        };
        let done = done.clone();
        if self.open.len() + done.height > self.depth_limit {
            return Err(Stop { at, what: What::Depth });
        }
        self.count(done.nodes, at)?;
        self.cursor = place.end;
        let span = self.span(place.start, place.end);
        self.attach(done, span)
    }

    fn scalar(
        &mut self,
        text: &str,
        style: Style,
        properties: Properties,
        place: Range<usize>,
    ) -> Result<(), Stop> {
        let token = match style {
            Style::Plain if text.is_empty() => self.empty_token(properties, &place),
            Style::Plain => self.skip_properties(&place, properties).1..place.end,
            Style::Quoted => {
                let start = self.skip_properties(&place, properties).1;
                start..token::quoted_end(self.bytes(), start)
            }
            Style::Block => self.block_token(properties, &place),
        };
        let scalar = self
            .read(text, style, properties.tag)
            .map_err(|message| Stop { at: token.start, what: What::Syntax(Cow::Owned(message)) })?;
        self.count(1, token.start)?;
        self.cursor = token.end;
        let span = self.span(token.start, token.end);
        let done = Done { node: Node { span, value: Value::Scalar(scalar) }, nodes: 1, height: 0 };
        if let Some(anchor) = properties.anchor {
            self.anchors.insert(anchor, Some(done.clone()));
        }
        if self.role() == Role::Key && is_merge_key(&done.node, properties.tag) {
            self.set_key(CompactString::const_new("<<"), span, true);
            return Ok(());
        }
        self.attach(done, span)
    }

    fn read(&self, text: &str, style: Style, tag: Option<Tag>) -> Result<Scalar, String> {
        let plain = style == Style::Plain;
        let stripped = self.has_filler.then(|| text.replace(json::FILLER, ""));
        let text = stripped.as_deref().unwrap_or(text);
        let (kind, decoded) = match tag {
            Some(tag) => scalar::tagged(tag, text)?,
            None if plain => (scalar::resolve(text), None),
            None => (ScalarKind::Str, None),
        };
        let text = CompactString::from(decoded.as_deref().unwrap_or(text));
        Ok(Scalar { text, kind, plain })
    }

    fn skip_properties(&self, place: &Range<usize>, properties: Properties) -> (usize, usize) {
        token::skip_properties(self.bytes(), place.start, properties.count())
    }

    /// An empty scalar: right after the colon, the dash, or the anchor and tag.
    fn empty_token(&self, properties: Properties, place: &Range<usize>) -> Range<usize> {
        let after = |indicator| token::after_indicator(self.bytes(), self.cursor, indicator);
        let at = match self.role() {
            _ if properties.count() > 0 => self.skip_properties(place, properties).0,
            Role::Value => after(b':').unwrap_or(self.cursor),
            Role::Item => after(b'-').unwrap_or(self.cursor),
            Role::Key | Role::Root => self.cursor,
        };
        at..at
    }

    fn block_token(&self, properties: Properties, place: &Range<usize>) -> Range<usize> {
        let header = match properties.count() {
            0 => token::block_header(self.bytes(), self.cursor).unwrap_or(place.start),
            _ => self.skip_properties(place, properties).1,
        };
        header..token::block_end(self.bytes(), header, place.end.max(header))
    }

    fn sequence(&mut self, properties: Properties, place: Range<usize>) -> Result<(), Stop> {
        let start = match (properties.count(), self.role()) {
            (0, Role::Value) if place.is_empty() => {
                token::first_dash(self.bytes(), self.cursor).unwrap_or(place.start)
            }
            _ => self.skip_properties(&place, properties).1,
        };
        self.open(start, b'[', properties.anchor, Items::Seq(Vec::new()))
    }

    fn mapping(&mut self, properties: Properties, place: Range<usize>) -> Result<(), Stop> {
        let start = self.skip_properties(&place, properties).1;
        let items = Items::Map { map: Map::default(), merged: Vec::new(), key: None };
        self.open(start, b'{', properties.anchor, items)
    }

    fn open(
        &mut self,
        start: usize,
        bracket: u8,
        anchor: Option<usize>,
        items: Items,
    ) -> Result<(), Stop> {
        if self.role() == Role::Key {
            let message = match items {
                Items::Seq(_) => "a sequence can't be a key: JSON has only strings as keys",
                Items::Map { .. } => "a mapping can't be a key: JSON has only strings as keys",
            };
            return Err(Stop::syntax(start, message));
        }
        if self.open.len() >= self.depth_limit {
            return Err(Stop { at: start, what: What::Depth });
        }
        self.count(1, start)?;
        if let Some(anchor) = anchor {
            self.anchors.insert(anchor, None);
        }
        let in_brackets = self.bytes().get(start) == Some(&bracket);
        self.cursor = if in_brackets { start + 1 } else { start };
        self.open.push(Open { start, in_brackets, anchor, nodes: 1, height: 1, items });
        Ok(())
    }

    fn close(&mut self, place: Range<usize>) -> Result<(), Stop> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        if open.in_brackets {
            self.cursor = place.start + 1;
        }
        let span = self.span(open.start, self.cursor.max(open.start));
        let value = match open.items {
            Items::Seq(items) => Value::Seq(items.into()),
            Items::Map { mut map, merged, .. } => {
                append_merged(&mut map, &merged);
                Value::Map(Arc::new(map))
            }
        };
        let done = Done { node: Node { span, value }, nodes: open.nodes, height: open.height };
        if let Some(anchor) = open.anchor {
            self.anchors.insert(anchor, Some(done.clone()));
        }
        self.attach(done, span)
    }

    fn count(&mut self, nodes: usize, at: usize) -> Result<(), Stop> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.nodes_limit {
            return Err(Stop { at, what: What::Nodes });
        }
        Ok(())
    }

    fn set_key(&mut self, text: CompactString, span: Span, merges: bool) {
        if let Some(Open { items: Items::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Some(Key { text, span, merges });
        }
    }

    /// Adds a node to its parent. `place` is where it is used, which for an alias is not where it
    /// is written.
    fn attach(&mut self, done: Done, place: Span) -> Result<(), Stop> {
        let at = (place.start as usize).saturating_sub(self.input.base);
        let Some(parent) = self.open.last_mut() else {
            self.roots.push(done.node);
            return Ok(());
        };
        parent.nodes = parent.nodes.saturating_add(done.nodes);
        parent.height = parent.height.max(done.height + 1);
        match &mut parent.items {
            Items::Seq(items) => items.push(done.node),
            Items::Map { map, merged, key } => match key.take() {
                None => {
                    let Value::Scalar(scalar) = done.node.value else {
                        let message = "this alias can't be a key: its value is not a string";
                        return Err(Stop::syntax(at, message));
                    };
                    if scalar.kind == ScalarKind::Null {
                        let colon = token::skip_space(self.input.text.as_bytes(), at);
                        let message = "a key can't be empty or null";
                        return Err(Stop::syntax(colon, message));
                    }
                    *key = Some(Key { text: scalar.text, span: place, merges: false });
                }
                Some(Key { merges: true, .. }) => {
                    let maps = maps_to_merge(&done.node).ok_or_else(|| {
                        Stop::syntax(at, "`<<` takes a mapping, or a sequence of mappings")
                    })?;
                    merged.extend(maps);
                }
                Some(Key { text, span, .. }) => {
                    map.entries.push(Entry { key: text, key_span: span, value: done.node });
                }
            },
        }
        Ok(())
    }
}

/// Only a plain `<<` merges; a quoted one is a key like any other.
fn is_merge_key(node: &Node, tag: Option<Tag>) -> bool {
    let is_plain = |scalar: &Scalar| scalar.plain && scalar.text == "<<";
    matches!(tag, None | Some(Tag::Merge)) && node.as_scalar().is_some_and(is_plain)
}

fn maps_to_merge(node: &Node) -> Option<Vec<Arc<Map>>> {
    let map = |node: &Node| match &node.value {
        Value::Map(map) => Some(Arc::clone(map)),
        _ => None,
    };
    match &node.value {
        Value::Map(map) => Some(vec![Arc::clone(map)]),
        Value::Seq(items) => items.iter().map(map).collect(),
        Value::Scalar(_) => None,
    }
}

/// Adds the entries of merge keys: they never override an existing one, and the earlier mapping
/// wins.
fn append_merged(map: &mut Map, merged: &[Arc<Map>]) {
    if merged.is_empty() {
        return;
    }
    let mut keys: HashSet<CompactString> = map.entries.iter().map(|e| e.key.clone()).collect();
    for entry in merged.iter().flat_map(|other| &other.entries) {
        if keys.insert(entry.key.clone()) {
            map.entries.push(entry.clone());
        }
    }
}
