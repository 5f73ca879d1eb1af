//! Whether manifests are for OpenShift, where the cluster's DNS is another.

use std::collections::BTreeSet;

use super::known::{NAME_LIKE, is_openshift_namespace};
use super::places::NAME_LABEL;
use crate::model::{Body, Direction, Field, Object, Operator, Policy};

/// Whether the manifests of a cluster are for OpenShift: a policy names one of its namespaces or
/// labels, something is in one of its namespaces, or an object of its API is deployed with the
/// policies. An object elsewhere, and a Route beside an Ingress, may be an offer to those who use it.
pub(super) fn is_shown<'a>(objects: impl IntoIterator<Item = &'a Object>) -> bool {
    let (mut with_policies, mut with_ingress) = (BTreeSet::new(), BTreeSet::new());
    let mut candidates: Vec<&Object> = Vec::new();
    for object in objects {
        let head = &object.head;
        if is_sure(object) {
            return true;
        }
        if object.is_policy() {
            with_policies.insert(Place::of(object));
        } else if (head.group.as_str(), head.kind.as_str()) == ("networking.k8s.io", "Ingress") {
            with_ingress.insert(Place::of(object));
        } else if is_of(&head.group) {
            candidates.push(object);
        }
    }
    candidates.into_iter().any(|object| {
        let place = Place::of(object);
        let is_offer = match object.head.kind.as_str() {
            "Route" => with_ingress.contains(&place),
            // Of the whole cluster: with a kustomization or a chart, but with no namespace.
            "SecurityContextConstraints" => matches!(place, Place::Plain(_)),
            _ => false,
        };
        with_policies.contains(&place) && !is_offer
    })
}

/// What is deployed together, as far as one object shows.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Place<'a> {
    /// By the kustomization or the chart with that number.
    Built(usize),
    /// Plain manifests of a namespace.
    Plain(Option<&'a str>),
}

impl<'a> Place<'a> {
    fn of(object: &'a Object) -> Self {
        match &object.made {
            Some(made) => Self::Built(made.built),
            None => Self::Plain(object.head.namespace.as_deref()),
        }
    }
}

/// Whether an object cannot be meant for another kind of cluster.
fn is_sure(object: &Object) -> bool {
    let head = &object.head;
    let namespace = match &object.body {
        Body::Namespace(_) => Some(head.name.as_str()),
        _ => head.namespace.as_deref(),
    };
    namespace.is_some_and(is_openshift_namespace)
        || matches!(&object.body, Body::Policy(policy) if is_named_in(policy))
}

fn is_of(group: &str) -> bool {
    group == "openshift.io" || group.ends_with(".openshift.io")
}

/// Whether a policy selects something that only OpenShift has: a namespace `openshift-…`, or a
/// label of one of its API groups (`network.openshift.io/policy-group`). A requirement that a label
/// is absent proves nothing.
fn is_named_in(policy: &Policy) -> bool {
    let rules = Direction::BOTH.into_iter().flat_map(|direction| policy.rules(direction));
    let peers = rules.flat_map(|rule| rule.peer_list());
    let of_peers = peers.flat_map(|peer| [&peer.namespace_selector, &peer.pod_selector]);
    let selectors = of_peers.chain([&policy.pod_selector]).filter_map(Field::get);
    let mut requirements = selectors.flat_map(|selector| &selector.requirements);
    requirements.any(|requirement| {
        let asks = matches!(requirement.operator, Operator::In | Operator::Exists);
        let group = requirement.key.split_once('/').map_or("", |(group, _)| group);
        let names = || requirement.values.iter().any(|(name, _)| is_openshift_namespace(name));
        asks && (is_of(group) || (takes_names(&requirement.key) && names()))
    })
}

/// Whether the values of a label are names of namespaces.
fn takes_names(key: &str) -> bool {
    key == NAME_LABEL || NAME_LIKE.contains(&key)
}
