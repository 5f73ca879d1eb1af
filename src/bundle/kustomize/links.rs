//! Labels that are linked. A label that kustomize writes to several fields of an object at once is
//! one node to it (`filtersutil.SetEntry`): if one of the fields changes later, by `labels`, a
//! strategic merge patch or a replacement, all of them change, even a policy's selector. That is
//! hardly intended, but it is what is applied.

use std::collections::BTreeMap;

use compact_str::CompactString;

use crate::text::Span;

/// The linked labels of one object, by their keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Links(pub(super) BTreeMap<CompactString, Vec<Link>>);

/// One label in several places.
#[derive(Clone, Debug)]
pub(super) struct Link {
    /// The place of its current value.
    pub(super) span: Span,
    /// The field paths of the mappings that contain it.
    pub(super) holders: Vec<String>,
}

impl Links {
    /// Removes all links.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}
