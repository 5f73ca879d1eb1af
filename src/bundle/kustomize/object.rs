//! One object on its way through the layers.

use compact_str::CompactString;

use super::id::Id;
use super::links::Link;
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
    /// What overlays wrote into it.
    pub writes: Vec<Write>,
    /// The names, namespaces and kinds it had before, oldest first.
    pub previous: Vec<Previous>,
    /// The `vars` that take their value from it.
    pub vars: Vec<CompactString>,
    /// Labels that stand in several places and are one.
    pub links: Vec<Link>,
    /// It has data that is not in the repository.
    pub has_more_data: bool,
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
            tree,
            writes: Vec::new(),
            previous: Vec::new(),
            vars: Vec::new(),
            links: Vec::new(),
            has_more_data: false,
            grown: 0,
        }
    }

    /// Who it is now.
    pub fn id(&self) -> Id {
        Id::of(&self.tree)
    }

    /// Who it was first.
    pub fn original(&self) -> Id {
        self.ids().next().unwrap_or_else(|| self.id())
    }

    /// Everyone it was, oldest first, and who it is now.
    pub fn ids(&self) -> impl Iterator<Item = Id> {
        let now = self.id();
        let before: Vec<Id> = self
            .previous
            .iter()
            .map(|previous| Id {
                kind: previous.kind.clone(),
                name: previous.name.clone(),
                namespace: previous.namespace.clone(),
                ..now.clone()
            })
            .collect();
        before.into_iter().chain(std::iter::once(now))
    }

    /// Keeps the present identity among the earlier ones, before it changes.
    pub fn remember(&mut self) {
        let Id { kind, name, namespace, .. } = self.id();
        let now = Previous { kind, name, namespace };
        // Asked for the first one and for any of them: the same once more says nothing.
        if self.previous.last() != Some(&now) {
            self.previous.push(now);
        }
    }

    /// The tree, and what notes down every write into it.
    pub fn pen(&mut self, writer: Writer) -> (&mut Node, Pen<'_>) {
        let writes = is_told_of(&self.tree).then_some(&mut self.writes);
        (&mut self.tree, Pen { writer, writes })
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
