//! Editing trees: nodes along the changed path are made anew, all others stay shared.

use std::sync::Arc;

use compact_str::CompactString;

use crate::text::Span;
use crate::yaml::{Entry, Map, Node, Scalar, ScalarKind, Value};

/// The entries of a mapping, to be changed.
pub(super) fn map_mut(node: &mut Node) -> Option<&mut Map> {
    match &mut node.value {
        Value::Map(map) => Some(Arc::make_mut(map)),
        _ => None,
    }
}

/// The items of a sequence, to be changed.
pub(super) fn seq_mut(node: &mut Node) -> Option<&mut [Node]> {
    match &mut node.value {
        Value::Seq(items) => Some(Arc::make_mut(items)),
        _ => None,
    }
}

/// The value of `key`, to be changed.
pub(super) fn get_mut<'n>(node: &'n mut Node, key: &str) -> Option<&'n mut Node> {
    let map = map_mut(node)?;
    map.entries.iter_mut().rev().find(|entry| entry.key == key).map(|entry| &mut entry.value)
}

/// Writes an entry over the one of its key, or adds it; returns what was there.
pub(super) fn set(map: &mut Map, new: Entry) -> Option<Node> {
    match map.entries.iter_mut().rev().find(|entry| entry.key == new.key) {
        Some(entry) => Some(std::mem::replace(entry, new).value),
        None => {
            map.entries.push(new);
            None
        }
    }
}

/// Takes an entry out.
pub(super) fn remove(map: &mut Map, key: &str) -> Option<Entry> {
    let at = map.entries.iter().rposition(|entry| entry.key == key)?;
    Some(map.entries.remove(at))
}

/// A string that stands at `span`.
pub(super) fn string(text: &str, span: Span) -> Node {
    let scalar = Scalar { text: CompactString::new(text), kind: ScalarKind::Str, plain: true };
    Node { span, value: Value::Scalar(scalar) }
}

/// A mapping that is made at `span`.
pub(super) fn mapping(entries: Vec<Entry>, span: Span) -> Node {
    Node { span, value: Value::Map(Arc::new(Map { entries })) }
}

/// A sequence that is made at `span`.
pub(super) fn sequence(items: Vec<Node>, span: Span) -> Node {
    Node { span, value: Value::Seq(items.into()) }
}

/// An entry.
pub(super) fn entry(key: &str, key_span: Span, value: Node) -> Entry {
    Entry { key: CompactString::new(key), key_span, value }
}

/// The first line of what a node says, for a message's place.
pub(super) fn first_line(node: &Node) -> Span {
    match &node.value {
        Value::Scalar(_) => node.span,
        Value::Map(map) => map.entries.first().map_or(node.span.at_start(), |entry| entry.key_span),
        Value::Seq(items) => items.first().map_or(node.span.at_start(), first_line),
    }
}

/// The text of a scalar, whatever it is read as.
pub(super) fn text(node: &Node) -> Option<&str> {
    node.as_scalar().filter(|scalar| scalar.kind != ScalarKind::Null).map(|s| s.text.as_str())
}
