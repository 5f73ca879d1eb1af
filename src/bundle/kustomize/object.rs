//! One object on its way through the layers.

use std::sync::Arc;

use compact_str::CompactString;

use super::id::Id;
use super::keys::Keys;
use super::links::Links;
use super::rest::Rest;
use crate::bundle::{Head, Write, Writer};
use crate::text::Span;
use crate::yaml::Node;

/// One object on its way through the layers.
#[derive(Clone, Debug)]
pub(super) struct Object {
    /// Its original identity and place.
    pub head: Head,
    /// Its current tree.
    pub tree: Node,
    /// Its identity as of [`Object::identify`].
    id: Id,
    /// What overlays wrote into it.
    pub writes: Vec<Write>,
    /// Its earlier names, namespaces and kinds, oldest first.
    pub previous: Vec<Previous>,
    /// The `vars` that take their value from it.
    pub vars: Vec<CompactString>,
    /// Labels in several places that are linked.
    pub links: Links,
    /// The positions of the keys of its large mappings.
    pub keys: Keys,
    /// Whether it has data that is not in the repository.
    pub has_more_data: bool,
    /// The part of it that was not parsed.
    pub rest: Option<Arc<Rest>>,
    /// Nodes that patches and replacements have copied into it.
    pub grown: usize,
}

/// An earlier identity. Group and version are always the current ones, as in kustomize.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Previous {
    pub kind: CompactString,
    pub name: CompactString,
    pub namespace: CompactString,
}

impl Object {
    pub fn new(head: Head, tree: Node) -> Self {
        Self {
            head,
            id: Id::of(&tree),
            tree,
            writes: Vec::new(),
            previous: Vec::new(),
            vars: Vec::new(),
            links: Links::default(),
            has_more_data: false,
            keys: Keys::default(),
            rest: None,
            grown: 0,
        }
    }

    /// Its current identity.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Updates its identity after a change; returns the previous one if it differs.
    pub fn identify(&mut self) -> Option<Id> {
        let now = Id::of(&self.tree);
        (now != self.id).then(|| std::mem::replace(&mut self.id, now))
    }

    /// Its first identity.
    pub fn original(&self) -> Id {
        self.previous.first().map_or_else(|| self.id.clone(), |first| self.earlier(first))
    }

    /// All its identities, oldest first, the current one last.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        let before = self.previous.iter().map(|previous| self.earlier(previous));
        before.chain(std::iter::once(self.id.clone()))
    }

    fn earlier(&self, previous: &Previous) -> Id {
        Id {
            group: self.id.group.clone(),
            version: self.id.version.clone(),
            kind: previous.kind.clone(),
            name: previous.name.clone(),
            namespace: previous.namespace.clone(),
        }
    }

    /// Records the current identity as an earlier one, before it changes.
    pub fn remember(&mut self) {
        let Id { kind, name, namespace, .. } = self.id.clone();
        let now = Previous { kind, name, namespace };
        // Only the first one and any of them are ever looked up, so a repetition adds nothing.
        if self.previous.last() != Some(&now) {
            self.previous.push(now);
        }
    }

    /// The tree, and a recorder of every write into it.
    pub fn pen(&mut self, writer: Writer) -> (&mut Node, Pen<'_>) {
        let (tree, _, pen) = self.parts(writer);
        (tree, pen)
    }

    /// The same, with the known positions of its keys.
    pub fn parts(&mut self, writer: Writer) -> (&mut Node, &mut Keys, Pen<'_>) {
        let writes = is_told_of(&self.tree).then_some(&mut self.writes);
        (&mut self.tree, &mut self.keys, Pen { writer, writes })
    }
}

/// Records what is written into one object.
pub(super) struct Pen<'a> {
    writer: Writer,
    /// `None` for an object whose writes nobody asks for.
    writes: Option<&'a mut Vec<Write>>,
}

impl Pen<'_> {
    /// Records that the entry `key` of the mapping at `holder` was written.
    pub fn note(&mut self, holder: &str, key: &str, place: Span, before: Option<Node>) {
        let writer = self.writer;
        if let Some(writes) = &mut self.writes {
            writes.push(Write {
                holder: holder.to_owned(),
                key: key.into(),
                writer,
                place,
                before,
            });
        }
    }
}

/// Whether rules may ask what wrote into that object: policies, Services, Namespaces and workloads.
fn is_told_of(tree: &Node) -> bool {
    let kind = super::id::text_at(tree, &["kind"]);
    matches!(kind, "Pod" | "Service" | "Namespace" | "EgressFirewall" | "ReplicationController")
        || kind.contains("NetworkPolicy")
        || tree.at(&["spec", "template"]).is_some()
        || tree.at(&["spec", "jobTemplate"]).is_some()
}
