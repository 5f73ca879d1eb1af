//! Who may make pods at run time: roles that let their holders create pods, or what makes them,
//! and the bindings that give such a role to a ServiceAccount.

use compact_str::CompactString;

use super::kinds;
use crate::yaml::Node;

/// A Role or a ClusterRole that lets its holders create pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodCreator {
    /// Whether it is a ClusterRole.
    pub cluster_wide: bool,
}

/// A RoleBinding or a ClusterRoleBinding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Whether it counts in every namespace.
    pub cluster_wide: bool,
    /// Whether the role that it gives is a ClusterRole.
    pub of_cluster_role: bool,
    /// The name of that role.
    pub role: CompactString,
    /// The ServiceAccounts that it is given to: the namespace, where one is named, and the name.
    pub accounts: Vec<(Option<CompactString>, CompactString)>,
}

/// Whether a role's rules let its holders create pods, or what makes them.
pub(super) fn creates_pods(tree: &Node) -> bool {
    let rules = tree.get("rules").and_then(Node::as_seq).unwrap_or_default();
    rules.iter().any(|rule| {
        let has = |key: &str, is_meant: &dyn Fn(&str) -> bool| {
            let list = rule.get(key).and_then(Node::as_seq).unwrap_or_default();
            list.iter().filter_map(Node::as_str).any(|text| text == "*" || is_meant(text))
        };
        has("verbs", &|verb| verb == "create")
            && has("apiGroups", &|group| matches!(group, "" | "apps" | "batch" | "extensions"))
            && has("resources", &kinds::is_pod_making_resource)
    })
}

/// A binding, decoded.
pub(super) fn binding(tree: &Node, cluster_wide: bool) -> Option<Binding> {
    let text =
        |node: &Node, key: &str| node.get(key).and_then(Node::as_str).map(CompactString::new);
    let role = tree.get("roleRef")?;
    let subjects = tree.get("subjects").and_then(Node::as_seq).unwrap_or_default();
    let is_account =
        |node: &&Node| node.get("kind").and_then(Node::as_str) == Some("ServiceAccount");
    let account = |node: &Node| Some((text(node, "namespace"), text(node, "name")?));
    Some(Binding {
        cluster_wide,
        of_cluster_role: role.get("kind").and_then(Node::as_str) == Some("ClusterRole"),
        role: text(role, "name")?,
        accounts: subjects.iter().filter(is_account).filter_map(account).collect(),
    })
}
