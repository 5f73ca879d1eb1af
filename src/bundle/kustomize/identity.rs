//! What a patch must not change: who an object is.

use super::edit;
use crate::yaml::{Entry, Node};

/// The entries that say who an object is, and its `metadata` without any other.
pub(super) struct Identity {
    pub api_version: Option<Entry>,
    pub kind: Option<Entry>,
    pub metadata: Option<Entry>,
    pub name: Option<Entry>,
    pub namespace: Option<Entry>,
}

impl Identity {
    pub fn of(tree: &Node) -> Self {
        let metadata = tree.entry("metadata");
        let of_metadata = |key: &str| metadata.and_then(|it| it.value.entry(key)).cloned();
        let bare = |entry: &Entry| Entry {
            value: edit::map(entry.value.span, Vec::new()),
            key: entry.key.clone(),
            key_span: entry.key_span,
        };
        Self {
            api_version: tree.entry("apiVersion").cloned(),
            kind: tree.entry("kind").cloned(),
            metadata: metadata.map(bare),
            name: of_metadata("name"),
            namespace: of_metadata("namespace"),
        }
    }
}

/// Puts an entry back, or takes out what stands in its place.
pub(super) fn restore(tree: &mut Node, key: &str, before: Option<Entry>) {
    match before {
        Some(entry) => {
            edit::put(tree, entry);
        }
        None => {
            edit::remove(tree, key);
        }
    }
}
