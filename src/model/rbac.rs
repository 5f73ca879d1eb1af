//! Who calls the API server, and who may make pods at run time: roles, and the bindings that give
//! them to ServiceAccounts.

use compact_str::CompactString;

use super::kinds;
use crate::yaml::{Node, ScalarKind};

/// A Role or a ClusterRole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Role {
    /// Whether it is a ClusterRole.
    pub cluster_wide: bool,
    /// Whether it lets its holders create pods, or what makes them.
    pub creates_pods: bool,
    /// Whether its holders call the API server with it. The verb `use` alone is asked on their
    /// behalf when their pods are admitted (PodSecurityPolicy, SecurityContextConstraints).
    pub is_called: bool,
}

/// A RoleBinding or a ClusterRoleBinding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// Whether it applies to every namespace.
    pub cluster_wide: bool,
    /// Whether its role is a ClusterRole.
    pub of_cluster_role: bool,
    /// The name of that role.
    pub role: CompactString,
    /// The ServiceAccounts that get the role: the namespace, if there is one, and the name.
    pub accounts: Vec<(Option<CompactString>, CompactString)>,
}

/// A role, decoded.
pub(super) fn role(tree: &Node, cluster_wide: bool) -> Role {
    let rules = tree.get("rules").and_then(Node::as_seq).unwrap_or_default();
    let verbs = |rule: &Node| -> Vec<CompactString> {
        let verbs = rule.get("verbs").and_then(Node::as_seq).unwrap_or_default();
        verbs.iter().filter_map(Node::as_str).map(CompactString::new).collect()
    };
    // What a ClusterRole aggregates is in other ClusterRoles.
    let is_called = tree.get("aggregationRule").is_some()
        || rules.iter().any(|rule| verbs(rule).iter().any(|verb| verb != "use"));
    Role { cluster_wide, creates_pods: creates_pods(tree), is_called }
}

/// Whether a ServiceAccount gives its pods no token: `automountServiceAccountToken: false`.
pub(super) fn has_no_token(tree: &Node) -> bool {
    let mount = tree.get("automountServiceAccountToken").and_then(Node::as_scalar);
    mount.is_some_and(|scalar| scalar.kind == ScalarKind::Bool(false))
}

/// Whether a role's rules allow its holders to create pods, or workloads.
fn creates_pods(tree: &Node) -> bool {
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
