//! What a patch must not change: an object's identity.

use super::edit;
use crate::yaml::{Entry, Node};

/// The entries that identify an object, and its `metadata` without any other.
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

/// Restores an entry, or removes the current one.
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
