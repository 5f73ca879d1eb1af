//! Trees to typed objects.

use compact_str::CompactString;

use super::label_selector::label_map;
use super::namespace::NamespaceObject;
use super::network_policy::policy;
use super::service::service;
use super::tiered::{Evaluator, PolicyKind, TieredPolicy};
use super::{
    Body, Object, OtherPolicy, admin, calico, caller, cilium, cluster_config, kinds, network, rbac,
    test_case, workload,
};
use super::{Deployer, placeholder::is_placeholder};
use crate::bundle::{Head, heads};
use crate::yaml::{self, Node};

/// Decodes one manifest. Never fails: errors become [`super::Field::Wrong`].
pub fn decode(head: Head, tree: &Node) -> Object {
    let body = body(&head, tree);
    Object { head, body, made: None }
}

fn body(head: &Head, tree: &Node) -> Body {
    match (head.group.as_str(), head.kind.as_str()) {
        ("networking.k8s.io" | "extensions", "NetworkPolicy") => {
            Body::Policy(Box::new(policy(tree)))
        }
        ("", "Service") => Body::Service(service(tree)),
        ("", "Namespace") => Body::Namespace(namespace(tree)),
        ("", "ConfigMap") => match network::decode(head, tree) {
            Some(object) => Body::Network(Box::new(object)),
            None => templates(tree),
        },
        ("rbac.authorization.k8s.io", "Role" | "ClusterRole") => {
            Body::Role(rbac::role(tree, head.kind == "ClusterRole"))
        }
        ("", "ServiceAccount") if rbac::has_no_token(tree) => Body::NoToken,
        ("rbac.authorization.k8s.io", "RoleBinding" | "ClusterRoleBinding") => {
            let binding = rbac::binding(tree, head.kind == "ClusterRoleBinding");
            binding.map_or(Body::Other, Body::Binding)
        }
        (group, kind) => {
            if let Some(policy) = tiered_policy(head, tree) {
                return Body::Tiered(Box::new(policy));
            }
            if let Some(object) = network::decode(head, tree) {
                return Body::Network(Box::new(object));
            }
            if let Some(cluster_wide) = kinds::other_policy(group, kind) {
                return Body::OtherPolicy(OtherPolicy { cluster_wide });
            }
            let workloads = workload::decode(group, kind, tree);
            if !workloads.is_empty() {
                return Body::Workloads(workloads);
            }
            if kinds::is_pod_maker(group, kind) {
                return Body::PodMaker;
            }
            if kinds::is_deployer(group, kind) {
                return Body::Deployer(deployer(tree));
            }
            if kinds::is_git_source(group, kind) {
                let ignore = tree.at(&["spec", "ignore"]).and_then(Node::as_str);
                return Body::GitSource(ignore.map(CompactString::new));
            }
            if let Some(case) = test_case::decode(group, kind, tree) {
                return Body::TestCase(case);
            }
            if let Some(caller) = caller::caller(group, kind, tree) {
                return Body::Caller(caller);
            }
            if let Some(monitor) = caller::monitor(group, kind, tree) {
                return Body::Monitor(monitor);
            }
            let config = cluster_config::decode(group, kind, head.kind_span, tree);
            config.map_or(Body::Other, Body::ClusterConfig)
        }
    }
}

/// A policy of a kind that is evaluated beside NetworkPolicy.
fn tiered_policy(head: &Head, tree: &Node) -> Option<TieredPolicy> {
    let kind = PolicyKind::of(&head.group, &head.kind)?;
    Some(match kind.evaluator() {
        Evaluator::NetworkPolicyApi => admin::decode(head, kind, tree),
        Evaluator::Cilium => cilium::decode(head, kind, tree),
        Evaluator::Calico => calico::decode(head, kind, tree),
    })
}

/// The most bytes of a ConfigMap's value that are searched for a pod template.
const TEMPLATE_BYTES: usize = 1 << 18;

/// The pod templates in the values of a ConfigMap, from which something may create pods.
fn templates(tree: &Node) -> Body {
    let data = tree.get("data").and_then(Node::as_map);
    let texts = data.iter().flat_map(|map| &map.entries).filter_map(|entry| entry.value.as_str());
    let is_one = |text: &&str| {
        let words = ["containers:", "labels:"];
        text.len() < TEMPLATE_BYTES && words.iter().all(|word| text.contains(word))
    };
    let limits = yaml::Limits { nodes: 10_000, documents: 16, ..yaml::Limits::default() };
    let mut found = Vec::new();
    for text in texts.filter(is_one) {
        let source = tree.span.source;
        let stream = yaml::read(source, text, 0..text.len(), None, &limits);
        for (head, tree) in stream.documents.iter().flat_map(|document| heads(&document.root)) {
            found.extend(workload::decode(&head.group, &head.kind, &tree));
        }
    }
    // Their spans are places in the value, which is not a source.
    for workload in &mut found {
        workload.labels.iter_mut().for_each(|label| {
            (label.key_span, label.value_span) = (tree.span, tree.span);
        });
        (workload.own_labels, workload.ports) = (Vec::new(), Vec::new());
    }
    if found.is_empty() { Body::Other } else { Body::Templates(found) }
}

/// Where a controller deploys a chart or a directory, as far as the object says.
fn deployer(tree: &Node) -> Deployer {
    let routes: [&[&str]; 4] = [
        &["spec", "targetNamespace"],
        &["spec", "destination", "namespace"],
        &["spec", "template", "spec", "destination", "namespace"],
        &["metadata", "namespace"],
    ];
    let target = routes.iter().find_map(|route| tree.at(route).and_then(Node::as_str));
    let target = target.filter(|ns| !is_placeholder(ns) && !deploys_applications(tree, ns));
    let namespace = target.map(CompactString::new);
    Deployer { namespace, tree: tree.clone(), is_here: false, cilium: cilium::installed(tree) }
}

/// Whether an Application deploys a directory to the namespace that it is in itself, Argo CD's own:
/// usually further Applications, which deploy to anywhere.
fn deploys_applications(tree: &Node, target: &str) -> bool {
    let own = tree.at(&["metadata", "namespace"]).and_then(Node::as_str).unwrap_or("argocd");
    let template = tree.at(&["spec", "template"]).unwrap_or(tree);
    let Some(spec) = template.get("spec").filter(|spec| spec.get("destination").is_some()) else {
        return false;
    };
    let sources = spec.get("sources").and_then(Node::as_seq).unwrap_or_default();
    let mut sources = spec.get("source").into_iter().chain(sources);
    own == target && sources.any(|source| source.get("path").is_some())
}

fn namespace(tree: &Node) -> NamespaceObject {
    let (labels, labels_unsure) = label_map(tree.at(&["metadata", "labels"]));
    NamespaceObject { labels, labels_unsure }
}
