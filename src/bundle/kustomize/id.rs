//! An object's identity in kustomize: its current one, and every earlier one.

use compact_str::CompactString;

use crate::yaml::Node;

/// The namespace of an object whose kind has none.
pub(super) const NO_NAMESPACE: &str = "_non_namespaceable_";

/// The identity of an object: two objects of one build never have the same.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Id {
    pub group: CompactString,
    pub version: CompactString,
    pub kind: CompactString,
    pub name: CompactString,
    /// `default` if none is written, [`NO_NAMESPACE`] for a kind without namespaces.
    pub namespace: CompactString,
}

impl Id {
    /// The current identity of a tree.
    pub fn of(tree: &Node) -> Self {
        let api_version = text_at(tree, &["apiVersion"]);
        let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
        let kind = text_at(tree, &["kind"]);
        let namespace = text_at(tree, &["metadata", "namespace"]);
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
            name: text_at(tree, &["metadata", "name"]).into(),
            namespace: effective(api_version, kind, namespace).into(),
        }
    }

    /// What to look up to find it.
    pub fn sought(&self) -> Sought<'_> {
        Sought {
            kind: Part::Word(&self.kind),
            name: Part::Word(&self.name),
            namespace: Part::Word(&self.namespace),
        }
    }

    /// For messages: `NetworkPolicy "web" in namespace "shop"`.
    pub fn words(&self) -> String {
        let Self { kind, name, namespace, .. } = self;
        match namespace.as_str() {
            NO_NAMESPACE | "default" => format!("{kind} `{name}`"),
            _ => format!("{kind} `{name}` in namespace `{namespace}`"),
        }
    }
}

/// The text of the scalar at the end of a path of keys; empty if there is none or it is null.
pub(super) fn text_at<'a>(tree: &'a Node, route: &[&str]) -> &'a str {
    let scalar = tree.at(route).filter(|node| !node.is_null()).and_then(Node::as_scalar);
    scalar.map_or("", |scalar| scalar.text.as_str())
}

/// The namespace of an identity.
pub(super) fn effective<'a>(api_version: &str, kind: &str, namespace: &'a str) -> &'a str {
    if is_cluster_scoped(api_version, kind) {
        NO_NAMESPACE
    } else if namespace.is_empty() {
        "default"
    } else {
        namespace
    }
}

/// Whether kustomize knows that kind to be cluster-scoped. It only knows the API's own kinds
/// (kyaml's `openapi.go`): a custom resource counts as namespaced.
pub(super) fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    match api_version {
        "v1" => matches!(
            kind,
            "ComponentStatus" | "Namespace" | "Node" | "NodeProxyOptions" | "PersistentVolume"
        ),
        "admissionregistration.k8s.io/v1" | "admissionregistration.k8s.io/v1beta1" => {
            matches!(kind, "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration")
        }
        "apiextensions.k8s.io/v1" | "apiextensions.k8s.io/v1beta1" => {
            kind == "CustomResourceDefinition"
        }
        "apiregistration.k8s.io/v1" | "apiregistration.k8s.io/v1beta1" => kind == "APIService",
        "certificates.k8s.io/v1" | "certificates.k8s.io/v1beta1" => {
            kind == "CertificateSigningRequest"
        }
        "flowcontrol.apiserver.k8s.io/v1beta1" => {
            matches!(kind, "FlowSchema" | "PriorityLevelConfiguration")
        }
        "networking.k8s.io/v1" | "networking.k8s.io/v1beta1" => kind == "IngressClass",
        "node.k8s.io/v1" | "node.k8s.io/v1beta1" => kind == "RuntimeClass",
        "policy/v1beta1" => kind == "PodSecurityPolicy",
        "rbac.authorization.k8s.io/v1" | "rbac.authorization.k8s.io/v1beta1" => {
            matches!(kind, "ClusterRole" | "ClusterRoleBinding")
        }
        "scheduling.k8s.io/v1" | "scheduling.k8s.io/v1beta1" => kind == "PriorityClass",
        "storage.k8s.io/v1" => {
            matches!(kind, "CSIDriver" | "CSINode" | "StorageClass" | "VolumeAttachment")
        }
        "storage.k8s.io/v1beta1" => {
            matches!(kind, "CSIDriver" | "StorageClass" | "VolumeAttachment")
        }
        _ => false,
    }
}

/// The known parts of the identity of the wanted objects.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sought<'a> {
    pub kind: Part<'a>,
    pub name: Part<'a>,
    pub namespace: Part<'a>,
}

/// The known part of one field of an identity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Part<'a> {
    #[default]
    Any,
    Word(&'a str),
    /// It begins with this.
    Prefix(&'a str),
}

impl<'a> Part<'a> {
    /// A word; the empty one matches any.
    pub fn word(text: &'a str) -> Self {
        if text.is_empty() { Self::Any } else { Self::Word(text) }
    }
}
