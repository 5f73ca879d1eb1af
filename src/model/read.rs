//! Reads fields of manifests as the API server decodes them.

use compact_str::CompactString;

use super::field::{Field, Place, Why};
use super::tiered::found;
use crate::text::Span;
use crate::yaml::{Entry, Node, ScalarKind};

/// The field `key` of a mapping, read by `read`; `null` is absent.
pub(super) fn field<T>(
    map: Option<&Node>,
    key: &str,
    read: impl FnOnce(&Node) -> Result<T, Why>,
) -> Field<T> {
    let Some(entry) = map.and_then(|node| node.entry(key)).filter(|e| !e.value.is_null()) else {
        return Field::Absent;
    };
    match read(&entry.value) {
        Ok(value) => Field::Given(value, place(entry)),
        Err(why) => Field::Wrong(place(entry), why),
    }
}

pub(super) fn place(entry: &Entry) -> Place {
    Place { key: entry.key_span, value: entry.value.span }
}

/// The items of a list. An item for which `read` returns `None` is left out.
pub(super) fn list<T>(node: &Node, read: impl FnMut(&Node) -> Option<T>) -> Result<Vec<T>, Why> {
    match node.as_seq() {
        Some(items) => Ok(items.iter().filter_map(read).collect()),
        None => Err(wrong_type("a list", node)),
    }
}

pub(super) fn wrong_type(wanted: &'static str, node: &Node) -> Why {
    Why::Type { wanted, found: found(node) }
}

/// A string as the API server's decoder reads it: `null` is the empty string, a boolean or a number
/// is rejected.
///
/// # Errors
/// Why it is rejected.
pub fn string(node: &Node) -> Result<CompactString, Why> {
    let Some(scalar) = node.as_scalar() else {
        return Err(wrong_type("a string", node));
    };
    match scalar.kind {
        ScalarKind::Str => Ok(scalar.text.clone()),
        ScalarKind::Null => Ok(CompactString::default()),
        ScalarKind::Bool(_) => Err(Why::Unquoted("a boolean")),
        ScalarKind::Int(_) | ScalarKind::Float(_) | ScalarKind::NotJson => {
            Err(Why::Unquoted("a number"))
        }
    }
}

/// The first key of an item, or else the item's start: what follows the dash.
pub(super) fn first_token(node: &Node) -> Span {
    let first_key = node.as_map().and_then(|map| map.entries.iter().map(|e| e.key_span).min());
    first_key.unwrap_or(node.span)
}

/// Whether an item that should be a mapping is neither a mapping nor null (the zero value).
pub(super) fn is_wrong_item(node: &Node) -> bool {
    node.as_map().is_none() && !node.is_null()
}
