//! A peer that selects pods on the host network by their labels.

use super::host_network_target::is_named;
use super::{Check, Confidence, Context, Finding, Rule, SelectorPeer, Severity, words};
use crate::model::{At, Direction, PolicyId, Spot};
use crate::resolve::{NamespaceId, Profile, Tri, WorkloadId};

/// The rule.
pub static RULE: Rule = Rule {
    id: "host-network-peer",
    severity: Severity::Warning,
    confidence: Confidence::Medium,
    pedantic: false,
    page: include_str!("../../rules/host-network-peer.md"),
    check: Check::EachKind(check, super::tiered::selectors::host_network_peers),
};

fn check(cx: &Context<'_>, id: PolicyId, findings: &mut Vec<Finding>) {
    if tells_host_pods_by_label(cx) {
        return;
    }
    for peer in cx.selector_peers() {
        if is_all_on_host(cx, peer) && !has_addresses_beside(cx, id, peer) {
            findings.extend(finding(cx, id, peer));
        }
    }
}

/// OpenShift's network plugins distinguish the traffic of pods on the host network from other
/// traffic (OpenShift documentation, "About network policy": `policy-group.network.openshift.io`).
fn tells_host_pods_by_label(cx: &Context<'_>) -> bool {
    cx.cluster.profile == Profile::OpenShift
}

/// Whether the peer selects pods, all of them on the host network, and can select no others.
fn is_all_on_host(cx: &Context<'_>, peer: &SelectorPeer<'_>) -> bool {
    let pods = &peer.means.pods;
    let closed = |number: NamespaceId| cx.cluster.namespace(number).open.is_none();
    let all_closed =
        || peer.means.namespaces.iter().all(|(n, covered)| covered.is_yes() && closed(*n));
    let one_namespace = matches!(&*peer.means.namespaces, [(_, Tri::Yes)]);
    let named = one_namespace && is_named(cx, peer.peer.pod_selector.get(), pods);
    let all_shown = !peer.means.beyond && (named || all_closed());
    let on_host = |number: WorkloadId| cx.cluster.workload(number).workload.host_network;
    all_shown && pods.is_sure() && !pods.yes.is_empty() && pods.yes.iter().all(on_host)
}

/// Whether the same rule also allows addresses, which may include the nodes'.
fn has_addresses_beside(cx: &Context<'_>, id: PolicyId, peer: &SelectorPeer<'_>) -> bool {
    let rule = cx.cluster.policy(id).rule(peer.direction, peer.rule);
    rule.is_some_and(|rule| rule.peer_list().iter().any(|peer| !peer.ip_block.is_absent()))
}

fn finding(cx: &Context<'_>, id: PolicyId, peer: &SelectorPeer<'_>) -> Option<Finding> {
    let pods = Spot::PeerPods(peer.direction, peer.rule, peer.index);
    let namespaces = Spot::PeerNamespaces(peer.direction, peer.rule, peer.index);
    let spot = if peer.peer.pod_selector.is_absent() { namespaces } else { pods };
    let place = spot.key_span(cx.cluster.policy(id))?;
    let first = cx.cluster.workload(peer.means.pods.yes.iter().next()?);
    let who: Vec<String> = {
        let numbers = peer.means.pods.yes.iter();
        numbers.map(|n| words::workload(&cx.cluster.workload(n))).collect()
    };
    let effect = match peer.direction {
        Direction::Ingress => {
            "their connections come from the node's IP address, so with most network plugins this \
             peer does not allow them"
        }
        Direction::Egress => {
            "connections to them go to the node's IP address, so with most network plugins this \
             peer does not allow them"
        }
    };
    let message = format!(
        "the pods of {} use the node's network (`hostNetwork: true`): {effect}",
        words::list(&who, 3)
    );
    let help = "allow the nodes' IP addresses with an `ipBlock` instead";
    let at = At { policy: id, spot };
    let related = format!("{} has `hostNetwork: true`", words::workload(&first));
    let finding = Finding::new(&RULE, place, message, help).about(cx, at);
    Some(finding.related(first.head.name_span, related))
}
