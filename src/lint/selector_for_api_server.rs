//! Selectors meant for the API server, which no selector matches.

use super::{Check, Confidence, Context, Finding, Rule, SelectorPeer, Severity, words};
use crate::model::{
    At, Direction, Peer, PolicyId, PortEntry, Protocol, Requirement, Spot, TrafficRule,
};
use crate::resolve::{NamespaceId, Profile, WorkloadId, is_system};

/// The rule.
pub static RULE: Rule = Rule {
    id: "selector-for-api-server",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/selector-for-api-server.md"),
    check: Check::Policy(check),
};

/// The port that the API server listens on with kubeadm and most distributions that are built on
/// it, behind the Service `kubernetes` on 443.
const API_SERVER: u16 = 6443;

const HELP: &str = "allow the API server's addresses with an `ipBlock` (see `kubectl get endpoints \
                    kubernetes`), or delete `to` to allow this port to everyone";

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    let policy = cx.cluster.policy(id);
    if !policy.isolates(Direction::Egress) {
        return;
    }
    let rules = policy.rules(Direction::Egress);
    if rules.iter().any(reaches_by_address) {
        return;
    }
    for (index, rule) in (0u32..).zip(rules) {
        let of_rule =
            |peer: &&SelectorPeer<'_>| peer.direction == Direction::Egress && peer.rule == index;
        let peers: Vec<&SelectorPeer<'_>> = cx.selector_peers().iter().filter(of_rule).collect();
        let all_are_selectors = !peers.is_empty() && peers.len() == rule.peer_list().len();
        if !all_are_selectors {
            continue;
        }
        match api_server_port(rule) {
            Some(port) if peers.iter().all(|peer| is_no_api_server(cx, peer)) => {
                let at = At { policy: id, spot: Spot::Port(Direction::Egress, index, port) };
                findings.extend(finding(cx, at));
            }
            Some(_) => {}
            None => findings.extend(by_label(cx, id, rule, &peers)),
        }
    }
}

/// What the pods of the API server are called by their labels: `component: kube-apiserver` by kubeadm,
/// the others by who guesses.
const LABELS: &[&str] =
    &["apiserver", "api-server", "kube-api-server", "kube-apiserver", "kubernetes-apiserver"];

/// A peer that names the API server by a label, on 443: it selects pods on the node's network, if any.
fn by_label(
    cx: &Context<'_>,
    id: PolicyId,
    rule: &TrafficRule,
    peers: &[&SelectorPeer<'_>],
) -> Option<Finding> {
    let is_https = |entry: &PortEntry| entry.range() == Some((443, 443));
    if rule.port_list().is_empty() || !rule.port_list().iter().all(is_https) {
        return None;
    }
    let (peer, requirement) = peers.iter().find_map(|peer| {
        let selector = peer.peer.pod_selector.get()?;
        let names_it = |r: &&Requirement| {
            matches!(r.key.as_str(), "component" | "k8s-app" | "app" | "app.kubernetes.io/name")
                && r.values.iter().any(|(value, _)| LABELS.contains(&value.as_str()))
        };
        Some((*peer, selector.requirements.iter().find(names_it)?))
    })?;
    let is_meant = is_in_system_namespace(cx, peer) || requirement.key == "component";
    // Pods of that name are shown: the API of something else.
    if !is_meant || !peer.means.pods.yes.is_empty() || is_matched_on_host(cx, peer.peer) {
        return None;
    }
    let place = requirement.values.first().map_or(requirement.key_span, |(_, span)| *span);
    let message = format!(
        "{} is meant for the API server, which usually runs outside the pod network, where no \
         selector matches it",
        words::quoted(&requirement.words())
    );
    let spot = Spot::PeerPods(peer.direction, peer.rule, peer.index);
    Some(Finding::new(&RULE, place, message, HELP).about(cx, At { policy: id, spot }))
}

/// The entry for 6443, if the rule is for that alone, or for it and 443.
fn api_server_port(rule: &TrafficRule) -> Option<u32> {
    let one = |entry: &PortEntry| match entry.range() {
        Some((from, to)) if from == to && entry.effective_protocol() == Some(Protocol::Tcp) => {
            Some(from)
        }
        _ => None,
    };
    let fits = |entry: &PortEntry| matches!(one(entry), Some(443 | API_SERVER));
    if !rule.port_list().iter().all(fits) {
        return None;
    }
    let mut entries = (0u32..).zip(rule.port_list());
    entries.find(|(_, entry)| one(entry) == Some(API_SERVER)).map(|(nth, _)| nth)
}

/// Whether the rule allows 6443 of addresses, which reaches the API server.
fn reaches_by_address(rule: &TrafficRule) -> bool {
    let by_address =
        rule.is_for_everyone() || rule.peer_list().iter().any(|peer| !peer.ip_block.is_absent());
    let fits = |(from, to): (u16, u16)| (from..=to).contains(&API_SERVER);
    let on_port = rule.is_for_all_ports()
        || rule.port_list().iter().any(|entry| entry.range().is_none_or(fits));
    by_address && on_port
}

/// Whether a peer matches no pod that could be meant: whole namespaces in which none declares the
/// port, the cluster's own namespaces, or pods that all declare other ports. Pods of a hosted
/// control plane, or of a server that extends the API, may be meant.
fn is_no_api_server(cx: &Context<'_>, peer: &SelectorPeer<'_>) -> bool {
    if is_matched_on_host(cx, peer.peer) {
        return false;
    }
    let ports = |number: WorkloadId| &cx.cluster.workload(number).workload.ports;
    let declares = |number: WorkloadId| ports(number).iter().any(|port| port.number == API_SERVER);
    let pods = &peer.means.pods;
    if pods.yes.iter().chain(pods.maybe.iter()).any(declares) {
        return false;
    }
    if is_whole_namespaces(peer.peer) || is_in_system_namespace(cx, peer) {
        return true;
    }
    let closed = |number: NamespaceId| cx.cluster.namespace(number).open.is_none();
    let all_shown = !peer.means.beyond
        && peer.means.namespaces.iter().all(|(number, _)| closed(*number))
        && pods.is_sure();
    all_shown && !pods.yes.is_empty() && pods.yes.iter().all(|number| !ports(number).is_empty())
}

/// OVN-Kubernetes, OpenShift's network plugin, matches pods on the host network by a peer with both
/// selectors, and the API server is such a pod there.
fn is_matched_on_host(cx: &Context<'_>, peer: &Peer) -> bool {
    cx.cluster.profile == Profile::OpenShift
        && peer.pod_selector.get().is_some_and(|selector| !selector.is_empty())
        && !peer.namespace_selector.is_absent()
}

fn is_whole_namespaces(peer: &Peer) -> bool {
    match peer.pod_selector.get() {
        None => peer.pod_selector.is_absent(),
        Some(selector) => selector.is_empty(),
    }
}

/// In kube-system and similar namespaces the API server is on the host network, if it runs in a
/// pod.
fn is_in_system_namespace(cx: &Context<'_>, peer: &SelectorPeer<'_>) -> bool {
    let selector = peer.peer.namespace_selector.get();
    let values = selector.into_iter().flat_map(|s| &s.requirements).flat_map(|r| &r.values);
    let mut named = values.map(|(value, _)| value.as_str()).peekable();
    if named.peek().is_some() {
        return named.any(is_system);
    }
    peer.peer.namespace_selector.is_absent()
        && peer.means.namespaces.iter().all(|(n, _)| is_system(&cx.cluster.namespace(*n).name))
}

fn finding(cx: &Context<'_>, at: At) -> Option<Finding> {
    let place = at.spot.key_span(cx.cluster.policy(at.policy))?;
    let message = "port 6443 is the API server's port, but these peers are selectors: the API \
                   server usually runs outside the pod network, where no selector matches it";
    Some(Finding::new(&RULE, place, message, HELP).about(cx, at))
}
