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
    /// Where it was born.
    pub head: Head,
    /// Its tree by now.
    pub tree: Node,
    /// Who its tree says it is, as of [`Object::identify`].
    id: Id,
    /// What overlays wrote into it.
    pub writes: Vec<Write>,
    /// The names, namespaces and kinds it had before, oldest first.
    pub previous: Vec<Previous>,
    /// The `vars` that take their value from it.
    pub vars: Vec<CompactString>,
    /// Labels that stand in several places and are one.
    pub links: Links,
    /// Where the keys of its large mappings stand.
    pub keys: Keys,
    /// It has data that is not in the repository.
    pub has_more_data: bool,
    /// What was not parsed of it.
    pub rest: Option<Arc<Rest>>,
    /// Nodes that patches and replacements have copied into it.
    pub grown: usize,
}

/// An earlier identity. Group and version are always the present ones, as in kustomize.
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

    /// Who it is now.
    pub fn id(&self) -> &Id {
        &self.id
    }

    /// Reads its identity anew after a change; returns the one it had, if it is another.
    pub fn identify(&mut self) -> Option<Id> {
        let now = Id::of(&self.tree);
        (now != self.id).then(|| std::mem::replace(&mut self.id, now))
    }

    /// Who it was first.
    pub fn original(&self) -> Id {
        self.previous.first().map_or_else(|| self.id.clone(), |first| self.earlier(first))
    }

    /// Everyone it was, oldest first, and who it is now.
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

    /// Keeps the present identity among the earlier ones, before it changes.
    pub fn remember(&mut self) {
        let Id { kind, name, namespace, .. } = self.id.clone();
        let now = Previous { kind, name, namespace };
        // Asked for the first one and for any of them: the same once more says nothing.
        if self.previous.last() != Some(&now) {
            self.previous.push(now);
        }
    }

    /// The tree, and what notes down every write into it.
    pub fn pen(&mut self, writer: Writer) -> (&mut Node, Pen<'_>) {
        let (tree, _, pen) = self.parts(writer);
        (tree, pen)
    }

    /// The same, and what is known of where its keys stand.
    pub fn parts(&mut self, writer: Writer) -> (&mut Node, &mut Keys, Pen<'_>) {
        let writes = is_told_of(&self.tree).then_some(&mut self.writes);
        (&mut self.tree, &mut self.keys, Pen { writer, writes })
    }
}

/// Notes down what is written into one object.
pub(super) struct Pen<'a> {
    writer: Writer,
    /// None for an object that nobody asks about.
    writes: Option<&'a mut Vec<Write>>,
}

impl Pen<'_> {
    /// An entry `key` of the mapping at `holder` was written.
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

/// Whether anyone may ask who wrote into that object: policies, Services, Namespaces and what
/// makes pods.
fn is_told_of(tree: &Node) -> bool {
    let kind = super::id::text_at(tree, &["kind"]);
    matches!(kind, "Pod" | "Service" | "Namespace" | "EgressFirewall" | "ReplicationController")
        || kind.contains("NetworkPolicy")
        || tree.at(&["spec", "template"]).is_some()
        || tree.at(&["spec", "jobTemplate"]).is_some()
}
