//! The annotations that kustomize uses internally while it builds.

use super::edit;
use super::json_patch::Operation;
use super::object::Object;
use crate::text::Span;
use crate::yaml::Node;

impl Object {
    /// Once kustomize has recorded an earlier identity of an object, in annotations of its own, a
    /// JSON patch finds annotations even if none are written. Returns whether it was given some.
    pub fn annotate(&mut self, operations: &[Operation], place: Span) -> bool {
        let touches = operations.iter().any(Operation::touches_annotations);
        let there = self.tree.at(&["metadata", "annotations"]);
        let lacks = touches && !self.previous.is_empty() && there.is_none_or(Node::is_null);
        if lacks && let Some(metadata) = edit::get_mut(&mut self.tree, "metadata") {
            edit::put(metadata, edit::entry(place, "annotations", edit::empty_map(place)));
        }
        lacks
    }

    /// Removes them again if nothing was added to them.
    pub fn drop_empty_annotations(&mut self) {
        let there = self.tree.at(&["metadata", "annotations"]).and_then(Node::as_map);
        if there.is_some_and(|map| map.entries.is_empty())
            && let Some(metadata) = edit::get_mut(&mut self.tree, "metadata")
        {
            self.keys.forget();
            edit::remove(metadata, "annotations");
        }
    }
}
