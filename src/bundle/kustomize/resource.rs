//! One manifest on its way through overlays, and its names on that way.

use compact_str::CompactString;

use crate::bundle::{Head, Manifest, Write, Writer, heads};
use crate::text::Span;
use crate::yaml::{Entry, Node};

use super::edit;

/// Who a manifest is to kustomize. Two of the same identity can't be in one build, and patches
/// find their object by it (sigs.k8s.io/kustomize/kyaml/resid).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Id {
    pub(super) group: CompactString,
    pub(super) version: CompactString,
    pub(super) kind: CompactString,
    /// Empty where none is given.
    pub(super) namespace: CompactString,
    pub(super) name: CompactString,
}

/// The kinds that live in no namespace, as far as kustomize knows (the OpenAPI document that it
/// has built in): every other kind gets one from `namespace:`.
const CLUSTER_SCOPED: &[(&str, &[&str])] = &[
    ("", &["ComponentStatus", "Namespace", "Node", "NodeProxyOptions", "PersistentVolume"]),
    (
        "admissionregistration.k8s.io",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
    ),
    ("apiextensions.k8s.io", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", &["APIService"]),
    ("certificates.k8s.io", &["CertificateSigningRequest"]),
    ("flowcontrol.apiserver.k8s.io", &["FlowSchema", "PriorityLevelConfiguration"]),
    ("networking.k8s.io", &["IngressClass"]),
    ("node.k8s.io", &["RuntimeClass"]),
    ("policy", &["PodSecurityPolicy"]),
    ("rbac.authorization.k8s.io", &["ClusterRole", "ClusterRoleBinding"]),
    ("scheduling.k8s.io", &["PriorityClass"]),
    ("storage.k8s.io", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"]),
];

impl Id {
    pub(super) fn of(tree: &Node) -> Self {
        let text = |node: Option<&Node>| {
            node.and_then(edit::text).map(CompactString::new).unwrap_or_default()
        };
        let api_version = tree.get("apiVersion").and_then(edit::text).unwrap_or_default();
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        Self {
            group: group.into(),
            version: version.into(),
            kind: text(tree.get("kind")),
            namespace: text(tree.at(&["metadata", "namespace"])),
            name: text(tree.at(&["metadata", "name"])),
        }
    }

    pub(super) fn is_cluster_scoped(&self) -> bool {
        let of_group = CLUSTER_SCOPED.iter().find(|(group, _)| self.group == *group);
        of_group.is_some_and(|(_, kinds)| kinds.contains(&self.kind.as_str()))
    }

    /// The namespace it is compared by: no namespace is `default`.
    pub(super) fn effective_namespace(&self) -> &str {
        if self.is_cluster_scoped() {
            return "_non_namespaceable_";
        }
        if self.namespace.is_empty() { "default" } else { &self.namespace }
    }

    /// Whether both name the same object.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.group == other.group
            && self.version == other.version
            && self.effective_namespace() == other.effective_namespace()
    }

    /// What it is called in messages.
    pub(super) fn words(&self) -> String {
        let name = crate::text::visible(&self.name);
        let kind = crate::text::visible(&self.kind);
        match self.namespace.as_str() {
            "" => format!("{kind} `{name}`"),
            namespace => {
                format!("{kind} `{name}` of namespace `{}`", crate::text::visible(namespace))
            }
        }
    }
}

/// A manifest, changed layer by layer.
#[derive(Clone, Debug)]
pub(super) struct Resource {
    pub(super) tree: Node,
    /// Who it was before each change of its name or namespace; the first is the one it was born
    /// with.
    pub(super) earlier: Vec<Id>,
    pub(super) writes: Vec<Write>,
    /// Where it was born.
    pub(super) born: Head,
    /// Whether it has data that is not in the repository.
    pub(super) has_more_data: bool,
    /// Whether what is written into it is remembered.
    is_policy: bool,
}

impl Resource {
    pub(super) fn new(born: Head, tree: Node) -> Self {
        let is_policy = born.kind.contains("NetworkPolicy");
        Self {
            tree,
            earlier: Vec::new(),
            writes: Vec::new(),
            born,
            has_more_data: false,
            is_policy,
        }
    }

    pub(super) fn id(&self) -> Id {
        Id::of(&self.tree)
    }

    pub(super) fn original_id(&self) -> Id {
        self.earlier.first().cloned().unwrap_or_else(|| self.id())
    }

    /// Remembers who it is, before that changes.
    pub(super) fn remember(&mut self) {
        let id = self.id();
        if self.earlier.last() != Some(&id) {
            self.earlier.push(id);
        }
    }

    /// Whether it is, or was once, that object.
    pub(super) fn was(&self, id: &Id) -> bool {
        self.id().is(id) || self.earlier.iter().any(|earlier| earlier.is(id))
    }

    /// Notes what was written into it; of other objects than policies only that their namespace
    /// was changed.
    pub(super) fn note(&mut self, write: Write) {
        let is_moved = write.writer == Writer::Namespace && write.before.is_some();
        if self.is_policy || is_moved {
            self.writes.push(write);
        }
    }

    /// Whether writes are worth working out.
    pub(super) fn is_noted(&self) -> bool {
        self.is_policy
    }

    /// `config.kubernetes.io/local-config`: of use to tools only, and never applied.
    pub(super) fn is_local(&self) -> bool {
        let annotations = self.tree.at(&["metadata", "annotations"]);
        let local = annotations.and_then(|map| map.get("config.kubernetes.io/local-config"));
        // kyaml/kio/filters/local.go: present and not "false".
        local.is_some_and(|node| edit::text(node) != Some("false"))
    }

    /// As it is applied.
    pub(super) fn into_manifest(self) -> Option<Manifest> {
        let (now, tree) = heads(&self.tree).into_iter().next()?;
        let head = Head {
            source: self.born.source,
            version_span: self.born.version_span,
            kind_span: self.born.kind_span,
            name_span: self.born.name_span,
            start: self.born.start,
            ..now
        };
        Some(Manifest { head, tree, writes: self.writes })
    }
}

/// One thing that is written into a policy.
pub(super) fn write(holder: &str, new: &Entry, writer: Writer, before: Option<Node>) -> Write {
    let place = Span { start: new.value.span.start, ..new.value.span };
    Write { holder: holder.to_owned(), key: new.key.clone(), writer, place, before }
}
