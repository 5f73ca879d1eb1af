//! Fields that a controller writes into a kustomization before it builds it.
//!
//! Flux' kustomize-controller and Argo CD edit the file itself and do not wrap it in another one:
//! their components come before the file's own patches, and their `namePrefix` replaces the file's.
//! Sources: `fluxcd/pkg/kustomize` (`Generator.WriteFile`), Argo CD's `util/kustomize` (`kustomize
//! edit set …`, `edit add …`).

use super::edit;
use crate::bundle::path::directory_depth;
use crate::yaml::{Entry, Node, Value};

/// Lists that are appended to.
const LISTS: &[&str] =
    &["components", "patches", "patchesStrategicMerge", "patchesJson6902", "labels", "images"];

/// The kustomization in `directory` with the fields that `written` has in addition to its
/// `resources`. Paths of components are relative to the repository's root.
pub(super) fn into(file: &Node, written: &Node, directory: &str) -> Node {
    let mut tree = file.clone();
    for entry in written.as_map().map_or(&[][..], |map| &map.entries) {
        let key = entry.key.as_str();
        let there = tree.get(key).filter(|there| !there.is_null());
        match (key, there.map(|there| &there.value), &entry.value.value) {
            ("resources", ..) => {}
            ("components", ..) => append(&mut tree, &from_directory(entry, directory)),
            (key, Some(Value::Seq(_)), Value::Seq(_)) if LISTS.contains(&key) => {
                append(&mut tree, entry);
            }
            (_, Some(Value::Map(_)), Value::Map(map)) => {
                if let Some(there) = edit::get_mut(&mut tree, key) {
                    map.entries.iter().for_each(|entry| {
                        edit::put(there, entry.clone());
                    });
                }
            }
            _ => {
                edit::put(&mut tree, entry.clone());
            }
        }
    }
    tree
}

/// Appends the items of a list to the existing one.
fn append(tree: &mut Node, entry: &Entry) {
    let there = edit::get_mut(tree, &entry.key).and_then(edit::items_mut);
    match there {
        Some(items) => items.extend(entry.value.as_seq().unwrap_or_default().iter().cloned()),
        None => {
            edit::put(tree, entry.clone());
        }
    }
}

/// A list of paths relative to the root, made relative to a directory.
fn from_directory(entry: &Entry, directory: &str) -> Entry {
    let up = "../".repeat(directory_depth(directory));
    let moved = |item: &Node| match item.as_str() {
        Some(path) => edit::string(item.span, format!("{up}{path}")),
        None => item.clone(),
    };
    let items: Vec<Node> = entry.value.as_seq().unwrap_or_default().iter().map(moved).collect();
    let value = Node { span: entry.value.span, value: Value::Seq(items.into()) };
    Entry { value, ..entry.clone() }
}
