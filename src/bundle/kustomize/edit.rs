//! Changes to trees. A change creates new nodes only along its path; all others stay shared.

use std::sync::Arc;

use compact_str::CompactString;

use crate::text::Span;
use crate::yaml::{Entry, Map, Node, Scalar, ScalarKind, Value};

/// The entries, mutable, if it is a mapping.
pub(super) fn entries_mut(node: &mut Node) -> Option<&mut Vec<Entry>> {
    match &mut node.value {
        Value::Map(map) => Some(&mut Arc::make_mut(map).entries),
        _ => None,
    }
}

/// The items, mutable, if it is a sequence.
pub(super) fn items_mut(node: &mut Node) -> Option<&mut Vec<Node>> {
    match &mut node.value {
        Value::Seq(items) => Some(Arc::make_mut(items)),
        _ => None,
    }
}

/// The value of `key`, mutable.
pub(super) fn get_mut<'a>(node: &'a mut Node, key: &str) -> Option<&'a mut Node> {
    let entries = entries_mut(node)?;
    entries.iter_mut().rev().find(|entry| entry.key == key).map(|entry| &mut entry.value)
}

/// Replaces the entry with the same key, or adds one after all others; returns the old value. No
/// effect unless it is a mapping.
pub(super) fn put(node: &mut Node, entry: Entry) -> Option<Node> {
    let entries = entries_mut(node)?;
    match entries.iter_mut().rev().find(|known| known.key == entry.key) {
        Some(known) => Some(std::mem::replace(known, entry).value),
        None => {
            entries.push(entry);
            None
        }
    }
}

/// Removes the entries with that key.
pub(super) fn remove(node: &mut Node, key: &str) -> Option<Entry> {
    node.entry(key)?;
    let entries = entries_mut(node)?;
    let at = entries.iter().rposition(|entry| entry.key == key)?;
    let taken = entries.remove(at);
    entries.retain(|entry| entry.key != key);
    Some(taken)
}

/// A mapping without entries, with the span `span`.
pub(super) fn empty_map(span: Span) -> Node {
    Node { span, value: Value::Map(Arc::new(Map::default())) }
}

/// A mapping of entries.
pub(super) fn map(span: Span, entries: Vec<Entry>) -> Node {
    Node { span, value: Value::Map(Arc::new(Map { entries })) }
}

/// A string with the span `span`.
pub(super) fn string(span: Span, text: impl Into<CompactString>) -> Node {
    let scalar = Scalar { text: text.into(), kind: ScalarKind::Str, plain: false };
    Node { span, value: Value::Scalar(scalar) }
}

/// An entry whose key and value have the span `span`.
pub(super) fn entry(span: Span, key: &str, value: Node) -> Entry {
    Entry { key: key.into(), key_span: span, value }
}

/// How deep a tree is, up to `limit` (deeper is `limit + 1`).
pub(super) fn depth(node: &Node, limit: usize) -> usize {
    if limit == 0 {
        return 1;
    }
    let below = |node: &Node| depth(node, limit - 1);
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::Map(map) => map.entries.iter().map(|entry| below(&entry.value)).max().unwrap_or(0),
        Value::Seq(items) => items.iter().map(below).max().unwrap_or(0),
    }
}

/// How many nodes a tree has, counted up to about `limit`.
pub(super) fn size(node: &Node, limit: usize) -> usize {
    let mut count = 1;
    let mut add = |node: &Node| {
        if count <= limit {
            count += size(node, limit - count.min(limit));
        }
    };
    match &node.value {
        Value::Scalar(_) => {}
        Value::Map(map) => map.entries.iter().for_each(|entry| add(&entry.value)),
        Value::Seq(items) => items.iter().for_each(add),
    }
    count
}

/// `holder` and `key` as one field path.
pub(super) fn below(holder: &str, key: &str) -> String {
    if holder.is_empty() { key.to_owned() } else { format!("{holder}.{key}") }
}

/// The first duplicate key in a mapping of this tree.
pub(super) fn twice(node: &Node) -> Option<(&str, Span, Span)> {
    match &node.value {
        Value::Scalar(_) => None,
        Value::Seq(items) => items.iter().find_map(twice),
        Value::Map(map) => {
            let mut seen: std::collections::HashMap<&str, Span> = std::collections::HashMap::new();
            for entry in &map.entries {
                if let Some(first) = seen.insert(entry.key.as_str(), entry.key_span) {
                    return Some((entry.key.as_str(), entry.key_span, first));
                }
            }
            map.entries.iter().find_map(|entry| twice(&entry.value))
        }
    }
}

/// One token to point at: a scalar on one line, or else the first key of a mapping, or else the
/// start.
pub(super) fn token(node: &Node) -> Span {
    match &node.value {
        Value::Scalar(_) => node.span,
        Value::Map(map) => map.entries.first().map_or(node.span.at_start(), |e| e.key_span),
        Value::Seq(items) => items.first().map_or(node.span.at_start(), token),
    }
}
